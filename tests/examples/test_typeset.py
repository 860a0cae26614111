"""The typesetting script, and the handbook it made."""

import importlib.util
import re
from pathlib import Path

import pypdfium2
import pytest

EXAMPLES = Path(__file__).parents[2] / "examples"
SAMPLE = """# A Sample

For testing.

## 1. First Chapter

It's an angle m · θ with **bold**, *italic* and `code` text.[^1]

### A Section

1. one
2. two

- a bullet

| model | tokens |
|---|---|
| small | 16,384 |

```
bytes = 2 * layers < 10
```

[^1]: A note.

## 2. Second & Last Chapter

The end.
"""


@pytest.fixture(scope="module")
def typeset():
    spec = importlib.util.spec_from_file_location("typeset", EXAMPLES / "typeset.py")
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.typeset


@pytest.fixture(scope="module")
def sample(typeset, tmp_path_factory):
    folder = tmp_path_factory.mktemp("typeset")
    (folder / "sample.md").write_text(SAMPLE, encoding="utf-8")
    typeset(folder / "sample.md", folder / "sample.pdf")
    return folder / "sample.pdf"


def page_texts(path):
    with pypdfium2.PdfDocument(path) as pdf:
        return [page.get_textpage().get_text_bounded() for page in pdf]


def outline(path):
    with pypdfium2.PdfDocument(path) as pdf:
        return [(entry.level, entry.get_title()) for entry in pdf.get_toc()]


def test_title_contents_and_each_chapter_begin_a_page(sample):
    title, contents, first, second = page_texts(sample)
    assert title.startswith("A Sample")
    assert contents.startswith("Contents")
    assert "1. First Chapter" in first
    assert "The end." in second


@pytest.mark.parametrize(
    "text", ["It’s an angle m · θ with bold, italic and code text.", "1. one", "• a bullet",
             "small 16,384", "bytes = 2 * layers < 10", "1. A note."]
)  # fmt: skip
def test_every_kind_of_block_can_be_read_back(sample, text):
    assert text in page_texts(sample)[2]


def test_running_head_is_the_chapter_and_the_foot_its_number(sample):
    for number, (title, text) in enumerate(
        [("1. First Chapter", page_texts(sample)[2]), ("2. Second & Last", page_texts(sample)[3])]
    ):
        assert text.startswith(title)
        assert text.splitlines()[-1] == str(number + 1)


def test_outline_labels_and_metadata(sample):
    assert outline(sample) == [
        (0, "1. First Chapter"), (1, "A Section"), (0, "2. Second & Last Chapter"),
    ]  # fmt: skip
    with pypdfium2.PdfDocument(sample) as pdf:
        assert [pdf.get_page_label(i) for i in range(len(pdf))] == ["i", "ii", "1", "2"]
        assert pdf.get_metadata_value("Title") == "A Sample"
        assert pdf.get_metadata_value("Author") == "longsum contributors"


def test_same_input_gives_the_same_bytes(typeset, sample, tmp_path):
    typeset(sample.with_suffix(".md"), tmp_path / "again.pdf")
    assert (tmp_path / "again.pdf").read_bytes() == sample.read_bytes()


def test_unknown_block_is_refused_rather_than_dropped(typeset, tmp_path):
    (tmp_path / "quote.md").write_text("# T\n\n## C\n\n> quoted\n", encoding="utf-8")
    with pytest.raises(ValueError, match="cannot typeset blockquote_open"):
        typeset(tmp_path / "quote.md", tmp_path / "quote.pdf")


def test_handbook_pdf_is_up_to_date_with_its_source(typeset, tmp_path):
    """Other releases of reportlab write the same pages in other bytes: the test failed with 4.4."""
    typeset(EXAMPLES / "handbook.md", tmp_path / "handbook.pdf")
    assert page_texts(tmp_path / "handbook.pdf") == page_texts(EXAMPLES / "handbook.pdf"), (
        "run: python examples/typeset.py examples/handbook.md examples/handbook.pdf"
    )


def test_handbook_is_long_enough_and_small_enough():
    texts = page_texts(EXAMPLES / "handbook.pdf")
    assert len(texts) >= 20
    assert sum(len(text.split()) for text in texts) >= 10_000
    assert (EXAMPLES / "handbook.pdf").stat().st_size < 400_000


def test_handbook_has_a_bookmark_for_every_heading():
    source = (EXAMPLES / "handbook.md").read_text(encoding="utf-8")
    headings = re.findall(r"^(##|###) (.+)$", source, flags=re.MULTILINE)
    assert outline(EXAMPLES / "handbook.pdf") == [(len(mark) - 2, text) for mark, text in headings]


def test_every_handbook_chapter_ends_in_short():
    source = (EXAMPLES / "handbook.md").read_text(encoding="utf-8")
    for chapter in source.split("\n## ")[1:]:
        body = re.sub(r"^\[\^\d+\]: .*$", "", chapter, flags=re.MULTILINE).strip()
        assert body.split("\n\n")[-1].startswith("**In short.**"), chapter.splitlines()[0]
