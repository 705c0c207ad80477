"""Statements over the job library's own tables, which are no tenant's."""

import sqlalchemy as sa

ENQUEUE_ONCE = sa.text(
    """
    insert into procrastinate_jobs (queue_name, task_name, queueing_lock, args)
    select 'default', cast(:task as text), cast(:task as text) || ' ' || tenant_id,
           jsonb_build_object('tenant_id', tenant_id)
      from unnest(cast(:tenants as text[])) as tenant_id
     order by tenant_id
    on conflict (queueing_lock) where status = 'todo' do nothing
    """
)
"""A job for each of these tenants, but for those that one waits for already. The library's own function fails where
one does, and the caller's transaction with it."""
