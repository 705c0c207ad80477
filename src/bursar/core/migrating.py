"""From nothing, or from an older version, to this version's schema. The only place that acts as the owner."""

import warnings
from pathlib import Path

import sqlalchemy as sa
from alembic import command
from alembic.config import Config
from alembic.script import ScriptDirectory
from sqlalchemy.engine import Connection
from sqlalchemy.exc import OperationalError

from bursar.core.database import APP_ROLE, OWNER_ROLE, Addresses, UnsafeDatabase
from bursar.core.errors import N_

ACTING_ROLES = ("bursar_agent", "bursar_customer", "bursar_system", "bursar_scan")


def migrate(addresses: Addresses) -> str:
    """Create what is missing (database, roles, tables) and return the revision reached. Safe to repeat.

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
        db.execute(sa.text(f"set role {OWNER_ROLE}"))
        db.commit()
        config = _config()
        config.attributes["connection"] = db
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")
            command.upgrade(config, "head")
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
    try:
        probe = sa.create_engine(addresses.owner)
        with probe.connect():
            return
    except OperationalError as error:
        if "does not exist" not in str(error) or name is None:
            raise
    server = sa.create_engine(addresses.owner.set(database="postgres"), isolation_level="AUTOCOMMIT")
    with server.connect() as db:
        quoted = db.dialect.identifier_preparer.quote(name)
        db.execute(sa.text(f"create database {quoted} encoding 'UTF8' template template0"))
    server.dispose()


def _create_roles(db: Connection, addresses: Addresses) -> None:
    """Roles belong to the whole server: another database of it may have made them already."""
    known = set(db.scalars(sa.text("select rolname from pg_roles where rolname like 'bursar_%'")))
    for role in (OWNER_ROLE, *ACTING_ROLES):
        if role not in known:
            db.execute(sa.text(f"create role {role} nologin noinherit nosuperuser nobypassrls"))
    if APP_ROLE not in known:
        db.execute(sa.text(f"create role {APP_ROLE} login noinherit nosuperuser nobypassrls"))
    if addresses.app.password:
        literal = sa.literal(str(addresses.app.password)).compile(
            dialect=db.dialect, compile_kwargs={"literal_binds": True}
        )
        db.execute(sa.text(f"alter role {APP_ROLE} password {literal}"))
    for role in ACTING_ROLES:
        db.execute(sa.text(f"grant {role} to {APP_ROLE} with inherit false, set true"))
    db.execute(sa.text(f"grant {OWNER_ROLE} to current_user with set true"))
    # They hold for the role that signs in and stay through SET LOCAL ROLE. A killed client must not leave
    # its backend holding locks, hence the last one.
    for setting, value in (
        ("transaction_timeout", "60s"),
        ("statement_timeout", "30s"),
        ("lock_timeout", "10s"),
        ("idle_in_transaction_session_timeout", "60s"),
        ("client_connection_check_interval", "2s"),
    ):
        db.execute(sa.text(f"alter role {APP_ROLE} set {setting} = '{value}'"))
    database = db.dialect.identifier_preparer.quote(str(db.scalar(sa.text("select current_database()"))))
    db.execute(sa.text(f"grant create, connect on database {database} to {OWNER_ROLE}"))
    db.execute(sa.text(f"grant usage, create on schema public to {OWNER_ROLE}"))
    db.execute(sa.text(f"grant connect on database {database} to {APP_ROLE}"))
