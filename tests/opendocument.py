"""OpenDocument texts for tests, built part by part."""

from __future__ import annotations

from books import archive

_SPACES = (
    " ".join(
        f'xmlns:{prefix}="urn:oasis:names:tc:opendocument:xmlns:{name}:1.0"'
        for prefix, name in {
            "office": "office",
            "text": "text",
            "table": "table",
            "draw": "drawing",
            "style": "style",
        }.items()
    )
    + ' xmlns:dc="http://purl.org/dc/elements/1.1/"'
)
TEXT = "application/vnd.oasis.opendocument.text"


def parts(
    body: str, *, automatic: str = "", styles: str = "", title: str = ""
) -> dict[str, str | bytes]:
    """Return the parts of a text.

    Args:
        body: XML inside `office:text`.
        automatic: XML of the styles of the content.
        styles: XML inside the root of the part with styles.
        title: from the properties.
    """
    return {
        "mimetype": TEXT,
        "META-INF/manifest.xml": f"<manifest><file-entry media-type='{TEXT}'/></manifest>",
        "content.xml": (
            f"<office:document-content {_SPACES}><office:automatic-styles>{automatic}"
            f"</office:automatic-styles><office:body><office:text>{body}</office:text>"
            "</office:body></office:document-content>"
        ),
        "styles.xml": f"<office:document-styles {_SPACES}>{styles}</office:document-styles>",
        "meta.xml": f"<office:document-meta {_SPACES}><dc:title>{title}</dc:title>"
        "</office:document-meta>",
    }


def text(body: str, *, automatic: str = "", styles: str = "", title: str = "") -> bytes:
    """Return a whole text; see `parts`."""
    return archive(
        parts(body, automatic=automatic, styles=styles, title=title), stored=["mimetype"]
    )
