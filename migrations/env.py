"""Alembic's entry: the caller (`bursar.core.migrating`) hands over a connection that acts as bursar_owner."""

from alembic import context

from bursar.core.schema import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata)
with context.begin_transaction():
    context.run_migrations()
