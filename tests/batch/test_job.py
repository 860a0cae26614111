from __future__ import annotations

import json
import pickle
import shutil
from dataclasses import replace
from pathlib import Path

import pytest
from adapters import write_adapter
from tiny import restate, save_checkpoint

from longsum.batch.config import BatchConfig
from longsum.batch.devices import worker_environments, workers_here
from longsum.batch.failures import error_fields
from longsum.batch.job import Job, settings_of, with_model, with_settings
from longsum.batch.outcome import failed_row
from longsum.batch.reading import ReadResult
from longsum.checkpoint import adapters
from longsum.checkpoint.formats import open_checkpoint
from longsum.cli.flags import as_flag
from longsum.config import AskConfig, DecodeConfig, LoadConfig, ReadConfig, SummaryConfig
from longsum.environment import BATCH_WORKERS
from longsum.errors import DocumentTooLong, ModelNotFound, UsageError
from longsum.settings import Setting, as_argument


@pytest.fixture(scope="module")
def checkpoint(tmp_path_factory) -> Path:
    return save_checkpoint(tmp_path_factory.mktemp("models") / "tiny")


def job(**options) -> Job:
    return with_settings(Job(output=Path("/out"), identity="m", **options))


@pytest.mark.parametrize(
    "options",
    [
        {"task": SummaryConfig(words=300)},
        {"task": SummaryConfig(focus="money")},
        {"task": AskConfig(), "questions": ("Why?",)},
        {"decode": DecodeConfig(temperature=0.5)},
        {"read": ReadConfig(truncate="tail")},
        {"read": ReadConfig(parts=True)},
        {"read": ReadConfig(pages="1-3")},
        {"load": LoadConfig(context=1024)},
        {"load": LoadConfig(quantize="nf4")},
        {"batch": BatchConfig(format="json")},
    ],
)
def test_what_changes_results_changes_the_settings(options):
    assert job(**options).settings != job().settings


@pytest.mark.parametrize(
    "options",
    [
        {"read": ReadConfig(password="sesame")},
        {"load": LoadConfig(device="cpu", memory_bytes=1, offline=True, download=True)},
        {"load": LoadConfig(model="elsewhere/of/the/same/weights")},
        {"batch": BatchConfig(workers=4, shard=(1, 2), retry_failed=True)},
    ],
)
def test_what_changes_no_result_leaves_the_settings_alone(options):
    assert job(**options).settings == job().settings


def test_settings_without_parts_are_those_of_versions_that_had_none():
    """Results made before must not be made again."""
    assert "parts" not in settings_of(job())
    assert settings_of(job(read=ReadConfig(parts=True)))["parts"] is True


def test_settings_that_are_not_strict_are_those_of_versions_that_never_were():
    assert "strict" not in settings_of(job())["task"]
    assert settings_of(job(task=SummaryConfig(strict=True)))["task"]["strict"] is True


def test_password_is_not_in_the_settings():
    assert "sesame" not in json.dumps(settings_of(job(read=ReadConfig(password="sesame"))))


def test_template_counts_by_its_text(tmp_path):
    one, same, other = (tmp_path / name for name in ("one", "same", "other"))
    for path, text in ((one, "{{ document }} A"), (same, "{{ document }} A"), (other, "B")):
        path.write_text(text)
    settings = [job(task=SummaryConfig(prompt=path)).settings for path in (one, same, other)]
    assert settings[0] == settings[1] != settings[2]
    with pytest.raises(UsageError, match="gone"):
        job(task=SummaryConfig(prompt=tmp_path / "gone"))


def found(folder: Path) -> Job:
    return with_model(Job(output=Path("/out"), load=LoadConfig(model=str(folder))))


def test_model_is_known_by_its_weights_wherever_it_is(checkpoint, tmp_path):
    copy = shutil.copytree(checkpoint, tmp_path / "copy")
    other = save_checkpoint(tmp_path / "other", seed=1)
    scaled = restate(checkpoint, tmp_path / "scaled", {"rope_theta": 5000.0})
    first = found(checkpoint)
    assert found(copy).identity == first.identity
    assert len({first.identity, found(other).identity, found(scaled).identity}) == 3
    assert first.model_folder == checkpoint


def test_relative_folder_means_the_same_in_every_process(checkpoint, monkeypatch):
    monkeypatch.chdir(checkpoint.parent)
    assert found(Path("./tiny")).load.model == str(checkpoint.resolve())


def test_bundled_model_goes_by_its_name_and_a_missing_one_is_refused():
    assert with_model(Job(output=Path("/out"))).load.model == "mini"
    with pytest.raises(ModelNotFound):
        found(Path("./nowhere"))


# ---- who sees which device


def test_cpu_workers_share_the_cores(monkeypatch):
    monkeypatch.delenv("OMP_NUM_THREADS", raising=False)
    monkeypatch.setattr("longsum.batch.devices.cpu_count", lambda: 8)
    assert worker_environments("cpu", None) == [{}]
    two = worker_environments("cpu", 2)
    assert two == [{"OMP_NUM_THREADS": "4", BATCH_WORKERS: "2"}] * 2


def test_every_gpu_gets_a_worker(monkeypatch):
    monkeypatch.setattr("longsum.batch.devices.cuda_devices", lambda: 3)
    monkeypatch.setenv("CUDA_VISIBLE_DEVICES", "4,5,6")
    seen = [each["CUDA_VISIBLE_DEVICES"] for each in worker_environments("auto", None)]
    assert seen == ["4", "5", "6"]
    assert worker_environments("auto", 1) == [{}]
    monkeypatch.delenv("CUDA_VISIBLE_DEVICES")
    seen = [each["CUDA_VISIBLE_DEVICES"] for each in worker_environments("cuda", 4)]
    assert seen == ["0", "1", "2", "0"]


def test_worker_knows_how_many_share_the_machine(monkeypatch):
    assert workers_here() == 1
    monkeypatch.setenv(BATCH_WORKERS, "3")
    assert workers_here() == 3


def test_settings_without_a_worker_are_refused():
    for wrong in ({"workers": 0}, {"readers": 0}, {"read_limit_s": 0}, {"read_memory_bytes": 1}):
        with pytest.raises(UsageError, match="^(workers|readers|read_limit|read_memory) "):
            BatchConfig(**wrong)
    with pytest.raises(UsageError, match="^shard and engine"):
        BatchConfig(engine="ray", shard=(1, 2))
    with pytest.raises(UsageError, match="^ray_address needs"):
        BatchConfig(ray_address="auto")
    assert replace(BatchConfig(), engine="ray", ray_address="auto").ray_address == "auto"


def test_rows_write_settings_in_the_style_of_the_job():
    error = DocumentTooLong(f"{Setting('pages')} 1-9", hint=f"add {Setting('truncate', 'tail')}")
    reading = ReadResult("a.pdf", 1, 0, error=error_fields(error))
    for style, message, hint in (
        (as_flag, "--pages 1-9", "add --truncate tail"),
        (as_argument, "pages 1-9", 'add truncate="tail"'),
    ):
        travelled = pickle.loads(pickle.dumps(job(setting_style=style)))
        for why in (error, reading.error):
            told = failed_row(travelled, reading, why)["error"]
            assert (told["message"], told["hint"]) == (message, hint)


def test_style_of_settings_does_not_make_another_job():
    assert job(setting_style=as_flag).settings == job().settings


# ---- which model


def test_questions_are_judged_by_the_model_on_this_disk(checkpoint, monkeypatch):
    here = str(checkpoint)
    monkeypatch.setattr("longsum.preferred.question_model", lambda name: None if name else here)
    asking = Job(output=Path("/out"), task=AskConfig(verbatim=True), questions=("Why?",))
    assert with_model(asking).load.model == here
    assert with_model(replace(asking, load=LoadConfig(model="mini"))).load.model == "mini"
    assert with_model(Job(output=Path("/out"))).load.model == "mini"


def test_summaries_are_made_by_the_model_on_this_disk(checkpoint, monkeypatch):
    here = str(checkpoint)
    monkeypatch.setattr(
        "longsum.preferred.summary_model", lambda name, config: None if name else here
    )
    summing = Job(output=Path("/out"))
    heard: list[str] = []
    assert with_model(summing, heard.append).load.model == here
    (line,) = heard
    assert f"{checkpoint.name}, found on this disk, chooses" in line
    assert with_model(replace(summing, load=LoadConfig(model="mini"))).load.model == "mini"


def test_identity_of_a_job_with_questions_is_that_of_the_model_that_judges(
    checkpoint, tmp_path, monkeypatch
):
    load = LoadConfig(model=str(checkpoint))
    asking = Job(output=Path("/out"), load=load, task=AskConfig(verbatim=True), questions=("Why?",))
    summing = Job(output=Path("/out"), load=load)
    plain, before = with_model(asking).identity, with_model(summing).identity
    write_adapter(tmp_path / "answer", open_checkpoint(checkpoint), None)
    monkeypatch.setattr(adapters, "SHIPPED", (tmp_path / "answer",))
    assert with_model(asking).identity != plain
    assert with_model(summing).identity == before
