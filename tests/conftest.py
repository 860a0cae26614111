"""Every test runs in a home of its own, with no network."""

from __future__ import annotations

import os
import socket
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NoReturn

import pytest
from huggingface_hub import constants
from hypothesis import HealthCheck, settings
from warned import (  # noqa: F401  # pytest finds its hooks here
    pytest_collection,
    pytest_runtest_protocol,
    pytest_terminal_summary,
    pytest_warning_recorded,
)

# a busy machine draws examples slowly, and that is no fault of what is tested
settings.register_profile(
    "any machine", deadline=None, suppress_health_check=[HealthCheck.too_slow]
)
settings.load_profile("any machine")

REMOVED = (
    *("LONGSUM_CACHE_HOME", "LONGSUM_CACHE_SIZE", "LONGSUM_MODELS_HOME", "LONGSUM_WEIGHTS_SIZE"),
    "LONGSUM_DATA_HOME",
    *("LONGSUM_MODEL", "LONGSUM_DEBUG", "HF_TOKEN", "HF_TOKEN_PATH", "HF_HUB_CACHE", "HF_ENDPOINT"),
    *("HUGGINGFACE_HUB_CACHE", "HUGGING_FACE_HUB_TOKEN", "TRANSFORMERS_CACHE"),
    *("NO_COLOR", "FORCE_COLOR", "CLICOLOR_FORCE", "COLUMNS", "LINES", "PYTHONWARNINGS"),
)
"""Variables of the developer's that would change what the program does or prints."""


@pytest.fixture(autouse=True)
def home(tmp_path_factory: pytest.TempPathFactory, monkeypatch: pytest.MonkeyPatch) -> Path:
    """Set up an empty home, outside the test's own folder; a Hugging Face cache stands in it."""
    home = tmp_path_factory.mktemp("home")
    for name in REMOVED:
        monkeypatch.delenv(name, raising=False)
    for name in [n for n in os.environ if n.startswith("XDG_")]:
        monkeypatch.delenv(name)
    monkeypatch.setenv("HOME", str(home))
    monkeypatch.setenv("USERPROFILE", str(home))
    monkeypatch.setenv("LONGSUM_CONFIG_HOME", str(home / "config"))
    monkeypatch.setenv("HF_HOME", str(home / "hf"))
    monkeypatch.setenv("LONGSUM_CPU_DTYPE", "float32")  # not what is faster on this machine
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    monkeypatch.setenv("TRANSFORMERS_OFFLINE", "1")  # so that `set_offline` is undone
    # read from the environment when the hub's library was imported
    monkeypatch.setattr(constants, "HF_HOME", str(home / "hf"))
    monkeypatch.setattr(constants, "HF_HUB_CACHE", str(home / "hf" / "hub"))
    monkeypatch.setattr(constants, "HF_TOKEN_PATH", str(home / "hf" / "token"))
    monkeypatch.setattr(constants, "HF_HUB_OFFLINE", True)
    return home


@pytest.fixture(autouse=True)
def no_network(monkeypatch: pytest.MonkeyPatch) -> Iterator[list[str]]:
    """Make every connection fail, and the test with it, even where the failure is swallowed."""
    attempts: list[str] = []

    def refuse(*args: Any, **kwargs: Any) -> NoReturn:
        attempts.append(repr(args[-1] if isinstance(args[0], socket.socket) else args[0]))
        raise ConnectionRefusedError("tests have no network")

    for name in ("connect", "connect_ex", "sendto"):
        monkeypatch.setattr(socket.socket, name, refuse)
    monkeypatch.setattr(socket, "getaddrinfo", refuse)
    yield attempts
    assert not attempts, f"reached for the network: {attempts}"


@pytest.fixture(autouse=True)
def one_thread(request: pytest.FixtureRequest) -> Iterator[None]:
    """Let the tiny models compute on one thread.

    Their products are too small to share: on a busy machine the threads wait for one another six
    times as long as they compute.
    """
    used = {getattr(value, "__module__", "") for value in vars(request.module).values()}
    if not used & {"tiny", "asking"} and "tiny" not in request.fixturenames:
        yield
        return
    import torch

    threads = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(threads)


@pytest.fixture(scope="session")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Save a tiny checkpoint, which no test may change, and return its folder."""
    from tiny import save_checkpoint

    folder = tmp_path_factory.mktemp("tiny") / "tiny"
    return save_checkpoint(folder, max_position_embeddings=8192)
