"""What a provider tells of messages it took: believed if it is signed, kept as it came, applied by a job (R128).

Whoever asks is answered once a row is committed; the same thing told again is no second row. What is told before our
own settling has written the provider's name of the message waits, and is looked at again.
"""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any
from uuid import UUID

import structlog
from sqlalchemy import Row

from bursar.core import inbounds
from bursar.core.errors import NotFound
from bursar.core.tokens import Kind, Signed, verify
from bursar.core.work import Office, Work
from bursar.outbox import fates, settling
from bursar.outbox.ports import EventDesk, Forged, Notice, NoticeKind, Outcome, ProviderEvent, Result
from bursar.outbox.queries import accounts as accounts_queries
from bursar.outbox.queries import fates as fates_queries
from bursar.outbox.queries import provider_events as queries
from bursar.outbox.states import AccountKind, EngagementKind, Verdict

log = structlog.get_logger(__name__)

SES = "ses"
LOOK_AGAIN = timedelta(seconds=30)
GIVEN_UP_AFTER = timedelta(hours=1)  # by then every message that was handed over is settled or in doubt
A_ROUND = 200
NO_SUCH_MESSAGE = "no message of this account is called so"


async def receive(office: Office, desk: EventDesk, token: str, body: bytes) -> UUID | None:
    """One request to an account's address; the new row's id, or None where there is nothing to do.

    Raises `NotFound` for an address that is nobody's, `Forged` for what was not signed by the provider or came by
    another topic than the account's, `NoAnswer` when that cannot be found out now: then it is told again.
    """
    signed = verify(office.keyring, Kind.INBOUND, token)
    topic = await _topic_of(office, signed)
    notice = await desk.read(body)
    if notice.topic != topic:
        raise Forged("another topic")
    if notice.kind is NoticeKind.CONFIRMATION:
        await desk.confirm(notice)
        return None
    if notice.kind is NoticeKind.FAREWELL:
        log.warning("events_unsubscribed", tenant=str(signed.tenant_id), account=str(signed.id))
        return None
    return await _keep(office, signed, notice)


async def apply(office: Office, desk: EventDesk, tenant_id: UUID, inbound_id: UUID) -> bool:
    """Work one off; False if it has to wait. Safe twice and at once."""
    refused: list[Outcome] = []
    async with office.work(tenant_id, cause="provider") as work:
        row = next(iter(await inbounds.lock_waiting(work, SES, ids=[inbound_id])), None)
        if row is None:
            return True
        account_id = UUID(row.payload["account_id"])
        events = desk.events_of(row.payload["message"])
        known = [(event, await _send_of(work, account_id, event)) for event in events]
        strangers = sum(send is None for _, send in known)
        if strangers and work.now - row.received_at < GIVEN_UP_AFTER:
            await inbounds.postpone(work, row, NO_SUCH_MESSAGE, pause=LOOK_AGAIN, spend=False)
            return False
        for event, send in known:
            if send is not None and await work.db.scalar(queries.first_told(work, event.id)):
                await _take(work, send, event, refused)
        await inbounds.handled(work, [inbound_id], note=NO_SUCH_MESSAGE if strangers else None)
    for outcome in refused[:1]:
        await settling.stop_account(office, tenant_id, account_id, outcome)
    return True


async def replay(office: Office, desk: EventDesk) -> int:
    """Look again at what waits: it came too early, or whoever had it in hand was killed. How many are through."""
    through = 0
    for tenant_id, inbound_id in await inbounds.waiting(office, SES, for_=LOOK_AGAIN, limit=A_ROUND):
        try:
            through += await apply(office, desk, tenant_id, inbound_id)
        except Exception:
            log.exception("event_not_applied", tenant=str(tenant_id), inbound=str(inbound_id))
    return through


async def _topic_of(office: Office, signed: Signed) -> str:
    """The topic that may speak of the account. Raises `NotFound` for one that has none."""
    async with office.work(signed.tenant_id, read_only=True, must_exist=False) as work:
        account = (await work.db.execute(accounts_queries.one(work, signed.id))).one_or_none()
    topic = (
        account.settings.get("topic_arn") if account is not None and account.kind == AccountKind.SES else None
    )
    if not topic:
        log.warning("events_for_nobody", tenant=str(signed.tenant_id), account=str(signed.id))
        raise NotFound("link")
    return topic


async def _keep(office: Office, signed: Signed, notice: Notice) -> UUID | None:
    payload: Mapping[str, Any] = {"account_id": str(signed.id), "message": notice.message}
    async with office.work(signed.tenant_id, cause="provider") as work:
        return await inbounds.keep(work, SES, notice.id, notice.about, payload)


async def _send_of(work: Work, account_id: UUID, event: ProviderEvent) -> Row[Any] | None:
    """By the provider's name, else by ours; an id of ours that names another account's send finds none."""
    ours = _named_by(event.message_id)
    rows = (await work.db.execute(queries.send_called(work, account_id, event.provider_id, ours))).all()
    return next(
        (row for row in rows if row.provider_message_id == event.provider_id), rows[0] if rows else None
    )


def _named_by(message_id: str | None) -> UUID | None:
    """Our Message-IDs begin with the send's id (letters.new_message_ids)."""
    start = (message_id or "").removeprefix("<").partition(".")[0]
    try:
        return UUID(hex=start)
    except ValueError:
        return None


async def _take(work: Work, send: Row[Any], event: ProviderEvent, refused: list[Outcome]) -> None:
    at = min(event.at or work.now, work.now)
    if event.verdict is None:
        await fates.complained(work, send.id, at, source="webhook")
        return
    if event.verdict is Verdict.UNCLEAR:  # for a person to read beside the message; nobody is suppressed
        await work.db.execute(
            fates_queries.engage(work, send, EngagementKind.BOUNCE, at, "webhook", payload=event.detail)
        )
        return
    await fates.take_reports(work, [fates.Told(send.id, event.verdict, at, "webhook", event.detail)])
    if event.verdict is Verdict.POLICY:
        text = str(event.detail.get("text", ""))
        refused.append(Outcome(send.id, Result.REFUSED, "550", "5.7.1", text))
