"""Gmail's simulator, spoken to by its contract: what it accepts, what it refuses, what can be found again."""

from base64 import urlsafe_b64decode, urlsafe_b64encode

import httpx2
import pytest

from tests.vendors import GMAIL_READ, GMAIL_SEND, Vendor, read

MESSAGE = (
    b"From: box@firm.example\r\nTo: noura@almas.example\r\nSubject: Invoice 7\r\nMessage-ID: <7@firm.example>\r\n"
    b"\r\nPlease pay.\r\n"
)


class Program:
    """A program that holds a token of one mailbox."""

    def __init__(self, gmail: Vendor, *scopes: str) -> None:
        self.gmail = gmail
        self.mailbox = gmail.mailbox("box@firm.example")
        self.held = gmail.tokens(self.mailbox, *scopes)
        self.headers = {"Authorization": f"Bearer {self.held['access_token']}"}

    def get(self, path: str, **query: str | list[str]) -> httpx2.Response:
        return self.gmail.http.get(
            f"{self.gmail.url}/gmail/v1/users/me{path}", params=query, headers=self.headers
        )

    def send(self, raw: bytes = MESSAGE, **further: str) -> httpx2.Response:
        told = {"raw": urlsafe_b64encode(raw).decode().rstrip("="), **further}
        return self.gmail.http.post(
            f"{self.gmail.url}/gmail/v1/users/me/messages/send", json=told, headers=self.headers
        )


@pytest.fixture
def program(gmail: Vendor) -> Program:
    return Program(gmail)


def reason(answer: httpx2.Response) -> tuple[int, str]:
    told = answer.json()["error"]
    assert told["code"] == answer.status_code
    return answer.status_code, told["errors"][0]["reason"]


def test_an_accepted_message_lies_in_sent_and_is_found_by_its_message_id(program):
    sent = program.send().json()

    assert sent["labelIds"] == ["SENT"]
    found = program.get("/messages", q="rfc822msgid:<7@firm.example>").json()
    assert found["messages"] == [{"id": sent["id"], "threadId": sent["threadId"]}]
    assert "messages" not in program.get("/messages", q="rfc822msgid:8@firm.example").json()
    [kept] = program.gmail.sent(program.mailbox)
    assert kept["to"] == ["noura@almas.example"]


def test_a_field_that_the_contract_has_not_is_refused_and_nothing_is_sent(program):
    assert reason(program.send(saveToSent="yes")) == (400, "invalidArgument")
    assert reason(program.get("/messages", query="x")) == (400, "invalidArgument")

    assert program.gmail.sent(program.mailbox) == []
    assert program.gmail.wrong() == [
        "messages.send: unknown name saveToSent",
        "messages.list: unknown query parameter 'query'",
    ]


@pytest.mark.parametrize("raw", ["a+b/", "$$$", "abcde", ""])
def test_only_base64_for_addresses_is_a_message(program, raw):
    url = f"{program.gmail.url}/gmail/v1/users/me/messages/send"
    answer = program.gmail.http.post(url, json={"raw": raw}, headers=program.headers)

    assert reason(answer) == (400, "invalidArgument")


def test_a_message_may_come_as_it_is(program):
    url = f"{program.gmail.url}/upload/gmail/v1/users/me/messages/send?uploadType=media"
    headers = {**program.headers, "Content-Type": "message/rfc822"}
    assert program.gmail.http.post(url, content=MESSAGE, headers=headers).status_code == 200

    headers = {**program.headers, "Content-Type": "text/plain"}
    assert program.gmail.http.post(url, content=MESSAGE, headers=headers).status_code == 400


def test_who_may_only_send_may_not_look(gmail):
    program = Program(gmail, "openid", GMAIL_SEND)

    assert program.send().status_code == 200
    assert reason(program.get("/messages")) == (403, "insufficientPermissions")
    assert reason(program.get("/profile")) == (403, "insufficientPermissions")


def test_an_expired_token_is_refreshed_and_a_revoked_grant_is_not(program):
    program.gmail.expire(program.mailbox)
    assert reason(program.send()) == (401, "authError")

    fresh = program.gmail.token(grant_type="refresh_token", refresh_token=program.held["refresh_token"])
    assert "refresh_token" not in fresh.json()
    program.headers["Authorization"] = f"Bearer {fresh.json()['access_token']}"
    assert program.send().status_code == 200

    program.gmail.revoke(program.mailbox)
    assert reason(program.send()) == (401, "authError")
    gone = program.gmail.token(grant_type="refresh_token", refresh_token=program.held["refresh_token"])
    assert (gone.status_code, gone.json()["error"]) == (400, "invalid_grant")


def test_a_lost_answer_leaves_the_message_in_sent(program):
    program.gmail.trouble("lost", operation="messages.send")

    with pytest.raises(httpx2.RemoteProtocolError):
        program.send()

    assert len(program.gmail.sent(program.mailbox)) == 1
    assert program.send().status_code == 200


def test_a_connection_may_end_before_anything_was_accepted(program):
    program.gmail.trouble("lost", accepted=False)

    with pytest.raises(httpx2.RemoteProtocolError):
        program.send()

    assert program.gmail.sent(program.mailbox) == []


def test_every_error_of_the_list_can_be_had(program):
    errors = program.gmail.control.get("/errors").json()
    for name, error in errors.items():
        if "oauth" in error:
            continue
        program.gmail.trouble(name, mailbox=program.mailbox, retry_after=7)
        answer = program.send()
        assert (answer.status_code, answer.headers["retry-after"]) == (error["status"], "7"), name
        assert reason(answer)[1] == error["reason"]
    assert program.gmail.sent(program.mailbox) == []


def test_the_limit_of_a_minute_is_counted_in_units(program):
    program.gmail.set(units_per_minute=250)

    assert [program.send().status_code for _ in range(3)] == [200, 200, 403]
    assert program.get("/messages").status_code == 200


def test_the_limit_of_a_day_says_when_to_come_back(program):
    program.gmail.set(messages_per_day=1)
    program.send()

    answer = program.send()

    assert reason(answer) == (429, "rateLimitExceeded")
    assert answer.json()["error"]["message"].startswith("User-rate limit exceeded.  Retry after 20")


def test_a_message_id_may_be_rewritten_and_the_old_one_finds_nothing(program):
    program.gmail.set(rewrite_message_id=True)

    sent = program.send().json()

    told = program.get(f"/messages/{sent['id']}", format="metadata", metadataHeaders=["Message-ID"]).json()
    [header] = told["payload"]["headers"]
    assert header["value"].endswith("@mail.gmail.com>")
    assert "messages" not in program.get("/messages", q="rfc822msgid:7@firm.example").json()
    [kept] = program.gmail.sent(program.mailbox)
    assert read(kept)["X-Google-Original-Message-ID"] == "<7@firm.example>"


def test_an_answer_stays_in_the_conversation_and_history_tells_of_it(program):
    sent = program.send().json()
    since = program.get("/profile").json()["historyId"]
    [kept] = program.gmail.sent(program.mailbox)

    program.gmail.reply(program.mailbox, kept["number"], "On Thursday.")

    told = program.get("/history", startHistoryId=since, historyTypes="messageAdded", labelId="INBOX").json()
    [record] = told["history"]
    [added] = record["messagesAdded"]
    assert added["message"]["threadId"] == sent["threadId"]
    raw = program.get(f"/messages/{added['message']['id']}", format="raw").json()["raw"]
    assert b"In-Reply-To: <7@firm.example>" in urlsafe_b64decode(raw)
    assert "history" not in program.get("/history", startHistoryId=told["historyId"]).json()


def test_a_place_in_the_history_that_is_too_old_is_not_found(program):
    since = program.get("/profile").json()["historyId"]
    program.send()
    program.gmail.forget_history(program.mailbox)

    assert reason(program.get("/history", startHistoryId=since)) == (404, "notFound")


def test_a_thread_is_kept_only_by_what_fits_it(program):
    first = program.send().json()
    answer = MESSAGE.replace(b"<7@", b"<8@").replace(
        b"Subject: ", b"In-Reply-To: <7@firm.example>\r\nSubject: Re: "
    )

    assert program.send(answer, threadId=first["threadId"]).json()["threadId"] == first["threadId"]
    stranger = MESSAGE.replace(b"<7@", b"<9@")
    assert program.send(stranger, threadId=first["threadId"]).json()["threadId"] != first["threadId"]
    assert reason(program.send(threadId="18cffffffffffff1")) == (404, "notFound")


def test_an_address_that_tells_its_fate_brings_a_report(program):
    program.send(MESSAGE.replace(b"noura@", b"bounce-5.1.1@"))

    [report] = program.gmail.messages(program.mailbox, "inbox")
    assert read(report).get_content_type() == "multipart/report"
    assert b"Status: 5.1.1" in bytes(read(report))


def test_the_search_waits_for_the_index(program):
    program.gmail.set(searchable_after_s=600)
    program.send()

    assert "messages" not in program.get("/messages", q="rfc822msgid:7@firm.example").json()
    assert len(program.gmail.sent(program.mailbox)) == 1


def test_the_metadata_scope_shows_headers_and_searches_nothing(gmail):
    program = Program(gmail, GMAIL_SEND, GMAIL_READ.replace("readonly", "metadata"))
    sent = program.send().json()

    assert reason(program.get("/messages", q="in:sent")) == (403, "forbidden")
    assert reason(program.get(f"/messages/{sent['id']}")) == (403, "forbidden")
    assert program.get(f"/messages/{sent['id']}", format="metadata").status_code == 200
