"""Good practices for readers: the list and its filters, one sheet, the table."""

import io
from typing import Any

from api.handlers.base import PageHandler, page_routes
from api.parameters import choice, cursor, text
from catalog import communes, csv_cells, row_numbers
from catalog.communes import Commune
from config.errors import Invalid, NotFound
from crowd import practice_lists
from crowd.practice_lists import COSTS, SIZES, Search
from crowd.practices import Sheet

SERVICE = text("service", "Only sheets about this service.", max_length=60)
SIZE = choice("size", "Size of the commune where it is done.", lambda: tuple(SIZES))
COST = choice("cost", "What it cost; `unsaid`: the sheet does not say.", lambda: tuple(COSTS))
WORDS = text("q", "Words of the title, of what is done or of with whom.", max_length=100)
COMMUNE = text("commune", "Only where communes like this one do it or adopted it.", max_length=5)
BEFORE = cursor("before", "Below this sheet: what the previous page gave.")
ASKED = (SERVICE, SIZE, COST, WORDS, COMMUNE, BEFORE)
ALIKE = 30  # communes like one, for « communes like mine that have it »
PAGE, TABLE = 30, 5000


async def alike_of(handler: Any, commune: Commune) -> dict[int, str]:
    """Numbers and names of the communes like one, as its own page finds them."""
    async with handler.connection() as conn:
        found = await communes.similar(conn, commune, ALIKE)
    return {one.number: one.name for one in found}


async def asked_commune(handler: Any) -> Commune | None:
    code = (handler.ask(COMMUNE) or "").strip()
    if not code:
        return None
    try:
        async with handler.connection() as conn:
            return (await communes.resolve(conn, code)).commune
    except (Invalid, NotFound) as error:
        raise Invalid(str(error), parameter="commune") from None


def search_of(handler: Any, near: dict[int, str] | None, limit: int) -> Search:
    """What was asked of a list. Raises Invalid for an unknown service."""
    service = handler.ask(SERVICE)
    if service and service not in handler.site.referential.services:
        raise Invalid("There is no such service.", parameter="service")
    return Search(
        service=service,
        size=handler.ask(SIZE),
        cost=handler.ask(COST),
        words=(handler.ask(WORDS) or "").strip() or None,
        communes=None if near is None else tuple(near),
        before=handler.ask(BEFORE) or None,
        limit=limit,
    )


class Practices(PageHandler):
    parameters = ASKED

    async def get(self) -> None:
        commune = await asked_commune(self)
        near = None if commune is None else await alike_of(self, commune)
        search = search_of(self, near, PAGE + 1)
        async with self.connection() as conn:
            sheets = await practice_lists.found(conn, search)
        values = {one.name: self.ask(one) or None for one in ASKED[:-1]}
        self.render_page(
            "practices.html",
            sheets=sheets[:PAGE],
            following=sheets[PAGE - 1].id if len(sheets) > PAGE else None,
            commune=commune,
            asked=values,
            filtered=any(values.values()),
            sizes=tuple(SIZES),
            costs=tuple(COSTS),
            settings=self.site.settings.practices,
        )


class OnePractice(PageHandler):
    parameters = (COMMUNE,)

    async def get(self, practice: str) -> None:
        commune = await asked_commune(self)
        near = {} if commune is None else await alike_of(self, commune)
        number = id_of(practice)
        async with self.connection() as conn:
            sheet = await practice_lists.one(conn, number)
            versions = await practice_lists.versions(conn, number)
            outcomes = await practice_lists.outcomes(conn, number)
            adopters = await practice_lists.adopters(conn, number)
        self.render_page(
            "practice.html",
            sheet=sheet,
            service=self.service_of(sheet),
            former=[one for one in versions if one.id != sheet.version_id],
            outcomes=outcomes,
            adopters=adopters,
            commune=commune,
            alike=[one for one in adopters if one.number in near],
            alike_owner=sheet.commune_number in near,
            stale=sheet.stale(self.now, self.site.settings.practices),
        )

    def service_of(self, sheet: Sheet) -> Any:
        return self.site.referential.services.get(sheet.service)


COLUMNS = ("id", "reference", "title", "service", "commune", "commune_name", "population",
           "said_by", "cost_euros", "months", "url", "what", "partners", "went_wrong",
           "published_at", "confirmed_at", "outcome", "adopted")  # fmt: skip


def row_of(sheet: Sheet) -> tuple[Any, ...]:
    return (
        sheet.id, sheet.reference, sheet.title, sheet.service, sheet.commune_code, sheet.commune,
        sheet.population, sheet.speaker, sheet.cost, sheet.months, sheet.url, sheet.what,
        sheet.partners, sheet.wrong, sheet.published_at, sheet.confirmed_at, sheet.outcome,
        sheet.adopted,
    )  # fmt: skip


class Table(PageHandler):
    """The same sheets as CSV: what a sheet does not say is an empty cell, never a zero."""

    parameters = ASKED

    async def get(self) -> None:
        commune = await asked_commune(self)
        near = None if commune is None else await alike_of(self, commune)
        async with self.connection() as conn:
            sheets = await practice_lists.found(conn, search_of(self, near, TABLE))
        out = io.StringIO()
        csv_cells.write(out, COLUMNS, (row_of(sheet) for sheet in sheets))
        self.set_header("Content-Disposition", "attachment; filename=bonnes-pratiques.csv")
        self.send(out.getvalue().encode("utf-8-sig"), "text/csv; charset=utf-8")


def id_of(text_: str) -> int:
    """Raises NotFound for what numbers no sheet."""
    if (found := row_numbers.read(text_)) is None:
        raise NotFound("There is no such sheet.")
    return found


ROUTES: list[Any] = [
    *page_routes("practices", Practices),
    *page_routes("practices-table", Table),
    *page_routes("practice", OnePractice),
]
