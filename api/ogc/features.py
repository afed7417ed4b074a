"""`/ogc/collections/{c}/items` and one item: the hot paths, whose bytes PostgreSQL makes.

Python adds only what stands around the features: counts and links.
"""

import hashlib
import json
from collections.abc import Mapping
from datetime import UTC, datetime
from typing import Any, ClassVar

import msgspec
import psycopg

from api.ogc.base import GEOJSON, HTML, JSON, OgcHandler
from api.ogc.door import CORE_READS
from api.ogc.questions import (
    CRS,
    DATETIME,
    context_of,
    cursor_of,
    outside,
    parameters_of_items,
    question_of,
    unanswerable,
)
from api.parameters import Parameter
from catalog import office_card
from catalog.collections import COMMUNES, OFFICES, SERVICES, Collection, collection
from catalog.item_totals import Totals
from catalog.items import COUNTED, FACET_VALUES, Question, Statement, statement
from config.errors import Invalid, NotFound
from geo.ogc_crs import CRS84, Crs

JSONFG = "application/vnd.ogc.fg+json"
JSONLD = "application/ld+json"
FORMATS = {"json": GEOJSON, "html": HTML, "jsonfg": JSONFG, "jsonld": JSONLD}
# Written by api.ogc.exports, in threads; without `limit` they hold everything that was asked.
EXPORTS = {
    "csv": "text/csv; charset=utf-8",
    "geojsonseq": "application/geo+json-seq",
    "fgb": "application/flatgeobuf",
    "parquet": "application/vnd.apache.parquet",
}
FG_CORE = "http://www.opengis.net/spec/json-fg-1/1.0/conf/core"


class Items(OgcHandler):
    """A page of a collection, or with a format of EXPORTS the whole of it."""

    formats: ClassVar = FORMATS | EXPORTS
    unlinked: ClassVar = tuple(EXPORTS)
    of: Collection

    def declared(self) -> tuple[Parameter[Any], ...]:
        self.of = collection(self.path_kwargs["collection"])
        return parameters_of_items(self.of)

    async def get(self, collection: str) -> None:
        context = context_of(self.site, self.origin)
        question, crs = question_of(self.of, self.asked, context)
        if self.format in EXPORTS:
            whole = "limit" not in self.request.query_arguments
            await self.site.ogc.export(self, question, crs, self.format, whole=whole)
            return
        if self.format == "jsonld":
            for name in self.request.query_arguments:
                if name not in CORE_READS:
                    raise Invalid("Not with f=jsonld: use f=json.", parameter=name)
            await self.site.ogc.relay(self, "items", self.of.id)
            return
        found = await self.found(question)
        if self.format == "html":
            self.shown(found)
            return
        self.set_header("Content-Crs", f"<{crs.uri}>")
        if found.matched is not None:
            self.set_header("OGC-NumberMatched", str(found.matched))
        self.set_header("Content-Type", FORMATS[self.format])
        features = found.features
        if self.format == "jsonfg":
            features = [in_fg(one, self.of, crs) for one in features]
        body = ",".join(features).encode()
        about = self.about(found, crs)
        if self.asked.get("facets"):
            about["facets"] = await self.facets(question)
        # Of the features and what is said of them, without the instant of the answer.
        if self._tag(hashlib.sha256(body + msgspec.json.encode(about)).hexdigest()[:24]):
            return
        about["timeStamp"] = datetime.now(UTC).isoformat(timespec="milliseconds")[:-6] + "Z"
        head = b'{"type":"FeatureCollection","features":['
        await self.send_body(
            head + body + b"]," + msgspec.json.encode(about)[1:], FORMATS[self.format]
        )

    async def found(self, question: Question) -> "Page":
        async with self.connection() as conn:
            try:
                return await page_of(conn, question, self.site.ogc.totals)
            except psycopg.errors.DataError as error:
                raise unanswerable(error) from None
            except psycopg.errors.InternalError_ as error:
                raise outside(error) from None

    async def facets(self, question: Question) -> dict[str, Any]:
        """The facets that were asked, over all items that match, as a draft writes them."""
        told = {}
        for name in self.asked["facets"]:
            if name not in self.of.facets:
                raise Invalid(
                    f"There is no facet {name[:40]!r}; there are: {', '.join(self.of.facets)}.",
                    parameter="facets",
                )
            async with self.connection() as conn:
                rows = await rows_of(conn, statement(question, "facet", name))
            told[name] = {
                "type": "term",
                "property": name,
                "buckets": [{"value": one, "count": many} for one, many in rows[:FACET_VALUES]],
                "more": len(rows) > FACET_VALUES,
            }
        return told

    def about(self, found: "Page", crs: Crs) -> dict[str, Any]:
        """Counts and links, for readers of the whole document."""
        about: dict[str, Any] = {"numberReturned": len(found.features)}
        if found.matched is not None:
            about["numberMatched"] = found.matched
        else:
            # Optional in the standard, so it is left out; how far we counted is told beside it.
            about["numberMatchedAtLeast"] = COUNTED + 1
        if self.format == "jsonfg":
            about["conformsTo"] = [FG_CORE]
            about["featureType"] = self.of.id
            about["coordRefSys"] = crs.uri
        about["links"] = self.links(found)
        return about

    def links(self, found: "Page") -> list[dict[str, str]]:
        links = self.self_links()
        if found.next is not None:
            following = self.here(offset=None, cursor=cursor_of(found.next), f=self.sent_format())
            links.append(self.link("next", FORMATS.get(self.format, GEOJSON), following))
        where = f"{self.base}/collections/{self.of.id}"
        links.append(self.link("collection", JSON, where))
        self.set_header(
            "Link",
            ", ".join(
                f'<{one["href"]}>; rel="{one["rel"]}"; type="{one["type"]}"'
                for one in links if one["rel"] == "next"
            ) or f'<{where}>; rel="collection"',
        )  # fmt: skip
        return links

    def sent_format(self) -> str | None:
        return self.format if "f" in self.request.query_arguments else None

    def shown(self, found: "Page") -> None:
        features = [json.loads(one) for one in found.features]
        following = None
        if found.next is not None:
            following = self.here(offset=None, cursor=cursor_of(found.next))
        asked = self.asked["properties"]
        fields = [one for one in self.of.fields if asked is None or one.name in asked]
        self.show(
            "ogc_items.html", of=self.of, features=features, fields=fields, matched=found.matched,
            counted=COUNTED, next=following,
        )  # fmt: skip


class Item(OgcHandler):
    """One item, by its id."""

    formats: ClassVar = FORMATS
    of: Collection

    def declared(self) -> tuple[Parameter[Any], ...]:
        self.of = collection(self.path_kwargs["collection"])
        return (CRS, DATETIME) if self.of.time == "state" else (CRS,)

    async def get(self, collection: str, item: str) -> None:
        if self.of.read_id(item) is None:
            raise missing(self.of, item)
        if self.format == "jsonld":
            await self.site.ogc.relay(self, "item", self.of.id, item)
            return
        crs: Crs = self.asked["crs"]
        question = Question(
            of=self.of,
            context=context_of(self.site, self.origin),
            limit=1,
            item=item,
            span=self.asked.get("datetime"),
            srid=crs.epsg,
            flipped=crs.flipped,
        )
        async with self.connection() as conn:
            try:
                rows = await rows_of(conn, statement(question, "feature"))
            except psycopg.errors.InternalError_ as error:
                raise outside(error) from None
        if not rows:
            if self.of is OFFICES and await self.moved(item):
                return
            raise missing(self.of, item)
        feature: str = rows[0][0]
        if self.format == "html":
            self.show("ogc_item.html", of=self.of, feature=json.loads(feature))
            return
        plain = self.format == "json" and crs.uri == CRS84 and not self.asked.get("datetime")
        if plain and self.of.id in EDITABLE:  # what If-Match is compared with
            self.add_vary("Accept-Encoding")
            if self._tag(item_tag(self.site.release, json.loads(feature))):
                return
        links = self.self_links()
        links.append(self.link("collection", JSON, f"{self.base}/collections/{self.of.id}"))
        links += self.of_commune(item, feature)
        self.set_header("Content-Crs", f"<{crs.uri}>")
        if self.format == "jsonfg":
            feature = in_fg(feature, self.of, crs, alone=True)
        if self.of.members:  # its own links and ours are one list
            whole = json.loads(feature)
            whole["links"] = links + whole.get("links", [])
            body = json.dumps(whole, ensure_ascii=False).encode()
        else:
            body = feature[:-1].encode() + b',"links":' + msgspec.json.encode(links) + b"}"
        await self.send_body(body, FORMATS[self.format])

    async def moved(self, item: str) -> bool:
        """Redirect from an office that was merged into another one; False: it was not.

        Temporary, as in /api/v1/offices: a merge can be undone, and the id is then itself again.
        """
        async with self.connection() as conn:
            seen_as = await office_card.seen_as(conn, int(item))
        if seen_as is None or seen_as == int(item):
            return False
        query = self.request.query
        where = f"/ogc/collections/{self.of.id}/items/{seen_as}"
        self.redirect(where + (f"?{query}" if query else ""), status=307)
        return True

    def of_commune(self, item: str, feature: str) -> list[dict[str, str]]:
        """What else there is of the commune that an item is, or lies in."""
        code: str | None
        if self.of is COMMUNES:
            code = item
        elif "commune" in self.of.by_name:
            code = json.loads(feature)["properties"].get("commune")
        else:
            return []
        if not code:
            return []
        api = f"{self.origin}/api/v1/communes/{code}"
        found = [
            self.link("related", HTML, self.origin + self.url("commune", code=code)),
            self.link("related", JSON, api),
            self.link("related", "application/atom+xml", f"{api}/changes.atom"),
        ]
        for one in (COMMUNES, SERVICES, OFFICES):
            if one is self.of:
                continue
            where = f"{self.base}/collections/{one.id}/items"
            where += f"/{code}" if one is COMMUNES else f"?commune={code}"
            found.append(self.link("related", GEOJSON, where, self.words(one.title)))
        return found


EDITABLE = (SERVICES.id, OFFICES.id)  # what a mandate changes, in api.ogc.edits


def item_tag(release: str, feature: Mapping[str, Any]) -> str:
    """The state of an item that can be changed, whatever is said around it."""
    basis = release.encode() + msgspec.json.encode(dict(feature), order="deterministic")
    return hashlib.sha256(basis).hexdigest()[:24]


async def feature_at(
    conn: psycopg.AsyncConnection[Any], handler: OgcHandler, item: str
) -> dict[str, Any] | None:
    """An item as it is now, in WGS 84; None: there is none."""
    of: Collection = handler.of  # type: ignore[attr-defined]
    if of.read_id(item) is None:
        return None
    context = context_of(handler.site, handler.origin)
    rows = await rows_of(conn, statement(Question(of=of, context=context, limit=1, item=item),
                                         "feature"))  # fmt: skip
    return json.loads(rows[0][0]) if rows else None


class Page:
    """The features of a page as JSON texts, how many there are in all, and where it ended."""

    __slots__ = ("features", "matched", "next")

    def __init__(
        self, features: list[str], matched: int | None, next: tuple[Any, ...] | None
    ) -> None:
        self.features, self.matched, self.next = features, matched, next


async def page_of(conn: psycopg.AsyncConnection[Any], question: Question, totals: Totals) -> Page:
    """One page. Its `matched` is exact, or None when there are more than COUNTED."""
    limit = question.limit or 0
    of, context = question.of, question.context
    if question.offset and not question.conditional:
        # An offset beyond the end costs a number, not a walk through the whole country.
        total = await totals.exact(conn, of, context, None)
        if question.offset >= total:
            return Page([], total, None)
    rows = await rows_of(conn, statement(question, "feature"))
    more = len(rows) > limit
    kept = rows[:limit]
    following = kept[-1][1:-1] if more and kept else None
    features = [row[0] for row in kept]
    if not question.conditional:
        version = rows[0][-1] if rows else None
        return Page(features, await totals.exact(conn, of, context, version), following)
    if question.after is None and not more and (kept or not question.offset):
        return Page(features, question.offset + len(kept), None)
    counted = (await rows_of(conn, statement(question, "count")))[0][0]
    return Page(features, counted if counted <= COUNTED else None, following)


async def rows_of(conn: psycopg.AsyncConnection[Any], asked: Statement) -> list[tuple[Any, ...]]:
    cursor = await conn.execute(asked.sql, asked.parameters)
    return await cursor.fetchall()


def missing(of: Collection, item: str) -> NotFound:
    return NotFound(f"There is no item {item[:60]!r} in {of.id}.")


def in_fg(feature: str, of: Collection, crs: Crs, *, alone: bool = False) -> str:
    """A GeoJSON feature as JSON-FG: its time, and its place when that is not in WGS 84."""
    held = json.loads(feature)
    properties = held["properties"]
    match of.time:
        case "validity":
            names = ("temporal_start", "temporal_end") if of.members else ("valid_from", "valid_to")
            start, end = (properties.get(name) for name in names)
            time = {"interval": [start or "..", end or ".."]}
        case "state":
            since = properties.get("since")
            time = {"interval": [since, ".."]} if since else None  # type: ignore[assignment]
        case _:
            time = None  # type: ignore[assignment]
    geometry = held.pop("geometry")
    made = {"type": "Feature", "id": held["id"], "featureType": of.id, "time": time}
    if crs.uri == CRS84:
        made |= {"geometry": geometry, "place": None}
    else:
        made |= {"geometry": None, "place": geometry}
    if alone:
        made |= {"conformsTo": [FG_CORE], "coordRefSys": crs.uri}
    return json.dumps(made | {"properties": properties}, ensure_ascii=False)
