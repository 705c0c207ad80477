"""CSV that people open in a spreadsheet: nothing in it is ever calculated, whoever typed it (R140).

RFC 4180 with a UTF-8 byte order mark, without which Excel shows Arabic as noise.
"""

import codecs
import csv
import io
import re
from collections.abc import Iterable, Sequence
from datetime import date
from decimal import Decimal

ReportValue = str | int | Decimal | date | bool | None

# A start of a formula at the start of a text, however many spaces before it, or behind what another
# country's Excel takes for the next cell: it splits at semicolons or tabs and knows no quotes of ours.
_FORMULA = re.compile(r"((?:^|[;\t\r\n])[\s\"\ufeff\u200b-\u200f]*)(?=[=+\-@＝＋－＠])")
_LEADING_CONTROL = re.compile(r"^(?=[\t\r\n])")


def csv_report(header: Sequence[str], rows: Iterable[Sequence[ReportValue]]) -> bytes:
    """Texts that a spreadsheet would calculate get an apostrophe; numbers stay, also negative ones."""
    return codecs.BOM_UTF8 + csv_lines([header, *rows])


def csv_lines(rows: Iterable[Sequence[ReportValue]]) -> bytes:
    """More of a report that has begun."""
    written = io.StringIO(newline="")
    writer = csv.writer(written, lineterminator="\r\n")
    writer.writerows([_cell(value) for value in row] for row in rows)
    return written.getvalue().encode()


def harmless(text: str) -> str:
    """`text` as a spreadsheet shows it and does not calculate it."""
    return _LEADING_CONTROL.sub("'", _FORMULA.sub(r"\1'", text)).replace("\0", "")


def _cell(value: ReportValue) -> str:
    if isinstance(value, str):
        return harmless(value)
    if value is None:
        return ""
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, Decimal):
        return format(value, "f")
    return value.isoformat() if isinstance(value, date) else str(value)
