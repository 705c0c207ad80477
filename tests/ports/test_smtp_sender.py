import asyncio
import email
import email.policy

import pytest

from bursar.outbox.ports import Result
from bursar.sandbox.smtp.behaviour import Act, Beat
from bursar.sandbox.smtp.sink import Sink, SinkSettings
from tests.makers.smtp import a_letter, a_sender, delivered, kept_for, misbehaving, until

pytestmark = pytest.mark.anyio

EXTENSIONS = SinkSettings().extensions


async def test_a_letter_arrives_byte_for_byte_and_its_acceptance_is_told():
    text = "السلام عليكم\r\n.\r\n..two\r\n.leading dot\r\n\r\nend\r\n"
    letter = a_letter("customer@example.org", text=text)
    async with Sink() as sink:
        [outcome] = await delivered(a_sender(sink.port), letter)

        assert (outcome.result, outcome.code, outcome.enhanced) == (Result.ACCEPTED, "250", "2.0.0")
        assert outcome.provider_id == "00000001"
        assert outcome.text == "2.0.0 Ok: queued as 00000001"
        assert sink.store.raw(1) == letter.message
        [message] = sink.store.kept
        assert (message.sender, message.recipients) == ("firm@example.com", ["customer@example.org"])
        assert message.message_id == f"<{letter.send_id}@firm.example>"


@pytest.mark.parametrize("extensions", [EXTENSIONS, EXTENSIONS - {"PIPELINING"}, frozenset()])
async def test_refused_letters_in_the_middle_leave_their_neighbours_alone(extensions):
    names = [
        "a",
        "bounce-5.1.1",
        "b",
        "c",
        "defer-4.2.2",
        "bounce-5.2.2",
        "bounce-5.7.1",
        "d",
        "bounce-5.1.1",
    ]
    letters = [a_letter(f"{name}@{nth}.example.org") for nth, name in enumerate(names)]
    async with Sink(SinkSettings(extensions=extensions)) as sink:
        outcomes = await delivered(a_sender(sink.port), *letters)

        assert [(outcome.result, outcome.enhanced) for outcome in outcomes] == [
            (Result.ACCEPTED, "2.0.0"),
            (Result.REJECTED, "5.1.1"),
            (Result.ACCEPTED, "2.0.0"),
            (Result.ACCEPTED, "2.0.0"),
            (Result.DEFERRED, "4.2.2"),
            (Result.REJECTED, "5.2.2"),
            (Result.REFUSED, "5.7.1"),
            (Result.ACCEPTED, "2.0.0"),
            (Result.REJECTED, "5.1.1"),
        ]
        assert kept_for(sink) == [letters[nth].recipient for nth in (0, 2, 3, 7)]
        assert sink.connections == 1


@pytest.mark.parametrize(("beat", "code", "text", "result"), [
    (Beat.CONNECT, 554, "5.7.1 On a list", Result.REFUSED),
    (Beat.CONNECT, 421, "4.7.0 Later", Result.DEFERRED),
    (Beat.EHLO, 550, "Who are you", Result.ERROR),
    (Beat.MAIL, 550, "5.4.5 Daily limit", Result.REFUSED),
    (Beat.MAIL, 451, "4.3.0 Later", Result.DEFERRED),
    (Beat.MAIL, 421, "4.3.2 Going down", Result.DEFERRED),
    (Beat.RCPT, 421, "4.3.2 Going down", Result.DEFERRED),
    (Beat.DATA, 554, "5.6.0 No", Result.REJECTED),
    (Beat.DATA, 421, "4.3.2 Going down", Result.DEFERRED),
    (Beat.BODY, 554, "5.6.0 No", Result.REJECTED),
    (Beat.BODY, 451, "4.3.0 Later", Result.DEFERRED),
    (Beat.BODY, 421, "4.3.2 Going down", Result.DEFERRED),
    (Beat.BODY, 554, "5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException", Result.REFUSED),
])  # fmt: skip
@pytest.mark.parametrize("pipelining", [True, False])
async def test_a_no_at_any_moment_is_credited_once_and_the_rest_goes_through(
    beat, code, text, result, pipelining
):
    extensions = EXTENSIONS if pipelining else EXTENSIONS - {"PIPELINING"}
    async with Sink(SinkSettings(extensions=extensions)) as sink:
        sink.behaviour.rules = [misbehaving(beat, Act.REFUSE, code=code, text=text, times=1)]
        outcomes = await delivered(a_sender(sink.port), *(a_letter() for _ in range(4)))

        if beat in (Beat.CONNECT, Beat.EHLO):
            assert [outcome.result for outcome in outcomes] == [result] * 4
            assert sink.store.kept == []
        else:
            assert [outcome.result for outcome in outcomes] == [result] + [Result.ACCEPTED] * 3
            assert outcomes[0].code == str(code)
            assert len(sink.store.kept) == 3


async def test_a_greylisted_letter_is_deferred_and_taken_the_second_time():
    async with Sink() as sink:
        sink.behaviour.rules = [misbehaving(Beat.RCPT, Act.GREYLIST)]
        sender, letter = a_sender(sink.port), a_letter()
        [first] = await sender.deliver([letter])
        [second] = await delivered(sender, letter)

        assert (first.result, first.enhanced, second.result) == (Result.DEFERRED, "4.7.1", Result.ACCEPTED)


async def test_many_letters_share_the_connections_and_each_arrives_once():
    letters = [a_letter(f"c{nth}@example.org") for nth in range(200)]
    async with Sink(SinkSettings(latency=0.001)) as sink:
        outcomes = await delivered(a_sender(sink.port, connections=8), *letters)

        assert {outcome.result for outcome in outcomes} == {Result.ACCEPTED}
        assert sorted(kept_for(sink)) == sorted(letter.recipient for letter in letters)
        assert sink.connections == 8
        assert {message.connection for message in sink.store.kept} == set(range(1, 9))


async def test_two_calls_at_once_share_one_pool():
    async with Sink(SinkSettings(latency=0.002)) as sink:
        sender = a_sender(sink.port, connections=3)
        calls = [sender.deliver([a_letter() for _ in range(20)]) for _ in range(4)]
        outcomes = [outcome for call in await asyncio.gather(*calls) for outcome in call]
        await sender.close()

        assert [outcome.result for outcome in outcomes] == [Result.ACCEPTED] * 80
        assert sink.connections == 3


async def test_a_server_with_fewer_places_than_we_have_connections_still_gets_everything():
    async with Sink(SinkSettings(max_connections=2, latency=0.002)) as sink:
        outcomes = await delivered(a_sender(sink.port, connections=8), *(a_letter() for _ in range(40)))

        assert {outcome.result for outcome in outcomes} == {Result.ACCEPTED}
        assert len(sink.store.kept) == 40


async def test_a_server_that_ends_each_connection_after_a_few_messages_still_gets_everything_once():
    async with Sink(SinkSettings(max_messages=3)) as sink:
        outcomes = await delivered(
            a_sender(sink.port, connections=2), *(a_letter(f"c{n}@x.org") for n in range(20))
        )

        accepted = sum(outcome.result is Result.ACCEPTED for outcome in outcomes)
        assert {outcome.result for outcome in outcomes} <= {Result.ACCEPTED, Result.DEFERRED}
        assert sorted(kept_for(sink)) == sorted(set(kept_for(sink)))
        assert len(sink.store.kept) == accepted


async def test_no_letters_open_no_connection():
    async with Sink() as sink:
        assert await a_sender(sink.port).deliver([]) == []
        assert sink.connections == 0


async def test_a_second_call_uses_the_same_connection():
    async with Sink() as sink:
        sender = a_sender(sink.port)
        await sender.deliver([a_letter()])
        await delivered(sender, a_letter())

        assert (sink.connections, len(sink.store.kept)) == (1, 2)


async def test_a_connection_that_rested_long_is_asked_before_it_is_trusted():
    async with Sink() as sink:
        sender = a_sender(sink.port)
        await sender.deliver([a_letter()])
        sender._idle[0].resting_since -= 60
        sink.behaviour.rules = [misbehaving(Beat.MAIL, Act.DROP, times=0)]
        [outcome] = await delivered(sender, a_letter())

        assert (outcome.result, sink.connections) == (Result.ACCEPTED, 1)


async def test_a_connection_the_server_closed_while_it_rested_is_replaced():
    async with Sink(SinkSettings(idle=0.02)) as sink:
        sender = a_sender(sink.port)
        await sender.deliver([a_letter()])
        await until(lambda: sink.open_connections == 0)
        [outcome] = await delivered(sender, a_letter())

        assert (outcome.result, sink.connections) == (Result.ACCEPTED, 2)


@pytest.mark.parametrize("act", [{"act": Act.REFUSE, "code": 421, "text": "4.4.2 Idle"}, {"act": Act.DROP}])
async def test_a_rested_connection_that_breaks_at_the_first_word_costs_the_letter_no_try(act):
    async with Sink() as sink:
        sender = a_sender(sink.port)
        await sender.deliver([a_letter()])
        sink.behaviour.rules = [misbehaving(Beat.MAIL, times=1, **act)]
        [outcome] = await delivered(sender, a_letter())

        assert (outcome.result, sink.connections, len(sink.store.kept)) == (Result.ACCEPTED, 2, 2)


async def test_many_rested_connections_that_break_are_no_reason_to_give_up():
    async with Sink(SinkSettings(latency=0.002)) as sink:
        sender = a_sender(sink.port, connections=6)
        await sender.deliver([a_letter() for _ in range(30)])
        assert sink.connections == 6
        sink.behaviour.rules = [misbehaving(Beat.MAIL, Act.DROP, times=7)]
        [outcome] = await delivered(sender, a_letter())

        assert (outcome.result, sink.connections) == (Result.ACCEPTED, 8)


async def test_a_server_without_8bitmime_gets_the_same_words_in_ascii():
    letter = a_letter(text="الرجاء دفع الفاتورة\r\n.\r\n")
    async with Sink(SinkSettings(extensions=frozenset({"PIPELINING"}))) as sink:
        [outcome] = await delivered(a_sender(sink.port), letter)

        assert outcome.result is Result.ACCEPTED
        raw = sink.store.raw(1)
        assert raw.isascii()
        read = email.message_from_bytes(raw, policy=email.policy.default)
        assert read.get_content().replace("\r\n", "\n") == "الرجاء دفع الفاتورة\n.\n"


async def test_an_arabic_address_goes_to_a_server_that_can_and_is_rejected_here_for_one_that_cannot():
    letter = a_letter("دفع@example.org")
    async with Sink() as able, Sink(SinkSettings(extensions=EXTENSIONS - {"SMTPUTF8"})) as unable:
        [sent] = await delivered(a_sender(able.port), letter)
        [refused] = await delivered(a_sender(unable.port), letter)

        assert sent.result is Result.ACCEPTED
        assert kept_for(able) == ["دفع@example.org"]
        assert (refused.result, refused.enhanced) == (Result.REJECTED, "5.6.7")


async def test_no_address_can_smuggle_a_command_and_its_neighbours_still_go():
    tricks = [
        "x@y.org>\r\nRCPT TO:<victim@z.org",
        "x@y.org\nDATA",
        "x y@z.org",
        "<x@y.org>",
        "a@b.org,c@d.org",
        "",
    ]
    letters = [
        a_letter(),
        *(a_letter(trick, message=b"Subject: x\r\n\r\nx\r\n") for trick in tricks),
        a_letter("last@example.org"),
    ]
    async with Sink() as sink:
        outcomes = await delivered(a_sender(sink.port), *letters)

        assert [outcome.result for outcome in outcomes] == [
            Result.ACCEPTED,
            *[Result.REJECTED] * len(tricks),
            Result.ACCEPTED,
        ]
        assert kept_for(sink) == ["customer@example.org", "last@example.org"]


async def test_a_sending_address_with_a_line_break_is_about_the_account():
    async with Sink() as sink:
        [outcome] = await delivered(a_sender(sink.port), a_letter(sender="a@b.org>\r\nRCPT TO:<c@d.org"))

        assert (outcome.result, outcome.enhanced) == (Result.REFUSED, "5.1.7")
        assert sink.store.kept == []


async def test_a_message_cannot_smuggle_a_second_one():
    smuggled = b"Subject: x\r\n\r\none\n.\nMAIL FROM:<a@b.org>\nRCPT TO:<victim@c.org>\nDATA\r\n.\nx\n.\r\n"
    async with Sink() as sink:
        [outcome] = await delivered(a_sender(sink.port), a_letter(message=smuggled))

        assert outcome.result is Result.ACCEPTED
        assert kept_for(sink) == ["customer@example.org"]
        assert sink.store.raw(1).replace(b"\r\n", b"\n") == smuggled.replace(b"\r\n", b"\n")


async def test_a_letter_too_big_for_the_server_is_rejected_before_its_body_leaves():
    async with Sink(SinkSettings(max_size=10_000)) as sink:
        outcomes = await delivered(a_sender(sink.port), a_letter(text="x\r\n" * 5000), a_letter())

        assert [outcome.result for outcome in outcomes] == [Result.REJECTED, Result.ACCEPTED]
        assert outcomes[0].enhanced == "5.3.4"
