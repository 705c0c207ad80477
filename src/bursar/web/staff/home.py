"""The first page: what needs somebody today, what is owed, what leaves next."""

from collections.abc import Mapping
from dataclasses import dataclass

from fastapi import Request
from starlette.responses import Response

from bursar.billing.aged import Aged, aged_report
from bursar.billing.ageing import Overdue, overdue_totals
from bursar.billing.showing import PaymentLine, has_invoices, payment_lines
from bursar.chasing.results import CampaignShown, list_campaigns
from bursar.chasing.sequences.lists import DayList, held_lists
from bursar.core.inbounds import count_stuck
from bursar.core.work import Work
from bursar.notifications.tasks import Task, count_tasks, list_tasks
from bursar.onboarding.order_list import Order, stuck_orders
from bursar.outbox.accounts import Account, list_accounts
from bursar.outbox.incoming.inbox import Waiting, count_waiting
from bursar.outbox.troubles import Trouble, troubles
from bursar.tenancy.customers import CustomerFilter, count_customers
from bursar.web import pages
from bursar.web.sessions import staff_router, viewer_work

router = staff_router()
SHOWN = 5


@dataclass(frozen=True, slots=True)
class SetUp:
    """How far a new firm has come; the guide stands on the page until a campaign was made."""

    mailbox: bool
    customers: bool
    invoices: bool
    campaign: bool

    @property
    def done(self) -> int:
        return sum((self.mailbox, self.customers, self.invoices, self.campaign))


@dataclass(frozen=True, slots=True)
class Today:
    """All that the page shows."""

    set_up: SetUp
    troubles: list[Trouble]
    accounts: list[Account]
    campaigns: list[CampaignShown]
    held: list[DayList]
    overdue: list[Overdue]
    ageing: Mapping[str, Aged]
    payments: list[PaymentLine]
    tasks: list[Task]
    task_count: int
    replies: Waiting
    stuck: list[Order]
    stuck_inbounds: int

    @property
    def stopped(self) -> list[Account]:
        return [account for account in self.accounts if account.state == "needs_reauth"]

    @property
    def slowed(self) -> list[Account]:
        return [account for account in self.accounts if account.state == "throttled"]

    @property
    def sending(self) -> list[Account]:
        return [account for account in self.accounts if account.queued]

    def of(self, *states: str) -> list[CampaignShown]:
        return [campaign for campaign in self.campaigns if campaign.state in states]

    @property
    def calm(self) -> bool:
        """Nothing waits for anybody."""
        waiting = [one for one in self.held if one.release_at is None and one.counts.get("queued")]
        return not (
            self.troubles
            or self.stuck_inbounds
            or self.stopped
            or self.slowed
            or self.of("paused")
            or self.tasks
            or self.stuck
            or waiting
        )


@router.get("/")
async def show_today(request: Request) -> Response:
    async with viewer_work(request) as work:
        today = await _today(work)
        now = work.now
    return pages.render(request, "staff/home.html", today=today, now=now)


async def _today(work: Work) -> Today:
    accounts, campaigns = await list_accounts(work), await list_campaigns(work, limit=20)
    set_up = SetUp(
        mailbox=bool(accounts),
        customers=await count_customers(work, CustomerFilter()) > 0,
        invoices=await has_invoices(work),
        campaign=bool(campaigns),
    )
    return Today(
        set_up=set_up,
        troubles=await troubles(work),
        accounts=accounts,
        campaigns=campaigns,
        held=await held_lists(work),
        overdue=await overdue_totals(work),
        ageing=(await aged_report(work, limit=0)).totals,
        payments=await payment_lines(work, limit=SHOWN),
        tasks=await list_tasks(work, limit=SHOWN),
        task_count=await count_tasks(work),
        replies=await count_waiting(work),
        stuck=await stuck_orders(work, limit=SHOWN),
        stuck_inbounds=await count_stuck(work),
    )
