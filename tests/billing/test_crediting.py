"""What a credit note takes of each line, calculated: no cent too many, none lost."""

from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from bursar.billing import crediting, rules
from bursar.billing.crediting import Left
from bursar.billing.lines import Line, price
from tests.makers.billing import aed

RATES = st.sampled_from([Decimal(0), Decimal(5), Decimal(18)])


@st.composite
def invoices_with_credits(draw: st.DrawFn) -> tuple[list[Left], list[int]]:
    lines = [
        Line(
            "x",
            aed(draw(st.integers(1, 10**6))),
            Decimal(draw(st.integers(1, 40))),
            tax_rate=draw(RATES),
        )
        for _ in range(draw(st.integers(1, 12)))
    ]
    rows = price(lines, "AED").rows
    lefts = [Left(row, row["net_minor"], row["tax_minor"]) for row in rows]
    return lefts, draw(st.lists(st.integers(1, 10**7), max_size=6))


@pytest.mark.pure
@given(invoices_with_credits())
def test_credits_by_amount_add_up_and_take_no_cent_that_is_not_there(
    story: tuple[list[Left], list[int]],
) -> None:
    lefts, amounts = story
    total, tax = sum(left.gross for left in lefts), sum(left.tax for left in lefts)
    credited = taxes = 0
    for amount in [*amounts, None]:
        left = sum(one.gross for one in lefts)
        asked = left if amount is None else min(amount, left)
        if not asked:
            continue
        taken = crediting.by_amount(lefts, asked)
        assert sum(one.net + one.tax for one in taken) == asked
        by_line = {one.left.line["position"]: one for one in taken}
        assert all(rules.line_net(one.quantity, one.unit_price, 0) == one.net for one in taken)
        lefts = [
            Left(
                one.line,
                one.net - (by_line[at].net if at in by_line else 0),
                one.tax - (by_line[at].tax if at in by_line else 0),
            )
            for one in lefts
            for at in [one.line["position"]]
        ]
        assert all(one.net >= 0 and one.tax >= 0 for one in lefts)
        credited += asked
        taxes += sum(one.tax for one in taken)
    assert (credited, taxes) == (total, tax)


@pytest.mark.pure
def test_no_line_gives_more_net_than_it_has() -> None:
    """Of 11 and 13 fils with tax 23 are taken: all of the first line, so that its tax comes too."""
    rows = [
        {
            "position": at,
            "tax_category": "S",
            "tax_rate": Decimal(5),
            "quantity": Decimal(1),
            "net_minor": net,
        }
        for at, net in ((1, 10), (2, 12))
    ]
    lefts = [Left({**row, "unit_price_minor": row["net_minor"]}, row["net_minor"], 1) for row in rows]
    assert [(one.net, one.tax) for one in crediting.by_amount(lefts, 23)] == [(10, 1), (11, 1)]
