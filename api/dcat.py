"""Ourselves as a DCAT-AP catalogue, so that portals can harvest the hub.

One dataset per bulk table, one distribution per file, the APIs as data services. Written in the
vocabulary of DCAT-AP 3 with the European authority tables for formats, frequencies and languages.
"""

from collections.abc import Iterable
from datetime import UTC, datetime

from rdflib import DCAT, DCTERMS, FOAF, RDF, XSD, BNode, Graph, Literal, Namespace, URIRef

from catalog.referential import Referential
from catalog.sources import Source
from tiles.bulk.manifest import BulkFile, Manifest
from tiles.bulk.tables import Table, tables

FORMATS = {"turtle": "text/turtle", "json-ld": "application/ld+json", "xml": "application/rdf+xml"}
SPDX = Namespace("http://spdx.org/rdf/terms#")
VCARD = Namespace("http://www.w3.org/2006/vcard/ns#")
_AUTHORITY = "http://publications.europa.eu/resource/authority/"
LICENCE = URIRef("https://www.etalab.gouv.fr/licence-ouverte-open-licence/")
FRANCE = URIRef(f"{_AUTHORITY}country/FRA")
_FILE_TYPES = {
    "csv": "CSV", "csv.gz": "CSV", "parquet": "PARQUET", "geojson": "GEOJSON", "gpkg": "GPKG",
    "fgb": "BIN", "pmtiles": "BIN", "json": "JSON", "tif": "TIFF",
}  # fmt: skip
_MEDIA = "https://www.iana.org/assignments/media-types/"


def catalogue(
    origin: str, manifest: Manifest, referential: Referential, sources: Iterable[Source]
) -> Graph:
    """The catalogue of one version of the bulk files, as a graph."""
    graph = Graph()
    for prefix, space in (
        ("dcat", DCAT), ("dct", DCTERMS), ("foaf", FOAF), ("spdx", SPDX), ("vcard", VCARD),
    ):  # fmt: skip
        graph.bind(prefix, space)
    us = URIRef(f"{origin}/#guichet")
    graph.add((us, RDF.type, FOAF.Agent))
    graph.add((us, FOAF.name, Literal("Guichet (site indépendant)", lang="fr")))
    graph.add((us, FOAF.homepage, URIRef(f"{origin}/fr/")))
    whole = URIRef(f"{origin}/dcat#catalogue")
    graph.add((whole, RDF.type, DCAT.Catalog))
    _said(graph, whole, DCTERMS.title, "Guichet : les services publics locaux de France",
          "Guichet: France's local public services")  # fmt: skip
    _said(
        graph, whole, DCTERMS.description,
        "Quels services en ligne offre chaque commune, jusqu'où ils vont, avec la preuve de chaque "
        "état. Site indépendant, non officiel. « unknown » : rien ne le prouve.",
        "Which online services each commune offers, how far each goes, with the proof of every "
        "state. Independent site, not official. “unknown”: nothing proves it.",
    )  # fmt: skip
    graph.add((whole, DCTERMS.publisher, us))
    graph.add((whole, DCTERMS.license, LICENCE))
    graph.add((whole, FOAF.homepage, URIRef(f"{origin}/fr/donnees")))
    graph.add((whole, DCTERMS.spatial, FRANCE))
    for language in ("FRA", "ENG"):
        graph.add((whole, DCTERMS.language, URIRef(f"{_AUTHORITY}language/{language}")))
    made = Literal(
        datetime.combine(manifest.day, datetime.min.time(), UTC).isoformat(), datatype=XSD.dateTime
    )
    graph.add((whole, DCTERMS.modified, made))
    held = tuple(sources)
    for table in tables(referential):
        dataset = _dataset(graph, origin, manifest, table, held)
        graph.add((dataset, DCTERMS.publisher, us))
        graph.add((dataset, DCTERMS.modified, made))
        graph.add((whole, DCAT.dataset, dataset))
    if any(file.table == "distances" for file in manifest.files):
        rasters = _rasters(graph, origin, manifest, held)
        graph.add((rasters, DCTERMS.publisher, us))
        graph.add((rasters, DCTERMS.modified, made))
        graph.add((whole, DCAT.dataset, rasters))
    graph.add((whole, DCAT.service, _service(graph, origin, whole, us)))
    return graph


def _said(graph: Graph, subject: URIRef, predicate: URIRef, french: str, english: str) -> None:
    graph.add((subject, predicate, Literal(french, lang="fr")))
    graph.add((subject, predicate, Literal(english, lang="en")))


def _dataset(
    graph: Graph, origin: str, manifest: Manifest, table: Table, sources: Iterable[Source]
) -> URIRef:
    dataset = URIRef(f"{origin}/dcat#{table.id}")
    graph.add((dataset, RDF.type, DCAT.Dataset))
    graph.add((dataset, DCTERMS.identifier, Literal(f"guichet-{table.id}")))
    _said(graph, dataset, DCTERMS.title, table.fr, table.en)
    _said(
        graph, dataset, DCTERMS.description,
        " ".join(f"{column.name} : {column.fr}" for column in table.columns),
        " ".join(f"{column.name}: {column.en}" for column in table.columns),
    )  # fmt: skip
    for word in ("communes", "services publics", "administration en ligne"):
        graph.add((dataset, DCAT.keyword, Literal(word, lang="fr")))
    graph.add((dataset, DCAT.theme, URIRef(f"{_AUTHORITY}data-theme/GOVE")))
    graph.add((dataset, DCTERMS.accrualPeriodicity, URIRef(f"{_AUTHORITY}frequency/DAILY")))
    graph.add((dataset, DCTERMS.spatial, FRANCE))
    graph.add((dataset, DCAT.landingPage, URIRef(f"{origin}/fr/donnees")))
    for source in sources:
        graph.add((dataset, DCTERMS.source, URIRef(source.url)))
    for file in manifest.files:
        if file.table == table.id:
            graph.add((dataset, DCAT.distribution, _distribution(graph, origin, manifest, file)))
    return dataset


def _rasters(graph: Graph, origin: str, manifest: Manifest, sources: Iterable[Source]) -> URIRef:
    """The grids of distances: a dataset of its own, one distribution per GeoTIFF."""
    dataset = URIRef(f"{origin}/dcat#distances")
    graph.add((dataset, RDF.type, DCAT.Dataset))
    graph.add((dataset, DCTERMS.identifier, Literal("guichet-distances")))
    _said(graph, dataset, DCTERMS.title, "Distances au guichet le plus proche, grille de 1 km",
          "Distances to the nearest office, 1 km grid")  # fmt: skip
    _said(
        graph, dataset, DCTERMS.description,
        "Mètres à vol d'oiseau, du centre de chaque cellule au plus proche des guichets qu'une "
        "source situe : une distance « au plus ». Une grille par sorte et par territoire, dans sa "
        "projection légale ; la bande « incomplete » vaut 1 où l'on sait la liste incomplète.",
        "Metres as the crow flies from the centre of each cell to the nearest office that a source "
        "locates: a distance “at most”. One grid per kind and territory, in its legal projection; "
        "the band “incomplete” is 1 where the list is known to be incomplete.",
    )  # fmt: skip
    for word in ("accessibilité", "services publics", "distance"):
        graph.add((dataset, DCAT.keyword, Literal(word, lang="fr")))
    graph.add((dataset, DCAT.theme, URIRef(f"{_AUTHORITY}data-theme/GOVE")))
    graph.add((dataset, DCTERMS.accrualPeriodicity, URIRef(f"{_AUTHORITY}frequency/DAILY")))
    graph.add((dataset, DCTERMS.spatial, FRANCE))
    graph.add((dataset, DCAT.spatialResolutionInMeters, Literal(1000, datatype=XSD.decimal)))
    graph.add((dataset, DCAT.landingPage, URIRef(f"{origin}/fr/distances")))
    for source in sources:
        if source.offices:
            graph.add((dataset, DCTERMS.source, URIRef(source.url)))
    for file in manifest.files:
        if file.table == "distances":
            graph.add((dataset, DCAT.distribution, _distribution(graph, origin, manifest, file)))
    return dataset


def _distribution(graph: Graph, origin: str, manifest: Manifest, file: BulkFile) -> URIRef:
    url = URIRef(f"{origin}/data/{manifest.version}/{file.name}")
    one = URIRef(f"{origin}/dcat#{file.name}")
    graph.add((one, RDF.type, DCAT.Distribution))
    graph.add((one, DCTERMS.title, Literal(file.name)))
    graph.add((one, DCAT.downloadURL, url))
    graph.add((one, DCAT.accessURL, url))
    graph.add((one, DCTERMS.license, LICENCE))
    graph.add((one, DCAT.byteSize, Literal(file.bytes, datatype=XSD.nonNegativeInteger)))
    file_type = f"{_AUTHORITY}file-type/{_FILE_TYPES[file.format]}"
    graph.add((one, DCTERMS.format, URIRef(file_type)))
    media_type = file.media_type.partition(";")[0]
    graph.add((one, DCAT.mediaType, URIRef(f"{_MEDIA}{media_type}")))
    checksum = BNode(f"sha256-{file.sha256[:16]}")
    graph.add((one, SPDX.checksum, checksum))
    graph.add((checksum, RDF.type, SPDX.Checksum))
    graph.add((checksum, SPDX.algorithm, SPDX.checksumAlgorithm_sha256))
    graph.add((checksum, SPDX.checksumValue, Literal(file.sha256, datatype=XSD.hexBinary)))
    return one


def _service(graph: Graph, origin: str, whole: URIRef, us: URIRef) -> URIRef:
    service = URIRef(f"{origin}/dcat#api-v1")
    graph.add((service, RDF.type, DCAT.DataService))
    _said(graph, service, DCTERMS.title, "API JSON de Guichet", "Guichet's JSON API")
    graph.add((service, DCTERMS.publisher, us))
    graph.add((service, DCAT.endpointURL, URIRef(f"{origin}/api/v1")))
    graph.add((service, DCAT.endpointDescription, URIRef(f"{origin}/api/v1/openapi.json")))
    graph.add((service, DCAT.servesDataset, URIRef(f"{origin}/dcat#status")))
    graph.add((service, DCTERMS.license, LICENCE))
    return service
