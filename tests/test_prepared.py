"""Everything is counted, and refused where it has to be, before any weights are read."""

from __future__ import annotations

import os
from pathlib import Path

import pytest
from asking import LONG, PROMPT_TOKENS, SHORT, Asking, config, prepared, save_window_of_512
from tiny import byte_tokenizer, restate

from longsum.checkpoint.chat_formats import Wrap
from longsum.config import LoadConfig
from longsum.documents.document import Document
from longsum.errors import (
    DocumentTooLong,
    InsufficientMemory,
    LongsumError,
    UnsupportedModel,
    UsageError,
    WindowNotTuned,
)
from longsum.events import Listener
from longsum.model.find import find_model
from longsum.model.resolve import ModelSource
from longsum.prepared import prepare
from longsum.prompting.prompt import Prompt
from longsum.reading import open_reading
from longsum.settings import Setting


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_window_of_512(tmp_path_factory.mktemp("model"))


@pytest.fixture
def unloadable(checkpoint: Path, tmp_path: Path) -> Path:
    """The same without its weights: whatever loads them fails."""
    folder = restate(checkpoint, tmp_path / "model", {})
    (folder / "model.safetensors").unlink()
    return folder


def test_budget_is_counted_by_the_tokenizer(unloadable: Path) -> None:
    ready = prepared(unloadable, SHORT, answer=40)
    tokens = len(SHORT.text.encode())
    assert len(ready.document_ids) == tokens > len(SHORT.text)
    assert str(ready.budget) == (
        f"document {tokens} + prompt {PROMPT_TOKENS} + answer 40 "
        f"= {tokens + PROMPT_TOKENS + 40} of 512 tokens"
    )
    assert ready.kept == ((0, tokens),)
    assert ready.tokens_read == tokens
    assert ready.truncated is None
    assert ready.plan.quantize == "none"


def test_too_long_document_exits_3_with_numbers_and_remedies_before_loading(
    unloadable: Path,
) -> None:
    tokens = len(LONG.text)
    with pytest.raises(DocumentTooLong, match="^book.pdf is too long: ") as caught:
        prepared(unloadable, LONG, answer=100)
    assert caught.value.exit_code == 3
    assert f": {tokens} tokens, {unloadable.name} reads 512" in caught.value.message
    # no window of this model would do: no context is among them
    assert {each.name for each in caught.value.remedies} == {"pages", "parts", "model", "truncate"}


def test_smaller_context_is_the_budget_and_the_tuned_one_the_remedy(unloadable: Path) -> None:
    with pytest.raises(DocumentTooLong, match="reads 100$") as caught:
        prepared(unloadable, SHORT, context=100)
    assert Setting("context", "512") in caught.value.remedies


def test_window_the_weights_were_not_tuned_for_is_refused_before_loading(unloadable: Path) -> None:
    with pytest.raises(WindowNotTuned):
        prepared(unloadable, LONG, context=2048)
    ready = prepared(unloadable, LONG, context=2048, force_context=True)
    assert (ready.budget.window, ready.model.rope.factor) == (2048, 16.0)
    assert ready.model.tuned_window == 512


def test_too_little_memory_exits_4_before_loading(unloadable: Path) -> None:
    with pytest.raises(
        InsufficientMemory, match=r"^needs 5\d\d\.\d MiB, but memory allows 64\.0 MiB$"
    ) as caught:
        prepared(unloadable, SHORT, memory_bytes=64 << 20)
    assert caught.value.exit_code == 4
    assert caught.value.hint.startswith("raise memory")
    assert caught.value.facts["free_bytes"] == 64 << 20
    assert caught.value.facts["needed_bytes"] > 500 << 20


def test_truncation_saves_window_and_memory_is_planned_for_what_is_read(unloadable: Path) -> None:
    whole = prepared(unloadable, LONG, context=2048, force_context=True)
    cut = prepared(unloadable, LONG, truncate="tail")
    assert cut.plan.kv_cache_bytes < whole.plan.kv_cache_bytes
    per_token = whole.plan.kv_cache_bytes // whole.budget.total
    assert cut.plan.kv_cache_bytes == 512 * per_token


def test_plan_shows_what_would_be_refused(unloadable: Path) -> None:
    """`longsum plan` prints its table for a run that does not fit."""
    ready = prepared(unloadable, LONG, check=False, memory_bytes=64 << 20)
    assert not ready.budget.fits
    assert not ready.plan.fits


def test_prompt_that_ends_with_the_document_is_refused(unloadable: Path) -> None:
    """The answer's first token is predicted after the instruction; without one there was a
    failed assertion after the whole document had been read."""
    with pytest.raises(UsageError, match="nothing follows the document"):
        prepare(SHORT, [Asking("\nFirst?", "")], config(unloadable))


def test_budget_is_reserved_for_the_longest_question_in_tokens(unloadable: Path) -> None:
    questions = ("\nShort?", "\näöüß ☺☺?", "\nMore letters?")  # 18 bytes in 11 letters
    ready = prepare(SHORT, [Asking(*questions)], config(unloadable))
    longest = max(len(question.encode()) for question in questions)
    assert longest == len(questions[1].encode()) > len(questions[2])
    assert ready.budget.prompt == len(ready.prefix_ids) + longest


def test_weights_are_looked_at_last(unloadable: Path) -> None:
    ready = prepared(unloadable, SHORT)
    with pytest.raises(UnsupportedModel):
        open_reading(ready, config(unloadable), Listener())


def test_offline_is_set_first(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv("HF_HUB_OFFLINE")
    with pytest.raises(LongsumError) as caught:
        find_model(LoadConfig(model="someone/absent", offline=True, device="cpu"))
    assert caught.value.exit_code == 5
    assert os.environ["HF_HUB_OFFLINE"] == "1"


def test_truncation_does_not_help_where_prompt_and_answer_fill_the_window(unloadable: Path) -> None:
    with pytest.raises(DocumentTooLong) as caught:
        prepared(unloadable, LONG, answer=512, truncate="tail")
    assert "truncate" not in {each.name for each in caught.value.remedies}


def test_own_chat_template_wraps_the_prompt(checkpoint: Path, tmp_path: Path) -> None:
    folder = restate(checkpoint, tmp_path / "chat", {})
    tokenizer = byte_tokenizer()
    tokenizer.chat_template = "{{ bos_token }}[U]{{ messages[0].content }}[/U]"
    tokenizer.save_pretrained(folder)

    class Wrapped(Asking):
        def prompts(self, document: Document, source: ModelSource, wrap: Wrap) -> list[Prompt]:
            prefix, suffix = wrap("|").split("|")
            return [Prompt(prefix, document.text, suffix)]

    ready = prepare(SHORT, [Wrapped()], config(folder))
    assert len(ready.prefix_ids) == 1 + len("[U]")  # the template's own beginning counts once
    assert ready.budget.prompt == 1 + len("[U]") + len("[/U]")
