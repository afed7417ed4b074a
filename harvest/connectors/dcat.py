"""DCAT and DCAT-AP catalogues in RDF/XML, Turtle or JSON-LD, page by page when they are paged.

| theirs | ours |
|---|---|
| dct:identifier, else the dataset's URI | remote_id; adms:identifier, owl:sameAs: identifiers |
| dcat:Dataset, dcat:DatasetSeries / dcat:DataService | type dataset / service |
| dct:title, dct:description (French, else without language, else English) | title, description |
| dcat:keyword | keywords |
| dcat:theme (its label, else the last part of its URI) | themes |
| dct:publisher, else dct:creator (foaf:name, vcard:fn, a label) | publisher |
| dct:license of the dataset, else of a distribution; dct:rights | licence |
| dct:language | language |
| dcat:landingPage, else foaf:page | landing_page |
| dcat:distribution: downloadURL or accessURL, title, format, mediaType, byteSize | distributions |
| dcat:endpointURL of a service | distributions |
| dct:spatial: dcat:bbox, locn:geometry, dcat:centroid (GeoJSON or WKT) | extent |
| dct:temporal: dcat:startDate or schema:startDate, and their ends | temporal interval |
| dct:issued, dct:modified | created, updated |

The next page is hydra:next or hydra:nextPage, the total is hydra:totalItems. A remote @context is
never fetched: a JSON-LD that needs one is refused. RDF/XML goes through `safe_xml` first.
"""

import json
import re
from collections.abc import Callable, Iterable, Iterator
from datetime import datetime
from typing import Any
from urllib.parse import urljoin, urlsplit

import rdflib
import shapely
from rdflib import DCAT, DCTERMS, FOAF, OWL, RDF, RDFS, SKOS, Graph, Literal, URIRef

from catalog.records import Distribution, RecordRow
from config.errors import Invalid
from harvest import published_texts as read
from harvest import safe_xml
from harvest.paging import Turn
from harvest.remote import Remote
from harvest.source_files import Portal

HYDRA = rdflib.Namespace("http://www.w3.org/ns/hydra/core#")
VCARD = rdflib.Namespace("http://www.w3.org/2006/vcard/ns#")
LOCN = rdflib.Namespace("http://www.w3.org/ns/locn#")
ADMS = rdflib.Namespace("http://www.w3.org/ns/adms#")
SCHEMA = (rdflib.Namespace("http://schema.org/"), rdflib.Namespace("https://schema.org/"))
KINDS = {
    DCAT.Dataset: "dataset",
    URIRef(f"{DCAT}DatasetSeries"): "dataset",
    DCAT.DataService: "service",
}
ACCEPT = "text/turtle, application/rdf+xml;q=0.9, application/ld+json;q=0.8"
LONGEST_GEOMETRY = 500_000  # characters
type Node = rdflib.term.Node


def open_portal(
    portal: Portal, remote: Remote, since: datetime | None
) -> tuple[Callable[[str], Turn], str]:
    def ask(position: str) -> Turn:
        page = remote.get(position, accept=ACCEPT)
        graph = parse(page.body, page.headers.get("content-type", ""), page.url)
        return turn(graph, page.url, page.sha256)

    return ask, portal.url


def parse(body: bytes, media_type: str, url: str) -> Graph:
    """The graph of a document. Raises Invalid: not RDF, or not safe to read."""
    form = _form(body, media_type, url)
    if form == "xml":
        safe_xml.parse(body)
    elif form == "json-ld":
        _own_context(body, url)
    graph = Graph()
    try:
        graph.parse(data=body, format=form, publicID=url)
    except RecursionError as error:
        raise Invalid(f"{url} is nested too deeply to be read") from error
    except Exception as error:  # rdflib's parsers raise of everything
        said = " ".join(str(error).split())[:200]
        raise Invalid(f"{url} is not {form} that can be read: {said}") from error
    return graph


def _form(body: bytes, media_type: str, url: str) -> str:
    for word, form in (("turtle", "turtle"), ("rdf+xml", "xml"), ("ld+json", "json-ld")):
        if word in media_type:
            return form
    ending = urlsplit(url).path.rpartition(".")[2]
    known = {"ttl": "turtle", "rdf": "xml", "xml": "xml", "jsonld": "json-ld", "json": "json-ld"}
    if ending in known:
        return known[ending]
    start = body[:200].lstrip(b"\xef\xbb\xbf \t\r\n")
    if start.startswith((b"<?xml", b"<rdf")):
        return "xml"
    return "json-ld" if start[:1] in (b"{", b"[") else "turtle"


def _own_context(body: bytes, url: str) -> None:
    """Refuse what would make the parser fetch something."""
    try:
        document = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Invalid(f"{url} is not JSON that can be read") from error
    todo: list[Any] = [document]
    while todo:
        one = todo.pop()
        if isinstance(one, list):
            todo.extend(one)
        elif isinstance(one, dict):
            context = one.get("@context", ())
            contexts = context if isinstance(context, list) else [context]
            if any(isinstance(part, str) for part in contexts) or "@import" in one:
                raise Invalid(f"{url} needs a remote @context, which is never fetched")
            todo.extend(one.values())


def turn(graph: Graph, url: str, sha256: str) -> Turn:
    """The datasets and services of one page."""
    items = []
    seen: set[Node] = set()
    for kind, name in KINDS.items():
        for node in sorted(graph.subjects(RDF.type, kind), key=str):
            if node not in seen:
                seen.add(node)
                found = fields(graph, node, name)
                items.append((found["remote_id"] or str(node), found))
    if not items and (None, RDF.type, DCAT.Catalog) not in graph:
        raise Invalid(f"{url} holds neither a catalogue nor a dataset")
    total = next((one for one in graph.objects(None, HYDRA.totalItems)), None)
    following = next(
        (
            urljoin(url, str(one))
            for name in (HYDRA.next, HYDRA.nextPage)
            for one in graph.objects(None, name)
        ),
        None,
    )
    count = int(str(total)) if total is not None and str(total).isdecimal() else None
    return Turn(items, sha256, count, following)


def record(item: Any, portal: Portal, sha256: str) -> RecordRow | None:
    """One dataset. Raises Invalid: it has no id or no title."""
    page = item["landing_page"]
    if page is None and portal.record_page:
        page = read.link(portal.record_page.replace("{id}", item["remote_id"]))
    return RecordRow(**{**item, "landing_page": page, "page_sha256": sha256})


def fields(graph: Graph, node: Node, kind: str) -> dict[str, Any]:
    """The fields of a RecordRow, but its page."""
    uri = str(node) if isinstance(node, URIRef) else None
    others = [
        *sorted(graph.objects(node, DCTERMS.identifier), key=str),
        *sorted(graph.objects(node, OWL.sameAs), key=str),
        *(
            notation
            for one in graph.objects(node, ADMS.identifier)
            for notation in (
                graph.objects(one, SKOS.notation) if not isinstance(one, Literal) else [one]
            )
        ),
    ]
    names = [found for one in others if (found := read.line(str(one)))]
    distributions = list(graph.objects(node, DCAT.distribution))
    start, end = _interval(graph, node)
    return {
        "remote_id": (names[0] if names else uri) or "",
        "type": kind,
        "title": read.title(_said(graph, node, DCTERMS.title)),
        "description": read.plain(_said(graph, node, DCTERMS.description)),
        "keywords": read.words(_literals(graph, node, DCAT.keyword)),
        "themes": read.words(
            _label(graph, one) for one in sorted(graph.objects(node, DCAT.theme), key=str)
        ),
        "publisher": _publisher(graph, node),
        "licence": read.licence(
            *(
                _label(graph, one, whole=True)
                for holder in (node, *distributions)
                for name in (DCTERMS.license, DCTERMS.rights)
                for one in graph.objects(holder, name)
            )
        ),
        "language": next(
            (
                found
                for one in graph.objects(node, DCTERMS.language)
                if (found := read.language(str(one)))
            ),
            None,
        ),
        "landing_page": next(
            (
                found
                for name in (DCAT.landingPage, FOAF.page)
                for one in graph.objects(node, name)
                if (found := read.link(str(one)))
            ),
            None,
        ),
        "distributions": _distributions(graph, node, distributions),
        "extent": _extent(graph, node),
        "temporal_start": start,
        "temporal_end": end,
        "created": read.moment(_said(graph, node, DCTERMS.issued)),
        "updated": read.moment(_said(graph, node, DCTERMS.modified)),
        "identifiers": tuple(dict.fromkeys([*names, *([uri] if uri else [])])),
    }


def _literals(graph: Graph, node: Node, name: URIRef) -> list[str]:
    """The texts of a property in one language: French, else none, else English, else whichever."""
    found = sorted((one for one in graph.objects(node, name) if isinstance(one, Literal)), key=str)
    for language in ("fr", None, "en"):
        chosen = [str(one) for one in found if (one.language or "")[:2] == (language or "")]
        if chosen:
            return chosen
    first = found[0].language if found else None
    return [str(one) for one in found if one.language == first]


def _said(graph: Graph, node: Node, name: URIRef) -> str | None:
    return next(iter(_literals(graph, node, name)), None)


def _label(graph: Graph, node: Node, *, whole: bool = False) -> str | None:
    """What a thing is called; its URI (`whole`) or the last part of it when it has no label."""
    if isinstance(node, Literal):
        return str(node)
    for name in (
        FOAF.name,
        VCARD.fn,
        SKOS.prefLabel,
        RDFS.label,
        DCTERMS.title,
        DCTERMS.identifier,
    ):
        if said := _said(graph, node, name):
            return said
    if not isinstance(node, URIRef):
        return None
    return str(node) if whole else re.split(r"[/#]", str(node).rstrip("/"))[-1]


def _publisher(graph: Graph, node: Node) -> str | None:
    for name in (DCTERMS.publisher, DCTERMS.creator):
        for one in graph.objects(node, name):
            said = _label(graph, one)
            # The number of an organisation is not its name.
            if said and not re.fullmatch(r"[\d\s-]+|[0-9a-f-]{20,}", said):
                return read.line(said)
    return None


def _distributions(graph: Graph, node: Node, nodes: Iterable[Node]) -> tuple[Distribution, ...]:
    found: dict[str, Distribution] = {}
    for one in sorted(nodes, key=str):
        urls = [*graph.objects(one, DCAT.downloadURL), *graph.objects(one, DCAT.accessURL)]
        url = next((link for text in urls if (link := read.link(str(text)))), None)
        if url is None or url in found:
            continue
        kinds = [_label(graph, kind, whole=True) for kind in graph.objects(one, DCAT.mediaType)]
        forms = [_label(graph, form) for form in graph.objects(one, DCTERMS["format"])]
        forms += [
            str(value)
            for form in graph.objects(one, DCTERMS["format"])
            for value in graph.objects(form, RDF.value)
        ]
        kind = next((good for text in kinds if (good := read.media_type(text))), None)
        found[url] = Distribution(
            url,
            read.line(_said(graph, one, DCTERMS.title)),
            read.file_format(*forms, kind),
            kind,
            read.size(_said(graph, one, DCAT.byteSize)),
        )
    for one in graph.objects(node, DCAT.endpointURL):
        if url := read.link(str(one)):
            found.setdefault(url, Distribution(url, None, "API"))
    return tuple(found.values())[:300]


def _extent(graph: Graph, node: Node) -> Any:
    for place in graph.objects(node, DCTERMS.spatial):
        for name in (DCAT.bbox, LOCN.geometry, DCAT.centroid):
            for one in graph.objects(place, name):
                if box := _geometry(str(one)):
                    return box
    return None


def _geometry(text: str) -> Any:
    text = text.strip()
    if len(text) > LONGEST_GEOMETRY:
        return None
    if text.startswith("{"):
        try:
            return read.box_of(json.loads(text))
        except (ValueError, RecursionError):
            return None
    crs = re.match(r"<([^>]*)>\s*", text)
    shape = shapely.from_wkt(text[crs.end() :] if crs else text, on_invalid="ignore")
    if shape is None or shape.is_empty:
        return None
    west, south, east, north = shape.bounds
    if crs and crs[1].endswith("/4326"):  # latitude comes first there
        west, south, east, north = south, west, north, east
    return read.box(west, south, east, north)


def _interval(graph: Graph, node: Node) -> tuple[Any, Any]:
    def first(period: Node, names: Iterator[URIRef]) -> Any:
        return next(
            (
                found
                for name in names
                for one in graph.objects(period, name)
                if (found := read.day(str(one)))
            ),
            None,
        )

    for period in graph.objects(node, DCTERMS.temporal):
        starts = iter((DCAT.startDate, *(one.startDate for one in SCHEMA)))
        ends = iter((DCAT.endDate, *(one.endDate for one in SCHEMA)))
        start, end = first(period, starts), first(period, ends)
        if start or end:
            return start, end
    return None, None
