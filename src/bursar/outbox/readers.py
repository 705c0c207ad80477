"""What a send's reader is shown about it, and their way back from an opt-out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from bursar.core.errors import NotFound
from bursar.core.kinds import ActorType, AgentRole
from bursar.core.tokens import Kind, verify
from bursar.core.work import Actor, Office, Origin, Record
from bursar.outbox.queries import readers as queries
from bursar.outbox.queries.suppressions import recipient
from bursar.outbox.states import SuppressionReason


@dataclass(frozen=True, slots=True)
class Writer:
    """Who wrote, and the language of what they wrote."""

    firm: str
    branding: Mapping[str, Any]
    locale: str


async def writer_to(office: Office, token: str) -> Writer:
    """Of an unsubscribe token. Raises `NotFound`."""
    signed = verify(office.keyring, Kind.UNSUBSCRIBE, token)
    async with office.work(signed.tenant_id, read_only=True) as work:
        row = (await work.db.execute(queries.writer(work, signed.id))).one_or_none()
        if row is None:
            raise NotFound("link")
        return Writer(row.name, row.branding, row.locale)


async def resubscribe_by_token(office: Office, token: str, *, origin: Origin = Origin()) -> None:
    """The reader takes back all they ended; bounces, complaints and what an agent said stay. Raises `NotFound`."""
    signed = verify(office.keyring, Kind.UNSUBSCRIBE, token)
    actor = Actor(ActorType.CUSTOMER)
    async with office.work(signed.tenant_id, actor=actor, cause="unsubscribe", origin=origin) as work:
        work.allow(AgentRole.AGENT, customer=True)
        row = (await work.db.execute(recipient(work, signed.id))).one_or_none()
        if row is None or not row.address_key:
            raise NotFound("link")
        lifted = (await work.db.execute(queries.take_back(work, row.address_key, row.channel))).all()
        reason = SuppressionReason.UNSUBSCRIBE
        records = [
            Record(one.id, row.customer_id, payload={"scope": one.scope, "reason": reason}) for one in lifted
        ]
        await work.record("suppression.lift", *records)
