"""Pages that look for something: a commune, the nearest open office, several communes at once."""

import re
from typing import Any

from api.handlers.base import PageHandler, page_routes
from api.parameters import choice, number, text
from catalog import communes, offices, search
from catalog.communes import Commune
from catalog.office_kinds import kind_name, office_kinds
from catalog.search import Found
from catalog.states import Simple, State, simple
from config.errors import GuichetError, Invalid
from geo import opening_hours

Q = text("q", "A commune: its name, postal code or INSEE code.", max_length=200)
LATITUDE = number("lat", "Latitude, degrees, rounded.", minimum=-90, maximum=90)
LONGITUDE = number("lon", "Longitude, degrees, rounded.", minimum=-180, maximum=180)
EVERY = "every"  # an empty choice of a form still has a value
KIND = choice("kind", "Only offices of this kind.", lambda: (EVERY, *office_kinds()))
OPEN = choice("open", "Only offices that are open now.", lambda: ("now",))
CODES = text("codes", "Two to four INSEE codes, separated by commas.", max_length=60,
             pattern="[0-9A-Za-z, ]+")  # fmt: skip
MOST = 4  # communes side by side: more would not fit a page
RESULTS, NEAREST = 30, 20
ROUNDING = 3  # decimals of a degree: about 100 m, near enough for offices and for nobody else


class SearchPage(PageHandler):
    parameters = (Q,)

    async def get(self) -> None:
        asked: str | None = self.ask(Q)
        found: list[Found] = []
        if asked and asked.strip():
            async with self.connection() as conn:
                found = await search.search(conn, asked, RESULTS)
            if len(found) == 1 and found[0].match in ("code", "name"):
                self.redirect(self.url("commune", code=found[0].code))
                return
        self.render_page("search.html", q=asked or "", found=found)


class AroundPage(PageHandler):
    """A list of offices by distance, from a commune that is named or a point that was given."""

    parameters = (Q, LATITUDE, LONGITUDE, OPEN, KIND)

    async def get(self) -> None:
        asked, lat, lon = self.ask(Q), self.ask(LATITUDE), self.ask(LONGITUDE)
        # A position is nobody's business but the visitor's.
        self.set_header("Cache-Control", "private, no-store")
        self.set_header("Referrer-Policy", "no-referrer")
        kind = None if self.ask(KIND) == EVERY else self.ask(KIND)
        place: Commune | None = None
        choices: list[Found] = []
        near: list[Any] = []
        async with self.connection() as conn:
            kinds = await offices.kinds_held(conn)
            if (lat is None or lon is None) and asked and asked.strip():
                choices = await search.search(conn, asked, 8)
                if choices:
                    place = (await communes.resolve(conn, choices[0].code)).commune
                    lat, lon = place.latitude, place.longitude
            if lat is not None and lon is not None:
                near = await offices.nearby(
                    conn, round(lat, ROUNDING), round(lon, ROUNDING), kind,
                    self.ask(OPEN) == "now", self.now, NEAREST,
                )  # fmt: skip
        self.render_page(
            "around.html",
            q=asked or "",
            place=place,
            others=choices[1:],
            near=near,
            located=lat is not None,
            only_open=self.ask(OPEN) == "now",
            lat=lat,
            lon=lon,
            kinds=kinds,
            kind=kind,
            kind_name=lambda kind: kind_name(kind, self.language),
            say_hours=lambda state: opening_hours.sentence(state, self.language),
        )


class ComparePage(PageHandler):
    """Services in rows, communes in columns."""

    parameters = (CODES, Q)

    async def get(self) -> None:
        codes = [code for code in re.split(r"[, ]+", self.ask(CODES) or "") if code]
        added: str | None = self.ask(Q)
        found: list[Commune] = []
        mistake: str | None = None
        async with self.connection() as conn:
            if added and added.strip():
                first = await search.search(conn, added, 1)
                codes.extend(one.code for one in first)
                if not first:
                    mistake = self.t("pages.compare.not_found", q=added)
            if len(codes) > MOST:
                raise Invalid(f"At most {MOST} communes can be compared.", parameter="codes")
            for code in dict.fromkeys(codes):
                try:
                    found.append((await communes.resolve(conn, code)).commune)
                except GuichetError as error:
                    mistake = str(error)
        rows = []
        for service in self.site.referential.services.values():
            array = await self.site.edition.arrays.get(service.id, self.now)
            states = [State(int(array[commune.number])) for commune in found]
            rows.append((service, [(s, simple(s, s.level, service.full_level)) for s in states]))
        self.render_page(
            "compare.html",
            communes=found,
            rows=rows,
            mistake=mistake,
            codes=",".join(commune.code for commune in found),
            full=len(found) >= MOST,
            states=list(State),
            Simple=Simple,
        )


ROUTES = [
    *page_routes("search", SearchPage),
    *page_routes("around-me", AroundPage),
    *page_routes("compare", ComparePage),
]
