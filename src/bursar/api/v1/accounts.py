"""Sending accounts: the mailboxes that mails leave from, their pace, and whether they can send."""

from datetime import datetime, timedelta
from typing import Annotated, Literal
from uuid import UUID

from pydantic import Field
from starlette.responses import Response

from bursar.api import etags
from bursar.api.acting import Acting, Call, Calling, door
from bursar.api.etags import Version
from bursar.api.pagination import Listed
from bursar.api.values import Seconds, Shown, Strict, Whole
from bursar.core.work import Work
from bursar.outbox import accounts, amazon, connecting, signing_in
from bursar.outbox.account_fields import AccountInput, SmtpServer, usual_pace
from bursar.outbox.consent_addresses import redirect_uri
from bursar.outbox.states import AccountKind, AccountState, Channel

router = door("/sending-accounts", "settings", tag="sending accounts")
beats = door("/sending-accounts", "settings", tag="sending accounts", in_one_work=False)

Name = Annotated[str, Field(max_length=200)]
Password = Annotated[str, Field(max_length=500)]


class Pace(Strict):
    """How fast it may send: a batch, a pause, and so many in any 24 hours. Left out stays as it is."""

    display_name: Name | None = None
    reply_to: Name | None = None
    batch_size: Annotated[Whole, Field(ge=1, le=500)] = 1
    batch_interval_seconds: Annotated[Whole, Field(ge=0, le=3600)] = 0
    daily_quota: Annotated[Whole, Field(ge=1, le=1_000_000)] = 1
    connections: Annotated[Whole, Field(ge=1, le=64)] = 1

    def account(self) -> AccountInput:
        wanted = self.given()
        for name in set(wanted) - set(Pace.model_fields):
            del wanted[name]
        if (seconds := wanted.pop("batch_interval_seconds", None)) is not None:
            wanted["batch_interval"] = timedelta(seconds=seconds)
        return AccountInput(**wanted)


class SmtpIn(Pace):
    """Without a user name nobody signs in."""

    address: Name
    host: Name
    port: Annotated[Whole, Field(ge=1, le=65_535)]
    username: Name | None = None
    password: Password | None = None
    tls: Literal["starttls", "implicit", "none"] = "starttls"

    def server(self) -> SmtpServer:
        return SmtpServer(self.host, self.port, self.username, self.password, self.tls)


class ConsentIn(Strict):
    """`reads`: also let us look into the mailbox, for answers, returned messages and what was sent."""

    address: Name
    display_name: Name | None = None
    reply_to: Name | None = None
    reads: bool = False


class ConsentAgain(Strict):
    """Left out, `reads` stays as it is."""

    reads: bool | None = None


class SesIn(Strict):
    """SMTP user name and password as the console of SES makes them; `topic_arn` is believed of what became of mails."""

    address: Name
    host: Name
    port: Annotated[Whole, Field(ge=1, le=65_535)] = 587
    username: Name
    password: Password
    topic_arn: Name = ""
    display_name: Name | None = None
    reply_to: Name | None = None


class Reconnection(Strict):
    password: Password


class Account(Shown):
    """`finishes_at` is when its pace will have carried what is queued."""

    id: UUID
    version: int
    channel: Channel
    kind: AccountKind
    address: str
    display_name: str | None
    reply_to: str | None
    server: str
    username: str | None
    tls: str | None
    connections: int
    state: AccountState
    is_primary: bool
    batch_size: int
    batch_interval: Seconds
    daily_quota: int
    throttled_until: datetime | None
    last_validated_at: datetime | None
    last_error: str | None
    reads: bool
    topic_arn: str | None
    sent_today: int
    left_today: int
    queued: int
    finishes_at: datetime | None


class Consent(Shown):
    """`url` is to be opened by an owner of the firm, in a browser where they are signed in; once, and in time."""

    account_id: UUID
    url: str
    expires_at: datetime


@router.get("")
async def list_sending_accounts(work: Acting) -> Listed[Account]:
    """The primary of each channel first."""
    found = await accounts.list_accounts(work)
    return Listed(items=[Account.model_validate(row) for row in found], next_cursor=None)


@beats.post("/smtp", status_code=201)
async def add_smtp_account(call: Calling, given: SmtpIn, response: Response) -> Account:
    """Signs in to the server before it says yes; the same call with better settings tries again."""
    account_id = await connecting.connect_smtp(
        call.house.office,
        call.caller.tenant_id,
        call.caller.actor,
        call.house.senders,
        address=given.address,
        server=given.server(),
        given=given.account(),
        origin=call.origin,
    )
    response.headers["Location"] = f"/api/v1/sending-accounts/{account_id}"
    return await _read(call, account_id, response)


@beats.post("/gmail", status_code=201)
async def begin_gmail_account(call: Calling, given: ConsentIn) -> Consent:
    """The mailbox is connected when its owner has said yes at Google."""
    return await _begun(call, AccountKind.GMAIL, given)


@beats.post("/outlook", status_code=201)
async def begin_outlook_account(call: Calling, given: ConsentIn) -> Consent:
    """The mailbox is connected when its owner has said yes at Microsoft."""
    return await _begun(call, AccountKind.OUTLOOK, given)


@beats.post("/ses", status_code=201)
async def add_ses_account(call: Calling, given: SesIn, response: Response) -> Account:
    """Signs in to the server before it says yes, as to any other."""
    account_id = await amazon.connect_ses(
        call.house.office,
        call.caller.tenant_id,
        call.caller.actor,
        call.house.senders,
        address=given.address,
        host=given.host,
        port=given.port,
        username=given.username,
        password=given.password,
        topic_arn=given.topic_arn,
        given={
            **usual_pace(AccountKind.SES),
            "display_name": given.display_name,
            "reply_to": given.reply_to,
        },
        origin=call.origin,
    )
    response.headers["Location"] = f"/api/v1/sending-accounts/{account_id}"
    return await _read(call, account_id, response)


@router.get("/{account_id}")
async def get_sending_account(work: Acting, account_id: UUID, response: Response) -> Account:
    return await _shown(work, account_id, response)


@router.patch("/{account_id}")
async def edit_sending_account(
    work: Acting, account_id: UUID, given: Pace, version: Version, response: Response
) -> Account:
    """Names and pace; read by the next batch."""
    await accounts.edit_account(work, account_id, given.account(), version=version)
    return await _shown(work, account_id, response)


@beats.post("/{account_id}/reconnection", status_code=201)
async def reconnect_sending_account(
    call: Calling, account_id: UUID, given: Reconnection, response: Response
) -> Account:
    """A new password for a mailbox that no longer lets us in."""
    await connecting.reconnect_smtp(
        call.house.office,
        call.caller.tenant_id,
        call.caller.actor,
        call.house.senders,
        account_id,
        password=given.password,
        origin=call.origin,
    )
    return await _read(call, account_id, response)


@beats.post("/{account_id}/consent", status_code=201)
async def ask_for_consent_again(call: Calling, account_id: UUID, given: ConsentAgain) -> Consent:
    """Sign in anew at the provider, or with more or less than was allowed; what it has holds until then."""
    async with call.house.office.work(call.caller.tenant_id, read_only=True, **call.act) as work:
        kind = (await accounts.get_account(work, account_id)).kind
    begun = await signing_in.begin_again(
        call.house.office,
        call.caller.tenant_id,
        call.caller.actor,
        call.house.identities,
        account_id,
        redirect_uri=redirect_uri(call.house.settings.base_url, kind),
        reads=given.reads,
        origin=call.origin,
    )
    return Consent.model_validate(begun)


@router.post("/{account_id}/primary", status_code=201)
async def make_primary(work: Acting, account_id: UUID, response: Response) -> Account:
    """New sends of its channel go through it."""
    await accounts.make_primary(work, account_id)
    return await _shown(work, account_id, response)


@router.post("/{account_id}/disablement", status_code=201)
async def disable_sending_account(work: Acting, account_id: UUID, response: Response) -> Account:
    """Nothing goes through it any more; what waits goes through the primary that is left."""
    await accounts.disable(work, account_id)
    return await _shown(work, account_id, response)


@router.delete("/{account_id}/secret", status_code=204)
async def forget_secret(work: Acting, account_id: UUID) -> None:
    """Destroy what a disabled account signed in with; its row stays for history."""
    await accounts.forget_secret(work, account_id)


async def _begun(call: Call, kind: AccountKind, given: ConsentIn) -> Consent:
    begun = await signing_in.begin(
        call.house.office,
        call.caller.tenant_id,
        call.caller.actor,
        call.house.identities,
        kind=kind,
        address=given.address,
        redirect_uri=redirect_uri(call.house.settings.base_url, kind),
        reads=given.reads,
        given={"display_name": given.display_name, "reply_to": given.reply_to},
        origin=call.origin,
    )
    return Consent.model_validate(begun)


async def _read(call: Call, account_id: UUID, response: Response) -> Account:
    async with call.house.office.work(call.caller.tenant_id, read_only=True, **call.act) as work:
        return await _shown(work, account_id, response)


async def _shown(work: Work, account_id: UUID, response: Response) -> Account:
    found = await accounts.get_account(work, account_id)
    etags.tag(response, found.version)
    return Account.model_validate(found)
