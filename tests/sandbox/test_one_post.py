"""All vendors in one process: what one sends arrives at the other, and the pages show it."""

import imaplib
import smtplib
from collections.abc import Iterator
from typing import Any

import httpx2
import pytest

from tests.vendors import Vendor, a_process, read

FIRM, BUYER = "billing@firm.example", "noura@almas.example"
MESSAGE = (
    b"From: Firm <billing@firm.example>\r\nTo: noura@almas.example\r\nSubject: Invoice 7\r\n"
    b"Message-ID: <7@firm.example>\r\nContent-Language: fr\r\n\r\nPlease pay.\r\n"
)
PROGRAM = {"Accept": "application/json"}


@pytest.fixture(scope="module")
def told() -> Iterator[dict[str, Any]]:
    with a_process("vendors", "--mailbox", FIRM) as told:
        yield told


@pytest.fixture
def pages(told: dict[str, Any]) -> Iterator[httpx2.Client]:
    with httpx2.Client(
        base_url=f"http://127.0.0.1:{told['pages_port']}", headers=PROGRAM, timeout=20
    ) as client:
        yield client


@pytest.fixture
def gmail_of_all(told: dict[str, Any]) -> Iterator[Vendor]:
    control = f"http://127.0.0.1:{told['control_port']}/gmail"
    with httpx2.Client(timeout=20) as http, httpx2.Client(base_url=control, timeout=20) as door:
        yield Vendor("gmail", f"http://127.0.0.1:{told['gmail_port']}", told["settings"], http, door)


def deliver(told: dict[str, Any]) -> None:
    with smtplib.SMTP("127.0.0.1", told["smtp_port"], timeout=10) as smtp:
        smtp.login(FIRM, "sandbox")
        smtp.sendmail(FIRM, [BUYER], MESSAGE)


def newest(pages: httpx2.Client, address: str) -> int:
    return next(one["messages"][0] for one in pages.get("/").json() if one["address"] == address)


def inbox(told: dict[str, Any]) -> list[bytes]:
    with imaplib.IMAP4("127.0.0.1", told["imap_port"], timeout=10) as client:
        client.login(FIRM, "sandbox")
        client.select("INBOX", readonly=True)
        _, [found] = client.uid("SEARCH", "ALL")
        return [client.uid("FETCH", uid.decode(), "(BODY.PEEK[])")[1][0][1] for uid in found.split()]


def press(pages: httpx2.Client, button: str, **form: str) -> None:
    answer = pages.post(f"/messages/{newest(pages, BUYER)}/{button}", data=form)
    assert answer.status_code == 201, answer.text
    assert answer.json()["worked"]


def test_what_a_buyer_answers_at_the_pages_lies_in_the_firms_inbox(told, pages, gmail_of_all):
    deliver(told)
    before = len(inbox(told))

    press(pages, "replies", words="On Thursday.")

    assert len(inbox(told)) == before + 1
    assert b"In-Reply-To: <7@firm.example>" in inbox(told)[-1]
    assert read(gmail_of_all.messages(FIRM, "inbox")[-1])["Subject"] == "Re: Invoice 7"


def test_an_absence_is_written_by_a_machine_in_the_language_of_the_mail(told, pages):
    deliver(told)

    press(pages, "absences")

    assert b"Auto-Submitted: auto-replied" in inbox(told)[-1]
    assert "Réponse automatique" in read_subject(inbox(told)[-1])


def test_a_report_names_the_message_and_its_status(told, pages):
    deliver(told)

    press(pages, "reports", status="5.2.2")

    assert b"Status: 5.2.2" in inbox(told)[-1]
    assert b"Message-ID: <7@firm.example>" in inbox(told)[-1].rpartition(b"text/rfc822-headers")[2]
    number = newest(pages, BUYER)
    assert pages.post(f"/messages/{number}/reports", data={"status": "9.9.9"}).status_code == 404


def test_no_machine_answers_another(told, pages):
    deliver(told)
    press(pages, "reports", status="5.1.1")

    report = newest(pages, FIRM)

    assert pages.post(f"/messages/{report}/absences").status_code == 404
    assert pages.post(f"/messages/{report}/reports", data={"status": "5.1.1"}).status_code == 404
    assert "out of office" not in pages.get(f"/messages/{report}", headers={"Accept": "text/html"}).text


def test_a_mailbox_shows_what_was_sent_from_it(told, pages):
    deliver(told)
    press(pages, "replies")

    shown = pages.get(f"/mailboxes/{FIRM}", headers={"Accept": "text/html"}).text

    assert "Sent from here" in shown
    assert "Invoice 7" in shown


def test_one_environment_tells_bursar_of_all_of_them(told):
    assert set(told["settings"]) == {
        "BURSAR_GMAIL_CLIENT_ID",
        "BURSAR_GMAIL_CLIENT_SECRET",
        "BURSAR_GOOGLE_ACCOUNTS_URL",
        "BURSAR_GOOGLE_TOKEN_URL",
        "BURSAR_GMAIL_URL",
        "BURSAR_MICROSOFT_CLIENT_ID",
        "BURSAR_MICROSOFT_CLIENT_SECRET",
        "BURSAR_MICROSOFT_LOGIN_URL",
        "BURSAR_GRAPH_URL",
        "BURSAR_SNS_CERT_HOSTS",
    }


def test_ses_names_a_message_and_it_arrives_like_any_other(told, pages):
    with smtplib.SMTP("127.0.0.1", told["ses_port"], timeout=10) as client:
        client.ehlo()
        client.mail(FIRM)
        client.rcpt("sesame@almas.example")
        _, words = client.data(MESSAGE)

    assert words.startswith(b"Ok 0100")
    assert newest(pages, "sesame@almas.example")


def read_subject(raw: bytes) -> str:
    from base64 import b64encode

    return str(read({"raw": b64encode(raw).decode()})["Subject"])
