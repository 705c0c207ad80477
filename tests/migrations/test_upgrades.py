"""A database that has lived: each revision finds rows in place and leaves them true."""

from collections.abc import Iterator
from datetime import date
from uuid import uuid4

import pytest
import sqlalchemy as sa

from bursar.core.database import Addresses
from bursar.core.migrating import migrate
from tests import databases

TENANT = uuid4()

LIVED = """
insert into tenants (tenant_id, id, slug, name, country, currency, time_zone, locale)
values (:t, :t, 'lived', 'Lived', 'AE', 'AED', 'Asia/Dubai', 'en');
insert into customers (tenant_id, id, kind, company_name, source, state)
values (:t, :c, 'firm', 'Harbour', 'manual', 'active');
insert into invoices (tenant_id, id, customer_id, series, number, serial, currency, subtotal_minor, total_minor,
                      balance_minor, issue_date, due_date, state)
values (:t, :i, :c, 'A', '1', 1, 'AED', 10000, 10000, 4000, '2026-10-01', '2026-10-31', 'issued');
insert into payments (tenant_id, id, customer_id, amount_minor, currency, received_on, source, external_id)
values (:t, :p, :c, 7000, 'AED', '2026-10-20', 'manual', 'paid'),
       (:t, :q, :c, 500, 'AED', '2026-10-21', 'manual', 'taken back');
insert into payments (tenant_id, id, customer_id, amount_minor, currency, received_on, source, reverses_id)
values (:t, uuidv7(), :c, -500, 'AED', '2026-10-22', 'manual', :q);
-- Ten at night in London is the next day in Dubai.
insert into invoice_payments (tenant_id, id, invoice_id, payment_id, customer_id, amount_minor, created_at)
values (:t, uuidv7(), :i, :p, :c, 6000, '2026-10-20 22:00+00');
"""


@pytest.fixture
def lived(server: databases.Server) -> Iterator[Addresses]:
    """A database of the first revision, with a part-paid invoice and a payment that was taken back."""
    name = f"lived_{uuid4().hex[:8]}"
    addresses = server.addresses(name)
    migrate(addresses, "0001")
    engine = sa.create_engine(addresses.owner)
    values = {"t": TENANT, "c": uuid4(), "i": uuid4(), "p": uuid4(), "q": uuid4()}
    with engine.begin() as db:
        for text in LIVED.split(";\n"):
            statement = sa.text(text)
            if named := statement.compile().params:
                db.execute(statement, {one: values[one] for one in named})
    engine.dispose()
    yield addresses
    databases.drop(server, name)


def test_what_payments_had_left_and_when_they_count_is_known_after_the_upgrade(lived: Addresses) -> None:
    migrate(lived)

    engine = sa.create_engine(lived.owner)
    with engine.connect() as db:
        credits_ = db.execute(sa.text("select amount_minor, received_on from customer_credits")).all()
        applied = db.execute(sa.text("select amount_minor, applied_on from invoice_payments")).all()
        open_to_all = db.scalars(
            sa.text(
                """
                select relname from pg_class
                 where relkind in ('r', 'p') and relnamespace = 'public'::regnamespace
                   and relrowsecurity and not relforcerowsecurity
                """
            )
        ).all()
    engine.dispose()

    assert credits_ == [(1000, date(2026, 10, 20))]
    assert applied == [(6000, date(2026, 10, 21))]
    assert open_to_all == [], "the wall stands again"
