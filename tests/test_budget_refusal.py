from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import pytest
from asking import LONG, PROMPT_TOKENS, prepared, save_window_of_512
from helpers import assert_refused, report_pdf, run
from tiny import save_checkpoint

from longsum.budget import Budget, how_far_over, require_window
from longsum.documents.document import Document, Page
from longsum.errors import DocumentTooLong
from longsum.settings import Setting


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_window_of_512(tmp_path_factory.mktemp("model"))


def refusal(checkpoint: Path, document: Document, answer: int = 40, **options) -> DocumentTooLong:
    with pytest.raises(DocumentTooLong) as caught:
        prepared(checkpoint, document, answer, **options)
    return caught.value


def names(error: DocumentTooLong) -> list[str]:
    return [setting.name for setting in error.remedies]


def pages(*lengths: int) -> Document:
    """Return pages of so many characters, which are tokens here."""
    bounds, at = [], 0
    for number, length in enumerate(lengths, 1):
        bounds.append(Page(number, at, at + length))
        at += length
    return Document("x" * at, tuple(bounds), sha256="0", name="a.pdf", total_pages=len(lengths))


def test_message_says_how_long_the_document_is_and_what_the_model_reads():
    line = how_far_over("a.pdf", "mini", Budget(39_541, 3, 0, 32_768))
    assert line == "a.pdf is too long: 39,541 tokens, mini reads 32,768"


def test_document_that_fits_only_without_its_prompt_is_not_said_to_be_longer_than_the_window():
    line = how_far_over("a.pdf", "mini", Budget(32_700, 60, 40, 32_768))
    assert line == (
        "a.pdf is too long: 32,700 tokens + 100 for the prompt and the answer = 32,800, "
        "mini reads 32,768"
    )
    line = how_far_over("a.pdf", "mini", Budget(32_766, 3, 0, 32_768))
    assert "+ 3 for the prompt = 32,769" in line


def test_a_window_that_no_document_would_fit_is_not_the_documents_fault():
    line = how_far_over("a.pdf", "mini", Budget(10, 100, 400, 450))
    assert line == "prompt and answer alone take 500 tokens, mini reads 450"


@pytest.mark.parametrize(
    ("lengths", "fit", "part"),
    [
        ((100, 100, 100, 100, 100, 100), 'pages 1-4 fit: pages="1-4",', "1-4"),
        ((300, 300, 10), 'page 1 fits: pages="1",', "1"),
    ],
)
def test_largest_range_of_pages_that_fits_is_named(checkpoint, lengths, fit, part):
    """The hint was to choose a part, whatever the document."""
    available = 512 - PROMPT_TOKENS - 40
    assert 400 < available < 500
    error = refusal(checkpoint, pages(*lengths))
    assert error.hint.startswith(fit)
    assert "truncate head|tail|middle" in error.hint
    in_parts = Setting("parts", "True")
    assert error.remedies == (
        Setting("pages", part),
        in_parts,
        Setting("truncate"),
        Setting("model"),
    )


def test_refusal_holds_its_numbers_for_programs(checkpoint):
    facts = refusal(checkpoint, pages(*[100] * 6)).facts
    total = 600 + PROMPT_TOKENS + 40
    sizes = {"tokens": total, "window": 512, "over": total - 512}
    assert facts == {**sizes, "pages": "1-4", "parts": 2}


def test_pages_are_counted_among_those_chosen(checkpoint):
    document = pages(*[100] * 20)
    chosen = replace(document, pages=document.pages[10:11] + document.pages[12:16])
    shown = replace(chosen, text="x" * 500, pages=tuple(
        Page(p.number, i * 100, i * 100 + 100) for i, p in enumerate(chosen.pages)
    ))  # fmt: skip
    shown = replace(shown, text="x" * 500)
    assert Setting("pages", "11,13-15") in refusal(checkpoint, shown).remedies


def test_reading_in_parts_is_offered_with_the_number_of_parts(checkpoint):
    available = 512 - PROMPT_TOKENS - 40
    assert 400 < available < 480
    assert "read all of it in 2 parts: parts=True" in refusal(checkpoint, pages(*[100] * 8)).hint
    assert "read all of it in 3 parts: parts=True" in refusal(checkpoint, pages(*[100] * 9)).hint


def test_no_range_is_named_where_not_even_the_first_page_fits(checkpoint):
    error = refusal(checkpoint, pages(600, 10))
    assert error.remedies == (Setting("parts", "True"), Setting("truncate"), Setting("model"))
    assert "pages" not in error.facts


def test_text_without_pages_is_never_sent_to_pages(checkpoint):
    """The hint recommended pages, which then failed: a text has none."""
    text = "\n".join("x" * 99 for _ in range(10))
    anchors = tuple((i * 100, i + 1) for i in range(10))
    document = Document(text, (), sha256="0", name="a.txt", line_anchors=anchors)
    error = refusal(checkpoint, document)
    assert error.hint.startswith('lines 1-4 fit: truncate="tail" leaves out the rest')
    in_parts = Setting("parts", "True")
    assert error.remedies == (Setting("truncate", "tail"), in_parts, Setting("model"))
    assert error.facts["lines"] == "1-4"


def test_larger_window_of_the_same_model_is_offered_where_it_helps(checkpoint):
    assert refusal(checkpoint, pages(200), context=100).hint.startswith("context=512 holds")
    assert "context" not in names(refusal(checkpoint, LONG))


def test_truncation_is_not_offered_where_prompt_and_answer_alone_are_too_long(checkpoint):
    assert names(refusal(checkpoint, pages(10), answer=600)) == ["max_new_tokens"]


def test_a_shorter_answer_is_a_remedy_only_where_it_would_help(checkpoint):
    assert "max_new_tokens" in names(refusal(checkpoint, pages(300), answer=200))
    assert "max_new_tokens" not in names(refusal(checkpoint, pages(2000), answer=200))


def test_document_that_fits_is_let_through(checkpoint):
    ready = prepared(checkpoint, pages(300))
    require_window(ready.document, ready.model, ready.budget)


def test_what_the_hint_recommends_is_accepted(tmp_path):
    """And one page more is not."""
    path = report_pdf(tmp_path / "long.pdf", pages=12)
    small = save_checkpoint(tmp_path / "small", max_position_embeddings=6000)
    arguments = ("summarize", path, "-m", small, "--verbatim", "--length", "10")
    result = run(*arguments)
    assert_refused(result, 3, "long.pdf is too long: ", "small reads 6,000", "--pages 1-")
    last = int(result.stderr.split("--pages 1-")[1].split(",")[0])
    assert run(*arguments, "--pages", f"1-{last}").exit_code == 0
    assert run(*arguments, "--pages", f"1-{last + 1}").exit_code == 3
