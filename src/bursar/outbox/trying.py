"""One mail to oneself through a sending account, at once and around the queue: does it arrive, and how does it look?"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from uuid import UUID, uuid4

from sqlalchemy import Row

from bursar.core.errors import N_, Conflict, Invalid, NotFound
from bursar.core.kinds import AgentRole
from bursar.core.work import Actor, Office, Work
from bursar.outbox import tags
from bursar.outbox.accounts import MAY_SEND
from bursar.outbox.letters import Addressee, Letterhead, Letters, new_message_ids
from bursar.outbox.ports import AccountRef, Letter, Outcome, Result, SenderFactory
from bursar.outbox.queries import accounts as queries
from bursar.outbox.queries import settling
from bursar.outbox.skeletons import compile_version
from bursar.outbox.states import SIGNS_IN_BY_CONSENT, MailStream
from bursar.outbox.tags import Category
from bursar.outbox.template_words import VersionInput


@dataclass(frozen=True, slots=True)
class About:
    """What the words of a template are tried with; without `values` those of the samples."""

    category: Category = Category.THANKS
    values: Mapping[str, Any] | None = None


async def send_to_oneself(
    office: Office,
    tenant_id: UUID,
    actor: Actor,
    senders: SenderFactory,
    letters: Letters,
    account_id: UUID,
    *,
    to: str,
    words: VersionInput,
    about: About | None = None,
) -> None:
    """Hand one message to the account's server; `to` is the agent's own address. It counts for the quota.

    Without `about` the words are plain and name nobody.

    Raises `NotFound`, `Conflict` for an account that does not send, `Invalid` with what the server answered.
    """
    async with office.work(tenant_id, actor=actor) as work:
        work.allow(AgentRole.AGENT)
        row = await _ready(work, account_id)
        secret = None
        if row.secret_id is not None and row.kind not in SIGNS_IN_BY_CONSENT:
            secret = await work.vault.get(row.secret_id)
        letter = _letter(work, letters, row, to, words, about or About())
    sender = senders(row.kind, row.settings, secret, AccountRef(tenant_id, account_id))
    try:
        [outcome] = await sender.deliver([letter])
    finally:
        await sender.close()
    await _settle(office, tenant_id, account_id, outcome)


async def _ready(work: Work, account_id: UUID) -> Row[Any]:
    row = (await work.db.execute(queries.one(work, account_id))).one_or_none()
    if row is None:
        raise NotFound("sending account")
    if row.state not in MAY_SEND:
        raise Conflict(N_("This account does not send at present. Connect it first."), code="account_idle")
    return row


def _letter(
    work: Work, letters: Letters, row: Row[Any], to: str, words: VersionInput, about: About
) -> Letter:
    compiled = compile_version(
        subject=words.subject,
        body=words.body,
        body_format=words.body_format,
        locale=words.locale,
        category=about.category,
        required_tags=(),
        preheader=words.preheader,
    )
    composed = compiled.render(about.values or tags.sample_values(about.category, words.locale))
    send_id = uuid4()  # of no row: it stands in the Message-ID only
    [message_id] = new_message_ids([send_id], row.address)
    return letters.write(
        work.tenant_id,
        Letterhead(row.address, row.display_name or row.address, row.reply_to, tracked=False),
        Addressee(send_id, to, "", MailStream.TRANSACTIONAL),
        composed,
        message_id=message_id,
        date=work.now,
        private_url=tags.SAMPLE_PRIVATE_LINK,
    )


async def _settle(office: Office, tenant_id: UUID, account_id: UUID, outcome: Outcome) -> None:
    if outcome.result is not Result.ACCEPTED:
        raise Invalid(
            N_("The mail server did not take the message: %(answer)s"),
            code="test_not_taken",
            field="to",
            answer=" ".join((outcome.text or outcome.code or outcome.result)[:300].split()),
        )
    async with office.work(tenant_id, cause="test mail") as work:
        await work.db.execute(settling.use(work, account_id, 1, 0))
