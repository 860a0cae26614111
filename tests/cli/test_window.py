from __future__ import annotations

import subprocess
import sys

import pytest
from helpers import assert_refused, run
from windows import ADDRESS, wait_until

from longsum.cli import window
from longsum.window import launch, serve


@pytest.fixture
def served(monkeypatch):
    """Serve nothing, and keep what would be served."""
    kept = []

    def pretend(config, at, keys, file):
        kept.append((config, file, keys))
        at.close()

    monkeypatch.setattr(serve, "serve", pretend)
    return kept


@pytest.fixture
def browsers(monkeypatch):
    opened = []
    monkeypatch.setenv("DISPLAY", ":0")
    monkeypatch.setattr("webbrowser.open", lambda address: opened.append(address) or True)
    return opened


def wait_for(browsers):
    assert wait_until(lambda: browsers, 5)
    return browsers


def test_the_address_is_printed_and_opened(served, browsers):
    result = run("window")
    assert result.exit_code == 0
    ((_, file, keys),) = served
    assert file is None
    assert ADDRESS.fullmatch(result.stdout.strip())
    assert result.stdout.endswith(f"/#{keys.code}\n")
    assert wait_for(browsers) == [result.stdout.strip()]


def test_no_browser_prints_the_address_only_and_leaves_time_to_follow_it(served, browsers):
    assert run("window", "--no-browser").exit_code == 0
    assert browsers == []
    assert served[0][2].seconds == window.LINK_S


def test_without_a_display_no_browser_for_text_takes_the_terminal(served, browsers, monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr("sys.platform", "linux")
    result = run("window")
    assert ADDRESS.fullmatch(result.stdout.strip())
    assert browsers == []
    assert served[0][2].seconds == window.LINK_S


def test_how_to_open_it_from_elsewhere_names_the_port_twice():
    assert "ssh -L 8765:127.0.0.1:8765 " in window.how_to_open(8765)


def test_options_of_ask_reach_the_window(served, browsers, tmp_path):
    file = tmp_path / "x.txt"
    file.write_text("Some words.")
    options = ["--model", "mini", "--kv-cache", "int8", "--pages", "1-2", "--free", "--no-cache"]
    run("window", str(file), *options, "--seed", "3")
    config, name, _ = served[0]
    assert name == str(file)
    assert (config.load.model, config.load.kv_cache) == ("mini", "int8")
    assert (config.read.pages, config.ask.verbatim, config.summary.verbatim) == (
        "1-2",
        False,
        False,
    )
    assert (config.store, config.decode.seed) == (None, 3)


def test_a_file_that_is_not_there_is_refused_in_the_terminal(served, tmp_path):
    assert_refused(run("window", str(tmp_path / "no.pdf")), 3, "no such file")
    assert_refused(run("window", str(tmp_path)), 3, "is a folder")
    assert_refused(run("window", "-"), 2, "cannot read stdin")
    assert served == []


def test_a_taken_port_is_one_line():
    with launch.bound(0) as taken:
        port = taken.getsockname()[1]
        assert_refused(run("window", "--port", str(port), "--no-browser"), 2, f"port {port}")


def test_app_opens_a_browser_without_bars(monkeypatch, browsers):
    started = []
    monkeypatch.setattr("shutil.which", lambda name: f"/bin/{name}" if name == "msedge" else None)
    monkeypatch.setattr("subprocess.Popen", lambda command, **_: started.append(command))
    window.open_browser("http://x", as_app=True)
    assert started == [["/bin/msedge", "--app=http://x"]]
    assert browsers == []


def test_app_without_such_a_browser_uses_the_usual_one(monkeypatch, browsers, capsys):
    monkeypatch.setattr("shutil.which", lambda name: None)
    window.open_browser("http://x", as_app=True)
    assert browsers == ["http://x"]
    assert "no Chromium, Chrome or Edge" in capsys.readouterr().err


def test_no_browser_at_all_is_said(monkeypatch, capsys):
    monkeypatch.setattr("webbrowser.open", lambda address: False)
    window.open_browser("http://x", as_app=False)
    assert "open the address above" in capsys.readouterr().err


def test_the_windows_server_imports_neither_torch_nor_a_reader():
    code = (
        "import sys, longsum.window.serve, longsum.cli.window;"
        "print([n for n in ('torch', 'transformers', 'pypdfium2', 'pypdf', 'PIL', 'lxml', 'docx')"
        " if n in sys.modules])"
    )
    found = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert found.stdout.strip() == "[]"
