"""What becomes news or work for people when something happens elsewhere; called by `reactions.py`."""

from bursar.core.kinds import AgentRole
from bursar.core.work import Happened, Work
from bursar.notifications.queries import tasks as queries
from bursar.notifications.queries import telling
from bursar.notifications.tasks import TaskKind

LOOKS_AFTER_ACCOUNTS = (AgentRole.OWNER, AgentRole.ADMIN)


async def tell_everybody(work: Work, happened: Happened) -> None:
    """All who work here get to know, but for who did it."""
    await work.db.execute(telling.tell_agents(work, happened.type, happened.ids, telling.WORKING))


async def reader_left(work: Work, happened: Happened) -> None:
    """Somebody wants no more of what goes by itself: the owner knows, and may still write by hand (R91)."""
    await work.db.execute(telling.tell_agents(work, happened.type, happened.ids, LOOKS_AFTER_ACCOUNTS))


async def account_stopped(work: Work, happened: Happened) -> None:
    """A mailbox lets us in no more: whoever may connect it is told, and it stays a task until they did."""
    await work.db.execute(telling.tell_agents(work, happened.type, happened.ids, LOOKS_AFTER_ACCOUNTS))
    await work.db.execute(queries.tasks_of_accounts(work, TaskKind.RECONNECT, happened.ids))


async def account_back(work: Work, happened: Happened) -> None:
    await work.db.execute(queries.done_about(work, [TaskKind.RECONNECT], happened.ids))


async def till_stopped(work: Work, happened: Happened) -> None:
    """Nobody can pay by card any more: the owner is told, and it stays a task until there is another key."""
    await work.db.execute(telling.tell_agents(work, happened.type, happened.ids, (AgentRole.OWNER,)))
    await work.db.execute(queries.tasks_of_tills(work, TaskKind.RECONNECT_TILL, happened.ids))


async def till_back(work: Work, happened: Happened) -> None:
    await work.db.execute(queries.done_about(work, [TaskKind.RECONNECT_TILL], happened.ids))


async def sends_uncertain(work: Work, happened: Happened) -> None:
    """Nobody knows whether these arrived; only a look into the mailbox tells (T2)."""
    await work.db.execute(queries.tasks_of_sends(work, TaskKind.UNCERTAIN, happened.ids))


async def send_resolved(work: Work, happened: Happened) -> None:
    """Once nothing of a mailbox is in doubt, nobody needs to look into it."""
    accounts = list(await work.db.scalars(queries.accounts_without_doubt(work, happened.ids)))
    await work.db.execute(queries.done_about(work, [TaskKind.UNCERTAIN], accounts))


async def reply_received(work: Work, happened: Happened) -> None:
    """A customer answered: whoever works here is told, and it waits for one of them."""
    await tell_everybody(work, happened)
    await work.db.execute(queries.tasks_of_incoming(work, TaskKind.REPLY, happened.ids))


async def report_to_read(work: Work, happened: Happened) -> None:
    """What a mail server or a reader said of our messages, and only a person can judge."""
    await tell_everybody(work, happened)
    await work.db.execute(queries.tasks_of_incoming(work, TaskKind.REPORT, happened.ids))


async def reply_handled(work: Work, happened: Happened) -> None:
    await work.db.execute(queries.done_about(work, [TaskKind.REPLY, TaskKind.REPORT], happened.ids))


async def mailbox_unread(work: Work, happened: Happened) -> None:
    """Answers may lie there unseen: whoever may connect the mailbox is told."""
    await work.db.execute(telling.tell_agents(work, happened.type, happened.ids, LOOKS_AFTER_ACCOUNTS))


async def money_came_late(work: Work, happened: Happened) -> None:
    """Money for an invoice that needs none: somebody decides what it is for."""
    await work.db.execute(queries.tasks_of_invoices(work, TaskKind.LATE_MONEY, happened.ids))


async def months_not_billed(work: Work, happened: Happened) -> None:
    """A month of these is due and cannot be billed: somebody must see to a price, a customer, a missing word."""
    await work.db.execute(queries.tasks_of_recurring(work, TaskKind.NOT_BILLED, happened.ids))


async def months_billed(work: Work, happened: Happened) -> None:
    """They were billed after all, or bill no more."""
    await work.db.execute(queries.done_about(work, [TaskKind.NOT_BILLED], happened.ids))


async def order_to_decide(work: Work, happened: Happened) -> None:
    """Money that does not simply pay its order: too little, too late or twice. Somebody says what becomes of it."""
    await tell_everybody(work, happened)
    await work.db.execute(queries.tasks_of_orders(work, TaskKind.ORDER_MONEY, happened.ids))


async def order_decided(work: Work, happened: Happened) -> None:
    await work.db.execute(queries.done_about(work, [TaskKind.ORDER_MONEY], happened.ids))


async def order_not_invoiced(work: Work, happened: Happened) -> None:
    """An order was paid whose invoice lacks what the law wants: somebody completes it."""
    await work.db.execute(queries.tasks_of_orders(work, TaskKind.NOT_INVOICED, happened.ids))


async def invoice_issued(work: Work, happened: Happened) -> None:
    """Whatever it lacked was found."""
    about = list(await work.db.scalars(queries.orders_of_invoices(work, happened.ids)))
    if about:
        await work.db.execute(queries.done_about(work, [TaskKind.NOT_INVOICED], about))


async def chargeback_opened(work: Work, happened: Happened) -> None:
    """A payer told their bank that they did not owe it: somebody answers at the provider, before its date."""
    await tell_everybody(work, happened)
    await work.db.execute(queries.tasks_of_payments(work, TaskKind.CHARGEBACK, happened.ids))


async def chargeback_over(work: Work, happened: Happened) -> None:
    await tell_everybody(work, happened)
    await work.db.execute(queries.done_about(work, [TaskKind.CHARGEBACK], happened.ids))


async def refund_failed(work: Work, happened: Happened) -> None:
    """Money that was to go back the way it came did not: the customer has to be paid another way."""
    await tell_everybody(work, happened)
    await work.db.execute(queries.tasks_of_refunds(work, TaskKind.REFUND_FAILED, happened.ids))


async def till_mismatch(work: Work, happened: Happened) -> None:
    """A provider tells a till of money that is not its: whoever connected it gave an address to the wrong account."""
    await work.db.execute(telling.tell_agents(work, happened.type, happened.ids, (AgentRole.OWNER,)))


async def promise_broken(work: Work, happened: Happened) -> None:
    await work.db.execute(queries.tasks_of_promises(work, TaskKind.PROMISE_BROKEN, happened.ids))


async def dispute_opened(work: Work, happened: Happened) -> None:
    await work.db.execute(telling.tell_agents(work, happened.type, happened.ids, telling.WORKING))
    await work.db.execute(
        queries.tasks_of_disputes(work, TaskKind.MATCH_PAYMENT, happened.ids, said_paid=True)
    )
    await work.db.execute(queries.tasks_of_disputes(work, TaskKind.DISPUTE, happened.ids, said_paid=False))


async def dispute_decided(work: Work, happened: Happened) -> None:
    about = list(await work.db.scalars(queries.invoices_of_disputes(work, happened.ids)))
    await work.db.execute(queries.done_about(work, [TaskKind.DISPUTE, TaskKind.MATCH_PAYMENT], about))


async def invoice_settled(work: Work, happened: Happened) -> None:
    """Nothing is left to chase: what asked for it is done."""
    await work.db.execute(queries.done_about(work, [TaskKind.PROMISE_BROKEN], happened.ids))
