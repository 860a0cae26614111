from __future__ import annotations

import os
from pathlib import Path

import pytest

from longsum.documents.source import load_source, require_file
from longsum.errors import DocumentNotFound


def test_a_file_is_required_without_reading_it(tmp_path: Path) -> None:
    file = tmp_path / "x.pdf"
    file.write_bytes(b"x")
    require_file(file)
    os.mkfifo(tmp_path / "pipe")
    require_file(tmp_path / "pipe")  # opening it would wait for its writer
    for name in ("no.pdf", "https://example.org/a.pdf", str(tmp_path), "a\0b"):
        with pytest.raises(DocumentNotFound) as required:
            require_file(name)
        with pytest.raises(DocumentNotFound) as loaded:
            load_source(name)
        assert (required.value.message, required.value.hint) == (
            loaded.value.message,
            loaded.value.hint,
        )
