"""How fast a campaign over N open invoices is created, reviewable and durable.

The bare limit writes the same rows into the same tables, set by set, by hand-written SQL in one transaction
under the same role, policies, keys and triggers. Both texts are printed; rows and sums are compared.
"""

import argparse
import time
from typing import Any
from uuid import UUID, uuid4

import sqlalchemy as sa

from benchmarks.ground import Ground, a_firm, a_mailbox, heard, run, say, settle_down
from bursar.chasing.campaigns import CampaignPlan, create_campaign
from bursar.chasing.states import CampaignKind
from bursar.core.work import Work
from bursar.house import House

ROUNDS = 5
"""Each measures ours and the limit in turn; the median ratio counts, since the machine's speed drifts."""

BARE = (
    """
    insert into campaigns (tenant_id, id, name, kind, template_id, sending_account_id, group_by, selection, state,
                           totals)
    select :t, :campaign, 'Bare', 'overdue_notice', t.id, a.id, 'customer', '{}', 'draft', '[]'
      from templates t, sending_accounts a
     where t.tenant_id = :t and t.code = 'overdue_gentle' and a.tenant_id = :t
    """,
    "insert into runs (tenant_id, id, purpose, state) values (:t, :run, 'campaign', 'held')",
    """
    insert into campaign_invoices (tenant_id, campaign_id, run_id, invoice_id, asked_for, included)
    select i.tenant_id, :campaign, :run, i.id, i.number, true from invoices i
     where i.tenant_id = :t and i.state = 'issued' and i.balance_minor > 0 and i.due_date < :today
    """,
    """
    create temporary table bare_due on commit drop as
    select k.id, d.* from (select i.id as subject_id, i.balance_minor, c.id as customer_id, c.email, c.email_key,
                                  c.company_name, coalesce(c.locale, 'en') as locale
                             from invoices i join customers c on c.tenant_id = i.tenant_id and c.id = i.customer_id
                            where i.tenant_id = :t and i.state = 'issued' and i.balance_minor > 0
                              and i.due_date < :today) d
      join (select id as customer_id, uuidv7() as id from customers where tenant_id = :t) k using (customer_id)
    """,
    "analyze bare_due",
    """
    insert into sends (tenant_id, id, customer_id, purpose, stream, touch_key, run_id, channel, to_address, address_key,
                       to_name, locale, template_version_id, reviewed, sending_account_id, queue_at, state)
    select :t, d.id, d.customer_id, 'campaign', 'reminder', concat('run/', :run, '/', d.customer_id), :run, 'email',
           d.email, d.email_key, d.company_name, d.locale, v.id,
           jsonb_build_object('to', d.email, 'invoices', jsonb_object_agg(d.subject_id::text, d.balance_minor)),
           a.id, :now, 'queued'
      from bare_due d
      join templates t on t.tenant_id = :t and t.code = 'overdue_gentle'
      join template_versions v on v.tenant_id = :t and v.template_id = t.id and v.locale = d.locale
      join sending_accounts a on a.tenant_id = :t
     group by d.id, d.customer_id, d.email, d.email_key, d.company_name, d.locale, v.id, a.id
    """,
    """
    insert into send_subjects (tenant_id, send_id, customer_id, subject_type, subject_id)
    select :t, id, customer_id, 'invoice', subject_id from bare_due
    """,
)
COUNTED = sa.text(
    """
    select (select count(*) from sends s where s.tenant_id = :t and s.run_id = :run),
           (select count(*) from send_subjects b join sends s on s.tenant_id = b.tenant_id and s.id = b.send_id
             where s.tenant_id = :t and s.run_id = :run),
           (select count(*) from campaign_invoices c where c.tenant_id = :t and c.run_id = :run and c.included)
    """
)


async def main(arguments: argparse.Namespace) -> dict[str, Any]:
    async with Ground() as house:
        customers = max(1, arguments.size // arguments.invoices)
        tenant_id = await a_firm(house, customers, arguments.invoices)
        await a_mailbox(house, tenant_id, "127.0.0.1", 25)
        settle_down(house)
        await _texts(house, tenant_id)
        pairs = [await _round(house, tenant_id) for _ in range(arguments.rounds)]
    ratios = sorted(ours / bare for ours, bare in pairs)
    ours, bare = min(one for one, _ in pairs), min(one for _, one in pairs)
    say(f"ours {ours * 1000:,.0f} ms, bare {bare * 1000:,.0f} ms, ratios {[round(one, 2) for one in ratios]}")
    return {
        "size": arguments.size,
        "seconds": round(ours, 4),
        "per_second": round(arguments.size / ours),
        "limit_ratio": round(ratios[len(ratios) // 2], 2),
    }


async def _round(house: House, tenant_id: UUID) -> tuple[float, float]:
    """Ours and the bare limit once each, both undone afterwards so that every round starts alike."""
    ours, seen = await _timed(house, tenant_id, _ours)
    bare, same = await _timed(house, tenant_id, _bare)
    if seen != same:
        raise AssertionError(f"ours wrote {seen}, the limit {same}")
    return ours, bare


async def _ours(work: Work) -> UUID:
    campaign = await create_campaign(work, CampaignPlan("Ours", CampaignKind.OVERDUE_NOTICE, {}))
    return (
        await work.db.execute(sa.text("select run_id from campaigns where id = :id"), {"id": campaign})
    ).scalar_one()


async def _bare(work: Work) -> UUID:
    run_id = uuid4()
    values = {"t": work.tenant_id, "campaign": uuid4(), "run": run_id, "now": work.now, "today": work.today}
    for text in BARE:
        statement = sa.text(text)
        await work.db.execute(statement, {name: values[name] for name in statement.compile().params})
    return run_id


async def _timed(house: House, tenant_id: UUID, act: Any) -> tuple[float, tuple[int, ...]]:
    """Seconds from opening the Work to its commit, and what was written."""
    started = time.perf_counter()
    async with house.office.work(tenant_id) as work:
        run_id = await act(work)
    seconds = time.perf_counter() - started
    async with house.office.work(tenant_id) as work:
        counted = tuple((await work.db.execute(COUNTED, {"t": tenant_id, "run": run_id})).one())
    return seconds, counted


async def _texts(house: House, tenant_id: UUID) -> None:
    with heard(house) as statements:
        await _timed(house, tenant_id, _ours)
    say("OURS\n" + ";\n".join(statements) + "\n\nBARE\n" + ";\n".join(text.strip() for text in BARE))


if __name__ == "__main__":
    run(
        main,
        size=400,
        invoices={"type": int, "default": 7, "help": "open invoices of each customer"},
        rounds={"type": int, "default": ROUNDS, "help": "how often both are measured"},
    )
