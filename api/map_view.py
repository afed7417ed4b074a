"""What the map shows for one question: the one place that counts and classes.

The page, its picture, its CSV and the panel that scripts ask for are all made from a `MapView`,
so that they cannot disagree. Pure: arrays in, values out, no database and no words.

Two readings of the same bytes:
- by commune: the colour of a commune is its state;
- by area (département or EPCI): the colour is the share that is *proven* present, « at least
  X % », in five classes; an area of which nothing is known is drawn as unknown, never as 0 %.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import date
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from catalog import summary
from catalog.naming import fold
from catalog.referential import BUNDLE_ID, Referential
from catalog.states import Simple, State
from catalog.summary import Summary
from catalog.territories import KINDS, NO_EPCI, Geography, parse

type Bytes = NDArray[np.uint8]
type Theme = Literal["light", "dark"]

LEVELS = ("departement", "epci", "commune")
VIEWS = ("map", "table")
# What is drawn: the eight states, whose colours the five share classes borrow (share class n is
# drawn as level n), then what isolating a class adds, and the land outside the territory.
SHARE_CLASSES = 5
CHOSEN, REST, OUTSIDE = 8, 9, 10
SHARES: Mapping[str, State] = {
    **{f"share-{n}": State.of_level(n) for n in range(SHARE_CLASSES, 0, -1)},
    "share-other": State.OTHER_BODY,
    "share-unknown": State.UNKNOWN,
}
ISOLATED = (*(state.slug for state in State), *SHARES)
# Order of the legend: what goes furthest first, the unknown last.
STATE_ORDER = (
    *sorted((s for s in State if s.level), reverse=True),
    State.ABSENT,
    State.OTHER_BODY,
    State.UNKNOWN,
)
SORTS = ("name", "code", "communes", "population", "known", "share", "state")
# The chosen class against the rest: 8.2:1 (light) and 7.8:1 (dark).
_EXTRA: Mapping[Theme, tuple[str, str, str]] = {
    "light": ("#0B3C8C", "#E3E5E8", "#F6F7F8"),
    "dark": ("#BDE5FD", "#3C4046", "#1D2228"),
}


@dataclass(frozen=True, slots=True)
class Filters:
    """What was asked. `day` None means now; `sort` begins with `-` to go down."""

    service: str
    day: date | None = None
    territory: str = "FR"
    level: str = "departement"
    view: str = "map"
    isolate: str | None = None
    sort: str = "code"
    page: int = 1

    @property
    def sort_key(self) -> str:
        return self.sort.lstrip("-")

    @property
    def descending(self) -> bool:
        return self.sort.startswith("-")

    def sensible(self) -> "Filters":
        """The same with a level that lies below the territory, and a class that this level has.

        Raises NotFound when the territory's code is no territory's.
        """
        below = levels_below(self.territory)
        level = self.level if self.level in below or not below else below[0]
        isolate = self.isolate
        if isolate in SHARES and level == "commune":
            isolate = None
        return replace(self, level=level, isolate=isolate)


@dataclass(frozen=True, slots=True)
class Row:
    """One line of the legend. `count` is of areas or communes; `share` is of all of them."""

    id: str
    drawn: int  # the class, an index of `palette`
    count: int
    share: float
    population: int | None  # inhabitants; None for classes of areas
    isolated: bool

    @property
    def state(self) -> State:
        """The state whose colour and mark it has."""
        return State(self.drawn)


@dataclass(frozen=True, slots=True)
class MapView:
    """Everything that the map, the table and the files of one question say.

    By commune number: `array` is the state and `classes` the drawn class (0 where there is no
    member). `areas` are the parts of the territory at the level, which sum to `whole`; empty
    when the map is coloured by commune, whose rows are `communes_in_order`.
    """

    filters: Filters
    kind: str
    whole: Summary
    areas: tuple[Summary, ...]
    array: Bytes
    classes: Bytes
    members: NDArray[np.bool_]
    states: tuple[Row, ...]
    shares: tuple[Row, ...]  # empty when the map is coloured by commune

    @property
    def by_area(self) -> bool:
        return self.filters.level != "commune"

    @property
    def drawn_by_commune(self) -> bool:
        """Whether communes of one area may differ in colour."""
        return not self.by_area or self.filters.isolate in {s.slug for s in State}


def levels_below(territory: str) -> tuple[str, ...]:
    """The levels that a territory can be cut into. Raises NotFound for a bad code."""
    kind, _ = parse(territory)
    return tuple(one for one in LEVELS if KINDS.index(one) > KINDS.index(kind))


def share_class(area: Summary) -> State:
    """The class of an area, as the state whose colour it borrows.

    Whole numbers only, so that the browser finds the same class from the same counts.
    """
    present, unknown = area.simple[Simple.PRESENT], area.simple[Simple.UNKNOWN]
    own = area.communes - area.simple[Simple.OTHER]
    if own == 0:
        return State.OTHER_BODY
    if unknown == own:
        return State.UNKNOWN
    return State.of_level(1 + min(SHARE_CLASSES - 1, present * SHARE_CLASSES // own))


def share_bounds(slug: str) -> tuple[int, int]:
    """The percentages of a share class, such as (20, 40): from the first, below the second."""
    n = SHARES[slug].level or 0
    return (n - 1) * 100 // SHARE_CLASSES, n * 100 // SHARE_CLASSES


def palette(theme: Theme) -> tuple[str, ...]:
    """#RRGGBB of every drawn class, by its number."""
    return (*(getattr(state.look, theme) for state in State), *_EXTRA[theme])


def build(
    filters: Filters,
    array: Bytes,
    geography: Geography,
    referential: Referential,
    members: Sequence[Bytes] | None = None,
) -> MapView:
    """Count and class one service at one day. Raises NotFound for an unknown territory.

    `array` holds one state byte per commune number; `members`, for the minimum bundle, the
    arrays of its services.
    """
    filters = filters.sensible()
    code, level = filters.territory, filters.level
    full_level = referential.full_level(filters.service)
    bundle = members if filters.service == BUNDLE_ID else None
    whole = summary.summarise(array, geography, code, full_level, members=bundle)
    inside = geography.within(code)
    by_area = level != "commune"
    areas = (
        tuple(summary.children(array, geography, code, full_level, level, members=bundle))
        if by_area
        else ()
    )
    drawn = _by_area(areas, geography, level) if by_area else array
    classes = _isolated(filters.isolate, drawn, array)
    classes[~inside] = 0
    return MapView(
        filters=filters,
        kind=parse(code)[0],
        whole=whole,
        areas=areas,
        array=array,
        classes=classes,
        members=inside,
        states=_state_rows(whole, filters.isolate),
        shares=_share_rows(areas, filters.isolate) if by_area else (),
    )


def _by_area(areas: Sequence[Summary], geography: Geography, level: str) -> Bytes:
    """The class of each commune's area, by commune number."""
    index, codes, _ = geography.index_of(level)
    position = {code: i for i, code in enumerate(codes, start=1)}
    lookup = np.zeros(len(codes) + 1, np.uint8)
    for area in areas:
        where = 0 if area.code == NO_EPCI else position[area.code.partition("-")[2]]
        lookup[where] = share_class(area)
    return lookup[index]


def _isolated(isolate: str | None, drawn: Bytes, array: Bytes) -> Bytes:
    """One class against all others. A state isolates communes, at every level."""
    if isolate is None:
        return drawn.copy()
    chosen = drawn == SHARES[isolate] if isolate in SHARES else array == State.of_slug(isolate)
    return np.where(chosen, CHOSEN, REST).astype(np.uint8)


def _state_rows(whole: Summary, isolate: str | None) -> tuple[Row, ...]:
    return tuple(
        Row(
            id=state.slug,
            drawn=int(state),
            count=whole.states[state.slug],
            share=whole.states[state.slug] / whole.communes if whole.communes else 0.0,
            population=whole.population[state.slug],
            isolated=isolate == state.slug,
        )
        for state in STATE_ORDER
    )


def _share_rows(areas: Sequence[Summary], isolate: str | None) -> tuple[Row, ...]:
    classes = [share_class(area) for area in areas]
    return tuple(
        Row(
            id=slug,
            drawn=int(state),
            count=classes.count(state),
            share=classes.count(state) / len(classes) if classes else 0.0,
            population=None,
            isolated=isolate == slug,
        )
        for slug, state in SHARES.items()
    )


def ordered(view: MapView) -> tuple[Summary, ...]:
    """The areas in the order that was asked for; ties by code; what has no figure comes last."""
    key, down = view.filters.sort_key, view.filters.descending
    by_code = sorted(view.areas, key=lambda area: area.code)
    if key == "code":
        return tuple(reversed(by_code) if down else by_code)
    if key == "name":
        return tuple(sorted(by_code, key=lambda area: fold(area.name), reverse=down))

    def rank(area: Summary) -> tuple[bool, float]:
        figures = {
            "communes": area.communes,
            "known": area.known_share,
            "population": area.inhabitants,
        }
        value = figures.get(key, area.bounds.lower)
        return value is None, 0.0 if value is None else -value if down else value

    return tuple(sorted(by_code, key=rank))


def communes_in_order(view: MapView, geography: Geography) -> NDArray[np.intp]:
    """The numbers of the territory's communes in the order that was asked for; ties by code."""
    numbers = np.array(
        sorted(np.flatnonzero(view.members).tolist(), key=geography.codes.__getitem__), np.intp
    )
    match view.filters.sort_key:
        case "name":
            names = [fold(geography.names[number]) for number in numbers]
            order = np.array(sorted(range(len(names)), key=names.__getitem__), np.intp)
        case "population":
            order = np.argsort(geography.population[numbers], kind="stable")
        case "state" | "share" | "known":
            order = np.argsort(view.array[numbers], kind="stable")
        case _:
            order = np.arange(len(numbers))
    found: NDArray[np.intp] = numbers[order[::-1] if view.filters.descending else order]
    return found


def trail(geography: Geography, code: str) -> tuple[str, ...]:
    """The codes from France down to a territory, both included. Raises NotFound.

    An EPCI is reached through the département that holds most of its communes.
    """
    kind, _ = parse(code)
    numbers = geography.members(code)
    if kind == "france":
        return ("FR",)
    if not len(numbers):
        return ("FR", code)
    found = ["FR"]
    for above, prefix in (("region", "REG"), ("departement", "DEP"), ("epci", "EPCI")):
        if above == kind:
            break
        index, codes, _ = geography.index_of(above)
        most = int(np.bincount(index[numbers]).argmax())
        # A région of one département (overseas) would be the same step twice.
        same = above == "region" and np.array_equal(
            index == most, geography.departement_index == geography.departement_index[numbers[0]]
        )
        if most and not same:
            found.append(f"{prefix}-{codes[most - 1]}")
    return (*found, code)


def ranges(mask: NDArray[np.bool_]) -> list[list[int]]:
    """The members of a territory as [first, last] pairs of numbers: short, and enough to draw."""
    numbers = np.flatnonzero(mask)
    if not len(numbers):
        return []
    cuts = np.flatnonzero(np.diff(numbers) > 1) + 1
    return [[int(run[0]), int(run[-1])] for run in np.split(numbers, cuts)]
