"""The sandbox's mailboxes as a person uses them: over HTTP, at a sender that notes who came."""

import json
import subprocess
import sys
from collections.abc import AsyncIterator

import httpx2
import pytest

from bursar.outbox.hits import Class, read_agent
from bursar.sandbox.mailboxes import readers
from bursar.sandbox.mailboxes.app import pages
from bursar.sandbox.mailboxes.box import Box
from bursar.sandbox.mailboxes.mail import read_mail
from bursar.sandbox.mailboxes.replying import Carrier
from bursar.sandbox.smtp.sink import Sink, SinkSettings
from bursar.sandbox.smtp.store import MemoryStore
from tests.makers.mailboxes import Firm, Person, a_message, a_server, kept

pytestmark = pytest.mark.anyio


@pytest.fixture
async def person() -> AsyncIterator[Person]:
    firm, store = Firm(), MemoryStore()
    async with a_server(firm.app()) as firm_url, Sink(SinkSettings(), store) as sink:
        box = Box(store, Carrier("127.0.0.1", sink.port))
        transport = httpx2.ASGITransport(app=pages(box))
        async with httpx2.AsyncClient(transport=transport, base_url="http://mailboxes") as client:
            yield Person(client, firm, firm_url, store)


async def test_a_mail_is_read_as_a_mail_program_reads_it(person):
    mail = read_mail(kept(), a_message("https://firm.example.com", language="ar", one_click=True))

    assert (mail.to_name, mail.reply_to) == ("Noura Al Suwaidi", "desk@firm.example.com")
    assert (mail.subject, mail.language, mail.direction) == ("فواتير الموسم", "ar", "rtl")
    assert [(link.text, link.url) for link in mail.links] == [
        ("How to pay", "https://firm.example.com/l/1"),
        ("Stop them here", "https://firm.example.com/u/1"),
    ]
    assert mail.pictures == ("https://firm.example.com/o/1",)
    assert mail.way_out is not None
    assert mail.way_out.one_click


async def test_opening_a_mail_loads_its_pictures_with_the_program_of_its_reader(person):
    await person.gets()

    await person.presses("openings")

    assert [(method, path) for method, path, _, _ in person.firm.came] == [("GET", "/o/1")]
    assert person.firm.came[0][2] == readers.program_of("noura@almas.example.com")


async def test_looking_at_a_mail_here_fetches_nothing(person):
    await person.gets()

    for path in ("/", "/messages/1", "/messages/1?show=raw", "/messages/1?show=text", "/messages/1/body"):
        assert (await person.client.get(path)).status_code == 200

    assert person.firm.came == []


async def test_a_click_follows_the_link_and_tells_where_it_leads(person):
    await person.gets()

    done = await person.presses("clicks", position="0")

    assert person.firm.paths() == [("GET", "/l/1")]
    assert done["fetched"][0]["status"] == 302
    assert done["fetched"][0]["leads_to"] == "https://shop.example.com/how-to-pay"


async def test_a_link_that_the_mail_has_not_cannot_be_followed(person):
    await person.gets()

    for position in ("2", "-1", "x", ""):
        answer = await person.client.post("/messages/1/clicks", data={"position": position})
        assert answer.status_code == 404

    assert person.firm.came == []


async def test_a_scanner_fetches_everything_and_says_who_it_is(person):
    await person.gets()

    await person.presses("scans")

    assert person.firm.paths() == [("GET", "/l/1"), ("GET", "/o/1"), ("GET", "/u/1")]
    assert {agent for _, _, agent, _ in person.firm.came} == {readers.SCANNER}


async def test_one_click_is_pressed_where_the_mail_offers_it(person):
    await person.gets(one_click=True)

    await person.presses("unsubscription")

    assert [(method, path, form) for method, path, _, form in person.firm.came] == [
        ("POST", "/u/1", "List-Unsubscribe=One-Click")
    ]


async def test_without_one_click_the_page_is_opened_and_its_own_button_pressed(person):
    await person.gets()

    await person.presses("unsubscription")

    assert person.firm.paths() == [("GET", "/u/1"), ("POST", "/u/1")]
    assert [form for method, _, _, form in person.firm.came if method == "POST"] == [
        "scope=reminders&token=t"
    ]


async def test_an_answer_arrives_in_the_mailbox_of_whoever_asked_for_it(person):
    await person.gets(language="ar")

    await person.presses("replies", words="سندفع غدا")

    assert [message.recipients for message in person.store.kept] == [
        ["noura@almas.example.com"],
        ["desk@firm.example.com"],
    ]
    answer = read_mail(person.store.kept[1], person.store.raw(2))
    assert answer.subject == "Re: فواتير الموسم"
    assert (answer.from_name, answer.from_address) == ("Noura Al Suwaidi", "noura@almas.example.com")
    assert "سندفع غدا" in answer.text
    assert "> Please pay 100.00." in answer.text
    assert dict(answer.headers)["In-Reply-To"] == "<1@firm.example.com>"


async def test_what_was_done_stands_under_the_mail(person):
    await person.gets()
    assert "it lies there unread" in await person.sees()

    await person.presses("openings")
    page = await person.sees()

    assert "<strong>opened</strong>" in page
    assert "/o/1" in page


async def test_a_firm_that_does_not_answer_is_told_as_such(person):
    await person.store.keep(kept(), a_message("http://127.0.0.1:9"))

    done = await person.presses("openings")

    assert (done["worked"], done["fetched"][0]["status"]) == (False, None)


async def test_a_mailbox_is_found_by_the_words_of_its_mails(person):
    await person.gets(language="ar")

    assert "Noura Al Suwaidi" in await person.sees("/?q=موسم")
    assert "Noura Al Suwaidi" in await person.sees("/?q=ALMAS")
    assert "Nothing found" in await person.sees("/?q=somebody")


async def test_the_mail_is_shown_where_nothing_in_it_can_run(person):
    await person.gets()

    body = await person.client.get("/messages/1/body")
    page = await person.client.get("/messages/1")

    assert body.headers["content-security-policy"].startswith("sandbox; default-src 'none'")
    assert "<script" not in page.text
    assert "script-src" not in page.headers["content-security-policy"]


async def test_a_page_of_another_site_presses_no_button(person):
    await person.gets()

    headers = {"Sec-Fetch-Site": "cross-site"}
    answer = await person.client.post("/messages/1/openings", headers=headers)

    assert (answer.status_code, person.firm.came) == (403, [])


async def test_unknown_mails_and_mailboxes_are_not_found(person):
    for path in ("/messages/1", "/messages/0", "/mailboxes/nobody@example.com", "/messages/1/body"):
        assert (await person.client.get(path)).status_code == 404


@pytest.mark.parametrize("program", readers.PROGRAMS)
def test_each_reader_looks_like_a_person(program):
    assert read_agent(program).verdict is Class.HUMAN_LIKELY


def test_the_scanner_looks_like_one():
    assert read_agent(readers.SCANNER).verdict is Class.BOT


def test_the_pages_start_with_the_sink():
    command = [sys.executable, "-m", "bursar.sandbox.smtp", "--pages-port", "0"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as process:
        try:
            assert process.stdout is not None
            told = json.loads(process.stdout.readline())
            pages_say = httpx2.get(f"http://127.0.0.1:{told['pages_port']}/").text
            control_says = httpx2.get(f"http://127.0.0.1:{told['control_port']}/stats").json()
        finally:
            process.terminate()

    assert "No mail yet" in pages_say
    assert control_says["messages"] == 0
