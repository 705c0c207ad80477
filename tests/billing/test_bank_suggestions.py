"""Whose money a line of the bank may be: numbers however they are spelled, amounts, sums and names."""

from uuid import UUID

import pytest

from bursar.billing.bank import (
    Suggested,
    accept_sure,
    count_lines,
    get_line,
    match_line,
    sure_lines,
    with_suggestions,
)
from bursar.billing.finding import get_invoice
from bursar.core.work import Work
from tests.billing.test_bank import a_line
from tests.makers.billing import an_invoice, statements
from tests.makers.tenancy import a_customer

pytestmark = pytest.mark.anyio


async def suggested(work: Work, line: UUID) -> Suggested:
    [found] = await with_suggestions(work, [await get_line(work, line)])
    return found


@pytest.mark.parametrize(
    "reference",
    [
        "{number}",
        "TT {number} THANKS",
        "invoice {day}-{serial}",
        "INV{number}",
        "inv no. {year} {month} {date} {serial}",
        "{day}/{serial}",
        "فاتورة {arabic}",
    ],
)
async def test_an_invoices_number_is_found_however_it_is_spelled(work: Work, reference: str) -> None:
    invoice = await an_invoice(work)
    await an_invoice(work)
    number = (await get_invoice(work, invoice)).number
    assert number is not None
    said = reference.format(
        number=number,
        day=number[:8],
        serial=number[8:],
        year=number[:4],
        month=number[4:6],
        date=number[6:8],
        arabic=number.translate(str.maketrans("0123456789", "٠١٢٣٤٥٦٧٨٩")),
    )

    best = (await suggested(work, await a_line(work, reference=said))).best

    assert best is not None
    assert (best.invoices, best.why, best.score, best.sure) == ((invoice,), "number_and_amount", 100, True)
    assert best.words[0] % best.words[1] == f"Number {number} in the reference, amount equal"


async def test_a_number_with_another_amount_is_suggested_and_not_sure(work: Work) -> None:
    invoice = await an_invoice(work)
    number = (await get_invoice(work, invoice)).number

    best = (await suggested(work, await a_line(work, 60_00, reference=number))).best

    assert best is not None
    assert (best.invoices, best.why, best.sure) == ((invoice,), "number", False)


async def test_two_numbers_in_one_reference_are_one_payment_of_both(work: Work) -> None:
    customer = await a_customer(work)
    both = [await an_invoice(work, of=customer) for _ in range(2)]
    numbers = [(await get_invoice(work, one)).number or "" for one in both]

    best = (await suggested(work, await a_line(work, 200_00, reference=" and ".join(numbers)))).best

    assert best is not None
    assert (set(best.invoices), best.why) == (set(both), "number_and_amount")


async def test_the_payers_name_and_the_amount_find_an_invoice_without_legal_forms(work: Work) -> None:
    customer = await a_customer(work, company_name="Harbour Café L.L.C")
    wanted = await an_invoice(work, of=customer, minor=75_00)
    await an_invoice(work, of=customer)
    for _ in range(2):
        await an_invoice(work, minor=75_00)

    best = (await suggested(work, await a_line(work, 75_00, payer="HARBOUR CAFÉ LLC"))).best

    assert best is not None
    assert (best.customer_id, best.invoices, best.why, best.sure) == (
        *(customer, (wanted,), "name_and_amount"),
        True,
    )


async def test_the_sum_of_all_that_a_customer_owes_is_recognised(work: Work) -> None:
    customer = await a_customer(work, company_name="Blue Door")
    for minor in (75_00, 80_00):
        await an_invoice(work, of=customer, minor=minor)

    with_name = (await suggested(work, await a_line(work, 155_00, payer="Blue Door"))).best
    without = (await suggested(work, await a_line(work, 155_00))).best

    assert with_name is not None
    assert (with_name.why, with_name.sure) == ("name_and_sum", True)
    assert without is not None
    assert (without.why, without.sure) == ("sum", False)


async def test_an_amount_that_several_invoices_have_says_nothing(work: Work) -> None:
    for _ in range(2):
        await an_invoice(work)
    assert (await suggested(work, await a_line(work))).suggestions == ()
    alone = await an_invoice(work, minor=31_00)
    best = (await suggested(work, await a_line(work, 31_00))).best
    assert best is not None
    assert (best.invoices, best.why, best.sure) == ((alone,), "amount", False)


async def test_two_customers_of_one_name_make_neither_sure(work: Work) -> None:
    for _ in range(2):
        await an_invoice(work, of=await a_customer(work, company_name="Palm Studio"))

    found = await suggested(work, await a_line(work, payer="Palm Studio"))

    assert [one.sure for one in found.suggestions] == [False, False]


async def test_paid_invoices_drafts_and_other_currencies_are_never_suggested(work: Work) -> None:
    paid = await an_invoice(work)
    number = (await get_invoice(work, paid)).number
    await match_line(work, await a_line(work), allocate_to=[(paid, None)])
    dollars = await an_invoice(work, currency="USD")
    said = f"{number} {(await get_invoice(work, dollars)).number}"

    assert (await suggested(work, await a_line(work, reference=said))).suggestions == ()


async def test_suggestions_for_a_hundred_lines_cost_the_statements_of_one(work: Work) -> None:
    for at in range(3):
        await an_invoice(work, minor=100_00 + at)

    async def sent_for(count: int) -> int:
        lines = [await get_line(work, await a_line(work, 100_00 + at)) for at in range(count)]
        with statements(work) as sent:
            await with_suggestions(work, lines)
        return len(sent)

    assert await sent_for(1) == await sent_for(100) == 1


async def test_all_sure_lines_are_accepted_at_once_and_an_invoice_is_paid_by_one_of_them(work: Work) -> None:
    invoices = [await an_invoice(work, minor=10_00 * at) for at in (1, 2, 3)]
    numbers = [(await get_invoice(work, one)).number for one in invoices]
    lines = [
        await a_line(work, 10_00 * at, reference=number)
        for at, number in zip((1, 2, 3), numbers, strict=True)
    ]
    twice = await a_line(work, 10_00, reference=numbers[0])
    doubtful = await a_line(work, 5_00, reference=numbers[1])

    preview = [one.line.id for one in await sure_lines(work)]
    assert preview == lines
    matched = await accept_sure(work, [*lines[:2], doubtful, twice])

    assert matched == lines[:2]
    assert [(await get_invoice(work, one)).state for one in invoices] == ["paid", "paid", "issued"]
    assert {str(state): count for state, count in (await count_lines(work)).items()} == {
        "unmatched": 3,
        "matched": 2,
        "set_aside": 0,
    }
