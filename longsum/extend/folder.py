"""The output folder: what is in it, whether a run continues there, and whether the result fits.

    OUTPUT/checkpoint/settings.json     settings of the run, written before the first step
    OUTPUT/checkpoint/step-000200/      the last complete checkpoint; none yet, or several, if a
                                        run was killed between writing one and removing another
    OUTPUT/training.json                written last: the run is finished

Knows files and settings; no tensors.
"""

from __future__ import annotations

import json
import os
import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from longsum.bytesize import format_bytes
from longsum.errors import OutputError, UsageError
from longsum.files import replacing, umask
from longsum.settings import Setting
from longsum.terminal import shown_name

CHECKPOINT, SETTINGS, TRAINING = "checkpoint", "settings.json", "training.json"

NAMED = {
    "keep_checkpoints_at": str(Setting("keep_at")),
    "weights_bytes": "weights_bytes",
}
"""Names in messages, for settings whose option is missing or named otherwise."""


def open_output(output: Path, settings: dict[str, Any]) -> dict[str, Any] | None:
    """Return the `training.json` of a finished run, or None when there is work to do.

    Args:
        output: the folder, which need not exist.
        settings: settings of this run, as JSON would return them.

    Raises:
        OutputError: when the folder contains other files, or cannot be read.
        UsageError: when it contains a run with other settings, naming the first that differs.
    """
    shown = shown_name(str(output))
    if output.exists() and not output.is_dir():
        raise OutputError(f"{shown} is a file", hint=f"name a folder for {Setting('output')}")
    with _reading(shown):
        found = sorted(path.name for path in output.iterdir()) if output.is_dir() else []
        finished = _read_json(output / TRAINING)
        begun = _read_json(output / CHECKPOINT / SETTINGS)
    if found == [CHECKPOINT] and begun is not None and last_checkpoint(output) is None:
        return None  # started, but without a checkpoint: there is nothing to lose
    earlier = begun if begun is not None else (finished or {}).get("settings")
    if isinstance(earlier, dict):
        _require_same(earlier, settings, shown)
        # the checkpoint is removed last: while it is there, files may be missing
        return finished if begun is None else None
    if any(name != CHECKPOINT for name in found) or _holds_files(output / CHECKPOINT):
        raise OutputError(
            f"{shown} is not empty, and nothing in it is a run of longsum extend",
            hint=f"name a new folder for {Setting('output')}",
        )
    return None


def _holds_files(folder: Path) -> bool:
    """Return whether a checkpoint folder without settings has files that no run left there."""
    return folder.is_dir() and any(not path.name.startswith(".") for path in folder.iterdir())


def _require_same(earlier: dict[str, Any], settings: dict[str, Any], shown: str) -> None:
    """Raise unless an earlier run had the same settings."""
    for key, value in settings.items():
        if earlier.get(key) != value:
            named = NAMED.get(key, str(Setting(key)))
            raise UsageError(
                f"{shown} holds a run with {named} {_brief(earlier.get(key))}, not {_brief(value)}",
                hint=f"give the same options to continue it, or another {Setting('output')}",
            )


def _brief(value: Any) -> str:
    """Return a setting's value in a few words."""
    if isinstance(value, list) and value and isinstance(value[0], dict):
        value = ", ".join(f"{file['name']} ({file['sha256'][:12]})" for file in value)
    text = shown_name(", ".join(map(str, value)) if isinstance(value, list) else str(value))
    return text if len(text) <= 120 else text[:119] + "…"


def last_step(output: Path) -> int:
    """Return the step from which a run in this folder would continue; 0 where it would begin."""
    found = last_checkpoint(output)
    return int(found.name.removeprefix("step-")) if found else 0


def last_checkpoint(output: Path) -> Path | None:
    """Return the last complete checkpoint of a run."""
    found = (output / CHECKPOINT).glob("step-[0-9]*")
    return max(found, key=lambda path: path.name, default=None)


def free_disk(output: Path) -> int:
    """Return the free bytes on the output's disk.

    Raises:
        OutputError: when it cannot be written.
    """
    parent = _existing_parent(output)
    if not parent.is_dir() or not os.access(parent, os.W_OK | os.X_OK):
        raise OutputError(
            f"{shown_name(str(parent))} cannot be written", hint=f"name another {Setting('output')}"
        )
    return shutil.disk_usage(parent).free


def require_disk(output: Path, needed_bytes: int) -> None:
    """Raise unless a result and its checkpoints fit on the disk.

    Raises:
        OutputError: when they do not, counting files already in the folder as free.
    """
    held = sum(path.stat().st_size for path in output.rglob("*") if path.is_file())
    if free_disk(output) + held < needed_bytes:
        place = shown_name(str(_existing_parent(output)))
        raise OutputError(
            f"the model and its checkpoints take {format_bytes(needed_bytes)}, "
            f"{format_bytes(free_disk(output))} are free at {place}",
            hint=f"name an {Setting('output')} on another disk; {Setting('save_every', '0')} keeps "
            "no checkpoints",
        )


def _existing_parent(output: Path) -> Path:
    """Return the innermost folder of a path that exists."""
    parent = output.absolute()
    while not parent.exists() and parent != parent.parent:
        parent = parent.parent
    return parent


def prepare_output(output: Path, settings: dict[str, Any]) -> None:
    """Create the folder, and write the settings of the run.

    Raises:
        OutputError: when it cannot be written.
    """
    with writing(output):
        folder = output / CHECKPOINT
        folder.mkdir(parents=True, exist_ok=True)
        for path in folder.glob(".*"):  # left by a run that was killed while writing
            shutil.rmtree(path) if path.is_dir() else path.unlink()
        write_json(folder / SETTINGS, settings)


@contextmanager
def complete_folder(folder: Path) -> Iterator[Path]:
    """Yield a temporary folder to fill; when complete, it gets its name and replaces another.

    Raises:
        OutputError: when the disk is full or cannot be written.
    """
    with writing(folder):
        folder.parent.mkdir(parents=True, exist_ok=True)
        partial = Path(tempfile.mkdtemp(dir=folder.parent, prefix=f".{folder.name}."))
        try:
            partial.chmod(0o777 & ~umask())
            yield partial
            for path in filter(Path.is_file, partial.rglob("*")):
                path.chmod(0o666 & ~umask())  # safetensors makes its files private to the user
            _sync(partial)
            shutil.rmtree(folder, ignore_errors=True)
            partial.rename(folder)
        finally:
            shutil.rmtree(partial, ignore_errors=True)


def write_json(path: Path, content: Any) -> None:
    """Write JSON so that the file is complete or missing."""
    with replacing(path) as temporary:
        text = json.dumps(content, ensure_ascii=False, indent=2)
        temporary.write_text(text + "\n", encoding="utf-8")


@contextmanager
def writing(path: Path) -> Iterator[None]:
    """Turn write errors of the system and of safetensors into OutputError."""
    from safetensors import SafetensorError

    try:
        yield
    except (OSError, SafetensorError) as error:
        reason = getattr(error, "strerror", None) or str(error)
        raise OutputError(
            f"{shown_name(str(path))} cannot be written: {shown_name(reason)}",
            hint=f"free some space or name another {Setting('output')}; what is complete there is "
            "kept",
        ) from error


@contextmanager
def _reading(shown: str) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise OutputError(
            f"{shown} cannot be read: {error.strerror}", hint=f"name another {Setting('output')}"
        ) from error


def _read_json(path: Path) -> dict[str, Any] | None:
    """Return a file's JSON object, or None where there is none."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError, ValueError, RecursionError):
        return None
    return content if isinstance(content, dict) else None


def _sync(folder: Path) -> None:
    """Flush a folder's files to disk before its name says that they are complete."""
    for path in folder.rglob("*"):
        if path.is_file():
            with path.open("rb+") as file:
                os.fsync(file.fileno())
