"""A window in a process of its own, as a user starts it, and a client that looks at it."""

from __future__ import annotations

import json
import os
import re
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import psutil
from helpers import heed_interrupts

START_S = 60.0


class RunningWindow:
    """`longsum window`, started without a browser; a context manager that ends it.

    Args:
        arguments: of the command.
        environment: further variables.
        code: run in its process first, to put a stand-in in some part's place.
    """

    def __init__(
        self, *arguments: object, environment: dict[str, str] | None = None, code: str = ""
    ) -> None:
        program = (
            ["-c", f"{code}\nfrom longsum.cli import main\nmain()"] if code else ["-m", "longsum"]
        )
        command = [sys.executable, *program, "window", *map(str, arguments), "--no-browser"]
        self.process = subprocess.Popen(
            command,
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=os.environ | (environment or {}),
            encoding="utf-8",
            preexec_fn=heed_interrupts,
        )
        assert self.process.stdout is not None
        self.address = self.process.stdout.readline().strip()
        """With the code, as it is printed."""
        self.base, _, self.code = self.address.partition("/#")
        self.client = httpx.Client(base_url=self.base or "http://x", trust_env=False, timeout=60)

    def __enter__(self) -> RunningWindow:
        return self

    def __exit__(self, *_: object) -> None:
        self.client.close()
        children = self.children() if self.process.poll() is None else []
        self.process.kill()
        self.process.communicate()
        assert are_gone(children), "children outlived the window"

    def login(self) -> str:
        """Exchange the code for the token, use it from now on, and return it."""
        token: str = self.client.post("/api/login", json={"code": self.code}).json()["token"]
        self.client.headers["Authorization"] = f"Bearer {token}"
        return token

    def hold(self) -> None:
        """Follow its events like a page, so that it does not end while no page is open."""
        self._held = self.client.stream("GET", "/api/events", timeout=None)
        self._held.__enter__()

    def events(self, until: str, after: int = 0) -> Iterator[tuple[int, str, dict[str, Any]]]:
        """Yield number, kind and data of the events, until one of a kind."""
        headers = {"Last-Event-ID": str(after)}
        with self.client.stream("GET", "/api/events", headers=headers) as stream:
            number, kind = 0, ""
            for line in stream.iter_lines():
                name, _, value = line.partition(": ")
                if name == "id":
                    number = int(value)
                elif name == "event":
                    kind = value
                elif name == "data":
                    yield number, kind, json.loads(value)
                    if kind == until:
                        return

    def children(self) -> list[psutil.Process]:
        """Return the processes that it has started."""
        return psutil.Process(self.process.pid).children(recursive=True)

    def interrupt(self) -> int:
        """Press Ctrl-C and return the exit code."""
        self.process.send_signal(signal.SIGINT)
        return self.process.wait(START_S)


def own_home(folder: Path) -> dict[str, str]:
    """Return variables that give a process a home of its own, for fixtures that outlive a test."""
    places = {
        "HOME": folder,
        "LONGSUM_CONFIG_HOME": folder / "config",
        "LONGSUM_CACHE_HOME": folder / "cache",
        "LONGSUM_DATA_HOME": folder / "data",
        "LONGSUM_MODELS_HOME": folder / "models",
        "HF_HOME": folder / "hf",
    }
    fixed = {"HF_HUB_OFFLINE": "1", "LONGSUM_CPU_DTYPE": "float32", "LONGSUM_MODEL": ""}
    return {name: str(path) for name, path in places.items()} | fixed


def are_gone(processes: list[psutil.Process], seconds: float = 10.0) -> bool:
    """Return whether processes end in time."""
    _, alive = psutil.wait_procs(processes, timeout=seconds)
    return not [each for each in alive if each.status() != psutil.STATUS_ZOMBIE]


ADDRESS = re.compile(r"http://127\.0\.0\.1:\d+/#[\w-]{40,}")


def wait_until(true: Any, seconds: float = 20.0) -> bool:
    """Return whether something becomes true in time."""
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        if true():
            return True
        time.sleep(0.05)
    return False


def write_text(path: Path, sentences: int = 40) -> Path:
    """Write a text of some sentences."""
    path.write_text("\n\n".join(f"The ship number {n} came home late." for n in range(sentences)))
    return path
