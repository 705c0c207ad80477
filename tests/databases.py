"""Real PostgreSQL for tests: one embedded server for all runs, a migrated template, a copy for whoever needs one."""

import fcntl
import hashlib
import os
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from uuid import uuid4

import sqlalchemy as sa
from sqlalchemy.engine import URL

from bursar.core.database import APP_ROLE, Addresses
from bursar.core.migrating import migrate, migrations_folder
from bursar.core.server import start_server

FOLDER = Path(tempfile.gettempdir()) / f"bursar-tests-{os.getuid()}"


@dataclass(frozen=True, slots=True)
class Server:
    """The server's superuser address; used to make and drop databases, never by the code under test."""

    root: URL

    def addresses(self, name: str) -> Addresses:
        owner = self.root.set(database=name)
        return Addresses(owner=owner, app=owner.set(username=APP_ROLE, password=None))


def start() -> Server:
    """Start it, or find it running; without fsync, since tests kill workers and never the server."""
    FOLDER.mkdir(mode=0o711, exist_ok=True)
    with _alone("server"):
        url = start_server(FOLDER)
        root = sa.make_url(url).set(drivername="postgresql+psycopg", database="postgres")
        with admin(Server(root)) as db:
            if db.scalar(sa.text("show fsync")) == "on":
                db.execute(sa.text("alter system set fsync = off"))
                db.execute(sa.text("alter system set max_connections = 300"))
                db.execute(sa.text("select pg_reload_conf()"))
    return Server(root)


def template(server: Server) -> str:
    """A migrated, empty database, named after the migrations' text: a changed migration makes a new one."""
    digest = hashlib.sha256()
    for path in sorted(migrations_folder().rglob("*")):
        if path.is_file() and path.suffix in {".py", ".sql"}:
            digest.update(path.read_bytes())
    name = f"template_{digest.hexdigest()[:16]}"
    with _alone("template"), admin(server) as db:
        if not db.scalar(sa.text("select true from pg_database where datname = :name"), {"name": name}):
            half = f"{name}_{uuid4().hex[:8]}"
            migrate(server.addresses(half))
            db.execute(sa.text(f"alter database {half} rename to {name}"))
    return name


def copy(server: Server, source: str) -> str:
    """A new database with everything of `source`; nobody may be connected to that meanwhile."""
    name = f"test_{uuid4().hex[:16]}"
    with _alone("copy"), admin(server) as db:
        db.execute(sa.text(f"create database {name} template {source} strategy file_copy"))
    return name


def drop(server: Server, name: str) -> None:
    with admin(server) as db:
        db.execute(sa.text(f"drop database if exists {name} with (force)"))


@contextmanager
def admin(server: Server, name: str = "postgres") -> Iterator[sa.Connection]:
    """The superuser in a database."""
    address = server.root.set(database=name)
    engine = sa.create_engine(address, isolation_level="AUTOCOMMIT", poolclass=sa.NullPool)
    with engine.connect() as db:
        yield db
    engine.dispose()


@contextmanager
def _alone(name: str) -> Iterator[None]:
    with (FOLDER / f"{name}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        yield
