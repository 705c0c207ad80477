"""Bytes of a text file to its text. Nobody writes down the encoding of a CSV file, so it is found out.

The order goes from proof to likelihood: a byte order mark, strict UTF-8, the zero bytes of UTF-16, and
last the two single-byte pages of Windows that offices in Dubai and Paris save in. Those two agree on
French small letters; where they differ, cp1256 read as cp1252 gives accents in rows, and cp1252 read
as cp1256 puts Arabic letters inside Latin words. Counting both settles it, always the same way.
"""

import codecs
import re

from bursar.core.errors import N_, Invalid

_MARKS = (
    (codecs.BOM_UTF8, "utf-8"),
    (codecs.BOM_UTF16_LE, "utf-16-le"),
    (codecs.BOM_UTF16_BE, "utf-16-be"),
)
_ARABIC = "\u0600-\u06ff"
_WORD_WITH_ARABIC = re.compile(rf"[A-Za-z\u00c0-\u024f{_ARABIC}]*[{_ARABIC}][A-Za-z\u00c0-\u024f{_ARABIC}]*")
_ARABIC_WORD = re.compile(rf"[{_ARABIC}]{{2,}}")
_UTF16_SAMPLE = 8192
_PRINTABLE = range(0x20, 0x7F)


def decode(data: bytes) -> tuple[str, str]:
    """The text without its byte order mark, and the encoding's name.

    Raises `Invalid` (sheet_not_text) for bytes that are no text in any encoding we read.
    """
    for mark, encoding in _MARKS:
        if data.startswith(mark):
            return _whole(data[len(mark) :], encoding), encoding
    if b"\0" in data:
        encoding = _utf16_order(data)
        return _whole(data, encoding), encoding
    try:
        return data.decode("utf-8"), "utf-8"
    except UnicodeDecodeError:
        return _single_byte(data)


def _whole(data: bytes, encoding: str) -> str:
    try:
        text = data.decode(encoding)
    except UnicodeDecodeError:
        raise _not_text() from None
    if "\0" in text:
        raise _not_text()
    return text


def _utf16_order(data: bytes) -> str:
    """Digits, delimiters and line ends have a zero byte in UTF-16: behind them, or before them.

    A stray zero in ordinary text is no such pattern: there most pairs of bytes are two ASCII letters.
    """
    sample = data[:_UTF16_SAMPLE]
    pairs = list(zip(sample[0::2], sample[1::2], strict=False))
    little = sum(1 for low, high in pairs if high == 0 and low)
    big = sum(1 for high, low in pairs if high == 0 and low)
    crowded = sum(1 for one, other in pairs if one in _PRINTABLE and other in _PRINTABLE)
    if crowded >= max(little, big) or min(little, big) * 4 >= max(little, big):
        raise _not_text()
    return "utf-16-le" if little > big else "utf-16-be"


def _single_byte(data: bytes) -> tuple[str, str]:
    arabic = data.decode("cp1256")  # gives every byte a meaning
    pure = mixed = 0
    for word in _WORD_WITH_ARABIC.findall(arabic):
        if _ARABIC_WORD.fullmatch(word):
            pure += len(word)
        elif len(word) > 1:
            mixed += len(word)
    if pure > mixed:
        return arabic, "cp1256"
    try:
        return data.decode("cp1252"), "cp1252"
    except UnicodeDecodeError:
        return arabic, "cp1256"


def _not_text() -> Invalid:
    return Invalid(
        N_("This file is not readable as text. Save it again as XLSX, or as CSV in UTF-8."),
        code="sheet_not_text",
        field="file",
    )
