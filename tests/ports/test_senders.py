"""One suite over every way out: SMTP, Gmail and Microsoft Graph tell the same truth about a letter."""

from base64 import b64decode
from collections.abc import AsyncIterator, Callable, Iterator
from datetime import timedelta
from typing import ClassVar, Protocol

import pytest

from bursar.outbox.ports import Finder, Letter, Outcome, Result, Sender
from bursar.sandbox.smtp.behaviour import Act, Beat, Rule
from bursar.sandbox.smtp.sink import Sink, SinkSettings
from tests.contracts import Watching
from tests.makers.smtp import a_letter, a_sender, a_server
from tests.makers.vendors import a_finder, a_letter_from, a_vendor_sender, held
from tests.vendors import Vendor

pytestmark = pytest.mark.anyio
KINDS = ("smtp", "gmail", "graph")
BY_CONSENT = ("gmail", "graph")


class Way(Protocol):
    """One kind of mailbox: our adapter, what arrived, and its manners."""

    address: str
    sender: Sender

    def arrived(self) -> list[bytes]: ...
    def defer(self) -> None: ...
    def throttle(self, seconds: int) -> None: ...
    def reject(self) -> None: ...
    def lose(self) -> None: ...


class BySmtp:
    def __init__(self, sink: Sink) -> None:
        self.address, self._sink = "firm@example.com", sink
        self.sender: Sender = a_sender(sink.port)

    def arrived(self) -> list[bytes]:
        return [self._sink.store.raw(kept.number) for kept in self._sink.store.kept]

    def defer(self) -> None:
        self._rule(Rule(Beat.RCPT, Act.REFUSE, code=451, text="4.3.0 Try again", times=1))

    def throttle(self, seconds: int) -> None:
        """SMTP has no word for how long."""
        self._rule(Rule(Beat.MAIL, Act.REFUSE, code=450, text="4.7.28 Too fast", times=1))

    def reject(self) -> None:
        self._rule(Rule(Beat.RCPT, Act.REFUSE, code=550, text="5.1.3 No such address", times=1))

    def lose(self) -> None:
        self._rule(Rule(Beat.BEFORE_250, Act.DROP, times=1))

    def _rule(self, rule: Rule) -> None:
        self._sink.behaviour.rules.append(rule)


class ByVendor:
    """What each vendor calls the troubles stands in one place."""

    CALLED: ClassVar = {
        "gmail": {"defer": "concurrentRequests", "throttle": "tooManyRequests", "reject": "invalidArgument"},
        "graph": {
            "defer": "ServiceUnavailable",
            "throttle": "ApplicationThrottled",
            "reject": "ErrorInvalidRecipients",
        },
    }

    def __init__(self, vendor: Vendor) -> None:
        self.vendor, self.address = vendor, vendor.mailbox()
        self.tokens = held(vendor, self.address)
        self.sender: Sender = a_vendor_sender(vendor, self.tokens)

    def arrived(self) -> list[bytes]:
        return [b64decode(message["raw"]) for message in self.vendor.sent(self.address)]

    def finder(self) -> Finder:
        return a_finder(self.vendor, self.tokens)

    def defer(self) -> None:
        self._trouble("defer")

    def throttle(self, seconds: int) -> None:
        self._trouble("throttle", retry_after=seconds)

    def reject(self) -> None:
        self._trouble("reject")

    def lose(self) -> None:
        self.vendor.trouble("lost", mailbox=self.address, times=1)

    def twice(self) -> None:
        self.vendor.trouble("twice", mailbox=self.address, times=1)

    def _trouble(self, what: str, **given: int) -> None:
        self.vendor.trouble(self.CALLED[self.vendor.name][what], mailbox=self.address, times=1, **given)


@pytest.fixture(autouse=True)
def on_contract() -> Iterator[None]:
    """No request of any test here is off our contract; off the vendor's, `way` looks after."""
    Watching.broken.clear()
    yield
    assert Watching.broken == []


@pytest.fixture
async def way(kind: str, request: pytest.FixtureRequest) -> AsyncIterator[Way]:
    if kind == "smtp":
        async with Sink() as sink:
            way = BySmtp(sink)
            yield way
            await way.sender.close()
    else:
        by_vendor = ByVendor(request.getfixturevalue(kind))
        yield by_vendor
        await by_vendor.sender.close()
        assert by_vendor.vendor.wrong() == []


@pytest.fixture
def letter(way: Way) -> Callable[..., Letter]:
    def made(to: str = "customer@example.org", **given: str) -> Letter:
        return a_letter_from(way.address, to, **given)

    return made


async def sent(way: Way, *letters: Letter) -> list[Outcome]:
    outcomes = {one.send_id: one for one in await way.sender.deliver(letters)}
    assert len(outcomes) == len(letters)
    return [outcomes[one.send_id] for one in letters]


@pytest.mark.parametrize("kind", KINDS)
async def test_accepted(way: Way, letter) -> None:
    text = "السلام عليكم\r\n.\r\n..two\r\n\r\nend\r\n"

    [outcome] = await sent(way, this := letter(text=text))

    assert outcome.result is Result.ACCEPTED
    assert way.arrived() == [this.message]
    if not isinstance(way, ByVendor) or way.vendor.name == "gmail":
        assert outcome.provider_id


@pytest.mark.parametrize("kind", KINDS)
async def test_a_batch_is_accepted_letter_by_letter(way: Way, letter) -> None:
    letters = [letter(f"c{number}@example.org") for number in range(10)]

    outcomes = await sent(way, *letters)

    assert {one.result for one in outcomes} == {Result.ACCEPTED}
    assert sorted(way.arrived()) == sorted(one.message for one in letters)


@pytest.mark.parametrize("kind", KINDS)
async def test_deferred_and_later_accepted(way: Way, letter) -> None:
    way.defer()

    [first] = await sent(way, this := letter())
    [second] = await sent(way, this)

    assert (first.result, second.result) == (Result.DEFERRED, Result.ACCEPTED)
    assert first.text
    assert way.arrived() == [this.message]


@pytest.mark.parametrize("kind", KINDS)
async def test_rejected_is_about_the_letter_alone(way: Way, letter) -> None:
    way.reject()

    [first] = await sent(way, letter("nobody@example.org"))
    [second] = await sent(way, this := letter())

    assert (first.result, second.result) == (Result.REJECTED, Result.ACCEPTED)
    assert first.text
    assert way.arrived() == [this.message]


@pytest.mark.parametrize("kind", KINDS)
async def test_throttled_with_how_long_to_wait(way: Way, letter) -> None:
    way.throttle(42)

    [outcome] = await sent(way, letter())

    assert outcome.result is Result.DEFERRED
    assert way.arrived() == []
    if isinstance(way, ByVendor):
        assert (outcome.code, outcome.retry_after) == ("429", timedelta(seconds=42))


@pytest.mark.parametrize("kind", BY_CONSENT)
async def test_who_is_throttled_asks_no_more_for_the_rest_of_the_batch(way: ByVendor, letter) -> None:
    way.vendor.trouble(way.CALLED[way.vendor.name]["throttle"], mailbox=way.address, times=None)

    outcomes = await sent(way, *(letter() for _ in range(12)))

    assert {one.code for one in outcomes} == {"429"}
    sends = [one for one in way.vendor.calls() if "send" in one["operation"].lower()]
    assert len(sends) <= 4  # as many as were on their way when the first was told


@pytest.mark.parametrize("kind", BY_CONSENT)
async def test_an_expired_token_is_renewed_once_and_the_letter_goes(way: ByVendor, letter) -> None:
    way.vendor.expire(way.address)

    outcomes = await sent(way, *(letter() for _ in range(3)))

    assert {one.result for one in outcomes} == {Result.ACCEPTED}
    assert len(way.arrived()) == 3


@pytest.mark.parametrize("kind", BY_CONSENT)
async def test_a_revoked_grant_is_about_the_account_and_nothing_left(way: ByVendor, letter) -> None:
    way.vendor.revoke(way.address)

    outcomes = await sent(way, letter(), letter())

    assert {(one.result, one.enhanced) for one in outcomes} == {(Result.REFUSED, "5.7.8")}
    assert way.arrived() == []


async def test_a_wrong_password_is_the_same_to_smtp() -> None:
    async with Sink(SinkSettings(password="right")) as sink:
        sender = a_sender(sink.port, username="sender", password="wrong")
        [outcome] = await sender.deliver([a_letter()])
        await sender.close()

        assert outcome.result is Result.REFUSED
        assert sink.store.kept == []


@pytest.mark.parametrize("kind", KINDS)
async def test_an_answer_lost_after_acceptance_is_in_doubt_and_not_repeated(way: Way, letter) -> None:
    way.lose()

    [outcome] = await sent(way, this := letter())

    assert outcome.result is Result.UNKNOWN
    assert way.arrived() == [this.message]


@pytest.mark.parametrize("kind", BY_CONSENT)
async def test_the_lost_one_is_found_in_sent_and_one_that_never_was_is_not(way: ByVendor, letter) -> None:
    way.lose()
    await sent(way, this := letter())
    finder = way.finder()

    trace = await finder.find(f"<{this.send_id}@firm.example>")
    nothing = await finder.find(f"<{letter().send_id}@firm.example>")
    await finder.close()

    assert trace is not None
    assert trace.provider_id
    assert nothing is None


@pytest.mark.parametrize("kind", BY_CONSENT)
async def test_an_answer_given_twice_is_never_taken_for_another_letters(way: ByVendor, letter) -> None:
    way.twice()
    first = letter("first@example.org")
    await sent(way, first)
    way.vendor.trouble("lost", mailbox=way.address, accepted=False, times=None)

    outcomes = await sent(way, letter("second@example.org"), letter("third@example.org"))

    assert Result.ACCEPTED not in {one.result for one in outcomes}
    assert way.arrived() == [first.message]


async def test_an_answer_given_twice_is_never_taken_for_another_letters_by_smtp() -> None:
    async def stutters(reader, writer) -> None:
        writer.write(b"220 here\r\n")
        while line := await reader.readline():
            if line.upper().startswith(b"DATA"):
                writer.write(b"354 go\r\n")
                while await reader.readline() != b".\r\n":
                    pass
                writer.write(b"250 taken\r\n250 taken\r\n")
            elif line.upper().startswith(b"MAIL") and b"second" in line:
                writer.write(b"550 5.1.8 not you\r\n")
            else:
                writer.write(b"250 fine\r\n")
            await writer.drain()

    async with a_server(stutters) as port:
        sender = a_sender(port)
        first = await sender.deliver([a_letter(sender="first@example.com")])
        second = await sender.deliver([a_letter(sender="second@example.com")])
        await sender.close()

    assert first[0].result is Result.ACCEPTED
    assert second[0].result is not Result.ACCEPTED
