"""The reproduction of the paper's tables: what can be checked without training."""

from __future__ import annotations

from pathlib import Path

from benchmarks.paper import figure2, tables
from benchmarks.paper.settings import Extension, Settings


def settings(tmp_path: Path) -> Settings:
    return Settings(tmp_path, tmp_path, tmp_path, tmp_path / "work", window=256, steps=400)


def test_an_extrapolated_score_explodes_and_an_interpolated_one_does_not() -> None:
    scores = figure2.measure(seed=0)
    assert scores.extrapolated > figure2.MIN_RATIO * scores.interpolated
    assert scores.interpolated < 2 * scores.inside


def test_windows_are_the_powers_of_two_between_the_native_and_the_extended(tmp_path: Path) -> None:
    assert settings(tmp_path).windows == (256, 512, 1024, 2048, 4096)


def test_both_methods_train_at_every_factor_measured_at_six_points(
    tmp_path: Path,
) -> None:
    found = settings(tmp_path)
    names = [extension.name for extension in found.extensions]
    assert names == ["pi-1024", "none-1024", "pi-4096", "none-4096"]
    assert found.measured_steps == (0, 80, 160, 240, 320, 400)
    last = Extension("pi", 4096)
    assert found.folder(last, 80).name == "step-80"
    assert found.folder(last, 400) == found.folder(last)


def test_tables_put_each_window_into_its_column(tmp_path: Path) -> None:
    rows = [
        {"model": name, "window": window, "perplexity": 50.0 + window, "tokens": 99}
        for name in ("base", "PI")
        for window in settings(tmp_path).windows
    ]
    text = tables.perplexity(settings(tmp_path), rows, "PG-19")
    assert "| base | 306.0 | 562.0 | 1,074.0 | 2,098.0 | 4,146.0 |" in text
    assert "| 7B, PI 32,768 | 7.23 | 7.04 | 6.91 | 6.80 | 6.77 |" in text


def test_numbers_beyond_all_measure_are_shown_short() -> None:
    assert tables.shown(1234567.0) == "1.2e+06"
    assert tables.shown(None) == "–"
    assert tables.shown(7.126, 2, 0.05) == "7.13 ± 0.05"
