"""An invoice is sent by hand from every door, and its page says how far it got."""

from pathlib import Path

import pytest

from bursar.billing.documents.keeping import print_all
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.core.kinds import AgentRole
from bursar.outbox.template_library import install_library
from tests.makers.billing import an_invoice
from tests.makers.hosted import a_shop
from tests.makers.outbox import an_account
from tests.makers.staff import sign_in

pytestmark = pytest.mark.anyio


async def test_an_agent_sends_it_from_its_page_and_sees_it_there(
    addresses: Addresses, clock: FixedClock, keyring: Keyring, tmp_path: Path
) -> None:
    async with a_shop(addresses, clock, keyring, tmp_path) as shop:
        async with shop.work() as work:
            await an_account(work, is_primary=True)
            invoice = await an_invoice(work, of=shop.customer)
        async with shop.work() as work:
            await install_library(work)  # after the issue: nothing went out by itself
        await print_all(shop.house.press, shop.tenant)
        staff = await sign_in(shop.house, shop.tenant, AgentRole.AGENT)
        page = f"/invoices/{invoice}"
        assert f'action="{page}/sends"' in (await staff.browser.get(page)).text

        answer = await staff.browser.post(f"{page}/sends")

        assert (answer.status_code, answer.headers["location"]) == (303, page)
        shown = (await staff.browser.get(page)).text
        assert "The invoice" in shown
        assert "Invoice to be sent by e-mail" in shown
        assert (await staff.browser.post(f"{page}/sends")).status_code == 409

        viewer = await sign_in(shop.house, shop.tenant, AgentRole.VIEWER)
        assert (await viewer.browser.post(f"{page}/sends")).status_code == 403
