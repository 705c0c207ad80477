"""What core asks of the outside about a file: does it carry a virus? Apart from Work, which no adapter may see."""

from enum import StrEnum
from typing import Protocol


class Verdict(StrEnum):
    CLEAN = "clean"
    INFECTED = "infected"


class ScannerDown(Exception):
    """The scanner gave no verdict: it cannot be reached, is too slow, or failed."""


class Scanner(Protocol):
    """Looks for viruses."""

    async def scan(self, data: bytes) -> Verdict:
        """Raises `ScannerDown`."""
        ...
