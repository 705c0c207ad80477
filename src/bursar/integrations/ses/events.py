"""What SES tells through SNS of messages it took: bounces, complaints, deliveries, in both of its formats.

Identity notifications say `notificationType`, configuration sets `eventType`. Fields may be added, several recipients
may stand in one, and what we do not know says nothing (notes of the contract).
"""

import json
import re
from collections.abc import Iterator, Mapping
from datetime import UTC, datetime
from typing import Any

from bursar.integrations.ses.signing import Certificates
from bursar.outbox.ports import Forged, Notice, NoticeKind, ProviderEvent
from bursar.outbox.states import Verdict

KINDS = {
    "Notification": NoticeKind.EVENT,
    "SubscriptionConfirmation": NoticeKind.CONFIRMATION,
    "UnsubscribeConfirmation": NoticeKind.FAREWELL,
}
STATUS = re.compile(r"[245]\.\d{1,3}\.\d{1,3}")
HARD = frozenset({"5.1.1", "5.1.2", "5.1.10", "5.4.4"})  # R98
NOBODY_THERE = frozenset({"NoEmail", "Suppressed", "OnAccountSuppressionList"})
FULL = frozenset({"5.2.2", "4.2.2"})
OURS = re.compile(r"<[^<>\s]{1,400}>")
LONGEST = 500  # characters of what is kept for people


class SesDesk:
    """`outbox.ports.EventDesk`: reads what came to our address, and believes only what Amazon signed."""

    def __init__(self, certificates: Certificates) -> None:
        self._certificates = certificates

    async def read(self, body: bytes) -> Notice:
        told = _object(body)
        if any(not isinstance(told.get(name), str) for name in ("Type", "MessageId", "TopicArn")):
            raise Forged("no notification")
        await self._certificates.verify(told)
        kind = KINDS[told["Type"]]
        message = _kept(_object(str(told.get("Message", "")).encode())) if kind is NoticeKind.EVENT else {}
        return Notice(
            kind=kind,
            id=told["MessageId"][:200],
            topic=told["TopicArn"],
            about=str(message.get("notificationType") or message.get("eventType") or told["Type"])[:80],
            message=message,
            confirm_at=str(told.get("SubscribeURL", "")) if kind is NoticeKind.CONFIRMATION else None,
        )

    async def confirm(self, notice: Notice) -> None:
        if notice.confirm_at is None:
            raise Forged("no confirmation")
        self._certificates.trusted(notice.confirm_at)
        await self._certificates.get(notice.confirm_at)

    def events_of(self, message: Mapping[str, Any]) -> list[ProviderEvent]:
        return list(_events(message))


def _kept(message: dict[str, Any]) -> dict[str, Any]:
    """Without what the message said to its reader: of its head only the Message-ID stays."""
    if not isinstance(message.get("mail"), dict):
        return message
    mail = {name: value for name, value in message["mail"].items() if name in {"messageId", "timestamp"}}
    ours = _our_id(message["mail"])
    if ours:
        mail["headers"] = [{"name": "Message-ID", "value": ours}]
    return {**message, "mail": mail}


def _events(message: Mapping[str, Any]) -> Iterator[ProviderEvent]:
    mail = _dict(message.get("mail"))
    ses_id = mail.get("messageId")
    if not isinstance(ses_id, str) or not ses_id:
        return
    ours = _our_id(mail)
    match message.get("notificationType") or message.get("eventType"):
        case "Bounce":
            bounce = _dict(message.get("bounce"))
            for one in _dicts(bounce.get("bouncedRecipients")):
                yield _event(ses_id, ours, _verdict(bounce, one), bounce, one, mail)
        case "Complaint":
            complaint = _dict(message.get("complaint"))
            for one in _dicts(complaint.get("complainedRecipients")):
                yield _event(ses_id, ours, None, complaint, one, mail)
        case "Delivery":
            delivery = _dict(message.get("delivery"))
            for address in delivery.get("recipients") or ():
                yield _event(ses_id, ours, Verdict.DELIVERED, delivery, {"emailAddress": address}, mail)
        case "DeliveryDelay":
            delay = _dict(message.get("deliveryDelay"))
            for one in _dicts(delay.get("delayedRecipients")):
                yield _event(ses_id, ours, Verdict.DELAYED, delay, one, mail)
        case _:
            return


def _event(
    ses_id: str,
    ours: str | None,
    verdict: Verdict | None,
    part: Mapping[str, Any],
    one: Mapping[str, Any],
    mail: Mapping[str, Any],
) -> ProviderEvent:
    """One recipient's fate; without a verdict it is a complaint. What came twice has the same id."""
    address = str(one.get("emailAddress", ""))[:320]
    what = verdict or "complaint"
    known = str(part.get("feedbackId") or f"{what}/{ses_id}")[:200]
    said = str(
        one.get("diagnosticCode") or part.get("smtpResponse") or part.get("complaintFeedbackType") or ""
    )
    detail = {"code": str(one.get("status") or "")[:20], "text": said[:LONGEST]}
    return ProviderEvent(
        id=f"ses/{known}/{address}",
        provider_id=ses_id,
        message_id=ours,
        verdict=verdict,
        at=_instant(part.get("timestamp")) or _instant(mail.get("timestamp")),
        detail={name: value for name, value in detail.items() if value},
    )


def _verdict(bounce: Mapping[str, Any], one: Mapping[str, Any]) -> Verdict:
    """R98 by the status code where there is one; else by Amazon's own words; in doubt a person reads it."""
    found = STATUS.search(str(one.get("status") or "")) or STATUS.search(str(one.get("diagnosticCode") or ""))
    status = found[0] if found else ""
    permanent, kind = bounce.get("bounceType") == "Permanent", bounce.get("bounceSubType")
    if status in HARD or (permanent and kind in NOBODY_THERE):
        return Verdict.HARD
    if status.startswith("5.7.") or kind in {"ContentRejected", "AttachmentRejected"}:
        return Verdict.POLICY
    if status in FULL or bounce.get("bounceType") == "Transient" or status.startswith("4."):
        return Verdict.SOFT
    return Verdict.UNCLEAR


def _our_id(mail: Mapping[str, Any]) -> str | None:
    """The Message-ID we wrote, where the topic is told the original headers."""
    for header in _dicts(mail.get("headers")):
        if str(header.get("name", "")).lower() == "message-id":
            found = OURS.search(str(header.get("value", "")))
            return found[0] if found else None
    return None


def _instant(text: object) -> datetime | None:
    try:
        at = datetime.fromisoformat(str(text))
    except ValueError:
        return None
    return at if at.tzinfo else at.replace(tzinfo=UTC)


def _object(body: bytes) -> dict[str, Any]:
    try:
        told = json.loads(body)
    except (ValueError, RecursionError):
        return {}
    return told if isinstance(told, dict) else {}


def _dict(value: object) -> dict[str, Any]:
    return value if isinstance(value, dict) else {}


def _dicts(value: object) -> list[dict[str, Any]]:
    return [one for one in value if isinstance(one, dict)] if isinstance(value, list) else []
