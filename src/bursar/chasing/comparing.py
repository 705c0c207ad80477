"""What came of a campaign's groups: those who got one text, those who got the other, those who got nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from uuid import UUID

from bursar.chasing.campaigns import campaign_row
from bursar.chasing.queries import comparing as queries
from bursar.chasing.verdicts import Compared, compare
from bursar.core.money import Money
from bursar.core.work import Work

HOLDOUT = "holdout"
WRITTEN_TO = "written_to"
WITHIN = timedelta(days=14)
MOST_DAYS = 90


@dataclass(frozen=True, slots=True)
class Group:
    """Customers who were drawn into it, whether their message left or a payment was quicker; all are counted.

    `paid` of them paid anything on the invoices of the campaign within its days; `collected` is that money.
    """

    label: str
    template: str | None
    customers: int
    paid: int
    collected: tuple[Money, ...]


@dataclass(frozen=True, slots=True)
class Pair:
    """Two groups side by side, and what may be said of them."""

    first: Group
    second: Group
    compared: Compared


@dataclass(frozen=True, slots=True)
class Comparison:
    """Counted over the days from `since` to `until`; while `running`, more may come."""

    since: datetime
    until: datetime
    running: bool
    groups: tuple[Group, ...]
    pairs: tuple[Pair, ...]


async def comparison_of(work: Work, campaign_id: UUID, *, within: timedelta = WITHIN) -> Comparison | None:
    """None for a campaign that was not let go, or has nothing to compare. Raises `NotFound`."""
    campaign = await campaign_row(work, campaign_id)
    if campaign.started_at is None or campaign.run_id is None:
        return None
    since, until = campaign.started_at, campaign.started_at + within
    people = (await work.db.execute(queries.people(work, campaign_id, campaign.run_id, since, until))).all()
    if len(people) < 2:
        return None
    money: dict[str, list[Money]] = {}
    for row in await work.db.execute(queries.money(work, campaign_id, campaign.run_id, since, until)):
        money.setdefault(row.label, []).append(Money(row.minor, row.currency))
    groups = {
        row.label: Group(row.label, row.template, row.customers, row.paid, tuple(money.get(row.label, ())))
        for row in people
    }
    return Comparison(since, until, work.now < until, tuple(groups.values()), tuple(_pairs(groups)))


def _pairs(groups: Mapping[str, Group]) -> Sequence[Pair]:
    """The texts against each other, and all who were written to against those who were not."""
    texts = [group for label, group in groups.items() if label != HOLDOUT]
    pairs = [_pair(*texts)] if len(texts) == 2 else []
    if HOLDOUT in groups and texts:
        written = texts[0] if len(texts) == 1 else _together(texts)
        pairs.append(_pair(written, groups[HOLDOUT]))
    return pairs


def _pair(first: Group, second: Group) -> Pair:
    return Pair(first, second, compare((first.customers, first.paid), (second.customers, second.paid)))


def _together(groups: Sequence[Group]) -> Group:
    sums: dict[str, Money] = {}
    for money in (one for group in groups for one in group.collected):
        sums[money.currency] = sums[money.currency] + money if money.currency in sums else money
    customers, paid = sum(one.customers for one in groups), sum(one.paid for one in groups)
    return Group(WRITTEN_TO, None, customers, paid, tuple(sums.values()))
