from __future__ import annotations

from pathlib import Path

import pytest

from longsum.documents.markup import attribute, child, descendants, local, parse_html, parse_xml
from longsum.errors import CorruptDocument

LAUGHS = (
    "<!DOCTYPE x ["
    + '<!ENTITY l0 "ha">'
    + "".join(f'<!ENTITY l{n} "{f"&l{n - 1};" * 10}">' for n in range(1, 10))
    + "]>"
)


@pytest.mark.parametrize("encoding", ["utf-8", "utf-16"])
@pytest.mark.parametrize("body", ["<x>&l9;</x>", '<x a="&l9;"/>', "<x/>"])
def test_billion_laughs_are_refused(encoding: str, body: str) -> None:
    with pytest.raises(CorruptDocument, match="a.docx is refused: it declares XML entities"):
        parse_xml((LAUGHS + body).encode(encoding), "a.docx", "x.xml")


def test_entity_that_names_a_file_is_refused(tmp_path: Path) -> None:
    secret = tmp_path / "secret"
    secret.write_text("secret")
    for declared in (f'a SYSTEM "{secret.as_uri()}"', f'% a SYSTEM "{secret.as_uri()}"> %a; <!x'):
        with pytest.raises(CorruptDocument, match="declares XML entities"):
            parse_xml(f"<!DOCTYPE x [<!ENTITY {declared}>]><x>&a;</x>".encode(), "a", "x.xml")


def test_definition_in_another_file_is_not_opened(tmp_path: Path) -> None:
    other = tmp_path / "x.dtd"
    other.write_text('<!ENTITY a "secret">')
    for source in (other.as_uri(), "http://127.0.0.1:9/x.dtd"):
        root = parse_xml(f'<!DOCTYPE x SYSTEM "{source}"><x>text</x>'.encode(), "a", "x.xml")
        assert root.text == "text"


def test_inclusions_are_left_alone(tmp_path: Path) -> None:
    (tmp_path / "secret").write_text("secret")
    root = parse_xml(
        b'<x xmlns:xi="http://www.w3.org/2001/XInclude"><xi:include parse="text" href="'
        + (tmp_path / "secret").as_uri().encode()
        + b'"/></x>',
        "a",
        "x.xml",
    )
    assert "".join(root.itertext()) == ""


@pytest.mark.parametrize("data", [b"", b"<x>", b"<x></y>", b"\xff\xfe"])
def test_xml_that_is_not_well_formed_is_damaged(data: bytes) -> None:
    with pytest.raises(CorruptDocument, match=r"its part 'x\.xml' is not well-formed XML"):
        parse_xml(data, "a.docx", "x.xml")


def test_elements_are_found_in_any_namespace() -> None:
    root = parse_xml(b'<a:x xmlns:a="u:a"><!-- c --><a:y a:k="1"><z/></a:y></a:x>', "a", "x.xml")
    assert local(root) == "x"
    assert [local(each) for each in descendants(root, "z", "y")] == ["y", "z"]
    assert attribute(root[0], "k") == "1"
    assert attribute(root[0], "l") is None
    assert local(child(root, "y", "z")) == "z"
    assert child(root, "z") is None


def test_text_in_xhtml_may_be_marked_as_such() -> None:
    root = parse_html("<html><pre><![CDATA[a < b & c]]></pre></html>", "x.html")
    assert "".join(root.itertext()) == "a < b & c"
