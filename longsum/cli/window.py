"""`longsum window`: its options, its one line of output, and how the browser is opened."""

from __future__ import annotations

import contextlib
import os
import platform
import shutil
import socket
import subprocess
import sys
import threading
from typing import TYPE_CHECKING, Annotated, Any

import typer

from longsum.cli import options as o
from longsum.cli.console import print_line
from longsum.cli.grouping import Without, grouped
from longsum.config import LENGTH_WORDS
from longsum.documents.formats import format_names

if TYPE_CHECKING:
    from longsum.window.launch import Keys

APPS = ("chromium", "google-chrome", "google-chrome-stable", "msedge", "microsoft-edge", "brave")
"""Browsers that show a page without their own bars, by `--app=ADDRESS`."""
LINK_S = 3600.0
"""Seconds for which a link that is printed, not opened, is good."""
SUMMARY: dict[str, Any] = {"words": LENGTH_WORDS["medium"], "style": "paragraph", "focus": None}
"""The summary that comes by itself; another is asked for in the window."""


@grouped
def window(
    file: Annotated[
        str | None,
        typer.Argument(
            metavar="FILE", help=f"{format_names()} file to open; others can be dropped in later."
        ),
    ] = None,
    *,
    port: Annotated[
        int,
        typer.Option(
            min=0,
            max=65535,
            metavar="PORT",
            help="Port on this machine, for a tunnel such as ssh -L (default: a free one).",
        ),
    ] = 0,
    no_browser: Annotated[
        bool, typer.Option("--no-browser", help="Print the address; open no browser.")
    ] = False,
    as_app: Annotated[
        bool,
        typer.Option("--app", help="Open a window of its own, in Chromium, Chrome or Edge."),
    ] = False,
    answer: Annotated[o.AnswerOptions, Without("sources", "around")],
    sampling: o.SamplingOptions,
    reading: Annotated[o.ReadingOptions, Without("page_labels", "parts")],
    cache: o.CacheOptions,
    model: o.ModelOptions,
) -> None:
    """Open a window in the browser: the document on the left, the answer on the right.

    Each statement is a link to its marked sentence. The address works on this machine only, once;
    it prints that address on stdout and ends when the window is closed. Over ssh, use --port 8765
    --no-browser there and ssh -L 8765:127.0.0.1:8765 here.
    """
    store, load = cache.store_config(), model.load_config()
    read, summary = reading.read_config(), answer.summary_config(**SUMMARY)
    _require_file(file)
    at, keys = _announced(port, opens=not no_browser and has_display(), as_app=as_app)
    from longsum.window.options import WindowConfig
    from longsum.window.serve import serve  # takes longer than all before it

    kept = store if store.size_bytes else None
    decode = sampling.decode_config()
    serve(WindowConfig(read, load, summary, answer.ask_config(), decode, kept), at, keys, file)


def _announced(port: int, *, opens: bool, as_app: bool) -> tuple[socket.socket, Keys]:
    """Print the address, open it, and return what is to be served there."""
    from longsum.window.launch import Keys, address_of, bound

    at = bound(port)
    keys = Keys() if opens else Keys(LINK_S)
    address = address_of(at, keys)
    print(address, flush=True)
    if opens:
        threading.Thread(target=open_browser, args=(address, as_app), daemon=True).start()
    elif sys.stderr.isatty():
        print_line("", "", how_to_open(at.getsockname()[1]))
    return at, keys


def has_display() -> bool:
    """Return whether a browser can be shown: not over ssh, where one for text would open here."""
    if sys.platform in ("win32", "darwin"):
        return True
    return any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER"))


def how_to_open(port: int) -> str:
    """Return how to open the address by hand, on this machine or from another."""
    return (
        "open this address in a browser here; from another machine, first: "
        f"ssh -L {port}:127.0.0.1:{port} {platform.node() or 'HOST'}"
    )


def _require_file(file: str | None) -> None:
    """Refuse a file that is not there in the terminal, where it can be corrected at once."""
    from longsum.documents.source import is_stdin, require_file
    from longsum.errors import UsageError

    if file is None:
        return
    if is_stdin(file):
        raise UsageError("a window cannot read stdin", hint="name the file, or drop it in")
    require_file(file)


def open_browser(address: str, as_app: bool) -> None:
    """Open an address in the user's browser, or say that none was found."""
    import webbrowser

    if as_app:
        for name in APPS:
            if program := shutil.which(name):
                with contextlib.suppress(OSError):
                    subprocess.Popen(
                        [program, f"--app={address}"],
                        stdin=subprocess.DEVNULL,
                        stdout=subprocess.DEVNULL,
                        stderr=subprocess.DEVNULL,
                        start_new_session=True,
                    )
                    return
        print_line("warning", "yellow", "no Chromium, Chrome or Edge for --app; using the browser")
    try:
        opened = webbrowser.open(address)
    except (webbrowser.Error, OSError):
        opened = False
    if not opened:
        print_line("", "", "no browser was found here: open the address above")
        sys.stderr.flush()
