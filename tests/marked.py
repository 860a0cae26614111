"""What is under the rectangles of a mark."""

from __future__ import annotations

from collections.abc import Sequence

import pypdfium2


def words_in(data: bytes, number: int, rects: Sequence[Sequence[float]]) -> str:
    """Return what pdfium finds inside rectangles of a page that is neither turned nor cropped."""
    pdf = pypdfium2.PdfDocument(data)
    page = pdf[number - 1]
    width, height = page.get_size()
    textpage = page.get_textpage()
    found = [
        textpage.get_text_bounded(
            x * width - 0.2, (1 - y - h) * height + 1, (x + w) * width + 0.2, (1 - y) * height - 1
        )
        for x, y, w, h in rects
    ]
    textpage.close()
    page.close()
    pdf.close()
    return " ".join(" ".join(found).replace("\x02", "-").split())
