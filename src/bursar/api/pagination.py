"""Lists in pages: a cursor names the last row that was seen, so rows added meanwhile move nobody's page."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from binascii import Error
from collections.abc import Callable, Sequence
from typing import Annotated, Generic, TypeVar
from uuid import UUID

from pydantic import BaseModel, ConfigDict, Field

from bursar.core.errors import N_, Invalid

LARGEST_PAGE = 200
MOST_ROWS = 10_000_000
T = TypeVar("T")


class Paging(BaseModel):
    """Base of every list's query; unknown parameters are refused, so that no filter is ignored in silence."""

    model_config = ConfigDict(extra="forbid")

    cursor: Annotated[
        str | None,
        Field(description="`next_cursor` of the page before.", min_length=1, max_length=64),
    ] = None
    limit: Annotated[int, Field(description="Rows of one page.", ge=1, le=LARGEST_PAGE)] = 50

    @property
    def after(self) -> UUID | None:
        """The last row of the page before. Raises `Invalid` for a cursor that is none of ours."""
        if self.cursor is None:
            return None
        try:
            raw = urlsafe_b64decode(self.cursor + "=" * (-len(self.cursor) % 4))
        except (Error, ValueError):
            raw = b""
        if len(raw) != 16 or cursor_of(UUID(bytes=raw)) != self.cursor:
            raise _unreadable()
        return UUID(bytes=raw)

    @property
    def position(self) -> int:
        """The same for rows that are counted rather than named: how many, or which number, was seen."""
        seen = self.after.int if self.after is not None else 0
        if seen > MOST_ROWS:
            raise _unreadable()
        return seen


def _unreadable() -> Invalid:
    return Invalid(
        N_("This cursor is not one of ours. Start again without it."),
        code="cursor_unreadable",
        field="query.cursor",
    )


class Listed(BaseModel, Generic[T]):
    """One page. `next_cursor` is null on the last one."""

    model_config = ConfigDict(extra="forbid")

    items: list[T]
    next_cursor: str | None


def cursor_of(row_id: UUID) -> str:
    return urlsafe_b64encode(row_id.bytes).decode().rstrip("=")


def counted_page(
    rows: Sequence[T], paging: Paging, key: Callable[[T], int] | None = None
) -> tuple[Sequence[T], str | None]:
    """`page_of` for rows without an id: by their number, else by how many came before."""
    shown = rows[: paging.limit]
    if len(rows) <= paging.limit:
        return shown, None
    seen = key(shown[-1]) if key else paging.position + len(shown)
    return shown, cursor_of(UUID(int=seen))


def page_of(rows: Sequence[T], paging: Paging, key: Callable[[T], UUID]) -> tuple[Sequence[T], str | None]:
    """Of `limit + 1` rows asked for, those of the page and the cursor of the next, if there is one."""
    shown = rows[: paging.limit]
    return shown, cursor_of(key(shown[-1])) if len(rows) > paging.limit else None
