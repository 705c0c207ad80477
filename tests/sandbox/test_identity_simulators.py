"""Signing in at both vendors: the consent page, codes that work once, tokens that end, and who is told what."""

import json
from base64 import urlsafe_b64decode
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.vendors import CALLBACK, GMAIL_READ, GMAIL_SEND, GRAPH_READ, GRAPH_SEND, Vendor

SCOPES = {
    "gmail": ("openid", "email", GMAIL_SEND, GMAIL_READ),
    "graph": ("openid", "profile", "email", "offline_access", GRAPH_SEND, GRAPH_READ),
}


@pytest.fixture(params=["gmail", "graph"])
def vendor(request: pytest.FixtureRequest) -> Vendor:
    return request.getfixturevalue(request.param)


def claims(id_token: str) -> dict[str, object]:
    body = id_token.split(".")[1]
    return json.loads(urlsafe_b64decode(body + "=" * (-len(body) % 4)))


def test_a_person_allows_and_the_program_learns_whose_mailbox_it_is(vendor):
    mailbox = vendor.mailbox()
    url, verifier = vendor.ask(*SCOPES[vendor.name], nonce="n-1", state="s-1")

    location = vendor.consent(url, mailbox)

    assert location.startswith(f"{CALLBACK}?")
    assert parse_qs(urlsplit(location).query)["state"] == ["s-1"]
    told = vendor.redeem(location, verifier).json()
    assert told["token_type"] == "Bearer"
    who = claims(told["id_token"])
    assert (who["email"], who["nonce"], who["aud"]) == (mailbox, "n-1", vendor.client_id)


def test_a_person_denies_and_the_program_gets_no_code(vendor):
    url, _ = vendor.ask(*SCOPES[vendor.name], state="s-2")

    told = parse_qs(urlsplit(vendor.consent(url, vendor.mailbox(), allow=False)).query)

    assert (told["error"], told["state"]) == (["access_denied"], ["s-2"])
    assert "code" not in told


def test_what_a_person_unticks_is_not_granted(vendor):
    url, verifier = vendor.ask(*SCOPES[vendor.name])

    told = vendor.redeem(vendor.consent(url, vendor.mailbox(), without=["read", "Read"]), verifier).json()

    assert "ead" not in told["scope"]
    assert "end" in told["scope"]


def test_a_code_works_once_and_the_second_time_takes_the_tokens_back(vendor):
    mailbox = vendor.mailbox()
    url, verifier = vendor.ask(*SCOPES[vendor.name])
    location = vendor.consent(url, mailbox)
    first = vendor.redeem(location, verifier).json()

    again = vendor.redeem(location, verifier)

    assert (again.status_code, again.json()["error"]) == (400, "invalid_grant")
    gone = vendor.token(grant_type="refresh_token", refresh_token=first["refresh_token"])
    assert gone.json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    ("given", "error"),
    [
        ({"code_verifier": "x" * 50}, "invalid_grant"),
        ({"code_verifier": ""}, "invalid_grant"),
        ({"redirect_uri": "http://127.0.0.1:8000/elsewhere"}, "redirect_uri_mismatch"),
        ({"client_secret": "guessed"}, "invalid_client"),
        ({"audience": "me"}, "invalid_request"),
        ({"grant_type": "password"}, "unsupported_grant_type"),
    ],
)
def test_a_code_is_worth_nothing_without_what_it_was_asked_with(vendor, given, error):
    url, verifier = vendor.ask(*SCOPES[vendor.name])

    answer = vendor.redeem(vendor.consent(url, vendor.mailbox()), verifier, **given)

    assert answer.json()["error"] == error
    assert "access_token" not in answer.json()


def test_a_code_grows_old(vendor):
    vendor.set(code_s=-1)
    url, verifier = vendor.ask(*SCOPES[vendor.name])

    assert vendor.redeem(vendor.consent(url, vendor.mailbox()), verifier).json()["error"] == "invalid_grant"


@pytest.mark.parametrize(
    "given",
    [
        {"client_id": "stranger"},
        {"redirect_uri": "javascript:alert(1)"},
        {"response_type": "token"},
        {"scope": "everything"},
        {"state": ""},
        {"code_challenge": "short"},
        {"code_challenge_method": "plain"},
        {"sneaky": "1"},
    ],
)
def test_a_question_that_is_wrong_is_told_to_the_person_and_goes_nowhere(vendor, given):
    url, _ = vendor.ask(*SCOPES[vendor.name], **given)
    parts = urlsplit(url)

    answer = vendor.http.get(url)

    assert parts.path in url
    assert answer.status_code == 400
    assert "location" not in answer.headers


def test_nobody_answers_a_question_twice(vendor):
    url, _ = vendor.ask(*SCOPES[vendor.name])
    asked = vendor.http.get(url, headers={"Accept": "application/json"}).json()
    form = {"asking": asked["asking"], "decision": "deny"}

    answers = [vendor.http.post(f"{vendor.url}{asked['answer']}", data=form).status_code for _ in range(2)]

    assert answers == [303, 400]


def test_the_page_names_the_mailboxes_and_asks_for_reading_by_itself(vendor):
    vendor.mailbox("desk@firm.example", name="<b>Desk</b>")
    url, _ = vendor.ask(*SCOPES[vendor.name])

    page = vendor.http.get(url).text

    assert 'value="desk@firm.example"' in page
    assert "&lt;b&gt;Desk&lt;/b&gt;" in page
    assert page.count('type="checkbox" name="scope"') == 2


def test_a_refresh_may_not_ask_for_more_at_microsoft(graph):
    held = graph.tokens(graph.mailbox(), "offline_access", "Mail.Send")
    asked = {"grant_type": "refresh_token", "refresh_token": held["refresh_token"]}

    assert graph.token(**asked, scope="Mail.Send offline_access").status_code == 200
    assert graph.token(**asked, scope="Mail.Read").json()["error_codes"] == [65001]


def test_microsoft_gives_a_new_refresh_token_each_time_and_the_old_one_ends(graph):
    graph.set(overlap_s=0)
    held = graph.tokens(graph.mailbox())

    fresh = graph.token(grant_type="refresh_token", refresh_token=held["refresh_token"]).json()

    assert fresh["refresh_token"] != held["refresh_token"]
    old = graph.token(grant_type="refresh_token", refresh_token=held["refresh_token"])
    assert (old.json()["error"], old.json()["error_codes"]) == ("invalid_grant", [70008])
    assert graph.token(grant_type="refresh_token", refresh_token=fresh["refresh_token"]).status_code == 200


def test_google_gives_a_refresh_token_only_to_who_asks_for_one(gmail):
    url, verifier = gmail.ask(GMAIL_SEND, access_type="online")

    assert "refresh_token" not in gmail.redeem(gmail.consent(url, gmail.mailbox()), verifier).json()


def test_google_takes_a_token_back_when_its_program_says_so(gmail):
    held = gmail.tokens(gmail.mailbox())

    answers = [
        gmail.http.post(f"{gmail.url}/revoke", data={"token": held["refresh_token"]}).status_code
        for _ in range(2)
    ]

    assert answers == [200, 400]
    gone = gmail.token(grant_type="refresh_token", refresh_token=held["refresh_token"])
    assert gone.json()["error"] == "invalid_grant"


def test_every_refusal_of_the_token_address_can_be_had(vendor):
    held = vendor.tokens(vendor.mailbox())
    for name, error in vendor.control.get("/errors").json().items():
        if "oauth" in error:
            vendor.trouble(name, operation="token")
            answer = vendor.token(grant_type="refresh_token", refresh_token=held["refresh_token"])
            assert (answer.status_code, answer.json()["error"]) == (error["status"], error["oauth"]), name


def test_only_an_address_that_was_registered_is_gone_back_to():
    from tests.vendors import a_vendor

    with a_vendor("gmail", "--redirect", CALLBACK) as strict:
        right, _ = strict.ask(GMAIL_SEND)
        wrong, _ = strict.ask(GMAIL_SEND, redirect_uri=f"{CALLBACK}/evil")
        assert [strict.http.get(url).status_code for url in (right, wrong)] == [200, 400]
