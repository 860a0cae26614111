from __future__ import annotations

import json
import os
import signal
import subprocess
import sys
import time
from importlib.metadata import version

import pytest
import torch
from helpers import environment
from safetensors.torch import load_file
from tiny import load_checkpoint, restate, save_checkpoint
from torch.nn import functional
from transformers import AutoModelForCausalLM, LlamaConfig, LlamaForCausalLM

from longsum.checkpoint.files import read_config
from longsum.checkpoint.rope import read_rope
from longsum.checkpoint.tokenizer import load_tokenizer
from longsum.errors import (
    EmptyDocument,
    InsufficientMemory,
    LongsumError,
    OutputError,
    UnsupportedModel,
    UsageError,
)
from longsum.extend.data import pack_rows
from longsum.extend.schedule import learning_rate
from longsum.extend.skipped import positions_of
from longsum.extend.training_events import ExtendListener
from longsum.model.resolve import MINI_FOLDER
from longsum.settings import Setting


class Stop(ExtendListener):
    """Breaks off at a step, as a crash would."""

    def __init__(self, at):
        self.at = at

    def step(self, report):
        if report.step == self.at:
            raise ConnectionAbortedError(f"step {self.at}")


class Record(ExtendListener):
    """Records what is reported."""

    def __init__(self):
        self.notices, self.reports = [], []

    def notice(self, line):
        self.notices.append(line)

    def step(self, report):
        self.reports.append(report)


def weights(folder):
    return load_file(folder / "model.safetensors")


# ---- what is computed


def test_training_is_adamw_on_the_packed_rows(extended, base, text, tmp_path):
    """Against a loop written out with transformers' own loss."""
    from longsum.checkpoint.tokenizer import load_tokenizer
    from longsum.extend.config import ExtendConfig
    from longsum.extend.data import pack_rows

    record = Record()
    result = extended(record, keep_checkpoints_at=(0,))
    model = LlamaForCausalLM.from_pretrained(tmp_path / "out" / "step-0").train()
    config = ExtendConfig(learning_rate=1e-3, warmup_steps=2)
    optimizer = torch.optim.AdamW(model.parameters(), betas=(0.9, 0.95), weight_decay=0.0)
    rows = pack_rows([text], load_tokenizer(base), 128, record, vocab_size=300)
    losses = []
    for step in range(6):
        ids = torch.stack([rows.row(2 * step), rows.row(2 * step + 1)])
        loss = model(input_ids=ids, labels=ids).loss
        loss.backward()
        torch.nn.utils.clip_grad_norm_(model.parameters(), 1.0)
        optimizer.param_groups[0]["lr"] = learning_rate(step, config)
        optimizer.step()
        optimizer.zero_grad()
        losses.append(loss.item())
    assert result.losses == pytest.approx(losses, rel=1e-4)
    torch.testing.assert_close(
        dict(model.state_dict()), weights(tmp_path / "out"), rtol=1e-3, atol=1e-4
    )
    assert [report.loss for report in record.reports] == list(result.losses)


def test_validation_is_the_mean_over_the_held_out_rows(extended, tmp_path, base, text):
    from longsum.checkpoint.tokenizer import load_tokenizer
    from longsum.extend.data import pack_rows

    result = extended()
    rows = pack_rows([text], load_tokenizer(base), 128, Record(), vocab_size=300).validation()

    def loss(folder, pieces):
        model = LlamaForCausalLM.from_pretrained(folder)
        with torch.no_grad():
            logits = model(pieces).logits[:, :-1].flatten(0, 1)
        return functional.cross_entropy(logits, pieces[:, 1:].flatten()).item()

    assert len(rows) == 2
    assert result.after.extended == pytest.approx(loss(tmp_path / "out", rows), rel=1e-5)
    short = rows.view(-1, 64)
    assert result.after.native == pytest.approx(loss(tmp_path / "out", short), rel=1e-5)
    assert result.base.native == pytest.approx(loss(base, short), rel=1e-5)
    assert result.before.native != pytest.approx(result.base.native, rel=1e-4)


@pytest.mark.parametrize(
    "other",
    [
        {"gradient_accumulation": 1},
        {"gradient_checkpointing": True},
    ],
)
def test_same_losses_however_the_batch_is_computed(extended, tmp_path, other):
    usual = extended()
    again = extended(output=tmp_path / "other", **other)
    assert again.losses == pytest.approx(usual.losses, rel=1e-5)


def test_training_lowers_the_loss(extended):
    result = extended(steps=40, save_every=0)
    assert result.after.extended < result.before.extended - 0.5


def test_bfloat16_products_stay_near(extended, tmp_path):
    exact, cast = extended(), extended(output=tmp_path / "other", dtype="bfloat16")
    assert cast.losses != exact.losses
    assert cast.losses == pytest.approx(exact.losses, rel=0.05)


# ---- killed, and run again


@pytest.mark.parametrize("method", ["full", "lora"])
@pytest.mark.parametrize("at", [1, 3, 4])
def test_broken_run_goes_on_with_the_losses_of_a_whole_one(extended, tmp_path, method, at):
    whole = extended(output=tmp_path / "whole", method=method)
    with pytest.raises(ConnectionAbortedError):
        extended(Stop(at), method=method)
    record = Record()
    resumed = extended(record, method=method)
    assert resumed.resumed_from == at // 2 * 2
    assert resumed.losses == whole.losses  # exactly
    assert (resumed.before, resumed.after) == (whole.before, whole.after)
    assert ("continuing from step 2" in record.notices) == (at == 3)
    one, other = weights(tmp_path / "out"), weights(tmp_path / "whole")
    assert all(torch.equal(one[name], other[name]) for name in other)


def test_killed_process_goes_on_with_the_same_losses(extended, base, text, tmp_path):
    whole = extended(output=tmp_path / "whole", steps=60, save_every=0, batch=1)
    output = tmp_path / "killed"
    command = [
        *(sys.executable, "-m", "longsum", "extend", base, "--context", 128, "--data", text),
        *("--output", output, "--steps", 60, "--learning-rate", 1e-3, "--warmup-steps", 2),
        *("--save-every", 1, "--dtype", "float32", "--device", "cpu", "-q"),
    ]
    arguments = [str(part) for part in command]
    with subprocess.Popen(arguments, env=environment(), stderr=subprocess.DEVNULL) as process:
        deadline = time.monotonic() + 60
        while not list(output.glob("checkpoint/step-*")) and time.monotonic() < deadline:
            time.sleep(0.01)
        process.send_signal(signal.SIGKILL)
    assert process.returncode == -signal.SIGKILL
    assert not (output / "training.json").exists()
    resumed = extended(output=output, steps=60, save_every=1, batch=1)
    assert 0 < resumed.resumed_from < 60
    assert resumed.losses == whole.losses
    assert not (output / "checkpoint").exists()


def test_damaged_checkpoint_is_named(extended, tmp_path):
    with pytest.raises(ConnectionAbortedError):
        extended(Stop(3))
    (tmp_path / "out/checkpoint/step-000002/trainable.safetensors").write_bytes(b"spoilt")
    with pytest.raises(OutputError, match="step-000002 is damaged"):
        extended()


def test_finished_run_does_nothing_again(extended, tmp_path):
    first = extended()
    before = {path: path.stat().st_mtime_ns for path in (tmp_path / "out").iterdir()}
    record = Record()
    again = extended(record)
    assert again.finished_before
    assert not first.finished_before
    assert record.reports == []
    assert (again.losses, again.after) == (first.losses, first.after)
    assert {path: path.stat().st_mtime_ns for path in (tmp_path / "out").iterdir()} == before


def test_other_settings_are_refused_by_name(extended, tmp_path):
    with pytest.raises(ConnectionAbortedError):
        extended(Stop(3))
    with pytest.raises(UsageError, match="with seed 0, not 1"):
        extended(seed=1)
    extended(save_every=1)  # when it is saved changes nothing of what is computed


def test_run_without_checkpoints_starts_again(extended, tmp_path):
    with pytest.raises(ConnectionAbortedError):
        extended(Stop(3), save_every=0)
    result = extended(save_every=0)
    assert result.resumed_from == 0
    assert len(result.losses) == 6


# ---- what is left


@pytest.mark.parametrize("method", ["full", "lora"])
@pytest.mark.parametrize("tied", [True, False])
def test_folder_loads_in_plain_transformers_with_our_logits(extended, tmp_path, method, tied):
    model = save_checkpoint(tmp_path / "base", max_position_embeddings=64, tie_word_embeddings=tied)
    extended(model=model, method=method, steps=2)
    plain = AutoModelForCausalLM.from_pretrained(tmp_path / "out")
    ours, rope = load_checkpoint(tmp_path / "out")
    ids = torch.randint(0, 300, (1, 128))
    with torch.no_grad():
        torch.testing.assert_close(ours(ids).logits, plain(ids).logits, rtol=1e-3, atol=1e-3)
    assert (rope.window, rope.native_window, rope.factor) == (128, 64, 2.0)
    assert sorted(os.listdir(tmp_path / "out")) == [
        *("README.md", "config.json", "generation_config.json", "model.safetensors"),
        *("tokenizer.json", "tokenizer_config.json", "training.json"),
    ]


@pytest.mark.parametrize(
    ("position", "rope_type", "native"),
    [("pi", "linear", 64), ("none", "default", 128), ("yarn", "yarn", 64), ("ntk", "default", 128)],
)
def test_config_tells_the_window_and_the_whole_rotation(
    extended, tmp_path, position, rope_type, native
):
    extended(position=position, steps=1)
    config = read_config(tmp_path / "out")
    assert config["max_position_embeddings"] == 128
    parameters = config["rope_parameters"]
    assert parameters["rope_type"] == rope_type
    assert parameters["rope_theta"] == pytest.approx(
        10_000 * 2 ** (16 / 14) if position == "ntk" else 10_000
    )
    rope = read_rope(config)
    assert (rope.window, rope.native_window) == (128, native)
    loaded = AutoModelForCausalLM.from_pretrained(tmp_path / "out")
    assert loaded.config.rope_parameters["rope_type"] == rope_type


def test_models_of_steps_are_kept_whole(extended, tmp_path, base):
    extended(keep_checkpoints_at=(0, 3, 6))
    out = tmp_path / "out"
    start = weights(out / "step-0")
    assert all(torch.equal(start[name], tensor) for name, tensor in weights(base).items())
    assert {path.name for path in out.glob("step-*")} == {"step-0", "step-3", "step-6"}
    last = weights(out / "step-6")
    assert all(torch.equal(last[name], tensor) for name, tensor in weights(out).items())
    assert load_checkpoint(out / "step-3")[1].window == 128


def test_weights_are_kept_in_the_bases_dtype(extended, base, tmp_path):
    model = LlamaForCausalLM.from_pretrained(base, dtype=torch.bfloat16)
    half = restate(base, tmp_path / "half", {})
    model.save_pretrained(half)
    extended(model=half, steps=1)
    assert {w.dtype for w in weights(tmp_path / "out").values()} == {torch.bfloat16}
    assert read_config(tmp_path / "out")["dtype"] == "bfloat16"


def test_limits_named_by_other_files_grow_with_the_window(extended, base, tmp_path):
    limited = restate(base, tmp_path / "limited", {})
    settings = limited / "tokenizer_config.json"
    stated = json.loads(settings.read_text()) | {"model_max_length": 64}
    settings.write_text(json.dumps(stated))
    (limited / "generation_config.json").write_text('{"max_length": 64, "top_k": 5}')
    extended(model=limited, steps=1)
    out = tmp_path / "out"
    assert json.loads((out / "tokenizer_config.json").read_text())["model_max_length"] == 128
    generation = json.loads((out / "generation_config.json").read_text())
    assert generation == {"max_length": 128, "top_k": 5}


def test_account_and_card_tell_how_it_was_made(extended, tmp_path):
    result = extended(steps=12)
    account = json.loads((tmp_path / "out/training.json").read_text())
    assert account["losses"] == list(result.losses)
    assert account["settings"]["learning_rate"] == 1e-3
    assert account["validation"]["after"]["extended"] == result.after.extended
    card = (tmp_path / "out/README.md").read_text()
    [file] = result.extent.files
    for part in (
        "window extended to 128 tokens",
        "| licence | as the base's |",
        "| factor | 2 |",
        "Position Interpolation",
        f"| words.txt | 1 | {file.tokens:,} | `{file.sha256}` |",
        f"| 1 | {result.losses[0]:.4f} |",
        f"| 6 | {result.losses[5]:.4f} |",
        f"| 12 | {result.losses[-1]:.4f} |",
        f"| {result.after.native:.4f} | {result.after.extended:.4f} |",
        f"torch {version('torch')}",  # PyPI's has no "+cu130", which torch says of itself
    ):
        assert part in card


def test_bundled_model_can_be_a_base(extended, tmp_path):
    """Its packed weights become plain ones."""
    path = tmp_path / "long.txt"
    path.write_text("The harbour commission inspected the lighthouse in spring. " * 300)
    settings = {"steps": 1, "batch": 1, "save_every": 0, "validation_rows": 0, "method": "lora"}
    result = extended(model=MINI_FOLDER, context=2112, data=(path,), position="none", **settings)
    assert result.losses[0] < 7
    plain = AutoModelForCausalLM.from_pretrained(tmp_path / "out")
    assert plain.config.rope_parameters["factor"] == 16


# ---- refused


def test_window_that_is_not_larger_is_refused(extended):
    with pytest.raises(UsageError, match="not larger than the 64 tokens"):
        extended(context=64, position="none")


def test_too_little_text_is_refused(extended, tmp_path):
    (tmp_path / "a.txt").write_text("short")
    with pytest.raises(EmptyDocument, match="too little text"):
        extended(data=(tmp_path / "a.txt",))
    assert not (tmp_path / "out").exists()


def test_too_little_memory_is_refused_with_remedies(extended, tmp_path):
    with pytest.raises(InsufficientMemory, match="training needs"):
        extended(memory=1 << 20)
    assert not (tmp_path / "out").exists()


def test_batch_that_does_not_split_is_refused(extended):
    with pytest.raises(UsageError, match="^batch 3 does not split"):
        extended(batch=3, gradient_accumulation=2)


def test_qlora_on_a_cpu_is_refused_with_the_reason(extended):
    with pytest.raises(UsageError, match="nine times slower") as found:
        extended(method="qlora")
    assert found.value.remedies == (Setting("method", "lora"),)


def test_quantized_base_is_refused(extended, base, tmp_path):
    block = {"quantization_config": {"quant_method": "bitsandbytes", "load_in_8bit": True}}
    with pytest.raises(UnsupportedModel, match="stored as int8"):
        extended(model=restate(base, tmp_path / "quantized", block))


def test_damaged_weights_leave_no_files(extended, base, tmp_path):
    broken = restate(base, tmp_path / "broken", {"num_hidden_layers": 3})
    with pytest.raises(UnsupportedModel, match="is missing"):
        extended(model=broken)
    assert not (tmp_path / "out").exists()


def test_loss_that_is_no_number_stops_the_run(extended, monkeypatch):
    from longsum.extend import train

    monkeypatch.setattr(train, "_accumulate", lambda *_: float("nan"))
    with pytest.raises(LongsumError, match="the loss is nan at step 1") as found:
        extended()
    assert Setting("learning_rate") in found.value.remedies


def test_lack_of_memory_while_training_is_our_error(extended, monkeypatch):
    from longsum.extend import train

    def exhausted(*_):
        raise RuntimeError("[enforce fail] DefaultCPUAllocator: not enough memory")

    monkeypatch.setattr(train, "_accumulate", exhausted)
    with pytest.raises(InsufficientMemory, match="while training"):
        extended()


def test_short_sequences_with_skipped_positions_train_a_long_window(extended, base, text):
    """The reference draws the same rows and positions, and computes with a mask of ones."""
    listener = Record()
    settings = {"train_tokens": 32, "skip_positions": True, "steps": 3}
    result = extended(listener, **settings)
    assert (result.context, result.factor) == (128, 2.0)
    assert result.extent.train_tokens == 32
    assert any("sequences of 32 tokens" in line for line in listener.notices)
    tokenizer = load_tokenizer(base)
    rows = pack_rows([text], tokenizer, 128, Record(), vocab_size=300, train_tokens=32)
    model = LlamaForCausalLM.from_pretrained(base, dtype=torch.float32)
    scaling = {"rope_type": "linear", "factor": 2.0, "rope_theta": 10_000.0}
    model = LlamaForCausalLM(LlamaConfig(**model.config.to_dict() | {"rope_parameters": scaling}))
    model.load_state_dict(load_file(base / "model.safetensors"), strict=False)
    ids = torch.stack([rows.row(0), rows.row(1)])
    places = torch.stack([positions_of(n, 32, 128, 0) for n in (0, 1)])
    with torch.no_grad():
        logits = model(ids, position_ids=places, attention_mask=torch.ones_like(ids)).logits
    loss = functional.cross_entropy(logits[:, :-1].flatten(0, 1), ids[:, 1:].flatten())
    assert result.losses[0] == pytest.approx(float(loss), rel=1e-4)
    card = (result.output / "README.md").read_text()
    assert "3 of 2 × 32 tokens, positions spread over 128 (PoSE, arXiv 2309.10400)" in card


@pytest.mark.parametrize(
    ("settings", "name"),
    [({"train_tokens": 32}, "skip_positions"), ({"skip_positions": True}, "train_tokens"),
     ({"train_tokens": 256, "skip_positions": True}, "context")],
)  # fmt: skip
def test_lengths_and_positions_that_teach_nothing_are_refused(extended, settings, name):
    with pytest.raises(UsageError) as caught:
        extended(**settings)
    assert name in f"{caught.value.message} {caught.value.hint}"


def test_compiled_layers_have_the_same_losses(extended, tmp_path):
    plain = extended(steps=3)
    compiled = extended(steps=3, compile_layers=True, output=tmp_path / "compiled")
    assert compiled.losses == pytest.approx(plain.losses, rel=1e-4)
    assert weights(plain.output).keys() == weights(compiled.output).keys()


def test_missing_compiler_is_reported_before_the_data_is_read(extended, monkeypatch):
    monkeypatch.setattr("longsum.extend.compiling.shutil.which", lambda name: None)
    with pytest.raises(UsageError, match=r"needs a C\+\+ compiler"):
        extended(compile_layers=True)
