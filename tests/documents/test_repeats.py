from __future__ import annotations

from collections.abc import Sequence

import pdfs

from longsum.documents.document import Document
from longsum.documents.read import parse_document

Drawn = tuple[float, float, str]
"""Left, height and text of a line."""


def read(pages: Sequence[Sequence[Drawn]], chosen: str | None = None) -> Document:
    paper, out = pdfs.canvas()
    for lines in pages:
        paper.setFont("Times-Roman", pdfs.SIZE)
        for left, height, text in lines:
            paper.drawString(left, height, text)
        paper.showPage()
    paper.save()
    return parse_document(out.getvalue(), "a.pdf", pages=chosen)


def invoice(kind: str, number: str, date: str) -> list[Drawn]:
    return [
        (340, 750, f"Invoice no. {number}"),
        (340, 730, kind),
        (340, 715, f"Issued: {date}"),
        (340, 700, "Payment due: 17 March 2026"),
        (72, 640, "Seller: Marbeck Boats, Pier Road 4"),
        (72, 590, "1 Hull paint, twelve tins 240.00"),
        (72, 575, "Total 375.00 crowns"),
        (72, 60, "Unpaid goods remain the property of the seller."),
    ]


def letter(name: str, number: int, owed: int) -> list[Drawn]:
    body = [(72, 680 - 14 * i, line) for i, line in enumerate(pdfs.wrapped(pdfs.WORDS))]
    return [
        (72, 760, f"The Harbour Board, Quay 1 Ticket number {number}"),
        (72, 700, f"Dear {name},"),
        *body,
        (72, 540, f"You owe {owed} crowns for the winter."),
        (72, 60, "Marbeck Savings, account 4711"),
    ]


def book(count: int, head: str = "THE FERRY ACT") -> list[list[Drawn]]:
    """Return pages whose sentences continue on the next one."""
    lines = pdfs.wrapped(" ".join([pdfs.WORDS] * 3 * count))
    pages = []
    for number in range(count):
        part = lines[18 * number : 18 * number + 18]
        body = [(72.0, 700.0 - 14 * i, line) for i, line in enumerate(part)]
        pages.append([(72.0, 750.0, head), *body, (300.0, 40.0, str(number + 9))])
    return pages


def lost(pages: Sequence[Sequence[Drawn]]) -> set[str]:
    text = " ".join(read(pages).text.split())
    return {line for page in pages for *_, line in page if line not in text}


def test_original_and_copy_say_what_is_on_each_page() -> None:
    """All that two pages had in common was dropped from both: number, dates and terms."""
    pages = [invoice(kind, "HX 4417/2026", "3 March 2026") for kind in ("Original", "Copy")]
    document = read(pages)
    for first, second in zip(*pages, strict=True):
        for page, (*_, line) in zip(document.pages, (first, second), strict=True):
            assert line in document.text[page.start : page.end]


def test_three_copies_keep_every_different_line() -> None:
    kinds = ("Original", "Copy", "Duplicate")
    assert not lost([invoice(kind, "HX 4417/2026", "3 March 2026") for kind in kinds])


def test_numbers_that_count_invoices_and_days_are_not_page_numbers() -> None:
    assert not lost([invoice("Original", f"{i}", f"{i} March 2026") for i in range(1, 13)])
    assert not lost([invoice("Original", f"HX {4400 + i}", "3 March") for i in range(1, 13)])


def test_similar_letters_keep_every_different_line() -> None:
    names = ("Ada", "Bo", "Cy", "Dee", "Eli")
    assert not lost([letter(name, 101 + i, 40 - i) for i, name in enumerate(names)])
    assert not lost([letter(name, 1 + i, 40 - i) for i, name in enumerate(names[:3])])


def test_slides_that_build_up_keep_titles_and_bullets() -> None:
    """Titles and first bullets were lost from all slides of a talk."""
    bullets = ["- The ferry is old", "- The ferry is slow", "- A new one costs four millions"]
    pages: list[list[Drawn]] = []
    for title, shown in (("Background", 3), ("Method", 2)):
        for count in range(1, shown + 1):
            body = [(60.0, 640.0 - 40 * i, text) for i, text in enumerate(bullets[:count])]
            pages.append([(60.0, 740.0, title), *body, (60.0, 40.0, "Ada Quill, harbour talk")])
    assert not lost(pages)


def test_a_title_that_no_text_says_is_shown_once_and_interrupts_no_sentence() -> None:
    document = read(book(6))
    assert document.text.count("THE FERRY ACT") == 1
    head, rest = document.text.split("\n\n", 1)
    assert head == "THE FERRY ACT"
    assert " ".join([pdfs.WORDS] * 12) in " ".join(rest.split())
    assert not any(line.strip().isdigit() for line in document.text.split("\n"))


def test_the_title_is_shown_in_a_selection_of_pages() -> None:
    assert read(book(9), chosen="5-6").text.count("THE FERRY ACT") == 1


def test_a_title_that_the_text_says_is_left_out() -> None:
    pages = book(6)
    pages[0] = [*pages[0][1:], (72, 300, "The Ferry Act of the harbour board")]
    document = read(pages)
    assert "THE FERRY ACT" not in document.text
    assert "The Ferry Act of the harbour board" in document.text


def test_lines_at_the_bottom_of_full_pages_are_text() -> None:
    """Where most pages ended with a short line at one height, all such lines were dropped."""
    pages = [
        [*page[:-1], (72.0, 440.0, f"This line ends page {'abcdefgh'[i]} of the report.")]
        for i, page in enumerate(book(8))
    ]
    assert not lost(pages)


def test_rows_of_a_table_that_begins_three_pages_are_text() -> None:
    head = [(72.0, 750.0, "team Arabic Basque French German"), (72.0, 736.0, "1) full set")]
    pages = book(12)
    full = [[(72.0, 764.0 - 14 * i, line) for i, (*_, line) in enumerate(p[1:])] for p in pages]
    tables: list[list[Drawn]] = [
        [*head, *((72.0, 722.0 - 14 * i, f"SYSTEM:{n} 8{i}.1 9{i}.2 7{i}.3") for i in range(20))]
        for n in "ABC"
    ]
    mixed = [*full[:4], tables[0], full[4], tables[1], full[5], tables[2], *full[6:]]
    text = read(mixed).text
    assert text.count("team Arabic Basque French German") == 3


def test_what_was_left_out_is_counted_and_listed() -> None:
    notes = read(book(6)).notes
    assert notes[0].startswith("left out 11 rows that repeat from page to page")
    assert notes[0].endswith("on 6 pages")
    assert set(notes[1:]) == {
        'left out: "THE FERRY ACT", pages 2-6',
        "left out: page numbers, pages 1-6",
    }
    assert not read(book(6)[:1]).notes
