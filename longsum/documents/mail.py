"""E-mail: the headers people read, the text, and the names of what is attached.

The message's own text is read; of one that is only HTML, the text of the HTML. Attachments are not
read but named in a warning. Several messages in one file (mbox) follow one another.
"""

from __future__ import annotations

import re
from collections.abc import Iterator
from email import message_from_bytes, policy
from email.message import EmailMessage
from html.parser import HTMLParser

from longsum.documents.decoding import decode
from longsum.errors import EmptyDocument

_FIELD = re.compile(rb"([A-Za-z][A-Za-z0-9-]{1,40}):[ \t]?[^\n]*\n|[ \t]+\S[^\n]*\n")
_USUAL = frozenset(
    (b"from", b"to", b"subject", b"date", b"message-id", b"mime-version", b"received")
    + (b"return-path", b"delivered-to", b"content-type", b"cc", b"reply-to")
)
_MIN_USUAL = 3
"""Usual headers from which a text that begins with headers is a mail."""
_SEPARATOR = re.compile(rb"^From [^\n]*\d{4}[^\n]*\n(?=[A-Za-z-]+:)", re.M)
"""Line between the messages of an mbox file."""
_SHOWN = ("From", "To", "Cc", "Date", "Subject")
_MAX_NAMED = 5
"""Attachments named in a warning."""
_BROKEN = (ValueError, LookupError, AttributeError, TypeError, RecursionError)
"""What the standard library raises for damaged messages."""


def is_mail(data: bytes) -> bool:
    """Return whether a file's bytes begin with the headers of a mail."""
    data = data.removeprefix(b"\xef\xbb\xbf")
    start = match.end() if (match := _SEPARATOR.match(data)) else 0
    head = data[start : start + (1 << 16)].replace(b"\r\n", b"\n")
    found: set[bytes] = set()
    at = 0
    while field := _FIELD.match(head, at):
        found.add((field[1] or b"").lower())
        at = field.end()
    is_complete = head[at : at + 1] in (b"\n", b"")
    return is_complete and b"from" in found and len(found & _USUAL) >= _MIN_USUAL


def mail_text(data: bytes, shown: str, encoding: str | None = None) -> tuple[str, list[str]]:
    """Return the text of a mail, or of several, and warnings about what was not read.

    Args:
        data: the file's bytes.
        shown: its name, safe to print.
        encoding: of texts that do not name theirs, as the user named it.

    Raises:
        EmptyDocument: it has no text, only attachments.
    """
    texts: list[str] = []
    attached: list[str] = []
    warnings: list[str] = []
    has_text = False
    for each in _SEPARATOR.split(data.removeprefix(b"\xef\xbb\xbf").replace(b"\r\n", b"\n")):
        if not each.strip():
            continue
        message = message_from_bytes(each, policy=policy.default)
        assert isinstance(message, EmailMessage), "the default policy makes these"
        body = _body(message)
        text = _text_of(body, shown, encoding, warnings) if body is not None else ""
        has_text = has_text or bool(text.strip())
        texts.append(f"{_headers(message)}\n\n{text}")
        attached += _attached(message, body)
    if not has_text:
        what = f", only attachments: {_listed(attached)}" if attached else ""
        raise EmptyDocument(
            f"{shown} is a mail without text{what}",
            hint="save the attachment and name that file" if attached else "check the file",
        )
    if attached:
        count = "1 attachment was" if len(attached) == 1 else f"{len(attached)} attachments were"
        warnings.append(f"{shown}: {count} not read: {_listed(attached)}")
    return "\n\n".join(texts), list(dict.fromkeys(warnings))


def _headers(message: EmailMessage) -> str:
    """Return the headers that people read, decoded, a line each."""
    lines = []
    for name in _SHOWN:
        try:
            value = " ".join(str(message.get(name, "")).split())
        except _BROKEN:
            continue
        if value:
            lines.append(f"{name}: {value}")
    return "\n".join(lines)


def _body(message: EmailMessage) -> EmailMessage | None:
    """Return the part that is the message's text; None if there is none."""
    try:
        found = message.get_body(("plain", "html"))
    except _BROKEN:
        found = None
    if found is None and not message.is_multipart():
        is_read = message.get_content_maintype() in ("text", "multipart")  # of no parts: damaged
        return message if is_read else None
    return found if isinstance(found, EmailMessage) else None


def _text_of(part: EmailMessage, shown: str, encoding: str | None, warnings: list[str]) -> str:
    """Return the text of a part, without its transfer encoding and, for HTML, its tags."""
    try:
        payload = part.get_payload(decode=True)
        charset = part.get_content_charset()
    except _BROKEN:
        return ""
    data = payload if isinstance(payload, bytes) else b""
    text = None
    if charset and charset not in ("us-ascii", "ascii"):
        try:
            text = data.decode(charset)
        except (LookupError, ValueError):  # an unknown name, or not the charset it names
            text = None
    if text is None:
        decoded = decode(data, shown, encoding)
        text = decoded.text
        warnings += decoded.warnings
    text = text.replace("\r\n", "\n")
    return _text_of_html(text) if part.get_content_subtype() == "html" else text


def _attached(message: EmailMessage, body: EmailMessage | None) -> Iterator[str]:
    """Yield the names of the parts that were not read."""
    for part in _leaves(message):
        alternative = part.get_content_type() in ("text/plain", "text/html")
        if part is body or (alternative and part.get_content_disposition() != "attachment"):
            continue
        try:
            name = part.get_filename()
        except _BROKEN:
            name = None
        kind = part.get_content_type()
        yield f"{name} ({kind})" if name else kind


def _leaves(message: EmailMessage) -> Iterator[EmailMessage]:
    """Yield the parts that hold no others; a mail within a mail counts as one part."""
    if not message.is_multipart() or message.get_content_type() == "message/rfc822":
        yield message
        return
    for part in message.iter_parts():
        if isinstance(part, EmailMessage):
            yield from _leaves(part)


def _listed(names: list[str]) -> str:
    shown = [" ".join(name.split())[:100] for name in names[:_MAX_NAMED]]
    more = len(names) - len(shown)
    return ", ".join(shown) + (f" and {more} more" if more else "")


class _Html(HTMLParser):
    """Collects the words of a mail's HTML, a line for each block."""

    _BLOCKS = frozenset(
        ("p", "div", "br", "tr", "li", "table", "blockquote", "h1", "h2", "h3", "h4")
    )
    _HIDDEN = frozenset(("style", "script", "head", "title", "template"))

    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self._hidden = 0

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        """Begin a block, or what is not shown."""
        self._hidden += tag in self._HIDDEN
        if tag in self._BLOCKS:
            self.parts.append("\n" if tag == "br" else "\n\n")

    def handle_endtag(self, tag: str) -> None:
        """End a block, or what is not shown."""
        if tag in self._HIDDEN:
            self._hidden = max(0, self._hidden - 1)
        if tag in self._BLOCKS and tag != "br":
            self.parts.append("\n\n")

    def handle_data(self, data: str) -> None:
        """Take words."""
        if not self._hidden:
            self.parts.append(re.sub(r"\s+", " ", data))


def _text_of_html(html: str) -> str:
    """Return the words of a mail's HTML, paragraphs apart."""
    parser = _Html()
    parser.feed(html)
    parser.close()
    lines = [" ".join(line.split()) for line in "".join(parser.parts).split("\n")]
    return re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
