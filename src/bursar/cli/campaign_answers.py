"""What the commands about campaigns read and answer."""

import re
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from bursar.chasing.comparing import Comparison, Group
from bursar.chasing.results import CampaignShown
from bursar.cli.imports import read_bytes
from bursar.cli.output import Answer, facts, table
from bursar.core.errors import N_, Invalid

_SEPARATORS = re.compile(r"[\n\r,;\t]+")


def told(shown: CampaignShown) -> dict[str, Any]:
    """The object of every command that ends with a campaign."""
    return {
        "id": shown.id,
        "state": shown.state,
        "name": shown.name,
        "kind": shown.kind,
        "total": shown.total,
        "counts": dict(shown.counts),
        "excluded": dict(shown.excluded),
        "scheduled_for": shown.scheduled_for,
        "started_at": shown.started_at,
        "completed_at": shown.completed_at,
        "any_hour": shown.any_hour,
        "open": [{"amount": one, "currency": one.currency} for one in shown.open_amounts],
    }


def numbers_of(file: Path) -> list[str]:
    """Invoice numbers, whatever stands between them. Raises `Invalid` for what is no text."""
    data = sys.stdin.buffer.read() if str(file) == "-" else read_bytes(file)
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError:
        raise Invalid(
            N_("This is not a plain text file in UTF-8. Save the numbers as text, a line each."),
            code="file_not_text",
            field="invoices",
        ) from None
    return [number.strip().strip('"') for number in _SEPARATORS.split(text) if number.strip()]


def local_time(text: str) -> datetime:
    """Naive: the firm's clock gives it its zone. Raises `Invalid`."""
    try:
        return datetime.strptime(text.strip().replace("T", " "), "%Y-%m-%d %H:%M")  # noqa: DTZ007  as said above
    except ValueError:
        raise Invalid(
            N_("Write the time like 2026-11-20 09:30."), code="time_unreadable", field="at"
        ) from None


def answer_of(shown: CampaignShown) -> Answer:
    parts = [
        facts(
            campaign=shown.id,
            name=shown.name,
            state=f"{shown.state} ({shown.pause_reason})" if shown.pause_reason else shown.state,
            scheduled_for=shown.scheduled_for,
            messages=shown.total,
            open=", ".join(map(str, shown.open_amounts)) or None,
        )
    ]
    if shown.counts:
        parts.append(table("messages", "", rows=sorted(shown.counts.items())))
    if shown.excluded:
        parts.append(table("left out because", "", rows=sorted(shown.excluded.items())))
    return Answer(told(shown), parts)


def compared(found: Comparison | None) -> Answer:
    """The groups side by side; nothing for a campaign that was not let go or has one group."""
    if found is None:
        return Answer({"comparison": None}, ("There is nothing to compare.",))
    groups = [_group(one) for one in found.groups]
    pairs = [
        {
            "first": one.first.label,
            "second": one.second.label,
            "verdict": one.compared.verdict,
            "chance": round(one.compared.chance, 4),
        }
        for one in found.pairs
    ]
    rows = [
        (one.label, one.template, one.customers, one.paid, ", ".join(map(str, one.collected)))
        for one in found.groups
    ]
    shown = [table("group", "template", "customers", "paid", "came in", rows=rows)]
    told = [(one["first"], one["second"], one["verdict"], one["chance"]) for one in pairs]
    shown.append(table("first", "second", "verdict", "chance", rows=told))
    span = {"since": found.since, "until": found.until, "running": found.running}
    return Answer({"comparison": {**span, "groups": groups, "pairs": pairs}}, shown)


def _group(one: Group) -> dict[str, Any]:
    return {
        "label": one.label,
        "template": one.template,
        "customers": one.customers,
        "paid": one.paid,
        "collected": [{"amount": money, "currency": money.currency} for money in one.collected],
    }
