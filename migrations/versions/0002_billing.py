"""Billing complete: the catalog and its prices, recurring invoices, refunds, bank lines, e-invoices.

Revision ID: 0002
Revises: 0001
"""

from pathlib import Path

from alembic import op

revision = "0002"
down_revision = "0001"

HERE = Path(__file__).parent / "0002_billing"
PARTS = ("tables", "columns", "guards", "wall", "grants")


def upgrade() -> None:
    """Each part is a file of SQL beside this one. New columns are nullable or constant: no table is rewritten."""
    op.execute("set local lock_timeout = '3s'")
    for part in PARTS:
        # The driver takes many statements at once only when it is given no parameters.
        op.get_bind().connection.cursor().execute((HERE / f"{part}.sql").read_text(encoding="utf-8"))
