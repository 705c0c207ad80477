"""A form between two requests: what was typed, and what was refused about it."""

from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from typing import Any, Self

from bursar.core.errors import Refusal


@dataclass(frozen=True, slots=True)
class Form:
    """What the macros of a form read: values to show again, refusals beside the field they are about."""

    values: Mapping[str, Any] = field(default_factory=dict)
    refusals: tuple[Refusal, ...] = ()

    def refused(self, *refusals: Refusal) -> Self:
        """The same form with one more thing to put right."""
        return replace(self, refusals=(*self.refusals, *refusals))

    def value(self, name: str, default: Any = "") -> Any:
        found = self.values.get(name)
        return default if found is None else found

    def error(self, name: str) -> Refusal | None:
        return next((refusal for refusal in self.refusals if refusal.field == name), None)

    @property
    def status(self) -> int:
        """The status for a page that shows this form: that of the first refusal, else 200."""
        return self.refusals[0].status if self.refusals else 200
