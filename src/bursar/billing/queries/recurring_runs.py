"""Statements of a monthly run: what is due, what becomes of it, and how far it is.

A run writes set by set from two temporary tables: `asked`, which agreements it took and locked, and `priced`, what
they come to (see recurring_prices.py).
"""

from collections.abc import Mapping, Sequence
from datetime import date
from uuid import UUID

import sqlalchemy as sa

from bursar.billing.queries.sets import among
from bursar.billing.states import InvoiceState, RecurringState
from bursar.billing.tables import recurring_invoices, recurring_runs
from bursar.core.schema import same_tenant, uuids_text
from bursar.core.work import Work
from bursar.tenancy.tables import tenants

R = recurring_invoices


def tenants_with_agreements() -> sa.Select:
    """Every tenant that has a recurring invoice which has not ended; over all tenants, for a scan."""
    # One column by name: bursar_scan may not read `*`.
    theirs = sa.select(R.c.id).where(same_tenant(R, tenants), R.c.state != RecurringState.ENDED)
    return sa.select(tenants.c.tenant_id).where(theirs.exists()).order_by(tenants.c.tenant_id)


def _is_due(work: Work, as_of: date) -> sa.ColumnElement[bool]:
    return sa.and_(
        R.c.tenant_id == work.tenant_id,
        R.c.state == sa.literal_column("'active'"),
        R.c.next_run_on <= as_of,
        sa.or_(R.c.end_date.is_(None), R.c.next_run_on <= R.c.end_date),
    )


def due(work: Work, as_of: date, *, refused: bool) -> sa.Select:
    """The ids of those that have a run up to `as_of`, the longest waiting first; with those refused before, or not."""
    chosen = [R.c.tenant_id == work.tenant_id, _is_due(work, as_of)]
    if not refused:
        chosen.append(R.c.refusal.is_(None))
    return sa.select(R.c.id).where(*chosen).order_by(R.c.next_run_on, R.c.id)


def passed(work: Work) -> sa.Select:
    """Those whose last day is over and that have no run up to it left."""
    return (
        sa.select(R.c.id)
        .where(
            R.c.tenant_id == work.tenant_id,
            R.c.state != RecurringState.ENDED,
            R.c.end_date < work.today,
            sa.or_(R.c.state == RecurringState.PAUSED, R.c.next_run_on > R.c.end_date),
        )
        .order_by(R.c.id)
    )


_ASK = sa.text(
    """
    insert into asked
    select uuidv7(), r.id, r.customer_id, r.product_id, r.next_run_on,
           greatest(date_trunc('month', r.next_run_on)::date, r.start_date),
           least((date_trunc('month', r.next_run_on) + interval '1 month - 1 day')::date, r.end_date),
           extract(day from date_trunc('month', r.next_run_on) + interval '1 month - 1 day')::int,
           r.unit_price_minor, r.currency, r.quantity_source, r.quantity, r.proration,
           exists (select from invoices i where i.tenant_id = :tenant_id and i.recurring_invoice_id = r.id
                                            and i.period = to_char(r.next_run_on, 'YYYY-MM'))
      from recurring_invoices r
     where r.tenant_id = :tenant_id and r.id = any (cast(:ids as uuid[])) and r.state = 'active'
       and r.next_run_on <= :as_of and (r.end_date is null or r.next_run_on <= r.end_date)
     order by r.id
       for no key update skip locked
    """
)


def ask(work: Work, ids: Sequence[UUID], as_of: date) -> sa.TextClause:
    """Takes the next run of those of `ids` that are still due into `asked`, locked; another run's are passed over."""
    return _ASK.bindparams(tenant_id=work.tenant_id, ids=uuids_text(ids), as_of=as_of)


_WRITE_INVOICES = sa.text(
    """
    insert into invoices (tenant_id, id, customer_id, recurring_invoice_id, period, currency, subtotal_minor, tax_minor,
                          total_minor, notes, purchase_order, rounding_mode, state)
    select :tenant_id, p.id, p.customer_id, p.recurring_id, to_char(p.run_on, 'YYYY-MM'), r.currency,
           p.subtotal::bigint, p.total_tax::bigint, (p.subtotal + p.total_tax)::bigint, r.notes, r.purchase_order,
           p.rounding_mode, :draft
      from priced p
      join recurring_invoices r on r.tenant_id = :tenant_id and r.id = p.recurring_id
     where p.verdict is null and p.position = 1
    """
)


def write_invoices(work: Work) -> sa.TextClause:
    """A draft for every row of `asked` that can be billed; the trigger journals each."""
    return _WRITE_INVOICES.bindparams(tenant_id=work.tenant_id, draft=InvoiceState.DRAFT)


_WRITE_LINES = sa.text(
    """
    insert into invoice_lines (tenant_id, invoice_id, customer_id, position, product_id, customer_price_id, description,
                               description_local, quantity, unit_code, item_kind, classification_code,
                               unit_price_minor, discount_minor, tax_category, tax_rate, net_minor, tax_minor,
                               service_from, service_to)
    select :tenant_id, l.id, l.customer_id, l.position, l.product_id, l.customer_price_id,
           coalesce(r.description, p.name), case when r.description is null then p.name_local end, l.units,
           p.unit_code, p.item_kind, p.classification_code, l.price, (l.gross - l.net)::bigint, p.tax_category,
           p.tax_rate, l.net::bigint, l.tax::bigint, l.service_from, l.service_to
      from priced l
      join recurring_invoices r on r.tenant_id = :tenant_id and r.id = l.recurring_id
      join products p on p.tenant_id = :tenant_id and p.id = l.product_id
     where l.verdict is null
    """
)


def write_lines(work: Work) -> sa.TextClause:
    """Their lines. Days not served are a discount: quantity times price stays what the customer knows, and the net
    is exact to the minor unit, which a quantity cut to six decimals would not be.
    """
    return _WRITE_LINES.bindparams(tenant_id=work.tenant_id)


_MOVE_ON = sa.text(
    """
    update recurring_invoices r
       set next_run_on = (p.run_on + interval '1 month')::date, refusal = null,
           last_generated_on = case when p.verdict is null then p.run_on else r.last_generated_on end
      from priced p
     where r.tenant_id = :tenant_id and r.id = p.recurring_id and p.position = 1
       and (p.verdict is null or p.verdict in ('no_units', 'already_billed'))
    returning p.id, r.id as recurring_id, r.customer_id, r.auto_issue, p.run_on, p.verdict
    """
)


def move_on(work: Work) -> sa.TextClause:
    """Those whose run is done stand before their next month."""
    return _MOVE_ON.bindparams(tenant_id=work.tenant_id)


_REFUSE = sa.text(
    """
    update recurring_invoices r set refusal = p.verdict
      from priced p
     where r.tenant_id = :tenant_id and r.id = p.recurring_id and p.position = 1
       and p.verdict not in ('no_units', 'already_billed')
    returning r.id as recurring_id, r.customer_id, p.run_on, p.verdict, old.refusal as before
    """
)


def refuse(work: Work) -> sa.TextClause:
    """Those that could not be billed say why, and stay due."""
    return _REFUSE.bindparams(tenant_id=work.tenant_id)


def say_refusal(work: Work, ids: Sequence[UUID], refusal: str) -> sa.Update:
    """These, with why the last run of them is not through."""
    return (
        sa.update(R)
        .where(R.c.tenant_id == work.tenant_id, among(R.c.id, ids), R.c.refusal.is_distinct_from(refusal))
        .values(refusal=refusal)
        .returning(R.c.id.label("recurring_id"), R.c.customer_id, R.c.next_run_on.label("run_on"))
    )


def begin_run(work: Work, as_of: date) -> sa.Insert:
    return (
        sa.insert(recurring_runs).values(tenant_id=work.tenant_id, as_of=as_of).returning(recurring_runs.c.id)
    )


def count_run(work: Work, run_id: UUID, counts: Mapping[str, int]) -> sa.Update:
    """What a slice has done, added."""
    c = recurring_runs.c
    return (
        sa.update(recurring_runs)
        .where(c.tenant_id == work.tenant_id, c.id == run_id)
        .values({name: c[name] + many for name, many in counts.items()})
    )


def finish_run(work: Work, run_id: UUID) -> sa.Update:
    """The run, if it was not finished before."""
    c = recurring_runs.c
    return (
        sa.update(recurring_runs)
        .where(c.tenant_id == work.tenant_id, c.id == run_id, c.finished_at.is_(None))
        .values(finished_at=work.now)
    )


def run(work: Work, run_id: UUID) -> sa.Select:
    return sa.select(recurring_runs).where(
        recurring_runs.c.tenant_id == work.tenant_id, recurring_runs.c.id == run_id
    )


def runs_before(work: Work, before: UUID | None, limit: int) -> sa.Select:
    """Runs, the newest first, older than `before`."""
    c = recurring_runs.c
    statement = (
        sa.select(recurring_runs).where(c.tenant_id == work.tenant_id).order_by(c.id.desc()).limit(limit)
    )
    return statement.where(c.tenant_id == work.tenant_id, c.id < before) if before else statement


def ran_on(work: Work, day: date) -> sa.Select:
    """Whether a run up to `day` or later was finished."""
    c = recurring_runs.c
    return sa.select(
        sa.exists().where(c.tenant_id == work.tenant_id, c.as_of >= day, c.finished_at.is_not(None))
    )
