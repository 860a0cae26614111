"""What is downloaded, what never is, and how a failed download is reported."""

from __future__ import annotations

from pathlib import Path
from types import SimpleNamespace
from typing import Any

import huggingface_hub
import pytest
from huggingface_hub import errors as hub
from huggingface_hub.utils import filter_repo_objects

from longsum.errors import ModelNotFound, ModelUnavailable
from longsum.model.hub import download_size, pull
from longsum.model.resolve import resolve_model

SHA = "0123456789abcdef0123456789abcdef01234567"


def downloading(monkeypatch: pytest.MonkeyPatch, result: Path | Exception) -> list[dict[str, Any]]:
    """Put a hub in place that has nothing here, and gives or raises `result` when asked."""
    calls: list[dict[str, Any]] = []

    def download(repo: str, **kwargs: Any) -> str:
        if kwargs.get("local_files_only"):
            raise hub.LocalEntryNotFoundError("not here")
        calls.append({"repo": repo, **kwargs})
        if isinstance(result, Exception):
            raise result
        return str(result)

    monkeypatch.setattr(huggingface_hub, "snapshot_download", download)
    return calls


def save_weights(folder: Path) -> Path:
    """Lay out what a download leaves, without content."""
    folder.mkdir(exist_ok=True)
    (folder / "model.safetensors").touch()
    return folder


def test_nothing_is_downloaded_unasked(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = downloading(monkeypatch, tmp_path / SHA)
    with pytest.raises(ModelNotFound):
        resolve_model("vicuna-7b-16k")
    assert calls == []
    save_weights(tmp_path / SHA)
    source = resolve_model("vicuna-7b-16k", revision="v1", download=True)
    assert source.folder == tmp_path / SHA
    (call,) = calls
    assert (call["repo"], call["revision"]) == ("lmsys/vicuna-7b-v1.5-16k", "v1")


def test_no_pickle_or_code_is_downloaded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls = downloading(monkeypatch, save_weights(tmp_path))
    assert pull("someone/Llama-x") == tmp_path
    wanted = [
        *("config.json", "generation_config.json", "tokenizer.json", "tokenizer.model"),
        *("tokenizer_config.json", "special_tokens_map.json", "chat_template.jinja"),
        *("model-00001-of-00002.safetensors", "model.safetensors.index.json"),
    ]
    unwanted = [
        *("pytorch_model.bin", "pytorch_model-00001-of-00002.bin", "consolidated.00.pth"),
        *("modeling_flash_llama.py", "flax_model.msgpack", "model.pt", "x.pkl", "x.ckpt"),
        *("tf_model.h5", "training_args.bin", "model.gguf", "README.md", "original/x.pth"),
    ]
    patterns = calls[0]["allow_patterns"]
    assert list(filter_repo_objects(wanted + unwanted, allow_patterns=patterns)) == wanted


def http_error(kind: type[Exception], message: str) -> Exception:
    """Make an error of the hub's library as if a server had answered."""
    response = SimpleNamespace(headers={}, request=None, status_code=403)
    return kind(message, response=response)  # type: ignore[call-arg]


def offline() -> Exception:
    """What snapshot_download raises in offline mode."""
    error = hub.LocalEntryNotFoundError("Cannot find an appropriate cached snapshot folder")
    error.__cause__ = hub.OfflineModeIsEnabled("offline")
    return error


FAILURES = {
    "gated": (http_error(hub.GatedRepoError, "403 Client Error."), "is gated", "licence"),
    "missing": (http_error(hub.RepositoryNotFoundError, "404"), "was not found", "spelling"),
    "revision": (http_error(hub.RevisionNotFoundError, "404"), "no such revision", ""),
    "offline": (hub.OfflineModeIsEnabled("offline"), "offline mode is on", "without offline"),
    "offline, as requested": (offline(), "offline mode is on", "without offline"),
    "server": (http_error(hub.HfHubHTTPError, "500\nInternal"), "500$", "network"),
    "refused": (ConnectionError("Connection refused"), "refused", "network"),
    "unreachable": (hub.LocalEntryNotFoundError("Got: ConnectError\nmore"), "ConnectE", "network"),
    # what the HTTP library raises is not an OSError
    "lost": (hub.HTTPError("peer closed connection"), "peer closed", "network"),
    "disk": (OSError(28, "No space left on device"), "No space left", "disk space"),
    "silent": (TimeoutError(), "TimeoutError", "network"),
}


@pytest.mark.parametrize(("error", "says", "hint"), FAILURES.values(), ids=list(FAILURES))
def test_failed_download_exits_5_in_one_line(
    monkeypatch: pytest.MonkeyPatch, error: Exception, says: str, hint: str
) -> None:
    downloading(monkeypatch, error)
    for download in (
        lambda: pull("someone/Llama-x"),
        lambda: resolve_model("someone/Llama-x", download=True),
    ):
        with pytest.raises(ModelUnavailable, match=says) as caught:
            download()
        assert caught.value.exit_code == 5
        assert "someone/Llama-x" in caught.value.message
        assert "\n" not in caught.value.message
        assert hint in str(caught.value.hint or "")


def test_impossible_id_is_not_downloaded(monkeypatch: pytest.MonkeyPatch) -> None:
    downloading(monkeypatch, hub.HFValidationError("Repo id must be in the form"))
    with pytest.raises(ModelNotFound, match="not a model id"):
        pull("a b/c")


def test_a_bug_keeps_its_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    downloading(monkeypatch, ZeroDivisionError())
    with pytest.raises(ZeroDivisionError):
        pull("someone/Llama-x")


def repository(monkeypatch: pytest.MonkeyPatch, **sizes: int | None) -> None:
    files = [SimpleNamespace(rfilename=name, size=size) for name, size in sizes.items()]
    info = SimpleNamespace(siblings=files or None)
    monkeypatch.setattr(huggingface_hub.HfApi, "model_info", lambda *a, **k: info)


def test_size_of_a_download_counts_what_is_downloaded(monkeypatch: pytest.MonkeyPatch) -> None:
    sizes = {"config.json": 10, "a.safetensors": 1000, "b.safetensors": 500, "x.bin": 9999}
    repository(monkeypatch, **sizes, **{"tokenizer.model": None})
    assert download_size("someone/Llama-x") == 1510


def test_repository_without_safetensors_is_refused_before_the_download(
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    for sizes in ({"config.json": 10, "pytorch_model.bin": 9999}, {}):
        repository(monkeypatch, **sizes)
        with pytest.raises(ModelUnavailable, match="no safetensors") as caught:
            download_size("someone/Llama-x")
        assert caught.value.hint


def test_size_without_network_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """The HTTP library's own errors come through here."""

    def lost(*args: Any, **kwargs: Any) -> None:
        raise hub.HTTPError("[Errno -2] Name or service not known")

    monkeypatch.setattr(huggingface_hub.HfApi, "model_info", lost)
    with pytest.raises(ModelUnavailable, match="Name or service not known"):
        download_size("someone/Llama-x")
