"""What narrows results, as conditions on rows that have their keys; rooms above count by the same."""

from collections.abc import Sequence
from typing import Any

import sqlalchemy as sa

from bursar.core.schema import uuids_named, uuids_text
from bursar.core.work import Work
from bursar.outbox.counted import Chosen

NARROWING = ("first", "last", "purposes", "run_ids", "template_id", "sending_account_id")
TENANT = sa.bindparam("tenant_id", type_=sa.UUID)
ZONE = sa.bindparam("zone", type_=sa.Text)


def narrowed_by(chosen: Chosen) -> tuple[str, ...]:
    """Which of them are set: a statement is built once for each such list."""
    return tuple(name for name in NARROWING if getattr(chosen, name) not in (None, ()))


def conditions(columns: Any, narrowed: Sequence[str]) -> list[sa.ColumnElement[bool]]:
    """Of rows with the columns day, purpose, run_id, … those that were chosen. Named: as `values_of` gives them."""
    every = {
        "first": columns["day"] >= sa.bindparam("first", type_=sa.Date),
        "last": columns["day"] <= sa.bindparam("last", type_=sa.Date),
        "purposes": columns["purpose"] == sa.any_(sa.bindparam("purposes", type_=sa.ARRAY(sa.Text))),
        "run_ids": columns["run_id"] == sa.any_(uuids_named("run_ids")),
        "template_id": columns["template_id"] == sa.bindparam("template_id", type_=sa.UUID),
        "sending_account_id": columns["sending_account_id"]
        == sa.bindparam("sending_account_id", type_=sa.UUID),
    }
    return [every[name] for name in narrowed]


def values_of(work: Work, chosen: Chosen) -> dict[str, Any]:
    """Whose, in which days, and what is chosen."""
    told = {name: getattr(chosen, name) for name in NARROWING}
    if chosen.run_ids is not None:
        told["run_ids"] = uuids_text(chosen.run_ids)
    told["purposes"] = [str(purpose) for purpose in chosen.purposes]
    return {"tenant_id": work.tenant_id, "zone": str(work.zone), **told}
