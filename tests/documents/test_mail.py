from __future__ import annotations

from email.message import EmailMessage
from email.mime.text import MIMEText

import pytest

from longsum.documents.document import Document
from longsum.documents.mail import is_mail
from longsum.documents.read import parse_document
from longsum.errors import EmptyDocument

TEXT = (
    "The harbour board met on Monday to decide about the new ferry. Its members had read the "
    "report of the surveyor, and most doubted it. Der Müller bezahlt die Fähre."
)


def message(text: str | None = TEXT, cte: str = "quoted-printable") -> EmailMessage:
    mail = EmailMessage()
    mail["From"] = "Ada Quill <ada@example.org>"
    mail["To"] = "Bo Marbeck <bo@example.org>"
    mail["Subject"] = "Fähre im Frühling"
    mail["Date"] = "Tue, 12 Mar 2024 19:00:00 +0100"
    if text is not None:
        mail.set_content(text, cte=cte)
    return mail


def read(data: bytes, encoding: str | None = None) -> Document:
    return parse_document(data, "mail.eml", encoding=encoding)


@pytest.mark.parametrize("cte", ["quoted-printable", "base64", "8bit"])
@pytest.mark.parametrize("newline", ["\n", "\r\n"])
def test_headers_and_text_are_read_decoded(cte: str, newline: str) -> None:
    data = message(cte=cte).as_bytes().replace(b"\n", newline.encode())
    document = read(data)
    assert document.text.endswith(TEXT)
    assert "Subject: Fähre im Frühling" in document.text
    assert "From: Ada Quill <ada@example.org>\nTo: Bo Marbeck" in document.text
    assert "MIME" not in document.text
    assert document.warnings == ()


def test_attachments_are_named_and_not_read() -> None:
    mail = message()
    mail.add_attachment(b"%PDF-1.7" * 999, maintype="application", subtype="pdf", filename="a.pdf")
    mail.add_attachment("Words of it.", filename="note.txt")
    forwarded = message()
    mail.add_attachment(forwarded)
    document = read(mail.as_bytes())
    (warning,) = document.warnings
    assert "3 attachments were not read: a.pdf (application/pdf), note.txt (text/plain)" in warning
    assert "message/rfc822" in warning
    assert "Words of it" not in document.text
    assert document.text.count(TEXT) == 1


def test_of_two_versions_the_plain_one_is_read() -> None:
    mail = message()
    mail.add_alternative(f"<p>In HTML: {TEXT}</p>", subtype="html")
    document = read(mail.as_bytes())
    assert "In HTML" not in document.text
    assert document.warnings == ()


def test_a_mail_of_html_alone_is_read_by_its_text() -> None:
    mail = message(None)
    page = (
        "<html><head><title>No</title><style>p {color: red}</style></head><body>"
        f"<p>{TEXT}</p><div>The vote was put off &amp; forgotten.<br>Nobody came.</div>"
        "</body></html>"
    )
    mail.set_content(page, subtype="html")
    text = read(mail.as_bytes()).text
    assert TEXT in text
    assert "The vote was put off & forgotten." in text
    assert text.endswith("\nNobody came.")
    assert "color" not in text
    assert "<" not in text.replace("<ada@", "").replace("<bo@", "")


@pytest.mark.parametrize("charset", ["iso-8859-1", "windows-1252", "koi8-r", "x-unknown", None])
def test_charsets_known_wrong_and_missing(charset: str | None) -> None:
    head = b"From: a@example.org\nTo: b@example.org\nSubject: Ferry\nContent-Type: text/plain"
    if charset:
        head += f"; charset={charset}".encode()
    text = "Паром стоит дорого, и совет не купит его." if charset == "koi8-r" else TEXT
    body = text.encode("koi8-r" if charset == "koi8-r" else "cp1252")
    assert text in read(head + b"\n\n" + body).text


def test_the_users_encoding_is_taken_where_a_mail_names_none() -> None:
    head = b"From: a@example.org\nTo: b@example.org\nSubject: Ferry\n\n"
    document = read(head + "Núñez came.".encode("mac_roman"), encoding="mac-roman")
    assert "Núñez came." in document.text


def test_messages_of_one_file_follow_one_another() -> None:
    one = b"From ada@example.org Tue Mar 12 19:00:00 2024\n" + message().as_bytes()
    two = b"From bo@example.org Tue Mar 12 20:00:00 2024\n" + message("It is so.\n").as_bytes()
    text = read(one + b"\n" + two).text
    assert TEXT in text
    assert text.endswith("It is so.")
    assert text.count("From: Ada Quill") == 2


def test_a_mail_without_text_names_its_attachments() -> None:
    mail = message(None)
    mail.add_attachment(b"%PDF-1.7", maintype="application", subtype="pdf", filename="a.pdf")
    with pytest.raises(EmptyDocument, match=r"without text, only attachments: a\.pdf") as caught:
        read(mail.as_bytes())
    assert "save the attachment" in (caught.value.hint or "")


@pytest.mark.parametrize(
    "text",
    [
        "From: the clerk\n\nDear Ada, the board met on Monday.",
        "Title: A story\nAuthor: Ada Quill\nDate: 1912\n\nThe river rose.",
        "The board met on Monday.\nFrom: a\nTo: b\nSubject: c\n\nd",
        "From: a\nTo: b\nSubject: c and then a text that goes on\nwithout an empty line",
    ],
)
def test_other_texts_are_not_mail(text: str) -> None:
    assert not is_mail(text.encode())


def test_damaged_messages_are_read_as_far_as_they_go() -> None:
    mail = MIMEText(TEXT)
    mail["From"], mail["To"], mail["Subject"] = "a@example.org", "b@example.org", "Ferry"
    data = mail.as_bytes()
    broken = (
        data.replace(b"text/plain", b"multipart/mixed; boundary=none"),
        data.replace(b"base64", b"x-other"),
        data.replace(b"utf-8", b"\xff\xfe"),
        data[:-30],
        data.replace(b"Subject: Ferry", b"Subject: =?utf-8?b?////?= =?x?q?="),
        data.replace(b"From: a@example.org", b"From: <<<@,;"),
    )
    for each in broken:
        assert read(each).text
