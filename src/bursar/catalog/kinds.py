"""Words that describe what is sold."""

from enum import StrEnum


class TaxCategory(StrEnum):
    """Categories of PINT-AE (R11)."""

    STANDARD = "S"
    ZERO = "Z"
    EXEMPT = "E"
    OUT_OF_SCOPE = "O"
    REVERSE_CHARGE = "AE"
    MARGIN = "N"


class ItemKind(StrEnum):
    """What an e-invoice calls the thing sold; each needs a classification of its own (R30)."""

    GOODS = "goods"
    SERVICES = "services"
    BOTH = "both"
