"""What an offer's address opens, for whom, and that looking leaves no trace."""

from decimal import Decimal

import pytest

from bursar.catalog.kinds import TaxCategory
from bursar.catalog.products import archive_product, edit_product, get_product
from bursar.core.errors import NotFound
from bursar.core.money import Money
from bursar.core.tokens import BadToken, derived_token, new_token, same_token
from bursar.core.work import Work
from bursar.onboarding.offers import OfferStanding, find_offer
from bursar.onboarding.orders import price_of
from bursar.onboarding.payment_links import claim_link, revoke_link
from bursar.onboarding.pricing import priced
from bursar.onboarding.spoken import direction_of, in_language, lines_in_language
from tests.makers.catalog import a_product
from tests.makers.payment_links import OVER, a_link, footprint, the_link
from tests.makers.tenancy import a_customer

pytestmark = pytest.mark.anyio


async def test_an_offer_says_what_is_sold_what_it_covers_and_what_is_paid(work: Work) -> None:
    product = await a_product(
        work,
        name="Formation",
        name_local="تأسيس شركة",
        description="All of it.",
        included=["Fees", "Stamps"],
        included_local=["الرسوم", "الطوابع"],
        minor=999_99,
    )
    link = await a_link(work, product_id=product, name="Lina", note="As agreed.", locale="ar")

    offer = await find_offer(work, link.token)

    assert offer.is_open
    assert (offer.name, offer.name_in("ar"), offer.name_in("en"), offer.name_in("fr")) == (
        "Formation",
        "تأسيس شركة",
        "Formation",
        "Formation",
    )
    assert (offer.included_in("en"), offer.included_in("ar")) == (["Fees", "Stamps"], ["الرسوم", "الطوابع"])
    assert (offer.description_in("ar"), offer.note, offer.prospect_name, offer.locale) == (
        "All of it.",
        "As agreed.",
        "Lina",
        "ar",
    )
    assert offer.price is not None
    assert (offer.price.net, offer.price.tax, offer.price.total) == (
        Money(999_99, "AED"),
        Money(50_00, "AED"),
        Money(1049_99, "AED"),
    )
    assert (offer.agreed, offer.customer_id, offer.order_id) == (None, None, None)


@pytest.mark.parametrize(
    ("state", "standing"),
    [
        ("active", OfferStanding.OPEN),
        ("claimed", OfferStanding.CLAIMED),
        ("used", OfferStanding.USED),
        ("expired", OfferStanding.EXPIRED),
        ("revoked", OfferStanding.REVOKED),
    ],
)
async def test_an_offer_stands_as_its_link_does(work: Work, state: str, standing: OfferStanding) -> None:
    offer = await find_offer(work, (await a_link(work, state)).token)

    assert offer.standing is standing
    assert offer.is_open is (state == "active")
    assert (offer.customer_id is not None) is (state in ("claimed", "used"))


async def test_an_offer_of_what_is_sold_no_more_is_not_open(work: Work) -> None:
    product = await a_product(work)
    link = await a_link(work, product_id=product)
    await archive_product(work, product)

    assert (await find_offer(work, link.token)).standing is OfferStanding.UNAVAILABLE


async def test_an_offer_whose_product_lost_its_price_is_not_open(work: Work) -> None:
    product = await a_product(work)
    link = await a_link(work, product_id=product)
    await edit_product(work, product, {"price": None})

    offer = await find_offer(work, link.token)

    assert (offer.standing, offer.price) == (OfferStanding.UNAVAILABLE, None)


async def test_unknown_tampered_and_misshapen_addresses_are_one_and_the_same_404(work: Work) -> None:
    link = await a_link(work)
    other = link.token[:-1] + ("A" if link.token[-1] != "A" else "B")

    for wrong in (
        other,
        new_token(work.tenant_id).text,
        "",
        "x",
        link.token + "A",
        link.token[:-1],
        "é" * 64,
    ):
        with pytest.raises(BadToken) as refused:
            await find_offer(work, wrong)
        assert (refused.value.code, refused.value.status) == ("not_found", 404)


async def test_looking_changes_nothing(work: Work) -> None:
    for state in ("active", "claimed", "used", "expired", "revoked"):
        link = await a_link(work, state)
        before = await footprint(work)
        for _ in range(3):
            await find_offer(work, link.token)
        assert await footprint(work) == before


async def test_an_order_of_it_comes_to_the_same(work: Work) -> None:
    for minor, currency, rate in (
        (33, "AED", 5),
        (1_999_99, "AED", 5),
        (10_005, "JPY", 10),
        (1_235, "KWD", 17),
    ):
        product_id = await a_product(work, minor=minor, currency=currency, tax_rate=Decimal(rate))
        offer = await find_offer(work, (await a_link(work, product_id=product_id)).token)
        net = Money(minor, currency)
        ordered = price_of(await get_product(work, product_id), net).totals

        assert offer.price is not None
        assert (offer.price.net.minor, offer.price.tax.minor, offer.price.total.minor) == (
            ordered["subtotal_minor"],
            ordered["tax_minor"],
            ordered["total_minor"],
        )


async def test_a_token_is_made_again_from_its_row_by_the_key_that_made_it_and_by_no_other(work: Work) -> None:
    link = await a_link(work)
    row = await the_link(work, link.link_id)

    def again(issue: int) -> str | None:
        return same_token(work.keyring, work.tenant_id, link.link_id, issue, row.token_hash)

    assert again(1) == link.token
    assert again(2) is None
    assert derived_token(work.keyring, work.tenant_id, link.link_id, 2).text != link.token


async def test_who_registered_cannot_be_followed_by_another(work: Work) -> None:
    link = await a_link(work, "claimed")

    with pytest.raises(NotFound):
        await claim_link(work, link.link_id, await a_customer(work))


async def test_an_offer_that_is_over_and_was_taken_back_is_taken_back(work: Work) -> None:
    link = await a_link(work)
    await revoke_link(work, link.link_id)
    work.now += OVER

    assert (await find_offer(work, link.token)).standing is OfferStanding.REVOKED


@pytest.mark.pure
@pytest.mark.parametrize(
    ("locale", "usual", "local", "shown"),
    [
        ("en", "Hosting", "استضافة", "Hosting"),
        ("ar", "Hosting", "استضافة", "استضافة"),
        ("ar-AE", "Hosting", "استضافة", "استضافة"),
        ("he", "Hosting", "אירוח", "אירוח"),
        ("he", "Hosting", "استضافة", "Hosting"),
        ("en", "استضافة", "Hosting", "Hosting"),
        ("fr", "استضافة", "Hébergement", "Hébergement"),
        ("fr", "Hosting", "Hébergement", "Hosting"),
        ("ar", "Hosting", None, "Hosting"),
        ("ar", None, "استضافة", "استضافة"),
        ("ar", "123", "456", "123"),
        ("ar", None, None, None),
    ],
)
def test_a_reader_is_shown_the_wording_in_their_letters(
    locale: str, usual: str | None, local: str | None, shown: str | None
) -> None:
    assert in_language(locale, usual, local) == shown


@pytest.mark.pure
def test_of_two_lists_one_is_shown_whole() -> None:
    assert lines_in_language("ar", ["Fees", "Stamps"], ["الرسوم"]) == ["الرسوم"]
    assert lines_in_language("en", ["Fees", "Stamps"], ["الرسوم"]) == ["Fees", "Stamps"]
    assert lines_in_language("ar", ["Fees"], []) == ["Fees"]


@pytest.mark.pure
def test_what_is_paid_is_net_and_tax() -> None:
    price = priced(Money(33, "AED"), TaxCategory.STANDARD, Decimal(5))
    assert (price.tax.minor, price.total.minor) == (2, 35)  # 1.65 fils rounds up


@pytest.mark.pure
@pytest.mark.parametrize(
    ("text", "direction"), [("Hosting", "ltr"), ("استضافة 24/7", "rtl"), ("אירוח", "rtl"), ("24/7", "ltr")]
)
def test_a_text_is_set_in_the_direction_of_its_letters(text: str, direction: str) -> None:
    assert direction_of(text) == direction
