"""How long a tenant waits for money, and what it makes of money that goes back: `tenants.settings["orders"]`, typed."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta
from typing import Any, Self


@dataclass(frozen=True, slots=True)
class Patience:
    """After `late_after` without money an order's customer counts as one who did not pay (lifecycles 1 and 3).

    Reminders are `reminder_gap` apart and no more than `reminders`. An order is given up after `give_up_after`, or
    after so many failed `attempts`. `suspend_refunded` and `suspend_charged_back`: whether who got all that they
    ever paid back is suspended.
    """

    late_after: timedelta = timedelta(hours=24)
    reminder_gap: timedelta = timedelta(days=3)
    reminders: int = 5
    give_up_after: timedelta = timedelta(days=30)
    attempts: int = 20
    suspend_refunded: bool = True
    suspend_charged_back: bool = True

    @classmethod
    def of(cls, settings: Mapping[str, Any]) -> Self:
        """From all of a tenant's settings. Nobody reminds more often than every three days or more than five times."""
        given, usual = settings.get("orders", {}), cls()
        return cls(
            reminder_gap=timedelta(
                days=max(usual.reminder_gap.days, given.get("reminder_gap_days", usual.reminder_gap.days))
            ),
            reminders=min(usual.reminders, given.get("reminders", usual.reminders)),
            give_up_after=timedelta(days=given.get("give_up_days", usual.give_up_after.days)),
            suspend_refunded=given.get("suspend_refunded", True),
            suspend_charged_back=given.get("suspend_charged_back", True),
        )
