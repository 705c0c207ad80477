"""How the catalogue's tests ask PostgreSQL about itself."""

import sqlalchemy as sa

GLOBAL = {"accounts", "sign_in_tokens", "sign_in_attempts", "tenant_slugs", "alembic_version"}
"""Tables of no tenant, which only bursar_system touches; besides those of the job library."""


def ask(db: sa.Connection, statement: str, **given: object) -> list[sa.Row]:
    return list(db.execute(sa.text(statement), given))
