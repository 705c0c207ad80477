"""Lists that come in pages: an opaque word says where the next one begins."""

from base64 import urlsafe_b64decode, urlsafe_b64encode
from collections.abc import Sequence
from typing import TypeVar

T = TypeVar("T")


class NoSuchPage(Exception):
    """The word is none of ours."""


def word_for(place: int, kind: str) -> str:
    return urlsafe_b64encode(f"{kind}:{place}".encode()).rstrip(b"=").decode()


def place_of(word: str, kind: str) -> int:
    """Raises `NoSuchPage`."""
    try:
        said, _, place = urlsafe_b64decode(word + "=" * (-len(word) % 4)).decode().partition(":")
        if said != kind:
            raise NoSuchPage(word)
        return int(place)
    except ValueError:
        raise NoSuchPage(word) from None


def page(rows: Sequence[T], start: int, most: int) -> tuple[Sequence[T], int | None]:
    """Those from `start` on, and where the next page starts."""
    following = start + most
    return rows[start:following], following if following < len(rows) else None
