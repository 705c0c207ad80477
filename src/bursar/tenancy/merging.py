"""Several rows of one sheet about one customer: found, and made one. What the first row says counts."""

from collections import defaultdict
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from bursar.core.errors import N_
from bursar.tenancy.reasons import Reason

Mark = tuple[str, ...]

_NOTHING: tuple[Any, ...] = (None, "", [], {})


@dataclass(slots=True, eq=False)
class Party:
    """One customer of a sheet. `first` is the row that named them first; `values` are clean columns.

    `is_ambiguous` is a row that could mean several customers of the sheet.
    """

    first: int
    values: dict[str, Any]
    conflicts: dict[int, list[str]] = field(default_factory=dict)
    is_ambiguous: bool = False

    def note(self, number: int) -> tuple[Reason, ...]:
        """What to say beside a row that the first one overruled."""
        if number not in self.conflicts:
            return ()
        return (
            Reason(
                N_("Row %(first)s says otherwise about this customer (%(fields)s). The first row counts."),
                "customer_differs",
                params={"first": self.first, "fields": ", ".join(self.conflicts[number])},
            ),
        )


def merge(rows: Sequence[tuple[int, Mapping[str, Any]]]) -> list[Party]:
    """The customer of each row, in order; rows about the same one share theirs.

    Same is who has the same code, else tax number, else e-mail and name, unless a stronger mark differs. A
    row with an e-mail address or a name alone means the only customer of the sheet who has it, if there is one.
    """
    parties: dict[int, Party] = {}
    known: dict[Mark, list[Party]] = defaultdict(list)
    marked = [each for each in rows if _marks(each[1])]
    for number, values in [*marked, *(each for each in rows if not _marks(each[1]))]:
        fitting = _fitting(known, values)
        party = parties[number] = fitting[0] if len(fitting) == 1 else Party(number, {})
        party.is_ambiguous = len(fitting) > 1
        _add(party, number, values)
        if not party.is_ambiguous:
            for mark in (*_marks(party.values), *_hints(party.values)):
                if not any(each is party for each in known[mark]):
                    known[mark].append(party)
    return [parties[number] for number, _ in rows]


def name_of(values: Mapping[str, Any]) -> str:
    return values.get("company_name") or values.get("full_name") or ""


def _fitting(known: Mapping[Mark, list[Party]], values: Mapping[str, Any]) -> list[Party]:
    """Who a row may mean: of its marks the strongest that finds anybody decides, and the first they agree on."""
    marks = _marks(values)
    for mark in marks:
        for party in known.get(mark, ()):
            if not _contradicts(mark, party.values, values):
                return [party]
    return [] if marks else next((known[hint] for hint in _hints(values) if known.get(hint)), [])


def _contradicts(mark: Mark, one: Mapping[str, Any], other: Mapping[str, Any]) -> bool:
    stronger = {"code": (), "tax": ("external_code",), "name": ("external_code", "tax_number")}[mark[0]]
    return any(one.get(name) and other.get(name) and one[name] != other[name] for name in stronger)


def _marks(values: Mapping[str, Any]) -> list[Mark]:
    marks: list[Mark] = []
    if values.get("external_code"):
        marks.append(("code", values["external_code"]))
    if values.get("tax_number"):
        marks.append(("tax", values["tax_number"]))
    if values.get("email_key") and name_of(values):
        marks.append(("name", values["email_key"], name_of(values).lower()))
    return marks


def _hints(values: Mapping[str, Any]) -> list[Mark]:
    hints: list[Mark] = []
    if values.get("email_key"):
        hints.append(("e-mail alone", values["email_key"]))
    if name_of(values):
        hints.append(("name alone", name_of(values).lower()))
    return hints


def _add(party: Party, number: int, values: Mapping[str, Any]) -> None:
    conflicts = []
    for name, value in values.items():
        there = party.values.get(name)
        if there in _NOTHING:
            party.values[name] = value
        elif value not in _NOTHING and value != there and name != "email_key":
            conflicts.append(name)
    if conflicts:
        party.conflicts[number] = conflicts
