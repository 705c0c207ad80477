"""E-invoices on their way: written, handed to the provider, and asked about until there is an answer.

Three beats: claim (a short Work), call (no Work open), settle (a short Work). A document's UUID is made from its
own id, so that whoever writes or sends it again sends the same one.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID, uuid5

import sqlalchemy as sa
import structlog

from bursar.billing.documents.keeping import Press, Printed, name_of
from bursar.billing.documents.model import Kind
from bursar.billing.documents.obligations import obligations
from bursar.billing.documents.ports import (
    Answer,
    Complaint,
    EinvoiceProvider,
    Outcome,
    ProviderFactory,
    Unreachable,
)
from bursar.billing.documents.reading import Written, read_documents
from bursar.billing.documents.rules_ae import Failure, failures
from bursar.billing.queries import einvoices as queries
from bursar.billing.queries import invoices as invoice_queries
from bursar.billing.settings import BillingSettings
from bursar.billing.states import ACCEPT_EINVOICE, REJECT_EINVOICE, SEND_EINVOICE, EinvoiceState
from bursar.core import made_files
from bursar.core.errors import N_, Conflict, IllegalMove, NotFound
from bursar.core.made_files import Made
from bursar.core.moves import move
from bursar.core.work import Work

log = structlog.get_logger(__name__)

XML = "application/xml"
OF_A_SET = 20
LEASE = timedelta(minutes=5)
"""After which a document is taken up again whose worker has not told how its call ended."""
WAITS = tuple(timedelta(minutes=minutes) for minutes in (1, 5, 30, 120, 720))
"""Before the next attempt, or the next question; the last is kept to."""


@dataclass(frozen=True, slots=True)
class Carrier:
    """What carrying needs of the house."""

    press: Press
    providers: ProviderFactory


def einvoice_uuid(document_id: UUID) -> UUID:
    """By which the network knows a document, from its first writing to its last resend (BTAE-07)."""
    return uuid5(document_id, "urn:peppol:pint:billing-1@ae-1")


def einvoice_of(written: Written) -> tuple[bytes, tuple[Failure, ...]]:
    """A document's XML, and every rule that it breaks: with none it may be sent."""
    from lxml import etree  # pyright: ignore[reportAttributeAccessIssue]  # it ships no types

    from bursar.billing.documents.ubl import xml_of

    xml = xml_of(written.document, einvoice_uuid(written.document.id))
    return xml, failures(etree.fromstring(xml))


class Unsendable(Conflict):
    """It breaks rules of the network, so there is no e-invoice of it; `failures` are all of them."""

    def __init__(self, broken: Sequence[Failure]) -> None:
        self.failures = tuple(broken)
        super().__init__(
            N_("This is no e-invoice yet. It breaks: %(missing)s."),
            code="einvoice_incomplete",
            missing=", ".join(dict.fromkeys(failure.rule for failure in broken)),
        )


async def xml_file(press: Press, tenant_id: UUID, written: Written) -> Printed:
    """The XML that was sent, or that would be. Raises `Unsendable`, `FileMissing`. No Work may be open."""
    name = f"{name_of(written).removesuffix('.pdf')}.xml"
    try:
        async with press.office.work(tenant_id, read_only=True) as work:
            key, _ = await made_files.key_and_hash(work, einvoice_uuid(written.document.id))
    except NotFound:
        xml, broken = einvoice_of(written)
        if broken:
            raise Unsendable(broken) from None
        return Printed(name, xml)
    return Printed(name, await press.files.read(key))


@dataclass(frozen=True, slots=True)
class Carried:
    """Where the e-invoice of a document stands; complaints are the provider's."""

    state: EinvoiceState
    provider: str
    document_uuid: UUID
    complaints: tuple[Complaint, ...]
    attempts: int
    due_at: datetime | None
    sent_at: datetime | None
    answered_at: datetime | None


async def carried(work: Work, document_id: UUID) -> Carried | None:
    """Of an invoice or a credit note; None if none was ever queued."""
    row = (await work.db.execute(queries.of_documents(work, [document_id]))).one_or_none()
    if row is None:
        return None
    told = (row.answer or {}).get("complaints", [])
    names = ("provider", "document_uuid", "attempts", "due_at", "sent_at", "answered_at")
    return Carried(
        state=EinvoiceState(row.state),
        complaints=tuple(Complaint(one["rule"], one["message"]) for one in told),
        **{name: getattr(row, name) for name in names},
    )


async def carry(carrier: Carrier, tenant_id: UUID) -> None:
    """Queue what is owed and not queued yet, then do all that is due. Safe twice, and at once."""
    await queue_owed(carrier.press, tenant_id)
    while await _carry_some(carrier, tenant_id):
        pass


async def tenants_in_carriage(press: Press) -> list[UUID]:
    """Who has e-invoices on their way, read by a scan."""
    async with press.office.scan() as work:
        return list(await work.db.scalars(queries.tenants_in_carriage()))


async def queue_owed(press: Press, tenant_id: UUID) -> int:
    """Write the e-invoices that are owed since the law asks for them and that no provider was given yet.

    One that breaks a rule is not sent but logged; it is found again as soon as its rule is mended.
    """
    queued = 0
    for kind in Kind:
        after: UUID | None = None
        while True:
            async with press.office.work(tenant_id, read_only=True) as work:
                provider, found = await _owed(work, kind, after)
            if not found or provider is None:
                break
            after = found[-1].document.id
            queued += await _queue(press, tenant_id, provider, found)
    return queued


async def _owed(work: Work, kind: Kind, after: UUID | None) -> tuple[str | None, list[Written]]:
    row = (await work.db.execute(invoice_queries.settings(work))).one()
    provider = BillingSettings.of(row.settings, row.country).einvoice_provider
    since = [one.mandatory_from for one in await obligations(work) if one.mandatory_from <= work.today]
    if provider is None or not since:
        return None, []
    query = queries.unqueued_invoices if kind is Kind.INVOICE else queries.unqueued_credit_notes
    ids = (await work.db.scalars(query(work, min(since), after, OF_A_SET))).all()
    return provider, await read_documents(work, kind, ids)


async def _queue(press: Press, tenant_id: UUID, provider: str, found: Sequence[Written]) -> int:
    made: list[tuple[Written, Made]] = []
    for written in found:
        document = written.document
        xml, broken = einvoice_of(written)
        if broken:
            rules = [failure.rule for failure in broken]
            log.error("einvoice_unsendable", kind=document.kind, id=str(document.id), rules=rules)
            continue
        name = f"{name_of(written).removesuffix('.pdf')}.xml"
        made.append(
            (
                written,
                await made_files.put(press.files, tenant_id, einvoice_uuid(document.id), name, XML, xml),
            )
        )
    if not made:
        return 0
    async with press.office.work(tenant_id, cause="e-invoicing") as work:
        await made_files.keep(work, [one for _, one in made])
        rows = [_row(work, provider, written) for written, _ in made]
        return len((await work.db.scalars(queries.queue(work, rows))).all())


def _row(work: Work, provider: str, written: Written) -> dict[str, Any]:
    document = written.document
    is_invoice = document.kind is Kind.INVOICE
    return {
        "invoice_id": document.id if is_invoice else None,
        "credit_note_id": None if is_invoice else document.id,
        "customer_id": written.customer_id,
        "document_uuid": einvoice_uuid(document.id),
        "xml_file_id": einvoice_uuid(document.id),
        "provider": provider,
        "due_at": work.now,
        "state": EinvoiceState.QUEUED,
    }


async def _carry_some(carrier: Carrier, tenant_id: UUID) -> int:
    office = carrier.press.office
    async with office.work(tenant_id, cause="e-invoicing") as work:
        taken = (await work.db.execute(queries.lock_due(work, OF_A_SET))).all()
        if taken:
            await work.db.execute(queries.take(work, [row.id for row in taken], work.now + LEASE))
        keys = {row.id: (await made_files.key_and_hash(work, row.xml_file_id))[0] for row in taken}
    for row in taken:
        answer = await _ask(carrier, row, keys[row.id])
        try:
            async with office.work(tenant_id, cause="e-invoicing") as work:
                await settle(work, row, answer)
        except IllegalMove:
            log.info("einvoice_settled_meanwhile", id=str(row.id))
    return len(taken)


async def _ask(carrier: Carrier, row: sa.Row[Any], key: str) -> Answer | None:
    """What the provider says of a document, and None if nothing could be learnt: it may have arrived."""
    try:
        provider = carrier.providers(row.provider)
        try:
            return await _asked(provider, row, await carrier.press.files.read(key))
        finally:
            await provider.close()
    except (Unreachable, ValueError) as error:
        log.warning("einvoice_provider_silent", provider=row.provider, id=str(row.id), reason=str(error))
        return None


async def _asked(provider: EinvoiceProvider, row: sa.Row[Any], xml: bytes) -> Answer:
    """After a first attempt it is asked before it is told: the answer alone may have been lost."""
    if row.attempts or row.state == EinvoiceState.SENT:
        answer = await provider.query(row.document_uuid)
        if answer.outcome is not Outcome.UNKNOWN:
            return answer
    return await provider.submit(row.document_uuid, xml)


async def settle(work: Work, row: sa.Row[Any], answer: Answer | None) -> None:
    """Write what was learnt of an e-invoice that this worker had taken. Raises `IllegalMove` if it is over."""
    due_at = next_try(work.now, row.attempts)
    if answer is None or answer.outcome is Outcome.UNKNOWN:
        await work.db.execute(queries.put_off(work, row.id, due_at))
        return
    told = {
        "outcome": answer.outcome,
        "complaints": [complaint._asdict() for complaint in answer.complaints],
    }
    if row.state == EinvoiceState.QUEUED:
        sent = {"provider_id": answer.provider_id, "sent_at": work.now, "answer": told, "due_at": due_at}
        await move(work, SEND_EINVOICE, row.id, **sent)
    if answer.outcome is Outcome.RECEIVED:
        await work.db.execute(queries.put_off(work, row.id, due_at))
        return
    decided = {"answer": told, "answered_at": work.now, "due_at": None}
    if answer.outcome is Outcome.ACCEPTED:
        await move(work, ACCEPT_EINVOICE, row.id, **decided)
    else:
        because = "; ".join(f"{rule}: {message}" for rule, message in answer.complaints) or None
        await move(work, REJECT_EINVOICE, row.id, because=because, **decided)


def next_try(now: datetime, attempts: int) -> datetime:
    """`attempts` are those that were made before this one."""
    return now + WAITS[min(attempts, len(WAITS) - 1)]
