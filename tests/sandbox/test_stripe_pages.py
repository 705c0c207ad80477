"""The pages of Stripe's simulator, pressed by a person without JavaScript."""

from urllib.parse import urlsplit

import httpx2
import pytest

from tests.payments import CANCEL, StripeProcess


def press(stripe: StripeProcess, url: str, **form: str) -> httpx2.Response:
    return stripe.http.post(url, data=form, follow_redirects=False)


def back(answer: httpx2.Response) -> str:
    assert answer.status_code == 303, answer.text
    return answer.headers["location"]


def test_the_page_says_to_whom_what_and_how_much(stripe):
    session = stripe.open(customer_email="amal@prospect.example")

    page = stripe.http.get(session["url"])

    assert page.status_code == 200
    for words in ("Rive Partners", "Company formation", "4,500.00 AED", "amal@prospect.example", CANCEL):
        assert words in page.text
    assert "form-action 'self' https://firm.example" in page.headers["content-security-policy"]
    assert "script" not in page.text


def test_looking_at_it_changes_nothing(stripe):
    session = stripe.open()
    before = stripe.seen(session["id"])

    for method in ("GET", "HEAD"):
        assert stripe.http.request(method, session["url"]).status_code == 200
    stripe.http.get(f"{session['url']}/confirmation")

    assert stripe.seen(session["id"]) == before
    assert stripe.events() == []


def test_paid_it_leads_to_the_success_page_with_the_session_in_it(stripe):
    session = stripe.open()

    paid = press(
        stripe, session["url"], method="card", number="4242 4242 4242 4242", email="a@b.example", name="Amal"
    )

    assert back(paid) == f"https://firm.example/paid?session={session['id']}"
    told = stripe.seen(session["id"])
    assert told["session"]["payment_status"] == "paid"
    assert told["charge"]["billing_details"]["email"] == "a@b.example"
    again = stripe.http.get(session["url"])
    assert "This has been paid" in again.text
    assert "This has been paid" in press(stripe, session["url"], number="4242424242424242").text
    assert len(stripe.get("/v1/charges")["data"]) == 1


@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("4000000000000002", "Your card was declined."),
        ("4000000000009995", "Your card has insufficient funds."),
        ("4000000000000069", "Your card has expired."),
    ],
)
def test_declined_it_says_why_and_can_be_tried_again(stripe, number, words):
    session = stripe.open()

    declined = press(stripe, session["url"], method="card", number=number)

    assert back(declined) == f"/c/pay/{session['id']}"
    assert words in stripe.http.get(session["url"]).text
    assert back(press(stripe, session["url"], card="paid")).startswith("https://firm.example/paid")


@pytest.mark.parametrize(
    ("number", "words"),
    [
        ("4242424242424241", "Your card number is invalid."),
        ("", "Your card number is invalid."),
        ("5555555555554444", "This is no test card."),
    ],
)
def test_a_number_that_is_none_is_not_tried(stripe, number, words):
    session = stripe.open()

    answer = press(stripe, session["url"], method="card", number=number)

    assert answer.status_code == 422
    assert words in answer.text
    assert stripe.events() == []


@pytest.mark.parametrize(("decision", "paid"), [("agree", True), ("refuse", False)])
def test_a_bank_has_a_page_of_its_own(stripe, decision, paid):
    session = stripe.open()

    asked = back(press(stripe, session["url"], number="4000002500003155"))
    page = stripe.http.get(f"{stripe.told['pages_url']}{asked}")
    assert "Your bank asks" in page.text
    answered = press(stripe, f"{stripe.told['pages_url']}{asked}", decision=decision)

    assert urlsplit(back(answered)).netloc == ("firm.example" if paid else "")
    assert (stripe.seen(session["id"])["session"]["payment_status"] == "paid") is paid


def test_a_bank_debit_leads_to_the_success_page_before_the_money_came(stripe):
    session = stripe.open()

    assert "firm.example/paid" in back(press(stripe, session["url"], method="sepa_debit"))

    assert stripe.seen(session["id"])["session"]["payment_status"] == "unpaid"
    assert "on its way" in stripe.http.get(session["url"]).text


def test_only_what_the_firm_takes_is_taken(stripe):
    session = stripe.open(excluded_payment_method_types=["sepa_debit"])

    assert "sepa_debit" not in stripe.http.get(session["url"]).text
    assert press(stripe, session["url"], method="sepa_debit").status_code == 422


def test_closed_it_takes_no_money(stripe):
    session = stripe.open()
    stripe.act(f"/sessions/{session['id']}/expiry")

    page = stripe.http.get(session["url"])
    assert (page.status_code, "This page has run out" in page.text) == (410, True)
    assert press(stripe, session["url"], card="paid").status_code == 410
    assert stripe.seen(session["id"])["session"]["payment_status"] == "unpaid"
    assert stripe.http.get(f"{stripe.told['pages_url']}/c/pay/cs_test_nothing").status_code == 404


def test_another_site_cannot_press_the_button(stripe):
    session = stripe.open()
    foreign = {"Sec-Fetch-Site": "cross-site"}

    answer = stripe.http.post(session["url"], data={"card": "paid"}, headers=foreign)

    assert answer.status_code == 403
    assert stripe.events() == []


def test_the_overview_has_a_button_for_whatever_can_still_happen(stripe):
    overview = stripe.told["pages_url"]
    assert "Nobody has opened a checkout yet" in stripe.http.get(overview).text
    session = stripe.open()
    for press_, state in (
        ({"deed": "refund"}, "open"),
        ({"deed": "expire"}, "expired"),
    ):
        assert press(stripe, f"{overview}/deeds", session=session["id"], **press_).status_code == 303
        assert stripe.seen(session["id"])["session"]["status"] == state
    later = stripe.open()
    stripe.pay(later["id"], "later")
    for deed in ("came", "dispute", "lost"):
        assert f'value="{deed}"' in stripe.http.get(overview).text
        press(stripe, f"{overview}/deeds", session=later["id"], deed=deed)

    told = stripe.seen(later["id"])
    assert (told["session"]["payment_status"], told["disputes"][0]["status"]) == ("paid", "lost")
