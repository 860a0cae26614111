"""Our forward pass computes what that of `transformers` computes, and imports no model of it."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path
from typing import Any

import pytest
import torch
from accelerate.hooks import AlignDevicesHook, add_hook_to_module
from tiny import load_checkpoint, plan_for, restate, save_checkpoint, tiny_model
from transformers import LlamaForCausalLM

from longsum.checkpoint.files import read_config
from longsum.checkpoint.formats import open_checkpoint
from longsum.checkpoint.rope import read_rope
from longsum.config import DecodeConfig, KVCache
from longsum.engine.adopt import adopted
from longsum.engine.engine import Engine
from longsum.engine.hidden_states import recording
from longsum.engine.llama import Llama
from longsum.engine.prefill import Reader
from longsum.events import Listener
from longsum.loading.loader import load_model, load_pretrained

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


@pytest.mark.parametrize("kv_cache", ["native", "int8", "int4"])
@pytest.mark.parametrize(
    "entries",
    [
        {},
        {"rope_parameters": LINEAR},
        {"rope_parameters": LLAMA3},
        {"rope_parameters": YARN},
        {"exact_kv_layers": 1},
        {"rms_norm_eps": 1e-2},
    ],
    ids=["plain", "linear", "llama3", "yarn", "exact layer", "eps"],
)
def test_reading_and_answering_give_the_same_logits(
    checkpoint: Path, tmp_path: Path, entries: dict[str, Any], kv_cache: KVCache
) -> None:
    ours, theirs = both(restate(checkpoint, tmp_path / "model", entries))
    two = [Reader(model, 180, 37, kv_cache) for model in (ours, theirs)]
    for ids in (PROMPT, [7], PROMPT[3:9], [9]):
        found, expected = (reader.read_all(ids) for reader in two)
        torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)
        found, expected = (reader.read(ids[:1]) for reader in two)
        torch.testing.assert_close(found, expected, rtol=1e-5, atol=1e-5)


def test_sixteen_bits_round_as_in_transformers(checkpoint: Path) -> None:
    ours, theirs = both(checkpoint, "bfloat16")
    assert ours.dtype == torch.bfloat16
    found, expected = (Reader(model, 180, 37).read(PROMPT) for model in (ours, theirs))
    torch.testing.assert_close(found, expected, rtol=0.02, atol=0.02)


@torch.inference_mode()
def test_sequences_side_by_side_without_a_cache(checkpoint: Path) -> None:
    ours, theirs = both(checkpoint)
    ids = torch.tensor([PROMPT[:50], PROMPT[50:100]])
    torch.testing.assert_close(ours(ids).logits, theirs(ids).logits, rtol=1e-5, atol=1e-5)
    last = ours(ids, logits_to_keep=2).logits
    assert last.shape == (2, 2, 300)
    torch.testing.assert_close(
        ours.model(ids, use_cache=False).last_hidden_state,
        theirs.model(ids, use_cache=False).last_hidden_state,
        rtol=1e-5,
        atol=1e-5,
    )


def test_states_are_recorded_alike(checkpoint: Path) -> None:
    recorded = []
    for model in both(checkpoint):
        with recording(model, torch.eye(64).numpy()) as recorder:
            Reader(model, 180, 37).read(PROMPT)
        recorded.append(recorder.states)
    torch.testing.assert_close(*recorded, rtol=1e-2, atol=1e-2)
    assert recorded[0].shape == (150, 64)


@pytest.mark.parametrize("lookup", [False, True])
def test_answers_are_the_same(checkpoint: Path, lookup: bool) -> None:
    answers = []
    for model in both(checkpoint):
        engine = Engine(model, capacity=220, chunk_tokens=64)
        engine.read(PROMPT)
        config = DecodeConfig(lookup=lookup)
        answers.append(list(engine.write([5, 6], config, max_new_tokens=40, stop_ids=())))
    assert answers[0] == answers[1]
    assert len(answers[0]) > 10


@pytest.mark.parametrize("quantize", ["nf4", "int8"])
def test_quantized_weights_are_moved_into_our_forward_pass(tmp_path: Path, quantize: str) -> None:
    folder = save_checkpoint(tmp_path, intermediate_size=128)
    config = read_config(folder)
    plan = plan_for(config, quantize, dtype="bfloat16")
    ours = load_model(open_checkpoint(folder), plan, listener=Listener())
    assert isinstance(ours, Llama)
    theirs = load_pretrained(open_checkpoint(folder), plan, listener=Listener())
    assert type(ours.model.layers[0].mlp.up_proj) is type(theirs.model.layers[0].mlp.up_proj)
    assert (ours.device.type, ours.dtype) == ("cpu", torch.bfloat16)
    found, expected = (Reader(model, 180, 64).read(PROMPT) for model in (ours, theirs))
    torch.testing.assert_close(found, expected, rtol=0.02, atol=0.05)


def test_hooks_of_a_single_device_are_removed_and_tied_weights_stay_one() -> None:
    """They move every layer's inputs to where these are already, and can't be recorded."""
    model = tiny_model(tie_word_embeddings=True)
    add_hook_to_module(model.model.layers[0], AlignDevicesHook("cpu"))
    config = model.config.to_dict()
    expected = model(torch.tensor([PROMPT])).logits
    ours = adopted(model, config, read_rope(config))
    assert ours is not None
    assert not any(hasattr(module, "_hf_hook") for module in ours.modules())
    assert ours.lm_head.weight is ours.model.embed_tokens.weight
    torch.testing.assert_close(ours(torch.tensor([PROMPT])).logits, expected, rtol=1e-4, atol=1e-4)


def test_model_on_several_devices_stays_with_transformers() -> None:
    model = tiny_model()
    config = model.config.to_dict()
    model.lm_head.to("meta")
    assert adopted(model, config, read_rope(config)) is None


@pytest.mark.parametrize(
    ("overrides", "options"),
    [
        ({"attention_bias": True}, {}),
        ({"mlp_bias": True}, {}),
        ({"hidden_act": "gelu"}, {}),
        ({"rope_parameters": {"rope_type": "dynamic", "factor": 4.0, "rope_theta": 1e4}}, {}),
        ({}, {"attention": "sdpa"}),
    ],
    ids=["attention bias", "mlp bias", "activation", "dynamic", "attention asked for"],
)
def test_what_is_unusual_is_run_by_transformers(
    tmp_path: Path, overrides: dict[str, Any], options: dict[str, str]
) -> None:
    folder = save_checkpoint(tmp_path, **overrides)
    model, _ = load_checkpoint(folder, **options)
    assert isinstance(model, LlamaForCausalLM)


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
