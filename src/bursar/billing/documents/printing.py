"""From a document to the bytes of its PDF. Needs no database, and none may wait for it: it takes milliseconds."""

import asyncio
import json
import threading
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, time
from functools import cache
from io import BytesIO
from pathlib import Path
from typing import TYPE_CHECKING

from bursar.billing.documents.model import Document
from bursar.billing.documents.page import Dressing, page_of

if TYPE_CHECKING:
    import typst

_HERE = Path(__file__).parent
FONTS = _HERE / "fonts"
_AT_ONCE = 2
_PATTERN = 4
_mine = threading.local()


class Unprintable(Exception):
    """The typesetter warned or failed: a document that is not exactly right is not kept."""


async def print_document(document: Document, dressing: Dressing) -> bytes:
    """The same document and dressing give the same bytes, on any day and any machine. Raises `Unprintable`."""
    return await asyncio.get_running_loop().run_in_executor(threads(), printed, document, dressing)


def printed(document: Document, dressing: Dressing) -> bytes:
    """`print_document` for whoever may wait."""
    return typeset(json.dumps(page_of(document, dressing), ensure_ascii=False), made_at(document))


def made_at(document: Document) -> datetime:
    """The time a PDF says it was made: its date of issue, since the clock's would make two of one."""
    return datetime.combine(document.issue_date, time(), tzinfo=UTC)


def typeset(page: str, at: datetime) -> bytes:
    """One page description through the typesetter. Raises `Unprintable` on any warning, a missing font too."""
    import typst

    try:
        pdf, warnings = _compiler().compile_with_warnings(
            sys_inputs={"page": page}, format="pdf", timestamp=at
        )
    except typst.TypstError as error:
        raise Unprintable(str(error)) from error
    if warnings or not isinstance(pdf, bytes):
        raise Unprintable("; ".join(warning.message for warning in warnings))
    return pdf


def code_of(address: str) -> str:
    """An address as a QR picture (SVG), readable with a seventh of it gone.

    The pattern laid over the code is fixed: trying all eight for the evenest took longer than the page, and
    a signed token is as even as any of them could make it.
    """
    import segno

    picture = BytesIO()
    code = segno.make_qr(address, error="m", mask=_PATTERN)
    code.save(picture, kind="svg", border=0, xmldecl=False, omitsize=True)
    return picture.getvalue().decode()


@cache
def threads() -> ThreadPoolExecutor:
    """The typesetter lets go of Python's lock: two threads print at once, and more would only wait."""
    return ThreadPoolExecutor(_AT_ONCE, thread_name_prefix="typesetter")


def _compiler() -> "typst.Compiler":
    """One for the life of a thread: it keeps the fonts and the layout. Imported at the first document."""
    import typst

    if not hasattr(_mine, "compiler"):
        _mine.compiler = typst.Compiler(
            _HERE / "layout.typ", root=_HERE, font_paths=[FONTS], ignore_system_fonts=True
        )
    return _mine.compiler
