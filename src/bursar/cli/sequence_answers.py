"""What the commands about sequences and their lists print."""

from datetime import time
from typing import Any

from bursar.chasing.sequences.lists import DayList
from bursar.chasing.sequences.sequences import Sequence
from bursar.cli.output import Answer, table
from bursar.core.errors import N_, Invalid


def told(one: Sequence) -> dict[str, Any]:
    touches = [
        {"offset_days": touch.offset_days, "template": touch.template_code, "severity": touch.severity}
        for touch in one.touches
    ]
    return {
        "id": one.id,
        "name": one.name,
        "active": one.active,
        "applies_to": dict(one.applies_to),
        "group_by": one.group_by,
        "auto_release": one.auto_release,
        "release_time": one.release_time.strftime("%H:%M"),
        "gap_days": one.gap_days,
        "touches": touches,
    }


def lists_answer(found: list[DayList]) -> Answer:
    rows = [
        (
            one.run_id,
            one.sequence_name,
            one.on_date,
            one.state,
            one.messages,
            counts(one.left_out),
            one.release_at,
        )
        for one in found
    ]
    shown = table("run", "sequence", "day", "state", "messages", "left out", "goes by itself", rows=rows)
    return Answer({"lists": [day_told(one) for one in found]}, (shown,))


def day_told(one: DayList) -> dict[str, Any]:
    return {
        "run_id": one.run_id,
        "sequence_id": one.sequence_id,
        "on_date": one.on_date,
        "state": one.state,
        "release_at": one.release_at,
        "counts": dict(one.counts),
        "left_out": dict(one.left_out),
    }


def counts(told: Any) -> str | None:
    return ", ".join(f"{reason} {many}" for reason, many in told.items()) or None


def clock_time(text: str) -> time:
    """Raises `Invalid`."""
    try:
        return time.fromisoformat(text)
    except ValueError:
        raise Invalid(N_("Choose a time, like 09:00."), code="time_unreadable", field="at") from None
