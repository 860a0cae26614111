"""What the stages' curves are drawn of."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from recipes.mini.curves import SMOOTHED, draw, points, read_log


def stage(folder: Path, steps: int) -> Path:
    folder.mkdir()
    rows = [{"step": s, "loss": float(s), "tokens_per_s": 100.0} for s in range(1, steps + 1)]
    rows[-1] |= {"passkey": 0.5, "ppl_first": 90.0, "ppl_last": 70.0}
    lines = [json.dumps(rows[0] | {"loss": 99.0}), *map(json.dumps, rows)]
    (folder / "log.jsonl").write_text("\n".join(lines) + "\n", encoding="utf-8")
    return folder


def test_a_step_taken_again_after_a_kill_counts_once(tmp_path: Path) -> None:
    log = read_log(stage(tmp_path / "settle", 3))
    assert [row["step"] for row in log] == [1, 2, 3]
    assert log[0]["loss"] == 1.0


def test_loss_is_smoothed_and_measurements_are_not(tmp_path: Path) -> None:
    log = read_log(stage(tmp_path / "settle", 2 * SMOOTHED))
    steps, losses = points(log, "loss")
    assert steps == [SMOOTHED, 2 * SMOOTHED]
    assert losses == pytest.approx([(1 + SMOOTHED) / 2, (1 + 3 * SMOOTHED) / 2])
    assert points(log, "passkey") == ([2 * SMOOTHED], [0.5])


def test_stages_are_drawn_one_below_the_other(tmp_path: Path) -> None:
    pytest.importorskip("matplotlib")
    folders = [stage(tmp_path / name, 30) for name in ("settle", "recall")]
    draw(folders[:1], tmp_path / "one.png")
    draw(folders, tmp_path / "two.png")
    height = [
        int.from_bytes((tmp_path / name).read_bytes()[20:24], "big")
        for name in ("one.png", "two.png")
    ]
    assert height[1] == pytest.approx(2 * height[0], rel=0.01)
