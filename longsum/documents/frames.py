"""Frames between a reading process and its parent: a length, then so many bytes of JSON or data.

Never pickle: a reader that a hostile file took over can send no code, only a message that is
refused.
"""

from __future__ import annotations

import json
from typing import Any, BinaryIO

MAX_MESSAGE_BYTES = 1 << 29
"""Of one JSON message; the text of 50,000 pages takes a fifth of it."""
_LENGTH_BYTES = 8


class BadFrame(Exception):
    """Raised when what arrives is not a frame, or too large."""


def header(size: int) -> bytes:
    """Return what goes before a frame's bytes."""
    return size.to_bytes(_LENGTH_BYTES, "big")


def pack_message(message: dict[str, Any]) -> bytes:
    """Return the frame of a JSON message.

    Raises:
        BadFrame: when it is larger than a reader of it would take.
    """
    payload = json.dumps(message).encode("ascii")
    if len(payload) > MAX_MESSAGE_BYTES:
        raise BadFrame(f"{len(payload):,} bytes")
    return header(len(payload)) + payload


def read_frame(file: BinaryIO, most: int = MAX_MESSAGE_BYTES) -> bytes | None:
    """Return the next frame's bytes, or None where there are no more.

    Raises:
        BadFrame: when it is cut short, or announces more than `most` bytes.
    """
    head = file.read(_LENGTH_BYTES)
    if not head:
        return None
    size = int.from_bytes(head, "big")
    if len(head) < _LENGTH_BYTES or size > most:
        raise BadFrame(f"a frame of {size:,} bytes")
    payload = file.read(size)
    if len(payload) < size:
        raise BadFrame(f"{len(payload):,} of {size:,} bytes")
    return payload


def read_message(file: BinaryIO) -> dict[str, Any] | None:
    """Return the next JSON message, or None where there are no more.

    Raises:
        BadFrame: when what arrives is not a JSON object in a frame.
    """
    payload = read_frame(file)
    if payload is None:
        return None
    try:
        message = json.loads(payload.decode("utf-8"))
    except (ValueError, RecursionError) as error:
        raise BadFrame("not JSON") from error
    if not isinstance(message, dict):
        raise BadFrame("not an object")
    return message
