"""`bursar inbox`: replies listed, shown and dealt with; a mailbox read and left by command."""

from uuid import UUID, uuid4

import pytest

from bursar.core.work import Work
from bursar.outbox.incoming.taking_in import take_in
from tests.mail_servers import Imap
from tests.makers.cli import Shell
from tests.makers.incoming import HUDA, an_answer, heard
from tests.makers.outbox import a_send, an_account
from tests.makers.tenancy import a_customer

IN = ("--tenant", "acme")
BOX = "accounts@firm.example"


@pytest.fixture
def firm(shell: Shell) -> Shell:
    shell.firm()
    return shell


def an_answered(firm: Shell) -> str:
    async def answered(work: Work) -> UUID:
        send_id = uuid4()
        about = f"<{send_id.hex}.0123456789abcdef@firm.example>"
        customer = await a_customer(work, email=HUDA)
        told = {"customer_id": customer, "to_address": HUDA, "sent_at": work.now, "message_id": about}
        await a_send(work, id=send_id, state="sent", **told)
        [message] = await take_in(work, await an_account(work), [heard(an_answer(about), work.now)])
        return message

    return str(firm.inside(answered))


def test_replies_are_listed_shown_and_dealt_with(firm: Shell):
    message = an_answered(firm)

    [listed] = firm.answer("inbox", "list", "--waiting", *IN)["items"]
    shown = firm.answer("inbox", "show", message, *IN)
    done = firm.answer("inbox", "handle", message, "--as", "promise", *IN)

    assert (listed["id"], listed["kind"]) == (message, "human")
    assert shown["text"] == "We pay on Thursday."
    assert done["handled_as"] == "promise"
    assert firm.answer("inbox", "list", "--waiting", *IN)["items"] == []
    assert firm.refusal("inbox", "handle", message, *IN)["error"] == "already_handled"
    assert "We pay on Thursday." in firm("inbox", "show", message, *IN).output


def test_a_reply_that_is_not_there_is_not_found(firm: Shell):
    assert firm.refusal("inbox", "show", str(uuid4()), *IN)["error"] == "not_found"


def test_a_mailbox_is_read_and_left(firm: Shell, imap: Imap):
    async def connected(work: Work) -> None:
        secret = await work.vault.put("smtp_password", imap.password.encode())
        settings = {"host": "127.0.0.1", "port": imap.smtp_port, "username": BOX, "tls": "none"}
        await an_account(work, address=BOX, secret_id=secret, settings=settings)

    firm.inside(connected)
    way = ("--address", BOX, "--host", "127.0.0.1", "--port", str(imap.port), *IN)

    read = firm.answer("inbox", "read", *way, "--tls", "none", BURSAR_PRIVATE_HOSTS="127.0.0.0/8")
    left = firm.answer("inbox", "leave", "--address", BOX, *IN)

    assert (read["address"], read["folder"], left["address"]) == (BOX, "INBOX", BOX)
    assert firm.refusal("inbox", "leave", "--address", "nobody@firm.example", *IN)["error"] == "not_found"
