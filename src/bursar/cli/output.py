"""What a command prints: an object for programs, or tables and sentences for people; refusals for both."""

import json
import os
import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import date, datetime, timedelta
from typing import Any

from rich.console import Console, RenderableType
from rich.markup import escape
from rich.table import Table

from bursar.core.errors import Refusal
from bursar.core.money import Money
from bursar.core.translations import places_of, preferred, say


@dataclass(frozen=True, slots=True)
class Answer:
    """`data` is the object of `--json`, `shown` what people see. A `failed` answer is exit status 1."""

    data: Mapping[str, Any]
    shown: Sequence[RenderableType] = field(default=())
    failed: bool = False


def show(answer: Answer, *, as_json: bool) -> None:
    """The object stands alone on the last line of stdout."""
    if as_json:
        put(as_line(answer.data))
        return
    console = Console()
    for part in answer.shown:
        console.print(part)


def put(line: str) -> None:
    """All of a line, whatever its length. Python writes an unbuffered stdout once and forgets what a full pipe
    did not take.
    """
    sys.stdout.flush()
    out = sys.stdout.buffer
    rest = memoryview(f"{line}\n".encode())
    while rest:
        rest = rest[out.write(rest) or 0 :]
    out.flush()


def show_refusal(refusal: Refusal, *, as_json: bool) -> None:
    """`error` is the stable code, `detail` the sentence in the language of the terminal."""
    detail = in_words(refusal)
    if as_json:
        put(as_line({"error": refusal.code, "field": refusal.field, "detail": detail}))
        return
    field_name = f"[bold]{escape(refusal.field)}[/bold]: " if refusal.field else ""
    Console(file=sys.stderr).print(f"[red]{field_name}{escape(detail)}[/red]", soft_wrap=True)


def in_words(refusal: Refusal) -> str:
    return say(language(), refusal.message, places_of(refusal))


def translate(message: str) -> str:
    """A message of the catalogue without places."""
    return say(language(), message)


def language() -> str:
    """What the terminal is set to, as gettext reads it: LANGUAGE, LC_ALL, LC_MESSAGES, LANG."""
    told = (os.environ.get(name) for name in ("LANGUAGE", "LC_ALL", "LC_MESSAGES", "LANG"))
    first = next((value for value in told if value), "")
    return preferred(",".join(tag.partition(".")[0] for tag in first.split(":")))


def as_line(data: Mapping[str, Any]) -> str:
    return json.dumps(data, ensure_ascii=False, default=plain)


def plain(value: Any) -> Any:
    """What JSON lacks: instants in ISO form, amounts as a decimal in a string, durations in seconds."""
    match value:
        case datetime() | date():
            return value.isoformat()
        case Money():
            return value.plain()
        case timedelta():
            return value.total_seconds()
        case set() | frozenset():
            return sorted(value)
        case _:
            return str(value)


def facts(**values: Any) -> Table:
    """Name and value, a row each; what is None or empty is left out."""
    table = Table(show_header=False, box=None, pad_edge=False, padding=(0, 3, 0, 0))
    table.add_column(style="dim")
    table.add_column(overflow="fold")
    for name, value in values.items():
        if value is not None and value != "":
            table.add_row(name.replace("_", " "), escape(moment(value)))
    return table


def table(*headers: str, rows: Sequence[Sequence[Any]], title: str | None = None) -> Table:
    made = Table(title=title, title_justify="left", title_style="bold")
    for header in headers:
        made.add_column(header, overflow="fold")
    for row in rows:
        made.add_row(*(escape("" if cell is None else moment(cell)) for cell in row))
    return made


def moment(value: Any) -> str:
    """Instants to the minute; a person reads their own clock, so the offset stands with them."""
    return value.astimezone().strftime("%Y-%m-%d %H:%M %z") if isinstance(value, datetime) else str(value)
