"""From nothing, or from an older version, to this version's schema. The only place that acts as the owner."""

import warnings
from pathlib import Path
from typing import LiteralString

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from psycopg import sql
from psycopg.errors import DuplicateDatabase, UniqueViolation
from sqlalchemy.engine import Connection
from sqlalchemy.exc import DBAPIError, OperationalError

from bursar.core.database import APP_ROLE, OWNER_ROLE, Addresses, UnsafeDatabase
from bursar.core.errors import N_

ACTING_ROLES = ("bursar_agent", "bursar_customer", "bursar_system", "bursar_scan")


def migrate(addresses: Addresses, revision: str = "head") -> str:
    """Create what is missing (database, roles, tables) up to `revision`, and return the newest. Safe to repeat.

    Raises `UnsafeDatabase` when the given user may not do this.
    """
    if addresses.owner.username == APP_ROLE:
        raise UnsafeDatabase(
            N_(
                "bursar_app may not migrate. Set BURSAR_MIGRATION_URL to a superuser or the database's owner."
            ),
            code="not_owner",
            field="BURSAR_MIGRATION_URL",
        )
    _create_database(addresses)
    engine = sa.create_engine(addresses.owner)
    with engine.connect() as db:
        # One migration at a time, whoever started it; the lock goes with the connection.
        db.execute(sa.text("select pg_advisory_lock(hashtext('bursar migrate'))"))
        db.commit()
        _create_roles(db, addresses)
        db.commit()
        _do(db, "set role {}", OWNER_ROLE)
        db.commit()
        config = _config()
        config.attributes["connection"] = db
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            command.upgrade(config, revision)
        db.commit()
        db.execute(sa.text("reset role"))
        db.commit()
    engine.dispose()
    return newest_revision()


def newest_revision() -> str:
    """The revision this version of the program needs."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    if head is None:
        raise RuntimeError("the migrations folder is empty")
    return head


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(migrations_folder()))
    return config


def migrations_folder() -> Path:
    """Inside an installed wheel, or beside `src` in a checkout."""
    package = Path(__file__).parents[1]
    inside = package / "migrations"
    return inside if inside.is_dir() else package.parents[1] / "migrations"


def _create_database(addresses: Addresses) -> None:
    name = addresses.owner.database
    if name is None or _exists(addresses.owner):
        return
    server = sa.create_engine(
        addresses.owner.set(database="postgres"), isolation_level="AUTOCOMMIT", poolclass=sa.NullPool
    )
    create = sql.SQL("create database {} encoding 'UTF8' template template0").format(sql.Identifier(name))
    with server.connect() as db:
        try:
            db.exec_driver_sql(create.as_string().replace("%", "%%"))
        except DBAPIError as error:
            # Another migration was quicker: the next step waits for it.
            if not isinstance(error.orig, DuplicateDatabase | UniqueViolation):
                raise


def _exists(owner: sa.URL) -> bool:
    try:
        with sa.create_engine(owner, poolclass=sa.NullPool).connect():
            return True
    except OperationalError as error:
        if "does not exist" in str(error):
            return False
        raise


def _create_roles(db: Connection, addresses: Addresses) -> None:
    """Roles belong to the whole server: another database of it may have made them already."""
    known = set(db.scalars(sa.text("select rolname from pg_roles where rolname like 'bursar_%'")))
    for role in (OWNER_ROLE, *ACTING_ROLES):
        if role not in known:
            _do(db, "create role {} nologin noinherit nosuperuser nobypassrls", role)
    if APP_ROLE not in known:
        _do(db, "create role {} login noinherit nosuperuser nobypassrls", APP_ROLE)
    if addresses.app.password:
        _do(db, "alter role {} password {}", APP_ROLE, sql.Literal(str(addresses.app.password)))
    for role in ACTING_ROLES:
        _do(db, "grant {} to {} with inherit false, set true", role, APP_ROLE)
    _do(db, "grant {} to current_user with set true", OWNER_ROLE)
    # They hold for the role that signs in and stay through SET LOCAL ROLE. A killed client must not leave
    # its backend holding locks, hence the last one.
    for setting, value in (
        ("transaction_timeout", "60s"),
        ("statement_timeout", "30s"),
        ("lock_timeout", "10s"),
        ("idle_in_transaction_session_timeout", "60s"),
        ("client_connection_check_interval", "2s"),
    ):
        _do(db, "alter role {} set {} = {}", APP_ROLE, setting, sql.Literal(value))
    database = str(db.scalar(sa.text("select current_database()")))
    _do(db, "grant create, connect on database {} to {}", database, OWNER_ROLE)
    _do(db, "grant usage, create on schema public to {}", OWNER_ROLE)
    _do(db, "grant connect on database {} to {}", database, APP_ROLE)


def _do(db: Connection, statement: LiteralString, *parts: str | sql.Literal) -> None:
    """DDL takes no bound values: names and literals are quoted into it by the driver."""
    quoted = [part if isinstance(part, sql.Literal) else sql.Identifier(part) for part in parts]
    db.exec_driver_sql(sql.SQL(statement).format(*quoted).as_string().replace("%", "%%"))
