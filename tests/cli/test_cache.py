from __future__ import annotations

import json
import os
from pathlib import Path

import pytest
import torch
from helpers import assert_refused, report_pdf, run
from terminal import on_terminal
from tiny import plan_for, save_checkpoint

from longsum.checkpoint.formats import open_checkpoint
from longsum.config import StoreConfig, WeightsConfig
from longsum.events import Listener
from longsum.loading.quantize import quantization_config
from longsum.loading.quantized_cache import cached_weights
from longsum.paths import prefix_folder


@pytest.fixture(scope="module")
def pdf(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return report_pdf(tmp_path_factory.mktemp("report") / "report.pdf")


@pytest.fixture(autouse=True)
def keen(monkeypatch: pytest.MonkeyPatch) -> None:
    """Make every document worth keeping."""
    monkeypatch.setattr(StoreConfig.__init__, "__defaults__", (StoreConfig.size_bytes, 0.0))


def summarize(pdf: Path, tiny: Path, *options: object):
    """Run what reads the document: a question is answered without reading it."""
    return run("summarize", pdf, "-m", tiny, "--verbatim", *options)


@pytest.mark.parametrize("kv_cache", ["auto", "native", "int8", "int4"])
def test_second_summary_does_not_read_again(pdf, tiny, kv_cache):
    first = summarize(pdf, tiny, "--kv-cache", kv_cache)
    assert "cached this document" in first.stderr
    assert str(prefix_folder()) in first.stderr
    second = summarize(pdf, tiny, "--kv-cache", kv_cache)
    assert second.stdout == first.stdout
    assert "already read (from cache" in second.stderr
    assert "cached" not in second.stderr
    assert ("int8 cache" in second.stderr) == (kv_cache == "int8")


def test_receipt_says_where_the_document_came_from(pdf, tiny):
    receipts = [json.loads(summarize(pdf, tiny, "--json").stdout)["receipt"] for _ in range(2)]
    assert [receipt["from_cache"] for receipt in receipts] == [False, True]
    assert receipts[0]["tokens_read"] == receipts[1]["tokens_read"]
    assert receipts[1]["prefill_tps"] == 0
    assert {receipt["kv_cache"] for receipt in receipts} <= {"fp32", "bf16"}


def test_no_cache_keeps_nothing(pdf, tiny):
    result = summarize(pdf, tiny, "--no-cache")
    assert result.exit_code == 0
    assert "cached" not in result.stderr
    assert not prefix_folder().exists()
    summarize(pdf, tiny)
    assert "from cache" not in summarize(pdf, tiny, "--no-cache").stderr


@pytest.mark.parametrize("size", ["0", " 0 "])
def test_size_of_nothing_switches_it_off(pdf, tiny, size, monkeypatch):
    summarize(pdf, tiny, "--cache-size", size)
    monkeypatch.setenv("LONGSUM_CACHE_SIZE", size)
    summarize(pdf, tiny)
    assert not prefix_folder().exists()
    summarize(pdf, tiny, "--cache-size", "1GiB")  # the option goes before the environment
    assert prefix_folder().exists()


def test_home_is_taken_from_the_environment(pdf, tiny, tmp_path, monkeypatch):
    monkeypatch.setenv("LONGSUM_CACHE_HOME", str(tmp_path / "elsewhere"))
    summarize(pdf, tiny)
    assert len(list((tmp_path / "elsewhere").glob("*/*/prefix.safetensors"))) == 1


def test_size_that_is_none_is_wrong_usage(pdf, tiny, monkeypatch):
    assert_refused(summarize(pdf, tiny, "--cache-size", "lots"), 2, "--cache-size", "'lots'")
    monkeypatch.setenv("LONGSUM_CACHE_SIZE", "many")
    assert_refused(summarize(pdf, tiny), 2, "LONGSUM_CACHE_SIZE", "'many'")
    assert_refused(summarize(pdf, tiny, "--kv-cache", "fp8"), 2, "--kv-cache")


def test_folder_that_cannot_be_written_is_a_warning(pdf, tiny, tmp_path, monkeypatch):
    (tmp_path / "file").write_text("")
    monkeypatch.setenv("LONGSUM_CACHE_HOME", str(tmp_path / "file"))
    result = summarize(pdf, tiny)
    assert result.exit_code == 0
    assert "warning: could not cache the document in" in " ".join(result.stderr.split())
    assert result.stdout


def test_damaged_entry_is_a_warning(pdf, tiny):
    first = summarize(pdf, tiny)
    (data,) = prefix_folder().glob("*/prefix.safetensors")
    os.truncate(data, 1000)
    again = summarize(pdf, tiny)
    assert "warning: the cached document is damaged" in again.stderr
    assert (again.exit_code, again.stdout) == (0, first.stdout)
    assert "from cache" in summarize(pdf, tiny).stderr


# longsum cache


def test_nothing_is_listed_before_anything_is_cached():
    result = run("cache", "list")
    assert result.exit_code == 0
    assert result.stdout.startswith("0 documents, 0 B in ")
    assert json.loads(run("cache", "list", "--json").stdout) == []


def test_list_names_documents_and_clear_removes_them(pdf, tiny):
    summarize(pdf, tiny)
    summarize(pdf, tiny, "--kv-cache", "int8")
    lines = run("cache", "list").stdout.splitlines()
    assert len(lines) == 3
    for line in lines[:2]:
        assert line.endswith(f"{tiny.name}  report.pdf")
        assert " tokens  " in line
    assert lines[2].startswith("2 documents, ")
    first, second = json.loads(run("cache", "list", "--json").stdout)
    assert first["used"] >= second["used"]
    assert first["size_bytes"] < second["size_bytes"]  # int8
    removed = run("cache", "clear", first["name"][:10])
    assert removed.exit_code == 0
    assert "removed 1 document" in removed.stderr
    (left,) = json.loads(run("cache", "list", "--json").stdout)
    assert left == second
    assert "removed 1 document" in run("cache", "clear", "--yes").stderr
    assert run("cache", "list").stdout.startswith("0 documents")
    assert not list(prefix_folder().iterdir())


def test_entry_that_is_none_is_wrong_usage(pdf, tiny):
    summarize(pdf, tiny)
    assert_refused(run("cache", "clear", "nothing"), 2, "'nothing'", "longsum cache list")


def test_names_are_escaped_before_a_terminal_shows_them(pdf, tiny):
    summarize(pdf, tiny)
    (path,) = prefix_folder().glob("*/entry.json")
    record = json.loads(path.read_text()) | {"document": "a\x1b[2Jb\n.pdf"}
    path.write_text(json.dumps(record))
    for arguments in (("list",), ("list", "--json")):
        shown = run("cache", *arguments, strip=False).stdout
        assert "\x1b" not in shown
    assert len(run("cache", "list").stdout.splitlines()) == 2


@pytest.fixture
def quantized(tiny) -> Path:
    """Cache a model's quantized weights."""
    checkpoint = open_checkpoint(tiny)
    plan = plan_for(checkpoint.config, "nf4")
    settings = quantization_config("nf4", torch.float32)
    assert settings is not None
    found = cached_weights(checkpoint, plan, settings, WeightsConfig(), Listener())
    assert found is not None
    entry = found.store.write(
        found.key, {"a": torch.ones(9)}, {"model": "me\x1b[2J/tiny", "quantize": "nf4"}
    )
    assert entry is not None
    return entry.folder


def test_quantized_models_are_listed_after_the_documents(pdf, tiny, quantized):
    summarize(pdf, tiny)
    lines = run("cache", "list").stdout.splitlines()
    assert len(lines) == 4
    assert lines[1].startswith("1 document, ")
    assert lines[2].startswith(quantized.name[:12])
    assert "nf4" in lines[2]
    assert lines[3].startswith(f"1 quantized model, 36 B in {quantized.parent}")
    assert "\x1b" not in run("cache", "list", strip=False).stdout
    document, model = json.loads(run("cache", "list", "--json").stdout)
    assert (document["kind"], model["kind"]) == ("document", "model")
    assert (model["quantize"], model["size_bytes"]) == ("nf4", 36)
    assert json.loads(run("cache", "list", "--json", "--only", "model").stdout) == [model]
    assert len(run("cache", "list", "--only", "document").stdout.splitlines()) == 2
    assert_refused(run("cache", "list", "--only", "all"), 2, "--only")


def test_clear_takes_models_by_name_by_kind_or_with_all(pdf, tiny, quantized):
    summarize(pdf, tiny)
    assert "removed 1 document" in run("cache", "clear", "--yes", "--only", "document").stderr
    assert quantized.is_dir()
    assert_refused(run("cache", "clear", quantized.name, "--only", "document"), 2, "one entry")
    assert "removed 1 quantized model" in run("cache", "clear", quantized.name[:9]).stderr
    assert not quantized.exists()


def test_clear_without_a_name_removes_documents_and_models(pdf, tiny, quantized):
    summarize(pdf, tiny)
    said = run("cache", "clear", "--yes").stderr
    assert "removed 1 document" in said
    assert "removed 1 quantized model" in said
    assert run("cache", "list").stdout.startswith("0 documents")


def test_beginning_that_fits_a_document_and_a_model_is_no_name(pdf, tiny, quantized):
    summarize(pdf, tiny)
    (document,) = json.loads(run("cache", "list", "--json", "--only", "document").stdout)
    twin = quantized.with_name(document["name"])
    quantized.rename(twin)
    assert_refused(run("cache", "clear", twin.name[:6]), 2, "not the name of one entry")
    assert twin.is_dir()


@pytest.mark.parametrize("name", ["", " "])
def test_empty_name_removes_nothing(pdf, tiny, name):
    """An unset shell variable removed 19 entries."""
    summarize(pdf, tiny)
    assert_refused(run("cache", "clear", name), 2, "the name of the entry is empty")
    assert_refused(run("cache", "clear", name, "--yes"), 2, "nothing was removed")
    assert len(json.loads(run("cache", "list", "--json").stdout)) == 1


def test_clearing_everything_in_a_pipe_needs_yes(pdf, tiny, quantized):
    summarize(pdf, tiny)
    everything = "all that is cached: 1 document and 1 quantized model, "
    assert_refused(run("cache", "clear", stdin=b"y\n"), 2, everything, "--yes")
    assert_refused(run("cache", "clear", "--only", "model"), 2, "all that is cached: 1 quantized")
    assert len(json.loads(run("cache", "list", "--json").stdout)) == 2


def test_clearing_an_empty_cache_asks_nothing():
    result = run("cache", "clear")
    assert result.exit_code == 0
    assert "removed 0 documents" in result.stderr


@pytest.mark.parametrize(("typed", "left"), [("n\n", 1), ("\n", 1), ("y\n", 0)])
def test_clearing_everything_on_a_terminal_asks(pdf, tiny, typed, left):
    summarize(pdf, tiny)
    screen = on_terminal("cache", "clear", typed=(("[y/N]", typed),))
    assert "Remove all that is cached: 1 document, " in screen.text
    assert screen.exit_code == left
    assert len(json.loads(run("cache", "list", "--json").stdout)) == left


@pytest.mark.parametrize("arguments", [(), ("list",), ("clear",)])
def test_help(arguments):
    result = run("cache", *arguments, "--help")
    assert result.exit_code == 0
    assert "Usage: longsum cache" in " ".join(result.stdout.split())


# the other commands that take --kv-cache


def test_plan_takes_the_cache_asked_for(pdf, tiny):
    def planned(*options):
        return json.loads(run("plan", pdf, "-m", tiny, "--json", *options).stdout)

    native, int4 = planned(), planned("--kv-cache", "int4")
    assert "lossless" in native["kv_cache_reason"]
    assert int4["kv_cache_dtype"] == "int4"
    assert int4["memory"]["kv_cache"] < native["memory"]["kv_cache"] / 3
    assert (
        "--kv-cache int4 was asked for" in run("plan", pdf, "-m", tiny, "--kv-cache", "int4").stdout
    )


def test_cache_that_had_to_be_quantized_is_reported(pdf, tmp_path):
    deep = save_checkpoint(tmp_path, max_position_embeddings=8192, num_hidden_layers=12)
    options = ("--dtype", "float32", "--memory")
    planned = run("plan", pdf, "-m", deep, "--json", "--kv-cache", "native", *options, 1)
    least = json.loads(planned.stdout)["memory"]["total"]
    result = run("summarize", pdf, "-m", deep, *options, least - 1)
    assert "KV cache in int8: in fp32 it would take" in result.stderr
    assert "int8 cache" in result.stderr


def test_perplexity_is_measured_over_the_cache_asked_for(tiny, tmp_path):
    text = tmp_path / "text.txt"
    text.write_text("The harbour commission inspected the lighthouse near the river. " * 8)
    arguments = ("evaluate", "perplexity", tiny, "--data", text, "--window", 384, "--stride", 64)

    def measured(kv_cache):
        found = json.loads(run(*arguments, "--json", "--kv-cache", kv_cache).stdout)
        assert found["settings"]["kv_cache"] == kv_cache
        return found["rows"][0]["perplexity"]

    native, int8, int4 = (measured(each) for each in ("native", "int8", "int4"))
    assert len({native, int8, int4}) == 3
    assert abs(int8 / native - 1) < abs(int4 / native - 1)
