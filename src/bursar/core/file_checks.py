"""Whether the bytes of an upload are what their name says, and nothing that acts when somebody opens it (R141).

Pure judgement over bytes in memory; it takes time, so callers run it in a thread.
"""

import re
import warnings
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from io import BytesIO
from typing import TYPE_CHECKING

from bursar.core.errors import N_, Invalid

if TYPE_CHECKING:
    from pypdf import PdfReader
    from pypdf.generic import DictionaryObject

MOST_PIXELS = 50_000_000
"""A picture of more is a way to fill the memory: phones make 12 to 50 million."""

_EXTENSION = re.compile(r"\.([A-Za-z0-9]{1,8})\s*$")


class NotTaken(Invalid):
    """An upload that is refused; `code` says why: file_type, file_is_something_else, file_broken, file_acts."""


@dataclass(frozen=True, slots=True)
class Kind:
    """A type of file that may be uploaded: how it begins, and how to see that it is whole and harmless."""

    extension: str
    media_type: str
    begins: re.Pattern[bytes]
    read: Callable[[bytes], None]


def judge(name: str, data: bytes, allowed: Mapping[str, Kind]) -> Kind:
    """The kind of an upload. Raises `NotTaken`; `allowed` is by extension as people write it."""
    found = _EXTENSION.search(name.split("\0", 1)[0])
    kind = allowed.get(found[1].lower()) if found else None
    if kind is None:
        raise NotTaken(
            N_("A file of this type is not taken. Send one of these: %(types)s."),
            code="file_type",
            field="file",
            types=", ".join(sorted({one.extension.upper() for one in allowed.values()})),
        )
    if not kind.begins.match(data):
        raise NotTaken(
            N_("This file is not a %(type)s, whatever its name says. Save it as one and send it again."),
            code="file_is_something_else",
            field="file",
            type=kind.extension.upper(),
        )
    kind.read(data)
    return kind


def _read_picture(data: bytes) -> None:
    from PIL import Image, UnidentifiedImageError

    try:
        with warnings.catch_warnings():
            warnings.simplefilter("error", Image.DecompressionBombWarning)
            with Image.open(BytesIO(data), formats=("PNG", "JPEG", "WEBP")) as picture:
                if picture.width * picture.height > MOST_PIXELS:
                    raise _broken()
                picture.load()
    except (
        UnidentifiedImageError,
        OSError,
        ValueError,
        SyntaxError,
        Image.DecompressionBombError,
        Warning,
    ) as why:
        raise _broken() from why
    if _hides_something(data):
        raise _acts()


def _read_pdf(data: bytes) -> None:
    from pypdf import PdfReader
    from pypdf.errors import PyPdfError

    try:
        reader = PdfReader(BytesIO(data), strict=False)
        if reader.is_encrypted:
            raise NotTaken(
                N_("This PDF is locked with a password. Send one without."), code="file_locked", field="file"
            )
        if len(reader.pages) == 0:
            raise _broken()
        acts = any(_acts_of_itself(part) for part in _dictionaries(reader))
    except NotTaken:
        raise
    except (
        PyPdfError,
        ValueError,
        KeyError,
        TypeError,
        AttributeError,
        IndexError,
        RecursionError,
        OSError,
    ) as why:
        raise _broken() from why
    if acts:
        raise _acts()


_ACTING = {"/JS", "/JavaScript", "/EmbeddedFile", "/EmbeddedFiles", "/EF", "/RichMedia", "/XFA"}
_ACTIONS = {
    "/JavaScript",
    "/Launch",
    "/SubmitForm",
    "/ImportData",
    "/GoToR",
    "/GoToE",
    "/Rendition",
    "/Movie",
}


def _acts_of_itself(part: "DictionaryObject") -> bool:
    """Scripts, programs, files inside, forms that send themselves. A link or the page to open at is harmless."""
    return (
        not _ACTING.isdisjoint(part) or str(part.get("/S")) in _ACTIONS or str(part.get("/Type")) in _ACTING
    )


def _dictionaries(reader: "PdfReader") -> "Iterator[DictionaryObject]":
    """Every dictionary of the file, whether or not a page leads to it."""
    from pypdf.generic import ArrayObject, DictionaryObject

    numbers = {number for known in reader.xref.values() for number in known} | set(reader.xref_objStm)
    for number in sorted(numbers):
        inside = [reader.get_object(number)]
        while inside:
            part = inside.pop()
            if isinstance(part, DictionaryObject):
                yield part
                inside.extend(part.values())
            elif isinstance(part, ArrayObject):
                inside.extend(part)


def _hides_something(data: bytes) -> bool:
    """A picture that is an archive or a page as well: what reads it from its end, or guesses, would run it."""
    return b"PK\x05\x06" in data[-70_000:] or bool(
        re.search(rb"<(?:script|html|svg|\?php)", data, re.IGNORECASE)
    )


def _broken() -> NotTaken:
    return NotTaken(
        N_("This file cannot be opened: it is damaged or too large. Save it anew and send it again."),
        code="file_broken",
        field="file",
    )


def _acts() -> NotTaken:
    return NotTaken(
        N_(
            "This file contains something that acts when it is opened. Print it to a new PDF or take a picture of it."
        ),
        code="file_acts",
        field="file",
    )


PDF = Kind("pdf", "application/pdf", re.compile(rb"%PDF-[12]\.\d"), _read_pdf)
PNG = Kind("png", "image/png", re.compile(rb"\x89PNG\r\n\x1a\n"), _read_picture)
JPEG = Kind("jpg", "image/jpeg", re.compile(rb"\xff\xd8\xff"), _read_picture)
WEBP = Kind("webp", "image/webp", re.compile(rb"RIFF....WEBP", re.DOTALL), _read_picture)

PAPERS: Mapping[str, Kind] = {"pdf": PDF, "png": PNG, "jpg": JPEG, "jpeg": JPEG, "webp": WEBP}
"""What a person proves something with: a document, a picture of one."""
