"""Records: each thing once, with the members of OGC API Records, for OWSLib too."""

from datetime import UTC, date, datetime, timedelta

import psycopg
import pytest
from jsonschema import Draft202012Validator, ValidationError
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
    nowhere = found(bbox="0,0,1,1")  # what has no geometry is in every box
    assert found(bbox="4.8,45.6,5,45.8") == nowhere + 1
    assert found(datetime="2020-06-01", type="service") == 1
    assert found(datetime="2023-06-01", type="service") == 0
    assert found(filter="title LIKE '%Piscines%' AND type = 'service'") == 1
    assert found(filter="A_CONTAINS(keywords, ('écoles'))") == 31


def found_ids(ogc, **params):
    page = ogc.get(ITEMS, params={"limit": 100} | params).json()
    return [one["id"] for one in page["features"]]


def test_the_best_answer_comes_first_and_pages_follow_each_other(ogc, walk, held):
    """`q` without sortby: by ts_rank, as PostgreSQL asked directly ranks."""
    expected = [str(id) for (id,) in held.execute(
        "select r.id from catalog.record r, lateral (select "
        "websearch_to_tsquery('catalog.french', '\"écoles\" or \"piscines\"') || "
        "websearch_to_tsquery('catalog.plain', '\"écoles\" or \"piscines\"') as q) as a "
        "where r.words @@ a.q and r.withdrawn_at is null and not exists (select 1 from catalog.record"
        " t where t.group_id = r.group_id and t.id < r.id and t.withdrawn_at is null) "
        "order by (ts_rank(r.words, a.q, 1) * 1e9)::bigint desc, r.id")]  # fmt: skip
    assert len(expected) == 31
    assert expected != sorted(expected, key=int), "nothing to rank here"
    assert found_ids(ogc, q="écoles,piscines") == expected
    assert [one["id"] for one in walk(ITEMS, q="écoles,piscines", limit=5)] == expected
    by_id = found_ids(ogc, q="écoles,piscines", sortby="title")
    assert sorted(by_id) == sorted(expected)
    cursor = ogc.get(ITEMS, params={"q": "écoles", "limit": 1}).json()["links"]
    following = next(one["href"] for one in cursor if one["rel"] == "next")
    refused = ogc.get(following.replace("q=%C3%A9coles", "sortby=title"))
    assert refused.status_code == 400, "a cursor of another order"


def test_terms_are_between_commas_and_words_of_a_term_follow_each_other(ogc):
    assert len(found_ids(ogc, q="écoles")) == 31
    assert len(found_ids(ogc, q="piscines, ville 7")) == 2
    assert len(found_ids(ogc, q="ville 7")) == 1
    assert found_ids(ogc, q="7 ville") == []
    for odd in (",", ",,", '"', '" or "', "a OR b", "-écoles", "or"):
        assert ogc.get(ITEMS, params={"q": odd}).status_code == 200
    assert ogc.get(ITEMS, params={"q": "a,b,c,d,e,f,g,h,i"}).status_code == 400


def test_identifiers_choose_records(ogc):
    first, second = found_ids(ogc, limit=2)
    assert found_ids(ogc, ids=f"{second},{first},999999") == [first, second]
    one = ogc.get(f"{ITEMS}/{first}").json()["properties"]["externalIds"]
    assert one == [{"scheme": "premier", "value": "r0"}]
    assert found_ids(ogc, externalIds="r0") == [first]
    assert found_ids(ogc, externalIds="r0,nope", ids=second) == []
    # What the second portal describes is the first one's thing, or a thing of its own: found.
    assert found_ids(ogc, externalIds="r3")
    assert ogc.get(ITEMS, params={"ids": ",".join("1" * 101)}).status_code == 400
    assert len(found_ids(ogc, type="dataset,service")) == len(found_ids(ogc))
    assert len(found_ids(ogc, type="service")) == 1
    assert ogc.get(ITEMS, params={"type": "dataset,nope"}).status_code == 400
    assert ogc.get("/collections/communes/items", params={"ids": "1"}).status_code == 400


def test_facets_count_what_matches(ogc):
    """A draft of Records part 2; of one value per record, they sum to the total."""
    told = ogc.get("/collections/records/facets").json()["facets"]
    names = ",".join(told)
    for params in ({}, {"q": "écoles"}, {"type": "service"}, {"bbox": "4.8,45.6,5,45.8"},
                   {"filter": "publisher = 'Ville 1'"}):  # fmt: skip
        page = ogc.get(ITEMS, params=params | {"facets": names, "limit": 1}).json()
        assert set(page["facets"]) == set(told)
        for name in ("type", "source"):
            facet = page["facets"][name]
            assert facet["more"] is False
            assert sum(one["count"] for one in facet["buckets"]) == page["numberMatched"]
            counts = [one["count"] for one in facet["buckets"]]
            assert counts == sorted(counts, reverse=True)
    page = ogc.get(ITEMS, params={"facets": "publisher"}).json()
    for bucket in page["facets"]["publisher"]["buckets"]:
        alone = ogc.get(ITEMS, params={"publisher": bucket["value"]}).json()
        assert alone["numberMatched"] == bucket["count"]
    assert "facets" not in ogc.get(ITEMS).json()
    refused = ogc.get(ITEMS, params={"facets": "title"})
    assert (refused.status_code, refused.json()["parameter"]) == (400, "facets")
    assert ogc.get("/collections/communes/facets").status_code == 404
    assert ogc.get("/collections/records/facets?f=html").status_code == 200


TEXT, TEXTS = {"type": "string"}, {"type": "array", "items": {"type": "string"}}
# What 20-004r1 wants of a record in GeoJSON, in our words: recordGeoJSON and what it refers to.
RECORD = {
    "type": "object",
    "required": ["id", "type", "geometry", "properties", "time"],
    "properties": {
        "id": {"type": "string", "minLength": 1},
        "type": {"const": "Feature"},
        "conformsTo": TEXTS,
        "geometry": {"type": ["object", "null"]},
        "time": {"anyOf": [
            {"type": "null"},
            {"type": "object", "properties": {"interval": {
                "type": "array", "minItems": 2, "maxItems": 2,
                "items": {"type": "string", "pattern": r"^(\.\.|\d{4}-\d{2}-\d{2})$"}}},
             "required": ["interval"], "additionalProperties": False},
        ]},
        "properties": {
            "type": "object",
            "required": ["type", "title"],
            "properties": {
                "type": {"type": "string", "maxLength": 64}, "title": TEXT, "description": TEXT,
                "keywords": TEXTS, "license": TEXT,
                "created": {"type": "string", "pattern": "T.*Z$"},
                "updated": {"type": "string", "pattern": "T.*Z$"},
                "language": {"type": "object", "required": ["code"]},
                "resourceLanguages": {"type": "array", "items": {
                    "type": "object", "required": ["code"], "properties": {"code": TEXT}}},
                "externalIds": {"type": "array", "items": {
                    "type": "object", "required": ["value"],
                    "properties": {"scheme": TEXT, "value": TEXT}}},
                "contacts": {"type": "array", "items": {
                    "type": "object", "properties": {"organization": TEXT, "roles": TEXTS},
                    "anyOf": [{"required": ["name"]}, {"required": ["organization"]}]}},
            },
        },
        "links": {"type": "array", "items": {
            "type": "object", "required": ["href", "rel"],
            "properties": {"href": TEXT, "rel": TEXT, "type": TEXT, "title": TEXT}}},
    },
}  # fmt: skip


def test_records_have_the_form_of_the_standard(ogc):
    check = Draft202012Validator(RECORD)
    page = ogc.get(ITEMS, params={"limit": 100}).json()
    assert page["features"]
    for one in (*page["features"], ogc.get(f"{ITEMS}/{page['features'][0]['id']}").json()):
        assert not list(check.iter_errors(one)), one
    with pytest.raises(ValidationError):
        check.validate(page["features"][0] | {"properties": {"type": "dataset"}})
    assert ogc.get("/collections/records").json()["type"] == "Catalog"
    classes = ogc.get("/conformance").json()["conformsTo"]
    records = {one.rsplit("/", 1)[1] for one in classes if "ogcapi-records-1" in one}
    assert records == {"record-core", "record-collection", "record-core-query-parameters",
                       "records-api", "searchable-catalog", "sorting", "json", "html", "oas30"}  # fmt: skip
    assert not [one for one in classes if "ogcapi-records-2" in one], "facets are a draft"


def test_owslib_finds_it(site):
    service = Records(f"{site}/ogc")
    assert "records" in service.records()
    page = service.collection_items("records", q="piscines")
    assert page["numberMatched"] == 1
    assert service.collection_item("records", page["features"][0]["id"])["type"] == "Feature"
