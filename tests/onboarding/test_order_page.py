"""An order as its public page tells of it: for whom its link opens, and how it stands in their eyes."""

from collections.abc import AsyncIterator
from pathlib import Path

import pytest

from bursar.catalog.products import edit_product
from bursar.core.clock import FixedClock
from bursar.core.database import Addresses
from bursar.core.keys import Keyring
from bursar.core.money import Money
from bursar.core.tokens import BadToken
from bursar.onboarding.addresses import ORDER_PATH
from bursar.onboarding.order_page import open_order, show_order, token_of
from bursar.onboarding.standing import Standing, standing_of
from bursar.onboarding.states import HoldReason, OrderState
from bursar.onboarding.tables import orders
from bursar.tenancy.customers import revoke_links
from bursar.tenancy.tables import customers
from tests.makers.selling import Counter, a_counter

pytestmark = pytest.mark.anyio

P, F, D, C, R = (OrderState(one) for one in ("pending", "failed", "paid", "cancelled", "refunded"))
HOLDS = (None, *HoldReason)


@pytest.fixture
async def counter(
    addresses: Addresses, clock: FixedClock, keyring: Keyring, tmp_path: Path
) -> AsyncIterator[Counter]:
    async with a_counter(addresses, clock, keyring, tmp_path) as counter:
        yield counter


async def test_a_link_shows_its_own_order_and_what_it_costs(counter: Counter) -> None:
    path = await counter.an_order()
    [order], [customer] = await counter.rows(orders), await counter.rows(customers)
    office = counter.house.office

    opened = await open_order(office, path.removeprefix(ORDER_PATH))
    async with opened.work(office, read_only=True) as work:
        told = await show_order(work, opened)
        token = await token_of(work, opened)

    assert (opened.order_id, opened.customer_id) == (order.id, customer.id)
    assert (told.standing, told.may_pay, told.bought.name) == (Standing.WAITING, True, "Company formation")
    assert (told.net, told.tax, told.total) == tuple(
        Money(one, "AED") for one in (4_500_00, 225_00, 4_725_00)
    )
    assert (told.invoice, told.paid_on) == (None, None)
    assert ORDER_PATH + token == path


async def test_a_new_name_of_the_product_changes_no_order(counter: Counter) -> None:
    path = await counter.an_order()
    async with counter.work() as work:
        await edit_product(work, counter.product, {"name": "Something else"})

    opened = await open_order(counter.house.office, path.removeprefix(ORDER_PATH))
    async with opened.work(counter.house.office, read_only=True) as work:
        assert (await show_order(work, opened)).bought.name == "Company formation"


async def test_links_that_were_revoked_open_nothing(counter: Counter) -> None:
    path = await counter.an_order()
    async with counter.work() as work:
        await revoke_links(work, (await counter.rows(customers))[0].id)

    with pytest.raises(BadToken):
        await open_order(counter.house.office, path.removeprefix(ORDER_PATH))


@pytest.mark.pure
def test_every_state_and_every_reason_to_wait_has_its_words() -> None:
    """Typed by hand; a state beside a hold that it never has is there too."""
    w, o, p, c, r = (Standing(one) for one in ("waiting", "on_its_way", "paid", "cancelled", "refunded"))
    x = Standing.LOOKED_AT
    # fmt: off
    #        none  funds  mismatch  after cancel  chargeback
    expected = {
        P:   (w,   o,     x,        x,            w),
        F:   (w,   o,     x,        x,            w),
        D:   (p,   p,     x,        x,            p),
        C:   (c,   c,     x,        x,            c),
        R:   (r,   r,     x,        x,            r),
    }
    # fmt: on
    assert HOLDS == (
        None,
        HoldReason.AWAITING_FUNDS,
        HoldReason.AMOUNT_MISMATCH,
        HoldReason.PAID_AFTER_CANCEL,
        HoldReason.CHARGEBACK,
    )  # fmt: skip
    assert {state: tuple(standing_of(state, hold) for hold in HOLDS) for state in OrderState} == expected
    assert standing_of(P, None, money_on_its_way=True) is o
    assert standing_of(D, None, money_on_its_way=True) is p
