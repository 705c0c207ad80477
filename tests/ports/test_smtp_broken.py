"""What a letter's fate is called when the other side stops talking, and that it is never carried twice."""

import asyncio
import random

import pytest

from bursar.outbox.ports import Result
from bursar.sandbox.smtp.behaviour import Act, Beat
from bursar.sandbox.smtp.sink import Sink, SinkSettings
from tests.makers.smtp import QUICK, a_letter, a_sender, a_server, delivered, kept_for, misbehaving

pytestmark = pytest.mark.anyio

LOCKSTEP = SinkSettings(extensions=SinkSettings().extensions - {"PIPELINING"})


@pytest.mark.parametrize(("beat", "result", "kept", "connections"), [
    (Beat.CONNECT, Result.ERROR, 0, 1),
    (Beat.EHLO, Result.ERROR, 0, 1),
    (Beat.MAIL, Result.ERROR, 0, 2),
    (Beat.RCPT, Result.ERROR, 0, 2),
    (Beat.DATA, Result.ERROR, 0, 2),
    (Beat.BODY, Result.UNKNOWN, 0, 1),
    (Beat.BEFORE_250, Result.UNKNOWN, 1, 1),
    (Beat.AFTER_250, Result.ACCEPTED, 1, 1),
])  # fmt: skip
@pytest.mark.parametrize("settings", [SinkSettings(), LOCKSTEP], ids=["pipelined", "lockstep"])
async def test_a_connection_that_always_drops_here_leaves_this_result(
    settings, beat, result, kept, connections
):
    async with Sink(settings) as sink:
        sink.behaviour.rules = [misbehaving(beat, Act.DROP)]
        [outcome] = await delivered(a_sender(sink.port), a_letter())

        assert (outcome.result, len(sink.store.kept), sink.connections) == (result, kept, connections)


@pytest.mark.parametrize("beat", [Beat.MAIL, Beat.RCPT, Beat.DATA])
async def test_a_connection_lost_once_before_the_hand_over_costs_nothing(beat):
    letters = [a_letter(f"c{nth}@example.org") for nth in range(5)]
    async with Sink() as sink:
        sink.behaviour.rules = [misbehaving(beat, Act.DROP, skip=2, times=1)]
        outcomes = await delivered(a_sender(sink.port), *letters)

        assert [outcome.result for outcome in outcomes] == [Result.ACCEPTED] * 5
        assert kept_for(sink) == [letter.recipient for letter in letters]


@pytest.mark.parametrize(("beat", "kept"), [(Beat.BODY, 4), (Beat.BEFORE_250, 5)])
@pytest.mark.parametrize("act", [Act.DROP, Act.STALL])
async def test_only_the_letter_in_doubt_is_unknown_and_it_is_not_carried_again(beat, kept, act):
    letters = [a_letter(f"c{nth}@example.org") for nth in range(5)]
    async with Sink() as sink:
        sink.behaviour.rules = [misbehaving(beat, act, to="c2@*")]
        outcomes = await delivered(a_sender(sink.port), *letters)

        accepted, unknown = Result.ACCEPTED, Result.UNKNOWN
        assert [outcome.result for outcome in outcomes] == [accepted, accepted, unknown, accepted, accepted]
        assert len(kept_for(sink)) == len(set(kept_for(sink))) == kept


@pytest.mark.parametrize(("beat", "result", "kept"), [
    (Beat.CONNECT, Result.DEFERRED, 0),
    (Beat.EHLO, Result.DEFERRED, 0),
    (Beat.MAIL, Result.DEFERRED, 0),
    (Beat.RCPT, Result.DEFERRED, 0),
    (Beat.DATA, Result.DEFERRED, 0),
    (Beat.BODY, Result.UNKNOWN, 0),
    (Beat.BEFORE_250, Result.UNKNOWN, 1),
    (Beat.AFTER_250, Result.ACCEPTED, 1),
])  # fmt: skip
async def test_silence_here_leaves_this_result_when_its_deadline_passes(beat, result, kept):
    quick = type(QUICK)(connect=0.2, command=0.1, data=0.1, call=5)
    async with Sink() as sink:
        sink.behaviour.rules = [misbehaving(beat, Act.STALL)]
        [outcome] = await delivered(a_sender(sink.port, deadlines=quick), a_letter())

        assert (outcome.result, len(sink.store.kept)) == (result, kept)


async def test_silence_while_signing_in_defers_everything():
    async with Sink(SinkSettings(password="x")) as sink:
        sink.behaviour.rules = [misbehaving(Beat.AUTH, Act.STALL)]
        outcomes = await delivered(
            a_sender(sink.port, username="sender", password="x"), a_letter(), a_letter()
        )

        assert [outcome.result for outcome in outcomes] == [Result.DEFERRED] * 2


async def test_a_letter_that_stalls_its_server_does_not_hold_up_the_others():
    letters = [a_letter(f"c{nth}@example.org") for nth in range(6)]
    async with Sink() as sink:
        sink.behaviour.rules = [misbehaving(Beat.RCPT, Act.STALL, to="c1@*")]
        outcomes = await delivered(a_sender(sink.port), *letters)

        assert [outcome.result for outcome in outcomes] == [
            Result.ACCEPTED,
            Result.DEFERRED,
            *[Result.ACCEPTED] * 4,
        ]


async def test_a_server_that_always_drops_is_not_asked_again_for_every_letter():
    async with Sink() as sink:
        sink.behaviour.rules = [misbehaving(Beat.MAIL, Act.DROP)]
        outcomes = await delivered(a_sender(sink.port), *(a_letter() for _ in range(50)))

        assert {outcome.result for outcome in outcomes} == {Result.ERROR}
        assert sink.connections == 3


async def test_a_letter_not_begun_when_the_time_of_the_call_is_over_is_deferred():
    async with Sink(SinkSettings(latency=0.05)) as sink:
        slow = type(QUICK)(connect=2, command=2, data=2, call=0.12)
        outcomes = await delivered(a_sender(sink.port, deadlines=slow), *(a_letter() for _ in range(20)))

        results = [outcome.result for outcome in outcomes]
        assert set(results) == {Result.ACCEPTED, Result.DEFERRED}
        assert results.count(Result.ACCEPTED) == len(sink.store.kept)


async def test_a_large_letter_whose_body_could_not_leave_was_never_handed_over():
    async def deaf_after_354(reader, writer):
        writer.write(b"220 x\r\n")
        await reader.readuntil(b"\r\n")
        writer.write(b"250 x\r\n")
        for answer in (b"250 x\r\n", b"250 x\r\n", b"354 x\r\n"):
            await reader.readuntil(b"\r\n")
            writer.write(answer)
        await asyncio.sleep(1)
        writer.transport.abort()

    async with a_server(deaf_after_354) as port:
        [outcome] = await delivered(
            a_sender(port), a_letter(text="x" * 70 + "\r\n" + "y" * 30_000_000 + "\r\n")
        )

        assert outcome.result is Result.DEFERRED


async def test_a_cancelled_call_closes_what_it_had_open():
    async with Sink() as sink:
        sink.behaviour.rules = [misbehaving(Beat.DATA, Act.STALL)]
        sender = a_sender(sink.port, connections=2, deadlines=type(QUICK)())
        call = asyncio.create_task(sender.deliver([a_letter(), a_letter()]))
        assert len(await sink.behaviour.stalled(Beat.DATA, count=2, seconds=5)) == 2
        call.cancel()
        with pytest.raises(asyncio.CancelledError):
            await call
        sink.behaviour.rules = []
        sink.behaviour.release()
        [outcome] = await delivered(sender, a_letter())

        assert (outcome.result, sink.connections, len(sink.store.kept)) == (Result.ACCEPTED, 3, 1)


@pytest.mark.parametrize("seed", range(8))
async def test_whatever_breaks_no_letter_arrives_twice_and_no_outcome_lies(seed):
    chance = random.Random(seed)
    letters = [a_letter(f"c{nth}@example.org") for nth in range(120)]
    beats = [Beat.MAIL, Beat.RCPT, Beat.DATA, Beat.BODY, Beat.BEFORE_250, Beat.AFTER_250]
    async with Sink() as sink:
        sink.behaviour.rules = [
            misbehaving(
                chance.choice(beats), act, skip=chance.randrange(60), times=chance.randrange(1, 3), code=code
            )
            for act, code in [(Act.DROP, 0)] * 10 + [(Act.REFUSE, 421), (Act.REFUSE, 450), (Act.REFUSE, 550)]
        ]
        for rule in sink.behaviour.rules:
            if rule.act is Act.REFUSE and rule.beat in (Beat.BEFORE_250, Beat.AFTER_250):
                rule.beat = Beat.BODY  # a message that was kept cannot be refused any more
        outcomes = await delivered(a_sender(sink.port, connections=4), *letters)

        kept = kept_for(sink)
        assert len(kept) == len(set(kept))
        for letter, outcome in zip(letters, outcomes, strict=True):
            if outcome.result is not Result.UNKNOWN:
                assert (letter.recipient in kept) == (outcome.result is Result.ACCEPTED), outcome
        assert sum(outcome.result is Result.ACCEPTED for outcome in outcomes) > 90
