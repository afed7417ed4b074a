"""What the map's templates and scripts receive, made from one `MapView`."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from typing import Any

import numpy as np

from api.addresses import address
from api.map_view import (
    LEVELS,
    SHARES,
    Bytes,
    MapView,
    Theme,
    communes_in_order,
    levels_below,
    ordered,
    palette,
    ranges,
    share_class,
    trail,
)
from api.map_words import Words
from api.site import Edition
from api.site import Site as Process
from api.territory_raster import departement_runs
from catalog import summary
from catalog.referential import BUNDLE_ID, Referential
from catalog.states import State, present_from
from catalog.summary import Summary
from catalog.territories import NO_EPCI, Geography
from geo.frames import FRAMES, METROPOLE, WITHOUT_DATA
from tiles import mvt, pictures

ROWS = 150  # of a page of the table: every département fits on one
_OTHER_INKS = {
    "light": ("#FFFFFF", "#1B1F24", "#1B1F24"),
    "dark": ("#000000", "#F2F4F7", "#F2F4F7"),
}
_TEXTS = (
    "failed", "sea", "date_play", "date_pause", "permalink_copied", "open_territory", "no_epci",
    "detailed", "overview",
)  # fmt: skip
_TIPS = ("share", "nothing", "other", "part", "outside")


@dataclass(frozen=True, slots=True)
class Site:
    """The process, the language and the day of one request."""

    process: Process
    language: str
    today: date

    @property
    def edition(self) -> Edition:
        return self.process.edition

    @property
    def days(self) -> list[date]:
        """The dates of the slider: where something changed, then today."""
        past = [day for day in self.edition.breakpoints if day < self.today]
        return [*past, self.today]


@dataclass(frozen=True, slots=True)
class Line:
    """A row of the table: a part of the territory and where its name leads.

    `area` holds its counts; None for a commune, which has a `state` instead.
    """

    code: str
    name: str
    url: str | None
    drawn: int
    inhabitants: int
    area: Summary | None = None
    state: State | None = None


def query(view: MapView, /, **changed: object) -> dict[str, object]:
    """What was asked, with something changed; what is the default is left out."""
    asked = view.filters
    values: dict[str, object] = {
        "service": asked.service,
        "date": asked.day,
        "level": asked.level,
        "territory": asked.territory,
        "view": asked.view,
        "isolate": asked.isolate,
        "sort": asked.sort,
        "page": asked.page,
        **changed,
    }
    defaults = {"level": "departement", "territory": "FR", "view": "map", "sort": "code", "page": 1}
    return {
        name: value
        for name, value in values.items()
        if value is not None and defaults.get(name) != value
    }


def drill(site: Site, view: MapView, code: str) -> str | None:
    """Where a territory leads: the map of it, or the page of a commune."""
    kind, _, rest = code.partition("-")
    if code == NO_EPCI:
        return None
    if kind == "COM":
        return address("commune", site.language, code=rest)
    finer = levels_below(code)
    level = view.filters.level if view.filters.level in finer else (finer or LEVELS)[0]
    isolate = None if view.filters.isolate in SHARES else view.filters.isolate
    return address(
        "map", site.language,
        **query(view, territory=code, level=level, page=1, isolate=isolate),
    )  # fmt: skip


def values(
    site: Site, view: MapView, words: Words, bundle: Sequence[dict[str, Any]]
) -> dict[str, Any]:
    """What map.html and its parts are drawn with."""
    filters = view.filters
    geography = site.edition.geography
    rows = ordered(view) if view.by_area else communes_in_order(view, geography).tolist()
    pages = max(1, -(-len(rows) // ROWS))
    page = min(filters.page, pages)
    codes = trail(geography, filters.territory)

    def here(**changed: object) -> str:
        return address("map", site.language, **query(view, **changed))

    return {
        "view": view,
        "words": words,
        "filters": filters,
        "here": here,
        "drill": lambda code: drill(site, view, code),
        "file": lambda name, **changed: address(
            name, site.language, **query(view, view="map", page=1, **changed)
        ),
        "trail": [(code, geography.name_of(code)) for code in codes],
        "levels": [(level, level in levels_below(filters.territory)) for level in LEVELS],
        "days": site.days,
        "day_index": _day_index(site, filters.day),
        "lines": [line(site, view, words, row) for row in rows[(page - 1) * ROWS : page * ROWS]],
        "pages": pages,
        "page_number": page,
        "rows_count": len(rows),
        "credit": credit(site.edition, words),
        "bundle": bundle,
        "bundle_id": BUNDLE_ID,
        "frames": frames(site),
        "without_data": [fr if site.language == "fr" else en for _, fr, en in WITHOUT_DATA],
        "partial": False,
        "width": METROPOLE.width,
        "height": METROPOLE.height,
        "picture_size": (pictures.WIDTH, pictures.HEIGHT)
        if filters.territory == "FR"
        else (METROPOLE.width, METROPOLE.height),
        "colours": {theme: _inks(theme) for theme in ("light", "dark")},
        "unknown": view.whole.states[State.UNKNOWN.slug],
    }


def _inks(theme: Theme) -> list[tuple[str, str]]:
    """(colour, ink) of each drawn class, for style sheets."""
    inks = [getattr(state.look, f"ink_{theme}") for state in State]
    return list(zip(palette(theme), [*inks, *_OTHER_INKS[theme]], strict=True))


def line(site: Site, view: MapView, words: Words, row: Summary | int) -> Line:
    """The row of an area, or of a commune given by its number."""
    if isinstance(row, int):
        geography = site.edition.geography
        code = f"COM-{geography.codes[row]}"
        state = State(int(view.array[row]))
        return Line(
            code=code,
            name=geography.names[row],
            url=drill(site, view, code),
            drawn=int(state),
            inhabitants=int(geography.population[row]),
            state=state,
        )
    return Line(
        code=row.code,
        name=words.area(row),
        url=drill(site, view, row.code),
        drawn=int(share_class(row)),
        inhabitants=row.inhabitants,
        area=row,
    )


def _day_index(site: Site, day: date | None) -> int:
    """The position of the slider: the last date that is not after the day asked for."""
    days = site.days
    if day is None or day >= days[-1]:
        return len(days) - 1
    return max((i for i, one in enumerate(days) if one <= day), default=0)


def credit(edition: Edition, words: Words) -> str:
    """Who publishes the data, under which licence, as of when."""
    names = [re.split(r" [:(]", source.title)[0] for source in edition.sources]
    return str(
        words.t(
            "map.source_short",
            sources=", ".join(dict.fromkeys(names)),
            day=words.fmt.date(edition.data_date),
        )
    )


def bundle_rows(
    view: MapView,
    arrays: Sequence[Bytes],
    geography: Geography,
    referential: Referential,
    language: str,
) -> list[dict[str, Any]]:
    """What is known of each service of the minimum bundle over the territory."""
    return [
        {
            "id": service_id,
            "title": referential.title(service_id, language),
            "whole": summary.summarise(
                array, geography, view.filters.territory, referential.full_level(service_id)
            ),
        }
        for service_id, array in zip(referential.bundle, arrays, strict=True)
    ]


def frames(site: Site) -> list[dict[str, Any]]:
    """The windows of the country view; the first is metropolitan France."""
    return [
        {
            "id": frame.id,
            "name": frame.name(site.language),
            "width": frame.width,
            "height": frame.height,
            "territory": f"DEP-{frame.departements[0]}" if frame.departements else "FR",
            "bounds": frame.bounds,
            "epsg": frame.epsg,
        }
        for frame in FRAMES
    ]


def browser_view(site: Site, view: MapView, words: Words) -> dict[str, Any]:
    """The part of the scripts' data that follows the filters."""
    filters = view.filters
    codes = trail(site.edition.geography, filters.territory)
    return {
        "service": filters.service,
        "date": filters.day.isoformat() if filters.day else None,
        "level": filters.level,
        "territory": filters.territory,
        "view": filters.view,
        "isolate": filters.isolate,
        "present": present_from(site.process.referential.full_level(filters.service)),
        "members": None if filters.territory == "FR" else ranges(view.members),
        "up": codes[-2] if len(codes) > 1 else None,
    }


def browser_data(site: Site, view: MapView, words: Words) -> dict[str, Any]:
    """All that the scripts need, in the page: they ask the server for arrays and pixels only."""
    edition = site.edition
    geography = edition.geography
    positions, first = np.unique(geography.departement_index, return_index=True)
    region_of = {
        int(position): geography.regions[int(geography.region_index[number]) - 1]
        for position, number in zip(positions, first, strict=True)
        if position
    }
    language = site.language
    tiles = site.process.settings.tiles
    return {
        "language": language,
        "generation": edition.id,
        "version": edition.version,
        "length": geography.length,
        "base": address("map", language),
        "commune": address("commune", language, code="CODE"),
        "departements": [
            [code, name, region_of.get(i, "")]
            for i, (code, name) in enumerate(
                zip(geography.departements, geography.departement_names, strict=True), start=1
            )
        ],
        "regions": dict(zip(geography.regions, geography.region_names, strict=True)),
        "runs": departement_runs(geography.departement_index),
        "frames": frames(site),
        "days": [[day.isoformat(), words.fmt.date(day)] for day in site.days],
        "palette": {theme: palette(theme) for theme in ("light", "dark")},
        "paper": pictures.PAPER,
        "ink": pictures.INK,
        "hatch": pictures.HATCH,
        "states": [state.title(language) for state in State],
        "marks": [state.look.mark for state in State],
        "tips": {name: words.t(f"map.tip.{name}") for name in _TIPS},
        "texts": {
            name: words.t(f"map.{name}")
            for name in _TEXTS
        },
        # Below, the id raster is the map.
        "zooms": [mvt.COMMUNES_FROM, tiles.archive_max_zoom],
        "view": browser_view(site, view, words),
    }  # fmt: skip
