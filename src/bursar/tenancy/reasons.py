"""Why a row of a sheet was refused, or what to know about one that was not: kept untranslated, told in any language."""

import dataclasses
import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any, Self

from bursar.core.errors import Refusal

Translate = Callable[[str], str]


@dataclass(frozen=True, slots=True)
class Reason:
    """`message` is a msgid; its places are filled from `params` after translation."""

    message: str
    code: str
    field: str | None = None
    params: Mapping[str, Any] = dataclasses.field(default_factory=dict)

    @classmethod
    def of(cls, refusal: Refusal) -> Self:
        return cls(refusal.message, refusal.code, refusal.field, refusal.params)

    def text(self, translate: Translate) -> str:
        message = translate(self.message)
        return message % self.params if self.params else message


def stored(reasons: Iterable[Reason]) -> str | None:
    """As they stand in a text column; None for none."""
    told = [[each.message, each.code, each.field, _plain(each.params)] for each in reasons]
    return json.dumps(told, ensure_ascii=False).replace("\\u0000", "") if told else None


def restored(text: str | None) -> tuple[Reason, ...]:
    return tuple(Reason(*each) for each in json.loads(text)) if text else ()


def reason_text(text: str | None, translate: Translate = str) -> str:
    """What `stored` kept, in the language of `translate` (gettext); an empty text for none."""
    return " ".join(reason.text(translate) for reason in restored(text))


def _plain(params: Mapping[str, Any]) -> dict[str, Any]:
    return {
        name: value
        if isinstance(value, int | str)
        else value.isoformat()
        if isinstance(value, date)
        else str(value)
        for name, value in params.items()
    }
