"""The sink judged by a client that is not ours: smtplib, and plain HTTP."""

import asyncio
import json
import os
import signal
import smtplib
import ssl
import subprocess
import sys
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from urllib.error import HTTPError
from urllib.request import Request, urlopen

import pytest

from bursar.outbox.ports import Result
from bursar.sandbox.smtp.behaviour import Act, Beat
from bursar.sandbox.smtp.sink import Sink
from bursar.sandbox.smtp.store import FolderStore, Kept
from tests.makers.smtp import a_letter, a_sender, delivered, misbehaving

MESSAGE = b"Message-ID: <1@example.com>\r\nSubject: x\r\n\r\n.dot\r\n"


@contextmanager
def a_sink_process(*options):
    """What it told on its first line; killed without warning at the end."""
    command = [sys.executable, "-m", "bursar.sandbox.smtp", *map(str, options)]
    with subprocess.Popen(command, stdout=subprocess.PIPE) as process:
        try:
            assert process.stdout is not None
            yield json.loads(process.stdout.readline())
        finally:
            os.kill(process.pid, signal.SIGKILL)


def ask(told, path, method="GET", body=None):
    data = None if body is None else json.dumps(body).encode()
    request = Request(f"http://127.0.0.1:{told['control_port']}{path}", data=data, method=method)
    with urlopen(request, timeout=10) as answer:
        raw = answer.read()
    return json.loads(raw) if answer.headers.get_content_type() == "application/json" else raw


def a_client(told):
    return smtplib.SMTP("127.0.0.1", told["port"], timeout=10)


def test_what_was_acknowledged_is_still_there_after_the_sink_was_killed(tmp_path):
    with a_sink_process("--store", tmp_path) as told, a_client(told) as client:
        client.sendmail("a@example.com", ["b@example.org", "c@example.org"], MESSAGE)
        [message] = ask(told, "/messages")
        assert message["recipients"] == ["b@example.org", "c@example.org"]
        assert message["message_id"] == "<1@example.com>"
        assert ask(told, "/messages/1/raw") == MESSAGE
    with (tmp_path / "index.jsonl").open("ab") as index:
        index.write(b'{"number": 2, "conn')  # torn by the crash

    with a_sink_process("--store", tmp_path) as told, a_client(told) as client:
        client.sendmail("a@example.com", "d@example.org", MESSAGE)
        assert [message["number"] for message in ask(told, "/messages")] == [1, 2]
        assert [m["number"] for m in ask(told, "/messages?to=d@example.org")] == [2]
        assert ask(told, "/messages?since=2") == []
        assert ask(told, "/messages/2/raw") == MESSAGE


def test_rules_are_set_and_changed_while_it_runs():
    with a_sink_process() as told, a_client(told) as client:
        ask(
            told,
            "/rules",
            "PUT",
            [{"beat": "rcpt", "act": "refuse", "to": "*@no.example", "code": 550, "text": "5.1.1 No"}],
        )
        with pytest.raises(smtplib.SMTPRecipientsRefused):
            client.sendmail("a@example.com", "b@no.example", MESSAGE)
        client.sendmail("a@example.com", "b@yes.example", MESSAGE)
        ask(told, "/rules", "PUT", [])
        client.sendmail("a@example.com", "b@no.example", MESSAGE)

        assert ask(told, "/stats")["messages"] == 2
        with pytest.raises(HTTPError, match="422"):
            ask(told, "/rules", "POST", [{"beat": "lunch", "act": "refuse"}])


def test_whoever_aims_is_told_over_http_when_somebody_is_stalled():
    with a_sink_process() as told, a_client(told) as client:
        ask(told, "/rules", "PUT", [{"beat": "before-250", "act": "stall", "times": 1}])
        with ThreadPoolExecutor(1) as pool:
            sending = pool.submit(client.sendmail, "a@example.com", "b@example.org", MESSAGE)
            [stall] = ask(told, "/stalled?beat=before-250&count=1&wait=5")
            assert stall == {"beat": "before-250", "connection": 1, "recipient": "b@example.org"}
            assert not sending.done()
            assert len(ask(told, "/messages")) == 1
            ask(told, "/release", "POST")
            assert sending.result(5) == {}
        assert ask(told, "/stalled?wait=0") == []


def test_an_encrypting_sink_tells_the_certificate_to_trust():
    with a_sink_process("--tls", "starttls", "--password", "pw") as told, a_client(told) as client:
        with pytest.raises(smtplib.SMTPNotSupportedError):
            client.login("sender", "pw")
        with pytest.raises(smtplib.SMTPSenderRefused, match="530"):
            client.sendmail("a@example.com", "b@example.org", MESSAGE)
        client.starttls(context=ssl.create_default_context(cadata=told["certificate"]))
        with pytest.raises(smtplib.SMTPAuthenticationError):
            client.login("sender", "wrong")
        client.login("sender", "pw")
        client.sendmail("a@example.com", "b@example.org", MESSAGE)
        [message] = ask(told, "/messages")
        assert (message["tls"], message["user"]) == (True, "sender")


def test_the_minimal_sink_counts_what_came_in_whole():
    with a_sink_process("--minimal") as told:
        with a_client(told) as client:
            for _ in range(3):
                client.sendmail("a@example.com", "b@example.org", MESSAGE)
        with a_client(told) as client:
            client.mail("a@example.com")
            client.rcpt("b@example.org")
            client.docmd("DATA")
            client.send(b"Subject: half a mess")
            client.close()

        assert ask(told, "/message-ids") == ["<1@example.com>"] * 3
        stats = ask(told, "/stats")
        assert (stats["messages"], stats["different"], stats["headless"]) == (3, 1, 0)


@pytest.mark.anyio
@pytest.mark.parametrize("beat", [Beat.MAIL, Beat.DATA, Beat.BODY, Beat.BEFORE_250, Beat.AFTER_250])
async def test_somebody_stalled_can_be_waited_for_and_released(beat):
    async with Sink() as sink:
        sink.behaviour.rules = [misbehaving(beat, Act.STALL, skip=1, times=1)]
        sender = a_sender(sink.port, deadlines=None)
        call = asyncio.create_task(delivered(sender, *(a_letter(f"c{nth}@x.org") for nth in range(3))))
        [stall] = await sink.behaviour.stalled(beat, seconds=5)
        assert (stall.beat, stall.connection) == (beat, 1)
        assert len(sink.store.kept) == (2 if beat in (Beat.BEFORE_250, Beat.AFTER_250) else 1)
        sink.behaviour.release()

        assert [outcome.result for outcome in await call] == [Result.ACCEPTED] * 3
        assert await sink.behaviour.stalled(seconds=0) == []


@pytest.mark.anyio
async def test_messages_that_arrive_together_share_a_sync_and_keep_their_order(tmp_path):
    store = FolderStore(tmp_path)
    kept = [Kept(n, 1, "a@x.org", ["b@x.org"], 0.0, f"<{n}>", None, tls=False, size=n) for n in range(1, 51)]
    await asyncio.gather(*(store.keep(message, b"x" * message.size) for message in kept))
    store.close()

    again = FolderStore(tmp_path)
    assert again.kept == kept
    assert [again.raw(n) for n in (1, 7, 50)] == [b"x", b"x" * 7, b"x" * 50]
    again.close()
