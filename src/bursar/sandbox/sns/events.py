"""What SES tells of a message: delivered, bounced or complained about, in either of its two formats."""

import time
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from email.parser import BytesHeaderParser
from email.policy import compat32
from fnmatch import fnmatchcase
from hashlib import sha256
from typing import Any
from uuid import uuid4

from bursar.sandbox.mailboxes.sayings import saying
from bursar.sandbox.smtp.store import Kept

REGION, OWNER = "us-east-1", "123456789012"


@dataclass(frozen=True)
class Fate:
    """What becomes of a message. `kind`: Delivery, Bounce or Complaint; the types are those of a bounce."""

    kind: str
    type: str = "Permanent"
    subtype: str = "General"
    status: str = "5.1.1"


# fmt: off
FATES: Sequence[tuple[str, Fate]] = (
    ("success@simulator.*",         Fate("Delivery")),
    ("bounce@simulator.*",          Fate("Bounce")),
    ("complaint@simulator.*",       Fate("Complaint")),
    ("suppressionlist@simulator.*", Fate("Bounce", subtype="OnAccountSuppressionList")),
    ("ooto@simulator.*",            Fate("Delivery")),
    ("bounce-5.2.2@*",              Fate("Bounce", "Transient", "MailboxFull", "5.2.2")),
    ("bounce-5.*@*",                Fate("Bounce")),
    ("bounce-4.*@*",                Fate("Bounce", "Transient", "General", "4.4.7")),
    ("complain@*",                  Fate("Complaint")),
    ("undetermined@*",              Fate("Bounce", "Undetermined", "Undetermined", "5.0.0")),
    ("*",                           Fate("Delivery")),
)
# fmt: on
"""The mailbox simulator of Amazon, and addresses that carry their own fate as elsewhere in the sandbox."""


def fate_of(recipient: str) -> Fate:
    return next(fate for pattern, fate in FATES if fnmatchcase(recipient.lower(), pattern))


def ses_id(number: int) -> str:
    """What SES calls a message in its 250: not the Message-ID, which it replaces on the way."""
    digest = sha256(f"ses-{number}".encode()).hexdigest()
    parts = (digest[:8], digest[8:12], digest[12:16], digest[16:20], digest[20:32])
    return f"0100{number:012x}-{'-'.join(parts)}-000000"


def moment(seconds: float) -> str:
    told = datetime.fromtimestamp(seconds, UTC).isoformat(timespec="milliseconds")
    return told.replace("+00:00", "Z")


def told(kept: Kept, raw: bytes, fate: Fate, form: str) -> dict[str, Any]:
    """`form`: "identity" (notificationType, without headers) or "event" (eventType, with headers and tags)."""
    naming = "eventType" if form == "event" else "notificationType"
    detail = {"Delivery": _delivery, "Bounce": _bounce, "Complaint": _complaint}[fate.kind](kept, fate)
    return {naming: fate.kind, "mail": _mail(kept, raw, form), fate.kind.lower(): detail}


def _mail(kept: Kept, raw: bytes, form: str) -> dict[str, Any]:
    domain = kept.sender.rpartition("@")[2]
    mail: dict[str, Any] = {
        "timestamp": moment(kept.received_at),
        "source": kept.sender,
        "sourceArn": f"arn:aws:ses:{REGION}:{OWNER}:identity/{domain}",
        "sendingAccountId": OWNER,
        "messageId": ses_id(kept.number),
        "destination": list(kept.recipients),
    }
    if form == "event":
        head = BytesHeaderParser(policy=compat32).parsebytes(raw)
        headers = [{"name": name, "value": str(value)} for name, value in head.items()]
        common = {"from": [str(head["From"])], "to": [str(head["To"])], "subject": str(head["Subject"])}
        mail |= {"headersTruncated": False, "headers": headers}
        mail["commonHeaders"] = {**common, "messageId": kept.message_id}
        mail["tags"] = {"ses:operation": ["SendSmtpEmail"]}
    return mail


def _delivery(kept: Kept, _: Fate) -> dict[str, Any]:
    return {
        "timestamp": moment(time.time()),
        "processingTimeMillis": 546,
        "recipients": list(kept.recipients),
        "smtpResponse": "250 2.0.0 Ok: queued",
        "reportingMTA": "a8-70.smtp-out.amazonses.com",
        "remoteMtaIp": "127.0.2.0",
    }


def _bounce(kept: Kept, fate: Fate) -> dict[str, Any]:
    words = f"smtp; 550 {fate.status} {saying(fate.status)}"
    return {
        "feedbackId": feedback_id(),
        "bounceType": fate.type,
        "bounceSubType": fate.subtype,
        "bouncedRecipients": [
            {"emailAddress": each, "action": "failed", "status": fate.status, "diagnosticCode": words}
            for each in kept.recipients
        ],
        "timestamp": moment(time.time()),
        "reportingMTA": "dns; a8-70.smtp-out.amazonses.com",
        "remoteMtaIp": "127.0.2.0",
    }


def _complaint(kept: Kept, _: Fate) -> dict[str, Any]:
    at = moment(time.time())
    return {
        "feedbackId": feedback_id(),
        "complainedRecipients": [{"emailAddress": each} for each in kept.recipients],
        "complaintFeedbackType": "abuse",
        "userAgent": "Feedback Loop of the sandbox (V0.01)",
        "arrivalDate": at,
        "timestamp": at,
    }


def feedback_id() -> str:
    return f"0100{uuid4().hex[:12]}-{uuid4()}-000000"


def parsed(given: Mapping[str, Any]) -> Fate:
    """From JSON. Raises `TypeError` or `ValueError`."""
    fate = Fate(**given)
    if fate.kind not in {"Delivery", "Bounce", "Complaint"}:
        raise ValueError(fate.kind)
    return fate
