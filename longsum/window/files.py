"""The files of the page: its modules and styles, read once, served by name; nothing else is."""

from __future__ import annotations

from pathlib import Path

FOLDER = Path(__file__).parent.parent / "web"
TYPES = {
    ".html": "text/html; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".css": "text/css; charset=utf-8",
    ".svg": "image/svg+xml",
    "": "text/plain; charset=utf-8",
    ".txt": "text/plain; charset=utf-8",
}
PAGE = "index.html"


def page_files(folder: Path = FOLDER) -> dict[str, tuple[bytes, str]]:
    """Return content and type of every file of the page, by its name below `/web/`."""
    return {
        path.relative_to(folder).as_posix(): (path.read_bytes(), TYPES[path.suffix])
        for path in sorted(folder.rglob("*"))
        if path.is_file() and path.suffix in TYPES
    }
