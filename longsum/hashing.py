"""Hashes that name a set of settings. Pure."""

from __future__ import annotations

import hashlib
import json
from typing import Any


def settings_hash(settings: dict[str, Any]) -> str:
    """Return the sha256 of settings, whatever the order of their keys."""
    text = json.dumps(settings, sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()
