"""Damaged and hostile files, made from sound ones: mutations by chance, and traps by hand.

A mutation takes bytes and a source of randomness, so that a seed names a file.
"""

from __future__ import annotations

import io
import random
import re
import zlib
from collections.abc import Callable, Iterator
from pathlib import Path

import pypdf

EXAMPLE = Path(__file__).parent.parent / "examples" / "handbook.pdf"
HUGE = (b"0", b"-1", b"2147483647", b"4294967296", b"99999999999999999999", b"1e308", b"65536")
_OBJECT = re.compile(rb"(?<=\n)(\d+) 0 obj\b(.*?)endobj", re.S)
_REFERENCE = re.compile(rb"\b\d+ 0 R\b")
_NUMBER = re.compile(rb"(?<=[ \[/a-zA-Z])-?\d+(?:\.\d+)?\b")
_NAME = re.compile(rb"/[A-Za-z][A-Za-z0-9]+")


# --- sound files --------------------------------------------------------------------------------


def example_pages(first: int, last: int, *, compress: bool = False, password: str = "") -> bytes:
    """Return some pages of the example PDF, with an outline, labels and a title."""
    reader = pypdf.PdfReader(EXAMPLE)
    writer = pypdf.PdfWriter()
    for page in reader.pages[first:last]:
        writer.add_page(page)
    if compress:
        for page in writer.pages:
            page.compress_content_streams()
    writer.add_metadata({"/Title": "Handbook (part)"})
    writer.add_outline_item(title="Chapter", page_number=0)
    writer.set_page_label(0, 0, style="/r")
    if password:
        writer.encrypt(user_password="", owner_password=password, algorithm="AES-256")
    out = io.BytesIO()
    writer.write(out)
    return out.getvalue()


def with_object_streams() -> bytes:
    """Return a page whose objects and cross references are in compressed streams (PDF 1.5)."""
    inside = {
        1: b"<</Type/Catalog/Pages 2 0 R>>",
        2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
        3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 5 0 R"
        b"/Resources<</Font<</F 4 0 R>>>>>>",
        4: b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>",
    }
    heads, bodies, at = [], [], 0
    for number, body in inside.items():
        heads.append(b"%d %d" % (number, at))
        bodies.append(body)
        at += len(body) + 1
    head = b" ".join(heads) + b"\n"
    packed = zlib.compress(head + b"\n".join(bodies))
    text = zlib.compress(b"BT /F 12 Tf 72 700 Td (The river rose by four feet.) Tj ET")
    out = bytearray(b"%PDF-1.5\n")
    offsets = {}
    for number, words, data in (
        (5, b"", text),
        (6, b"/Type/ObjStm/N 4/First %d" % len(head), packed),
    ):
        offsets[number] = len(out)
        out += b"%d 0 obj\n" % number + stream(data, b"/Filter/FlateDecode" + words) + b"\nendobj\n"
    start = len(out)
    rows = [(0, 0, 65535), *((2, 6, i) for i in range(4)), (1, offsets[5], 0), (1, offsets[6], 0)]
    rows.append((1, start, 0))
    table = zlib.compress(b"".join(bytes((k,)) + a.to_bytes(4) + b.to_bytes(2) for k, a, b in rows))
    words = b"/Type/XRef/W[1 4 2]/Size 8/Root 1 0 R/Filter/FlateDecode"
    out += b"7 0 obj\n" + stream(table, words) + b"\nendobj\nstartxref\n%d\n%%%%EOF" % start
    return bytes(out)


def sound_files() -> list[bytes]:
    """Return the files that are mutated: plain, compressed, encrypted, with object streams."""
    return [
        example_pages(0, 2),
        example_pages(3, 5, compress=True),
        example_pages(6, 7, password="owner"),
        with_object_streams(),
    ]


# --- by chance ----------------------------------------------------------------------------------


def _flip(data: bytes, chance: random.Random) -> bytes:
    changed = bytearray(data)
    for _ in range(chance.choice((1, 4, 64, 400))):
        changed[chance.randrange(len(changed))] = chance.randrange(256)
    return bytes(changed)


def _cut(data: bytes, chance: random.Random) -> bytes:
    return data[: chance.randrange(len(data))]


def _drop(data: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(data))
    return data[:start] + data[start + chance.randrange(1, 2000) :]


def _repeat(data: bytes, chance: random.Random) -> bytes:
    start = chance.randrange(len(data))
    part = data[start : start + chance.randrange(1, 2000)]
    return data[:start] + part * chance.choice((2, 3, 50)) + data[start:]


def _insert(data: bytes, chance: random.Random) -> bytes:
    at = chance.randrange(len(data))
    what = chance.choice((b"[" * 5000, b"<<" * 5000, b"endobj\n", b"stream\n", b"(", b"\0" * 99))
    return data[:at] + what + data[at:]


def _swap_objects(data: bytes, chance: random.Random) -> bytes:
    found = list(_OBJECT.finditer(data))
    if len(found) < 2:
        return data
    one, two = sorted(chance.sample(found, 2), key=lambda match: match.start())
    between = data[one.end(2) : two.start(2)]
    return data[: one.start(2)] + two[2] + between + one[2] + data[two.end(2) :]


def _replace(pattern: re.Pattern[bytes], data: bytes, chance: random.Random, new: bytes) -> bytes:
    found = list(pattern.finditer(data))
    if not found:
        return data
    match = chance.choice(found)
    return data[: match.start()] + new + data[match.end() :]


def _refer_elsewhere(data: bytes, chance: random.Random) -> bytes:
    for _ in range(chance.randrange(1, 4)):
        data = _replace(_REFERENCE, data, chance, b"%d 0 R" % chance.randrange(40))
    return data


def _change_number(data: bytes, chance: random.Random) -> bytes:
    for _ in range(chance.randrange(1, 6)):
        data = _replace(_NUMBER, data, chance, chance.choice(HUGE))
    return data


def _change_name(data: bytes, chance: random.Random) -> bytes:
    names = _NAME.findall(data)
    return _replace(_NAME, data, chance, chance.choice(names)) if names else data


def _change_length(data: bytes, chance: random.Random) -> bytes:
    pattern = re.compile(rb"/(?:Length|Count|N|First|Size|Prev) ?\d+")
    key = chance.choice((b"/Length ", b"/Count ", b"/Size ", b"/Prev "))
    return _replace(pattern, data, chance, key + chance.choice(HUGE))


def _deepen(data: bytes, chance: random.Random) -> bytes:
    depth = chance.choice((10, 500, 20_000))
    return _replace(_REFERENCE, data, chance, b"[" * depth + b"3 0 R" + b"]" * depth)


MUTATIONS: tuple[Callable[[bytes, random.Random], bytes], ...] = (
    *(_flip, _cut, _drop, _repeat, _insert, _swap_objects, _refer_elsewhere),
    *(_change_number, _change_name, _change_length, _deepen),
)


def mutated(files: list[bytes], seed: int) -> bytes:
    """Return the damaged file of a seed: one to four mutations of one sound file."""
    chance = random.Random(seed)
    data = chance.choice(files)
    for _ in range(chance.choice((1, 1, 2, 4))):
        data = chance.choice(MUTATIONS)(data, chance) or b"%PDF-1.4"
    return data


# --- by hand ------------------------------------------------------------------------------------

TEXT = b"BT /F 12 Tf 72 700 Td (The river rose.) Tj ET\n"
FONT = b"<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>"


def stream(data: bytes, words: bytes = b"") -> bytes:
    """Return a stream object's body."""
    return b"<</Length %d%s>>stream\n" % (len(data), words) + data + b"\nendstream"


def assembled(objects: dict[int, bytes], trailer: bytes = b"") -> bytes:
    """Return a PDF of these objects; the first is the catalogue."""
    out, offsets = bytearray(b"%PDF-1.7\n"), {}
    for number, body in objects.items():
        offsets[number] = len(out)
        out += b"%d 0 obj\n" % number + body + b"\nendobj\n"
    start, size = len(out), max(objects) + 1
    out += b"xref\n0 %d\n0000000000 65535 f \n" % size
    out += b"".join(b"%010d 00000 n \n" % offsets.get(i, 0) for i in range(1, size))
    trailer = trailer.replace(b"START", b"%d" % start)
    out += b"trailer<</Size %d/Root 1 0 R%s>>\nstartxref\n%d\n%%%%EOF" % (size, trailer, start)
    return bytes(out)


def one_page(content: bytes, **more: bytes) -> bytes:
    """Return a PDF of one page; `kids`, `count`, `contents`, `font`, `form` replace its parts."""
    contents = more.get("contents", b"4 0 R")
    return assembled(
        {
            1: b"<</Type/Catalog/Pages 2 0 R>>",
            2: b"<</Type/Pages/Kids[%s]/Count %s>>"
            % (more.get("kids", b"3 0 R"), more.get("count", b"1")),
            3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents %s"
            b"/Resources<</Font<</F 5 0 R>>/XObject<</X 6 0 R>>>>>>" % contents,
            4: content,
            5: more.get("font", FONT),
            6: more.get("form", b"null"),
        },
        more.get("trailer", b""),
    )


def page_tree(depth: int) -> bytes:
    """Return a PDF whose page is at the end of so many nodes with one kid each."""
    nodes = {
        i: b"<</Type/Pages/Kids[%d 0 R]/Count 1/Parent %d 0 R>>" % (i + 1, i - 1)
        for i in range(2, depth + 2)
    }
    page = b"<</Type/Page/Parent %d 0 R/MediaBox[0 0 9 9]>>" % (depth + 1)
    return assembled({1: b"<</Type/Catalog/Pages 2 0 R>>", **nodes, depth + 2: page})


def deflated(unit: bytes, size: int) -> bytes:
    """Return a deflate stream that unpacks to at least `size` bytes of one unit.

    One packed block, again and again, as packing a GiB takes seconds; the checksum is wrong, which
    no reader minds.
    """
    packer, block = zlib.compressobj(9, zlib.DEFLATED, -15), unit * ((1 << 20) // len(unit) + 1)
    packed = packer.compress(block) + packer.flush(zlib.Z_FULL_FLUSH)
    return b"\x78\xda" + packed * (size // len(block) + 1) + b"\x03\0" + b"\0" * 4


def bombs(size: int) -> Iterator[tuple[str, bytes]]:
    """Yield files of about a thousandth of `size` that unpack to it, by where the bomb lies."""
    flate = b"/Filter/FlateDecode"
    for name, unit in (("spaces", b" "), ("text", TEXT), ("arrays", b"["), ("strokes", b"0 0 m ")):
        yield f"bomb of {name}", one_page(stream(deflated(unit, size), flate))
    twice = zlib.compress(deflated(b" ", size), 9)
    yield "bomb in a bomb", one_page(stream(twice, b"/Filter[/FlateDecode/FlateDecode]"))
    letters = zlib.compress(deflated(b" ", size), 9).hex().encode() + b">"
    filters = b"/Filter[/ASCIIHexDecode/FlateDecode/FlateDecode]"
    yield "bomb in letters", one_page(stream(letters, filters))
    escaped = stream(deflated(b" ", size), b"/Filter/Fl#61teDecode")
    yield "bomb by an escaped name", one_page(escaped)
    form = b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]" + flate
    yield (
        "bomb in a form",
        one_page(stream(b"/X Do " * 1000), form=stream(deflated(b" ", size), form)),
    )


def traps() -> Iterator[tuple[str, bytes]]:
    """Yield files made to exhaust a reader's stack, time or memory."""
    text = stream(TEXT)
    for depth in (100, 5000, 100_000):
        yield f"page tree of {depth} levels", page_tree(depth)
        yield f"array of {depth} levels", one_page(text, contents=b"[" * depth + b"]" * depth)
        yield f"content of {depth} arrays", one_page(stream(b"[" * depth + TEXT))
    yield "page tree that holds itself", one_page(text, kids=b"2 0 R 3 0 R")
    yield "page tree that holds the catalogue", one_page(text, kids=b"1 0 R")
    yield "one page a thousand times", one_page(text, kids=b"3 0 R " * 1000, count=b"1000")
    for count in HUGE:
        yield f"count of {count.decode()}", one_page(text, count=count)
    yield "cross references that follow themselves", one_page(text, trailer=b"/Prev START")
    yield "length that refers to itself", one_page(b"<</Length 4 0 R>>stream\n" + TEXT)
    kids = b"<</Type/Font/Subtype/Type0/BaseFont/A/Encoding 5 0 R/DescendantFonts[5 0 R]>>"
    yield "font that descends from itself", one_page(text, font=kids)
    yield "saved states without end", one_page(stream(b"q " * 300_000 + TEXT))
    yield "streams without end", one_page(text) + b"\nstream\n" * 200_000


def fatal_files() -> Iterator[tuple[str, bytes]]:
    """Yield small files that unpack nothing and still take a native reader's memory or hours."""
    form = b"/Type/XObject/Subtype/Form/BBox[0 0 9 9]/Resources<</XObject<</X 6 0 R>>>>"
    draws = stream(b"/X Do /X Do", form)
    yield "form that draws itself twice", one_page(stream(b"/X Do"), form=draws)
    big = stream(deflated(b"0 0 m ", 1 << 26), b"/Filter/FlateDecode")
    yield "one stream a thousand times", one_page(big, contents=b"[" + b"4 0 R " * 1000 + b"]")


def write_files(files: Iterator[tuple[str, bytes]], folder: Path) -> list[Path]:
    """Write files under their names, and return where."""
    paths = []
    for name, data in files:
        path = folder / f"{name}.pdf"
        path.write_bytes(data)
        paths.append(path)
    return paths
