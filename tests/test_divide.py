from __future__ import annotations

from pathlib import Path

import pytest
from asking import LONG, PROMPT_TOKENS, Asking, config, paged, prepared, save_window_of_512

from longsum.budget import MIN_SPARE, Budget, part_tokens
from longsum.checkpoint.tokenizer import Tokenizer
from longsum.divide import Divided, divide
from longsum.documents.document import Document
from longsum.errors import DocumentTooLong


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_window_of_512(tmp_path_factory.mktemp("model"))


def divided(checkpoint: Path, document: Document, answer: int = 40) -> Divided:
    whole = prepared(checkpoint, document, answer, check=False)
    return divide(whole, [Asking(answer=answer)], config(checkpoint))


def test_each_part_fits_the_window_with_prompt_and_answer(checkpoint: Path) -> None:
    found = divided(checkpoint, LONG)
    assert len(found.parts) == len(found.prepared) == 2
    for part, ready in zip(found.parts, found.prepared, strict=True):
        assert ready.budget.fits
        assert ready.tokens_read == len(part.document.text.encode())
        assert ready.budget.prompt == PROMPT_TOKENS
        assert ready.document is part.document
    assert found.read[0].tokens + found.read[1].tokens == len(LONG.text.encode())


def test_all_parts_are_planned_like_the_largest(checkpoint: Path) -> None:
    found = divided(checkpoint, LONG)
    assert {id(ready.plan) for ready in found.prepared} == {id(found.largest.plan)}
    assert found.largest.tokens_held == max(ready.tokens_held for ready in found.prepared)


def test_lines_name_the_parts_and_what_was_cut_inside(checkpoint: Path) -> None:
    assert divided(checkpoint, LONG).lines == ["2 parts: pages 1-2, 3-4"]
    one_page = paged("Sentence of a page. " * 50, pages=1)
    _, cut = divided(checkpoint, one_page).lines
    assert cut == "too long for one part, so cut inside, between sentences where possible: p. 1"


def test_window_without_tokens_for_a_document_is_refused(checkpoint: Path) -> None:
    with pytest.raises(DocumentTooLong, match="^prompt and answer alone"):
        divided(checkpoint, LONG, answer=600)


def test_a_part_that_takes_more_tokens_by_itself_is_made_shorter(
    checkpoint: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A tokenizer may split what comes first in a text differently."""
    plain = Tokenizer.encode_document

    def encode(self: Tokenizer, text: str) -> list[int]:
        return plain(self, text) + [5] * 30

    monkeypatch.setattr(Tokenizer, "encode_document", encode)
    found = divided(checkpoint, LONG)
    assert all(ready.budget.fits for ready in found.prepared)
    assert "".join(part.document.text for part in found.parts) == LONG.text


def test_a_few_tokens_stay_free_in_each_part() -> None:
    assert part_tokens(Budget(90_000, 3, 0, 32_768)) == 32_765 - 65
    assert part_tokens(Budget(900, 3, 0, 512)) == 509 - MIN_SPARE
    assert part_tokens(Budget(900, 3, 500, 512)) == 1
