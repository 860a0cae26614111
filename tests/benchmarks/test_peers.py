"""The comparison with others: what it counts, and that every contestant is given the same."""

from __future__ import annotations

import json
import sys
from pathlib import Path

import numpy as np
import pytest
import torch
from tiny import save_checkpoint

from benchmarks.peers import prepare, report
from benchmarks.peers.contest import Contestant, compete, run_once, same_beginning
from benchmarks.peers.gguf_layout import gguf_name, interleaved

TASK = {"document": [2] * 100, "question": [3], "new_tokens": 3, "threads": 0}
ANSWERS = """
import json, sys
task = json.loads(open(sys.argv[1]).read())
result = dict.fromkeys(("import_s", "load_s", "first_token_s", "device_bytes"), 0.25)
result |= {"prefill_s": task["speed"], "decode_s": 0.5, "tokens": task["say"]}
print(json.dumps(result))
"""


def contestant(tmp_path: Path, name: str, say: list[int], speed: float) -> Contestant:
    script = tmp_path / "answers.py"
    script.write_text(ANSWERS)
    return Contestant(name, str(script), settings={"say": say, "speed": speed})


def test_contestants_are_compared_with_plain_transformers(tmp_path: Path) -> None:
    found = compete(
        [
            contestant(tmp_path, "longsum", [5, 6, 7], 0.5),
            contestant(tmp_path, "transformers", [5, 6, 8], 2.0),
        ],
        TASK,
        tmp_path,
        runs=2,
    )
    ours, plain = found
    assert (ours["same_tokens"], plain["same_tokens"]) == (2, 3)
    assert (ours["prefill_tps"], plain["prefill_tps"]) == (200, 50)
    assert ours["decode_tps"] == 4.0  # two tokens behind the first
    assert ours["wall_s"] > 0
    assert ours["peak_bytes"] > 1 << 20
    assert "| longsum |" in report.table(found)
    (line,) = report.verdicts(found)
    assert "of the time of transformers; decode: 1.0 times as fast" in line
    report.draw(found, "a contest", tmp_path / "plot.png")
    assert (tmp_path / "plot.png").stat().st_size > 1000


def test_peak_is_the_contestants_not_that_of_a_large_parent(tmp_path: Path) -> None:
    script = tmp_path / "small.py"
    script.write_text("print('{}')")
    ballast = bytearray(b"x") * (256 << 20)  # resident here; a child would begin as large
    found = run_once(Contestant("ours", str(script)), TASK, tmp_path)
    assert ballast[-1]
    assert 1 << 20 < found["peak_bytes"] < 128 << 20
    assert found["wall_s"] > 0


def test_failed_contestant_is_named_with_its_last_words(tmp_path: Path) -> None:
    script = tmp_path / "fails.py"
    script.write_text("raise SystemExit('no weights here')")
    with pytest.raises(SystemExit, match="(?s)theirs failed with 1:.*no weights here"):
        run_once(Contestant("theirs", str(script)), TASK, tmp_path)


def test_second_question_is_set_beside_the_first() -> None:
    row = {"wall_s": 1.0, "decode_tps": 2.0, "drafted": 9, "accepted": 4}
    rows = [
        {"name": "longsum", "first_token_s": 10.0, **row},
        {"name": "longsum, second question", "first_token_s": 0.5, **row},
    ]
    lines = "\n".join(report.verdicts(rows))
    assert "5.0% of the first" in lines
    assert "4 of 9 accepted" in lines


@pytest.mark.parametrize(
    ("mine", "other", "same"), [([], [], 0), ([1, 2], [1, 2], 2), ([1], [1, 2], 1), ([9], [1], 0)]
)
def test_same_tokens_are_counted_from_the_start(mine, other, same) -> None:
    assert same_beginning(mine, other) == same


def test_rows_of_a_head_are_reordered_so_that_neighbours_rotate_together() -> None:
    """Rotating halves, as transformers does, is rotating neighbours of the reordered rows."""
    weight = np.random.default_rng(0).normal(size=(2 * 8, 5)).astype(np.float32)
    angles = np.arange(1, 5)
    cos, sin = np.cos(angles), np.sin(angles)
    halves, neighbours = (w @ np.ones(5) for w in (weight, interleaved(weight, heads=2)))
    for head in range(2):
        first, second = np.split(halves[8 * head : 8 * head + 8], 2)
        even, odd = neighbours[8 * head : 8 * head + 8].reshape(4, 2).T
        np.testing.assert_allclose(first * cos - second * sin, even * cos - odd * sin)
        np.testing.assert_allclose(second * cos + first * sin, odd * cos + even * sin)


def test_weights_are_named_as_llama_cpp_names_them() -> None:
    assert gguf_name("model.embed_tokens.weight") == "token_embd.weight"
    assert gguf_name("model.layers.11.self_attn.q_proj.weight") == "blk.11.attn_q.weight"
    assert gguf_name("model.layers.0.post_attention_layernorm.weight") == "blk.0.ffn_norm.weight"


def test_bundled_model_becomes_a_checkpoint_that_transformers_loads(tmp_path: Path) -> None:
    from transformers import AutoModelForCausalLM

    folder = prepare.plain_checkpoint("mini", "float32", tmp_path / "plain")
    model = AutoModelForCausalLM.from_pretrained(folder, dtype=torch.float32)
    assert model.config.rope_parameters["factor"] == 16.0
    document, question = prepare.tokens_of("mini", "Once there was a river. " * 40, 100)
    assert len(document) == 100
    assert document[0] == model.config.bos_token_id
    assert question
    with pytest.raises(SystemExit, match="fewer than 999"):
        prepare.tokens_of("mini", "Once there was a river.", 999)


def test_ours_and_transformers_say_the_same(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    from benchmarks.peers import run_ours, run_transformers

    checkpoint = str(save_checkpoint(tmp_path / "model"))
    document = torch.randint(2, 250, (90,), generator=torch.Generator().manual_seed(0)).tolist()
    task = {
        "model": checkpoint,
        "plain_folder": checkpoint,
        "document": document,
        "question": [5, 6],
        "new_tokens": 12,
        "device": "cpu",
        "dtype": "float32",
        "quantize": "none",
        "kv_cache": "native",
        "threads": 1,
        "lookup": True,
        "store": str(tmp_path / "store"),
    }
    path = tmp_path / "task.json"
    path.write_text(json.dumps(task))
    monkeypatch.setattr(sys, "argv", ["contestant", str(path)])
    monkeypatch.setattr(run_ours.decode, "is_looping", run_ours.decode.is_looping)  # put back
    answers = []
    for main in (run_ours.main, run_ours.main, run_transformers.main):
        main()
        answers.append(json.loads(capsys.readouterr().out)["tokens"])
    assert len(answers[0]) == 12
    assert answers[0] == answers[1] == answers[2]
    assert list((tmp_path / "store").iterdir())
