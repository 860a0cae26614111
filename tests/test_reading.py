"""What a session reads is exactly what was said, and each answer meets the same document."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

import pytest
from asking import (
    LONG,
    PREFIX,
    PROMPT_TOKENS,
    QUESTION,
    SHORT,
    opened,
    paged,
    prepared,
    save_window_of_512,
    written,
)

from longsum.config import DecodeConfig, Truncate
from longsum.documents.document import Span
from longsum.engine.choosing import TokenSequence
from longsum.errors import DocumentTooLong
from longsum.events import Listener


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_window_of_512(tmp_path_factory.mktemp("model"))


def test_document_that_fits_to_the_token_is_read_and_one_more_is_refused(
    checkpoint: Path,
) -> None:
    answer = 512 - PROMPT_TOKENS - len(SHORT.text.encode())
    session = opened(checkpoint, SHORT, answer)
    assert session.prepared.budget.total == 512
    # an answer of the whole length fits
    stops, session.stop_ids = session.stop_ids, frozenset()
    assert stops == {1}
    written(session, count=answer)
    receipt = session.receipt("free")
    assert (receipt.answer_tokens, receipt.finish_reason) == (answer, "length")
    with pytest.raises(DocumentTooLong, match=r" for the prompt and the answer = 513, "):
        prepared(checkpoint, SHORT, answer + 1)


# truncation


@pytest.mark.parametrize(
    ("cut", "kept"),
    [
        ("tail", lambda text, available: [(0, available)]),
        ("head", lambda text, available: [(len(text) - available, len(text))]),
        (
            "middle",
            lambda text, available: [
                (0, available - available // 2),
                (len(text) - available // 2, len(text)),
            ],
        ),
    ],
)
def test_truncation_keeps_the_right_tokens_and_says_so(
    checkpoint: Path, cut: Truncate, kept: Callable[[str, int], list[tuple[int, int]]]
) -> None:
    available = 512 - PROMPT_TOKENS - 40
    ranges = kept(LONG.text, available)
    session = opened(checkpoint, LONG, truncate=cut)
    ready = session.prepared
    assert list(ready.kept) == ranges  # of tokens, which are characters here
    assert ready.tokens_read == available
    assert session.engine.reader.length == 1 + len(PREFIX) + available

    # read as if the document had been this part alone
    part = paged("".join(LONG.text[start:end] for start, end in ranges))
    alone = opened(checkpoint, part)
    assert alone.prepared.truncated is None
    answer = written(session)
    assert answer
    assert answer == written(alone)

    for start, end in ranges:
        assert session.was_read(Span(start, end))
    spans = [Span(start, end) for start, end in ((0, 20), (300, 310), (len(LONG.text) - 20, 630))]
    spans = [Span(s.start, min(s.end, len(LONG.text))) for s in spans]
    for span in [*spans, Span(0, len(LONG.text)), Span(available - 1, available + 1)]:
        inside = any(start <= span.start and span.end <= end for start, end in ranges)
        assert session.was_read(span) == inside

    receipt = session.receipt("free")
    assert (receipt.truncate, receipt.tokens_read) == (cut, available)
    assert receipt.tokens_total == len(LONG.text)
    for page in LONG.pages:
        touched = any(start < page.end and page.start < end for start, end in ranges)
        assert any(a <= page.number <= b for a, b in receipt.extent.read) == touched
    assert f"{receipt.extent.what_is_missing()} LEFT OUT" in receipt.lines()[0]


def test_characters_of_several_tokens_are_placed_right(checkpoint: Path) -> None:
    """Kept tokens are bytes here, spans are characters."""
    text = "äöü " * 100  # 7 bytes for 4 characters
    session = opened(checkpoint, paged(text), truncate="tail")
    end = session.prepared.tokens_read * 4 // 7
    assert session.was_read(Span(0, end - 1))
    assert not session.was_read(Span(0, end + 2))


def test_truncation_that_is_not_needed_leaves_nothing_out(checkpoint: Path) -> None:
    session = opened(checkpoint, SHORT, truncate="tail")
    assert session.prepared.truncated is None
    assert session.was_read(Span(0, len(SHORT.text)))
    assert "LEFT OUT" not in "\n".join(session.receipt("free").lines())


# reading and answering


def test_every_token_is_read_and_reported(checkpoint: Path) -> None:
    class Ear(Listener):
        phases: list[str] = []  # noqa: RUF012
        calls: list[tuple[int, int]] = []  # noqa: RUF012

        def phase(self, name: str) -> None:
            self.phases.append(name)

        def prefill(self, done: int, total: int) -> None:
            self.calls.append((done, total))

    ear = Ear()
    session = opened(checkpoint, SHORT, listener=ear)
    tokens = len(SHORT.text.encode())
    assert session.engine.reader.length == 1 + len(PREFIX) + tokens
    assert ear.calls[-1] == (tokens, tokens)
    assert ear.phases == [f"loading {checkpoint.name}"]


def test_document_is_read_as_text(checkpoint: Path) -> None:
    """Its </s> is four characters, and the text begins once."""
    ready = prepared(checkpoint, SHORT)
    assert 1 not in ready.document_ids
    assert ready.prefix_ids[0] == 0
    assert 0 not in ready.prefix_ids[1:] + ready.document_ids


def test_second_question_gets_the_answer_of_a_fresh_session(checkpoint: Path) -> None:
    session = opened(checkpoint, SHORT)
    first = written(session, "\nFirst?")
    second = written(session, "\nWhat else?")
    again = written(session, "\nFirst?")
    fresh = written(opened(checkpoint, SHORT), "\nWhat else?")
    assert second == fresh
    assert first == again != second


def test_broken_off_answer_leaves_the_next_one_as_it_was(checkpoint: Path) -> None:
    session = opened(checkpoint, SHORT)
    stream = session.write(QUESTION, DecodeConfig(), 20, Listener())
    next(stream)
    stream.close()  # type: ignore[attr-defined]
    assert session.receipt("free").finish_reason == "interrupted"
    assert written(session) == written(opened(checkpoint, SHORT))


def test_sampling_settings_reach_the_engine(checkpoint: Path) -> None:
    session = opened(checkpoint, SHORT)
    hot = {"temperature": 2.0, "top_p": 0.99}
    assert written(session, seed=1, **hot) == written(session, seed=1, **hot)
    assert len({written(session, seed=seed, **hot) for seed in range(3)}) > 1


def test_choices_are_made_after_the_instruction(checkpoint: Path) -> None:
    session = opened(checkpoint, SHORT)
    texts = ["The cat sat.", "On the mat.", "Neither."]
    ids = session.tokenizer.encode_many(texts)
    choices = [TokenSequence(tuple(sequence)) for sequence in ids]
    order = list(session.choose(QUESTION, choices, DecodeConfig(), Listener()))
    assert sorted(order) == [0, 1, 2]
    fresh = opened(checkpoint, SHORT)
    assert list(fresh.choose(QUESTION, choices, DecodeConfig(), Listener())) == order
    assert session.receipt("verbatim").mode == "verbatim"


def test_tokens_left_after_an_instruction_are_those_reserved(checkpoint: Path) -> None:
    session = opened(checkpoint, SHORT, answer=40)
    assert session.tokens_after(QUESTION) == 40
    assert session.tokens_after("") == 40 + len(QUESTION)


def test_receipt_reports_what_was_done(checkpoint: Path) -> None:
    session = opened(checkpoint, SHORT)
    session.stop_ids = frozenset()
    written(session, count=7)
    receipt = session.receipt("free")
    tokens = len(SHORT.text.encode())
    assert (receipt.tokens_read, receipt.tokens_total) == (tokens, tokens)
    assert (receipt.pages_read, receipt.pages_total) == (4, 4)
    assert (receipt.window, receipt.rope, receipt.factor) == (512, "PI", 4.0)
    assert (receipt.quantize, receipt.dtype, receipt.device) == ("none", "float32", "cpu")
    assert (receipt.answer_tokens, receipt.finish_reason) == (7, "length")
    assert receipt.prompt_tokens == PROMPT_TOKENS
    assert receipt.prefill_tps > 0
    assert receipt.decode_tps > 0
    assert receipt.model == checkpoint.name
    assert "PI ×4" in receipt.lines()[1]
    assert "CUT OFF" in receipt.lines()[1]
