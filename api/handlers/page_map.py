"""The map: its page, its picture, its table as CSV, and the bytes that the browser colours with."""

import asyncio
import csv
import io
from collections import OrderedDict
from datetime import UTC, date, datetime, time, timedelta
from typing import Any

from api import map_view
from api.handlers.base import IMMUTABLE, PageHandler, page_routes
from api.map_view import MapView, Question
from api.parameters import choice, day, text
from api.questions import services
from catalog import territories
from catalog.referential import BUNDLE_ID
from catalog.states import Simple, State
from geo import id_raster
from tiles import pictures

SERVICE = choice("service", "A service of the referential, or `minimum-bundle`.", services,
                 default="official-site")  # fmt: skip
DAY = day("date", "The map as it was at the end of that day; absent: now.")
LEVEL = choice("level", "By which areas to colour.", lambda: ("departement", "epci", "commune"),
               default="departement")  # fmt: skip
TERRITORY = text("territory", "The territory to look at.", max_length=20, default="FR",
                 pattern="FR|(REG|DEP|EPCI|COM)-[0-9A-Z]{1,9}")  # fmt: skip
VIEW = choice("view", "Map or table.", lambda: ("map", "table"), default="map")
ISOLATE = text("isolate", "The class to show alone.", max_length=20, pattern="[a-z0-9-]+")
THEME = choice("theme", "The colours of the picture.", lambda: ("light", "dark"), default="light")
PLAIN = choice("plain", "Without title, legend and notes.", lambda: ("yes",))
SORT = choice("sort", "The column that orders the table.",
              lambda: ("name", "communes", "known", "present"), default="name")  # fmt: skip
ASKED = (SERVICE, DAY, LEVEL, TERRITORY)
PICTURES = 64  # drawn pictures kept by a process: about 6 MB

_drawn: "OrderedDict[tuple[Any, ...], bytes]" = OrderedDict()
_rasters: dict[str, dict[str, id_raster.Ids]] = {}


def end_of(one: date) -> datetime:
    """The end of a day, UTC: a release published that day is in it."""
    return datetime.combine(one + timedelta(days=1), time(), UTC) - timedelta(microseconds=1)


class MapHandler(PageHandler):
    """What the channels of the map share: the question, and its one view."""

    def question(self, isolate: str | None = None) -> Question:
        asked: date | None = self.ask(DAY)
        return Question(
            service=self.ask(SERVICE),
            day=asked,
            at=end_of(asked) if asked else self.now,
            level=self.ask(LEVEL),
            territory=self.ask(TERRITORY),
            isolate=isolate,
        )

    async def view(self, question: Question) -> MapView:
        return await map_view.look(
            self.site.edition, self.site.referential, question, self.t, self.fmt
        )

    def values(self, view: MapView, **changed: object) -> dict[str, object]:
        """The query of a link to the map: what was asked, with something changed."""
        asked = view.question
        base: dict[str, object] = {
            "service": asked.service,
            "date": asked.day,
            "level": asked.level,
            "territory": None if asked.territory == "FR" else asked.territory,
            "view": None,
            "isolate": asked.isolate,
        }
        return {name: value for name, value in {**base, **changed}.items() if value is not None}

    def heading(self, view: MapView) -> str:
        asked = view.question
        name = map_view.title_of(asked.service, self.site.referential, self.language)
        where = self.t("map.france") if asked.territory == "FR" else view.whole.name
        if asked.day is None:
            return str(self.t("map.heading", service=name, where=where))
        when = self.fmt.date(asked.day)
        return str(self.t("map.heading_dated", service=name, where=where, day=when))

    def source_line(self) -> str:
        return str(
            self.t(
                "map.source_line",
                day=self.fmt.date(self.site.edition.data_date),
                generation=self.site.edition.id,
            )
        )


class MapPage(MapHandler):
    parameters = (*ASKED, VIEW, ISOLATE, SORT)

    async def get(self) -> None:
        view = await self.view(self.question(self.ask(ISOLATE)))
        async with self.connection() as conn:
            trail = await self._trail(conn, view.question.territory)
        parts = self._sorted(view)
        edition = self.site.edition
        classes_url = self.url(
            "map-classes",
            **{**self.values(view), "isolate": None, "generation": None},
        )
        days = [one for one in edition.breakpoints if one <= self.now.date()]
        self.render_page(
            "map.html",
            view=view,
            heading=self.heading(view),
            sentence=map_view.sentence(view, self.t, self.fmt),
            source_line=self.source_line(),
            trail=trail,
            parts=parts,
            sort=self.ask(SORT),
            shown=self.ask(VIEW),
            days=days,
            values=lambda **changed: self.values(view, **changed),
            bundle_id=BUNDLE_ID,
            states=list(State),
            simple=Simple,
            palettes={theme: view.palette(theme) for theme in ("light", "dark")},
            layout=pictures.layout(),
            drill=lambda code: self._address(view, code),
            data={
                "service": view.question.service,
                "level": view.question.level,
                "territory": view.question.territory,
                "isolate": view.question.isolate,
                "generation": edition.id,
                "language": self.language,
                "classes": classes_url,
                "base": self.url("map"),
                "commune": self.url("commune", code="CODE"),
                "layout": pictures.layout(),
                "members": None
                if view.question.territory == "FR"
                else map_view.ranges(view.members),
                "departements": self._runs(),
                "palette": {
                    theme: [[c.fill, c.hatch] for c in view.palette(theme)]
                    for theme in ("light", "dark")
                },
                "words": [entry.words for entry in view.legend],
                "paper": pictures.PAPER,
                "ink": pictures.INK,
                "hatch": pictures.HATCH,
                "texts": {
                    name: self.t(f"map.script.{name}")
                    for name in (
                        "sea", "loading", "failed", "detail", "overview", "painted", "keys",
                        "play", "pause", "isolated", "all_shown",
                    )
                },
                "static": f"/static/{self.site.assets.hash}",
            },
        )  # fmt: skip

    def _address(self, view: MapView, code: str) -> str:
        """Where a part of the territory leads: the map of it, or the page of a commune."""
        kind, _, rest = code.partition("-")
        if kind == "COM":
            return self.url("commune", code=rest)
        return self.url("map", **self.values(view, territory=code))

    def _sorted(self, view: MapView) -> list[Any]:
        keys = {
            "name": lambda part: (part.name, part.code),
            "communes": lambda part: (-part.communes, part.name),
            "known": lambda part: (-part.known_share, part.name),
            "present": lambda part: (-part.simple["present"] / max(part.communes, 1), part.name),
        }
        return sorted(view.parts, key=keys[self.ask(SORT)])

    async def _trail(self, conn: Any, code: str) -> list[territories.Territory]:
        trail = [await territories.get(conn, code)]
        while trail[0].parent:
            trail.insert(0, await territories.get(conn, trail[0].parent))
        return trail

    def _runs(self) -> list[list[Any]]:
        """[first commune number, code, name, region code] of each run of one département."""
        geography = self.site.edition.geography
        found: list[list[Any]] = []
        last = -1
        for number, position in enumerate(geography.departement_index.tolist()):
            if position == last:
                continue
            last = position
            if not position:
                found.append([number, "", "", ""])
                continue
            region = geography.regions[int(geography.region_index[number]) - 1]
            found.append(
                [number, geography.departements[position - 1],
                 geography.departement_names[position - 1], region]
            )  # fmt: skip
        return found


class MapClasses(MapHandler):
    """One byte per commune number: the index of its class in the page's palette."""

    parameters = ASKED

    async def get(self) -> None:
        view = await self.view(self.question())
        self.set_header("X-Guichet-Geography", self.site.edition.geography.vintage)
        self.set_header("X-Guichet-Length", str(len(view.classes)))
        await self.send_large(view.classes.tobytes(), "application/octet-stream")


class MapPicture(MapHandler):
    """The map as a PNG, with its legend, date and licence unless `plain`."""

    parameters = (*ASKED, ISOLATE, THEME, PLAIN)

    async def get(self) -> None:
        question = self.question(self.ask(ISOLATE))
        edition = self.site.edition
        if self.unchanged("picture", self.request.uri, self.now.date()):
            return
        moment = question.day or self.now.date()
        key = (edition.id, self.language, question.service, moment, question.level,
               question.territory, question.isolate, self.ask(THEME), self.ask(PLAIN))  # fmt: skip
        picture = _drawn.get(key)
        if picture is None:
            view = await self.view(question)
            picture = await asyncio.to_thread(self._draw, view)
            _drawn[key] = picture
            while len(_drawn) > PICTURES:
                _drawn.popitem(last=False)
        self.set_header("Cache-Control", IMMUTABLE if question.day else "public, max-age=300")
        self.send(picture, "image/png")

    def _draw(self, view: MapView) -> bytes:
        edition, theme = self.site.edition, self.ask(THEME)
        plain = self.ask(PLAIN) is not None
        total = view.whole.communes
        return pictures.country(
            rasters(edition),
            view.classes,
            view.palette(theme),
            edition.geography.departement_index,
            theme=theme,
            language=self.language,
            members=None if view.question.territory == "FR" else view.members,
            title="" if plain else self.heading(view),
            legend=[]
            if plain
            else [
                pictures.LegendRow(
                    entry.index,
                    entry.words,
                    f"{self.fmt.number(entry.communes)} ({self.fmt.percent(entry.share(total))})",
                )
                for entry in view.legend
                if entry.communes or entry.index == 0
            ],
            footnotes=[] if plain else [self.source_line(), self.t("site.independent")],
        )


def rasters(edition: Any) -> dict[str, id_raster.Ids]:
    """The id rasters of an edition, read once per geography."""
    vintage = edition.geography.vintage
    if vintage not in _rasters:
        _rasters.clear()
        _rasters[vintage] = {
            path.stem: id_raster.from_webp(path.read_bytes())
            for path in (edition.folder / "ids").glob("*.webp")
        }
    return _rasters[vintage]


class MapTable(MapHandler):
    """What the map shows, as CSV: one row per part of the territory."""

    parameters = (*ASKED, ISOLATE)

    async def get(self) -> None:
        view = await self.view(self.question())
        out = io.StringIO()
        writer = csv.writer(out, lineterminator="\r\n")
        writer.writerow(
            ["territory", "name", "service", "date", "communes", *(s.slug for s in State),
             "present_lower", "present_upper", "known_share", "population", "data_date",
             "licence"]
        )  # fmt: skip
        moment = (view.question.day or self.now.date()).isoformat()
        data_date = self.site.edition.data_date
        for part in (*view.parts, view.whole):
            writer.writerow(
                [part.code, text_cell(part.name), view.question.service, moment, part.communes,
                 *(part.states[s.slug] for s in State),
                 _share(part.bounds.lower), _share(part.bounds.upper), _share(part.known_share),
                 part.inhabitants, data_date.isoformat() if data_date else "",
                 "Licence Ouverte 2.0"]
            )  # fmt: skip
        name = f"guichet-{view.question.service}-{view.question.territory}-{moment}.csv"
        self.set_header("Content-Disposition", f'attachment; filename="{name}"')
        # The mark tells spreadsheets that the file is UTF-8.
        self.send(b"\xef\xbb\xbf" + out.getvalue().encode(), "text/csv; charset=utf-8")


def _share(value: float | None) -> str:
    return "" if value is None else f"{value:.4f}"


def text_cell(value: str) -> str:
    """A cell that no spreadsheet takes for a formula."""
    return "'" + value if value[:1] in ("=", "+", "-", "@", "\t", "\r") else value


ROUTES = [
    *page_routes("map", MapPage),
    *page_routes("map-image", MapPicture),
    *page_routes("map-table", MapTable),
    *page_routes("map-classes", MapClasses),
]
