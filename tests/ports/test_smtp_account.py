"""Getting in: the host that may be dialled, the certificate, the sign-in."""

import ssl

import pytest

from bursar.core.errors import Invalid
from bursar.integrations.smtp.session import SmtpSettings
from bursar.outbox.ports import Health, Result
from bursar.sandbox.smtp.certificate import server_context
from bursar.sandbox.smtp.sink import Sink, SinkSettings
from tests.makers.smtp import a_letter, a_sender, delivered

pytestmark = pytest.mark.anyio


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
async def test_a_certificate_we_trust_lets_the_letter_go_encrypted_and_signed_in(tls):
    context, pem = server_context(["mail.example.test"])
    settings = SinkSettings(context=context, implicit_tls=tls == "implicit", password="s3cret pass")
    async with Sink(settings) as sink:
        sender = a_sender(
            sink.port,
            host="mail.example.test.",
            lookup=lambda *_: ["127.0.0.1"],
            trust=ssl.create_default_context(cadata=pem),
            tls=tls,
            username="sender",
            password="s3cret pass",
            connections=2,
        )
        outcomes = await delivered(sender, a_letter(), a_letter(text="س\r\n" * 50_000))

        assert [outcome.result for outcome in outcomes] == [Result.ACCEPTED] * 2
        assert {(message.tls, message.user) for message in sink.store.kept} == {(True, "sender")}


@pytest.mark.parametrize("tls", ["starttls", "implicit"])
@pytest.mark.parametrize("wrong", ["unknown issuer", "another name"])
async def test_a_certificate_we_do_not_trust_refuses_the_account_and_no_password_leaves(tls, wrong):
    name = "other.example.test" if wrong == "another name" else "mail.example.test"
    context, pem = server_context([name])
    settings = SinkSettings(context=context, implicit_tls=tls == "implicit", password="s3cret")
    async with Sink(settings) as sink:
        sender = a_sender(
            sink.port,
            host="mail.example.test",
            lookup=lambda *_: ["127.0.0.1"],
            trust=ssl.create_default_context(cadata=pem) if wrong == "another name" else None,
            tls=tls,
            username="sender",
            password="s3cret",
        )
        [outcome] = await delivered(sender, a_letter())

        assert (outcome.result, outcome.code) == (Result.REFUSED, None)
        assert "certificate" in outcome.text
        assert sink.store.kept == []


@pytest.mark.parametrize("answers", [["192.0.32.7"], ["127.0.0.1", "192.0.32.7"]])
async def test_nothing_goes_to_the_internet_unencrypted(answers):
    sender = a_sender(587, host="mail.example.test", lookup=lambda *_: answers, username="u", password="p")
    [outcome] = await delivered(sender, a_letter())

    assert outcome.result is Result.REFUSED
    assert "without encryption" in outcome.text


@pytest.mark.parametrize("ways", ["PLAIN LOGIN", "LOGIN"])
async def test_a_sign_in_works_by_either_way(ways):
    async with Sink(SinkSettings(password="pä ss", ways=ways)) as sink:
        sender = a_sender(sink.port, username="sender", password="pä ss")

        assert await sender.check() == Health(ok=True)
        [outcome] = await delivered(sender, a_letter())
        assert outcome.result is Result.ACCEPTED
        assert sink.store.kept[0].user == "sender"


@pytest.mark.parametrize("ways", ["PLAIN LOGIN", "LOGIN"])
async def test_a_wrong_password_refuses_every_letter_and_is_tried_once(ways):
    async with Sink(SinkSettings(password="right", ways=ways)) as sink:
        sender = a_sender(sink.port, username="sender", password="wrong", connections=8)
        outcomes = await delivered(sender, *(a_letter() for _ in range(20)))

        assert {(outcome.result, outcome.code, outcome.enhanced) for outcome in outcomes} == {
            (Result.REFUSED, "535", "5.7.8")
        }
        assert sink.connections == 1
        health = await sender.check()
        assert (health.ok, health.code) == (False, "535")


async def test_an_account_without_the_password_a_server_wants_is_refused():
    async with Sink(SinkSettings(password="right")) as sink:
        [outcome] = await delivered(a_sender(sink.port), a_letter())

        assert (outcome.result, outcome.code) == (Result.REFUSED, "530")


async def test_a_sign_in_where_none_is_offered_is_refused():
    async with Sink() as sink:
        [outcome] = await delivered(a_sender(sink.port, username="sender", password="x"), a_letter())

        assert outcome.result is Result.REFUSED
        assert "signing in" in outcome.text


@pytest.mark.parametrize("field", ["username", "password"])
@pytest.mark.parametrize("value", ["a\r\nQUIT", "a\0b", "a\nb"])
def test_credentials_with_line_breaks_are_refused_at_once(field, value):
    with pytest.raises(Invalid) as refusal:
        SmtpSettings("mail.example.com", 587, **{"username": "u", "password": "p", field: value})

    assert refusal.value.field == field


def test_a_password_is_not_shown_by_accident():
    assert "s3cret" not in repr(SmtpSettings("mail.example.com", 587, "user", "s3cret"))


async def test_a_host_in_a_private_network_is_refused_without_a_connection():
    async with Sink() as sink:
        sender = a_sender(sink.port, allowed_networks=())
        [outcome] = await delivered(sender, a_letter())

        assert (outcome.result, sink.connections) == (Result.REFUSED, 0)
        assert not (await sender.check()).ok


async def test_the_address_that_was_judged_is_the_one_that_is_dialled():
    answers = iter([["127.0.0.1"], ["10.0.0.1"]])
    asked = []

    def rebinding(host, _port):
        asked.append(host)
        return next(answers)

    async with Sink() as sink:
        sender = a_sender(sink.port, host="mail.example.test", lookup=rebinding)
        [outcome] = await sender.deliver([a_letter()])
        assert (outcome.result, asked) == (Result.ACCEPTED, ["mail.example.test"])

        await sender.close()
        [outcome] = await sender.deliver([a_letter()])
        assert (outcome.result, len(asked), sink.connections) == (Result.REFUSED, 2, 1)


async def test_a_host_that_cannot_be_found_or_reached_is_an_error():
    async with Sink() as sink:
        closed_port = sink.port
    [unreachable] = await delivered(a_sender(closed_port), a_letter())
    [unknown] = await delivered(a_sender(25, host="mail.example.test", lookup=lambda *_: []), a_letter())

    assert (unreachable.result, unknown.result) == (Result.ERROR, Result.ERROR)
