"""Which model answers where none is named: smol where it is on the disk, else the bundled one."""

from __future__ import annotations

from pathlib import Path

import pytest
from asking import GIB, paged
from helpers import Recorder
from tiny import save_checkpoint

from longsum import opening, preferred
from longsum.ask import AskTask
from longsum.checkpoint.pinned_file import PinnedFile
from longsum.config import AskConfig, LoadConfig, SummaryConfig
from longsum.errors import InsufficientMemory
from longsum.model import resolve
from longsum.opening import open_session
from longsum.settings import as_argument, rendered
from longsum.summarize import SummaryTask

DOCUMENT = paged(
    "The bridge fell in the spring flood. It was built again of iron within two years. "
    "The town paid for it with a toll that every cart had to pay."
)
VERBATIM = AskConfig(verbatim=True)
SHORT_SUMMARY = SummaryTask(SummaryConfig(words=20))


def test_questions_are_judged_by_smol_where_it_is_and_nothing_is_chosen(monkeypatch):
    monkeypatch.setattr(PinnedFile, "is_here", property(lambda self: True))
    monkeypatch.setattr(preferred, "answer_adapter_for", lambda base: object())
    assert preferred.question_model(None) == "smol"
    assert preferred.question_model("mini") is None
    monkeypatch.setattr(preferred, "configured_model", lambda: "vicuna-7b-16k")
    assert preferred.question_model(None) is None


def test_questions_are_the_bundled_models_without_smol_or_its_adapter(monkeypatch):
    monkeypatch.setattr(PinnedFile, "is_here", property(lambda self: False))
    assert preferred.question_model(None) is None
    monkeypatch.setattr(PinnedFile, "is_here", property(lambda self: True))
    monkeypatch.setattr(preferred, "answer_adapter_for", lambda base: None)
    assert preferred.question_model(None) is None


def test_summaries_are_chosen_by_smol_where_it_is_and_nothing_is_chosen(monkeypatch):
    monkeypatch.setattr(PinnedFile, "is_here", property(lambda self: True))
    assert preferred.summary_model(None, SummaryConfig()) == "smol"
    assert preferred.summary_model(None, SummaryConfig(verbatim=True)) == "smol"
    assert preferred.summary_model("mini", SummaryConfig()) is None
    monkeypatch.setattr(preferred, "configured_model", lambda: "vicuna-7b-16k")
    assert preferred.summary_model(None, SummaryConfig()) is None


@pytest.mark.parametrize("written", [{"verbatim": False}, {"prompt": "summarize"}])
def test_what_is_written_is_not_smols(monkeypatch, written):
    monkeypatch.setattr(PinnedFile, "is_here", property(lambda self: True))
    assert preferred.summary_model(None, SummaryConfig(**written)) is None


def test_summaries_are_the_bundled_models_without_smol_or_its_head(monkeypatch):
    monkeypatch.setattr(PinnedFile, "is_here", property(lambda self: False))
    assert preferred.summary_model(None, SummaryConfig()) is None
    monkeypatch.setattr(PinnedFile, "is_here", property(lambda self: True))
    monkeypatch.setattr(preferred, "is_shipped_for", lambda base: False)
    assert preferred.summary_model(None, SummaryConfig()) is None


def test_a_larger_model_on_a_gpu_is_preferred_to_smol(monkeypatch):
    monkeypatch.setattr(preferred, "summary_model", lambda name, config: "smol")
    auto = LoadConfig()
    assert preferred.for_summaries(auto, SummaryConfig()).model == "smol"
    larger = resolve.ModelSource("llama-3.1-8b", Path("here"))
    monkeypatch.setattr(preferred, "default_source", lambda cuda: larger)
    assert preferred.for_summaries(LoadConfig(device="cpu"), SummaryConfig()).model == "smol"
    monkeypatch.setattr(preferred, "_device", lambda load: "cuda")
    assert preferred.for_summaries(auto, SummaryConfig()) is auto
    monkeypatch.setattr(preferred, "_device", lambda load: "cpu")
    assert preferred.for_summaries(auto, SummaryConfig()).model == "smol"


@pytest.fixture
def here(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> str:
    """A tiny model that is preferred for summaries."""
    folder = str(save_checkpoint(tmp_path / "tiny", max_position_embeddings=8192))
    monkeypatch.setattr(preferred, "summary_model", lambda name, config: None if name else folder)
    return folder


def test_the_preferred_model_summarizes_and_says_how_to_have_the_bundled_one(here):
    heard = Recorder()
    with open_session(DOCUMENT, [SHORT_SUMMARY], listener=heard) as session:
        assert session.source.name == Path(here).name
    (chosen,) = (line for line in heard.notices if "chooses" in line)
    assert rendered(chosen, as_argument).endswith('chooses; model="mini" is faster')
    heard = Recorder()
    with open_session(DOCUMENT, [SHORT_SUMMARY], model="mini", listener=heard) as session:
        assert session.source.is_bundled
    assert not any("chooses" in line for line in heard.notices)


def test_a_session_asks_the_model_that_summarizes(here):
    with open_session(DOCUMENT, [SHORT_SUMMARY, AskTask(VERBATIM)]) as session:
        answer = session.ask("What did the town pay with?", VERBATIM)
    assert answer.receipt.model == Path(here).name
    assert answer.receipt.judged > 0


def test_where_the_preferred_model_does_not_fit_the_bundled_one_reads(here, monkeypatch):
    monkeypatch.setattr(preferred, "summary_model", lambda name, config: None if name else here)
    little = LoadConfig(memory_bytes=2 * GIB)
    planned = opening._planned

    def without_memory(document, tasks, truncate, parts, load, found):
        if load.model == here:
            raise InsufficientMemory("needs more")
        return planned(document, tasks, truncate, parts, load, found)

    monkeypatch.setattr(opening, "_planned", without_memory)
    heard = Recorder()
    with open_session(DOCUMENT, [SHORT_SUMMARY], little, listener=heard) as session:
        assert session.source.is_bundled
    assert not any("chooses" in line for line in heard.notices)
