from __future__ import annotations

import math
import sys
from pathlib import Path
from typing import Any

import pytest

from longsum.errors import OutputError, UsageError
from longsum.evaluate import plot
from longsum.evaluate.plot import (
    plot_passkey,
    plot_perplexity,
    plot_speed,
    require_matplotlib,
    short,
    tick_labels,
)
from longsum.evaluate.report import Report

PNG = b"\x89PNG\r\n\x1a\n"


def report(rows: list[dict[str, Any]]) -> Report:
    return Report("kind", "models", {"stride": 256}, [], rows)


@pytest.fixture
def figures(monkeypatch) -> list[Any]:
    """Keep the figures that are written, to look at what is on them."""
    figures: list[Any] = []
    inner = plot.save

    def save(figure: Any, path: Path) -> None:
        figures.append(figure)
        inner(figure, path)

    monkeypatch.setattr(plot, "save", save)
    return figures


def perplexities(label: str, *values: float | None) -> list[dict[str, Any]]:
    return [
        {
            "model": label,
            "window": 2048 * 2**i,
            "perplexity": value,
            "perplexity_se": 0.1 if i else None,
            "tokens": 100 if value else 0,
        }
        for i, value in enumerate(values)
    ]


def passkeys(label: str, length: int) -> dict[str, Any]:
    depths = [{"k": length * i // 4, "right": i, "trials": 4} for i in range(1, 5)]
    return {"model": label, "length": length, "k_max": length, "by_depth": depths}


def test_perplexity_is_drawn_a_line_a_model(tmp_path, figures):
    rows = perplexities("base $x$", 8.0, 7.0, 6.0) + perplexities("pi", 8.0, 9.0, None)
    plot_perplexity(report(rows), tmp_path / "p.png")
    assert (tmp_path / "p.png").read_bytes().startswith(PNG)
    (axes,) = figures[0].axes
    assert [t.get_text() for t in axes.get_xticklabels()] == ["2k", "4k", "8k"]
    assert (axes.get_xscale(), axes.get_yscale()) == ("log", "linear")
    assert [t.get_text() for t in axes.get_legend().get_texts()] == [r"base \$x\$", "pi"]
    assert [list(c.lines[0].get_xdata()) for c in axes.containers] == [
        [2048, 4096, 8192],
        [2048, 4096],
    ]


def test_exploding_perplexity_gets_a_log_axis_and_infinity_is_left_out(tmp_path, figures):
    rows = perplexities("x", 7.0, 5000.0, math.inf)
    plot_perplexity(report(rows), tmp_path / "p.png")
    (axes,) = figures[0].axes
    assert axes.get_yscale() == "log"
    assert list(axes.containers[0].lines[0].get_ydata()) == [7.0, 5000.0]


def test_passkey_at_one_length_is_drawn_as_lines(tmp_path, figures):
    plot_passkey(report([passkeys("a", 2048), passkeys("b", 2048)]), tmp_path / "p.png")
    (axes,) = figures[0].axes
    assert [list(line.get_ydata()) for line in axes.lines[:2]] == [[0.25, 0.5, 0.75, 1.0]] * 2
    assert list(axes.lines[0].get_xdata()) == [512, 1024, 1536, 2048]


def test_passkey_at_many_lengths_is_a_heat_map_a_model(tmp_path, figures):
    rows = [passkeys(label, length) for label in "ab" for length in (4096, 2048)]
    rows[0]["by_depth"][0]["right"] = 4
    plot_passkey(report(rows), tmp_path / "p.png")
    first, second, _bar = figures[0].axes
    assert [t.get_text() for t in first.get_xticklabels()] == ["2k", "4k"]
    depth_by_length = first.images[0].get_array().tolist()
    assert depth_by_length == [[0.25, 1.0], [0.5, 0.5], [0.75, 0.75], [1.0, 1.0]]
    assert second.get_title() == "b"


def test_speed_is_drawn_for_reading_and_writing(tmp_path, figures):
    rows = [
        {"model": "a", "length": 2048 * i, "prefill_tps": 1000 / i, "decode_tps": 20.0}
        for i in (1, 2)
    ]
    plot_speed(report(rows), tmp_path / "p.svg")
    assert (tmp_path / "p.svg").read_text().startswith("<?xml")
    (axes,) = figures[0].axes
    assert [list(line.get_ydata()) for line in axes.lines] == [[1000, 500], [20, 20]]


def test_labels_of_neighbouring_windows_do_not_overlap(tmp_path, figures):
    windows = [2048, 4096, 8192, 12000, 12288, 12300, 32768]
    assert tick_labels(windows) == ["2k", "4k", "8k", "12,000", "", "", "32k"]
    rows = perplexities("x", *[7.0] * len(windows))
    for row, window in zip(rows, windows, strict=True):
        row["window"] = window
    plot_perplexity(report(rows), tmp_path / "p.png")
    (axes,) = figures[0].axes
    boxes = [t.get_window_extent() for t in axes.get_xticklabels() if t.get_text()]
    assert all(a.x1 < b.x0 for a, b in zip(boxes, boxes[1:], strict=False))


def test_letters_the_font_lacks_are_no_error(tmp_path):
    plot_perplexity(report(perplexities("模型", 8.0, 7.0)), tmp_path / "p.png")
    assert (tmp_path / "p.png").stat().st_size > 1000


def test_windows_are_named_as_people_do():
    assert [short(n) for n in (2048, 32768, 12000, 512)] == ["2k", "32k", "12,000", "512"]


def test_plot_is_whole_or_not_there(tmp_path, monkeypatch):
    from matplotlib.figure import Figure

    def fail(*_: Any, **__: Any) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(Figure, "savefig", fail)
    with pytest.raises(OutputError, match="No space left"):
        plot_perplexity(report(perplexities("x", 8.0)), tmp_path / "p.png")
    assert list(tmp_path.iterdir()) == []


def test_missing_matplotlib_names_what_to_install(monkeypatch):
    monkeypatch.setitem(sys.modules, "matplotlib", None)
    with pytest.raises(UsageError) as raised:
        require_matplotlib(Path("p.png"))
    assert raised.value.hint == "pip install 'longsum[eval]'"


def test_picture_of_unknown_format_is_refused():
    with pytest.raises(UsageError, match="an unknown format"):
        require_matplotlib(Path("p.docx"))
    require_matplotlib(Path("p.PNG"))
