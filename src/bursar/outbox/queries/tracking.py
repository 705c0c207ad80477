"""What readers did: hits stored by sets of one tenant, and where a link of a send leads."""

from uuid import UUID

import sqlalchemy as sa

from bursar.core.work import Work
from bursar.outbox.tables import sends

STORE = sa.text(
    """
    with hit as (
        select r.n, r.send_id, r.kind, r.at, r.position, r.user_agent, r.device, r.client, r.ip, s.run_id,
               case when r.at < s.sent_at + make_interval(secs => r.quick_s) then r.if_quick else r.class end
                   as class,
               case r.kind when 'click' then s.links[r.position + 1] end as target
          from json_to_recordset(cast(:rows as json))
               as r(n int, send_id uuid, kind text, at timestamptz, position smallint, user_agent text,
                    device text, client text, ip inet, class text, if_quick text, quick_s double precision)
          join sends s on s.tenant_id = :tenant_id and s.id = r.send_id
         where r.kind = 'open' or s.links[r.position + 1] is not null
         order by s.id
           for no key update of s
    ), kept as (
        insert into engagements (tenant_id, send_id, run_id, kind, at, source, class, link_position, user_agent,
                                 device, client, ip_truncated)
        select :tenant_id, send_id, run_id, kind, at, case kind when 'open' then 'pixel' else 'link' end, class,
               position, user_agent, device, client, ip
          from hit
    ), counted as (
        update sends s
           set open_count = s.open_count + c.opens, click_count = s.click_count + c.clicks,
               opened_at = least(s.opened_at, c.opened_at), clicked_at = least(s.clicked_at, c.clicked_at)
          from (select send_id,
                       count(*) filter (where kind = 'open') as opens,
                       count(*) filter (where kind = 'click') as clicks,
                       min(at) filter (where kind = 'open' and class = any (:people)) as opened_at,
                       min(at) filter (where kind = 'click' and class = any (:people)) as clicked_at
                  from hit group by send_id) c
         where s.tenant_id = :tenant_id and s.id = c.send_id
    )
    select n, target from hit
    """
)
"""Hits of one tenant: a row of engagements each, and the counters of their sends, locked in id order.

Hits on sends that do not exist, and clicks on links that the send did not have, are passed over. Each comes
with two classes: which holds depends on when the send was handed over, which only its row knows.
"""


def target_of(work: Work, send_id: UUID, position: int) -> sa.Select:
    """The stored target of a link, counted from 0; null for a position that the send does not have."""
    return sa.select(sends.c.links[position + 1]).where(
        sends.c.tenant_id == work.tenant_id, sends.c.id == send_id
    )
