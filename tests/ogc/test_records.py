"""Records: each thing once, with the members of OGC API Records, for OWSLib too."""

from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest
from owslib.ogcapi.records import Records

from catalog import records
from catalog.ingest import EvidenceRow, SourceRow, save_evidence, save_source
from catalog.record_rows import Distribution, RecordRow

ITEMS = "/collections/records/items"


def row(number, **values):
    return RecordRow(
        **{"remote_id": f"r{number}", "type": "dataset", "title": f"Écoles de la ville {number}",
           "page_sha256": "a" * 64, "publisher": f"Ville {number % 3}", "keywords": ("écoles",),
           "updated": datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=number),
           "distributions": (Distribution(f"https://a.fr/{number}.csv", format="CSV",
                                          media_type="text/csv"),)} | values
    )  # fmt: skip


@pytest.fixture(scope="module", autouse=True)
def held(site, small_france_settings):
    """Records of our own in the shared database, taken away again."""
    rows = [row(n) for n in range(30)]
    rows.append(row(50, title="<b>Piscines</b>", type="service", extent=(4.7, 45.5, 5.1, 45.9),
                    temporal_start=date(2020, 1, 1), temporal_end=date(2021, 12, 31)))  # fmt: skip
    with psycopg.connect(small_france_settings.database.url) as conn:
        for source, said in (("premier", rows), ("second", [row(3, identifiers=("10.5072/abc",))])):
            save_source(
                conn, SourceRow(source, source, "P", "L", None, "https://x.fr", "directory")
            )
            evidence = save_evidence(
                conn, EvidenceRow(source, "r", date(2026, 11, 1), "0" * 64, 1, "https://x.fr/")
            )
            records.save_records(
                conn, said, source_id=source, evidence_id=evidence, now=datetime.now(UTC),
                whole=True, grace=timedelta(days=30), brake=lambda known, lost: None,
            )  # fmt: skip
        conn.commit()
        yield conn
        conn.execute("alter table catalog.record_version disable trigger append_only")
        for table in ("record_version", "record_key", "record_alias", "record"):
            conn.execute(f"delete from catalog.{table}".encode())
        conn.execute("alter table catalog.record_version enable trigger append_only")
        conn.execute("delete from catalog.evidence where source_id in ('premier', 'second')")
        conn.execute("delete from catalog.source where id in ('premier', 'second')")
        conn.commit()


def test_each_thing_is_there_once(walk, ogc, held):
    expected = held.execute(
        "select count(distinct group_id) from catalog.record where withdrawn_at is null"
    ).fetchone()[0]
    found = walk(ITEMS, limit=7)
    assert len({one["id"] for one in found}) == len(found) == expected
    assert ogc.get(ITEMS, params={"limit": 1}).json()["numberMatched"] == expected


def test_a_record_has_its_members(ogc):
    one = ogc.get(ITEMS, params={"type": "service"}).json()["features"][0]
    assert one["properties"]["title"] == "<b>Piscines</b>"
    assert one["time"] == {"interval": ["2020-01-01", "2021-12-31"]}
    assert one["conformsTo"] == [
        "http://www.opengis.net/spec/ogcapi-records-1/1.0/conf/record-core"
    ]
    assert one["geometry"]["type"] == "Polygon"
    assert {"rel": "item", "href": "https://a.fr/50.csv", "type": "text/csv"} in one["links"]
    alone = ogc.get(f"{ITEMS}/{one['id']}").json()
    assert {link["rel"] for link in alone["links"]} >= {"self", "collection", "item"}
    assert alone["properties"] == one["properties"]
    assert "<b>Piscines" not in ogc.get(f"{ITEMS}/{one['id']}?f=html").text
    assert ogc.get("/collections/records").json()["itemType"] == "record"


def test_words_place_and_time_find_it(ogc):
    def found(**params):
        return ogc.get(ITEMS, params={"limit": 100} | params).json()["numberMatched"]

    assert found(q="piscine") == 1  # the form of the word does not matter
    assert found(q="PISCINES") == 1
    assert found(q="ecoles") == 31  # one has it as a keyword only
    assert found(q="nothing-of-the-kind") == 0
    assert found(bbox="4.8,45.6,5,45.8") == 1
    assert found(bbox="0,0,1,1") == 0
    assert found(datetime="2020-06-01", type="service") == 1
    assert found(datetime="2023-06-01", type="service") == 0
    assert found(filter="title LIKE '%Piscines%' AND type = 'service'") == 1
    assert found(filter="A_CONTAINS(keywords, ('écoles'))") == 31


def test_owslib_finds_it(site):
    service = Records(f"{site}/ogc")
    assert "records" in service.records()
    page = service.collection_items("records", q="piscines")
    assert page["numberMatched"] == 1
    assert service.collection_item("records", page["features"][0]["id"])["type"] == "Feature"
