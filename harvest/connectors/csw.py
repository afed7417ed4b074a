"""CSW 2.0.2 catalogues: GetRecords by GET, ISO 19139 or Dublin Core answers.

`query` of the source's [portal] replaces any parameter of the question (`typeNames`,
`outputSchema`, `constraint`...); `modified` there names the property that says when a record
changed (`apiso:Modified`, `modified`), and makes reading since last time possible.

ISO 19139 mapping: see iso19139. Dublin Core (csw:Record):

| theirs | ours |
|---|---|
| dc:identifier | remote_id |
| dc:type = service | type service; else dataset |
| dc:title, dct:abstract or dc:description | title, description |
| dc:subject | keywords |
| dc:publisher, else dc:creator that is a name | publisher |
| dc:rights that names a licence | licence |
| dc:language | language |
| dct:references, dc:URI, dc:relation, dc:source that are links | distributions |
| ows:BoundingBox | extent |
| dct:created; dct:modified, dc:date | created, updated |
"""

from collections.abc import Callable
from datetime import datetime
from typing import Any
from urllib.parse import urlencode, urlsplit

from catalog.records import Distribution, RecordRow
from config.errors import Invalid
from harvest import published_texts as read
from harvest import safe_xml
from harvest.connectors import iso19139
from harvest.paging import Turn
from harvest.remote import Remote
from harvest.safe_xml import Element
from harvest.source_files import Portal

CSW = "{http://www.opengis.net/cat/csw/2.0.2}"
DC = "{http://purl.org/dc/elements/1.1/}"
DCT = "{http://purl.org/dc/terms/}"
OWS = "{http://www.opengis.net/ows}"
RECORDS = {f"{CSW}Record", f"{CSW}SummaryRecord", f"{CSW}BriefRecord"}
QUESTION = {
    "service": "CSW",
    "version": "2.0.2",
    "request": "GetRecords",
    "resultType": "results",
    "elementSetName": "full",
    "typeNames": "gmd:MD_Metadata",
    "outputSchema": "http://www.isotc211.org/2005/gmd",
    "namespace": "xmlns(gmd=http://www.isotc211.org/2005/gmd)",
}


def incremental(portal: Portal) -> bool:
    return "modified" in portal.query


def open_portal(
    portal: Portal, remote: Remote, since: datetime | None
) -> tuple[Callable[[str], Turn], str]:
    asked = {**QUESTION, **portal.query}
    modified = asked.pop("modified", None)
    constraints = [asked["constraint"]] if "constraint" in asked else []
    if since is not None and modified:
        constraints.append(f"{modified} >= '{since:%Y-%m-%d}'")
    if constraints:
        # Parentheses only where they are needed: a real pycsw refuses them around a comparison.
        asked["constraint"] = " AND ".join(
            f"({one})" if " or " in one.lower() else one for one in constraints
        )
        asked |= {"constraintLanguage": "CQL_TEXT", "constraint_language_version": "1.1.0"}
    joint = "&" if urlsplit(portal.url).query else "?"

    def ask(position: str) -> Turn:
        question = {**asked, "startPosition": position, "maxRecords": portal.page_size}
        page = remote.get(f"{portal.url}{joint}{urlencode(question)}", accept="application/xml")
        return turn(safe_xml.parse(page.body), page.sha256, int(position))

    return ask, "1"


def turn(root: Element, sha256: str, start: int) -> Turn:
    """One answer of GetRecords. Raises Invalid with what the server says went wrong."""
    if str(root.tag).endswith("}ExceptionReport"):
        said = " ".join("".join(root.itertext()).split())[:300]
        raise Invalid(f"the catalogue refuses the question: {said}")
    results = root.find(f"{CSW}SearchResults")
    if results is None:
        raise Invalid("this is not an answer of CSW 2.0.2 to GetRecords")
    total = _number(results.get("numberOfRecordsMatched"))
    following = _number(results.get("nextRecord"))
    returned = _number(results.get("numberOfRecordsReturned"))
    children = list(results)
    items = []
    for number, element in enumerate(children):
        # What is not a record (a feature catalogue) counts in the total: it keeps its place.
        name = identifier(element) or f"(record {start + number} without an identifier)"
        items.append((name, item(element)))
    if following in (None, 0) and returned == len(children) and total and start + returned <= total:
        following = start + returned  # some servers never say where the next one is
    ended = not following or following <= start or (total is not None and following > total)
    return Turn(items, sha256, total, None if ended else str(following))


def identifier(element: Element) -> str:
    if iso19139.is_metadata(element):
        return iso19139.identifier(element)
    return (element.findtext(f"{DC}identifier") or element.get("uuid") or "").strip()


def item(element: Element) -> dict[str, Any] | None:
    """The fields of a record; None for another sort of document."""
    if iso19139.is_metadata(element):
        return iso19139.fields(element)
    return dublin_core(element) if element.tag in RECORDS else None


def record(item: Any, portal: Portal, sha256: str) -> RecordRow | None:
    """One record. None: a document of another sort. Raises Invalid: it has no id or no title."""
    if item is None:
        return None
    template = portal.record_page
    page = item["landing_page"]
    if page is None and template:
        page = read.page_of(template, item["remote_id"])
    return RecordRow(**{**item, "landing_page": page, "page_sha256": sha256})


def dublin_core(element: Element) -> dict[str, Any]:
    """The fields of a csw:Record."""

    def texts(*names: str) -> list[str]:
        return [
            one.text.strip()
            for name in names
            for one in element.iterfind(name)
            if one.text and one.text.strip()
        ]

    def first(*names: str) -> str | None:
        return next(iter(texts(*names)), None)

    links = dict.fromkeys(
        found
        for one in texts(f"{DCT}references", f"{DC}URI", f"{DC}relation", f"{DC}source")
        if (found := read.link(one))
    )
    rights = [one for one in texts(f"{DC}rights", f"{DCT}license") if iso19139.LICENCE.search(one)]
    creator = first(f"{DC}creator")
    return {
        "remote_id": identifier(element),
        "type": "service" if (first(f"{DC}type") or "").lower() == "service" else "dataset",
        "title": read.title(first(f"{DC}title")),
        "description": read.plain(first(f"{DCT}abstract", f"{DC}description")),
        "keywords": read.words(texts(f"{DC}subject")),
        "themes": (),
        "publisher": read.line(first(f"{DC}publisher"))
        or (read.line(creator) if creator and not creator.isdigit() else None),
        "licence": read.licence(*rights),
        "language": read.language(first(f"{DC}language")),
        "landing_page": None,
        "distributions": tuple(Distribution(url) for url in links),
        "extent": _box(element),
        "temporal_start": None,
        "temporal_end": None,
        "created": read.moment(first(f"{DCT}created")),
        "updated": read.moment(first(f"{DCT}modified", f"{DC}date")),
        "identifiers": tuple(texts(f"{DC}identifier")[1:4]),
    }


def _box(element: Element) -> Any:
    box = element.find(f"{OWS}BoundingBox")
    if box is None:
        box = element.find(f"{OWS}WGS84BoundingBox")
    if box is None:
        return None
    lower = (box.findtext(f"{OWS}LowerCorner") or "").split()
    upper = (box.findtext(f"{OWS}UpperCorner") or "").split()
    if len(lower) != 2 or len(upper) != 2:
        return None
    # EPSG:4326 by its URN has latitude first; by its old name, and in CRS:84, longitude.
    if "urn" in (box.get("crs") or "").lower() and "4326" in (box.get("crs") or ""):
        lower, upper = lower[::-1], upper[::-1]
    return read.box(lower[0], lower[1], upper[0], upper[1])


def _number(text: str | None) -> int | None:
    return int(text) if text and text.isdecimal() and len(text) < 12 else None
