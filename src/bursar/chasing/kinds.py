"""What each kind of campaign means unless somebody says otherwise: which invoices, which texts, which tone."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import Any

from bursar.chasing.states import CampaignKind


class Tone(StrEnum):
    FRIENDLY = "friendly"
    PLAIN = "plain"
    FIRM = "firm"


@dataclass(frozen=True, slots=True)
class Meaning:
    """`category` is that of the templates it uses; `selection` is the filter of one for which nothing was chosen."""

    category: str
    tone: Tone
    selection: Mapping[str, Any] = field(default_factory=dict)


KINDS: Mapping[CampaignKind, Meaning] = {
    CampaignKind.INVOICE_REMINDER: Meaning("invoice_reminder", Tone.FRIENDLY, {"due_within_days": 7}),
    CampaignKind.PAYMENT_FOLLOW_UP: Meaning("payment_follow_up", Tone.PLAIN),
    CampaignKind.OVERDUE_NOTICE: Meaning("overdue_notice", Tone.FIRM, {"min_days_overdue": 1}),
    CampaignKind.BULK_REMINDER: Meaning("payment_follow_up", Tone.PLAIN),
}
"""A follow-up takes what is open by itself; a bulk reminder what is open of a sheet or a list."""
