"""Amazon's SES with its topic, and an IMAP server, as processes of their own that tests can tell what to do."""

from base64 import b64encode
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import httpx2
import pytest

from tests.vendors import a_process


@dataclass
class Ses:
    """Amazon's side: SMTP that names each message in its answer, and a topic that tells what became of it."""

    smtp_port: int
    topic: str
    control_url: str
    settings: dict[str, str]

    def reset(self) -> None:
        httpx2.post(f"{self.control_url}/reset").raise_for_status()

    def set(self, **behaviour: Any) -> None:
        """form ("event", "identity"), signature_version, duplicates, hold, attempts, retry_s, automatic,
        forge ("signature", "certificate", "topic").
        """
        httpx2.put(f"{self.control_url}/behaviour", json=behaviour).raise_for_status()

    def subscribe(self, endpoint: str) -> list[dict[str, Any]]:
        """The endpoint is asked; answered when it has confirmed, or has not."""
        told = httpx2.post(f"{self.control_url}/subscriptions", json={"endpoint": endpoint}, timeout=30)
        return told.raise_for_status().json()

    def messages(self) -> list[dict[str, Any]]:
        """What was accepted: number, message_id, recipients, ses_id…"""
        return httpx2.get(f"{self.control_url}/messages").raise_for_status().json()

    def tell(self, number: int, kind: str, **fate: str) -> None:
        """Bounce, Complaint or Delivery of a message, with type, subtype and status of a bounce."""
        told = {"number": number, "kind": kind, **fate}
        httpx2.post(f"{self.control_url}/events", json=told, timeout=30).raise_for_status()

    def publish(self, event: dict[str, Any]) -> None:
        """As it is, signed."""
        httpx2.post(f"{self.control_url}/events", json={"event": event}, timeout=30).raise_for_status()

    def flush(self, *, backwards: bool = False) -> None:
        params = {"backwards": str(backwards).lower()}
        httpx2.post(f"{self.control_url}/flush", params=params, timeout=30).raise_for_status()

    def deliveries(self) -> list[dict[str, Any]]:
        """Each message, to whom, and the statuses of its attempts; once nothing is on its way."""
        return httpx2.get(f"{self.control_url}/deliveries", timeout=30).raise_for_status().json()


@pytest.fixture(scope="session")
def ses_process() -> Iterator[Ses]:
    with a_process("sns") as told:
        control = f"http://{told['host']}:{told['control_port']}"
        yield Ses(told["smtp_port"], told["topic"], control, told["settings"])


@pytest.fixture
def ses(ses_process: Ses) -> Ses:
    """Amazon's side with nobody subscribed."""
    ses_process.reset()
    return ses_process


@dataclass
class Imap:
    """A server that takes mail by SMTP and shows it by IMAP to whoever has everybody's password."""

    port: int
    smtp_port: int
    control: httpx2.Client
    password: str = "sandbox"

    def reset(self) -> None:
        self.control.post("/reset").raise_for_status()

    def trouble(self, answer: str, **given: Any) -> None:
        """The next command gets this answer: no, bad, bye, auth, unavailable, inuse, lost, stall, late, nonsense.

        operation (a command in small letters, `uid fetch`, `connect`), mailbox, skip, times, seconds, message.
        """
        told = self.control.post("/troubles", json=[{"answer": answer, **given}])
        assert told.status_code == 200, told.text

    def release(self) -> None:
        self.control.post("/release").raise_for_status()

    def stalled(self, count: int = 1, wait: float = 10) -> list[dict[str, Any]]:
        asked = self.control.get("/stalled", params={"count": count, "wait": wait}, timeout=wait + 5)
        return asked.raise_for_status().json()

    def put(self, mailbox: str, raw: bytes, folder: str = "INBOX", **given: Any) -> dict[str, Any]:
        """A message as it is; `received_at` in seconds since 1970, `flags`. Its uid is in the answer."""
        told = {"raw": b64encode(raw).decode(), **given}
        return self.control.post(f"/mailboxes/{mailbox}/{folder}", json=told).raise_for_status().json()

    def messages(self, mailbox: str, folder: str = "INBOX") -> list[dict[str, Any]]:
        """uid, flags, received_at, raw."""
        return self.control.get(f"/mailboxes/{mailbox}/{folder}").raise_for_status().json()["messages"]

    def remove(self, mailbox: str, uid: int, folder: str = "INBOX") -> None:
        self.control.delete(f"/mailboxes/{mailbox}/{folder}/{uid}").raise_for_status()

    def renumber(self, mailbox: str, folder: str = "INBOX") -> None:
        """Another UIDVALIDITY, and all messages under other numbers."""
        self.control.post(f"/mailboxes/{mailbox}/{folder}/renumbering").raise_for_status()

    def know_token(self, mailbox: str, token: str) -> None:
        """Good for XOAUTH2 from now on."""
        self.control.post("/tokens", json={"address": mailbox, "token": token}).raise_for_status()

    def commands(self) -> list[list[Any]]:
        """What came, with the number of its connection, without what signs in."""
        return self.control.get("/commands").raise_for_status().json()


@pytest.fixture(scope="session")
def imap_process() -> Iterator[Imap]:
    with a_process("imap") as told:
        control = f"http://{told['host']}:{told['control_port']}"
        with httpx2.Client(base_url=control, timeout=20, trust_env=False) as door:
            yield Imap(told["port"], told["smtp_port"], door)


@pytest.fixture
def imap(imap_process: Imap) -> Imap:
    """The IMAP server with every mailbox empty."""
    imap_process.reset()
    return imap_process
