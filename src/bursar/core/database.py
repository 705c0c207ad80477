"""Where the database is, who connects to it, and the refusal to run as anybody who could pass the wall."""

import time
from dataclasses import dataclass
from typing import Any

import sqlalchemy as sa
from sqlalchemy import event
from sqlalchemy.engine import URL, make_url
from sqlalchemy.exc import DisconnectionError
from sqlalchemy.ext.asyncio import AsyncEngine, create_async_engine
from sqlalchemy.pool import ConnectionPoolEntry

from bursar.core.errors import N_, Refusal
from bursar.core.keys import Keyring, Purpose
from bursar.core.server import EMBEDDED_DATABASE, start_server
from bursar.core.settings import Settings

APP_ROLE = "bursar_app"
OWNER_ROLE = "bursar_owner"

RESTED_S = 1.0
"""A pooled connection that was not used for so long is asked whether it lives before it is handed out."""


class UnsafeDatabase(Refusal):
    """The database cannot be used as it is: too old, not migrated, or the sign-in could pass the wall."""

    status = 503


@dataclass(frozen=True, slots=True)
class Addresses:
    """Two ways into one database: `owner` migrates and is never used at run time, `app` is the pool's."""

    owner: URL
    app: URL


def find_database(settings: Settings, keyring: Keyring) -> Addresses:
    """The addresses that the settings mean; starts the embedded server when they name none.

    The pool always signs in as `bursar_app`. If the given address has another user, that user is taken
    for the owner, and `bursar_app` gets a password made from the master key (set by `bursar migrate`).
    """
    if settings.database_url is None:
        owner = _psycopg(start_server(settings.data_dir)).set(database=EMBEDDED_DATABASE)
        return Addresses(owner=owner, app=owner.set(username=APP_ROLE, password=None))
    given = _psycopg(settings.database_url)
    migration = _psycopg(settings.migration_url) if settings.migration_url else given
    if given.username == APP_ROLE:
        return Addresses(owner=migration, app=given)
    return Addresses(
        owner=migration,
        app=given.set(username=APP_ROLE, password=app_password(keyring)),
    )


def app_password(keyring: Keyring) -> str:
    """The password of `bursar_app` where the operator chose none: derived, so that it is stored nowhere."""
    return keyring.key(Purpose.APP_PASSWORD).hex()


def _psycopg(url: str) -> URL:
    parsed = make_url(url.replace("postgres://", "postgresql://", 1))
    return parsed.set(drivername="postgresql+psycopg")


def make_engine(address: URL, *, pool_size: int) -> AsyncEngine:
    """The pool of one process. All that a Work sets is local to its transaction, so a connection that comes
    back holds nothing of it (R114).
    """
    engine = create_async_engine(
        address,
        pool_size=pool_size,
        max_overflow=0,
        pool_timeout=10,
        hide_parameters=True,  # a failed statement is logged, and its values are names and addresses
        connect_args={"application_name": "bursar", "prepare_threshold": 3},
    )
    event.listen(engine.sync_engine, "checkout", _ask_if_rested)
    event.listen(engine.sync_engine, "checkin", _note_rest)
    return engine


def _note_rest(_connection: Any, record: ConnectionPoolEntry) -> None:
    record.info["rests_since"] = time.monotonic()


def _ask_if_rested(connection: Any, record: ConnectionPoolEntry, _proxy: Any) -> None:
    """A connection that rested may be dead (the server was restarted); one just used is not asked each time."""
    rested = time.monotonic() - record.info.get("rests_since", time.monotonic())
    if rested > RESTED_S and (connection.driver_connection.closed or not _answers(connection)):
        raise DisconnectionError


def _answers(connection: Any) -> bool:
    try:
        cursor = connection.cursor()
        cursor.execute("select 1")
        cursor.close()
        connection.rollback()
    except Exception:  # noqa: BLE001  whatever it says, it does not answer
        return False
    return True


_WHO = sa.text(
    """
    select current_setting('server_version_num')::int as version,
           r.rolsuper or r.rolbypassrls as passes,
           exists (select from pg_class c where c.relowner = r.oid and c.relkind in ('r', 'p')) as owns,
           r.rolname as name
      from pg_roles r where r.rolname = session_user
    """
)


async def refuse_if_unsafe(engine: AsyncEngine) -> None:
    """Raises `UnsafeDatabase` if the session user is superuser, has BYPASSRLS or owns a table (R112)."""
    async with engine.connect() as db:
        who = (await db.execute(_WHO)).one()
    if who.version < 180000:
        raise UnsafeDatabase(
            N_("Bursar needs PostgreSQL 18 or newer."),
            code="old_server",
            field="DATABASE_URL",
        )
    if who.passes or who.owns:
        raise UnsafeDatabase(
            N_("The database user %(name)s could pass the wall between tenants. Connect as bursar_app."),
            code="unsafe_user",
            field="DATABASE_URL",
            name=who.name,
        )
