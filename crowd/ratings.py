"""Ratings that do not say more than they know: pure functions on counts of five faces.

A rating is the share of the two happy faces, always with n and Wilson's interval at 95 %. Below a
threshold nothing is said but n. Nothing is ranked below a higher one. What looks like stuffing is
not counted, and the pages say how much was left out.
"""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from enum import StrEnum
from math import sqrt

LEVELS = (1, 2, 3, 4, 5)
HAPPY = (4, 5)
_Z = 1.959963984540054  # of 95 %, two-sided


@dataclass(frozen=True, slots=True)
class Interval:
    """Both ends of Wilson's interval of a share, between 0 and 1."""

    low: float
    high: float


def wilson(successes: int, n: int) -> Interval:
    """Wilson's score interval at 95 % of a share. n = 0: nothing is known, from 0 to 1."""
    if not 0 <= successes <= n:
        raise ValueError(f"{successes} of {n} is not a share")
    if n == 0:
        return Interval(0.0, 1.0)
    share = successes / n
    square = _Z * _Z
    middle = (share + square / (2 * n)) / (1 + square / n)
    half = _Z / (1 + square / n) * sqrt(share * (1 - share) / n + square / (4 * n * n))
    return Interval(max(0.0, middle - half), min(1.0, middle + half))


@dataclass(frozen=True, slots=True)
class Rating:
    """What may be published of some counts. `levels`, `share` and `interval` are None below the
    threshold: with three voices, a count tells what a person said.
    """

    n: int
    held: int  # received and not counted: they look like stuffing
    levels: Mapping[int, int] | None
    share: float | None
    interval: Interval | None

    @property
    def shown(self) -> bool:
        return self.share is not None


def rate(levels: Mapping[int, int], held: int, threshold: int) -> Rating:
    """The rating of counts by level; nothing but n below `threshold`."""
    full = {level: levels.get(level, 0) for level in LEVELS}
    n = sum(full.values())
    if n < max(1, threshold):
        return Rating(n, held, None, None, None)
    happy = sum(full[level] for level in HAPPY)
    return Rating(n, held, full, happy / n, wilson(happy, n))


def ranked[K](rated: Iterable[tuple[K, Rating]], threshold: int) -> list[tuple[K, Rating]]:
    """Those that may be ranked, by the lower end of their interval: few voices climb no table.

    Empty unless two of them reach `threshold`: a table of one is none.
    """
    found = [
        (key, one) for key, one in rated if one.interval is not None and one.n >= max(1, threshold)
    ]
    found.sort(key=lambda pair: -pair[1].interval.low if pair[1].interval else 0.0)
    return found if len(found) > 1 else []


class Stuffing(StrEnum):
    """Why a voice is received and not counted."""

    NETWORK = "network"  # many from one network in a day
    MINUTE = "minute"  # many from everywhere in one minute
    TRAP = "trap"  # a field that people do not see was filled


def stuffing(
    from_network: int, in_minute: int, *, most_network: int, most_minute: int, trapped: bool = False
) -> Stuffing | None:
    """Whether one more voice looks like stuffing, given those of its network in the last day and
    those of everybody in the last minute, this one not counted.
    """
    if trapped:
        return Stuffing.TRAP
    if from_network >= most_network:
        return Stuffing.NETWORK
    return Stuffing.MINUTE if in_minute >= most_minute else None
