"""A document beyond the native window is read with the window adapter; a shorter one without."""

from __future__ import annotations

from pathlib import Path

import pytest
from adapters import write_adapter
from asking import LONG, SHORT, Asking, config, paged, prepared
from tiny import save_checkpoint

from longsum.checkpoint import adapters as shipped_adapters
from longsum.checkpoint.formats import open_checkpoint
from longsum.config import DecodeConfig, LoadConfig, SummaryConfig
from longsum.errors import DocumentTooLong, WindowNotTuned
from longsum.events import Listener
from longsum.judge import open_judge
from longsum.loading.weights import load_weights
from longsum.model.find import find_checkpoint, find_model, plan_for
from longsum.opening import open_session
from longsum.session import LoadedModel
from longsum.settings import Setting
from longsum.summarize import SummaryTask


@pytest.fixture
def folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A checkpoint of 512 tokens with an adapter for 2,048."""
    folder = save_checkpoint(tmp_path / "model", max_position_embeddings=512)
    monkeypatch.setattr(shipped_adapters, "SHIPPED", (tmp_path / "adapter",))
    write_adapter(tmp_path / "adapter", open_checkpoint(folder), 2048)
    return folder


def test_document_that_fits_the_native_window_is_read_without_it(folder: Path) -> None:
    ready = prepared(folder, SHORT)
    assert ready.model.checkpoint.adapter is None
    assert (ready.budget.window, ready.model.rope.rope_type) == (512, "default")


def test_longer_document_is_read_with_it(folder: Path) -> None:
    ready = prepared(folder, LONG)
    assert ready.model.checkpoint.adapter is not None
    assert ready.budget.window == 2048
    assert (ready.model.rope.rope_type, ready.model.rope.factor) == ("linear", 4.0)
    assert ready.tokens_read == len(ready.document_ids) > 512
    assert "by longsum's window adapter" in ready.model.rope.reason


def test_document_beyond_both_windows_is_refused_by_the_wider_one(folder: Path) -> None:
    with pytest.raises(DocumentTooLong) as caught:
        prepared(folder, LONG, answer=2000)
    assert caught.value.facts["window"] == 2048


def test_truncation_leaves_out_what_the_wider_window_cannot_hold(folder: Path) -> None:
    ready = prepared(folder, LONG, answer=1700, truncate="tail")
    assert ready.tokens_read == ready.budget.available > 200
    assert ready.budget.window == 2048


def test_window_asked_for_is_neither_widened_nor_refused_up_to_the_adapters(folder: Path) -> None:
    with pytest.raises(DocumentTooLong) as caught:
        prepared(folder, LONG, context=512)
    assert caught.value.facts["window"] == 512
    ready = prepared(folder, LONG, context=1000)
    assert (ready.budget.window, ready.model.rope.factor) == (1000, 4.0)
    assert ready.model.checkpoint.adapter is not None
    with pytest.raises(WindowNotTuned, match="tuned for 2,048"):
        prepared(folder, LONG, context=4096)


def test_forced_window_leaves_the_weights_as_they_are(folder: Path) -> None:
    _, checkpoint = find_checkpoint(config(folder, context=4096, force_context=True), cuda=False)
    assert checkpoint.adapter is None
    assert checkpoint.rope.factor == 8.0


def test_window_of_another_context_is_the_remedy(folder: Path) -> None:
    with pytest.raises(DocumentTooLong) as caught:
        prepared(folder, LONG, context=600)
    assert Setting("context", "2048") in caught.value.remedies


def test_model_in_memory_is_not_used_for_a_document_that_needs_the_adapter(folder: Path) -> None:
    load = config(folder)
    found = find_model(load)
    native = load_weights(found.checkpoint, plan_for(found, load, 512), load, Listener())
    loaded = LoadedModel(found, native)
    with open_session(SHORT, [Asking()], load, loaded=loaded) as session:
        assert session.reading.weights is native
    with open_session(LONG, [Asking()], load, loaded=loaded) as session:
        wide = session.reading.weights
        assert wide is not native
        assert wide.config.rope.factor == 4.0


@pytest.mark.parametrize("context", [None, 1024])
def test_model_judges_without_the_window_adapter(
    folder: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, context: int | None
) -> None:
    """With a window asked for, passages were judged by the widened model, without its adapter."""
    write_adapter(tmp_path / "answer", open_checkpoint(folder), None)
    monkeypatch.setattr(shipped_adapters, "SHIPPED", (tmp_path / "adapter", tmp_path / "answer"))
    found = find_model(LoadConfig(model=str(folder), device="cpu", context=context))
    wide = found if context else found.widened()
    assert wide is not None
    assert wide.rope.rope_type == "linear"
    judge = open_judge(LoadConfig(device="cpu"), Listener(), model=wide)
    assert judge.points
    assert judge.model.rope.rope_type == "default"


def test_document_beyond_both_windows_is_read_in_parts_of_the_wider_one(folder: Path) -> None:
    load = config(folder)
    task = SummaryTask(SummaryConfig(words=20, verbatim=True), DecodeConfig(max_new_tokens=200))
    book = paged("The keeper of the tower wrote down what the weather was. " * 70, pages=20)
    with open_session(book, [task], load, parts=True) as session:
        answer = session.summarize(task.config, task.decode)
    assert len(answer.parts) == 3
    assert (answer.receipt.window, answer.receipt.factor) == (2048, 4.0)
    assert min(part.tokens for part in answer.receipt.parts) > 512
