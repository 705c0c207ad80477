"""How fast a monthly run over N recurring invoices is, priced by date, numbered, issued and durable.

The bare limit writes the same rows into the same tables, set by set, by hand-written SQL in one transaction under the
same role, policies, keys and triggers. Both texts are printed; rows, sums, moves and numbers are compared.
"""

import argparse
import time
from datetime import date
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from benchmarks.ground import TENANT, Ground, heard, run, say, settle_down
from bursar.billing.recurring.running import begin_run, carry_out
from bursar.core.work import Work
from bursar.house import House

ROUNDS = 3
"""Each measures ours and the limit in turn; the median ratio counts, since the machine's speed drifts."""

AS_OF = date(2026, 11, 18)

WORLD = (
    """
    update tenants set legal_name = 'Hashrate Hosting FZ-LLC', tax_number = '100123456700003', subdivision = 'DXB'
     where tenant_id = :t
    """,
    """
    insert into products (tenant_id, code, name, price_minor, currency, tax_category, tax_rate)
    select :t, 'P' || n, 'Hosting ' || n, 19000 + n, 'AED', 'S', 5 from generate_series(1, 20) n
    """,
    """
    insert into customers (tenant_id, external_code, kind, company_name, email, email_key, source, state, locale,
                           address_lines, city, country)
    select :t, 'C-' || n, 'firm', 'Customer ' || n, 'c' || n || '@example.com', 'c' || n || '@example.com',
           'import', 'active', 'en', array['Road ' || n], 'Dubai', 'AE'
      from generate_series(1, :size) n
    """,
    # Two prices each, of which the second holds; a quarter of the customers pay the product's price.
    """
    insert into customer_prices (tenant_id, customer_id, product_id, unit_price_minor, currency, effective_from,
                                 effective_to)
    select :t, c.id, p.id, price.minor + p.price_minor, 'AED', price.begins, price.ends
      from (select id, substr(external_code, 3)::int as n from customers where tenant_id = :t) c
      join products p on p.tenant_id = :t and p.code = 'P' || (1 + c.n % 20)
      cross join (values (100, date '2025-01-01', date '2026-07-01'), (250, date '2026-07-01', null))
            as price (minor, begins, ends)
     where c.n % 4 <> 0
    """,
    """
    insert into recurring_invoices (tenant_id, customer_id, product_id, day_of_month, currency, quantity_source,
                                    quantity, start_date, next_run_on, auto_issue, state)
    select :t, c.id, p.id, 1, 'AED', 'fixed', 1 + c.n % 7, date '2026-01-01', date '2026-11-01', true, 'active'
      from (select id, substr(external_code, 3)::int as n from customers where tenant_id = :t) c
      join products p on p.tenant_id = :t and p.code = 'P' || (1 + c.n % 20)
    """,
)
BARE = (
    """
    create temporary table bare on commit drop as
    select uuidv7() as id, r.id as recurring_id, r.customer_id, r.product_id, r.quantity, p.name, p.tax_category,
           p.tax_rate, coalesce(cp.unit_price_minor, p.price_minor) as price, cp.id as price_id,
           round(r.quantity * coalesce(cp.unit_price_minor, p.price_minor))::bigint as net,
           round(round(r.quantity * coalesce(cp.unit_price_minor, p.price_minor)) * p.tax_rate * 0.01)::bigint as tax,
           row_number() over (order by r.next_run_on, r.id) as serial
      from recurring_invoices r
      join products p on p.tenant_id = :t and p.id = r.product_id
      join customers c on c.tenant_id = :t and c.id = r.customer_id and c.state = 'active'
      left join customer_prices cp on cp.tenant_id = :t and cp.customer_id = r.customer_id
           and cp.product_id = r.product_id and cp.effective_from <= date '2026-11-01'
           and (cp.effective_to is null or cp.effective_to > date '2026-11-01')
     where r.tenant_id = :t and r.state = 'active' and r.next_run_on <= :as_of
    """,
    "analyze bare",
    """
    insert into invoices (tenant_id, id, customer_id, recurring_invoice_id, period, currency, subtotal_minor, tax_minor,
                          total_minor, rounding_mode, state)
    select :t, id, customer_id, recurring_id, '2026-11', 'AED', net, tax, net + tax, 'line', 'draft' from bare
    """,
    """
    insert into invoice_lines (tenant_id, invoice_id, customer_id, position, product_id, customer_price_id, description,
                               quantity, unit_price_minor, tax_category, tax_rate, net_minor, tax_minor, service_from,
                               service_to)
    select :t, id, customer_id, 1, product_id, price_id, name, quantity, price, tax_category, tax_rate, net, tax,
           date '2026-11-01', date '2026-11-30'
      from bare
    """,
    """
    update recurring_invoices r set next_run_on = date '2026-12-01', last_generated_on = r.next_run_on from bare b
     where r.tenant_id = :t and r.id = b.recurring_id
    """,
    """
    insert into events (tenant_id, entity_type, entity_id, type, customer_id, actor_type, payload)
    select :t, 'recurring_invoice', recurring_id, 'recurring_invoice.run', customer_id, 'system',
           jsonb_build_object('period', '2026-11', 'invoice_id', id)
      from bare
    """,
    """
    update customer_prices p set first_used_at = :now from bare b
     where p.tenant_id = :t and p.id = b.price_id and p.first_used_at is null
    """,
    """
    insert into number_series (tenant_id, series, period_key, next_serial, last_issue_date)
    select :t, 'invoice', '20261118', count(*) + 1, :as_of from bare
    """,
    "select announce('invoice.issue', null)",
    """
    update invoices i
       set series = 'invoice', number = '20261118' || lpad(b.serial::text, greatest(4, length(b.serial::text)), '0'),
           serial = b.serial, issue_date = :as_of, due_date = :as_of + 30, balance_minor = i.total_minor, locale = 'en',
           seller = (select jsonb_build_object('name', t.name, 'legal_name', t.legal_name, 'country', t.country,
                            'tax_number', t.tax_number, 'address_lines', t.address_lines, 'city', t.city)
                       from tenants t where t.tenant_id = :t),
           buyer = jsonb_build_object('company_name', c.company_name, 'email', c.email, 'city', c.city,
                                      'country', c.country, 'address_lines', c.address_lines,
                                      'full_name', c.full_name, 'tax_number', c.tax_number),
           state = 'issued', version = i.version + 1
      from bare b join customers c on c.tenant_id = :t and c.id = b.customer_id
     where i.tenant_id = :t and i.id = b.id and i.state = 'draft'
    """,
)
SEEN = sa.text(
    """
    select (select count(*) from invoices where tenant_id = :t and state = 'issued' and period = '2026-11'),
           (select sum(total_minor) from invoices where tenant_id = :t),
           (select sum(tax_minor) from invoices where tenant_id = :t),
           (select count(distinct serial) from invoices where tenant_id = :t),
           (select max(serial) from invoices where tenant_id = :t),
           (select min(serial) from invoices where tenant_id = :t),
           (select count(*) from invoice_lines where tenant_id = :t),
           (select sum(net_minor + tax_minor) from invoice_lines where tenant_id = :t),
           (select md5(string_agg(unit_price_minor || '/' || quantity || '/' || tax_minor, ',' order by customer_id))
              from invoice_lines where tenant_id = :t),
           (select count(*) from recurring_invoices where tenant_id = :t and next_run_on = date '2026-12-01'),
           (select count(*) from customer_prices where tenant_id = :t and first_used_at is not null),
           (select count(*) from events where tenant_id = :t
                and type in ('invoice.draft', 'invoice.issue', 'recurring_invoice.run'))
    """
)


async def main(arguments: argparse.Namespace) -> dict[str, Any]:
    ours, bare = [], []
    async with Ground() as house:
        for number in range(arguments.rounds):
            firms = [await _a_firm(house, f"h{number}{way}", arguments.size) for way in ("a", "b")]
            settle_down(house)
            with heard(house) as statements:
                seconds, seen = await _ours(house, firms[0])
            if number == 0:
                texts = list(dict.fromkeys(statements))
                say("OURS\n" + ";\n".join(texts) + "\n\nBARE\n" + ";\n".join(text.strip() for text in BARE))
            limit, same = await _bare(house, firms[1])
            if seen != same or seen[0] != arguments.size or seen[3:6] != (arguments.size, arguments.size, 1):
                raise AssertionError(f"ours wrote {seen}, the limit {same}")
            ours.append(seconds)
            bare.append(limit)
    ratios = sorted(one / other for one, other in zip(ours, bare, strict=True))
    say(f"ours {min(ours):,.2f} s, bare {min(bare):,.2f} s, ratios {[round(one, 2) for one in ratios]}")
    return {
        "size": arguments.size,
        "seconds": round(min(ours), 3),
        "per_second": round(arguments.size / min(ours)),
        "limit_ratio": round(ratios[len(ratios) // 2], 2),
    }


async def _a_firm(house: House, slug: str, size: int) -> UUID:
    """One tenant with `size` customers of an agreement each, all due; a firm a measurement, so that all start alike.

    Written by the owner without triggers: the guard of prices plans once a session, here over an empty table, and
    would compare each price with all before it.
    """
    tenant_id = uuid4()
    async with house.office.new_tenant_work(tenant_id) as work:
        await work.db.execute(TENANT, {"t": tenant_id, "slug": f"{slug}-{tenant_id.hex[:8]}"})
    engine = sa.create_engine(house.addresses.owner)
    with engine.begin() as db:
        db.execute(sa.text("set local session_replication_role = replica"))
        for text in WORLD:
            statement = sa.text(text)
            values = {"t": tenant_id, "size": size}
            db.execute(statement, {name: values[name] for name in statement.compile().params})
    engine.dispose()
    return tenant_id


async def _ours(house: House, tenant_id: UUID) -> tuple[float, tuple[Any, ...]]:
    """From beginning the run to the commit of its last slice."""
    started = time.perf_counter()
    async with house.office.work(tenant_id) as work:
        run_id = await begin_run(work, AS_OF)
    done = await carry_out(house.office, tenant_id, run_id)
    seconds = time.perf_counter() - started
    assert done.refused == 0, done
    return seconds, await _seen(house, tenant_id)


async def _bare(house: House, tenant_id: UUID) -> tuple[float, tuple[Any, ...]]:
    started = time.perf_counter()
    async with house.office.work(tenant_id) as work:
        await _unhurried(work)
        values = {"t": tenant_id, "as_of": AS_OF, "now": work.now}
        for text in BARE:
            statement = sa.text(text)
            await work.db.execute(statement, {name: values[name] for name in statement.compile().params})
    seconds = time.perf_counter() - started
    return seconds, await _seen(house, tenant_id)


async def _unhurried(work: Work) -> None:
    """One transaction over everything takes longer than the program allows its own."""
    for name in ("statement_timeout", "transaction_timeout"):
        await work.db.execute(sa.text("select set_config(:name, '0', true)"), {"name": name})


async def _seen(house: House, tenant_id: UUID) -> tuple[Any, ...]:
    async with house.office.work(tenant_id) as work:
        return tuple((await work.db.execute(SEEN, {"t": tenant_id})).one())


if __name__ == "__main__":
    run(main, size=400, rounds={"type": int, "default": ROUNDS, "help": "how often both are measured"})
