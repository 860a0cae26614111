"""Frames between a reader process and its parent: a length, then that many bytes of JSON or data.

Never pickle: a reader that a hostile file has taken over cannot send code, only a message that is
refused.
"""

from __future__ import annotations

import json
from typing import Any, BinaryIO

MAX_MESSAGE_BYTES = 1 << 29
"""Largest JSON message; the text of 50,000 pages takes a fifth of it."""
_LENGTH_BYTES = 8


class BadFrame(Exception):
    """Raised when what arrives is not a frame, or too large."""


def header(size: int) -> bytes:
    """Return the header of a frame of `size` bytes."""
    return size.to_bytes(_LENGTH_BYTES, "big")


def pack_message(message: dict[str, Any]) -> bytes:
    """Return the frame of a JSON message.

    Raises:
        BadFrame: when it is larger than `MAX_MESSAGE_BYTES`.
    """
    payload = json.dumps(message).encode("ascii")
    if len(payload) > MAX_MESSAGE_BYTES:
        raise BadFrame(f"{len(payload):,} bytes")
    return header(len(payload)) + payload


def read_frame(file: BinaryIO, max_bytes: int = MAX_MESSAGE_BYTES) -> bytes | None:
    """Return the next frame's bytes, or None at the end.

    Raises:
        BadFrame: when it is cut short, or announces more than `max_bytes`.
    """
    head = file.read(_LENGTH_BYTES)
    if not head:
        return None
    size = int.from_bytes(head, "big")
    if len(head) < _LENGTH_BYTES or size > max_bytes:
        raise BadFrame(f"a frame of {size:,} bytes")
    payload = file.read(size)
    if len(payload) < size:
        raise BadFrame(f"{len(payload):,} of {size:,} bytes")
    return payload


def read_message(file: BinaryIO) -> dict[str, Any] | None:
    """Return the next JSON message, or None at the end.

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
