"""Which layers (optional content) of a PDF are off when it is opened.

pdfium reads their text as any other. Its objects say the name of the layer they are marked with.
"""

from __future__ import annotations

import re
import zlib
from collections.abc import Iterator
from typing import Any

from longsum.documents.second_reader import SecondReader

MAX_LAYERS = 10_000
"""Layers that are looked at."""
MAX_PAGES = 2_000
"""Pages whose marks are looked at."""
MEMBERSHIP = "\0membership"
"""Stands among the names for marks that depend on several layers, when all of these are off."""
MAX_INFLATED = 1 << 24
"""Bytes of one object stream that are searched."""

_LAYERS = b"/OCProperties"
_OBJECT_STREAM = re.compile(rb"/Type\s*/ObjStm[^>]{0,400}>>\s*stream\r?\n")


def may_have_layers(data: bytes) -> bool:
    """Return whether a PDF may have layers: a cheap look that few files pass."""
    if _LAYERS in data:
        return True
    if b"/ObjStm" not in data:
        return False
    if b"/Encrypt" in data:
        return True
    for match in _OBJECT_STREAM.finditer(data):
        try:
            unpacked = zlib.decompressobj().decompress(
                memoryview(data)[match.end() :], MAX_INFLATED
            )
        except zlib.error:
            continue
        if _LAYERS in unpacked:
            return True
    return False


def layers_off(data: bytes, second: SecondReader) -> frozenset[str]:
    """Return the names of layers that are off when the file is opened.

    A name that a visible layer has as well is left out (PDF 32000, 8.11.4.3).
    """
    if not may_have_layers(data):
        return frozenset()
    reader = second.opened()
    try:
        found = reader.root_object["/OCProperties"] if reader is not None else None
        return _off(reader, found.get_object()) if found is not None else frozenset()
    except Exception:  # a damaged file may make pypdf raise anything
        return frozenset()


def _off(reader: Any, properties: Any) -> frozenset[str]:
    groups = list(_resolved(properties["/OCGs"]))[:MAX_LAYERS]
    default = _resolved(properties.get("/D")) or {}
    off, on = (_references(default.get(key)) for key in ("/OFF", "/ON"))
    off |= _hidden_by_usage(groups, default)
    is_base_off = default.get("/BaseState") == "/OFF"
    numbers = [_number(group) for group in groups]
    off = {n for n in numbers if n in off or (is_base_off and n not in on)}
    if not off:
        return frozenset()
    hidden: set[str] = set()
    shown: set[str] = set()
    for number, group in zip(numbers, groups, strict=True):
        (hidden if number in off else shown).add(str(_resolved(group).get("/Name", "")))
    memberships = [_is_membership_off(each, off) for each in _memberships(reader)]
    if memberships and all(memberships):
        hidden.add(MEMBERSHIP)
    return frozenset(hidden - shown)


def _memberships(reader: Any) -> Iterator[Any]:
    """Yield what the pages' content is marked with that depends on several layers."""
    for page in reader.pages[:MAX_PAGES]:
        resources = _resolved(page.get("/Resources")) or {}
        for each in (_resolved(resources.get("/Properties")) or {}).values():
            if _resolved(each).get("/Type") == "/OCMD":
                yield _resolved(each)


def _is_membership_off(membership: Any, off: set[int]) -> bool:
    """Return whether what depends on several layers is hidden (PDF 32000, 8.11.2.2)."""
    found = membership.raw_get("/OCGs") if "/OCGs" in membership else []
    several = _resolved(found)
    numbers = {_number(each) for each in several} if isinstance(several, list) else {_number(found)}
    are_off = [number in off for number in numbers]
    policy = str(membership.get("/P", "/AnyOn"))
    if policy == "/AllOn":
        return any(are_off)
    if policy == "/AnyOff":
        return bool(are_off) and not any(are_off)
    if policy == "/AllOff":
        return not all(are_off)
    return bool(are_off) and all(are_off)


def _hidden_by_usage(groups: list[Any], default: Any) -> set[int]:
    """Return the layers that are not shown when the document is viewed, automatically."""
    hidden: set[int] = set()
    for event in _resolved(default.get("/AS")) or []:
        rule = _resolved(event)
        if rule.get("/Event") != "/View":
            continue
        named = _references(rule.get("/OCGs"))
        for group in groups:
            usage = _resolved(_resolved(group).get("/Usage")) or {}
            view = _resolved(usage.get("/View")) or {}
            if _number(group) in named and view.get("/ViewState") == "/OFF":
                hidden.add(_number(group))
    return hidden


def _references(found: Any) -> set[int]:
    """Return the object numbers of an array of references."""
    return {_number(each) for each in _resolved(found) or []}


def _resolved(found: Any) -> Any:
    """Return what a reference refers to, or what is no reference as it is."""
    return found.get_object() if hasattr(found, "get_object") else found


def _number(reference: Any) -> int:
    return int(getattr(reference, "idnum", -1))
