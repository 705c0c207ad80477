"""What Amazon says of messages: believed if it signed it, and read as R98 says."""

import json
from copy import deepcopy
from pathlib import Path
from typing import Any

import httpx2
import pytest

from bursar.integrations.ses.adapter import domain_of
from bursar.integrations.ses.events import SesDesk
from bursar.integrations.ses.signing import Certificates, text_to_sign
from bursar.outbox.ports import Forged, NoAnswer, NoticeKind
from bursar.outbox.states import Verdict

pytestmark = pytest.mark.anyio
DATA = Path(__file__).parent / "data"
VECTOR: dict[str, Any] = json.loads((DATA / "sns_vector.json").read_text())
EVENTS: dict[str, Any] = json.loads((DATA / "ses_events.json").read_text())


class Amazon(httpx2.MockTransport):
    """Gives the certificate of the vector; remembers what it was asked for."""

    def __init__(self, body: str = VECTOR["cert_pem"], status: int = 200) -> None:
        self.asked: list[str] = []
        super().__init__(lambda request: self._answer(request, body, status))

    def _answer(self, request: httpx2.Request, body: str, status: int) -> httpx2.Response:
        self.asked.append(str(request.url))
        return httpx2.Response(status, text=body, headers={"location": "http://169.254.169.254/"})


def a_desk(amazon: Amazon, *more: str) -> SesDesk:
    return SesDesk(Certificates(frozenset(more), transport=amazon))


def told(**changed: Any) -> bytes:
    return json.dumps({**VECTOR["message"], **changed}).encode()


def test_the_text_that_is_signed_is_amazons() -> None:
    assert text_to_sign(VECTOR["message"]) == VECTOR["string_to_sign"]


async def test_what_amazon_signed_is_believed_and_its_certificate_fetched_once() -> None:
    desk = a_desk(amazon := Amazon())

    await desk.read(told())
    notice = await desk.read(told())

    assert (notice.kind, notice.about) == (NoticeKind.EVENT, "Bounce")
    assert notice.topic == "arn:aws:sns:us-east-1:123456789012:ses-events"
    assert amazon.asked == [VECTOR["message"]["SigningCertURL"]]


@pytest.mark.parametrize(
    "changed",
    [
        {"Message": '{"eventType":"Delivery"}'},
        {"MessageId": "another"},
        {"TopicArn": "arn:aws:sns:us-east-1:123456789012:theirs"},
        {"Timestamp": "2027-01-02T03:04:05.678Z"},
        {"Subject": None},
        {"Signature": "AAAA"},
        {"Signature": "no base64!"},
        {"SignatureVersion": "1"},
        {"SignatureVersion": "3"},
        {"Type": "Anything"},
    ],
)
async def test_what_was_changed_on_its_way_is_not(changed: dict[str, Any]) -> None:
    with pytest.raises(Forged):
        await a_desk(Amazon()).read(told(**changed))


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"\xff", b"[" * 100_000, b'{"Type": 1}'])
async def test_what_is_no_notification_is_not(body: bytes) -> None:
    with pytest.raises(Forged):
        await a_desk(Amazon()).read(body)


@pytest.mark.parametrize(
    "url",
    [
        "http://sns.us-east-1.amazonaws.com/x.pem",
        "https://sns.us-east-1.amazonaws.com.evil.example/x.pem",
        "https://evil.example/sns.us-east-1.amazonaws.com/x.pem",
        "https://sns.us-east-1.amazonaws.com@evil.example/x.pem",
        "https://user:pw@sns.us-east-1.amazonaws.com/x.pem",
        "https://sns.us-east-1.amazonaws.com:8443/x.pem",
        "https://sns.us-east-1.amazonaws.com/x.txt",
        "https://s3.amazonaws.com/bucket/x.pem",
        "https://169.254.169.254/x.pem",
        "http://127.0.0.1:9/x.pem",
        "file:///etc/passwd.pem",
        "https://[::1/x.pem",
        "",
    ],
)
async def test_a_certificate_from_elsewhere_is_never_fetched(url: str) -> None:
    desk = a_desk(amazon := Amazon())

    with pytest.raises(Forged):
        await desk.read(told(SigningCertURL=url))

    assert amazon.asked == []


@pytest.mark.parametrize(
    ("amazon", "raised"),
    [(Amazon(status=500), NoAnswer), (Amazon(status=302), NoAnswer), (Amazon("no certificate"), Forged),
     (Amazon("x" * 100_000), NoAnswer)],
)  # fmt: skip
async def test_a_certificate_that_cannot_be_read_proves_nothing(
    amazon: Amazon, raised: type[Exception]
) -> None:
    with pytest.raises(raised):
        await a_desk(amazon).read(told())
    assert len(amazon.asked) == 1  # nobody is followed


async def test_a_confirmation_that_leads_elsewhere_is_not_followed() -> None:
    desk = a_desk(amazon := Amazon())
    notice = await desk.read(told())

    with pytest.raises(Forged):
        await desk.confirm(notice)
    assert len(amazon.asked) == 1


def events(kind: str, *path: str, **changed: Any) -> Any:
    message = deepcopy(EVENTS[kind])
    place = message
    for step in path:
        place = place[int(step)] if isinstance(place, list) else place[step]
    place.update(changed)
    return a_desk(Amazon()).events_of(message)


@pytest.mark.parametrize("form", ["notificationType", "eventType"])
def test_the_documents_own_bounce_is_hard_in_both_forms(form: str) -> None:
    message = deepcopy(EVENTS["bounce"])
    message[form] = message.pop("notificationType")

    [one] = a_desk(Amazon()).events_of(message)

    assert (one.verdict, one.provider_id) == (Verdict.HARD, EVENTS["bounce"]["mail"]["messageId"])
    assert one.detail == {"code": "5.1.1", "text": "smtp; 550 5.1.1 <jane@example.com>... User"}
    assert one.id == f"ses/{EVENTS['bounce']['bounce']['feedbackId']}/jane@example.com"


# fmt: off
BOUNCES = [
    #  type            subtype                      status    verdict
    ("Permanent",    "NoEmail",                   None,     Verdict.HARD),
    ("Permanent",    "Suppressed",                None,     Verdict.HARD),
    ("Permanent",    "OnAccountSuppressionList",  None,     Verdict.HARD),
    ("Permanent",    "General",                   "5.1.2",  Verdict.HARD),
    ("Permanent",    "General",                   "5.7.1",  Verdict.POLICY),
    ("Permanent",    "General",                   "5.2.2",  Verdict.SOFT),
    ("Permanent",    "General",                   "5.6.0",  Verdict.UNCLEAR),
    ("Permanent",    "General",                   None,     Verdict.UNCLEAR),
    ("Transient",    "MailboxFull",               None,     Verdict.SOFT),
    ("Transient",    "General",                   "4.4.7",  Verdict.SOFT),
    ("Transient",    "ContentRejected",           None,     Verdict.POLICY),
    ("Undetermined", "Undetermined",              None,     Verdict.UNCLEAR),
]
# fmt: on


@pytest.mark.parametrize(("kind", "subtype", "status", "verdict"), BOUNCES)
def test_each_bounce_has_its_class(kind: str, subtype: str, status: str | None, verdict: Verdict) -> None:
    recipient = {"emailAddress": "jane@example.com", **({"status": status} if status else {})}
    [one] = events("bounce", "bounce", bounceType=kind, bounceSubType=subtype, bouncedRecipients=[recipient])

    assert one.verdict is verdict


def test_a_complaint_and_a_delivery_are_told() -> None:
    [complaint], [delivery] = events("complaint"), events("delivery")

    assert complaint.verdict is None
    assert delivery.verdict is Verdict.DELIVERED
    assert delivery.at is not None


def test_our_message_id_is_read_where_headers_are_told() -> None:
    [one] = events("delivery", "mail", headers=[{"name": "Message-ID", "value": "<abc.1@firm.example>"}])

    assert one.message_id == "<abc.1@firm.example>"


@pytest.mark.parametrize("message", [{}, {"eventType": "Open"}, {"eventType": "Bounce"}, {"eventType": "Bounce", "mail": []},
                                     {"notificationType": "Delivery", "mail": {"messageId": "x"}, "delivery": 3}])  # fmt: skip
def test_what_we_do_not_know_says_nothing(message: dict[str, Any]) -> None:
    assert a_desk(Amazon()).events_of(message) == []


def test_each_region_ends_its_ids_in_its_own_way() -> None:
    assert domain_of("email-smtp.us-east-1.amazonaws.com") == "email.amazonses.com"
    assert domain_of("email-smtp.eu-west-1.amazonaws.com") == "eu-west-1.amazonses.com"
    assert domain_of("127.0.0.1") == "email.amazonses.com"
