"""Who has the day's contact of a person. Rows are only ever added: nothing gives the cap more room."""

import sqlalchemy as sa

TAKE = sa.text(
    """
    insert into contact_days (tenant_id, key, on_date, send_id)
    select :tenant_id, r.key, r.on_date, r.send_id
      from json_to_recordset(cast(:rows as json)) as r(key text, on_date date, send_id uuid)
     order by r.key, r.on_date, r.send_id
    on conflict do nothing
    """
)
"""The day's contact of each key that is still free, for the elder send of two; sorted, so that two claims cannot
deadlock."""

HOLDERS = sa.text(
    """
    select d.key, d.on_date, d.send_id
      from json_to_recordset(cast(:rows as json)) as r(key text, on_date date)
      join contact_days d on d.tenant_id = :tenant_id and d.key = r.key and d.on_date = r.on_date
    """
)
"""Who has the day's contact of these keys."""
