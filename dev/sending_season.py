"""Of the season in the pictures, what concerns sending: campaigns in each state, messages, mailboxes, templates."""

from datetime import timedelta
from uuid import UUID

from bursar.billing.finding import open_invoices
from bursar.chasing import campaigns
from bursar.chasing.campaigns import CampaignPlan
from bursar.chasing.exclusions import exclude
from bursar.chasing.previews import previews
from bursar.chasing.results import show
from bursar.chasing.reviewing import recipients
from bursar.chasing.states import CampaignKind, GroupBy
from bursar.core.tokens import Kind, sign
from bursar.core.work import Actor, Work
from bursar.house import House
from bursar.outbox.accounts import list_accounts
from bursar.outbox.suppressions import suppress
from bursar.outbox.templates import list_templates

PAGES = {
    "campaigns": "/campaigns",
    "campaign-new": "/campaigns/new",
    "sends": "/sends",
    "mailboxes": "/sending-accounts",
    "mailbox-new": "/sending-accounts/new",
    "mailbox-google": "/sending-accounts/new/google",
    "mailbox-amazon": "/sending-accounts/new/ses",
    "sends-uncertain": "/sends?state=uncertain",
    "templates": "/templates",
    "template-new": "/templates/new",
    "suppressions": "/suppressions",
    "suppression-new": "/suppressions/new",
    "exclusions": "/exclusions",
}


async def tell_sending(
    house: House, tenant_id: UUID, owner: Actor, *, finished: UUID, draft: UUID
) -> dict[str, str]:
    """Addresses of pages by name. `finished` and `draft` are campaigns."""
    async with house.office.work(tenant_id, actor=owner) as work:
        await suppress(work, "press@lavande.example", note="Asked by phone on Monday")
        planned, paused, compared = await _planned(work), await _paused(work), await _compared(work)
        sent = await _first_send(work, finished)
        [account] = await list_accounts(work)
        left_alone = await _left_alone(work)
        notice = next(one for one in await list_templates(work) if one.code == "overdue_gentle")
    token = sign(house.keyring, Kind.UNSUBSCRIBE, tenant_id, sent)
    return PAGES | {
        "campaign": f"/campaigns/{finished}",
        "campaign-review": f"/campaigns/{draft}",
        "campaign-edit": f"/campaigns/{draft}/edit",
        "campaign-left-out": f"/campaigns/{draft}/left-out",
        "campaign-release": f"/campaigns/{draft}/release",
        "campaign-compared": f"/campaigns/{compared}",
        "exclusion-new": f"/exclusions/new?customer={left_alone}",
        "campaign-planned": f"/campaigns/{planned}",
        "campaign-paused": f"/campaigns/{paused}",
        "send": f"/sends/{sent}",
        "mailbox": f"/sending-accounts/{account.id}",
        "template": f"/templates/{notice.id}",
        "template-arabic": f"/templates/{notice.id}?locale=ar",
        "unsubscribe": f"/u/{token}",
    }


async def tell_waiting(house: House, tenant_id: UUID, owner: Actor, draft: UUID) -> dict[str, str]:
    """Addresses of pages about a message of the campaign `draft` that would go.

    Told last: whoever answers meanwhile is not written to, and the words of such a message are not open to anybody.
    """
    async with house.office.work(tenant_id, actor=owner) as work:
        shown = await previews(work, house.letters, house.composers, draft)
    waiting = next(one.send_id for one in shown if one.problem is None)
    return {
        "campaign-message": f"/campaigns/{draft}/messages/{waiting}?view=text",
        "send-waiting": f"/sends/{waiting}",
        "message-words": f"/sends/{waiting}/words",
    }


async def _planned(work: Work) -> UUID:
    plan = CampaignPlan(
        "Before the holidays", CampaignKind.INVOICE_REMINDER, {"due_within_days": 30}, GroupBy.INVOICE
    )
    planned = await campaigns.create_campaign(work, plan)
    await campaigns.schedule(work, planned, work.now + timedelta(days=3))
    return planned


async def _paused(work: Work) -> UUID:
    plan = CampaignPlan("Large amounts", CampaignKind.PAYMENT_FOLLOW_UP, {"min_balance_minor": 500_000})
    paused = await campaigns.create_campaign(work, plan)
    await campaigns.send_now(work, paused)
    await campaigns.pause(work, paused)
    return paused


async def _compared(work: Work) -> UUID:
    """Two texts, and customers who get neither."""
    plan = CampaignPlan(
        "Which words work",
        CampaignKind.PAYMENT_FOLLOW_UP,
        {},
        template="overdue_gentle",
        other_template="overdue_firm",
        holdout_percent=30,
    )
    compared = await campaigns.create_campaign(work, plan)
    await campaigns.send_now(work, compared)
    await campaigns.pause(work, compared)
    return compared


async def _left_alone(work: Work) -> UUID:
    """The customer whose oldest invoice nobody writes about for a while."""
    [oldest] = await open_invoices(work, limit=1)
    until = work.today + timedelta(days=60)
    reason = "Their lawyer answers for this one."
    await exclude(work, oldest.customer_id, invoice_id=oldest.id, reason=reason, until=until)
    return oldest.customer_id


async def _first_send(work: Work, campaign_id: UUID) -> UUID:
    if run_id := (await show(work, campaign_id)).run_id:
        return (await recipients(work, run_id, limit=1)).rows[0].send_id
    msg = f"campaign {campaign_id} has no list"
    raise LookupError(msg)
