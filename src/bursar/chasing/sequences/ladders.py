"""The touches of a sequence: how many days from due, in whose words, how grave."""

from collections.abc import Sequence
from dataclasses import dataclass
from uuid import UUID

from bursar.chasing.queries import sequences as queries
from bursar.core.errors import N_, Invalid
from bursar.core.work import Work
from bursar.outbox.states import Channel

EARLIEST, LATEST = -60, 365  # days from due
GRAVEST = 9
MOST_TOUCHES = 20
FIELD = "touches"


@dataclass(frozen=True, slots=True)
class TouchPlan:
    """`offset_days` counts from the due date, before it below zero. `template` is a code."""

    offset_days: int
    template: str
    severity: int
    channel: Channel = Channel.EMAIL


DEFAULT_LADDER = (
    TouchPlan(-5, "before_due", 0),
    TouchPlan(1, "overdue_gentle", 1),
    TouchPlan(7, "overdue_firm", 2),
    TouchPlan(14, "overdue_serious", 3),
    TouchPlan(30, "last_notice", 4),
)
"""R79: what a firm starts with."""


@dataclass(frozen=True, slots=True)
class Touch:
    """One rung. `languages` are those in which its template was published: without one nothing can be said."""

    offset_days: int
    channel: Channel
    severity: int
    template_id: UUID
    template_code: str
    template_name: str
    languages: tuple[str, ...] = ()

    @property
    def name(self) -> str:
        """As `send_subjects` names the rung: -5, +1."""
        return f"{self.offset_days:+d}"


async def check_ladder(work: Work, planned: Sequence[TouchPlan]) -> list[dict[str, object]]:
    """The rows of a ladder, earliest first.

    A later touch is never milder than an earlier one: the latest that an invoice has reached is then also its
    gravest. Raises `Invalid`.
    """
    ladder = sorted(planned, key=lambda touch: touch.offset_days)
    if not 1 <= len(ladder) <= MOST_TOUCHES:
        raise _unusable(N_("A sequence has 1 to %(most)s touches."), "touches_count", most=MOST_TOUCHES)
    days = [touch.offset_days for touch in ladder]
    if len(set(days)) < len(days):
        raise _unusable(N_("Two touches stand on the same day."), "touches_same_day")
    if days[0] < EARLIEST or days[-1] > LATEST:
        raise _unusable(
            N_("A touch stands from %(before)s days before the due date to %(after)s days after it."),
            "touch_too_far",
            before=-EARLIEST,
            after=LATEST,
        )
    grave = [touch.severity for touch in ladder]
    if grave != sorted(grave) or not 0 <= grave[0] <= grave[-1] <= GRAVEST:
        raise _unusable(N_("A later touch must not be milder than an earlier one."), "touches_milder")
    if any(touch.channel is not Channel.EMAIL for touch in ladder):
        raise _unusable(N_("Sequences write e-mails so far."), "channel_unusable")
    known = {
        row.code: row.id for row in await work.db.execute(queries.templates_called(work, _codes(ladder)))
    }
    missing = next((touch.template for touch in ladder if touch.template not in known), None)
    if missing is not None:
        raise _unusable(N_("There is no template %(template)s."), "unknown_template", template=missing[:60])
    return [
        {
            "offset_days": touch.offset_days,
            "channel": touch.channel,
            "severity": touch.severity,
            "template_id": known[touch.template],
        }
        for touch in ladder
    ]


def _codes(ladder: Sequence[TouchPlan]) -> list[str]:
    return sorted({touch.template for touch in ladder})


def _unusable(message: str, code: str, **params: object) -> Invalid:
    return Invalid(message, code=code, field=FIELD, **params)
