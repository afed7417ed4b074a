"""`/api/v1/communes/{code}/changes.atom`: follow one commune in a feed reader (RFC 4287)."""

from datetime import datetime
from typing import Any
from xml.etree import ElementTree as ET

from api.handlers.base import ApiHandler
from api.i18n_texts import Texts
from api.openapi import Operation, TemplateRoute
from catalog import communes
from catalog.csv_cells import moment
from catalog.database.queries import query
from catalog.states import State

ENTRIES = 50
ATOM = "http://www.w3.org/2005/Atom"


class CommuneFeed(ApiHandler):
    operation = Operation(
        "communeFeed",
        "What changed in a commune, as an Atom feed (in French)",
        "Time",
        media_type="application/atom+xml",
    )

    async def get(self, code: str) -> None:
        async with self.connection() as conn:
            commune = (await communes.resolve(conn, code)).commune
            cursor = await conn.execute(
                query("catalog", "commune_periods"),
                {"number": commune.number, "at": self.now, "limit": ENTRIES},
            )
            rows = await cursor.fetchall()
        page = f"{self.origin}/fr/commune/{commune.code}"
        feed = ET.Element("feed", {"xmlns": ATOM, "xml:lang": "fr"})
        _add(feed, "id", f"{self.origin}/api/v1/communes/{commune.code}/changes.atom")
        words = Texts("fr")
        _add(feed, "title", words("bulk.feed_title", commune=commune.name))
        _add(feed, "subtitle", words("site.independent"))
        _add(feed, "rights", "Licence Ouverte 2.0")
        author = ET.SubElement(feed, "author")
        _add(author, "name", "Guichet")
        ET.SubElement(feed, "link", {"rel": "alternate", "href": page})
        newest = max((_updated(row) for row in rows), default=None)
        # RFC 4287 wants a date; a commune of which nothing was ever said never changed.
        _add(feed, "updated", moment(newest) if newest else "1970-01-01T00:00:00Z")
        for row in rows:
            self._entry(feed, page, row)
        body = ET.tostring(feed, encoding="utf-8", xml_declaration=True)
        self.send(body, "application/atom+xml; charset=utf-8")

    def _entry(self, feed: ET.Element, page: str, row: Any) -> None:
        service, state, _, valid_from, _, _, source, seen = row
        held = self.site.referential.services.get(service)
        title = held.title("fr") if held else service
        said = State(state).title("fr")
        entry = ET.SubElement(feed, "entry")
        _add(entry, "id", f"{page}#{service}-{moment(valid_from)}")
        _add(entry, "title", f"{title} : {said}")
        _add(entry, "updated", moment(_updated(row)))
        _add(entry, "published", moment(valid_from))
        ET.SubElement(entry, "link", {"rel": "alternate", "href": f"{page}#{service}"})
        if seen:
            _add(entry, "summary", f"{seen} ({source})")


def _updated(row: Any) -> datetime:
    moment_of: datetime = max(row[3], row[5])
    return moment_of


def _add(parent: ET.Element, name: str, text: str) -> None:
    """An element with text that XML can hold: control characters have no place in it."""
    ET.SubElement(parent, name).text = "".join(
        one for one in text if one in "\t\n" or (one >= " " and one not in "\ufffe\uffff")
    )


ROUTES = [TemplateRoute("/api/v1/communes/{code}/changes.atom", CommuneFeed)]
