"""SES and its topic: what it signs can be checked, what is not answered comes again, what it is told to forge fails."""

import json
import smtplib
from asyncio import to_thread
from base64 import b64decode
from collections.abc import AsyncIterator, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass, field
from typing import Any

import httpx2
import pytest
from cryptography import x509
from cryptography.exceptions import InvalidSignature
from cryptography.hazmat.primitives.asymmetric import padding, rsa
from cryptography.hazmat.primitives.hashes import SHA1, SHA256
from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import Response
from starlette.routing import Route

from tests.mail_servers import Ses
from tests.makers.mailboxes import a_server

pytestmark = pytest.mark.anyio

MESSAGE = (
    b"From: firm@example.com\r\nTo: noura@almas.example\r\nSubject: Invoice 7\r\nMessage-ID: <7@firm.example>\r\n"
    b"\r\nPlease pay.\r\n"
)
SIGNED = {
    "Notification": ["Message", "MessageId", "Subject", "Timestamp", "TopicArn", "Type"],
    "SubscriptionConfirmation": [
        "Message",
        "MessageId",
        "SubscribeURL",
        "Timestamp",
        "Token",
        "TopicArn",
        "Type",
    ],
}


@dataclass
class Subscriber:
    """Whoever listens at the other end. `answers`: statuses to give first."""

    url: str = ""
    confirms: bool = True
    came: list[dict[str, str]] = field(default_factory=list)
    answers: list[int] = field(default_factory=list)

    async def hear(self, request: Request) -> Response:
        assert request.headers["content-type"] == "text/plain; charset=UTF-8"
        told = json.loads(await request.body())
        assert request.headers["x-amz-sns-message-type"] == told["Type"]
        self.came.append(told)
        if told["Type"] == "SubscriptionConfirmation" and self.confirms:
            httpx2.get(told["SubscribeURL"]).raise_for_status()
        return Response(status_code=self.answers.pop(0) if self.answers else 200)

    def events(self) -> list[dict[str, Any]]:
        return [json.loads(one["Message"]) for one in self.came if one["Type"] == "Notification"]


@asynccontextmanager
async def listening(ses: Ses, *, confirms: bool = True) -> AsyncIterator[Subscriber]:
    """Somebody who was asked whether they want to be told."""
    subscriber = Subscriber(confirms=confirms)
    async with a_server(Starlette(routes=[Route("/hook", subscriber.hear, methods=["POST"])])) as url:
        subscriber.url = f"{url}/hook"
        [subscription] = await to_thread(ses.subscribe, subscriber.url)
        assert subscription["confirmed"] == confirms
        yield subscriber


@pytest.fixture
async def subscriber(ses: Ses) -> AsyncIterator[Subscriber]:
    async with listening(ses) as subscriber:
        yield subscriber


@contextmanager
def smtp(ses: Ses) -> Iterator[smtplib.SMTP]:
    with smtplib.SMTP("127.0.0.1", ses.smtp_port, timeout=10) as client:
        yield client


def send(ses: Ses, to: str) -> str:
    """What SES calls it."""
    with smtp(ses) as client:
        client.ehlo()
        client.mail("firm@example.com")
        client.rcpt(to)
        code, words = client.data(MESSAGE)
    assert code == 250
    return words.decode().removeprefix("Ok ")


async def sent(ses: Ses, to: str) -> str:
    named = await to_thread(send, ses, to)
    async with httpx2.AsyncClient() as client:
        await client.get(f"{ses.control_url}/deliveries", timeout=20)
    return named


def check(message: dict[str, str], pem: bytes) -> None:
    key = x509.load_pem_x509_certificate(pem).public_key()
    assert isinstance(key, rsa.RSAPublicKey)
    said = "".join(f"{name}\n{message[name]}\n" for name in SIGNED[message["Type"]])
    algorithm = SHA1() if message["SignatureVersion"] == "1" else SHA256()
    key.verify(b64decode(message["Signature"]), said.encode(), padding.PKCS1v15(), algorithm)


@pytest.mark.parametrize("version", ["1", "2"])
async def test_what_it_says_is_signed_with_the_certificate_it_serves(ses, subscriber, version):
    ses.set(signature_version=version)

    await sent(ses, "noura@almas.example")

    for message in subscriber.came:
        check(message, httpx2.get(message["SigningCertURL"]).content)
    assert [one["Type"] for one in subscriber.came] == ["SubscriptionConfirmation", "Notification"]


async def test_a_delivery_names_the_message_as_the_server_did(ses, subscriber):
    named = await sent(ses, "noura@almas.example")

    [event] = subscriber.events()
    assert (event["eventType"], event["mail"]["messageId"]) == ("Delivery", named)
    assert event["mail"]["commonHeaders"]["messageId"] == "<7@firm.example>"
    assert event["delivery"]["recipients"] == ["noura@almas.example"]


async def test_amazons_own_addresses_bounce_and_complain(ses, subscriber):
    ses.set(form="identity")
    for who in ("bounce", "complaint", "suppressionlist"):
        await sent(ses, f"{who}@simulator.amazonses.com")

    told = [
        (one["notificationType"], one.get("bounce", {}).get("bounceSubType")) for one in subscriber.events()
    ]

    assert sorted(told, key=str) == [
        ("Bounce", "General"),
        ("Bounce", "OnAccountSuppressionList"),
        ("Complaint", None),
        ("Delivery", None),
    ]
    assert all("headers" not in one["mail"] for one in subscriber.events())


async def test_what_is_not_answered_comes_again_under_the_same_id(ses, subscriber):
    subscriber.answers = [503, 429]

    await sent(ses, "noura@almas.example")

    ids = [one["MessageId"] for one in subscriber.came if one["Type"] == "Notification"]
    assert len(ids) == 3
    assert len(set(ids)) == 1


async def test_a_final_refusal_is_not_repeated(ses, subscriber):
    subscriber.answers = [403]

    await sent(ses, "noura@almas.example")

    assert len(subscriber.events()) == 1


async def test_it_may_say_everything_twice_and_backwards(ses, subscriber):
    ses.set(hold=True, duplicates=1)
    first = await sent(ses, "a@almas.example")
    second = await sent(ses, "b@almas.example")
    assert subscriber.events() == []

    async with httpx2.AsyncClient() as client:
        await client.post(f"{ses.control_url}/flush", params={"backwards": "true"}, timeout=20)

    assert [event["mail"]["messageId"] for event in subscriber.events()] == [second, second, first, first]


async def test_a_forged_signature_does_not_fit_the_certificate(ses, subscriber):
    ses.set(forge="signature")

    await sent(ses, "noura@almas.example")

    forged = subscriber.came[-1]
    with pytest.raises(InvalidSignature):
        check(forged, httpx2.get(forged["SigningCertURL"]).content)


async def test_a_forged_certificate_lies_at_another_host(ses, subscriber):
    ses.set(forge="certificate")

    await sent(ses, "noura@almas.example")

    assert ses.settings["BURSAR_SNS_CERT_HOSTS"] not in subscriber.came[-1]["SigningCertURL"]


async def test_nobody_is_told_before_they_confirmed(ses):
    async with listening(ses, confirms=False) as asked:
        await sent(ses, "noura@almas.example")

        assert [one["Type"] for one in asked.came] == ["SubscriptionConfirmation"]
