"""What somebody wants to know: a period, of which messages, within how many days money counts."""

from dataclasses import dataclass
from datetime import date, timedelta
from enum import StrEnum
from uuid import UUID

from bursar.core.errors import N_, Invalid
from bursar.outbox.counting import By
from bursar.outbox.states import Purpose

WINDOWS = (7, 14, 30)
"""Days after a message within which money counts as come because of it, unless somebody chooses others."""
MOST_WINDOWS, LONGEST_WINDOW = 3, 90
USUAL_PERIOD, LONGEST_PERIOD = timedelta(days=83), timedelta(days=1095)


class Interval(StrEnum):
    DAY = "day"
    WEEK = "week"
    MONTH = "month"

    def begin(self, day: date) -> date:
        """The first day of the period that `day` is in; a week begins on Monday."""
        match self:
            case Interval.DAY:
                return day
            case Interval.WEEK:
                return day - timedelta(days=day.weekday())
        return day.replace(day=1)


class Dimension(StrEnum):
    CAMPAIGN = "campaign"
    SEQUENCE = "sequence"
    TEMPLATE = "template"
    SENDING_ACCOUNT = "sending_account"
    PURPOSE = "purpose"

    @property
    def key(self) -> By:
        """What it is counted by."""
        match self:
            case Dimension.CAMPAIGN | Dimension.SEQUENCE:
                return "run_id"
            case Dimension.TEMPLATE:
                return "template_id"
            case Dimension.SENDING_ACCOUNT:
                return "sending_account_id"
        return "purpose"


@dataclass(frozen=True, slots=True)
class Asked:
    """What is None does not matter; without days, the last twelve weeks."""

    first: date | None = None
    last: date | None = None
    interval: Interval = Interval.WEEK
    purpose: Purpose | None = None
    campaign_id: UUID | None = None
    sequence_id: UUID | None = None
    template_id: UUID | None = None
    sending_account_id: UUID | None = None
    windows: tuple[int, ...] = WINDOWS


def days_of(asked: Asked, today: date) -> tuple[date, date]:
    """The first and the last day. Raises `Invalid` for a period that is none or longer than three years, and for
    windows that cannot be counted.
    """
    last = asked.last or today
    first = asked.first or last - USUAL_PERIOD
    if first > last:
        raise Invalid(N_("The first day is after the last."), code="period_reversed", field="first")
    if last - first > LONGEST_PERIOD:
        raise Invalid(N_("Choose a period of at most three years."), code="period_too_long", field="first")
    windows = asked.windows
    if not 1 <= len(windows) <= MOST_WINDOWS or not all(1 <= days <= LONGEST_WINDOW for days in windows):
        raise Invalid(
            N_("Choose up to three numbers of days, each from 1 to 90."),
            code="windows_unusable",
            field="windows",
        )
    return first, last
