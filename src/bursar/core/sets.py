"""Sets of values inside a statement: one array parameter a column, however many rows."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

import sqlalchemy as sa

from bursar.core.schema import uuids

Columns = Mapping[str, sa.types.TypeEngine[Any]]


def among(column: sa.ColumnElement[UUID], ids: Iterable[UUID]) -> sa.ColumnElement[bool]:
    """`column` is one of `ids`; none of them is a set too."""
    return column == sa.any_(uuids(list(ids)))


def rows(name: str, columns: Columns, given: Sequence[Sequence[Any]]) -> sa.TableValuedAlias:
    """`given` as a relation called `name`: each row has one value for each of `columns`."""
    arrays = [
        sa.literal([row[position] for row in given], sa.ARRAY(type_))
        for position, type_ in enumerate(columns.values())
    ]
    spelled = [sa.column(column, type_) for column, type_ in columns.items()]
    return sa.func.unnest(*arrays).table_valued(*spelled, name=name).render_derived(name=name)
