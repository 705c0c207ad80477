"""Tills in the browser, for programs and at the command line: connected, checked, switched off; secrets shown by none."""

from collections.abc import AsyncIterator, Iterator
from dataclasses import replace
from pathlib import Path
from uuid import UUID

import pytest

from bursar.billing.states import TillState
from bursar.billing.tables import tills
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.core.kinds import AgentRole
from tests.makers.api import a_program
from tests.makers.billing import an_invoice
from tests.makers.cli import FIRM, Shell, untouched_logging
from tests.makers.staff import Staff, come_back, sign_in
from tests.makers.tills import WEBHOOK_SECRET, Firm, a_checkout, a_firm, a_till, the_checkout
from tests.payments import StripeProcess

pytestmark = pytest.mark.anyio


@pytest.fixture
async def firm(
    addresses: Addresses, keyring: Keyring, stripe: StripeProcess, tmp_path: Path
) -> AsyncIterator[Firm]:
    async with a_firm(addresses, keyring, stripe, tmp_path) as made:
        yield made


@pytest.fixture
async def owner(firm: Firm) -> Staff:
    return await come_back(firm.house, firm.tenant, firm.owner)


async def test_an_owner_connects_a_till_in_two_steps(firm: Firm, owner: Staff) -> None:
    assert "No till yet" in (await owner.get("/tills")).text

    answer = await owner.post("/tills", key=firm.key, display_name="Formation desk")
    [row] = await firm.rows(tills)
    assert (answer.status_code, answer.headers["location"]) == (303, f"/tills/{row.id}")
    page = (await owner.get(f"/tills/{row.id}")).text
    for words in (
        "Formation desk",
        "One step is left",
        "Test money",
        "checkout.session.completed",
        "/hooks/stripe/",
    ):
        assert words in page, words

    await owner.post(f"/tills/{row.id}/webhook-secret", webhook_secret=WEBHOOK_SECRET)
    page = (await owner.get(f"/tills/{row.id}")).text
    assert "This till takes test money" in page
    assert "Customers pay here" in (await owner.get("/tills")).text
    for shown in (page, (await owner.get("/tills")).text, (await owner.get(f"/journal/till/{row.id}")).text):
        assert firm.key not in shown
        assert WEBHOOK_SECRET not in shown


async def test_a_wrong_key_is_refused_beside_its_field_and_not_shown_again(firm: Firm, owner: Staff) -> None:
    answer = await owner.post("/tills", key="sk_test_nobodys_key_at_all", display_name="Desk")

    assert answer.status_code == 422
    assert "The provider does not take this key" in answer.text
    assert "sk_test_nobodys_key_at_all" not in answer.text
    assert 'value="Desk"' in answer.text
    assert await firm.rows(tills) == []


async def test_a_till_is_checked_replaced_and_switched_off(firm: Firm, owner: Staff) -> None:
    till = await firm.connect()
    live = await firm.connect(key=firm.stripe.account["live_key"])

    assert (await owner.post(f"/tills/{till}/check")).status_code == 303
    other = await owner.post(f"/tills/{till}/key", key=firm.stripe.account["live_key"])
    assert (other.status_code, "opens another account" in other.text) == (422, True)
    assert (await owner.post(f"/tills/{till}/key", key=firm.key)).status_code == 303
    await owner.post(f"/tills/{live}/primary")
    assert (await firm.till(live)).is_primary
    await owner.post(f"/tills/{till}/disablement")

    assert (await firm.till(till)).state == TillState.DISABLED
    page = (await owner.get(f"/tills/{till}")).text
    assert "Connect it again" in page
    assert "/hooks/stripe/" not in page
    assert (await owner.post(f"/tills/{till}/webhook-secret", webhook_secret="whsec_1")).status_code == 409


async def test_agents_see_tills_and_may_not_touch_them(firm: Firm) -> None:
    till = await firm.connect()
    agent = await sign_in(firm.house, firm.tenant, AgentRole.AGENT)

    page = (await agent.get(f"/tills/{till}")).text
    assert "/hooks/stripe/" not in page  # what is set up at the provider is its owner's
    for path in (
        "",
        f"/{till}/key",
        f"/{till}/webhook-secret",
        f"/{till}/check",
        f"/{till}/primary",
        f"/{till}/disablement",
    ):
        assert (await agent.post(f"/tills{path}", key=firm.key, webhook_secret="whsec_1")).status_code == 403
    assert (await firm.till(till)).state == TillState.ACTIVE


async def test_an_invoice_and_its_customer_show_what_was_tried_by_card(firm: Firm, owner: Staff) -> None:
    async with firm.work() as work:
        invoice = await an_invoice(work, of=firm.customer)
        checkout = await a_checkout(work, await a_till(work), about_id=invoice, customer_id=firm.customer)
        assert (await the_checkout(work, checkout)).state == "open"

    for path in (f"/invoices/{invoice}", f"/customers/{firm.customer}"):
        assert "Payments by card" in (await owner.get(path)).text


@pytest.fixture
def paying_shell(shell: Shell, stripe: StripeProcess, monkeypatch: pytest.MonkeyPatch) -> Iterator[Shell]:
    """Commands of a machine whose Stripe is the simulated one."""
    for name, value in stripe.settings.items():
        monkeypatch.setenv(name, value)
    with untouched_logging():
        yield replace(shell)
    stripe.reset()


def test_a_till_at_the_command_line(paying_shell: Shell, stripe: StripeProcess) -> None:
    shell, at = paying_shell, ("--tenant", "acme")
    secrets = {"STRIPE_KEY": stripe.account["test_key"], "HOOK_SECRET": WEBHOOK_SECRET}
    shell.answer(*FIRM)

    begun = shell.answer("till", "add", "stripe", *at, "--key-env", "STRIPE_KEY", **secrets)
    assert (begun["state"], begun["money"], begun["reports"]) == ("connecting", "test", False)
    assert "/hooks/stripe/" in begun["hook"]
    both = ("--key-env", "STRIPE_KEY", "--webhook-secret-env", "HOOK_SECRET")
    ready = shell.answer("till", "add", "stripe", *at, *both, **secrets)
    assert (ready["id"], ready["state"], ready["primary"]) == (begun["id"], "active", True)
    assert [one["id"] for one in shell.answer("till", "list", *at)["tills"]] == [ready["id"]]
    assert shell.answer("till", "check", ready["id"], *at)["state"] == "active"
    replaced = ("till", "replace-key", ready["id"], *at, "--key-env", "STRIPE_KEY")
    assert shell.answer(*replaced, **secrets)["state"] == "active"
    signed = ("till", "webhook-secret", ready["id"], *at, "--webhook-secret-env", "HOOK_SECRET")
    assert shell.answer(*signed, **secrets)["reports"] is True
    assert shell.answer("till", "make-primary", ready["id"], *at)["primary"] is True
    assert shell.answer("till", "disable", ready["id"], *at)["state"] == "disabled"


def test_a_secret_that_the_environment_does_not_have_is_said(paying_shell: Shell) -> None:
    paying_shell.answer(*FIRM)

    told = paying_shell("till", "add", "stripe", "--tenant", "acme", "--key-env", "NOT_THERE")

    assert told.exit_code != 0
    assert "NOT_THERE" in told.output


async def test_programs_read_tills_and_checkouts_and_never_a_secret(firm: Firm) -> None:
    till = await firm.connect()
    async with firm.work() as work:
        invoice = await an_invoice(work, of=firm.customer)
        checkout = await a_checkout(work, till, about_id=invoice, customer_id=firm.customer)
    program = await a_program(firm.house, of=firm.tenant)

    [shown] = (await program.get("/tills"))["items"]
    assert (shown["id"], shown["state"], shown["live"], shown["reports"]) == (
        str(till),
        "active",
        False,
        True,
    )
    assert "/hooks/stripe/" in shown["hook_url"]
    assert firm.key not in str(shown)
    [listed] = (await program.get("/checkouts", about="invoice", about_id=str(invoice)))["items"]
    assert listed == await program.get(f"/checkouts/{checkout}")
    assert (listed["standing"], listed["amount"]) == ("open", {"amount": "100.00", "currency": "AED"})
    assert (await program.get("/checkouts", about="order"))["items"] == []


async def test_a_program_of_the_owner_connects_and_ends_a_till(firm: Firm) -> None:
    program = await a_program(firm.house, of=firm.tenant)

    made = await program.post("/tills", {"key": firm.key, "webhook_secret": WEBHOOK_SECRET})
    assert (made["state"], made["is_primary"]) == ("active", True)
    assert (await program.post(f"/tills/{made['id']}/check"))["validated_at"]
    assert (await program.post(f"/tills/{made['id']}/primary"))["is_primary"]
    key = await program("PUT", f"/tills/{made['id']}/key", {"key": firm.key})
    secret = await program("PUT", f"/tills/{made['id']}/webhook-secret", {"webhook_secret": "whsec_2"})
    assert (key.status_code, secret.status_code) == (200, 200)
    assert (await program.post(f"/tills/{made['id']}/disablement"))["state"] == "disabled"
    assert await program.refused("POST", "/tills", {"key": "no key"}) == (422, "secret_unreadable")
    assert UUID(made["id"])
