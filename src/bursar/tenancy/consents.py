"""What customers agreed to, with proof; nothing said is a no (R51)."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from bursar.core.errors import N_, Invalid
from bursar.core.kinds import AgentRole
from bursar.core.work import Record, Work
from bursar.tenancy import cells, customers
from bursar.tenancy.queries import contacts as queries
from bursar.tenancy.states import ConsentPurpose, ConsentState

CHANNELS = ("email", "whatsapp", "sms", "push")


@dataclass(frozen=True, slots=True)
class Consent:
    """The last word on one purpose and channel. `proof` says how it was given, `text_version` to what."""

    channel: str
    purpose: ConsentPurpose
    consent: ConsentState
    at: datetime
    proof: str | None
    text_version: str | None


async def record_consent(
    work: Work,
    customer_id: UUID,
    *,
    channel: str,
    purpose: ConsentPurpose,
    consent: ConsentState,
    proof: str | None = None,
    text_version: str | None = None,
) -> UUID:
    """Add to the record, which only grows; the customer may say it themselves.

    Raises `NotFound`, and `Invalid` for a yes without proof: who cannot show it has none.
    """
    work.allow(AgentRole.AGENT, customer=True)
    if channel not in CHANNELS:
        raise Invalid(
            N_("There is no channel %(channel)s."), code="channel_unknown", field="channel", channel=channel
        )
    if consent is ConsentState.GRANTED and (proof is None or cells.says_nothing(proof)):
        raise Invalid(
            N_("Say how and when the customer agreed; without that there is no consent."),
            code="proof_missing",
            field="proof",
        )
    await customers.get_customer(work, customer_id)
    said = {"channel": channel, "purpose": purpose, "consent": consent, "text_version": text_version}
    kept = proof and cells.parse_text(proof, field="proof")
    row = {"customer_id": customer_id, "at": work.now, "proof": kept, **said}
    consent_id = (await work.db.scalars(queries.add_consent(work, row))).one()
    private = {"proof": kept} if kept else {}
    await work.record("consent.record", Record(consent_id, customer_id, {"after": said}, private=private))
    return consent_id


async def consents_of(work: Work, customer_id: UUID) -> list[Consent]:
    """The present answers; a purpose and channel that is not here is unknown."""
    rows = await work.db.execute(queries.latest_consents(work, [customer_id]))
    return [
        Consent(
            row.channel,
            ConsentPurpose(row.purpose),
            ConsentState(row.consent),
            row.at,
            row.proof,
            row.text_version,
        )
        for row in rows
    ]


async def who_consented(
    work: Work, customer_ids: Sequence[UUID], *, channel: str, purpose: ConsentPurpose
) -> set[UUID]:
    """Those whose last word was yes."""
    rows = await work.db.execute(queries.latest_consents(work, customer_ids))
    return {
        row.customer_id
        for row in rows
        if (row.channel, row.purpose, row.consent) == (channel, purpose, ConsentState.GRANTED)
    }
