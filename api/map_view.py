"""One map of one question: which class each commune is in, and what the legend counts.

The page, the picture, the table, the CSV and the bytes that the browser colours with are all
made from the same `MapView`, so they cannot disagree. Two readings exist: each commune by its
state, or each département or EPCI by the share of its communes that surely offer the service.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from api.formats import Formats
from api.i18n_texts import Texts
from api.site import Edition
from catalog import summary
from catalog.naming import fold
from catalog.referential import BUNDLE_ID, Referential
from catalog.states import Simple, State
from catalog.summary import Summary
from catalog.territories import parse
from tiles.pictures import Colour, Theme

type Level = Literal["departement", "epci", "commune"]
type Classes = NDArray[np.uint8]

# A share class is told by the lowest share that it holds; the last one ends at 1.
SHARES = (0.0, 0.2, 0.4, 0.6, 0.8)
NOTHING_KNOWN, OTHER = 0, len(SHARES) + 1
ISOLATED = {"light": "#0B3C8C", "dark": "#BDE5FD"}
SET_ASIDE = {"light": "#E3E5E8", "dark": "#3C4046"}


@dataclass(frozen=True, slots=True)
class Question:
    """What is asked of the map. `at` is the end of `day`, `day` None means now."""

    service: str
    day: date | None
    at: datetime
    level: Level
    territory: str
    isolate: str | None


@dataclass(frozen=True, slots=True)
class Entry:
    """A row of the legend: a class, its words and mark, and the communes in it.

    In the reading by area `areas` counts the areas of the class; None in the other reading.
    """

    index: int
    slug: str
    words: str
    mark: str
    communes: int
    areas: int | None = None

    def share(self, total: int) -> float:
        return self.communes / total if total else 0.0


@dataclass(frozen=True, slots=True)
class MapView:
    """Everything that any channel shows of one question."""

    question: Question
    classes: Classes  # palette index by commune number
    members: NDArray[np.bool_]  # by commune number: in the territory
    whole: Summary
    parts: tuple[Summary, ...]
    legend: tuple[Entry, ...]

    @property
    def isolated(self) -> Entry | None:
        """The class that is shown alone, if any."""
        return next((one for one in self.legend if one.slug == self.question.isolate), None)

    def palette(self, theme: Theme) -> list[Colour]:
        """How each class is drawn; with one class isolated, the others are one pale colour."""
        colours = _palette(self.question.level, theme)
        if (alone := self.isolated) is None:
            return colours
        return [
            Colour(ISOLATED[theme] if index == alone.index else SET_ASIDE[theme])
            for index in range(len(colours))
        ]


def title_of(service: str, referential: Referential, language: str) -> str:
    return referential.title(service, language)


async def look(
    edition: Edition, referential: Referential, question: Question, t: Texts, fmt: Formats
) -> MapView:
    """Answer a question. Raises NotFound for an unknown service or territory."""
    geography = edition.geography
    array = await edition.arrays.get(question.service, question.at)
    cells = await edition.arrays.members(question.at) if question.service == BUNDLE_ID else None
    level = referential.full_level(question.service)
    mask = geography.within(question.territory)
    whole = summary.summarise(array, geography, question.territory, level, members=cells)
    kind, _ = parse(question.territory)
    parts: Sequence[Summary] = ()
    if kind != "commune":
        parts = summary.children(array, geography, question.territory, level, members=cells)
    if question.level == "commune":
        legend = _states(whole, t.language)
        classes = array
    else:
        areas = summary.children(array, geography, "FR", level, question.level)
        classes = _by_area(edition, question.level, areas)
        legend = _shares(classes, mask, edition, question.level, t, fmt)
    return MapView(question, classes, mask, whole, tuple(parts), legend)


def share_class(area: Summary) -> int:
    """The class of an area: by the share of its communes that surely offer the service.

    What is not known never counts as offered; an area of which nothing is known is a class of
    its own, and so is one where another body provides the service everywhere.
    """
    if area.states[State.UNKNOWN.slug] == area.communes:
        return NOTHING_KNOWN
    lower = area.bounds.lower
    if lower is None:
        return OTHER
    return sum(1 for least in SHARES if lower >= least)


def _by_area(edition: Edition, level: Level, areas: Sequence[Summary]) -> Classes:
    index, codes, _ = edition.geography.index_of(level)
    by_code = {area.code.partition("-")[2]: share_class(area) for area in areas}
    # Position 0 gathers the communes that belong to no area of that kind.
    none = next((share_class(area) for area in areas if area.code.startswith("NO-")), 0)
    lookup = np.array([none, *(by_code.get(code, NOTHING_KNOWN) for code in codes)], np.uint8)
    classes: Classes = lookup[index]
    classes[~edition.geography.exists] = NOTHING_KNOWN
    return classes


def _palette(level: Level, theme: Theme) -> list[Colour]:
    dark = theme == "dark"
    looks = [state.look for state in State]
    colours = [Colour(look.dark if dark else look.light, look.hatch) for look in looks]
    if level == "commune":
        return colours
    unknown, other = colours[State.UNKNOWN], colours[State.OTHER_BODY]
    return [unknown, *colours[State.INFORMATION : State.PROACTIVE + 1], other]


def _states(whole: Summary, language: str) -> tuple[Entry, ...]:
    return tuple(
        Entry(int(s), s.slug, s.title(language), s.look.mark, whole.states[s.slug]) for s in State
    )


def _shares(
    classes: Classes,
    mask: NDArray[np.bool_],
    edition: Edition,
    level: Level,
    t: Texts,
    fmt: Formats,
) -> tuple[Entry, ...]:
    index, _, _ = edition.geography.index_of(level)
    inside = classes[mask]
    entries = []
    for position in range(OTHER + 1):
        if position == NOTHING_KNOWN:
            slug, words, mark = "nothing-known", t("map.share.nothing"), "?"
        elif position == OTHER:
            slug, words, mark = "other-body", t("map.share.other"), "↗"
        else:
            least = SHARES[position - 1]
            most = SHARES[position] if position < len(SHARES) else 1.0
            slug = f"from-{round(least * 100)}"
            words = t("map.share.range", low=round(least * 100), high=fmt.percent(most))
            mark = str(position)
        areas = len(np.unique(index[mask & (classes == position)]))
        entries.append(Entry(position, slug, words, mark, int((inside == position).sum()), areas))
    return tuple(entries)


def sentence(view: MapView, t: Texts, fmt: Formats) -> str:
    """One sentence that says the picture: what is known, what is offered, between which bounds."""
    whole = view.whole
    parts = [
        t(
            "map.sentence.known",
            share=fmt.percent(whole.known_share),
            known=fmt.number(whole.known),
            total=fmt.number(whole.communes),
        )
    ]
    present = whole.simple[Simple.PRESENT.value]
    if whole.bounds.lower is not None and whole.bounds.upper is not None:
        parts.append(
            t(
                "map.sentence.bounds",
                present=fmt.number(present),
                lower=fmt.percent(whole.bounds.lower),
                upper=fmt.percent(whole.bounds.upper),
            )
        )
    if other := whole.simple[Simple.OTHER.value]:
        parts.append(t("map.sentence.other", other=fmt.number(other)))
    if whole.cells is not None:
        cells = sum(whole.cells.values())
        known = cells - whole.cells[State.UNKNOWN.slug]
        parts.append(
            t("map.sentence.cells", known=fmt.number(known), total=fmt.number(cells),
              share=fmt.percent(known / cells if cells else 0.0))
        )  # fmt: skip
    return " ".join(parts)


def ranges(mask: NDArray[np.bool_]) -> list[list[int]]:
    """The members of a territory as [first, last] pairs of numbers: short, and enough to draw."""
    numbers = np.flatnonzero(mask)
    if not len(numbers):
        return []
    cuts = np.flatnonzero(np.diff(numbers) > 1) + 1
    return [[int(run[0]), int(run[-1])] for run in np.split(numbers, cuts)]
