"""Simulated vendors as processes of their own, and the hands of a person and of fate in them."""

import json
import subprocess
import sys
from base64 import b64decode, b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from email import message_from_bytes, policy
from email.message import EmailMessage
from secrets import token_hex, token_urlsafe
from typing import Any, cast
from urllib.parse import parse_qs, urlencode, urlsplit

import httpx2
import pytest

from bursar.sandbox.cloud.tokens import challenge_of

CALLBACK = "http://127.0.0.1:8000/connected"
OURS = {"gmail": "GMAIL", "graph": "MICROSOFT"}
"""How our settings call them."""
GMAIL_SEND = "https://www.googleapis.com/auth/gmail.send"
GMAIL_READ = "https://www.googleapis.com/auth/gmail.readonly"
GRAPH_SEND = "https://graph.microsoft.com/Mail.Send"
GRAPH_READ = "https://graph.microsoft.com/Mail.Read"


@dataclass
class Vendor:
    """One vendor's process. `settings`: what Bursar's environment must say to speak with it."""

    name: str
    url: str
    settings: dict[str, str]
    http: httpx2.Client
    control: httpx2.Client

    def reset(self) -> None:
        self.control.post("/reset").raise_for_status()

    # What happens to requests

    def trouble(self, answer: str, **given: Any) -> None:
        """The next request gets this answer: an error of the contract, lost, stall, late, twice or nonsense.

        mailbox, operation (patterns), skip, times (None: always), accepted, retry_after, seconds, message.
        """
        told = self.control.post("/troubles", json=[{"answer": answer, **given}])
        assert told.status_code == 200, told.text

    def no_troubles(self) -> None:
        self.control.put("/troubles", json=[]).raise_for_status()

    def set(self, **settings: Any) -> None:
        """Limits and manners, e.g. messages_per_day=2, searchable_after_s=60, rewrite_message_id=True."""
        told = self.control.put("/settings", json=settings)
        assert told.status_code == 200, told.text

    def stalled(self, count: int = 1, wait: float = 10) -> list[dict[str, Any]]:
        """Requests that get no answer at present, as soon as there are so many."""
        asked = self.control.get("/stalled", params={"count": count, "wait": wait}, timeout=wait + 5)
        return asked.raise_for_status().json()

    def release(self) -> None:
        self.control.post("/release").raise_for_status()

    def calls(self, operation: str | None = None) -> list[dict[str, Any]]:
        """What came: operation, mailbox, status, at, wrong (against the contract), trouble."""
        told = self.control.get("/calls").raise_for_status().json()
        return [call for call in told if operation in {None, call["operation"]}]

    def wrong(self) -> list[str]:
        """Whatever the contract has not, in all requests since the reset."""
        return [f"{call['operation']}: {each}" for call in self.calls() for each in call["wrong"]]

    # Mailboxes

    def mailbox(self, address: str | None = None, **given: Any) -> str:
        """Somebody who has one; an address of its own if none is given."""
        address = address or f"box-{token_hex(4)}@firm.example"
        self.control.post("/mailboxes", json={"address": address, **given}).raise_for_status()
        return address

    def messages(self, mailbox: str, folder: str | None = None) -> list[dict[str, Any]]:
        params = {"folder": folder} if folder else {}
        return self.control.get(f"/mailboxes/{mailbox}/messages", params=params).raise_for_status().json()

    def sent(self, mailbox: str) -> list[dict[str, Any]]:
        """The Sent folder, the oldest first: number, message_id, to, subject, raw…"""
        return self.messages(mailbox, "sent")

    def put(self, mailbox: str, raw: bytes, folder: str = "inbox", **given: Any) -> dict[str, Any]:
        """A message as it is, e.g. a forged report."""
        told = {"raw": b64encode(raw).decode(), "folder": folder, **given}
        return self.control.post(f"/mailboxes/{mailbox}/messages", json=told).raise_for_status().json()

    def reply(self, mailbox: str, number: int, words: str = "We will pay on Thursday.") -> dict[str, Any]:
        """The recipient of message `number` answers it."""
        return self._about(mailbox, number, "replies", words=words)

    def be_away(self, mailbox: str, number: int) -> dict[str, Any]:
        return self._about(mailbox, number, "absences")

    def report(self, mailbox: str, number: int, status: str = "5.1.1") -> dict[str, Any]:
        """A delivery report on message `number`."""
        return self._about(mailbox, number, "reports", status=status)

    def remove(self, mailbox: str, number: int) -> None:
        self.control.delete(f"/mailboxes/{mailbox}/messages/{number}").raise_for_status()

    def forget_history(self, mailbox: str) -> None:
        """Places that readers remember are good no longer."""
        self.control.post(f"/mailboxes/{mailbox}/amnesia").raise_for_status()

    def _about(self, mailbox: str, number: int, what: str, **given: Any) -> dict[str, Any]:
        path = f"/mailboxes/{mailbox}/messages/{number}/{what}"
        return self.control.post(path, json=given).raise_for_status().json()

    # People and tokens

    def expire(self, mailbox: str) -> None:
        """Its access tokens are good no longer; refreshing still works."""
        self.control.post(f"/mailboxes/{mailbox}/expiry").raise_for_status()

    def revoke(self, mailbox: str) -> None:
        """The person removed us from the account."""
        self.control.post(f"/mailboxes/{mailbox}/revocation").raise_for_status()

    def consent(self, url: str, mailbox: str, *, allow: bool = True, without: Sequence[str] = ()) -> str:
        """A person opens the address we sent them to, chooses, and presses a button; where they are sent back.

        `without`: parts of the names of scopes that they untick.
        """
        page = self.http.get(url, headers={"Accept": "application/json"})
        assert page.status_code == 200, page.text
        asked = page.json()
        ticked = [one for one in asked["scopes"] if not any(part in one for part in without)]
        form = {
            "asking": asked["asking"],
            "other": mailbox,
            "decision": "allow" if allow else "deny",
            "scope": ticked,
        }
        answer = self.http.post(f"{self.url}{asked['answer']}", data=form)
        assert answer.status_code == 303, answer.text
        return answer.headers["location"]

    @property
    def client_id(self) -> str:
        return self.settings[f"BURSAR_{OURS[self.name]}_CLIENT_ID"]

    @property
    def client_secret(self) -> str:
        return self.settings[f"BURSAR_{OURS[self.name]}_CLIENT_SECRET"]

    def ask(self, *scopes: str, **further: str) -> tuple[str, str]:
        """An address to send a person to, as any program would write it, and its verifier."""
        verifier = token_urlsafe(48)
        google = self.name == "gmail"
        asked = {
            "client_id": self.client_id,
            "redirect_uri": CALLBACK,
            "response_type": "code",
            "scope": " ".join(scopes),
            "state": token_urlsafe(8),
            "code_challenge": challenge_of(verifier),
            "code_challenge_method": "S256",
            **({"access_type": "offline", "prompt": "consent"} if google else {}),
            **further,
        }
        path = "/o/oauth2/v2/auth" if google else "/common/oauth2/v2.0/authorize"
        return f"{self.url}{path}?{urlencode(asked)}", verifier

    def token(self, **given: str) -> httpx2.Response:
        """One request to the token address."""
        path = "/token" if self.name == "gmail" else "/common/oauth2/v2.0/token"
        told = {"client_id": self.client_id, "client_secret": self.client_secret, **given}
        return self.http.post(f"{self.url}{path}", data={key: value for key, value in told.items() if value})

    def redeem(self, location: str, verifier: str, **given: str) -> httpx2.Response:
        """The code of an address somebody was sent back to, for tokens."""
        code = parse_qs(urlsplit(location).query)["code"][0]
        told = {"grant_type": "authorization_code", "code": code, "redirect_uri": CALLBACK}
        return self.token(**{**told, "code_verifier": verifier, **given})

    def tokens(self, mailbox: str, *scopes: str) -> dict[str, Any]:
        """What a program holds after the person allowed these scopes (to send and to read, if none is named)."""
        usual = {
            "gmail": ("openid", "email", GMAIL_SEND, GMAIL_READ),
            "graph": ("openid", "profile", "email", "offline_access", "User.Read", "Mail.Send", "Mail.Read"),
        }
        url, verifier = self.ask(*(scopes or usual[self.name]))
        answer = self.redeem(self.consent(url, mailbox), verifier)
        assert answer.status_code == 200, answer.text
        return answer.json()


def read(message: dict[str, Any]) -> EmailMessage:
    """A message of `messages` or `sent`, parsed."""
    return cast("EmailMessage", message_from_bytes(b64decode(message["raw"]), policy=policy.default))


@contextmanager
def a_process(name: str, *options: str) -> Iterator[dict[str, Any]]:
    """`python -m bursar.sandbox.<name>`, ended with the `with`; what its first line says."""
    command = [sys.executable, "-m", f"bursar.sandbox.{name}", *options]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    try:
        yield json.loads(process.stdout.readline())
    finally:
        process.terminate()
        process.wait()
        process.stdout.close()


@contextmanager
def a_vendor(name: str, *options: str) -> Iterator[Vendor]:
    """One of the two who have mailboxes and let people sign in."""
    with a_process(name, *options) as told:
        control = f"http://{told['host']}:{told['control_port']}"
        with (
            httpx2.Client(timeout=20, trust_env=False) as http,
            httpx2.Client(base_url=control, timeout=20, trust_env=False) as door,
        ):
            yield Vendor(name, told["url"], told["settings"], http, door)


@pytest.fixture(scope="session")
def gmail_process() -> Iterator[Vendor]:
    with a_vendor("gmail") as vendor:
        yield vendor


@pytest.fixture(scope="session")
def graph_process() -> Iterator[Vendor]:
    with a_vendor("graph") as vendor:
        yield vendor


@pytest.fixture
def gmail(gmail_process: Vendor) -> Vendor:
    """Google's side, as if it had just started."""
    gmail_process.reset()
    return gmail_process


@pytest.fixture
def graph(graph_process: Vendor) -> Vendor:
    """Microsoft's side, as if it had just started."""
    graph_process.reset()
    return graph_process
