"""Onboarding: tills and checkouts, payment links and orders, and what customers read of their own.

Revision ID: 0004
Revises: 0003
"""

from pathlib import Path

from alembic import op

revision = "0004"
down_revision = "0003"

HERE = Path(__file__).parent / "0004_onboarding"


def upgrade() -> None:
    """Each subject is a file of SQL beside this one, in the order of their names. No table is rewritten."""
    op.execute("set local lock_timeout = '3s'")
    for part in sorted(HERE.glob("*.sql")):
        # The driver takes many statements at once only when it is given no parameters.
        op.get_bind().connection.cursor().execute(part.read_text(encoding="utf-8"))
