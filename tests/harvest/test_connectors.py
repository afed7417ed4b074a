"""Each kind of portal: real answers mapped, and whole portals read from a fake server."""

import contextlib
import json
from collections.abc import Callable
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest

from catalog.observations import Nature
from catalog.records import RecordRow
from config.errors import Invalid, Unavailable
from harvest import portals, published_texts, safe_xml
from harvest.connectors import ckan, csw, dcat, dkan, ogc_records, opendatasoft, udata
from harvest.fetch import Limits
from harvest.raw import RawStore
from harvest.remote import Breaker, Patience, Remote
from harvest.source_files import Portal, SourceFile

FOLDER = Path(__file__).with_name("portals")
PORTAL = Portal(url="https://data.ville.fr")
SHA = "0" * 64


def loaded(name: str) -> Any:
    return json.loads((FOLDER / name).read_text(encoding="utf-8"))


def dcat_items(name: str) -> list[dict[str, Any]]:
    url = f"https://data.ville.fr/{name}"
    turn = dcat.turn(dcat.parse((FOLDER / name).read_bytes(), "", url), url, SHA)
    return [item for _, item in turn.items]


# -------------------------------------------------------------------------------- real answers


def test_a_real_ckan_package() -> None:
    row = ckan.record(loaded("dataset-1.json")["result"], PORTAL, SHA)
    assert row is not None
    assert (row.remote_id, row.title) == ("7e4d4ef3-f452-4c35-963d-9c6e582374b3", "Dataset 1")
    assert row.extent == (-0.3715, 50.8168, -0.2155, 50.8747)
    assert row.licence is None, "« License not specified » is no licence"
    assert row.publisher == "Lucy Chambers"
    assert (row.distributions[0].format, row.distributions[0].title) == ("CSV", "Resource 1")
    assert row.updated == datetime(2015, 7, 22, 14, 30, 18, 584924, UTC)


def test_a_real_dkan_package() -> None:
    row = dkan.record(
        dkan.packages([loaded("dkan-french-w-license.json")["result"]])[0], PORTAL, SHA
    )
    assert row is not None
    assert (
        row.description
        == "Liste et coordonnées des antennes de proximité du conseil régional Hauts-de-France."
    )
    assert row.licence == "Licence Ouverte 1.0"
    assert (row.language, row.created) == ("fr", datetime(2019, 12, 10, tzinfo=UTC))
    assert row.extent == (1.18652344, 48.80546301, 4.65820313, 51.16423318)
    assert [one.size for one in row.distributions] == [None, None], (
        "« 42 octets » is not a number of bytes"
    )


def test_real_udata_datasets_name_their_origin() -> None:
    rows = [udata.record(one, PORTAL, SHA) for one in loaded("udata-datasets.json")]
    first, second, _ = rows
    assert first is not None
    assert second is not None
    assert first.publisher == "Caisse des Dépôts"
    assert "page:opendata.caissedesdepots.fr/explore/dataset/bailleurs_sociaux_region" in first.keys
    assert "uri:f89661e0-bc0a-44f7-928e-03b43a2e7791" in second.keys
    assert {one.format for one in first.distributions} >= {"PDF", "JSON"}


@pytest.mark.parametrize(
    "change", [{"private": True}, {"archived": "2024-01-01"}, {"deleted": "2024-01-01"}]
)
def test_what_udata_does_not_publish_is_no_record(change: dict[str, Any]) -> None:
    assert udata.record(loaded("udata-datasets.json")[0] | change, PORTAL, SHA) is None


def test_a_real_iso_19139_record() -> None:
    root = safe_xml.parse((FOLDER / "rennes-metropole-referentiel-adresse.xml").read_bytes())
    row = csw.record(csw.item(root), PORTAL, SHA)
    assert row is not None
    assert row.title == "Référentiel voies et adresses de Rennes Métropole (diffusion)"
    assert row.publisher == "Rennes Métropole - SIG"
    assert row.licence is not None
    assert "ODbL" in row.licence
    assert "Adresses" in row.themes
    assert row.identifiers == ("fr-243500139-referentiels-voies_adresses-rvadiffusion",)
    assert (row.created, row.updated) == (
        datetime(2013, 3, 1, tzinfo=UTC),
        datetime(2015, 8, 2, tzinfo=UTC),
    )
    assert row.extent is not None


def test_a_real_service_is_a_service() -> None:
    root = safe_xml.parse((FOLDER / "geobretagne-service-coupled.xml").read_bytes())
    row = csw.record(csw.item(root), PORTAL, SHA)
    assert row is not None
    assert (row.type, row.distributions[0].format) == ("service", "WFS")


def test_a_real_page_of_a_csw() -> None:
    turn = csw.turn(
        safe_xml.parse((FOLDER / "csw-client-records-results-basic.xml").read_bytes()), SHA, 1
    )
    assert (len(turn.items), turn.total, turn.following) == (10, 965, "11")
    row = csw.record(turn.items[0][1], PORTAL, SHA)
    assert row is not None
    assert row.type == "service"
    inspire = csw.turn(
        safe_xml.parse((FOLDER / "inspire-getrecords-response.xml").read_bytes()), SHA, 83
    )
    assert (len(inspire.items), inspire.total, inspire.following) == (2, 216, "85")


def test_a_csw_that_refuses_says_why() -> None:
    with pytest.raises(Invalid, match="refuses the question: uu"):
        csw.turn(safe_xml.parse((FOLDER / "exception-report.xml").read_bytes()), SHA, 1)


def test_a_real_dcat_ap_record_in_german() -> None:
    (item,) = dcat_items("dataset_gov_de.rdf")
    row = dcat.record(item, PORTAL, SHA)
    assert row is not None
    assert row.publisher == "Hanse- und Universitätsstadt Rostock"
    assert row.language == "de"
    assert row.extent == (11.9936, 54.0486, 12.3045, 54.2466)
    assert ("GML", 308724) in [(one.format, one.size) for one in row.distributions]


def test_a_real_dcat_record_in_turtle() -> None:
    (item,) = dcat_items("dataset_gob_es.ttl")
    row = dcat.record(item, PORTAL, SHA)
    assert row is not None
    assert (row.publisher, row.language) == ("Ayuntamiento de Madrid", "es")


@pytest.mark.parametrize(
    ("name", "count"),
    [
        ("catalog.rdf", 2),
        ("catalog_pod.jsonld", 1),
        ("catalog_with_at_graph.jsonld", 1),
        ("dataset_multilingual.ttl", 1),
    ],
)
def test_every_form_of_rdf(name: str, count: int) -> None:
    rows = [dcat.record(item, PORTAL, SHA) for item in dcat_items(name)]
    assert len([row for row in rows if row]) == count


def test_a_remote_context_is_never_fetched(fake: Any) -> None:
    for context in (
        f'"{fake.url("/c")}"',
        f'[{{}}, "{fake.url("/c")}"]',
        f'{{"@import": "{fake.url("/c")}"}}',
    ):
        with pytest.raises(Invalid, match="remote @context"):
            dcat.parse(
                f'{{"a": [{{"@context": {context}}}]}}'.encode(),
                "application/ld+json",
                "https://x.fr/",
            )
    assert fake.connections == 0


def test_an_rdf_with_a_dtd_is_refused(fake: Any) -> None:
    with pytest.raises(Invalid, match="DTD forbidden"):
        dcat.parse(
            b'<!DOCTYPE rdf:RDF [<!ENTITY a SYSTEM "file:///etc/hostname">]><rdf:RDF/>',
            "application/rdf+xml",
            "https://x.fr/",
        )


# ------------------------------------------------------------------------------- hostile texts


def test_a_hostile_title_stays_text_and_hostile_links_are_dropped() -> None:
    """B44. Pages escape the title; nothing here makes it safer or less true."""
    package = loaded("dataset-1.json")["result"] | {
        "title": "<img src=x onerror=alert(1)>", "url": "javascript:alert(1)",
        "notes": "<p>Un <b>texte</b></p><script>alert(1)</script>[x](javascript:alert(2))",
        "resources": [{"url": "javascript:alert(1)"}, {"url": "data:text/html,x"}, {"url": "https://a.fr/x"}, 7],
    }  # fmt: skip
    row = ckan.record(package, PORTAL, SHA)
    assert row is not None
    assert row.title == "<img src=x onerror=alert(1)>"
    assert row.description == "Un texte\n[x](javascript:alert(2))"
    assert row.landing_page == "https://data.ville.fr/dataset/dataset-1"
    assert [one.url for one in row.distributions] == ["https://a.fr/x"]


@pytest.mark.parametrize("kind", sorted(portals.CONNECTORS))
@pytest.mark.parametrize(
    "item", [None, 7, "x", [], {}, {"id": None, "title": []}, {"id": "x", "properties": {}}, {"identifier": "x", "resources": []}], ids=repr
)  # fmt: skip
def test_nonsense_is_refused_and_never_a_crash(kind: str, item: Any) -> None:
    if kind in ("csw", "dcat"):
        return  # their items are made by us; their documents are tried below
    with contextlib.suppress(Invalid):
        assert portals.CONNECTORS[kind].record(item, PORTAL, SHA) is None


@pytest.mark.parametrize(
    ("read", "text", "value"),
    [
        (published_texts.plain, "a &lt;b&gt;<br>c", "a <b>\nc"),
        (published_texts.plain, "x < y et y > z", "x < y et y > z"),
        (published_texts.plain, "<svg onload=alert(1)><p>x</p></svg>y", "y"),
        (published_texts.plain, "a\x00b\x1b[31m", "a b [31m"),
        (published_texts.plain, "  ", None),
        (published_texts.line, "a\n\tb", "a b"),
        (published_texts.moment, "2019-09-30 22:00:00", datetime(2019, 9, 30, 22, tzinfo=UTC)),
        (published_texts.moment, "jeu, 19/12/2019 - 03:00", datetime(2019, 12, 19, tzinfo=UTC)),
        (published_texts.moment, "hier", None),
        (published_texts.moment, "0001-01-01", None),
        (published_texts.day, "1998", date(1998, 1, 1)),
        (published_texts.day, "2020-02", date(2020, 2, 1)),
        (published_texts.language, "http://publications.europa.eu/resource/authority/language/FRA", "fr"),
        (published_texts.language, "fr-FR", "fr"),
        (published_texts.language, "klingon", None),
        (published_texts.licence, "lov2", "Licence Ouverte 2.0"),
        (published_texts.licence, "notspecified", None),
        (published_texts.file_format, "text/csv; charset=utf-8", "CSV"),
        (published_texts.file_format, "http://publications.europa.eu/resource/authority/file-type/GEOJSON", "GEOJSON"),
        (published_texts.size, "12 Mo", None),
        (published_texts.size, True, None),
        (published_texts.link, "https://a.fr/un fichier.csv", "https://a.fr/un%20fichier.csv"),
        (published_texts.link, "//a.fr/x", None),
        (published_texts.link, "https://a.fr/\" onmouseover=x", None),
        (published_texts.link, "https://a b.fr:99999999/", None),
    ],
)  # fmt: skip
def test_published_texts(read: Callable[[Any], Any], text: Any, value: Any) -> None:
    assert read(text) == value


def test_boxes() -> None:
    assert published_texts.box("1", 2, "3", 4) == (1, 2, 3, 4)
    for wrong in (
        ("x", 0, 1, 1),
        (float("nan"), 0, 1, 1),
        (5, 0, 1, 1),
        (652000, 0, 652001, 1),
        (-180, -90, 180, 90),
    ):
        assert published_texts.box(*wrong) is None
    assert published_texts.box_of({"type": "Point", "coordinates": [1, 2]}) == (1, 2, 1, 2)
    nested: Any = [1, 2]
    for _ in range(5000):
        nested = [nested]
    assert published_texts.box_of({"coordinates": nested}) is None


# ------------------------------------------------------------------- whole portals, over HTTP


class Router(dict[str, Any]):
    """Answers by a function of the path and the query."""

    def __init__(self, say: Callable[[str, dict[str, str]], tuple[str, bytes]]) -> None:
        super().__init__()
        self.say = say

    def __getitem__(self, path: str) -> Any:
        parts = urlsplit(path)
        query = {name: values[0] for name, values in parse_qs(parts.query).items()}
        kind, body = self.say(parts.path, query)
        head = f"HTTP/1.1 200 OK\r\nContent-Type: {kind}\r\nContent-Length: {len(body)}\r\n\r\n"
        return lambda connection: connection.sendall(head.encode() + body)


def ckan_site(
    count: int, fail_at: int | None = None
) -> Callable[[str, dict[str, str]], tuple[str, bytes]]:
    package = loaded("dataset-1.json")["result"]

    def say(path: str, query: dict[str, str]) -> tuple[str, bytes]:
        assert path == "/api/3/action/package_search"
        start, rows = int(query["start"]), int(query["rows"])
        if fail_at is not None and start >= fail_at:
            return "text/html", b"<h1>Bad gateway"
        found = [
            package | {"id": f"id-{n}", "title": f"Jeu {n}", "name": f"jeu-{n}", "url": f"https://a.fr/jeu/{n}"}
            for n in range(start, min(start + rows, count))
        ]  # fmt: skip
        answer = {"help": "", "success": True, "result": {"count": count, "results": found}}
        return "application/json", json.dumps(answer).encode()

    return say


def udata_site(fake: Any, count: int) -> Callable[[str, dict[str, str]], tuple[str, bytes]]:
    dataset = loaded("udata-datasets.json")[0]

    def say(path: str, query: dict[str, str]) -> tuple[str, bytes]:
        page, size = int(query["page"]), int(query["page_size"])
        found = [
            dataset | {"id": f"id-{n}", "harvest": None}
            for n in range((page - 1) * size, min(page * size, count))
        ]
        more = page * size < count
        following = fake.url(f"/api/1/datasets/?page={page + 1}&page_size={size}") if more else None
        return "application/json", json.dumps(
            {"data": found, "total": count, "next_page": following}
        ).encode()

    return say


def csw_site(count: int) -> Callable[[str, dict[str, str]], tuple[str, bytes]]:
    def say(path: str, query: dict[str, str]) -> tuple[str, bytes]:
        start, most = int(query["startPosition"]), int(query["maxRecords"])
        numbers = range(start, min(start + most, count + 1))
        following = start + most if start + most <= count else 0
        records = "".join(
            f"<csw:Record xmlns:csw='http://www.opengis.net/cat/csw/2.0.2'><dc:identifier xmlns:dc='http://purl.org/dc/elements/1.1/'>r{n}</dc:identifier>"
            f"<dc:title xmlns:dc='http://purl.org/dc/elements/1.1/'>Carte {n}</dc:title></csw:Record>"
            for n in numbers
        )  # fmt: skip
        return "application/xml", (
            "<?xml version='1.0'?><csw:GetRecordsResponse xmlns:csw='http://www.opengis.net/cat/csw/2.0.2'>"
            f"<csw:SearchResults numberOfRecordsMatched='{count}' numberOfRecordsReturned='{len(numbers)}' nextRecord='{following}'>"
            f"{records}</csw:SearchResults></csw:GetRecordsResponse>"
        ).encode()  # fmt: skip

    return say


def ods_site(count: int) -> Callable[[str, dict[str, str]], tuple[str, bytes]]:
    def say(path: str, query: dict[str, str]) -> tuple[str, bytes]:
        start, most = int(query["offset"]), int(query["limit"])
        found = [
            {"dataset_id": f"jeu-{n}", "has_records": True, "features": ["geo"],
             "metas": {"default": {"title": f"Jeu {n}", "publisher": "Ville", "modified": "2026-01-02T00:00:00+00:00",
                                   "keyword": ["a"], "license": "Licence Ouverte v2.0 (Etalab)"}}}
            for n in range(start, min(start + most, count))
        ]  # fmt: skip
        return "application/json", json.dumps({"total_count": count, "results": found}).encode()

    return say


def records_site(count: int) -> Callable[[str, dict[str, str]], tuple[str, bytes]]:
    def say(path: str, query: dict[str, str]) -> tuple[str, bytes]:
        start, most = int(query.get("offset", 0)), int(query["limit"])
        found = [
            {"id": f"r{n}", "type": "Feature", "time": {"interval": ["2020-01-01", ".."]},
             "geometry": {"type": "Polygon", "coordinates": [[[0, 45], [1, 45], [1, 46], [0, 45]]]},
             "properties": {"type": "dataset", "title": f"Fiche {n}", "keywords": ["k"], "license": "etalab-2.0",
                            "contacts": [{"organization": "Métropole", "roles": ["publisher"]}]},
             "links": [{"rel": "enclosure", "href": "https://a.fr/x.csv", "type": "text/csv"}]}
            for n in range(start, min(start + most, count))
        ]  # fmt: skip
        links = (
            [{"rel": "next", "href": f"{path}?limit={most}&offset={start + most}"}]
            if start + most < count
            else []
        )
        return "application/geo+json", json.dumps(
            {"features": found, "numberMatched": count, "links": links}
        ).encode()

    return say


def dcat_site(fake: Any, count: int) -> Callable[[str, dict[str, str]], tuple[str, bytes]]:
    def say(path: str, query: dict[str, str]) -> tuple[str, bytes]:
        page = int(query.get("page", 1))
        numbers = range((page - 1) * 2, min(page * 2, count))
        following = f"<{fake.url(path)}?page={page + 1}>" if page * 2 < count else None
        lines = ["@prefix dcat: <http://www.w3.org/ns/dcat#> . @prefix dct: <http://purl.org/dc/terms/> .",
                 "@prefix hydra: <http://www.w3.org/ns/hydra/core#> .",
                 f"<> a hydra:PagedCollection ; hydra:totalItems {count} " + (f"; hydra:nextPage {following} ." if following else ".")]  # fmt: skip
        lines += [
            f'<https://a.fr/d/{n}> a dcat:Dataset ; dct:title "Jeu {n}"@fr, "Set {n}"@en .'
            for n in numbers
        ]
        return "text/turtle", "\n".join(lines).encode()

    return say


def dkan_site(count: int) -> Callable[[str, dict[str, str]], tuple[str, bytes]]:
    found = [
        {"identifier": f"i{n}", "title": f"Jeu {n}", "publisher": {"name": "Ville"}, "spatial": "0,45,1,46",
         "temporal": "2020-01-01/2020-12-31", "modified": "2026-01-01",
         "distribution": [{"downloadURL": "https://a.fr/x.csv", "mediaType": "text/csv"}]}
        for n in range(count)
    ]  # fmt: skip
    return lambda path, query: ("application/json", json.dumps({"dataset": found}).encode())


@pytest.fixture
def visit(fake: Any, tmp_path: Path) -> Any:
    def one(kind: str, since: datetime | None = None, **portal: Any) -> portals.Reading:
        remote = Remote(
            RawStore(tmp_path / "raw"), fake.guard, Limits(connect=2, silence=5, total=20),
            Patience(pause=0), breaker=Breaker(), sleep=lambda _: None,
        )  # fmt: skip
        source = SourceFile(
            id="p", kind=kind, order=9, title="P", publisher="P", licence="L", url="https://x.fr",
            nature=Nature.DIRECTORY, portal=Portal(**({"url": fake.url(""), "page_size": 2} | portal)),
        )  # fmt: skip
        return portals.visit(source, remote, since)

    return one


@pytest.mark.parametrize("kind", sorted(portals.CONNECTORS))
def test_a_whole_portal_of_each_kind_is_read_page_by_page(kind: str, fake: Any, visit: Any) -> None:
    sites = {
        "ckan": ckan_site(5), "udata": udata_site(fake, 5), "csw": csw_site(5), "dkan": dkan_site(5),
        "opendatasoft": ods_site(5), "ogc-records": records_site(5), "dcat": dcat_site(fake, 5),
    }  # fmt: skip
    fake.answers = Router(sites[kind])
    reading = visit(kind, **({"collection": "c"} if kind == "ogc-records" else {}))
    assert (len(reading.rows), reading.whole, reading.note, reading.rejections) == (5, True, "", ())
    assert len({row.remote_id for row in reading.rows}) == 5
    assert len(fake.requests) == (1 if kind == "dkan" else 3)
    for row in reading.rows:
        assert isinstance(row, RecordRow)
        assert row.title
        assert len(row.page_sha256) == 64


def test_ckanapi_asks_and_nothing_else_goes_out(fake: Any, visit: Any) -> None:
    fake.answers = Router(ckan_site(3))
    visit("ckan", since=datetime(2026, 11, 1, tzinfo=UTC), query={"fq": "organization:ville"})
    asked = parse_qs(urlsplit(fake.requests[0]).query)
    assert asked["fq"] == ["+(organization:ville) +(metadata_modified:[2026-11-01T00:00:00Z TO *])"]
    assert all(b"User-Agent: Guichet/" in one for one in fake.heard)
    client = ckan.GuardedCKAN("https://x.fr", None)  # type: ignore[arg-type]
    with pytest.raises(Invalid, match="by GET"):
        client._request_fn("https://x.fr", {}, {}, None, {})
    with pytest.raises(AttributeError):
        client.session.get("https://x.fr")


def test_a_csw_is_asked_for_what_changed_in_words_that_a_real_one_reads(
    fake: Any, visit: Any
) -> None:
    fake.answers = Router(csw_site(1))
    query = {"modified": "apiso:Modified", "constraint": "a = 1 OR b = 2"}
    visit("csw", since=datetime(2026, 11, 1, tzinfo=UTC), query=query)
    visit("csw", since=datetime(2026, 11, 1, tzinfo=UTC), query={"modified": "apiso:Modified"})
    asked = [parse_qs(urlsplit(one).query)["constraint"][0] for one in fake.requests]
    assert asked == [
        "(a = 1 OR b = 2) AND apiso:Modified >= '2026-11-01'",
        "apiso:Modified >= '2026-11-01'",
    ]


def test_a_portal_that_breaks_on_page_three_gives_nothing(fake: Any, visit: Any) -> None:
    fake.answers = Router(ckan_site(9, fail_at=4))
    with pytest.raises(Invalid, match="as CKAN does"):
        visit("ckan")


def test_one_bad_item_is_listed_and_the_others_are_read(fake: Any, visit: Any) -> None:
    datasets = [loaded("udata-datasets.json")[0] | {"id": "a"}, {"id": "b", "title": ""}, 7]
    fake.answers = Router(
        lambda path, query: (
            "application/json",
            json.dumps({"data": datasets, "total": 3}).encode(),
        )
    )
    reading = visit("udata")
    assert [row.remote_id for row in reading.rows] == ["a"]
    assert [one.remote_id for one in reading.rejections] == ["b", "?"]


@pytest.mark.parametrize("kind", sorted(portals.CONNECTORS))
@pytest.mark.parametrize(
    "body", [b"", b"<html>Maintenance</html>", b"[]", b"{}", b'{"success": false}', b"\xff\xfe\x00"]
)
def test_a_portal_that_answers_with_something_else_is_a_source_error(
    kind: str, body: bytes, fake: Any, visit: Any
) -> None:
    fake.answers = Router(lambda path, query: ("text/html", body))
    with pytest.raises((Invalid, Unavailable)):
        visit(kind, collection="c")


def test_a_list_of_collections_is_read_as_services(fake: Any, visit: Any) -> None:
    collections = [{"id": "arbres", "title": "Arbres", "links": [{"rel": "items", "href": "https://a.fr/arbres/items", "type": "application/geo+json"}],
                    "extent": {"spatial": {"bbox": [[0, 45, 1, 46]]}, "temporal": {"interval": [["2020-01-01T00:00:00Z", None]]}}}]  # fmt: skip
    fake.answers = Router(
        lambda path, query: ("application/json", json.dumps({"collections": collections}).encode())
    )
    (row,) = visit("ogc-records").rows
    assert (row.type, row.title, row.extent, row.temporal_start) == (
        "service",
        "Arbres",
        (0, 45, 1, 46),
        date(2020, 1, 1),
    )
    assert row.distributions[0].format == "GEOJSON"


def test_the_older_opendatasoft_answers() -> None:
    answer = {
        "nhits": 1,
        "datasets": [
            {
                "datasetid": "a",
                "metas": {
                    "title": "A",
                    "publisher": "Ville",
                    "modified": "2020-01-01",
                    "theme": "Culture",
                },
            }
        ],
    }
    turn = opendatasoft.turn(answer, SHA, 0)
    row = opendatasoft.record(turn.items[0][1], PORTAL, SHA)
    assert row is not None
    assert (row.remote_id, row.themes, turn.total) == ("a", ("Culture",), 1)


def test_every_kind_says_its_mapping() -> None:
    for module in (ckan, csw, dcat, dkan, ogc_records, opendatasoft, udata):
        assert module.__doc__ is not None
        assert "| ours |" in module.__doc__
