"""What servers write about messages of ours: each in its own way, judged by R98, and never by guessing."""

import pytest

from bursar.outbox.incoming.classify import wanted
from bursar.outbox.incoming.reports import judge
from bursar.outbox.incoming.taking_in import fate_of
from bursar.outbox.states import IncomingClass, Verdict
from tests.makers.incoming import DATA, HUDA, OURS, mail

pytestmark = pytest.mark.pure

REPORTS = {
    "bare_line_feeds": "hard",
    "contradiction": "unclear",
    "cut_short": "unclear",
    "envelope_id_only": "hard",
    "exchange_access_denied": "unclear",
    "exchange_arabic_unknown_user": "hard",
    "exchange_french_disabled": "unclear",
    "exchange_german": "soft",
    "exchange_hebrew_policy": "policy",
    "exchange_unknown_user": "hard",
    "exim_unrouteable": "unclear",
    "exim_warning": "delayed",
    "exim_words": "hard",
    "expanded": "passed_on",
    "forwarded_elsewhere": "unclear",
    "forwarded_with_original": "hard",
    "general_code_specific_words": "hard",
    "general_code_unavailable": "unclear",
    "general_code_user_unknown": "hard",
    "gmail_delayed": "delayed",
    "gmail_over_quota": "soft",
    "gmail_unauthenticated": "policy",
    "gmail_unknown_user": "hard",
    "international_address": "hard",
    "missing_action": "unclear",
    "missing_status": "unclear",
    "mixed_instead_of_report": "hard",
    "moved": "unclear",
    "nested_thirty_deep": "hard",
    "no_boundary": "unclear",
    "no_closing_boundary": "hard",
    "no_final_code_for_delivered": "unclear",
    "no_recipient": "unclear",
    "postfix_delayed": "delayed",
    "postfix_expired": "soft",
    "postfix_no_such_host": "hard",
    "postfix_unknown_user": "hard",
    "qmail_no_mailbox": "hard",
    "qmail_over_quota": "soft",
    "relayed_by_exchange": "passed_on",
    "several_recipients": "hard",
    "status_in_base64": "hard",
    "too_big": "unclear",
}
"""What each says of a message to Huda, by hand from R98."""

SAMPLES = {
    "delayed": "delayed",
    "delivered": "delivered",
    "hard_bounce_unknown_user": "hard",
    "mailbox_full": "soft",
    "policy_spam_block": "policy",
    "relayed": "passed_on",
}
"""The reports of the contracts; they are about a message to missing@example.net."""

SPEAK_OF_NONE = {"cut_short", "no_boundary", "nested_thirty_deep"}
"""Broken so that the returned message cannot be read: they prove nothing, and are left alone."""

FORGED = {
    "forged_without_message": (),
    "forged_guessed_id": (OURS.replace("0123456789abcdef", "0000000000000000"),),
    "foreign_mailing": ("CAHk-abc123@mail.gmail.com",),
}


@pytest.mark.parametrize("name", REPORTS)
def test_a_report_is_judged_as_the_table_says(name: str) -> None:
    found = mail(name)

    assert found.kind is IncomingClass.REPORT
    assert fate_of(found.fates, {HUDA})[1] == REPORTS[name]


@pytest.mark.parametrize("name", sorted(REPORTS.keys() - SPEAK_OF_NONE))
def test_a_report_is_about_the_returned_message_and_none_before_it(name: str) -> None:
    assert mail(name).about == (OURS,)


@pytest.mark.parametrize("name", SAMPLES)
def test_the_samples_of_the_contracts_are_judged_as_the_table_says(name: str) -> None:
    found = mail(name)

    assert found.kind is IncomingClass.REPORT
    assert fate_of(found.fates, {"missing@example.net"})[1] == SAMPLES[name]
    assert found.about[0].startswith("orig-")


@pytest.mark.parametrize("name", FORGED)
def test_a_forged_or_foreign_report_names_no_message_of_ours(name: str) -> None:
    assert mail(name).about == FORGED[name]
    assert OURS not in mail(name).about


def test_every_file_of_the_collection_has_its_expectation() -> None:
    told = {*REPORTS, *SAMPLES, *FORGED}
    others = {"complaint", "foreign_newsletter"}

    found = {path.stem for path in DATA.glob("*.eml")}

    assert {name for name in found if not name.startswith(("auto_", "human_"))} == told | others
    assert len(told) >= 30 + len(SAMPLES)


@pytest.mark.parametrize("name", sorted({*REPORTS, *SAMPLES}))
def test_the_head_alone_says_that_a_report_is_worth_reading(name: str) -> None:
    head = (DATA / f"{name}.eml").read_bytes().replace(b"\r\n", b"\n").split(b"\n\n")[0]

    assert wanted(head)


def test_words_and_code_of_a_report_are_kept_for_people() -> None:
    [fate] = mail("gmail_unknown_user").fates

    assert (fate.recipient, fate.action, fate.status) == (HUDA, "failed", "5.1.1")
    assert "does not exist" in fate.diagnostic


@pytest.mark.parametrize(
    ("action", "status", "diagnostic", "verdict"),
    [
        ("failed", "5.1.1", "", "hard"),
        ("failed", "5.1.2", "", "hard"),
        ("failed", "5.1.10", "", "hard"),
        ("failed", "5.4.4", "", "hard"),
        ("failed", "5.7.0", "", "policy"),
        ("failed", "5.7.708", "", "policy"),
        ("failed", "5.2.2", "", "soft"),
        ("failed", "4.4.7", "", "soft"),
        ("failed", "4.0.0", "", "soft"),
        ("failed", "5.0.0", "", "unclear"),
        ("failed", "", "", "unclear"),
        ("failed", "5.1.3", "", "unclear"),
        ("failed", "5.1.11", "", "unclear"),
        ("failed", "5.2.1", "", "unclear"),
        ("failed", "5.0.0", "550 user unknown", "hard"),
        ("failed", "", "550 5.1.1 unknown", "hard"),
        ("failed", "", "user unknown", "unclear"),
        ("failed", "5.0.0", "550 mailbox full, user unknown", "unclear"),
        ("failed", "5.0.0", "552 mailbox is full", "soft"),
        ("failed", "", "451 try again", "soft"),
        ("failed", "5.0.0", "host 192.5.1.1 said no", "unclear"),
        ("delayed", "5.1.1", "", "delayed"),
        ("delayed", "4.2.0", "", "delayed"),
        ("delivered", "2.1.5", "", "delivered"),
        ("delivered", "", "", "delivered"),
        ("delivered", "5.1.1", "", "unclear"),
        ("relayed", "2.0.0", "", "passed_on"),
        ("expanded", "2.1.9", "", "passed_on"),
        ("", "5.1.1", "", "unclear"),
        ("exploded", "5.1.1", "", "unclear"),
    ],
)
def test_action_and_code_decide_and_doubt_suppresses_nobody(
    action: str, status: str, diagnostic: str, verdict: str
) -> None:
    assert judge(action, status, diagnostic) == verdict


def test_a_report_that_names_another_address_counts_against_nobody() -> None:
    [fate] = mail("postfix_unknown_user").fates

    assert fate.verdict is Verdict.HARD
    assert fate_of([fate], {"somebody@customer.example"})[1] is Verdict.UNCLEAR
    assert fate_of([], {HUDA})[1] is Verdict.UNCLEAR


def test_a_delay_at_another_address_is_a_delay_all_the_same() -> None:
    [fate] = mail("postfix_delayed").fates

    assert fate_of([fate], {"somebody@customer.example"})[1] is Verdict.DELAYED
