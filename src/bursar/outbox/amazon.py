"""A mailbox at Amazon SES: a mail server like others, with a topic that tells what became of its messages."""

import re
from typing import Any
from uuid import UUID

from bursar.core.errors import N_, Conflict, Invalid
from bursar.core.kinds import AgentRole
from bursar.core.tokens import Kind, sign
from bursar.core.work import Actor, Office, Origin, Record, Work
from bursar.outbox import connecting
from bursar.outbox.account_fields import AccountInput, SmtpServer
from bursar.outbox.ports import SenderFactory
from bursar.outbox.queries import accounts as queries
from bursar.outbox.states import AccountKind

HOOK_PATH = "/hooks/ses/"
TOPIC = re.compile(r"arn:aws[a-z-]*:sns:[a-z0-9-]{1,40}:\d{12}:[A-Za-z0-9_-]{1,256}(?:\.fifo)?")


async def connect_ses(
    office: Office,
    tenant_id: UUID,
    actor: Actor,
    senders: SenderFactory,
    *,
    address: str,
    host: str,
    port: int,
    username: str,
    password: str,
    topic_arn: str = "",
    given: AccountInput | None = None,
    origin: Origin = Origin(),
) -> UUID:
    """As `connect_smtp`; always encrypted. Raises `Invalid` by field, for a topic that is none too."""
    more: dict[str, Any] = {"topic_arn": clean_topic(topic_arn)}
    if not (username and password):
        raise Invalid(
            N_("Give both the user name and the password, or neither."),
            code="half_signed_in",
            field="username",
        )
    tls = "implicit" if port in (465, 2465) else "starttls"
    return await connecting.connect_smtp(
        office,
        tenant_id,
        actor,
        senders,
        address=address,
        server=SmtpServer(host, port, username, password, tls),
        given=given,
        kind=AccountKind.SES,
        more=more,
        origin=origin,
    )


async def set_topic(work: Work, account_id: UUID, topic_arn: str) -> None:
    """Only what this topic says is believed of the account's messages; none: nothing is. Raises `Invalid`."""
    work.allow(AgentRole.ADMIN)
    row = await connecting.locked(work, account_id)
    if row.kind != AccountKind.SES:
        raise Conflict(N_("Only mailboxes at Amazon SES have a topic."), code="no_topic_here")
    topic = clean_topic(topic_arn)
    if topic == row.settings.get("topic_arn"):
        return
    await work.db.execute(queries.edit(work, account_id, {"settings": {**row.settings, "topic_arn": topic}}))
    await work.record("sending_account.edit", Record(account_id, changes={"fields": ["topic_arn"]}))


def clean_topic(topic_arn: str) -> str | None:
    topic = topic_arn.strip()
    if topic and not TOPIC.fullmatch(topic):
        raise Invalid(
            N_("Write the topic's ARN, like arn:aws:sns:eu-west-1:123456789012:mail."),
            code="topic_not_valid",
            field="topic_arn",
        )
    return topic or None


def hook_path(work: Work, account_id: UUID) -> str:
    """Where Amazon is to tell what became of this account's messages; the token names tenant and account (R128)."""
    return HOOK_PATH + sign(work.keyring, Kind.INBOUND, work.tenant_id, account_id)
