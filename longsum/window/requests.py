"""What a request holds: bounded bytes, a JSON object, a number; anything else is refused."""

from __future__ import annotations

import json
from typing import Any

from starlette.requests import Request

from longsum.errors import DocumentTooLong, UsageError

MAX_JSON_BYTES = 64 << 10


async def body_of(request: Request, limit: int) -> bytes:
    """Return the body of a request.

    Raises:
        DocumentTooLong: when it is larger than `limit` bytes.
    """
    announced = request.headers.get("content-length", "")
    data = bytearray()
    if not (announced.isdigit() and int(announced) > limit):
        async for piece in request.stream():
            data += piece
            if len(data) > limit:
                break
        else:
            return bytes(data)
    raise DocumentTooLong(f"more than {limit >> 10:,} KiB were sent, the limit")


async def json_of(request: Request) -> dict[str, Any]:
    """Return the JSON object that a request holds; an empty one for an empty body.

    Raises:
        UsageError: when it holds something else.
    """
    data = await body_of(request, MAX_JSON_BYTES)
    try:
        body = json.loads(data) if data else {}
    except (ValueError, RecursionError):
        body = None
    if not isinstance(body, dict):
        raise UsageError("the request is not a JSON object")
    return body


def number_in(request: Request, name: str, default: int) -> int:
    """Return a number of the query.

    Raises:
        UsageError: when it is not one.
    """
    given = request.query_params.get(name)
    if given is None:
        return default
    if not (given.isascii() and given.isdigit() and len(given) < 16):
        raise UsageError(f"{name} is not a number")
    return int(given)
