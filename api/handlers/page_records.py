"""Pages of the records of portals: a list that is searched, and one page per record."""

from typing import Any

from api.handlers.base import PageHandler, page_routes
from api.handlers.v1_records import number_of
from api.record_questions import ALL, search_of, sent
from catalog import records
from catalog.records import FACETS

SHOWN = 8  # values of a facet; the others are found by words


class RecordsPage(PageHandler):
    parameters = ALL

    async def get(self) -> None:
        asked = search_of(self.ask)
        async with self.connection() as conn:
            found = await records.search(conn, asked)
        values = sent(self.request.query_arguments)
        following = self.url("records", **values, cursor=found.cursor) if found.cursor else None
        self.render_page(
            "records.html",
            asked=asked,
            found=found,
            first=asked.cursor is None,
            chosen=[
                (name, value, self.url("records", **_but(values, name)))
                for name, value in values.items()
                if name not in ("q", "sort")
            ],
            hidden=[(name, value) for name, value in values.items() if name not in ("q", "sort")],
            facets=[
                (name, found.facets[name], [
                    (value, count, self.url("records", **{**values, name: value}))
                    for value, count in found.facets[name].values[:SHOWN]
                ])
                for name in FACETS
                if name not in values
            ],
            following=following,
            api="/api/v1/records" + _query(self.request.uri or ""),
        )  # fmt: skip


class RecordPage(PageHandler):
    async def get(self, record: str) -> None:
        async with self.connection() as conn:
            found = await records.one(conn, number_of(record))
        self.render_page("record.html", record=found)


def _but(values: dict[str, str], name: str) -> dict[str, str]:
    return {one: value for one, value in values.items() if one != name}


def _query(uri: str) -> str:
    _, mark, query = uri.partition("?")
    return mark + query if mark and len(query) <= 1500 else ""


ROUTES: list[Any] = [*page_routes("records", RecordsPage), *page_routes("record", RecordPage)]
