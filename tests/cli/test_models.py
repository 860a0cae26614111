from __future__ import annotations

import json
import re
import subprocess
import sys

import pytest
from helpers import assert_refused, environment, report_pdf, run
from tiny import save_checkpoint

from longsum.checkpoint.catalog import KNOWN_MODELS
from longsum.checkpoint.pinned_file import PinnedFile
from longsum.model.listing import default_model, listed
from longsum.paths import config_file, configured_model


def test_list_names_every_known_model_and_marks_the_default():
    listed = run("models", "list").stdout
    lines = [line for line in listed.splitlines() if "tokens" in line]
    assert [line[2:].split()[0] for line in lines] == [known.alias for known in KNOWN_MODELS]
    assert [line.split()[1] for line in lines if line.startswith("*")] == ["mini"]
    assert "longsum models pull" in listed


def test_smol_is_the_default_where_it_is_here_until_mini_is_chosen(monkeypatch):
    monkeypatch.setattr(PinnedFile, "is_here", property(lambda self: True))
    assert default_model() == "smol"
    (starred,) = (row for row in listed() if row["default"])
    assert starred["alias"] == "smol"
    assert run("models", "use", "mini").exit_code == 0
    assert default_model() == "mini"


def test_after_a_download_the_default_needs_no_option(monkeypatch):
    monkeypatch.setattr("longsum.cli.models.download", lambda *wanted, **options: "here")
    monkeypatch.setattr(PinnedFile, "is_here", property(lambda self: True))
    assert "use it with: longsum summarize FILE\n" in run("models", "pull", "smol").stderr
    other = run("models", "pull", "vicuna-7b-16k").stderr
    assert "longsum summarize FILE --model vicuna-7b-16k" in other


def test_list_as_json():
    rows = json.loads(run("models", "list", "--json").stdout)
    assert [row["alias"] for row in rows] == [known.alias for known in KNOWN_MODELS]
    assert [row["alias"] for row in rows if row["here"]] == ["mini"]
    assert all(row["licence"] and row["window"] for row in rows)


def test_show_describes_the_bundled_model():
    facts = json.loads(run("models", "show", "mini", "--json").stdout)
    assert (facts["window"], facts["native window"]) == (32768, 2048)
    assert facts["rope"] == "linear, factor 16, theta 500000"
    shown = run("models", "show", "mini").stdout
    assert "32,768" in shown
    assert facts["why"] in shown


def test_show_describes_a_folder_and_a_model_that_is_not_here(tiny):
    facts = json.loads(run("models", "show", tiny, "--json").stdout)
    assert (facts["window"], facts["layers"]) == (8192, 2)
    facts = json.loads(run("models", "show", "vicuna-7b-16k", "--json").stdout)
    assert (facts["here"], facts["window"]) == (False, 16384)
    assert "folder" not in facts


@pytest.mark.parametrize("command", ["show", "use"])
def test_unknown_model_exits_5(command):
    assert_refused(run("models", command, "lama-2-7b-32k"), 5, "llama-2-7b-32k")


def test_chosen_model_becomes_the_default_until_mini_is_chosen(tiny, tmp_path):
    pdf = report_pdf(tmp_path / "report.pdf")
    chosen = run("models", "use", tiny)
    assert (chosen.exit_code, chosen.stdout) == (0, "")
    assert str(config_file()) in chosen.stderr
    assert json.loads(run("plan", pdf, "--json").stdout)["model"] == "tiny"
    assert run("models", "use", "mini").exit_code == 0
    assert configured_model() == "mini"
    assert json.loads(run("plan", pdf, "--json").stdout)["model"] == "mini"


def test_environment_names_the_default_too(tiny, monkeypatch):
    monkeypatch.setenv("LONGSUM_MODEL", str(tiny))
    assert json.loads(run("plan", "--json").stdout)["model"] == "tiny"


def test_broken_settings_are_refused_with_their_file():
    config_file().parent.mkdir(parents=True)
    config_file().write_text("model = ")
    assert_refused(run("plan"), 2, "config.toml")


@pytest.mark.parametrize(("name", "message"), [("mini", "comes with longsum"), ("nix", "'nix'")])
def test_what_cannot_be_pulled_is_wrong_usage(name, message):
    assert_refused(run("models", "pull", name), 2, message)


@pytest.mark.parametrize("offline", ["0", "1"])
def test_pull_without_network_exits_5(offline):
    """A lost connection was shown as a traceback; nothing listens on port 9 of this machine."""
    extra = {"HF_HUB_OFFLINE": offline, "HF_ENDPOINT": "http://127.0.0.1:9"}
    command = [sys.executable, "-m", "longsum", "models", "pull", "vicuna-7b-16k", "--yes"]
    done = subprocess.run(command, env=environment(**extra), capture_output=True, text=True)
    assert done.returncode == 5, done.stderr
    assert done.stdout == ""
    error, hint = done.stderr.splitlines()
    assert error.startswith("error: lmsys/vicuna-7b-v1.5-16k c")
    assert hint.startswith("hint: ")


def test_pull_shows_size_and_licence_before_it_downloads(monkeypatch, tmp_path):
    monkeypatch.setattr("longsum.model.hub.download_size", lambda *_: 13 * 1024**3)
    monkeypatch.setattr("longsum.model.hub.pull", lambda *_: tmp_path)
    result = run("models", "pull", "vicuna-7b-16k", "--yes")
    assert result.exit_code == 0
    assert result.stdout == f"{tmp_path}\n"
    assert "13.0 GiB to download, licence llama2" in result.stderr


def test_download_option_shows_the_size_and_then_uses_the_model(monkeypatch, tmp_path):
    """`--download` once fetched gigabytes without a word."""
    folder = save_checkpoint(tmp_path / "cached")
    fetched: list[str] = []

    def pull(repo, revision):
        fetched.append(repo)
        return folder

    monkeypatch.setattr("longsum.model.hub.download_size", lambda *_: 13 * 1024**3)
    monkeypatch.setattr("longsum.model.hub.pull", pull)
    monkeypatch.setattr(
        "longsum.model.resolve.cached_folder", lambda *_: folder if fetched else None
    )
    document = tmp_path / "note.txt"
    document.write_text("The mill was sold in 1902. Nobody knows who bought it from the widow.\n")
    options = ("--model", "vicuna-7b-16k", "--verbatim", "--max-new-tokens", "100")
    refused = run("summarize", document, *options)
    assert refused.exit_code == 5
    assert not fetched
    result = run("summarize", document, *options, "--download")
    assert result.exit_code == 0, result.stderr
    assert fetched == ["lmsys/vicuna-7b-v1.5-16k"]
    assert "13.0 GiB to download" in result.stderr
    assert "[line 1]" in result.stdout


def test_list_says_in_plain_words_what_fits_and_what_gated_asks_for(monkeypatch):
    shown = run("models", "list").stdout
    assert "fits this machine" in shown
    assert "from memory, not checked" not in shown
    assert "rope_scaling" not in shown
    assert "HF_TOKEN" in shown
    rows = {row["alias"]: row for row in json.loads(run("models", "list", "--json").stdout)}
    assert rows["mini"]["fits"] == "yes"
    assert all(row["fits"] in ("yes", "no") or row["fits"].startswith("with ") for row in
               rows.values())  # fmt: skip


def test_default_that_is_a_folder_is_starred(tmp_path):
    """No row was starred after `models use FOLDER`, and the legend referred to nothing."""
    folder = save_checkpoint(tmp_path / "own")
    assert run("models", "use", folder).exit_code == 0
    starred = [line for line in run("models", "list").stdout.splitlines() if line[:2] == "* "]
    assert starred[0] == f"* {folder.resolve()}"


def test_show_says_yes_and_no():
    shown = run("models", "show", "mini").stdout
    assert re.search(r"^here +yes$", shown, re.M)
    assert "True" not in shown


def test_other_file_is_not_said_to_be_missing(tmp_path):
    """`model folder 'weights.bin' does not exist`: it did."""
    other = tmp_path / "weights.bin"
    other.write_bytes(b"x")
    assert_refused(run("models", "show", other), 5, "is not a GGUF file", "*.safetensors")
