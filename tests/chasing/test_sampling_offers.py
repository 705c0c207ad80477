"""A template that is about no invoice is looked at with a customer's name, and its other values as samples."""

import pytest

from bursar.chasing.sampling import values_of
from bursar.core.work import Work
from bursar.outbox.tags import Category, sample_values, tags_of
from tests.makers.tenancy import a_customer

pytestmark = pytest.mark.anyio
OTHERS = [one for one in Category if "invoices" not in tags_of(one)]


@pytest.mark.parametrize("category", OTHERS)
async def test_a_customer_stands_in_it_and_no_key_of_theirs(work: Work, category: Category) -> None:
    customer = await a_customer(work, company_name="Atelier Noor")

    values = await values_of(work, customer, category, "en")

    assert values["customer"]["name"] == "Atelier Noor"
    told = {name: value for name, value in values.items() if name.endswith("_link")}
    assert told == {name: sample_values(category, "en")[name] for name in told}
