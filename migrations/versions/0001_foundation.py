"""The foundation: roles' rights, the wall, the journal, and the tables of the rooms up to chasing.

Revision ID: 0001
Revises: nothing
"""

from pathlib import Path

from alembic import op
from procrastinate.schema import SchemaManager
from procrastinate.testing import InMemoryConnector

revision = "0001"
down_revision = None

HERE = Path(__file__).parent / "0001_foundation"
PARTS = ("functions", "tables", "guards", "wall", "grants", "partitions")


def upgrade() -> None:
    """Each part is a file of SQL beside this one; the job library brings its own schema (3.10)."""
    op.execute("set local lock_timeout = '3s'")
    for part in PARTS[:2]:
        _run((HERE / f"{part}.sql").read_text(encoding="utf-8"))
    _run(SchemaManager(InMemoryConnector()).get_schema())
    for part in PARTS[2:]:
        _run((HERE / f"{part}.sql").read_text(encoding="utf-8"))


def _run(script: str) -> None:
    # The driver takes many statements at once only when it is given no parameters.
    op.get_bind().connection.cursor().execute(script)
