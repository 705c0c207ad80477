"""Which column is what: guessed from the header, corrected by a person, checked before anything is read."""

import re
from collections import defaultdict
from collections.abc import Mapping as AnyMapping
from collections.abc import Sequence
from dataclasses import dataclass
from functools import cache

from bursar.core.errors import N_, Invalid
from bursar.tenancy.columns import FIELDS, NOT_READ, REQUIRED, Kind
from bursar.tenancy.folding import fold

Mapping = dict[int, str]  # column, counted from zero -> name of a field

_NONE = ""  # the field of the names in NOT_READ
_EXACT, _FOLDED, _CONTAINED = 3, 2, 1
_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])")  # a program's export writes dueDate
_SHORTEST_CONTAINED = 3  # characters: "no" and "po" inside a longer name say nothing


@dataclass(frozen=True, slots=True)
class Guess:
    """`unclear` columns could be several fields, or claim one that another column claims just as well."""

    mapping: Mapping
    unclear: tuple[int, ...]


def known_names(cells: Sequence[str]) -> int:
    """How many of a row's cells are names of columns, in any language and of any kind of sheet."""
    return sum(1 for cell in cells if cell and len(cell) < 50 and fold(_HUMP.sub(" ", cell)) in _every_name())


def guess_mapping(header: Sequence[str], kind: str) -> Guess:
    """A name as we spell it beats the same word spelt otherwise, which beats our name inside a longer one.

    Nothing is guessed between equals: those columns stay out of the mapping and are reported.
    """
    wanted: dict[str, list[tuple[tuple[int, int], int]]] = defaultdict(list)
    unclear: set[int] = set()
    for column, name in enumerate(header):
        fields, strength = _candidates(name, Kind(kind))
        if len(fields) > 1:
            unclear.add(column)
        elif fields and fields != [_NONE]:
            wanted[fields[0]].append((strength, column))
    mapping: Mapping = {}
    for field, claims in wanted.items():
        strongest = max(strength for strength, _ in claims)
        winners = [column for strength, column in claims if strength == strongest]
        if len(winners) == 1:
            mapping[winners[0]] = field
        else:
            unclear.update(winners)
    return Guess(dict(sorted(mapping.items())), tuple(sorted(unclear)))


def check_mapping(kind: str, mapping: AnyMapping[int, str]) -> Mapping:
    """The mapping in column order. Raises `Invalid` for unknown, doubled and missing fields."""
    labels = {field.name: field.label for field in FIELDS[Kind(kind)]}
    seen: set[str] = set()
    for field in mapping.values():
        if field not in labels:
            raise Invalid(
                N_("“%(name)s” is no column of this kind of sheet. Choose one from the list."),
                code="mapping_unknown_field",
                field="mapping",
                name=field,
            )
        if field in seen:
            raise Invalid(
                N_("Two columns are both “%(name)s”. Choose one of them and leave the other out."),
                code="mapping_doubled_field",
                field="mapping",
                name=labels[field],
            )
        seen.add(field)
    for group in REQUIRED[Kind(kind)]:
        if seen.isdisjoint(group):
            raise Invalid(
                N_("Say which column is “%(name)s”. Without it the rows cannot be used."),
                code="mapping_missing_field",
                field="mapping",
                name=" / ".join(labels[name] for name in group),
            )
    return dict(sorted(mapping.items()))


def _candidates(name: str, kind: Kind) -> tuple[list[str], tuple[int, int]]:
    """The fields that fit `name` best and equally, and how well: the level, then the length that fitted."""
    exact, folded = _names(kind)
    plain = " ".join(name.split()).lower()
    if plain in exact:
        return exact[plain], (_EXACT, 0)
    short = fold(_HUMP.sub(" ", name))
    if short in folded:
        return folded[short], (_FOLDED, 0)
    inside = f" {short} "
    found = [called for called in folded if len(called) >= _SHORTEST_CONTAINED and f" {called} " in inside]
    if not found:
        return [], (0, 0)
    length = max(map(len, found))
    fields = dict.fromkeys(field for called in found if len(called) == length for field in folded[called])
    return list(fields), (_CONTAINED, length)


@cache
def _names(kind: Kind) -> tuple[dict[str, list[str]], dict[str, list[str]]]:
    """Every name of `kind` as written and folded, with the fields it may mean."""
    exact: dict[str, list[str]] = defaultdict(list)
    folded: dict[str, list[str]] = defaultdict(list)
    for field in FIELDS[kind]:
        for called in (field.name, *field.called):
            for names, key in ((exact, called.lower()), (folded, fold(called))):
                if field.name not in names[key]:
                    names[key].append(field.name)
    for called in NOT_READ:
        folded.setdefault(fold(called), [_NONE])
    return dict(exact), dict(folded)


@cache
def _every_name() -> frozenset[str]:
    return frozenset(name for kind in Kind for name in _names(kind)[1])
