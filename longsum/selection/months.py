"""The names of the months, English, as they are written: a part of patterns."""

from __future__ import annotations

MONTH = r"(?:January|February|March|April|May|June|July|August|September|October|November|December)"
