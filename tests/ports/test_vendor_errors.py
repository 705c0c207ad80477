"""Every error that the contracts of Gmail and Graph list, and what each means for the letter: typed from the notes."""

from datetime import UTC, datetime, timedelta

import httpx2
import pytest

from bursar.integrations.gmail.adapter import GmailSender
from bursar.integrations.gmail.client import GmailClient
from bursar.outbox.ports import NoAnswer, Result, SignedOut
from tests.makers.vendors import HeldTokens, a_finder, a_letter_from, a_vendor_sender, an_identity, held
from tests.vendors import Vendor

pytestmark = pytest.mark.anyio
R = Result

# fmt: off
GMAIL = {
    #                          result        code    enhanced
    "badRequest":              (R.REJECTED, "400", None),
    "invalidArgument":         (R.REJECTED, "400", None),
    "failedPrecondition":      (R.REFUSED,  "400", "5.7.1"),
    "authError":               (R.REFUSED,  "401", "5.7.8"),
    "dailyLimitExceeded":      (R.REFUSED,  "403", "5.4.5"),
    "userRateLimitExceeded":   (R.DEFERRED, "429", None),
    "rateLimitExceeded":       (R.DEFERRED, "429", None),
    "domainPolicy":            (R.REFUSED,  "403", "5.7.1"),
    "insufficientPermissions": (R.REFUSED,  "403", "5.7.8"),
    "forbidden":               (R.REFUSED,  "403", "5.7.1"),
    "notFound":                (R.REJECTED, "404", None),
    "uploadTooLarge":          (R.REJECTED, "413", "5.3.4"),
    "tooManyRequests":         (R.DEFERRED, "429", None),
    "sendingLimit":            (R.DEFERRED, "429", None),
    "bandwidthLimit":          (R.DEFERRED, "429", None),
    "concurrentRequests":      (R.DEFERRED, "429", None),
    "backendError":            (R.UNKNOWN,  "500", None),
    "badGateway":              (R.UNKNOWN,  "502", None),
    "serviceUnavailable":      (R.ERROR,    "503", None),
    "gatewayTimeout":          (R.UNKNOWN,  "504", None),
}
GRAPH = {
    "BadRequest":                         (R.REJECTED, "400", None),
    "ErrorMimeContentInvalidBase64String": (R.REJECTED, "400", None),
    "ErrorInvalidRecipients":             (R.REJECTED, "400", "5.1.3"),
    "InvalidInternetMessageHeader":       (R.REJECTED, "400", None),
    "InvalidAuthenticationToken":         (R.REFUSED,  "401", "5.7.8"),
    "ErrorAccessDenied":                  (R.REFUSED,  "403", "5.7.8"),
    "ErrorSendAsDenied":                  (R.REFUSED,  "403", "5.7.1"),
    "ErrorMessageSubmissionBlocked":      (R.REFUSED,  "403", "5.7.1"),
    "ErrorAccountSuspend":                (R.REFUSED,  "403", "5.7.1"),
    "ErrorQuotaExceeded":                 (R.REFUSED,  "403", "5.7.1"),
    "MailboxNotEnabledForRESTAPI":        (R.REFUSED,  "404", "5.7.1"),
    "RequestEntityTooLarge":              (R.REJECTED, "413", "5.3.4"),
    "ApplicationThrottled":               (R.DEFERRED, "429", None),
    "TooManyRequests":                    (R.DEFERRED, "429", None),
    "ErrorExceededMessageLimit":          (R.REFUSED,  "429", "5.4.5"),
    "InternalServerError":                (R.UNKNOWN,  "500", None),
    "BadGateway":                         (R.UNKNOWN,  "502", None),
    "ServiceUnavailable":                 (R.DEFERRED, "503", None),
    "GatewayTimeout":                     (R.UNKNOWN,  "504", None),
}
# fmt: on
CELLS = [("gmail", name) for name in GMAIL] + [("graph", name) for name in GRAPH]


@pytest.mark.parametrize(("kind", "name"), CELLS)
async def test_each_error_of_the_list_has_its_meaning(kind: str, name: str, request) -> None:
    vendor: Vendor = request.getfixturevalue(kind)
    box = vendor.mailbox()
    sender = a_vendor_sender(vendor, held(vendor, box))
    vendor.trouble(name, mailbox=box, operation="*end*", times=None)  # messages.send, sendMail

    [outcome] = await sender.deliver([a_letter_from(box)])
    await sender.close()

    assert (outcome.result, outcome.code, outcome.enhanced) == (GMAIL if kind == "gmail" else GRAPH)[name]
    assert outcome.text
    assert vendor.sent(box) == []


async def test_gmail_says_in_words_until_when_it_takes_nothing(gmail: Vendor) -> None:
    box = gmail.mailbox()
    sender = a_vendor_sender(gmail, held(gmail, box))
    until = (datetime.now(UTC) + timedelta(hours=1)).strftime("%Y-%m-%dT%H:%M:%S.000Z")
    gmail.trouble("sendingLimit", mailbox=box, message=f"User-rate limit exceeded.  Retry after {until}")

    [outcome] = await sender.deliver([a_letter_from(box)])
    await sender.close()

    assert outcome.retry_after is not None
    assert 3_500 < outcome.retry_after.total_seconds() <= 3_600


@pytest.mark.parametrize("kind", ["gmail", "graph"])
async def test_nonsense_after_a_handover_leaves_the_letter_in_doubt(kind: str, request) -> None:
    vendor: Vendor = request.getfixturevalue(kind)
    box = vendor.mailbox()
    sender = a_vendor_sender(vendor, held(vendor, box))
    vendor.trouble("nonsense", mailbox=box)

    [outcome] = await sender.deliver([a_letter_from(box)])
    await sender.close()

    assert outcome.result is Result.UNKNOWN


@pytest.mark.parametrize("kind", ["gmail", "graph"])
async def test_a_provider_that_is_not_there_got_nothing(kind: str, request) -> None:
    vendor: Vendor = request.getfixturevalue(kind)
    box = vendor.mailbox()
    nowhere = {name: value.replace(str(_port(vendor)), "9") for name, value in vendor.settings.items()}
    gone = Vendor(vendor.name, vendor.url, nowhere, vendor.http, vendor.control)
    sender = a_vendor_sender(gone, held(vendor, box))

    [outcome] = await sender.deliver([a_letter_from(box)])
    await sender.close()

    assert outcome.result is Result.ERROR


@pytest.mark.parametrize("kind", ["gmail", "graph"])
@pytest.mark.parametrize(
    ("answer", "raised"),
    [
        ("invalid_grant", SignedOut),
        ("invalid_client", NoAnswer),
        ("nonsense", NoAnswer),
        ("lost", NoAnswer),
    ],
)
async def test_a_refresh_that_fails_says_whether_a_person_can_help(
    kind: str, answer: str, raised: type[Exception], request
) -> None:
    vendor: Vendor = request.getfixturevalue(kind)
    tokens = held(vendor, vendor.mailbox())
    vendor.trouble(answer, operation="token")

    with pytest.raises(raised):
        await an_identity(vendor).refresh(tokens.refresh_token)


@pytest.mark.parametrize("kind", ["gmail", "graph"])
async def test_a_search_that_is_not_answered_proves_nothing(kind: str, request) -> None:
    vendor: Vendor = request.getfixturevalue(kind)
    box = vendor.mailbox()
    finder = a_finder(vendor, held(vendor, box))
    for answer in ("nonsense", "lost", "backendError" if kind == "gmail" else "InternalServerError"):
        vendor.trouble(answer, mailbox=box)

        with pytest.raises(NoAnswer):
            await finder.find("<nobody@firm.example>")
    await finder.close()


async def test_gmails_own_message_id_is_learnt_where_we_may_read(gmail: Vendor) -> None:
    gmail.set(rewrite_message_id=True)
    box = gmail.mailbox()
    tokens: HeldTokens = held(gmail, box)
    for reads in (True, False):
        sender = a_vendor_sender(gmail, tokens, reads=reads)
        letter = a_letter_from(box)

        [outcome] = await sender.deliver([letter])
        await sender.close()

        theirs = gmail.sent(box)[-1]["message_id"]
        assert theirs != f"<{letter.send_id}@firm.example>"
        assert outcome.message_id == (theirs if reads else None)


async def test_a_conversation_is_gone_on_with_and_a_deleted_one_is_begun_anew(gmail: Vendor) -> None:
    box = gmail.mailbox()
    sender = a_vendor_sender(gmail, held(gmail, box))
    [first] = await sender.deliver([a_letter_from(box)])
    reply = a_letter_from(box)
    referring = reply.message.replace(b"\r\nFrom:", b"\r\nIn-Reply-To: <x@y.example>\r\nFrom:", 1)

    outcomes = await sender.deliver([reply._replace(message=referring, thread="18cffffffffffff1")])
    await sender.close()

    assert first.thread
    assert [one.result for one in outcomes] == [Result.ACCEPTED]
    assert len(gmail.sent(box)) == 2


def _port(vendor: Vendor) -> int:
    return int(vendor.url.rsplit(":", 1)[1])


class AToken:
    async def access(self, *, instead_of: str | None = None) -> str:
        return "ya29.token"


async def test_one_acceptance_is_not_taken_for_two_letters() -> None:
    """Whatever stands between us and Gmail: an answer names its message, and a name that came before is not for this one."""
    echo = httpx2.MockTransport(lambda _: httpx2.Response(200, json={"id": "18c1", "threadId": "18c1"}))
    sender = GmailSender(GmailClient("https://gmail.example", AToken(), transport=echo), reads=False)

    first, second = [(await sender.deliver([a_letter_from("us@firm.example")]))[0] for _ in range(2)]
    await sender.close()

    assert (first.result, second.result) == (Result.ACCEPTED, Result.UNKNOWN)
