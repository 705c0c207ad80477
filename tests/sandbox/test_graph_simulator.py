"""Graph's simulator, spoken to by its contract: what it accepts, what it refuses, what can be found again."""

from base64 import b64encode, urlsafe_b64encode
from concurrent.futures import ThreadPoolExecutor

import httpx2
import pytest

from tests.vendors import GRAPH_SEND, Vendor, read

MESSAGE = (
    b"From: box@firm.example\r\nTo: noura@almas.example\r\nSubject: Invoice 7\r\nMessage-ID: <7@firm.example>\r\n"
    b"List-Unsubscribe: <https://firm.example/u/7>\r\n\r\nPlease pay.\r\n"
)


class Program:
    """A program that holds a token of one mailbox."""

    def __init__(self, graph: Vendor, *scopes: str) -> None:
        self.graph = graph
        self.mailbox = graph.mailbox("box@firm.example")
        self.held = graph.tokens(self.mailbox, *scopes)
        self.headers = {"Authorization": f"Bearer {self.held['access_token']}"}

    def get(self, path: str, **query: str) -> httpx2.Response:
        params = {f"${name}": value for name, value in query.items()}
        return self.follow(f"{self.graph.url}/v1.0/me{path}", params)

    def follow(self, url: str, params: dict[str, str] | None = None) -> httpx2.Response:
        return self.graph.http.get(url, params=params, headers=self.headers)

    def send(self, raw: bytes = MESSAGE) -> httpx2.Response:
        headers = {**self.headers, "Content-Type": "text/plain"}
        return self.graph.http.post(
            f"{self.graph.url}/v1.0/me/sendMail", content=b64encode(raw), headers=headers
        )

    def send_json(self, **told: object) -> httpx2.Response:
        return self.graph.http.post(f"{self.graph.url}/v1.0/me/sendMail", json=told, headers=self.headers)


@pytest.fixture
def program(graph: Vendor) -> Program:
    return Program(graph)


def code(answer: httpx2.Response) -> tuple[int, str]:
    return answer.status_code, answer.json()["error"]["code"]


def person(address: str) -> dict[str, dict[str, str]]:
    return {"emailAddress": {"address": address}}


def test_an_accepted_message_has_an_empty_answer_and_is_found_in_sent_items(program):
    answer = program.send()

    assert (answer.status_code, answer.content) == (202, b"")
    found = program.get(
        "/mailFolders/sentitems/messages",
        filter="internetMessageId eq '<7@firm.example>'",
        select="id,subject",
    ).json()
    [message] = found["value"]
    assert message["subject"] == "Invoice 7"
    assert b"List-Unsubscribe" in program.get(f"/messages/{message['id']}/$value").content
    none = program.get("/messages", filter="internetMessageId eq '<8@firm.example>'").json()
    assert none["value"] == []


@pytest.mark.parametrize("body", [urlsafe_b64encode(b"\xff\xfe" + MESSAGE), b"not base64!", MESSAGE])
def test_only_standard_base64_is_a_message(program, body):
    headers = {**program.headers, "Content-Type": "text/plain"}
    url = f"{program.graph.url}/v1.0/me/sendMail"

    assert code(program.graph.http.post(url, content=body, headers=headers)) == (
        400,
        "ErrorMimeContentInvalidBase64String",
    )
    assert program.graph.sent(program.mailbox) == []


def test_a_media_type_that_the_contract_has_not_is_refused(program):
    headers = {**program.headers, "Content-Type": "message/rfc822"}
    url = f"{program.graph.url}/v1.0/me/sendMail"

    assert program.graph.http.post(url, content=MESSAGE, headers=headers).status_code == 415


def test_a_message_may_be_told_in_json(program):
    message = {
        "subject": "Invoice 7",
        "body": {"contentType": "HTML", "content": "<p>Please pay.</p>"},
        "toRecipients": [person("noura@almas.example")],
        "internetMessageHeaders": [{"name": "x-send", "value": "7"}],
    }

    assert program.send_json(message=message, saveToSentItems="true").status_code == 202

    [kept] = program.graph.sent(program.mailbox)
    assert read(kept)["x-send"] == "7"
    message["internetMessageHeaders"] = [{"name": "List-Unsubscribe", "value": "<https://firm.example/u>"}]
    assert code(program.send_json(message=message)) == (400, "InvalidInternetMessageHeader")


def test_unknown_fields_and_wrong_types_are_refused(program):
    to = [person("noura@almas.example")]

    assert code(program.send_json(message={"toRecipients": to, "priority": "high"}))[0] == 400
    assert code(program.send_json(message={"toRecipients": person("a@b.example")}))[0] == 400
    assert code(program.send_json(message={"toRecipients": to}, save=True))[0] == 400
    assert code(program.get("/messages", search="x"))[0] == 400
    assert code(program.get("/messages", select="sbject"))[0] == 400

    assert program.graph.wrong() == [
        "sendMail: unknown name message.priority",
        "sendMail: message.toRecipients is not array",
        "sendMail: unknown name save",
        "messages.list: unknown query parameter '$search'",
    ]


def test_nobody_sends_as_somebody_else(program):
    assert code(program.send(MESSAGE.replace(b"From: box@", b"From: boss@"))) == (403, "ErrorSendAsDenied")


def test_who_may_only_send_may_not_look(graph):
    program = Program(graph, "offline_access", GRAPH_SEND)

    assert program.send().status_code == 202
    assert code(program.get("/messages")) == (403, "ErrorAccessDenied")
    assert code(program.get("")) == (403, "ErrorAccessDenied")


def test_headers_alone_may_be_read(graph):
    program = Program(graph, "offline_access", "Mail.Send", "Mail.ReadBasic")
    program.send()

    [message] = program.get("/messages").json()["value"]

    assert "body" not in message
    assert code(program.get(f"/messages/{message['id']}/$value")) == (403, "ErrorAccessDenied")


def test_an_expired_token_is_refused_until_it_is_refreshed(program):
    program.graph.expire(program.mailbox)
    assert code(program.send()) == (401, "InvalidAuthenticationToken")

    fresh = program.graph.token(
        grant_type="refresh_token", refresh_token=program.held["refresh_token"]
    ).json()
    program.headers["Authorization"] = f"Bearer {fresh['access_token']}"

    assert program.send().status_code == 202


def test_a_lost_answer_leaves_the_message_in_sent_items(program):
    program.graph.trouble("lost", operation="sendMail")

    with pytest.raises(httpx2.RemoteProtocolError):
        program.send()

    assert len(program.graph.sent(program.mailbox)) == 1


def test_every_error_of_the_list_can_be_had(program):
    for name, error in program.graph.control.get("/errors").json().items():
        if "oauth" not in error:
            program.graph.trouble(name)
            answer = program.send()
            assert code(answer) == (error["status"], error["code"])
            assert answer.headers.get("retry-after") == (
                str(error["retry_after"]) if "retry_after" in error else None
            )
    assert program.graph.sent(program.mailbox) == []


def test_thirty_messages_a_minute_and_then_a_word_when_to_come_back(program):
    program.graph.set(messages_per_minute=2)

    answers = [program.send() for _ in range(3)]

    assert [answer.status_code for answer in answers] == [202, 202, 429]
    assert code(answers[2])[1] == "ErrorExceededMessageLimit"
    assert 50 <= int(answers[2].headers["retry-after"]) <= 60


def test_a_fifth_request_at_once_is_one_too_many(program):
    program.graph.trouble("stall", operation="messages.list", times=4)
    with ThreadPoolExecutor(5) as pool:
        stalled = [pool.submit(program.get, "/messages") for _ in range(4)]
        program.graph.stalled(4)

        fifth = program.get("/messages")

        program.graph.release()
        assert [one.result().status_code for one in stalled] == [200] * 4
    assert code(fifth) == (429, "ApplicationThrottled")


def test_pages_lead_to_the_next_one(program):
    for number in range(5):
        program.send(MESSAGE.replace(b"<7@", b"<%d@" % number))

    first = program.get("/messages", top="2", select="internetMessageId").json()
    seen = [one["internetMessageId"] for one in first["value"]]
    while "@odata.nextLink" in first:
        first = program.follow(first["@odata.nextLink"]).json()
        seen += [one["internetMessageId"] for one in first["value"]]

    assert seen == [f"<{number}@firm.example>" for number in (4, 3, 2, 1, 0)]


def test_sorting_by_what_the_filter_does_not_begin_with_is_too_complex(program):
    asked = {"filter": "isRead eq false", "orderby": "receivedDateTime desc"}
    assert code(program.get("/messages", **asked)) == (400, "InefficientFilter")

    asked["filter"] = "receivedDateTime ge 2026-01-01T00:00:00Z and isRead eq false"
    assert program.get("/messages", **asked).status_code == 200


def test_changes_of_the_inbox_come_once(program):
    program.send()
    [kept] = program.graph.sent(program.mailbox)
    first = program.get("/mailFolders/inbox/messages/delta").json()
    assert first["value"] == []

    program.graph.reply(program.mailbox, kept["number"], "On Thursday.")

    second = program.follow(first["@odata.deltaLink"]).json()
    [message] = second["value"]
    assert message["subject"] == "Re: Invoice 7"
    third = program.follow(second["@odata.deltaLink"]).json()
    assert third["value"] == []
    program.graph.forget_history(program.mailbox)
    program.graph.reply(program.mailbox, kept["number"])
    program.graph.forget_history(program.mailbox)
    assert code(program.follow(third["@odata.deltaLink"])) == (410, "SyncStateNotFound")


def test_a_draft_is_sent_under_its_own_name(graph):
    program = Program(graph, "Mail.ReadWrite", "Mail.Send")
    headers = {**program.headers, "Content-Type": "text/plain"}
    url = f"{graph.url}/v1.0/me/messages"
    draft = graph.http.post(url, content=b64encode(MESSAGE), headers=headers).json()
    assert draft["isDraft"]

    assert graph.http.post(f"{url}/{draft['id']}/send", headers=program.headers).status_code == 202

    assert program.get(f"/messages/{draft['id']}").json()["isDraft"] is False
    assert code(graph.http.post(f"{url}/{draft['id']}/send", headers=program.headers)) == (
        404,
        "ErrorItemNotFound",
    )
