"""Chasing complete: mailboxes and what comes back to them, sequences, campaigns with variants, figures.

Revision ID: 0003
Revises: 0002
"""

from pathlib import Path

from alembic import op

revision = "0003"
down_revision = "0002"

HERE = Path(__file__).parent / "0003_chasing"


def upgrade() -> None:
    """Each subject is a file of SQL beside this one, in the order of their names. No table is rewritten."""
    op.execute("set local lock_timeout = '3s'")
    for part in sorted(HERE.glob("*.sql")):
        # The driver takes many statements at once only when it is given no parameters.
        op.get_bind().connection.cursor().execute(part.read_text(encoding="utf-8"))
