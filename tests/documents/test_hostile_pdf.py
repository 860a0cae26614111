"""Whatever numbers, names and trees a PDF holds, only a `DocumentError` leaves the reader."""

from __future__ import annotations

from hypothesis import given, settings
from hypothesis import strategies as st
from mutations import FONT, assembled, one_page, stream

from longsum.documents.document import Document
from longsum.documents.read import parse_document
from longsum.errors import DocumentError

FIXED = settings(derandomize=True, deadline=None, max_examples=120)
NUMBERS = (
    *(b"0", b"-1", b"1", b"612", b"nan", b"inf", b"-inf", b"1e38", b"1e39", b"-1e308"),
    *(b"2147483648", b"-2147483649", b"99999999999999999999", b".000000001", b"null", b"(x)"),
    *(b"[1 2]", b"<</A 1>>", b"9 0 R", b"/N", b"true"),
)
number = st.sampled_from(NUMBERS)
box = st.lists(number, max_size=6).map(lambda found: b"[" + b" ".join(found) + b"]")
words = st.binary(max_size=12).map(lambda found: b"<" + found.hex().encode() + b">")
PLAIN = b"BT /F 12 Tf 72 700 Td (The river rose.) Tj ET "


def read(data: bytes) -> Document | None:
    try:
        return parse_document(data, "a.pdf")
    except DocumentError as error:
        assert error.hint  # noqa: PT017 - either outcome is right
        return None


@FIXED
@given(box, box, number, number)
def test_boxes_and_rotations(media: bytes, crop: bytes, turned: bytes, unit: bytes) -> None:
    page = b"/MediaBox%s/CropBox%s/Rotate %s/UserUnit %s" % (media, crop, turned, unit)
    data = one_page(stream(PLAIN)).replace(b"/MediaBox[0 0 612 792]", page)
    assert data.count(b"/UserUnit") == 1
    read(data)


@FIXED
@given(st.lists(number, min_size=6, max_size=6), number, number, st.integers(-2, 9))
def test_matrices_and_sizes(matrix: list[bytes], size: bytes, scale: bytes, mode: int) -> None:
    placed = b" ".join(matrix)
    content = b"q %s cm BT /F %s Tf %d Tr %s Tz %s Tm (The river) Tj (rose.) Tj ET Q " % (
        *(placed, size, mode, scale, placed),
    )
    read(one_page(stream(content + PLAIN)))


@FIXED
@given(st.lists(st.tuples(st.integers(0, 255), words), max_size=12))
def test_tables_of_characters(rows: list[tuple[int, bytes]]) -> None:
    table = b"begincmap 1 begincodespacerange <00> <ff> endcodespacerange %d beginbfchar " % len(
        rows
    )
    table += b" ".join(b"<%02x> %s" % row for row in rows) + b" endbfchar endcmap"
    data = assembled(
        {
            1: b"<</Type/Catalog/Pages 2 0 R>>",
            2: b"<</Type/Pages/Kids[3 0 R]/Count 1>>",
            3: b"<</Type/Page/Parent 2 0 R/MediaBox[0 0 612 792]/Contents 4 0 R"
            b"/Resources<</Font<</F 5 0 R>>>>>>",
            4: stream(b"BT /F 12 Tf 72 700 Td <%s> Tj ET" % bytes(range(256)).hex().encode()),
            5: FONT.replace(b">>", b"/ToUnicode 6 0 R>>"),
            6: stream(table),
        }
    )
    read(data)


@FIXED
@given(number, words, number, number, words)
def test_labels_dates_and_titles(
    start: bytes, prefix: bytes, style: bytes, limit: bytes, title: bytes
) -> None:
    labels = b"/PageLabels<</Nums[%s<</S %s/P %s/St %s>>]>>" % (limit, style, prefix, start)
    data = one_page(stream(PLAIN), trailer=b"/Info<</Title %s/CreationDate %s>>" % (title, prefix))
    document = read(data.replace(b"/Type/Catalog", b"/Type/Catalog" + labels))
    assert document is None or "The river rose." in document.text


@FIXED
@given(
    box,
    number,
    st.sampled_from([b"/Tx", b"/Btn", b"/Ch", b"/Sig", b"/None", b"5"]),
    st.one_of(words, number),
    st.sampled_from([b"/Widget", b"/FreeText", b"/Text", b"/Popup", b"/Link", b"1"]),
)
def test_annotations(place: bytes, flags: bytes, kind: bytes, value: bytes, subtype: bytes) -> None:
    each = b"<</Type/Annot/Subtype%s/Rect%s/F %s/FT%s/Ff %s/V %s/Contents %s/AS %s/Opt[%s]" % (
        *(subtype.rjust(1), place, flags, kind, flags, value, value, value, value),
    )
    each += b"/Parent 7 0 R/Kids[7 0 R]>>"
    data = one_page(stream(PLAIN), form=b"null")
    data = data.replace(b"/Type/Catalog", b"/Type/Catalog/AcroForm<</Fields[7 0 R]/XFA 7 0 R>>")
    data = data.replace(b"/Type/Page/", b"/Type/Page/Annots[7 0 R 7 0 R]/")
    read(data.replace(b"xref\n", b"7 0 obj\n" + each + b"\nendobj\nxref\n", 1))


@FIXED
@given(number, words, st.sampled_from([b"/ON", b"/OFF", b"/Unchanged", b"3"]))
def test_layers_and_attached_files(found: bytes, name: bytes, state: bytes) -> None:
    extra = b"/OCProperties<</OCGs[%s 7 0 R]/D<</BaseState%s/OFF %s/AS[%s]>>>>" % (
        *(found, state.rjust(2), found, found),
    )
    extra += b"/Collection %s/Names<</EmbeddedFiles<</Names[%s 7 0 R]>>>>" % (found, name)
    data = one_page(stream(b"/OC /L BDC " + PLAIN + b"EMC"))
    read(data.replace(b"/Type/Catalog", b"/Type/Catalog" + extra))


def test_deep_trees_of_fields_and_labels() -> None:
    deep = b"<</Kids[" * 3000 + b"]>>" * 3000
    for key in (b"/PageLabels", b"/AcroForm<</Fields[", b"/OCProperties", b"/Names"):
        end = b"]>>" if key.endswith(b"[") else b""
        data = one_page(stream(PLAIN))
        data = data.replace(b"/Type/Catalog", b"/Type/Catalog" + key + deep + end)
        read(data)
