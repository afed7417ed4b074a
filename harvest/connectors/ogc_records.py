"""OGC API - Records: the items of a catalogue's collection; or, without a collection in the source
file, the collections of any OGC API (Features, Maps...), each of which is a service.

| theirs (an item) | ours |
|---|---|
| id | remote_id; externalIds[].value are identifiers |
| properties.type = service | type service; else dataset |
| properties.title, description | title, description |
| properties.keywords | keywords |
| properties.themes[].concepts[].id or title | themes |
| properties.contacts[] organization (publisher first), else publisher | publisher |
| properties.license, else links rel=license | licence |
| properties.language.code | language |
| links rel=alternate or canonical in HTML, else about | landing_page |
| links rel=enclosure, item, data, service, describedby... that are data | distributions |
| geometry | extent |
| time.interval or time.date | temporal interval |
| properties.created, updated | created, updated |
"""

from collections.abc import Callable, Mapping
from datetime import datetime
from typing import Any
from urllib.parse import quote, urlencode, urljoin

from catalog.records import Distribution, RecordRow
from config.errors import Invalid
from harvest import published_texts as read
from harvest.paging import Turn
from harvest.remote import Remote
from harvest.source_files import Portal

ACCEPT = "application/geo+json, application/json;q=0.9"
DATA = {
    "enclosure",
    "item",
    "items",
    "data",
    "service",
    "download",
    "service-desc",
    "related",
    "http://www.opengis.net/def/rel/ogc/1.0/items",
}


def open_portal(
    portal: Portal, remote: Remote, since: datetime | None
) -> tuple[Callable[[str], Turn], str]:
    base = portal.url.rstrip("/")

    def ask(position: str) -> Turn:
        page = remote.get(position, accept=ACCEPT)
        return turn(read.json_object(page.body, page.url), page.url, page.sha256)

    if portal.collection is None:
        return ask, f"{base}/collections?{urlencode({'f': 'json', **portal.query})}"
    question = {"f": "json", **portal.query, "limit": str(portal.page_size)}
    return (
        ask,
        f"{base}/collections/{quote(portal.collection, safe='')}/items?{urlencode(question)}",
    )


def turn(answer: Mapping[str, Any], url: str, sha256: str) -> Turn:
    """One page of items, or the list of collections."""
    found = answer.get("features", answer.get("collections"))
    if not isinstance(found, list):
        raise Invalid("this does not answer as an OGC API does")
    total = answer.get("numberMatched")
    following = next(
        (urljoin(url, str(one.get("href"))) for one in _links(answer) if one.get("rel") == "next"),
        None,
    )
    items = [(identifier(one), one) for one in found]
    return Turn(items, sha256, total if isinstance(total, int) else None, following)


def identifier(item: Any) -> str:
    found = item.get("id") if isinstance(item, dict) else None
    return str(found) if isinstance(found, str | int) else ""


def record(item: Any, portal: Portal, sha256: str) -> RecordRow | None:
    """One item or collection. Raises Invalid: it has no id or no title."""
    if not isinstance(item, dict):
        raise Invalid("not a record")
    inner = item.get("properties")
    said: Mapping[str, Any] = inner if isinstance(inner, dict) else item
    mine = identifier(item)
    collection = not isinstance(inner, dict)
    start, end = _interval(item)
    language = said.get("language")
    links = _links(item)
    template = portal.record_page
    page = _page(links) or (read.page_of(template, mine) if template else None)
    service = collection or str(said.get("type")).lower() == "service"
    return RecordRow(
        remote_id=mine,
        type="service" if service else "dataset",
        title=read.title(said.get("title") or (mine if collection else None)),
        page_sha256=sha256,
        description=read.plain(said.get("description")),
        keywords=read.words(read.listed(said.get("keywords"))),
        themes=read.words(
            concept.get("title") or concept.get("id") if isinstance(concept, dict) else concept
            for theme in read.listed(said.get("themes"))
            if isinstance(theme, dict)
            for concept in read.listed(theme.get("concepts"))
        ),
        publisher=_publisher(said),
        licence=read.licence(
            said.get("license"), *(one.get("href") for one in links if one.get("rel") == "license")
        ),
        language=read.language(language.get("code") if isinstance(language, dict) else language),
        landing_page=page,
        distributions=_distributions(links),
        extent=_extent(item),
        temporal_start=start,
        temporal_end=end,
        created=read.moment(said.get("created")),
        updated=read.moment(said.get("updated") or said.get("modified")),
        identifiers=tuple(
            one
            for external in read.listed(said.get("externalIds"))
            if isinstance(external, dict) and (one := read.line(external.get("value")))
        ),
    )


def _links(item: Mapping[str, Any]) -> list[dict[str, Any]]:
    return [one for one in read.listed(item.get("links")) if isinstance(one, dict)]


def _page(links: list[dict[str, Any]]) -> str | None:
    for rel in ("canonical", "alternate", "about"):
        for one in links:
            if one.get("rel") == rel and "html" in str(one.get("type") or ""):
                return read.link(one.get("href"))
    return None


def _distributions(links: list[dict[str, Any]]) -> tuple[Distribution, ...]:
    found = []
    for one in links:
        url = read.link(one.get("href"))
        if url is not None and one.get("rel") in DATA:
            kind = read.media_type(one.get("type"))
            label = read.file_format(kind)
            size = read.size(one.get("length"))
            found.append(Distribution(url, read.line(one.get("title")), label, kind, size))
    return tuple(found[:300])


def _publisher(said: Mapping[str, Any]) -> str | None:
    parties = [one for one in read.listed(said.get("contacts")) if isinstance(one, dict)]
    parties.sort(key=lambda one: "publisher" not in read.listed(one.get("roles")))
    for one in parties:
        if found := read.line(one.get("organization")):
            return found
    return read.line(said.get("publisher"))


def _extent(item: Mapping[str, Any]) -> Any:
    found = read.box_of(item.get("geometry"))
    if found is not None:
        return found
    extent = item.get("extent")
    spatial = extent.get("spatial") if isinstance(extent, dict) else None
    boxes = read.listed(spatial.get("bbox")) if isinstance(spatial, dict) else []
    box = boxes[0] if boxes and isinstance(boxes[0], list) else []
    if len(box) == 6:
        box = [box[0], box[1], box[3], box[4]]
    return read.box(*box) if len(box) == 4 else None


def _interval(item: Mapping[str, Any]) -> tuple[Any, Any]:
    time = item.get("time")
    if isinstance(time, dict):
        interval = read.listed(time.get("interval"))
        if len(interval) == 2:
            return read.day(interval[0]), read.day(interval[1])
        return read.day(time.get("date") or time.get("timestamp")), None
    extent = item.get("extent")
    temporal = extent.get("temporal") if isinstance(extent, dict) else None
    intervals = read.listed(temporal.get("interval")) if isinstance(temporal, dict) else []
    if intervals and isinstance(intervals[0], list) and len(intervals[0]) == 2:
        return read.day(intervals[0][0]), read.day(intervals[0][1])
    return None, None
