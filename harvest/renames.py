"""Places that a source lists under other ids than before: recognised, so that none is doubled.

Pure. The same SIRET comes first, then the same name at the same address, then what is alike
enough and like nothing else. Trackers of harvesters are full of the alternative: thousands of
copies of one record, each under a new id (GSA/data.gov#3968, etalab/data.gouv.fr#680).
"""

from collections import defaultdict
from collections.abc import Hashable, Iterable, Mapping
from dataclasses import dataclass, field

from catalog.likeness import RENAMED, Likeness, Place, likeness
from catalog.naming import fold

MARGIN = 0.05  # the second-best must be this much less alike, or nobody is renamed
MOST_PAIRS = 250_000  # comparisons of one run; beyond, only exact likeness is looked for


@dataclass(frozen=True, slots=True)
class Renamed:
    """`former` is the id that the source used for what it now calls `current`."""

    former: str
    current: str
    likeness: Likeness


@dataclass(frozen=True, slots=True)
class Renames:
    """What was recognised, and what could be either of several."""

    found: tuple[Renamed, ...] = ()
    unsure: tuple[Renamed, ...] = field(default=())


def recognise(vanished: Mapping[str, Place], fresh: Mapping[str, Place]) -> Renames:
    """Match ids that a list no longer holds with ids that it did not hold before, one to one.

    The result does not depend on the order of the mappings.
    """
    found: dict[str, Renamed] = {}
    left, news = dict(sorted(vanished.items())), dict(sorted(fresh.items()))
    for key in (_by_siret, _by_words):
        for former, current in _unique(left, news, key):
            alike = likeness(left[former], news[current])
            if alike.score >= RENAMED:
                found[current] = Renamed(former, current, alike)
                del left[former], news[current]
    more, unsure = _fuzzy(left, news)
    return Renames((*found.values(), *more), unsure)


def _by_siret(place: Place) -> Hashable:
    return (place.kind, place.siret) if place.siret else None


def _by_words(place: Place) -> Hashable:
    if not place.address and place.point is None:
        return None
    return (place.kind, place.commune, fold(place.name), fold(place.address or ""), place.point)


def _unique(
    left: Mapping[str, Place], news: Mapping[str, Place], key: object
) -> list[tuple[str, str]]:
    """Pairs whose key one place on each side has, and no other. Places that say exactly the same
    on each side are taken in order: they cannot be told apart, and there are as many of them."""
    sides: list[dict[Hashable, list[str]]] = []
    for places in (left, news):
        groups: dict[Hashable, list[str]] = defaultdict(list)
        for identifier, place in places.items():
            if (value := key(place)) is not None:  # type: ignore[operator]
                groups[value].append(identifier)
        sides.append(groups)
    pairs: list[tuple[str, str]] = []
    for value, formers in sides[0].items():
        currents = sides[1].get(value, [])
        if len(formers) == len(currents) and (len(formers) == 1 or key is _by_words):
            pairs += zip(formers, currents, strict=True)
    return pairs


def _fuzzy(
    left: Mapping[str, Place], news: Mapping[str, Place]
) -> tuple[list[Renamed], tuple[Renamed, ...]]:
    pairs = list(_neighbours(left, news))
    scored = [
        Renamed(former, current, alike)
        for former, current in pairs
        if (alike := likeness(left[former], news[current])).score >= RENAMED
    ]
    scored.sort(key=lambda one: (-one.likeness.score, one.former, one.current))
    best: dict[tuple[str, str], list[float]] = defaultdict(list)
    for one in scored:
        best["former", one.former].append(one.likeness.score)
        best["current", one.current].append(one.likeness.score)
    found: list[Renamed] = []
    unsure: list[Renamed] = []
    taken: set[tuple[str, str]] = set()
    for one in scored:
        sides = (("former", one.former), ("current", one.current))
        if any(side in taken for side in sides):
            continue
        rivals = [score for side in sides for score in sorted(best[side], reverse=True)[1:2]]
        if any(one.likeness.score - score < MARGIN for score in rivals):
            unsure.append(one)
            continue
        taken.update(sides)
        found.append(one)
    return found, tuple(unsure)


def _neighbours(left: Mapping[str, Place], news: Mapping[str, Place]) -> Iterable[tuple[str, str]]:
    """Pairs of the same kind in the same commune: what is compared at length."""
    blocks: dict[Hashable, list[str]] = defaultdict(list)
    for former, place in left.items():
        blocks[place.kind, place.commune].append(former)
    budget = MOST_PAIRS
    for current, place in news.items():
        formers = blocks.get((place.kind, place.commune), [])
        budget -= len(formers)
        if budget < 0:
            return
        for former in formers:
            yield former, current
