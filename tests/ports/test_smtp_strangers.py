"""Servers that follow a script: what leaves in one packet, and what a hostile or odd server gets out of us."""

import asyncio

import pytest

from bursar.integrations.smtp.adapter import Deadlines
from bursar.outbox.ports import Result
from tests.makers.smtp import a_letter, a_sender, a_server, delivered

pytestmark = pytest.mark.anyio

ENVELOPE = b"MAIL FROM:<firm@example.com>\r\nRCPT TO:<customer@example.org>\r\nDATA\r\n"


async def scripted(reader, writer, heard, *answers):
    """Say each answer after whatever came in one piece."""
    for answer in answers:
        writer.write(answer)
        await writer.drain()
        heard.append(await asyncio.wait_for(reader.read(1 << 20), 3))


def a_script(*answers):
    heard = []

    async def talk(reader, writer):
        await scripted(reader, writer, heard, *answers)

    return talk, heard


async def test_an_envelope_leaves_in_one_piece_and_a_body_together_with_the_next_envelope():
    talk, heard = a_script(
        b"220 x\r\n",
        b"250-x\r\n250 PIPELINING\r\n",
        b"250 ok\r\n250 ok\r\n354 go\r\n",
        b"250 ok\r\n250 ok\r\n250 ok\r\n354 go\r\n",
        b"250 ok\r\n",
        b"221 bye\r\n",
    )
    first, second = a_letter(), a_letter()
    async with a_server(talk) as port:
        outcomes = await delivered(a_sender(port), first, second)

    assert [outcome.result for outcome in outcomes] == [Result.ACCEPTED] * 2
    assert heard == [
        b"EHLO bursar.example\r\n",
        ENVELOPE,
        first.message + b".\r\n" + ENVELOPE,
        second.message + b".\r\n",
        b"QUIT\r\n",
        b"",
    ]


async def test_without_pipelining_each_command_waits_for_its_answer():
    talk, heard = a_script(
        b"220 x\r\n", b"250 x\r\n", b"250 ok\r\n", b"250 ok\r\n", b"354 go\r\n", b"250 ok\r\n", b"221 bye\r\n"
    )
    letter = a_letter()
    async with a_server(talk) as port:
        [outcome] = await delivered(a_sender(port), letter)

    assert outcome.result is Result.ACCEPTED
    mail, rcpt, data = ENVELOPE.splitlines(keepends=True)
    assert heard[1:] == [mail, rcpt, data, letter.message + b".\r\n", b"QUIT\r\n", b""]


async def test_a_server_that_wants_the_body_of_a_refused_letter_gets_a_lone_dot():
    talk, heard = a_script(
        b"220 x\r\n",
        b"250-x\r\n250 PIPELINING\r\n",
        b"250 ok\r\n550 5.1.1 no\r\n354 go\r\n",
        b"554 no valid recipients\r\n",
        b"250 reset\r\n250 ok\r\n250 ok\r\n354 go\r\n",
        b"250 ok\r\n",
        b"221 bye\r\n",
    )
    refused, taken = a_letter(), a_letter()
    async with a_server(talk) as port:
        outcomes = await delivered(a_sender(port), refused, taken)

    assert [outcome.result for outcome in outcomes] == [Result.REJECTED, Result.ACCEPTED]
    assert heard[2:5] == [b".\r\n", b"RSET\r\n" + ENVELOPE, taken.message + b".\r\n"]


async def test_a_server_that_knows_no_ehlo_is_greeted_the_old_way():
    talk, heard = a_script(b"220 x\r\n", b"502 what\r\n", b"250 x\r\n", b"221 bye\r\n")
    async with a_server(talk) as port:
        health = await a_sender(port).check()

    assert health.ok
    assert heard[:3] == [b"EHLO bursar.example\r\n", b"HELO bursar.example\r\n", b"QUIT\r\n"]


@pytest.mark.parametrize(("answers", "result"), [
    ([b"SSH-2.0-OpenSSH_s3cret\r\n"], Result.ERROR),
    ([b"-ERR s3cret\r\n"], Result.ERROR),
    ([b"HTTP/1.1 400 s3cret\r\n\r\n"], Result.ERROR),
    ([b"554 s3cret internal name\r\n"], Result.ERROR),
    ([b"421 s3cret\r\n"], Result.DEFERRED),
    ([b"220 x\r\n", b"550 s3cret\r\n"], Result.ERROR),
    ([b"220 x\r\n", b"nonsense s3cret\r\n"], Result.ERROR),
    ([b"220 " + b"s3cret" * 20_000], Result.ERROR),
    ([b"220-s3cret\r\n" * 20_000], Result.ERROR),
    ([b"\x00\xff\xfes3cret\r\n"], Result.ERROR),
    ([b"220"], Result.DEFERRED),
])  # fmt: skip
async def test_what_a_stranger_says_before_the_sign_in_is_repeated_to_nobody(answers, result):
    talk, _ = a_script(*answers)
    async with a_server(talk) as port:
        sender = a_sender(port, deadlines=Deadlines(connect=0.3, command=0.3))
        health = await sender.check()
        [outcome] = await delivered(sender, a_letter())

    assert (health.ok, outcome.result) == (False, result)
    assert "s3cret" not in health.text + outcome.text
    assert health.text == outcome.text != ""


async def test_a_server_that_stopped_offering_encryption_gets_no_password():
    talk, heard = a_script(b"220 x\r\n", b"250-x\r\n250 AUTH PLAIN LOGIN\r\n")
    async with a_server(talk) as port:
        sender = a_sender(port, tls="starttls", username="sender", password="s3cret")
        [outcome] = await delivered(sender, a_letter())

    assert outcome.result is Result.REFUSED
    assert b"".join(heard) == b"EHLO bursar.example\r\n"


async def test_an_answer_slipped_in_before_encryption_ends_the_connection():
    talk, heard = a_script(
        b"220 x\r\n", b"250-x\r\n250 STARTTLS\r\n", b"220 go\r\n250-x\r\n250 AUTH PLAIN\r\n"
    )
    async with a_server(talk) as port:
        sender = a_sender(port, tls="starttls", username="sender", password="s3cret")
        [outcome] = await delivered(sender, a_letter())

    assert outcome.result is Result.ERROR
    assert b"".join(heard) == b"EHLO bursar.example\r\nSTARTTLS\r\n"


async def test_nonsense_after_the_dot_leaves_the_letter_in_doubt():
    talk, _ = a_script(
        b"220 x\r\n", b"250-x\r\n250 PIPELINING\r\n", b"250 ok\r\n250 ok\r\n354 go\r\n", b"thanks\r\n"
    )
    async with a_server(talk) as port:
        [outcome] = await delivered(a_sender(port), a_letter())

    assert outcome.result is Result.UNKNOWN


async def test_a_reply_of_endless_empty_lines_is_not_kept():
    async def talk(reader, writer):
        writer.write(b"220 x\r\n")
        await reader.readline()
        while True:
            writer.write(b"250-\r\n" * 500)
            await writer.drain()

    async with a_server(talk) as port:
        [outcome] = await delivered(a_sender(port), a_letter())

    assert outcome.result is Result.ERROR  # no answer of a mail server, and known long before the deadline


async def test_a_server_that_talks_to_a_resting_session_is_left():
    left = asyncio.Event()
    ready = (b"220 x\r\n", b"250-x\r\n250 PIPELINING\r\n", b"250 ok\r\n250 ok\r\n354 go\r\n")

    async def talk(reader, writer):
        await scripted(reader, writer, [], *ready)
        try:
            while True:
                writer.write(b"250 still there?\r\n" * 50)
                await writer.drain()
        except ConnectionError:
            left.set()

    async with a_server(talk) as port:
        sender = a_sender(port)
        [outcome] = await sender.deliver([a_letter()])
        async with asyncio.timeout(3):
            await left.wait()
        await sender.close()

    assert outcome.result is Result.ACCEPTED
