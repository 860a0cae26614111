from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from helpers import assert_refused, report_pdf, run

from longsum.bytesize import format_bytes, parse_bytes
from longsum.checkpoint.files import read_config, read_shape
from longsum.cli.run import refuse_terminal
from longsum.errors import UsageError
from longsum.model.memory import plan_memory

ON_CPU = ("--device", "cpu", "--dtype", "float32", "--memory", "12GiB")


@pytest.fixture(scope="module")
def pdf(tmp_path_factory) -> Path:
    return report_pdf(tmp_path_factory.mktemp("report") / "report.pdf")


@pytest.fixture(autouse=True)
def no_weights(monkeypatch):
    monkeypatch.setattr("longsum.loading.loader.load_model", lambda *_, **__: pytest.fail("loaded"))


def expected(folder: Path, tokens: int):
    shape = read_shape(read_config(folder))
    return plan_memory(
        shape, tokens=tokens, device="cpu", dtype="float32", free_bytes=parse_bytes("12GiB")
    )


def test_json_equals_the_arithmetic(pdf, tiny):
    found = json.loads(run("plan", pdf, "-m", tiny, *ON_CPU, "--json").stdout)
    document = found["document"]
    assert document["total"] == document["tokens"] + document["prompt"] + document["answer"]
    assert document["fits"]
    plan = expected(tiny, document["total"])
    assert found["memory"] == {
        "weights": plan.weights_bytes, "kv_cache": plan.kv_cache_bytes,
        "activations": plan.activation_bytes, "overhead": plan.overhead_bytes,
        "total": plan.total_bytes, "free": 12 * 1024**3, "fits": True,
    }  # fmt: skip
    memory = found["memory"]
    parts = ("weights", "kv_cache", "activations", "overhead")
    assert memory["total"] == sum(memory[part] for part in parts)
    assert (found["window"], found["device"], found["dtype"]) == (8192, "cpu", "float32")
    assert found["rope"]["factor"] == 1


def test_table_shows_the_same_numbers(pdf, tiny):
    arguments = ("plan", pdf, "-m", tiny, *ON_CPU)
    table = run(*arguments).stdout
    found = json.loads(run(*arguments, "--json").stdout)
    rows = {}
    for line in table.splitlines():
        cells = [cell.strip() for cell in line.split("│")]
        if len(cells) > 3:
            rows[cells[1]] = cells[2]
    names = {"KV cache": "kv_cache"} | {
        name: name for name in ("weights", "activations", "overhead", "total", "free")
    }
    for row, key in names.items():
        assert rows[row] == format_bytes(found["memory"][key])
    assert rows["verdict"] == "fits"
    document = found["document"]
    assert f"document {document['tokens']:,} + prompt {document['prompt']:,}" in table
    assert "window 8,192 tokens" in table
    assert found["reason"] in table


def test_without_file_a_full_window_is_planned(tiny):
    found = json.loads(run("plan", "-m", tiny, *ON_CPU, "--json").stdout)
    assert found["document"] is None
    plan = expected(tiny, 8192)
    assert (found["memory"]["kv_cache"], found["memory"]["total"]) == (
        plan.kv_cache_bytes,
        plan.total_bytes,
    )
    assert "document" not in run("plan", "-m", tiny, *ON_CPU).stdout


def test_bundled_model_is_planned_by_default():
    found = json.loads(run("plan", "--json").stdout)
    assert (found["model"], found["window"], found["rope"]["factor"]) == ("mini", 32768, 16)


def test_smaller_window_takes_less(tiny):
    whole, half = (
        json.loads(run("plan", "-m", tiny, *ON_CPU, "--json", "--context", n).stdout)["memory"]
        for n in ("8k", "4k")
    )
    assert half["kv_cache"] * 2 == whole["kv_cache"]


def test_run_that_does_not_fit_the_memory_exits_4_after_its_plan(pdf):
    result = run("plan", pdf, "--memory", "100MiB")
    assert result.exit_code == 4
    assert "does not fit" in result.stdout
    assert "error: needs" in result.stderr
    assert "--memory allows 100.0 MiB" in result.stderr
    assert "hint: " in result.stderr
    found = json.loads(run("plan", pdf, "--memory", "100MiB", "--json").stdout)
    assert not found["memory"]["fits"]


def test_document_that_does_not_fit_the_window_exits_3_after_its_plan(pdf):
    result = run("plan", pdf, "--context", "512")
    assert result.exit_code == 3
    assert "of 512 tokens" in result.stdout
    assert "error: report.pdf is too long: " in result.stderr
    assert "mini reads 512" in result.stderr
    assert "hint: --context 32768 holds all of it" in result.stderr
    found = json.loads(run("plan", pdf, "--context", "512", "--json").stdout)
    assert not found["document"]["fits"]


def test_parts_are_planned_with_their_tokens(pdf):
    arguments = ("plan", pdf, "--context", "512", "--parts")
    result = run(*arguments)
    assert result.exit_code == 0, result.stderr
    found = json.loads(run(*arguments, "--json").stdout)
    parts = found["parts"]
    assert len(parts) > 1
    assert (parts[0]["first"], parts[-1]["last"]) == (1, 3)
    assert found["document"]["tokens"] == max(part["tokens"] for part in parts)
    assert found["fits"] is found["document"]["fits"] is True
    assert f"{len(parts)} parts, each read by itself:" in result.stdout
    for part in parts:
        assert f"  {part['where']}: {part['tokens']:,} tokens" in result.stdout
    assert f"the largest: document {found['document']['tokens']}" in result.stdout
    (verdict,) = [line for line in result.stdout.splitlines() if "verdict" in line]
    assert "fits" in verdict


def test_document_that_fits_is_planned_whole_with_parts_too(pdf):
    found = json.loads(run("plan", pdf, "--parts", "--json").stdout)
    assert found["parts"] == []
    fixed = ("--memory", "8GiB")  # free memory changes between two runs
    assert run("plan", pdf, *fixed, "--parts").stdout == run("plan", pdf, *fixed).stdout


def test_reading_in_parts_is_a_remedy_of_a_plan(pdf):
    assert re.search(
        r"read all of it in \d parts: --parts", run("plan", pdf, "--context", "512").stderr
    )


def test_verdict_is_about_the_window_too(pdf):
    """The table said `verdict: fits` of 183,489 tokens in a window of 32,768."""
    result = run("plan", pdf, "--context", "512")
    (verdict,) = [line for line in result.stdout.splitlines() if "verdict" in line]
    assert "does not fit" in verdict
    assert re.search(r"window: [\d,]+ tokens, 512 fit", verdict)
    found = json.loads(run("plan", pdf, "--context", "512", "--json").stdout)
    assert found["fits"] is False
    assert found["memory"]["fits"] is True
    assert len(found["obstacles"]) == 1


def test_verdict_names_the_memory(pdf):
    result = run("plan", pdf, "--memory", "100MiB", "--context", "512")
    assert result.exit_code == 3
    (verdict,) = [line for line in result.stdout.splitlines() if "verdict" in line]
    assert "window: " in verdict
    assert "memory: needs " in verdict


def test_what_fits_has_no_obstacle(pdf):
    found = json.loads(run("plan", pdf, "--json").stdout)
    assert (found["fits"], found["obstacles"]) == (True, [])
    assert json.loads(run("plan", "--json").stdout)["fits"] is True


def test_longer_answer_takes_more_room(pdf, tiny):
    short, long = (
        json.loads(run("plan", pdf, "-m", tiny, "-l", length, "--json").stdout)["document"]
        for length in ("short", "long")
    )
    assert long["answer"] > short["answer"]
    assert long["tokens"] == short["tokens"]


@pytest.mark.parametrize(
    ("arguments", "exit_code"),
    [
        (["absent.pdf"], 3),
        (["-m", "owner/absent"], 5),
        (["--memory", "many"], 2),
        (["--length", "x"], 2),
        (["--device", "abacus"], 2),
        (["--context", "64k"], 5),
    ],
)
def test_refusals(arguments, exit_code):
    assert_refused(run("plan", *arguments), exit_code)


def test_model_that_is_not_here_is_planned_from_the_catalogue(tmp_path):
    """Whether 12.6 GiB are worth fetching is asked before they are fetched."""
    document = tmp_path / "note.txt"
    document.write_text("The mill was sold in 1902. Nobody knows who bought it.\n")
    machine = ("--device", "cuda", "--memory", "24GiB")
    result = run("plan", document, "--model", "llama-2-7b-32k-instruct", *machine)
    assert result.exit_code == 0, result.stderr
    for part in ("6,738,415,616 parameters", "estimated", "not on this disk", "another machine's"):
        assert part in result.stdout
    unknown = run("plan", document, "--model", "someone/Llama-unheard-of", *machine)
    assert_refused(unknown, 5, "is not on this disk")


def test_another_machine_needs_a_device_that_exists(tmp_path):
    result = run("plan", "--memory", "12GiB", "--device", "abacus")
    assert_refused(result, 2, "--device", "abacus")


def test_whole_window_of_a_model_in_the_catalogue_is_planned_as_json():
    options = ("--model", "llama-3.1-8b", "--context", "32k", "--device", "cuda")
    result = run("plan", *options, "--memory", "24GiB", "--json")
    planned = json.loads(result.stdout)
    assert planned["estimated"] is True
    assert planned["memory"]["kv_cache"] == 4 * 1024**3  # 128 KiB a token
    assert planned["window"] == 32_768


@pytest.mark.parametrize("name", ["-", "/dev/stdin", "/proc/self/fd/0"])
def test_a_terminal_is_no_document(monkeypatch, name):
    class Terminal:
        def isatty(self):
            return True

    monkeypatch.setattr("longsum.cli.run.sys.stdin", Terminal())
    with pytest.raises(UsageError, match=f"FILE is {name} but nothing is piped in"):
        refuse_terminal(name)
