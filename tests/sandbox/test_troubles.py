"""What a vendor can be told to do to an answer: hold it, say it twice, make nonsense of it; at its address itself."""

import json
import socket
from base64 import b64encode, urlsafe_b64encode
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from urllib.parse import urlsplit

import httpx2
import pytest

from tests.vendors import Vendor

MESSAGE = b"From: box@firm.example\r\nTo: noura@almas.example\r\nSubject: 7\r\nMessage-ID: <7@firm.example>\r\n\r\nPay.\r\n"
PATHS = {"gmail": "/gmail/v1/users/me/messages/send", "graph": "/v1.0/me/sendMail"}


class Program:
    """Sends one and the same message through either of them."""

    def __init__(self, vendor: Vendor) -> None:
        self.vendor = vendor
        self.mailbox = vendor.mailbox("box@firm.example")
        token = vendor.tokens(self.mailbox)["access_token"]
        media = "application/json" if vendor.name == "gmail" else "text/plain"
        self.headers = {"Authorization": f"Bearer {token}", "Content-Type": media}
        gmail = json.dumps({"raw": urlsafe_b64encode(MESSAGE).decode()}).encode()
        self.body = gmail if vendor.name == "gmail" else b64encode(MESSAGE)

    def send(self) -> httpx2.Response:
        url = f"{self.vendor.url}{PATHS[self.vendor.name]}"
        return self.vendor.http.post(url, content=self.body, headers=self.headers)

    def bytes_of_an_answer(self) -> bytes:
        """Everything that comes on a connection until it is quiet."""
        at = urlsplit(self.vendor.url)
        head = "".join(f"{name}: {value}\r\n" for name, value in self.headers.items())
        told = f"POST {PATHS[self.vendor.name]} HTTP/1.1\r\nHost: {at.netloc}\r\n{head}Content-Length: {len(self.body)}\r\n\r\n"
        with socket.create_connection((at.hostname, at.port), timeout=2) as client:
            client.sendall(told.encode() + self.body)
            came = client.recv(65536)
            client.settimeout(0.5)
            with suppress(TimeoutError):
                while more := client.recv(65536):
                    came += more
        return came

    def kept(self) -> int:
        return len(self.vendor.sent(self.mailbox))


@pytest.fixture(params=["gmail", "graph"])
def program(request: pytest.FixtureRequest) -> Program:
    return Program(request.getfixturevalue(request.param))


def test_an_answer_may_come_twice_on_the_wire(program):
    program.vendor.trouble("twice")

    assert program.bytes_of_an_answer().count(b"HTTP/1.1 20") == 2
    assert program.kept() == 1
    assert program.bytes_of_an_answer().count(b"HTTP/1.1 20") == 1


def test_an_answer_is_held_until_it_is_released(program):
    program.vendor.trouble("stall")
    with ThreadPoolExecutor(1) as pool:
        sending = pool.submit(program.send)
        [stalled] = program.vendor.stalled()

        assert stalled["accepted"]
        assert program.kept() == 1
        assert not sending.done()
        program.vendor.release()

        assert sending.result().is_success


def test_an_answer_may_be_late(program):
    program.vendor.trouble("late", seconds=0.3)

    answer = program.send()

    assert answer.is_success
    assert answer.elapsed.total_seconds() > 0.29


def test_an_answer_may_be_nonsense_after_the_message_was_sent(program):
    program.vendor.trouble("nonsense")

    answer = program.send()

    assert answer.headers["content-type"].startswith("text/html")
    assert program.kept() == 1


def test_an_error_may_come_although_it_was_sent(program):
    program.vendor.trouble("badGateway" if program.vendor.name == "gmail" else "BadGateway", accepted=True)

    assert program.send().status_code == 502
    assert program.kept() == 1


def test_troubles_are_of_one_mailbox_one_operation_and_so_many_requests(program):
    program.vendor.trouble("lost", mailbox="other@firm.example")
    program.vendor.trouble("lost", operation="nothing")
    program.vendor.trouble("nonsense", skip=1, times=2)

    told = [program.send().headers.get("content-type", "").startswith("text/html") for _ in range(4)]

    assert told == [False, True, True, False]


def test_a_trouble_that_is_none_is_refused(program):
    answer = program.vendor.control.post("/troubles", json=[{"answer": "teapot"}])

    assert answer.status_code == 422
    assert "lost" in answer.json()["error"]


def test_the_words_of_a_limit_say_when(gmail):
    program = Program(gmail)
    gmail.trouble("sendingLimit")

    said = program.send().json()["error"]["message"]

    assert said.startswith("User-rate limit exceeded.  Retry after 2")
    assert said.endswith("Z")


def test_refreshing_can_be_troubled_like_everything_else(program):
    held = program.vendor.tokens(program.mailbox)
    program.vendor.trouble("lost", operation="token", mailbox=program.mailbox)

    with pytest.raises(httpx2.RemoteProtocolError):
        program.vendor.token(grant_type="refresh_token", refresh_token=held["refresh_token"])

    assert program.vendor.token(grant_type="refresh_token", refresh_token=held["refresh_token"]).is_success
