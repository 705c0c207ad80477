"""Whether one group of customers did better than another, or whether that may be chance: Fisher's exact test."""

from dataclasses import dataclass
from enum import StrEnum
from math import exp, lgamma

FEWEST = 20  # customers in each group; of fewer nothing is said
CHANCE = 0.05  # a difference that chance makes more often than this is none
_NEARLY = 1e-9


class Verdict(StrEnum):
    TOO_FEW = "too_few"
    NO_DIFFERENCE = "no_difference"
    FIRST = "first"
    SECOND = "second"


@dataclass(frozen=True, slots=True)
class Compared:
    """`chance` is how often groups without any difference come out at least as far apart (two-sided)."""

    verdict: Verdict
    chance: float


def compare(first: tuple[int, int], second: tuple[int, int]) -> Compared:
    """Each group as (customers, those of them who paid)."""
    (many, paid), (others, others_paid) = first, second
    chance = fisher(paid, many - paid, others_paid, others - others_paid)
    if min(many, others) < FEWEST:
        return Compared(Verdict.TOO_FEW, chance)
    if chance >= CHANCE:
        return Compared(Verdict.NO_DIFFERENCE, chance)
    return Compared(Verdict.FIRST if paid * others > others_paid * many else Verdict.SECOND, chance)


def fisher(a: int, b: int, c: int, d: int) -> float:
    """The two-sided probability of a table at least as unlikely as this one, its margins given."""
    row, other, column = a + b, c + d, a + c
    if not row or not other:
        return 1.0
    whole = _choices(row + other, column)
    least, most = max(0, column - other), min(row, column)

    def probability(x: int) -> float:
        return exp(_choices(row, x) + _choices(other, column - x) - whole)

    bound = probability(a) * (1 + _NEARLY)
    return min(1.0, sum(one for one in map(probability, range(least, most + 1)) if one <= bound))


def _choices(n: int, k: int) -> float:
    """The logarithm of how many ways there are to choose k of n."""
    return lgamma(n + 1) - lgamma(k + 1) - lgamma(n - k + 1)
