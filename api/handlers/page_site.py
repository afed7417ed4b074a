"""The other pages: home, services, territories, method, sources, and what a site must say."""

import re
from pathlib import Path
from typing import Any

from markupsafe import Markup
from tornado.routing import URLSpec

from api.addresses import address
from api.handlers.base import PageHandler, page_routes
from api.handlers.bulk_files import path_of
from catalog import summary, territories
from catalog.observations import Nature
from catalog.referential import BUNDLE_ID, Service
from catalog.states import Simple, State
from catalog.summary import Summary
from config.errors import NotFound
from tiles.bulk import manifest as bulk_manifest
from tiles.bulk.manifest import BulkFile
from tiles.bulk.tables import tables as bulk_tables

EXAMPLES = Path(__file__).parents[1] / "pages" / "examples"
EXAMPLE_HOST = "https://guichet.example"  # what the examples say instead of this site's address
QUALITY = re.compile(r"q=([01](?:\.\d{0,3})?)", re.ASCII)


class Root(PageHandler):
    """`/`: the language that the browser prefers, French when it says nothing."""

    async def get(self) -> None:
        self.add_vary("Accept-Language")
        self.redirect(address("home", preferred(self.request.headers.get("Accept-Language", ""))))


def preferred(header: str) -> str:
    """The language of ours that an Accept-Language header likes best; French in doubt."""
    likes = {"fr": 0.0, "en": 0.0}
    for part in header[:200].lower().split(","):
        name, _, weight = part.partition(";")
        language = name.strip()[:2]
        if language in likes:
            found = QUALITY.fullmatch(weight.strip())
            quality = float(found[1]) if found else (0.0 if weight.strip() else 1.0)
            likes[language] = max(likes[language], quality)
    return "en" if likes["en"] > likes["fr"] else "fr"


class SiteHandler(PageHandler):
    async def summaries(self, code: str) -> list[tuple[Service, Summary]]:
        """What is known of every service over a territory, now."""
        edition = self.site.edition
        found = []
        for service in self.site.referential.services.values():
            array = await edition.arrays.get(service.id, self.now)
            counted = summary.summarise(array, edition.geography, code, service.full_level)
            found.append((service, counted))
        return found


def known_cells(rows: list[tuple[Service, Summary]]) -> tuple[int, int]:
    """(known, all) pairs of a commune and a service."""
    total = sum(counted.communes for _, counted in rows)
    return sum(counted.known for _, counted in rows), total


class Home(SiteHandler):
    async def get(self) -> None:
        rows = await self.summaries("FR")
        known, total = known_cells(rows)
        by_id = {service.id: counted for service, counted in rows}
        self.render_page(
            "home.html",
            rows=rows,
            known=known,
            total=total,
            communes=rows[0][1].communes if rows else 0,
            site=by_id["official-site"],
            hours=by_id["opening-hours"],
            Simple=Simple,
        )


class Services(SiteHandler):
    async def get(self) -> None:
        self.render_page("services.html", rows=await self.summaries("FR"), Simple=Simple)


class OneService(SiteHandler):
    async def get(self, service: str) -> None:
        found = self.site.referential.service(service)
        edition = self.site.edition
        array = await edition.arrays.get(found.id, self.now)
        geography = edition.geography
        self.render_page(
            "service.html",
            service=found,
            whole=summary.summarise(array, geography, "FR", found.full_level),
            parts=summary.children(array, geography, "FR", found.full_level, "region"),
            State=State,
            Simple=Simple,
        )


class TerritoryPage(SiteHandler):
    """Every service over one territory: where something is missing, and how sure we are."""

    async def get(self, code: str) -> None:
        if code.startswith("COM-"):
            self.redirect(self.url("commune", code=code.removeprefix("COM-")))
            return
        async with self.connection() as conn:
            trail = [await territories.get(conn, code)]
            parts = await territories.children(conn, code)
            while trail[0].parent:
                trail.insert(0, await territories.get(conn, trail[0].parent))
        rows = await self.summaries(code)
        known, total = known_cells(rows)
        self.render_page(
            "territory.html",
            territory=trail[-1],
            trail=trail,
            parts=parts,
            rows=rows,
            known=known,
            total=total,
            State=State,
            Simple=Simple,
        )


class Method(SiteHandler):
    def get(self) -> None:
        self.render_page(
            "method.html",
            states=list(State),
            natures=list(Nature),
            Simple=Simple,
            bundle_id=BUNDLE_ID,
        )


class Sources(SiteHandler):
    def get(self) -> None:
        self.render_page("sources.html", sources=self.site.edition.sources)


class Data(PageHandler):
    """The bulk files, their dictionary, and the first things to ask the API."""

    def get(self) -> None:
        try:
            _, manifest = bulk_manifest.newest(self.site.settings)
        except NotFound:
            manifest = None
        files: dict[str, list[BulkFile]] = {}
        for file in manifest.files if manifest else ():
            files.setdefault(file.table, []).append(file)
        self.render_page(
            "data.html",
            manifest=manifest,
            files=files,
            tables=bulk_tables(self.site.referential),
            path_of=path_of,
            sources=self.site.edition.sources,
        )


class ApiGuide(PageHandler):
    """The guide for reusers, with examples that a test runs as they are shown."""

    def get(self) -> None:
        self.render_page(
            "prose.html", body=f"prose/api.{self.language}.html", example=self._example
        )

    def _example(self, name: str) -> Markup:
        text = (EXAMPLES / f"{name}.txt").read_text(encoding="utf-8")
        shown = text.replace(EXAMPLE_HOST, self.origin)
        return Markup('<pre tabindex="0"><code>{}</code></pre>').format(shown)


class Prose(PageHandler):
    """A page of words, one file per language."""

    def get(self, **slots: str) -> None:
        self.render_page("prose.html", body=f"prose/{self.page}.{self.language}.html")


class SiteMap(PageHandler):
    def get(self) -> None:
        names = ("home", "map", "around-me", "distances", "search", "compare", "services",
                 "simulators", "simulator-method", "simulator-widget", "method", "sources",
                 "records", "data", "api", "contribute", "thanks", "satisfaction",
                 "procedures", "practices", "official", "difficulty", "crowd-policy", "register",
                 "help", "accessibility", "privacy", "legal", "login")  # fmt: skip
        self.render_page("sitemap.html", names=names)


ROUTES: list[Any] = [
    URLSpec(r"/", Root),
    *page_routes("home", Home),
    *page_routes("services", Services),
    *page_routes("service", OneService),
    *page_routes("territory", TerritoryPage),
    *page_routes("method", Method),
    *page_routes("sources", Sources),
    *page_routes("data", Data),
    *page_routes("api", ApiGuide),
    *page_routes("sitemap", SiteMap),
    *(
        route
        for name in ("help", "accessibility", "privacy", "legal")
        for route in page_routes(name, Prose)
    ),
]
