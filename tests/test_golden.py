"""The bundled model's answer to a fixed document, to the letter.

A change here is a change every user sees: look at it before the text below is replaced.
"""

from __future__ import annotations

from pathlib import Path

from helpers import run

DOCUMENT = """\
# The lighthouse of Harrow Point

The lighthouse of Harrow Point was built in 1871 after three ships were lost in one winter. Its
tower is 31 metres high and stands on a rock that the sea covers at high water. Stone was brought
by barge from a quarry forty kilometres to the north, and each block was numbered before it left.

The first keeper, Anna Lindqvist, lived in the tower for twenty-two years with her two sons. She
wrote down the weather every evening, and her books are kept in the museum of the harbour. They
show that the fog came earlier each autumn during her last ten years. Historians of climate have
used them since 1964.

In 1932 the lamp was changed from oil to electricity. A cable was laid under the sea for it, and
the crew was reduced from four keepers to two. The last keeper left in 1988, when the light was
made automatic. Since then a technician visits the tower four times a year.

The foundation that owns the tower today wants to open it to visitors. Engineers found in 2019
that the northern side of the rock had lost two metres in a century. They advised a wall of
boulders, which would cost about three million crowns. The parish council will decide in spring.
"""


def test_summary_of_a_fixed_document(tmp_path: Path) -> None:
    path = tmp_path / "lighthouse.md"
    path.write_text(DOCUMENT, encoding="utf-8")
    result = run("summarize", path, "--length", "60", "--model", "mini", "--dtype", "float32")
    assert result.stdout.split("] ") == [
        "The lighthouse of Harrow Point was built in 1871 after three ships were lost in one "
        "winter. [line 3",
        "A cable was laid under the sea for it, and the crew was reduced from four keepers to "
        "two. [line 12",
        "The last keeper left in 1988, when the light was made automatic. [line 13",
        "Engineers found in 2019 that the northern side of the rock had lost two metres in a "
        "century. [line 16]\n",
    ]


def test_answer_from_a_fixed_document(tmp_path: Path) -> None:
    path = tmp_path / "lighthouse.md"
    path.write_text(DOCUMENT, encoding="utf-8")
    question = "Who was the first keeper of the lighthouse?"
    result = run("ask", path, question, "--model", "mini", "--dtype", "float32")
    assert "Anna Lindqvist" in result.stdout.splitlines()[0]
    assert "[line 7]" in result.stdout.splitlines()[0]
