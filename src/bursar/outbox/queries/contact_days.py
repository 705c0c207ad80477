"""Who has the day's contact of a person, and giving it back."""

from collections.abc import Sequence
from datetime import date
from uuid import UUID

import sqlalchemy as sa

from bursar.core.schema import uuids
from bursar.core.work import Work
from bursar.outbox.tables import contact_days

TAKE = sa.text(
    """
    insert into contact_days (tenant_id, key, on_date, send_id)
    select :tenant_id, r.key, r.on_date, r.send_id
      from json_to_recordset(cast(:rows as json)) as r(key text, on_date date, send_id uuid)
     order by r.key, r.on_date, r.send_id
    on conflict do nothing
    """
)
"""The day's contact of each key, for the send that comes first; sorted, so that two claims cannot deadlock."""

HOLDERS = sa.text(
    """
    select d.key, d.on_date, d.send_id
      from json_to_recordset(cast(:rows as json)) as r(key text, on_date date, send_id uuid)
      join contact_days d on d.tenant_id = :tenant_id and d.key = r.key and d.on_date = r.on_date
    """
)
"""Who has the day's contact of these keys."""


def give_back(work: Work, send_ids: Sequence[UUID], days: Sequence[date]) -> sa.Delete:
    """The day's contacts that these sends took and did not use."""
    return sa.delete(contact_days).where(
        contact_days.c.tenant_id == work.tenant_id,
        contact_days.c.send_id == sa.any_(uuids(send_ids)),
        contact_days.c.on_date.in_(sorted(set(days))),
    )
