"""Our forward pass computes what that of `transformers` computes, and imports no model of it."""

from __future__ import annotations

import inspect
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest
import torch
from accelerate import dispatch_model
from accelerate.hooks import AlignDevicesHook, add_hook_to_module
from safetensors.torch import load_file, save_file
from tiny import (
    load_checkpoint,
    own,
    plan_for,
    restate,
    save_checkpoint,
    tiny_llama,
    tiny_model,
)
from transformers import DynamicCache, LlamaForCausalLM

from longsum.checkpoint.files import read_config
from longsum.checkpoint.formats import open_checkpoint
from longsum.checkpoint.rope import read_rope
from longsum.config import Attention, DecodeConfig, KVCache
from longsum.engine.adopt import adopted
from longsum.engine.engine import Engine
from longsum.engine.graphs import can_record
from longsum.engine.hidden_states import LAST, recording
from longsum.engine.llama import Llama
from longsum.engine.prefill import Reader
from longsum.errors import InsufficientMemory, UnsupportedModel
from longsum.events import Listener
from longsum.loading.cpu4bit import chunked
from longsum.loading.loader import load_model, load_pretrained

NEAR = {"rtol": 1e-4, "atol": 1e-4}
CACHE_KEYWORD = next(  # up to transformers 5.23 `past_key_values`
    name
    for name in ("cache", "past_key_values")
    if name in inspect.signature(LlamaForCausalLM.forward).parameters
)
PROMPT = torch.randint(2, 300, (150,), generator=torch.Generator().manual_seed(1)).tolist()
LINEAR = {"rope_type": "linear", "factor": 4.0, "rope_theta": 50000.0}
DEFAULT = {"rope_type": "default", "rope_theta": 10000.0}
NATIVE = {"original_max_position_embeddings": 64, "rope_theta": 10000.0}
LLAMA3 = {
    **{"rope_type": "llama3", "factor": 4.0, "low_freq_factor": 1.0, "high_freq_factor": 4.0},
    **NATIVE,
}
YARN = {"rope_type": "yarn", "factor": 4.0, **NATIVE}


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_checkpoint(tmp_path_factory.mktemp("plain"), rope_parameters=DEFAULT)


def both(folder: Path, dtype: str = "float32") -> tuple[Llama, LlamaForCausalLM]:
    """The same weights in our forward pass and in that of `transformers`."""
    config = read_config(folder)
    plan = plan_for(config, dtype=dtype)
    ours = load_model(open_checkpoint(folder), plan, listener=Listener())
    assert isinstance(ours, Llama)
    return ours, load_pretrained(open_checkpoint(folder), plan, listener=Listener())


LONGROPE = {
    "rope_type": "longrope",
    "short_factor": [1.5] * 8,
    "long_factor": [4.0] * 8,
    **{"rope_theta": 10000.0, "original_max_position_embeddings": 64},
}
DYNAMIC = {"rope_type": "dynamic", "factor": 4.0, "rope_theta": 10000.0}

PLAIN = {
    "plain": {},
    "linear": {"rope_parameters": LINEAR},
    "llama3": {"rope_parameters": LLAMA3},
    "yarn": {"rope_parameters": YARN},
    "exact layer": {"exact_kv_layers": 1},
    "eps": {"rms_norm_eps": 1e-2},
}
"""Entries of config.json over one checkpoint's weights."""
UNUSUAL = {
    "attention bias": {"attention_bias": True},
    "mlp bias": {"mlp_bias": True},
    "both biases, one key head": {
        **{"attention_bias": True, "mlp_bias": True, "num_key_value_heads": 1},
    },
    "as many key heads": {"num_key_value_heads": 4},
    "gelu": {"hidden_act": "gelu"},
    "relu": {"hidden_act": "relu"},
    "tanh gelu": {"hidden_act": "gelu_pytorch_tanh"},
    "no activation": {"hidden_act": "linear"},
    "prelu": {"hidden_act": "prelu"},
    "tied": {"tie_word_embeddings": True},
    "dynamic within its window": {"rope_parameters": DYNAMIC},
    "dynamic beyond its window": {"rope_parameters": DYNAMIC, "max_position_embeddings": 64},
    "longrope within its window": {
        "rope_parameters": LONGROPE | {"original_max_position_embeddings": 256}
    },
    "longrope beyond its window": {"rope_parameters": LONGROPE},
}
"""Settings of models with weights of their own."""
STEADY = [name for name in UNUSUAL if "beyond" not in name]


def reads_like_transformers(folder: Path, chunks: Sequence[int] = (1000, 37)) -> None:
    """Compare whole texts, and texts read in chunks and token by token."""
    ours, theirs = both(folder)
    expected = whole(theirs, PROMPT)
    with torch.inference_mode():
        torch.testing.assert_close(ours(torch.tensor([PROMPT])).logits[0], expected, **NEAR)
    for chunk in chunks:
        reader = Reader(ours, 180, chunk)
        torch.testing.assert_close(reader.read(PROMPT[:140]), expected[139], **NEAR)
        torch.testing.assert_close(reader.read_all(PROMPT[140:145]), expected[140:145], **NEAR)
        for place in range(145, 150):
            torch.testing.assert_close(reader.read([PROMPT[place]]), expected[place], **NEAR)


@torch.inference_mode()
def whole(model: LlamaForCausalLM, ids: list[int]) -> torch.Tensor:
    """Return the logits after each token, read in one pass and without a cache."""
    logits: torch.Tensor = model(torch.tensor([ids]), use_cache=False).logits[0]
    return logits


@pytest.mark.parametrize("entries", PLAIN.values(), ids=list(PLAIN))
def test_every_form_of_config_gives_the_logits_of_transformers(
    checkpoint: Path, tmp_path: Path, entries: dict[str, Any]
) -> None:
    reads_like_transformers(restate(checkpoint, tmp_path / "model", entries))


@pytest.mark.parametrize("name", STEADY)
def test_unusual_models_give_the_logits_of_transformers(tmp_path: Path, name: str) -> None:
    folder = save_checkpoint(tmp_path, **UNUSUAL[name])
    torch.manual_seed(3)
    weights = load_file(folder / "model.safetensors")
    drawn = {n: torch.randn_like(w) / 3 if "bias" in n else w for n, w in weights.items()}
    assert any("bias" in n for n in weights) is ("bias" in name)
    save_file(drawn, folder / "model.safetensors", {"format": "pt"})
    reads_like_transformers(folder)


@pytest.mark.parametrize("name", sorted(set(UNUSUAL) - set(STEADY)))
def test_frequencies_that_change_on_the_way_change_as_in_transformers(
    tmp_path: Path, name: str
) -> None:
    """Keys that were rotated before the change stay so: chunks are compared with its own cache."""
    ours, theirs = both(save_checkpoint(tmp_path, **UNUSUAL[name]))
    assert not ours.model.rotary.is_steady(len(PROMPT))
    with torch.inference_mode():
        torch.testing.assert_close(
            ours(torch.tensor([PROMPT])).logits[0], whole(theirs, PROMPT), **NEAR
        )
        reader, cache = Reader(ours, 180, 1000), DynamicCache(config=theirs.config)
        theirs.model.rotary_emb = type(theirs.model.rotary_emb)(config=theirs.config)
        for start, end in ((0, 50), (50, 100), (100, 149), (149, 150)):
            given = torch.tensor([PROMPT[start:end]])
            expected = theirs(given, **{CACHE_KEYWORD: cache}).logits[0, -1]
            torch.testing.assert_close(reader.read(PROMPT[start:end]), expected, **NEAR)


@pytest.mark.parametrize("kv_cache", ["int8", "int4"])
@pytest.mark.parametrize("attention", ["sdpa", "eager"])
@pytest.mark.parametrize("entries", PLAIN.values(), ids=list(PLAIN))
def test_quantized_caches_are_read_alike_by_every_attention(
    checkpoint: Path,
    tmp_path: Path,
    entries: dict[str, Any],
    kv_cache: KVCache,
    attention: Attention,
) -> None:
    folder = restate(checkpoint, tmp_path / "model", entries)
    two = [
        Reader(load_checkpoint(folder, attention=each)[0], 180, 37, kv_cache)
        for each in ("auto", attention)
    ]
    # the last bit of a key may decide between two codes
    for ids in (PROMPT, [7], PROMPT[3:9], [9]):
        found, expected = (reader.read_all(ids) for reader in two)
        torch.testing.assert_close(found, expected, rtol=1e-2, atol=2e-2)
        found, expected = (reader.read(ids[:1]) for reader in two)
        torch.testing.assert_close(found, expected, rtol=1e-2, atol=2e-2)


def test_sixteen_bits_round_as_in_transformers(checkpoint: Path) -> None:
    ours, theirs = both(checkpoint, "bfloat16")
    theirs.config._attn_implementation = "eager"  # whose scores are rounded as ours
    assert ours.dtype == torch.bfloat16
    found, expected = Reader(ours, 180, 180).read(PROMPT), whole(theirs, PROMPT)[-1]
    torch.testing.assert_close(found, expected, rtol=0.02, atol=0.02)


@torch.inference_mode()
def test_sequences_side_by_side_without_a_cache(checkpoint: Path) -> None:
    ours, theirs = both(checkpoint)
    ids = torch.tensor([PROMPT[:50], PROMPT[50:100]])
    torch.testing.assert_close(ours(ids).logits, theirs(ids).logits, rtol=1e-5, atol=1e-5)
    last = ours(ids, logits_to_keep=2).logits
    assert last.shape == (2, 2, 300)
    torch.testing.assert_close(
        ours.model(ids).last_hidden_state,
        theirs.model(ids, use_cache=False).last_hidden_state,
        rtol=1e-5,
        atol=1e-5,
    )


def test_states_are_recorded_alike(checkpoint: Path) -> None:
    ours, theirs = both(checkpoint)
    with recording(ours, {LAST: torch.eye(64).numpy()}) as recorder:
        Reader(ours, 180, 37).read(PROMPT)
    with torch.inference_mode():
        states = theirs.model(torch.tensor([PROMPT])).last_hidden_state[0]
    assert recorder.states.shape == (150, 64)
    torch.testing.assert_close(recorder.states.float(), states, rtol=1e-2, atol=1e-2)


@pytest.mark.parametrize("lookup", [False, True])
def test_answers_are_the_same(checkpoint: Path, lookup: bool) -> None:
    ours, theirs = both(checkpoint)
    engine = Engine(ours, capacity=220, chunk_tokens=64)
    engine.read(PROMPT)
    config = DecodeConfig(lookup=lookup)
    answer = list(engine.write([5, 6], config, max_new_tokens=40, stop_ids=()))
    assert len(answer) > 10
    read = [*PROMPT, 5, 6, *answer]
    predicted = whole(theirs, read).argmax(-1).tolist()  # greedily, after each token
    assert predicted[len(PROMPT) + 1 : -1] == answer


@pytest.mark.parametrize("quantize", ["nf4", "int8"])
def test_quantized_weights_are_moved_into_our_forward_pass(tmp_path: Path, quantize: str) -> None:
    folder = save_checkpoint(tmp_path, intermediate_size=128)
    config = read_config(folder)
    plan = plan_for(config, quantize, dtype="bfloat16")
    ours = load_model(open_checkpoint(folder), plan, listener=Listener())
    assert isinstance(ours, Llama)
    theirs = load_pretrained(open_checkpoint(folder), plan, listener=Listener())
    theirs.config._attn_implementation = "eager"  # whose scores are rounded as ours
    layer = ours.model.layers[0].mlp.up_proj
    assert type(getattr(layer, "inner", layer)) is type(theirs.model.layers[0].mlp.up_proj)
    assert (ours.device.type, ours.dtype) == ("cpu", torch.bfloat16)
    for name, module in list(theirs.named_modules()):
        if quantize == "nf4" and name.endswith("_proj"):
            theirs.set_submodule(name, chunked(module))  # the products as ours round them
    with torch.inference_mode():
        found = ours(torch.tensor([PROMPT])).logits[0]
    torch.testing.assert_close(found, whole(theirs, PROMPT), rtol=0.02, atol=0.05)


def test_hooks_of_a_single_device_are_removed_and_tied_weights_stay_one() -> None:
    """They move every layer's inputs to where these are already, and can't be recorded."""
    model = tiny_model(tie_word_embeddings=True)
    add_hook_to_module(model.model.layers[0], AlignDevicesHook("cpu"))
    config = model.config.to_dict()
    expected = whole(model, PROMPT)[-1]
    ours = adopted(model, config, read_rope(config))
    assert not any(hasattr(module, "_hf_hook") for module in ours.modules())
    assert ours.lm_head.weight is ours.model.embed_tokens.weight
    torch.testing.assert_close(Reader(ours, 150, 150).read(PROMPT), expected, **NEAR)


def test_layers_on_another_device_take_states_and_angles_there() -> None:
    """A CPU has no second device with values: `meta` has all but these."""
    ours = tiny_llama(tie_word_embeddings=False)
    for module in (ours.model.layers[1], ours.model.norm, ours.lm_head):
        module.to("meta")
    cpu, meta = torch.device("cpu"), torch.device("meta")
    assert ours.model.devices == [cpu, meta]
    reader = Reader(ours, 60, 16)
    logits = reader.read(PROMPT[:50])
    assert (logits.device, logits.shape) == (meta, (300,))
    assert reader.length == 50
    held = [layer.buffers()["keys"].device for layer in reader.cache.held]
    assert held == [cpu, meta]
    assert torch.isfinite(reader.cache.held[0].states()[0]).all()
    other = Reader(ours, 60, 16)
    other.restore(50, lambda views: None)
    assert [layer.buffers()["keys"].device for layer in other.cache.held] == [cpu, meta]
    assert not can_record(reader)


def test_hooks_of_several_devices_are_removed() -> None:
    """Weights that accelerate had put on the CPU come back to where they were loaded."""
    model = tiny_model()
    expected = whole(model, PROMPT)
    dispatch_model(
        model,
        {"model.embed_tokens": "cpu", "model.layers.0": "cpu", "model.layers.1": "cpu"}
        | {"model.norm": "cpu", "model.rotary_emb": "cpu", "lm_head": "cpu"},
        force_hooks=True,
    )
    assert any(hasattr(module, "_hf_hook") for module in model.modules())
    ours = own(model)
    assert not any(hasattr(module, "_hf_hook") for module in model.modules())
    torch.testing.assert_close(Reader(ours, 150, 64).read(PROMPT), expected[-1], **NEAR)


def test_weights_left_on_disk_are_refused() -> None:
    model = tiny_model()
    model.model.layers[1].to("meta")
    with pytest.raises(InsufficientMemory, match="left on disk"):
        own(model)


def test_heads_that_are_rotated_in_part_are_refused(tmp_path: Path) -> None:
    yarn = YARN | {"partial_rotary_factor": 0.5}
    folder = save_checkpoint(tmp_path, config={"rope_parameters": yarn})
    with pytest.raises(UnsupportedModel, match=r"partial_rotary_factor 0\.5"):
        load_checkpoint(folder)


def test_settings_describe_the_checkpoint(checkpoint: Path, tmp_path: Path) -> None:
    folder = restate(checkpoint, tmp_path / "model", {"rope_parameters": LINEAR})
    model, rope = load_checkpoint(folder, context=200)
    stated = model.config.to_dict()
    assert stated["rope_parameters"] == LINEAR
    assert stated["max_position_embeddings"] == rope.window == 200
    assert stated["hidden_size"] == 64


READS = """
import sys
from pathlib import Path
from longsum.config import LoadConfig
from longsum.engine.adopt import adopted
from longsum.engine.engine import Engine
from longsum.events import Listener
from longsum.model.find import find_model, plan_for
from longsum.loading.loader import load_model
load = LoadConfig(model="mini", device="cpu")
model = find_model(load)
plan = plan_for(model, load, 512)
weights = load_model(model.checkpoint, plan, listener=Listener())
engine = Engine(weights, capacity=64, chunk_tokens=16)
engine.read(model.tokenizer.encode_document("A whale is a mammal, and so is a bat."))
heavy = ("transformers.modeling_utils", "torch._dynamo", "torch.distributed.tensor", "sympy")
print([name for name in heavy if name in sys.modules])
"""


def test_bundled_model_reads_without_importing_models_and_compilers() -> None:
    """They take as long as reading ten thousand tokens."""
    done = subprocess.run([sys.executable, "-c", READS], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
