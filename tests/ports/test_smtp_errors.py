import pytest

from bursar.integrations.smtp.errors import Stage, judge, words_for
from bursar.integrations.smtp.protocol import Reply
from bursar.outbox.ports import Result

pytestmark = pytest.mark.pure


def a_reply(line):
    return Reply(int(line[:3]), (line[4:].encode(),))


@pytest.mark.parametrize(
    ("stage", "line", "result"),
    [
        ("connect", "421 4.7.0 Too many connections", "deferred"),
        ("connect", "554 No SMTP service here", "error"),
        ("connect", "554 5.7.1 Your address is on a list", "refused"),
        ("ehlo", "550 Bad name", "error"),
        ("starttls", "454 4.7.0 TLS not available", "deferred"),
        ("auth", "454 4.7.0 Temporary authentication failure", "deferred"),
        ("auth", "535 5.7.8 Username and Password not accepted", "refused"),
        ("auth", "535 5.7.139 Authentication unsuccessful, basic authentication is disabled", "refused"),
        ("auth", "550 5.7.30 Basic authentication is not supported for Client Submission", "refused"),
        ("auth", "534 5.7.9 Application-specific password required", "refused"),
        ("auth", "504 5.5.4 Unrecognized authentication type", "refused"),
        ("auth", "500 Unknown", "refused"),
        ("auth", "432 4.3.2 Concurrent connections limit exceeded", "deferred"),
        ("mail", "530 5.7.0 Must issue a STARTTLS command first", "refused"),
        ("mail", "530 Authentication required", "refused"),
        ("mail", "538 5.7.11 Encryption required", "refused"),
        ("mail", "550 5.1.8 Sender address rejected: domain not found", "refused"),
        ("mail", "553 Sender is not yours", "refused"),
        ("mail", "550 5.4.5 Daily user sending limit exceeded", "refused"),
        ("mail", "552 5.3.4 Message size exceeds fixed limit", "rejected"),
        ("mail", "552 Too much", "rejected"),
        ("mail", "553 5.6.7 Not without SMTPUTF8", "rejected"),
        ("mail", "503 5.5.1 Nested MAIL", "error"),
        ("mail", "555 5.5.4 Unknown parameter", "error"),
        ("mail", "421 4.4.2 Timeout", "deferred"),
        ("rcpt", "550 5.1.1 No such user", "rejected"),
        ("rcpt", "550 5.1.10 Recipient not found", "rejected"),
        ("rcpt", "550 No such user", "rejected"),
        ("rcpt", "551 User not local", "rejected"),
        ("rcpt", "501 5.1.3 Bad recipient syntax", "rejected"),
        ("rcpt", "552 5.2.2 Mailbox full", "rejected"),
        ("rcpt", "556 5.1.10 Domain takes no mail", "rejected"),
        ("rcpt", "550 5.7.1 Relaying denied", "refused"),
        ("rcpt", "550 5.1.7 Sender unknown", "refused"),
        ("rcpt", "550 5.1.71 No rule knows this", "rejected"),
        ("rcpt", "550 4.7.1 A status that contradicts its code counts for nothing", "rejected"),
        ("rcpt", "450 4.2.0 Greylisted", "deferred"),
        ("rcpt", "451 4.7.1 Greylisting in action", "deferred"),
        ("rcpt", "452 4.5.3 Too many recipients", "deferred"),
        ("rcpt", "450 4.2.2 Over quota", "deferred"),
        ("rcpt", "503 5.5.1 Bad sequence", "error"),
        ("data", "554 5.5.1 No valid recipients", "error"),
        ("data", "554 No", "rejected"),
        ("data", "250 This is no answer to DATA", "error"),
        ("body", "250 2.0.0 Ok: queued as 4XyZ", "accepted"),
        ("body", "250 Ok", "accepted"),
        ("body", "552 5.3.4 Too big", "rejected"),
        ("body", "554 5.6.0 Unparseable", "rejected"),
        ("body", "554 5.7.1 Looks like spam", "refused"),
        ("body", "550 5.7.26 Unauthenticated mail is not accepted", "refused"),
        ("body", "550 5.4.5 Daily sending quota exceeded", "refused"),
        ("body", "554 5.2.0 STOREDRV.Submission.Exception:SubmissionQuotaExceededException; Failed", "refused"),
        ("body", "554 5.2.2 mailbox full", "rejected"),
        ("body", "451 4.3.0 Queue file write error", "deferred"),
        ("body", "354 Nonsense after the dot", "unknown"),
    ],
)  # fmt: skip
def test_a_reply_means_this(stage, line, result):
    assert judge(Stage(stage), a_reply(line)) is Result(result)


def test_every_stage_and_code_has_a_meaning():
    for stage in Stage:
        for code in range(200, 600):
            result = judge(stage, Reply(code, (b"",)))
            assert (result is Result.ACCEPTED) == (stage is Stage.BODY and 200 <= code < 300)
            assert result is not Result.UNKNOWN or stage is Stage.BODY


@pytest.mark.parametrize("line", ["550 5.7.30 Basic authentication is not supported", "535 5.7.139 disabled"])
def test_the_end_of_passwords_at_microsoft_comes_with_advice(line):
    assert "Microsoft" in words_for(Stage.AUTH, a_reply(line))


def test_a_reply_for_people_has_no_control_characters_and_an_end():
    reply = Reply(250, (b"one\x1b[31m\x00", "اثنان".encode(), b"x" * 1000))

    assert reply.text.isprintable()
    assert "اثنان" in reply.text
    assert len(reply.text) == 500
