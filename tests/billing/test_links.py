"""An invoice's public address."""

from uuid import uuid4

import pytest

from bursar.billing.links import (
    CUSTOMER_PATH,
    PATH,
    Addresses,
    customer_token,
    invoice_address,
    invoice_token,
    read_customer_token,
    read_token,
)
from bursar.core.keys import Keyring
from bursar.core.tokens import BadToken, Kind, sign

pytestmark = pytest.mark.pure


def test_a_link_says_its_tenant_its_invoice_and_the_version_of_the_customers_links(keyring: Keyring):
    tenant, invoice = uuid4(), uuid4()

    address = invoice_address(keyring, "https://bills.example.com/", tenant, invoice, 3)

    start = f"https://bills.example.com{PATH}"
    assert address.startswith(start)
    told = read_token(keyring, address.removeprefix(start))
    assert (told.tenant_id, told.id, told.extra) == (tenant, invoice, 3)


def test_a_token_made_for_something_else_opens_no_invoice(keyring: Keyring):
    with pytest.raises(BadToken):
        read_token(keyring, sign(keyring, Kind.UNSUBSCRIBE, uuid4(), uuid4(), 1))


def test_a_token_with_one_letter_changed_opens_nothing(keyring: Keyring):
    token = invoice_token(keyring, uuid4(), uuid4(), 1)
    other = "A" if token[40] != "A" else "B"

    with pytest.raises(BadToken):
        read_token(keyring, token[:40] + other + token[41:])


def test_a_customers_page_has_a_token_of_its_own_that_opens_no_invoice(keyring: Keyring):
    tenant, customer = uuid4(), uuid4()

    address = Addresses(keyring, "https://bills.example.com/", tenant).of_customer(customer, 2)

    token = address.removeprefix(f"https://bills.example.com{CUSTOMER_PATH}")
    assert token == customer_token(keyring, tenant, customer, 2)
    told = read_customer_token(keyring, token)
    assert (told.tenant_id, told.id, told.extra) == (tenant, customer, 2)
    with pytest.raises(BadToken):
        read_token(keyring, token)
    with pytest.raises(BadToken):
        read_customer_token(keyring, invoice_token(keyring, tenant, customer, 2))
