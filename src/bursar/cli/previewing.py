"""Messages as they would go, in a terminal."""

from collections.abc import Awaitable, Callable, Sequence
from typing import Any
from uuid import UUID

from rich.console import RenderableType
from rich.markup import escape
from rich.panel import Panel
from rich.text import Text

from bursar.chasing.previews import Preview
from bursar.chasing.results import CampaignShown
from bursar.cli.output import Answer, table

AT_ONCE = 50
FIRST_LINES = 12

Page = Callable[[UUID | None, int], Awaitable[Sequence[Preview]]]


async def answer(campaign: CampaignShown, page: Page, *, limit: int | None, full: bool) -> Answer:
    """All messages, or the first `limit`."""
    found = await _all(page, limit)
    data = {
        "id": campaign.id,
        "state": campaign.state,
        "total": campaign.total,
        "excluded": dict(campaign.excluded),
        "messages": [_told(one) for one in found],
    }
    parts: list[RenderableType] = [_panel(one, full=full) for one in found]
    if campaign.excluded:
        parts.append(table("left out because", "", rows=sorted(campaign.excluded.items())))
    parts.append(f"{len(found)} of {campaign.total} messages shown.")
    return Answer(data, parts)


async def _all(page: Page, limit: int | None) -> list[Preview]:
    found: list[Preview] = []
    while limit is None or len(found) < limit:
        size = AT_ONCE if limit is None else min(AT_ONCE, limit - len(found))
        more = await page(found[-1].send_id if found else None, size)
        found += more
        if len(more) < size:
            break
    return found


def _told(one: Preview) -> dict[str, Any]:
    return {
        "id": one.send_id,
        "state": one.state,
        "customer_id": one.customer_id,
        "to": one.to_address,
        "to_name": one.to_name,
        "locale": one.locale,
        "subject": one.subject,
        "text": one.text,
        "html": one.html,
        "problem": one.problem,
        "invoices": [
            {
                "id": line.id,
                "number": line.number,
                "balance": line.balance,
                "currency": line.balance.currency,
                "dropped": line.dropped,
            }
            for line in one.invoices
        ],
    }


def _panel(one: Preview, *, full: bool) -> Panel:
    whom = f"{one.to_name} <{one.to_address}>" if one.to_name else str(one.to_address)
    title = escape(f"{whom} · {one.subject or one.problem or ''}")
    lines = (one.text or f"Would not go: {one.problem}").strip().splitlines()
    if not full and len(lines) > FIRST_LINES:
        lines = [*lines[:FIRST_LINES], "…"]
    return Panel(
        Text("\n".join(lines)), title=title, title_align="left", border_style="red" if one.problem else "dim"
    )
