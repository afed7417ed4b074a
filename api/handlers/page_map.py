"""The map: its page, the panel that scripts ask for, its picture, its table as CSV, and the bytes
that a browser colours with.

Every channel is made from one `MapView`; this module only parses, asks and answers.
"""

import asyncio
import csv
import io
from collections import OrderedDict
from functools import partial
from typing import Any

import msgspec
from tornado.routing import URLSpec

from api import map_page, map_picture, map_view
from api.addresses import LANGUAGES, address
from api.handlers.base import IMMUTABLE, ApiHandler, PageHandler, page_routes
from api.handlers.tile_files import generation_number
from api.map_view import Filters, MapView
from api.map_words import Words
from api.moments import end_of
from api.openapi import Answer, Operation, TemplateRoute
from api.parameters import Parameter, choice, day, limit, text
from api.questions import services
from api.territory_raster import TerritoryRasters
from catalog.csv_cells import cell
from catalog.referential import BUNDLE_ID
from catalog.states import State
from catalog.territories import NO_EPCI
from config.errors import NotFound
from geo import id_raster
from tiles import pictures

SERVICE = choice("service", "A service of the referential, or `minimum-bundle`.", services,
                 default="official-site")  # fmt: skip
DAY = day("date", "The map as it was at the end of that day; absent: now.")
LEVEL = choice("level", "The parts to colour and count.", lambda: map_view.LEVELS,
               default="departement")  # fmt: skip
TERRITORY = text("territory", "FR, REG-84, DEP-69 or EPCI-200046977.", max_length=14,
                 default="FR", pattern="FR|(REG|DEP|EPCI|COM)-[0-9A-Z]{1,9}")  # fmt: skip
VIEW = choice("view", "Map or table.", lambda: map_view.VIEWS, default="map")
ISOLATE = choice("isolate", "The class to show alone.", lambda: map_view.ISOLATED)
SORT = choice("sort", "The column that orders the table, with `-` to go down.",
              lambda: (*map_view.SORTS, *(f"-{key}" for key in map_view.SORTS)),
              default="code")  # fmt: skip
PAGE: Parameter[int] = limit(default=1, maximum=999)
PAGE = Parameter("page", "The page of the table.", PAGE.read, PAGE.schema, 1)
THEME = choice("theme", "The colours of the picture.", lambda: ("light", "dark"), default="light")
PLAIN = choice("plain", "The picture without title, legend and notes.", lambda: ("yes",))
ASKED = (SERVICE, DAY, LEVEL, TERRITORY, ISOLATE)
LICENCE = "https://www.etalab.gouv.fr/licence-ouverte-open-licence/"
PICTURES = 64  # drawn pictures that a process keeps: about 6 MB


class MapHandler(PageHandler):
    """What the channels of the map share: the filters, and their one view."""

    def filters(self) -> Filters:
        asked = self.asked
        return Filters(
            service=asked["service"],
            day=asked["date"],
            territory=asked["territory"],
            level=asked["level"],
            view=asked.get("view", "map"),
            isolate=asked.get("isolate"),
            sort=asked.get("sort", "code"),
            page=asked.get("page", 1),
        )

    async def view(self) -> MapView:
        filters = self.filters()
        edition = self.site.edition
        at = end_of(filters.day) if filters.day else self.now
        array = await edition.arrays.get(filters.service, at)
        members = await edition.arrays.members(at) if filters.service == BUNDLE_ID else None
        return map_view.build(filters, array, edition.geography, self.site.referential, members)

    def words(self, view: MapView) -> Words:
        return Words(self.t, self.fmt, self.site.referential, view, self.now.date())

    def rasters(self) -> TerritoryRasters:
        return rasters_of(self)

    async def bundle(self, view: MapView) -> list[dict[str, Any]]:
        """The members of the minimum bundle over the territory, one summary each."""
        if view.filters.service != BUNDLE_ID:
            return []
        edition = self.site.edition
        at = end_of(view.filters.day) if view.filters.day else self.now
        arrays = await edition.arrays.members(at)
        return map_page.bundle_rows(
            view, arrays, edition.geography, self.site.referential, self.language
        )


def rasters_of(handler: PageHandler | ApiHandler) -> TerritoryRasters:
    """The territory rasters of the current edition; those of a former one are let go."""
    held = handler.application.settings
    edition = handler.site.edition
    found = held.get("territory_rasters")
    if found is None or found[0] != edition.id:
        found = (edition.id, TerritoryRasters(handler.site.pool, edition.geography))
        held["territory_rasters"] = found
    rasters: TerritoryRasters = found[1]
    return rasters


class MapPage(MapHandler):
    parameters = (*ASKED, VIEW, SORT, PAGE)

    async def get(self) -> None:
        if self.ask(TERRITORY).startswith("COM-"):
            code = self.ask(TERRITORY).removeprefix("COM-")
            self.redirect(self.url("commune", code=code), status=303)
            return
        view = await self.view()
        words = self.words(view)
        site = map_page.Site(self.site, self.language, self.now.date())
        self.render_page(
            "map.html",
            **map_page.values(site, view, words, await self.bundle(view)),
            data=map_page.browser_data(site, view, words),
        )


class MapPanel(MapHandler):
    """The parts of the page that follow the filters, as JSON: scripts put them in its place."""

    parameters = (*ASKED, VIEW, SORT, PAGE)

    async def get(self) -> None:
        view = await self.view()
        words = self.words(view)
        site = map_page.Site(self.site, self.language, self.now.date())
        values = {
            **self.context(),
            **map_page.values(site, view, words, await self.bundle(view)),
            "partial": True,
        }
        parts = {
            name: self.render_to_text(f"map_{name}.html", values)
            for name in ("heading", "tools", "overlay", "panel", "more", *(
                ("table",) if view.filters.view == "table" else ()))
        }  # fmt: skip
        answer = {
            "title": words.title,
            "announce": words.announcement,
            "sentence": words.sentence,
            "label": self.t("map.map_label", title=words.title),
            "view": map_page.browser_view(site, view, words),
            "parts": parts,
        }
        self.set_header("Cache-Control", "no-cache")
        self.send(msgspec.json.encode(answer), "application/json")

    def write_error(self, status_code: int, **kwargs: Any) -> None:
        self.error_headers(status_code)
        self.write_problem(status_code, kwargs.get("exc_info", (None, None))[1])


class MapClasses(MapHandler):
    """One byte per commune number: the class that the map draws, an index of its palette."""

    parameters = ASKED

    async def get(self) -> None:
        view = await self.view()
        self.set_header("X-Guichet-Geography", self.site.edition.geography.vintage)
        self.set_header("X-Guichet-Length", str(len(view.classes)))
        await self.send_large(view.classes.tobytes(), "application/octet-stream")


class MapPicture(MapHandler):
    """The map as a PNG, with its title, legend, date and licence unless `plain`."""

    parameters = (*ASKED, THEME, PLAIN)

    async def get(self) -> None:
        filters = self.filters().sensible()
        edition, today = self.site.edition, self.now.date()
        theme, plain = self.ask(THEME), self.ask(PLAIN) is not None
        key = (edition.version, self.language, filters, filters.day or today, theme, plain)
        if self.unchanged("picture", *key[1:]):
            return
        held: OrderedDict[Any, bytes] = self.application.settings.setdefault(
            "map_pictures", OrderedDict()
        )
        picture = held.get(key)
        if picture is None:
            view = await self.view()
            words = self.words(view)
            if filters.territory == "FR":
                rasters = await asyncio.to_thread(country_rasters, self.application, edition)
                draw = partial(self._country, view, words, rasters, theme, plain)
            else:
                raster = await self.rasters().get(filters.territory)
                draw = partial(self._territory, view, words, raster.ids(), theme, plain)
            picture = held[key] = await asyncio.to_thread(draw)
            while len(held) > PICTURES:
                held.popitem(last=False)
        if not plain:
            name = f"guichet-{filters.service}-{filters.territory}-{filters.day or today}.png"
            self.set_header("Content-Disposition", f'inline; filename="{name}"')
        self.send(picture, "image/png")

    def _legend(self, view: MapView, words: Words) -> list[pictures.LegendRow]:
        rows = view.shares if view.by_area and not view.drawn_by_commune else view.states
        return [
            pictures.LegendRow(
                row.drawn
                if view.filters.isolate is None
                else (map_view.CHOSEN if row.isolated else map_view.REST),
                words.row(row),
                words.figures(row),
            )
            for row in rows
            if row.count
        ]

    def _notes(self, words: Words) -> list[str]:
        return [words.sentence, map_page.credit(self.site.edition, words),
                self.t("map.independent")]  # fmt: skip

    def _country(
        self, view: MapView, words: Words, rasters: Any, theme: map_view.Theme, plain: bool
    ) -> bytes:
        return pictures.country(
            rasters,
            view.classes,
            map_picture.colours(theme),
            self.site.edition.geography.departement_index,
            theme=theme,
            language=self.language,
            title="" if plain else words.title,
            legend=() if plain else self._legend(view, words),
            footnotes=() if plain else self._notes(words),
        )

    def _territory(
        self, view: MapView, words: Words, ids: Any, theme: map_view.Theme, plain: bool
    ) -> bytes:
        geography = self.site.edition.geography
        level = view.filters.level
        areas = None if level == "commune" else geography.index_of(level)[0]
        return map_picture.territory(
            ids,
            view,
            geography.departement_index,
            areas,
            theme=theme,
            title="" if plain else words.title,
            legend=() if plain else self._legend(view, words),
            footnotes=() if plain else self._notes(words),
        )


def country_rasters(application: Any, edition: Any) -> dict[str, id_raster.Ids]:
    """The id rasters of an edition, decoded once."""
    held = application.settings.get("country_rasters")
    if held is None or held[0] != edition.geography.vintage:
        found = {
            path.stem: id_raster.from_webp(path.read_bytes())
            for path in (edition.folder / "ids").glob("*.webp")
        }
        held = application.settings["country_rasters"] = (edition.geography.vintage, found)
    rasters: dict[str, id_raster.Ids] = held[1]
    return rasters


class MapTable(MapHandler):
    """The rows of the table as CSV: UTF-8, one row per part of the territory, codes as text."""

    parameters = (*ASKED, SORT)

    async def get(self) -> None:
        view = await self.view()
        when = (view.filters.day or self.now.date()).isoformat()
        body = await asyncio.to_thread(self._rows, view, when)
        name = f"guichet-{view.filters.service}-{view.filters.territory}-{when}.csv"
        self.set_header("Content-Disposition", f'attachment; filename="{name}"')
        self.set_header(
            "Link", '<https://www.etalab.gouv.fr/licence-ouverte-open-licence/>; rel="license"'
        )
        await self.send_large(body, "text/csv; charset=utf-8")

    def _rows(self, view: MapView, when: str) -> bytes:
        words = self.words(view)
        out = io.StringIO()
        # Text is quoted and numbers are not: a code keeps its zero in whatever reads types.
        writer = csv.writer(out, lineterminator="\r\n", quoting=csv.QUOTE_NONNUMERIC)
        slugs = [state.slug for state in State]
        if view.by_area:
            writer.writerow(
                ["code", "name", "service", "date", "communes", *slugs, "present_at_least",
                 "present_at_most", "known_share", "population"]
            )  # fmt: skip
            for area in map_view.ordered(view):
                code = area.code.partition("-")[2] if area.code != NO_EPCI else ""
                writer.writerow(
                    [code, cell(words.area(area)), view.filters.service, when,
                     area.communes, *area.states.values(), _share(area.bounds.lower),
                     _share(area.bounds.upper), _share(area.known_share), area.inhabitants]
                )  # fmt: skip
        else:
            geography = self.site.edition.geography
            writer.writerow(["code", "name", "service", "date", "state", "population"])
            for number in map_view.communes_in_order(view, geography).tolist():
                writer.writerow(
                    [geography.codes[number], cell(geography.names[number]),
                     view.filters.service, when, slugs[view.array[number]],
                     int(geography.population[number])]
                )  # fmt: skip
        return out.getvalue().encode()


def _share(value: float | None) -> float | str:
    return "" if value is None else round(value, 6)


class TerritoryIds(ApiHandler):
    """The id raster of one territory among its neighbours (see api.territory_raster)."""

    operation = Operation(
        "territoryIds",
        "Commune numbers as pixels of one territory",
        "Map",
        media_type="image/webp",
        description=(
            "Red * 256 + green is a commune number, 0 is no land. Outside the territory, one "
            "number stands for the whole of each département."
        ),
    )

    async def get(self, generation: str, territory: str) -> None:
        if generation_number(generation) != self.site.edition.id:
            raise NotFound("Territory rasters are made for the current generation only.")
        self.set_header("Cache-Control", IMMUTABLE)
        if self._tag(f"{generation}-{self.site.release}-{territory}"[:60].replace('"', "")):
            return
        found = await rasters_of(self).get(territory)
        self.set_header("X-Guichet-Projection", str(found.frame.epsg))
        self.set_header("X-Guichet-Bounds", " ".join(f"{side:.1f}" for side in found.frame.bounds))
        self.set_header("X-Guichet-Corners", " ".join(f"{side:.6f}" for side in found.corners))
        self.send(found.image, "image/webp")


class NamesAnswer(Answer, kw_only=True):
    """`communes`: code and name by commune number."""

    communes: dict[str, list[str]]


class CommuneNames(ApiHandler):
    """Codes and names of the communes of a département, by number: what a map says on hover."""

    operation = Operation(
        "communeNames", "Numbers, codes and names of a département's communes", "Map", NamesAnswer
    )

    def get(self, generation: str, departement: str) -> None:
        edition = self.site.edition
        if generation_number(generation) != edition.id:
            raise NotFound("Names are given for the current generation only.")
        geography = edition.geography
        numbers = geography.members(f"DEP-{departement}").tolist()
        self.set_header("Cache-Control", IMMUTABLE)
        self.reply(
            NamesAnswer,
            communes={str(n): [geography.codes[n], geography.names[n]] for n in numbers},
        )


ROUTES = [
    *page_routes("map", MapPage),
    *page_routes("map-image", MapPicture),
    *page_routes("map-table", MapTable),
    *page_routes("map-classes", MapClasses),
    *(
        URLSpec(address("map", language) + r"\.json$", MapPanel,
                {"page": "map", "language": language})
        for language in LANGUAGES
    ),
    TemplateRoute("/ids/{generation}/territories/{territory}.webp", TerritoryIds),
    TemplateRoute("/ids/{generation}/names/{departement}.json", CommuneNames),
]  # fmt: skip
