"""What recurring invoices come to: one line a price, with tax, for a generated run and for its preview alike.

Both read a relation `asked`, one row for each run that is asked about; a run's is a temporary table, a preview's
comes from its parameters. One text for both, so that what is shown is what is written. Its arithmetic is that of
`billing.rules`, whole numbers only: a quotient would be rounded before we round it.
"""

import json
from collections.abc import Sequence
from datetime import date
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.billing.rules import tolerated_drift
from bursar.core.money import EXPONENTS
from bursar.core.schema import uuids_text
from bursar.core.work import Work

USUAL_DRIFT = tolerated_drift("AED")
DRIFTS = json.dumps({code: drift for code in EXPONENTS if (drift := tolerated_drift(code)) != USUAL_DRIFT})
"""How far line taxes may stand from a document's (R15), for currencies without two decimals."""

CREATE_ASKED = sa.text(
    """
    create temporary table asked (
        id uuid, recurring_id uuid, customer_id uuid, product_id uuid, run_on date, service_from date, service_to date,
        month_days int, unit_price_minor bigint, currency text, quantity_source text, quantity numeric,
        proration text, already_billed boolean
    ) on commit drop
    """
)
CREATE_PRICED = sa.text(
    """
    create temporary table priced (
        id uuid, recurring_id uuid, customer_id uuid, product_id uuid, run_on date, units numeric, position int,
        service_from date, service_to date, price bigint, price_source text, customer_price_id uuid, gross numeric,
        net numeric, tax numeric, subtotal numeric, total_tax numeric, rounding_mode text, verdict text
    ) on commit drop
    """
)
ANALYZE = (sa.text("analyze asked"), sa.text("analyze priced"))

# Columns of the relation `lines`, in the order of the temporary table.
_LINES = """
known as (
    select a.*, p.price_minor, p.currency as product_currency, p.tax_category, p.tax_rate, c.state as customer_state,
           case a.quantity_source when 'fixed' then a.quantity else
               (select count(*)::numeric from billable_units u
                 where u.tenant_id = :tenant_id and u.customer_id = a.customer_id and u.product_id = a.product_id
                   and u.active_from <= a.run_on and (u.active_to is null or u.active_to > a.run_on))
           end as units
      from asked a
      join products p on p.tenant_id = :tenant_id and p.id = a.product_id
      join customers c on c.tenant_id = :tenant_id and c.id = a.customer_id
),
-- A price that begins or ends within a month charged by the day makes another line (R87).
stretches as (
    select k.*, b.starts_on, lead(b.starts_on) over (partition by k.id order by b.starts_on) - 1 as next_less_one
      from known k
      cross join lateral (
          select k.service_from as starts_on
          union
          select bound.starts_on
            from customer_prices cp cross join lateral (values (cp.effective_from), (cp.effective_to)) bound (starts_on)
           where k.proration = 'daily' and k.unit_price_minor is null
             and cp.tenant_id = :tenant_id and cp.customer_id = k.customer_id and cp.product_id = k.product_id
             and bound.starts_on > k.service_from and bound.starts_on <= k.service_to) b
),
offered as (
    select s.*, coalesce(s.unit_price_minor, cp.unit_price_minor, s.price_minor) as price, cp.id as customer_price_id,
           case when s.unit_price_minor is not null then 'override' when cp.id is not null then 'customer'
                when s.price_minor is not null then 'product' end as price_source,
           case when s.unit_price_minor is not null then s.currency when cp.id is not null then cp.currency
                else s.product_currency end as price_currency
      from stretches s
      left join lateral (
          select one.id, one.unit_price_minor, one.currency from customer_prices one
           where s.unit_price_minor is null
             and one.tenant_id = :tenant_id and one.customer_id = s.customer_id and one.product_id = s.product_id
             and one.effective_from <= s.starts_on and (one.effective_to is null or one.effective_to > s.starts_on)
           limit 1) cp on true
),
-- Neighbours at the same price are one line: parts of a month that cost alike must add up to the month.
turning as (
    select o.*, (row_number() over w = 1 or o.price is distinct from lag(o.price) over w)::int as turns
      from offered o window w as (partition by o.id order by o.starts_on)
),
numbered as (
    select t.*, sum(t.turns) over (partition by t.id order by t.starts_on) as position from turning t
),
merged as (
    select n.id, n.position, min(n.starts_on) as starts_on, max(coalesce(n.next_less_one, n.service_to)) as ends_on,
           min(n.price) as price, (array_agg(n.price_source order by n.starts_on))[1] as price_source,
           (array_agg(n.customer_price_id order by n.starts_on))[1] as customer_price_id,
           bool_or(n.price_currency <> n.currency) as other_currency
      from numbered n group by n.id, n.position
),
-- Half a minor unit goes up (R17): whole division of the doubled amount, since what is charged is never below zero.
charged as (
    select k.*, m.position, m.starts_on, m.ends_on, m.price, m.price_source, m.customer_price_id, m.other_currency,
           round(k.units * m.price) as gross,
           case k.proration
               when 'daily' then div(2 * k.units * m.price * (m.ends_on - m.starts_on + 1) + k.month_days,
                                     2 * k.month_days)
               else round(k.units * m.price) end as net
      from known k join merged m on m.id = k.id
),
taxed as (
    select c.*, c.net * c.tax_rate * 0.01 as exact from charged c
),
summed as (
    select t.*, sum(t.net) over whole as subtotal, sum(round(t.exact)) over whole as by_line,
           round(sum(t.exact) over whole) as by_document, sum(floor(t.exact)) over whole as floors,
           row_number() over (partition by t.id order by floor(t.exact) - t.exact, t.position) as place,
           bool_or(t.price is null) over whole as unpriced, bool_or(t.other_currency) over whole as mixed
      from taxed t window whole as (partition by t.id)
),
-- One product is one rate: the drift of R15 is that of the whole invoice.
spread as (
    select s.*, abs(s.by_line - s.by_document)
                > coalesce((cast(:drifts as jsonb) ->> s.currency)::int, :usual_drift) as drifted
      from summed s
),
settled as (
    select d.*, case when d.drifted then floor(d.exact) + (d.place <= d.by_document - d.floors)::int
                     else round(d.exact) end as tax,
           case when d.drifted then d.by_document else d.by_line end as total_tax
      from spread d
),
lines as (
    select s.id, s.recurring_id, s.customer_id, s.product_id, s.run_on, s.units, s.position::int as position,
           s.starts_on as service_from, s.ends_on as service_to, s.price, s.price_source, s.customer_price_id,
           s.gross, s.net, s.tax, s.subtotal, s.total_tax,
           case when s.drifted then 'spread' else 'line' end as rounding_mode,
           case when s.already_billed then 'already_billed'
                when s.customer_state <> 'active' then 'customer_suspended'
                when s.units = 0 then 'no_units'
                when s.unpriced then 'no_price'
                when s.mixed then 'mixed_currencies'
                when s.subtotal + s.total_tax <= 0 then 'total_not_positive'
                when s.subtotal + s.total_tax > 9223372036854775807 or s.gross > 9223372036854775807
                    then 'amount_too_large'
           end as verdict
      from settled s
)
"""
_INTO = "insert into priced with "
_ALL = " select * from lines"
_WITH = "with "
_ASKED = """
asked as materialized (
    select uuidv7() as id, null::uuid as recurring_id, cast(:customer_id as uuid) as customer_id,
           cast(:product_id as uuid) as product_id, run_on,
           greatest(date_trunc('month', run_on)::date, cast(:start_date as date)) as service_from,
           least(last_day, cast(:end_date as date)) as service_to, extract(day from last_day)::int as month_days,
           cast(:unit_price_minor as bigint) as unit_price_minor, cast(:currency as text) as currency,
           cast(:quantity_source as text) as quantity_source, cast(:quantity as numeric) as quantity,
           cast(:proration as text) as proration, false as already_billed
      from unnest(cast(:runs as date[])) run_on
      cross join lateral (select (date_trunc('month', run_on) + interval '1 month - 1 day')::date as last_day) month
),
"""
_ASKED_OF_MANY = """
asked as materialized (
    select uuidv7() as id, r.id as recurring_id, r.customer_id, r.product_id, a.run_on,
           greatest(date_trunc('month', a.run_on)::date, r.start_date) as service_from,
           least(last_day, r.end_date) as service_to, extract(day from last_day)::int as month_days,
           r.unit_price_minor, r.currency, r.quantity_source, r.quantity, r.proration, false as already_billed
      from unnest(cast(:ids as uuid[]), cast(:runs as date[])) a (recurring_id, run_on)
      join recurring_invoices r on r.tenant_id = :tenant_id and r.id = a.recurring_id
      cross join lateral (select (date_trunc('month', a.run_on) + interval '1 month - 1 day')::date as last_day) month
),
"""
_SUMS = """
select l.recurring_id, l.run_on, r.currency, l.units, l.verdict, l.subtotal, l.total_tax
  from lines l join recurring_invoices r on r.tenant_id = :tenant_id and r.id = l.recurring_id
 where l.position = 1
 order by l.run_on, l.recurring_id
"""
_IN_ORDER = """
select l.*, p.tax_rate, p.tax_category from lines l join products p on p.tenant_id = :tenant_id and p.id = l.product_id
 order by l.run_on, l.position
"""
_PRICE_ASKED = sa.text(_INTO + _LINES + _ALL)
_PREVIEW = sa.text(_WITH + _ASKED + _LINES + _IN_ORDER)
_SUMS_OF_MANY = sa.text(_WITH + _ASKED_OF_MANY + _LINES + _SUMS)


def price_asked(work: Work) -> sa.TextClause:
    """Writes the lines of every row of `asked` into `priced`; each carries its invoice's sums and verdict."""
    return _PRICE_ASKED.bindparams(tenant_id=work.tenant_id, drifts=DRIFTS, usual_drift=USUAL_DRIFT)


def preview(work: Work, runs: Sequence[date], plan: dict[str, Any]) -> sa.TextClause:
    """The lines of a plan on each of these days, in order. `plan` has its columns by name."""
    told = {"tenant_id": work.tenant_id, "drifts": DRIFTS, "usual_drift": USUAL_DRIFT, "runs": list(runs)}
    return _PREVIEW.bindparams(**told, **plan)


def sums(work: Work, ids: Sequence[UUID], runs: Sequence[date]) -> sa.TextClause:
    """What each of these recurring invoices comes to on the day beside it, in the order of the days."""
    told = {"tenant_id": work.tenant_id, "drifts": DRIFTS, "usual_drift": USUAL_DRIFT}
    return _SUMS_OF_MANY.bindparams(**told, ids=uuids_text(ids), runs=list(runs))
