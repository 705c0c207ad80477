"""Answers of people and of machines: told apart by what they say of themselves (R101, R102, T42)."""

import pytest

from bursar.outbox.incoming.classify import Incoming, read, wanted
from bursar.outbox.states import IncomingClass
from tests.makers.incoming import DATA, OURS, OURS_BEFORE, mail

pytestmark = pytest.mark.pure

AUTOMATIC = {
    "auto_arabic": "auto-submitted",
    "auto_autoreply_header": "x-autoreply",
    "auto_exchange": "auto-submitted",
    "auto_null_path": "return-path",
    "auto_precedence": "precedence",
    "auto_read_receipt": "disposition-notification",
    "auto_rfc3834": "auto-submitted",
}
"""By the header that gives the machine away."""

PEOPLE = {
    "human_below_the_line": (OURS,),
    "human_outlook_html": (OURS, OURS_BEFORE),
    "human_plain": (OURS,),
    "human_references_only": (OURS, OURS_BEFORE),
    "human_subject_sounds_automatic": (OURS,),
}
"""What each answers, the nearest first."""


def written(head: str, body: str = "Yes.") -> Incoming:
    return read(f"From: h@customer.example\r\nIn-Reply-To: <{OURS}>\r\n{head}\r\n\r\n{body}".encode())


def text(found: Incoming) -> str:
    return found.text if found.cut_at is None else found.text[: found.cut_at].strip()


@pytest.mark.parametrize("name", AUTOMATIC)
def test_a_machine_says_that_it_is_one(name: str) -> None:
    found = mail(name)

    assert (found.kind, found.why, found.about) == (IncomingClass.AUTO_REPLY, AUTOMATIC[name], (OURS,))


@pytest.mark.parametrize("name", PEOPLE)
def test_a_person_answers_one_of_our_messages(name: str) -> None:
    found = mail(name)

    assert (found.kind, found.about) == (IncomingClass.HUMAN, PEOPLE[name])


def test_every_answer_of_the_collection_has_its_expectation() -> None:
    found = {path.stem for path in DATA.glob("*.eml") if path.stem.startswith(("auto_", "human_"))}

    assert found == {*AUTOMATIC, *PEOPLE}


@pytest.mark.parametrize(
    ("head", "kind"),
    [
        ("Auto-Submitted: no", "human"),
        ("Auto-Submitted: No ; comment", "human"),
        ("Auto-Submitted: auto-notified", "auto_reply"),
        ("auto-submitted:auto-replied", "auto_reply"),
        ("X-Auto-Response-Suppress: OOF", "auto_reply"),
        ("X-Auto-Response-Suppress: None", "human"),
        ("X-Autorespond: away", "auto_reply"),
        ("Precedence: auto_reply", "auto_reply"),
        ("Precedence: junk", "auto_reply"),
        ("Precedence: list", "human"),
        ("Precedence: first-class", "human"),
        ("Return-Path: <>", "auto_reply"),
        ("Return-Path: <h@customer.example>", "human"),
        ("Subject: Automatische Antwort: Rechnung", "human"),
    ],
)
def test_each_sign_of_a_machine_counts_and_a_subject_alone_does_not(head: str, kind: str) -> None:
    assert written(head).kind == kind


@pytest.mark.parametrize(
    ("subject", "sounds"),
    [
        ("Out of office: Two invoices", True),
        ("Automatische Antwort: Rechnung", True),
        ("Réponse automatique : Facture", True),
        ("תשובה אוטומטית: חשבונית", True),
        ("رد تلقائي: فاتورة", True),
        ("Re: Out of office", False),
        ("Re: Two invoices are open", False),
    ],
)
def test_a_subject_that_sounds_like_a_machine_is_a_hint_for_people(subject: str, sounds: bool) -> None:
    assert written(f"Subject: {subject}").perhaps_automatic is sounds


def test_a_report_that_bears_the_signs_of_a_machine_is_a_report() -> None:
    assert mail("exchange_unknown_user").kind is IncomingClass.REPORT


def test_a_complaint_is_about_the_message_it_returns() -> None:
    found = mail("complaint")

    assert (found.kind, found.about) == (IncomingClass.COMPLAINT, (OURS,))


def test_a_person_who_forwards_a_report_is_a_person() -> None:
    report = (DATA / "postfix_unknown_user.eml").read_bytes().decode()
    head = 'MIME-Version: 1.0\r\nContent-Type: multipart/mixed; boundary="outer"'
    body = f"--outer\r\n\r\nWhat is this?\r\n--outer\r\nContent-Type: message/rfc822\r\n\r\n{report}\r\n--outer--\r\n"

    found = written(head, body)

    assert (found.kind, found.text) == (IncomingClass.HUMAN, "What is this?")


def test_what_is_new_in_an_answer_stands_above_its_history() -> None:
    assert text(mail("human_plain")) == "We pay on Thursday.\n\nHuda"
    assert text(mail("human_references_only")) == "نعم، سندفع الأسبوع القادم."
    assert text(mail("human_outlook_html")) == "The quality was poor, we contest this."


def test_who_answers_between_the_lines_is_shown_with_the_lines() -> None:
    assert text(mail("human_below_the_line")) == "> two invoices are open\n\nBoth are paid, see attached."


@pytest.mark.parametrize(
    "line",
    [
        "On Wed, 18 Nov 2026 at 10:00, Firm <a@firm.example> wrote:",
        "Am 18.11.2026 um 10:00 schrieb Firm:",
        "Le mer. 18 nov. 2026 à 10:00, Firm <a@firm.example> a écrit :",
        "\u202bבתאריך יום ד׳, 18 בנוב׳ 2026 ב-10:00 מאת Firm:\u202c",
        "-----Original Message-----",
        "-----Ursprüngliche Nachricht-----",
        "________________________________",
        "From: Firm <a@firm.example>\nSent: Wednesday",
        "Von: Firm\nGesendet: Mittwoch",
        "De : Firm\nEnvoyé : mercredi",
        "מאת: Firm\nנשלח: יום רביעי",
        "من: Firm\nتاريخ الإرسال: الأربعاء",
        "> Dear Huda",
    ],
)
def test_history_is_known_by_how_programs_introduce_it(line: str) -> None:
    found = written("Content-Type: text/plain; charset=utf-8", f"We pay.\n\n{line}\nDear Huda")

    if line.startswith(">"):
        found = written("Content-Type: text/plain; charset=utf-8", f"We pay.\n\n{line}\n> please pay")
    assert text(found) == "We pay."


def test_a_name_in_any_charset_is_read() -> None:
    found = mail("human_outlook_html")

    assert (found.from_name, found.from_address) == ("هدى", "huda.private@mail.example")
    assert found.subject == "RE: Two invoices are open"


def test_the_same_message_has_the_same_key_and_no_other_can_take_it() -> None:
    first, again = written("Message-ID: <m1@customer.example>"), written("Message-ID: <m1@customer.example>")
    forged = written("Message-ID: <m1@customer.example>", "Something else.")

    assert first.key == again.key
    assert first.key != forged.key


def test_a_newsletter_is_not_even_fetched() -> None:
    assert not wanted((DATA / "foreign_newsletter.eml").read_bytes().split(b"\r\n\r\n")[0])
    assert wanted((DATA / "human_plain.eml").read_bytes().split(b"\r\n\r\n")[0])
