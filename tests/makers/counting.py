"""Sends that were ordered at some time past, and what they came to as anybody would count it: row by row."""

import random
from collections import Counter
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

import sqlalchemy as sa

from bursar.core.work import Office, Work
from bursar.outbox.rollups import catch_up
from bursar.outbox.tables import sends, template_versions
from tests.makers.outbox import a_run, a_send, a_version, an_account

LONG_AGO = datetime(2024, 3, 5, 8, 0, tzinfo=UTC)
"""Ids come from the database's clock, which stands at no time of ours: this is before it."""
ACTS = (
    *("order", "order", "send", "send", "open", "machine", "click", "reply", "bounce", "fail", "retry"),
    *("suppress", "cancel", "reroute", "uncertain", "deliver", "many", "count", "count_some"),
)


def an_id(at: datetime, chance: random.Random | None = None) -> UUID:
    """A uuidv7 that was drawn at that moment."""
    bits = (chance or random).getrandbits(74)
    return UUID(
        int=int(at.timestamp() * 1000) << 80 | 7 << 76 | (bits >> 62) << 64 | 2 << 62 | bits & (1 << 62) - 1
    )


async def change(work: Work, send_id: UUID, **values: Any) -> None:
    """A send's row, written by whoever."""
    mine = sa.and_(sends.c.tenant_id == work.tenant_id, sends.c.id == send_id)
    await work.db.execute(sa.update(sends).where(mine).values(**values))


async def counted_by_hand(work: Work) -> Counter[tuple[Any, ...]]:
    """(day, purpose, run, template, account, outcome, reason, figure) of every send, read one by one."""
    versions = sa.select(template_versions.c.id, template_versions.c.template_id).where(
        template_versions.c.tenant_id == work.tenant_id
    )
    templates = {row.id: row.template_id for row in await work.db.execute(versions)}
    zone = ZoneInfo(str(work.zone))
    found: Counter[tuple[Any, ...]] = Counter()
    for row in await work.db.execute(sa.select(sends).where(sends.c.tenant_id == work.tenant_id)):
        ordered = datetime.fromtimestamp((row.id.int >> 80) / 1000, ZoneInfo("UTC"))
        state = "waiting" if row.state in ("queued", "sending") else row.state
        keys = (
            (row.sent_at or ordered).astimezone(zone).date(),
            row.purpose,
            row.run_id,
            templates.get(row.template_version_id),
            row.sending_account_id,
            state,
            row.reason if state in ("suppressed", "cancelled", "failed", "bounced") else None,
        )
        for figure, holds in {
            "sends": True,
            "accepted": row.sent_at,
            "replied": row.replied_at,
            "opened": row.opened_at,
            "machine_opened": row.open_count and not row.opened_at,
            "clicked": row.clicked_at,
            "machine_clicked": row.click_count and not row.clicked_at,
        }.items():
            if holds:
                found[*keys, figure] += 1
    return found


class Firm:
    """A tenant's sends, and things that happen to them by chance."""

    def __init__(self, office: Office, tenant_id: UUID, chance: random.Random) -> None:
        self.office, self.tenant_id, self.chance = office, tenant_id, chance
        self.sends: list[UUID] = []
        self.ordered_last = LONG_AGO

    async def settle_in(self) -> "Firm":
        async with self.office.work(self.tenant_id) as work:
            self.accounts = [await an_account(work) for _ in range(2)]
            self.versions = [await a_version(work) for _ in range(2)]
            self.runs = [await a_run(work), None]
        return self

    async def act(self) -> None:
        name = self.chance.choice(ACTS)
        if name.startswith("count"):
            await self.count(margin=timedelta(0) if name == "count" else timedelta(hours=20))
            return
        async with self.office.work(self.tenant_id) as work:
            if name == "order" or not self.sends:
                await self._order(work)
            else:
                for send in self.chance.sample(self.sends, min(len(self.sends), 7 if name == "many" else 1)):
                    await self._happen(work, name, send)

    async def count(self, margin: timedelta = timedelta(0)) -> None:
        """What was ordered up to `margin` before the last order: no order comes with an older id than a count."""
        settled = datetime.now(UTC) - self.ordered_last + margin
        await catch_up(self.office, self.tenant_id, settled=settled)

    async def _order(self, work: Work) -> None:
        self.ordered_last += timedelta(minutes=self.chance.choice([1, 7, 50, 200, 1500]))
        at = self.ordered_last
        self.sends.append(
            await a_send(
                work,
                id=an_id(at, self.chance),
                run_id=self.chance.choice(self.runs),
                purpose=self.chance.choice(["campaign", "notice"]),
                template_version_id=self.chance.choice([*self.versions, None]),
                sending_account_id=self.chance.choice([*self.accounts, None]),
            )
        )

    async def _happen(self, work: Work, name: str, send: UUID) -> None:
        at = LONG_AGO + timedelta(hours=self.chance.randrange(-30, 30))
        await change(
            work,
            send,
            **{
                "send": {"state": "sent", "sent_at": at, "queue_at": None, "reason": None},
                "many": {"state": "sent", "sent_at": at, "queue_at": None, "reason": None},
                "deliver": {"state": "delivered", "delivered_at": at, "queue_at": None},
                "open": {"opened_at": at, "open_count": 1},
                "machine": {"open_count": 2, "click_count": 1},
                "click": {"clicked_at": at, "click_count": 1},
                "reply": {"replied_at": at},
                "bounce": {
                    "state": "bounced",
                    "reason": "no_such_mailbox",
                    "queue_at": None,
                    "bounced_at": at,
                },
                "fail": {"state": "failed", "reason": "unreachable", "queue_at": None, "failed_at": at},
                "retry": {"state": "queued", "reason": None, "queue_at": at},
                "suppress": {
                    "state": "suppressed",
                    "reason": self.chance.choice(["paid", "promise"]),
                    "queue_at": None,
                },
                "cancel": {"state": "cancelled", "reason": "agent", "queue_at": None},
                "reroute": {
                    "sending_account_id": self.chance.choice(self.accounts),
                    "template_version_id": self.chance.choice(self.versions),
                },
                "uncertain": {"state": "uncertain", "reason": "lease_expired", "queue_at": None},
            }[name],
        )
