"""Counts over a territory: how many communes, and people, are in each state.

A count is the only way to sum up here: never an average of levels. Parts sum to their whole
for every count, because both are sums over the same array of bytes.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from catalog.states import Simple, State, simple
from catalog.territories import NO_EPCI, Geography, kind_below, parse

Bytes = NDArray[np.uint8]
Counts = NDArray[np.int64]


@dataclass(frozen=True, slots=True)
class Bounds:
    """The share that is present, between the worst and the best case of the unknown ones.

    Between 0 and 1, among the communes where the service is the commune's own affair (other
    bodies left out). None when there is no such commune.
    """

    lower: float | None
    upper: float | None


@dataclass(frozen=True, slots=True)
class Summary:
    """The counts of one territory. Every mapping has all its keys, in order of display."""

    code: str
    name: str
    communes: int
    states: Mapping[str, int]  # communes by state slug; sums to `communes`
    simple: Mapping[str, int]  # the same, in the simple reading; sums to `communes`
    population: Mapping[str, int]  # inhabitants by state slug
    inhabitants: int  # sum of `population`; communes without a published figure count for 0
    bounds: Bounds  # by communes
    population_bounds: Bounds  # by inhabitants
    known_share: float  # of the communes whose state is not unknown; 0 to 1
    partial: bool = False  # the territory goes beyond what is counted here
    cells: Mapping[str, int] | None = None  # of the bundle: (commune, member) pairs by state

    @property
    def known(self) -> int:
        return self.communes - self.states[State.UNKNOWN.slug]


def summarise(
    array: Bytes,
    geography: Geography,
    code: str,
    full_level: int,
    *,
    members: Sequence[Bytes] | None = None,
) -> Summary:
    """Counts of `array` (one state byte per commune number) over the territory `code`.

    `members`, for the minimum bundle, are the arrays of its services: their cells are counted
    too. Raises NotFound for an unknown territory.
    """
    numbers = geography.members(code)
    communes, people = _count(array, geography, numbers)
    cells = None if members is None else sum(_count(m, geography, numbers)[0] for m in members)
    return _summary(code, geography.name_of(code), communes, people, full_level, cells=cells)


def children(
    array: Bytes,
    geography: Geography,
    code: str,
    full_level: int,
    kind: str | None = None,
    *,
    members: Sequence[Bytes] | None = None,
) -> list[Summary]:
    """The same for each part of a territory, by code; they sum to `summarise` of it.

    An EPCI that straddles the border is counted for its part inside (`partial` is True), and
    communes without EPCI are gathered in one last part of code NO-EPCI. Raises NotFound, or
    Invalid when `kind` is not a kind below the territory's.
    """
    wanted = kind_below(parse(code)[0], kind)
    numbers = geography.members(code)
    if wanted == "commune":
        # Item i of every table below is the i-th member; nothing is left over.
        here, size = np.arange(len(numbers)), len(numbers)
    else:
        index, codes, names = geography.index_of(wanted)
        here, size = index[numbers].astype(np.intp), len(codes) + 1
    communes, people = _count_by(array, geography, numbers, here, size)
    cells = (
        None
        if members is None
        else np.sum([_count_by(m, geography, numbers, here, size)[0] for m in members], axis=0)
    )
    if wanted == "commune":
        return [
            _summary(
                f"COM-{geography.codes[number]}",
                geography.names[number],
                communes[i],
                people[i],
                full_level,
                cells=None if cells is None else cells[i],
            )
            for i, number in enumerate(numbers)
        ]
    everywhere = np.bincount(index[geography.exists], minlength=size)
    inside = np.bincount(here, minlength=size)
    prefix = {"region": "REG", "departement": "DEP", "epci": "EPCI"}[wanted]
    parts = [
        _summary(
            f"{prefix}-{codes[position - 1]}" if position else NO_EPCI,
            names[position - 1] if position else "",
            communes[position],
            people[position],
            full_level,
            partial=bool(position and everywhere[position] > inside[position]),
            cells=None if cells is None else cells[position],
        )
        for position in np.flatnonzero(inside)
    ]
    return sorted(parts, key=lambda part: (part.code == NO_EPCI, part.code))


def _count(array: Bytes, geography: Geography, numbers: NDArray[np.intp]) -> tuple[Counts, Counts]:
    """(communes, inhabitants) in each of the eight states, among `numbers`."""
    zeros = np.zeros(len(numbers), np.intp)
    communes, people = _count_by(array, geography, numbers, zeros, 1)
    return communes[0], people[0]


def _count_by(
    array: Bytes,
    geography: Geography,
    numbers: NDArray[np.intp],
    groups: NDArray[np.intp],
    size: int,
) -> tuple[Counts, Counts]:
    """Tables of `size` groups by eight states: communes, and inhabitants."""
    cell = groups * len(State) + array[numbers]
    shape = (size, len(State))
    communes = np.bincount(cell, minlength=size * len(State)).reshape(shape)
    # Populations stay far below 2**53, so the float sums of bincount are exact.
    people = np.bincount(
        cell, weights=geography.population[numbers], minlength=size * len(State)
    ).reshape(shape)
    return communes.astype(np.int64), people.astype(np.int64)


def _summary(
    code: str,
    name: str,
    communes: Counts,
    people: Counts,
    full_level: int,
    *,
    partial: bool = False,
    cells: Counts | int | None = None,
) -> Summary:
    total = int(communes.sum())
    by_word = _simple(communes, full_level)
    return Summary(
        code=code,
        name=name,
        communes=total,
        states=_by_slug(communes),
        simple=by_word,
        population=_by_slug(people),
        inhabitants=int(people.sum()),
        bounds=_bounds(by_word, total),
        population_bounds=_bounds(_simple(people, full_level), int(people.sum())),
        known_share=1 - int(communes[State.UNKNOWN]) / total if total else 0.0,
        partial=partial,
        cells=None if cells is None else _by_slug(np.asarray(cells) + np.zeros(len(State), int)),
    )


def _by_slug(counts: Counts) -> dict[str, int]:
    return {state.slug: int(counts[state]) for state in State}


def _simple(counts: Counts, full_level: int) -> dict[str, int]:
    words = {word.value: 0 for word in Simple}
    for state in State:
        words[simple(state, state.level, full_level).value] += int(counts[state])
    return words


def _bounds(words: Mapping[str, int], total: int) -> Bounds:
    own = total - words[Simple.OTHER]
    if own <= 0:
        return Bounds(None, None)
    present, unknown = words[Simple.PRESENT], words[Simple.UNKNOWN]
    return Bounds(present / own, (present + unknown) / own)
