"""Bytes of a text file → characters: by a byte order mark, as UTF-8, or by the likeliest encoding.

An encoding is never guessed in silence: whatever is not UTF-8 comes with a warning that names the
encoding taken, and each byte that does not fit costs one character and is counted.
"""

from __future__ import annotations

import codecs
import re
from dataclasses import dataclass, field

from longsum.config import known_encoding
from longsum.documents.code_pages import NAMES, USUAL, WIDER
from longsum.documents.file_types import BOMS, looks_binary
from longsum.documents.plausibility import plausibility
from longsum.errors import UndecodableText
from longsum.settings import Setting

SAMPLE = 12_000
"""Bytes of lines with non-ASCII characters by which encodings are compared."""

_ESCAPED = ((b"\x1b$)C", "iso2022_kr"), (b"\x1b$", "iso2022_jp_ext"), (b"~{", "hz"))
"""Encodings of seven bits, by a sequence that each must hold."""
_AROUND = 1
"""Lines before and after one with such bytes that are looked at as well: their words count."""
_HIGH = re.compile(rb"[\x80-\xff]")
_USUAL_LETTERS = frozenset("àâäáãåæçéèêëíìîïñóòôöõøßúùûüÀÂÄÁÃÅÆÇÉÈÊÍÑÓÒÔÖÕØÚÜ“”‘’„–—…€£§°«»\xa0")
"""Characters that are common in texts of cp1252."""
_AS_CP1252 = "longsum.as_cp1252"
"""Error handler that decodes a byte that is not UTF-8 as cp1252."""
_CLEAR = 6.0
"""Nats by which an encoding must be likelier than the next for the other not to be named."""
_MIN_WIDE, _MIN_FOREIGN = -8.7, -11.5
"""Nats of each character, of each one beyond ASCII, below which a text is none."""
_MIN_GOOD = 9
"""Characters beyond ASCII for each error from which a text is damaged UTF-8, whatever else fits."""
_MIN_MIXED = 3
"""Bytes that are not UTF-8 from which they may be of another encoding instead of damage."""


@dataclass
class Decoded:
    """A text, and what has to be said about its encoding."""

    text: str
    encoding: str
    """Python's name for it."""
    warnings: list[str] = field(default_factory=list)


def decode(data: bytes, shown: str, encoding: str | None = None) -> Decoded:
    """Return the text that a file's bytes encode.

    Args:
        data: the file's bytes.
        shown: its name, safe to print.
        encoding: as the user named it; None decides by the bytes.

    Raises:
        UndecodableText: nothing fits.
        UsageError: `encoding` is not the name of an encoding.
    """
    if encoding is not None:
        named = known_encoding(encoding)
        return _decoded(data, shown, WIDER.get(named, named))
    for mark, marked in BOMS:
        if data.startswith(mark):
            return _decoded(data, shown, marked)
    if (escaped := _escaped(data)) or (escaped := wide_encoding(data)):
        return Decoded(data.decode(escaped), escaped, [_taken(shown, escaped)])
    try:
        return Decoded(data.decode("utf-8"), "utf-8")
    except UnicodeDecodeError:
        return _likeliest(data, shown)


def wide_encoding(data: bytes) -> str | None:
    """Return the encoding of UTF-16 or UTF-32 without a byte order mark; None for other bytes."""
    if not looks_binary(data):
        return None
    best, found = _MIN_WIDE, None
    for encoding, width in (("utf-32-le", 4), ("utf-32-be", 4), ("utf-16-le", 2), ("utf-16-be", 2)):
        sample = data[: SAMPLE // width * width]
        try:
            text = sample.decode(encoding)
        except UnicodeDecodeError:
            continue
        if text and (score := plausibility(text, distinct=False) / len(text)) > best:
            best, found = score, encoding
    return found


def _escaped(data: bytes) -> str | None:
    """Return the encoding of seven bits that a text uses by its escape sequences, if any."""
    for sequence, encoding in _ESCAPED:
        if sequence in data and not _HIGH.search(data):
            try:
                if not data.decode(encoding).isascii():
                    return encoding
            except UnicodeDecodeError:
                continue
    return None


def _likeliest(data: bytes, shown: str) -> Decoded:
    """Return the text in the likeliest encoding, with a warning that names it.

    Raises:
        UndecodableText: nothing fits.
    """
    sample = _sample(data)
    texts = {name: sample.decode(name, "replace") for name in (*_candidates(sample), "utf-8")}
    scores = {name: plausibility(text) + _prior(name) for name, text in texts.items()}
    best = max(scores, key=lambda name: scores[name])
    if mixed := _mixed(data, sample, shown, scores[best]):
        return mixed
    if best == "utf-8" or _is_damaged_utf8(texts["utf-8"]):
        return _decoded(data, shown, "utf-8")
    foreign = sum(not char.isascii() for char in texts[best])
    ascii_share = 3.0 * (len(texts[best]) - foreign)
    if scores[best] + ascii_share < _MIN_FOREIGN * foreign - 20:
        raise _undecodable(shown, "it is not UTF-8, nor any other encoding that can be determined")
    others = [
        name
        for name in sorted(scores, key=lambda name: -scores[name])
        if scores[name] > scores[best] - _CLEAR and texts[name] != texts[best] and name != "utf-8"
    ]
    decoded = _decoded(data, shown, best)
    decoded.warnings.insert(0, _taken(shown, best, others[:1]))
    return decoded


def _is_damaged_utf8(text: str) -> bool:
    """Return whether a text decoded from UTF-8 has few errors among its other characters."""
    bad = text.count("\ufffd")
    return sum(not char.isascii() for char in text) > _MIN_GOOD * bad


def _mixed(data: bytes, sample: bytes, shown: str, least: float) -> Decoded | None:
    """Return a text some of whose lines are UTF-8 and others cp1252; None for any other.

    Args:
        data: the file's bytes.
        sample: some of them.
        shown: its name.
        least: score of the likeliest single encoding.
    """
    if plausibility(_utf8_or_cp1252(sample)[0]) - _CLEAR < least:
        return None
    text, others = _utf8_or_cp1252(data)
    if sum(not char.isascii() for char in text) < len(others) + _MIN_MIXED:
        return None
    usual = sum(char in _USUAL_LETTERS for char in others)
    if len(others) < _MIN_MIXED or usual < 0.8 * len(others):
        return None
    warning = (
        f"{shown} is UTF-8 except for {len(others):,} bytes, which were read as "
        f"{_named('cp1252')}. If letters are wrong, name its encoding: {Setting('encoding')}"
    )
    return Decoded(text, "utf-8", [warning])


def _utf8_or_cp1252(data: bytes) -> tuple[str, str]:
    """Return a text, bytes that are not UTF-8 decoded as cp1252, and what those are."""
    others: list[str] = []

    def as_cp1252(error: UnicodeError) -> tuple[str, int]:
        assert isinstance(error, UnicodeDecodeError), "nothing is encoded"
        char = error.object[error.start : error.start + 1].decode("cp1252", "replace")
        others.append(char)
        return char, error.start + 1

    codecs.register_error(_AS_CP1252, as_cp1252)
    return data.decode("utf-8", _AS_CP1252), "".join(others)


def _candidates(sample: bytes) -> list[str]:
    """Return the encodings to compare: the usual ones, and those that the detector proposes."""
    import charset_normalizer

    found = {match.encoding: None for match in charset_normalizer.from_bytes(sample)}
    proposed = [name for name in found if name not in USUAL and not name.startswith("utf")]
    return [*USUAL, *proposed]


def _prior(name: str) -> float:
    return USUAL.get(name, -8.0)


def _sample(data: bytes) -> bytes:
    """Return lines that hold bytes above 127, from all over the text, with those around them."""
    lines = data.splitlines(keepends=True)
    high = [at for at, line in enumerate(lines) if _HIGH.search(line)]
    step = max(1, sum(len(lines[at]) for at in high) // SAMPLE)
    chosen = {near for at in high[::step] for near in range(at - _AROUND, at + _AROUND + 1)}
    pieces = []
    size = 0
    for at in sorted(chosen & set(range(len(lines)))):
        line = lines[at]
        piece = line if len(line) <= SAMPLE // 4 else _around(line)
        pieces.append(piece)
        size += len(piece)
        if size > 2 * SAMPLE:
            break
    return b"".join(pieces)


def _around(line: bytes) -> bytes:
    """Return a part of a long line, cut at spaces, where no character of several bytes is split."""
    high = _HIGH.search(line)
    first = high.start() if high else 0
    start = line.rfind(b" ", 0, max(1, first - SAMPLE // 8)) + 1
    end = line.rfind(b" ", start, start + SAMPLE // 4)
    return line[start : end if end > first else start + SAMPLE // 4]


def _decoded(data: bytes, shown: str, encoding: str) -> Decoded:
    """Return the text in an encoding, each byte that does not fit as U+FFFD, and count these."""
    try:
        return Decoded(data.decode(encoding), encoding)
    except UnicodeDecodeError as error:
        first = error.start
    text = data.decode(encoding, "replace")
    bad = max(1, text.count("\ufffd") - data.count("\ufffd".encode()))
    name = "UTF-8" if encoding.startswith("utf-8") else encoding
    if bad > len(text) // 4:
        raise _undecodable(shown, f"it is not {name}")
    where = f"byte {first:,} ({data[first]:#04x})"
    damage = f"{where} is not {name}; it was read as \ufffd"
    if bad > 1:
        damage = f"{bad:,} places are not {name}, the first {where}; each was read as \ufffd"
    return Decoded(text, encoding, [f"{shown}: {damage}"])


def _taken(shown: str, encoding: str, others: list[str] | None = None) -> str:
    """Return the line that says which encoding was taken."""
    perhaps = f", though it may be {_named(others[0])}" if others else ""
    return (
        f"{shown} is not UTF-8: it was read as {_named(encoding)}{perhaps}. "
        f"If letters are wrong, name its encoding: {Setting('encoding')}"
    )


def _named(encoding: str) -> str:
    return f"{encoding} ({NAMES[encoding]})" if encoding in NAMES else encoding


def _undecodable(shown: str, why: str) -> UndecodableText:
    return UndecodableText(
        f"{shown} cannot be decoded: {why}",
        hint=f"name its encoding, such as {Setting('encoding', 'cp1252')}, or convert it: "
        "iconv -f ITS-ENCODING -t UTF-8 in.txt > out.txt",
    )
