"""Features: every item once, in order, with true counts, at addresses that links give."""

import base64
import json

import pytest

COLLECTIONS = (
    "communes", "epci", "departements", "regions", "offices", "services",
    "contributions", "difficulties", "records", "practices", "satisfaction",
)  # fmt: skip
EMPTY = (
    "contributions",
    "difficulties",
    "records",
    "practices",
    "satisfaction",
)  # in small_france: tests of their own fill them


def test_the_landing_page_leads_everywhere(ogc):
    body = ogc.get("").json()
    rels = {one["rel"] for one in body["links"]}
    assert {"self", "alternate", "service-desc", "service-doc", "conformance", "data"} <= rels
    for link in body["links"]:
        if link["href"].startswith(str(ogc.base_url).rstrip("/")):
            answer = ogc.get(link["href"])
            assert answer.status_code == 200, link
            assert answer.headers["Content-Type"].split(";")[0] == link["type"].split(";")[0]
    assert "guichet.invalid" not in json.dumps(body)


def test_collections_are_told_alike_together_and_alone(ogc):
    listed = ogc.get("/collections").json()["collections"]
    together = {one["id"]: one for one in listed}
    assert tuple(together) == COLLECTIONS
    for id, one in together.items():
        alone = ogc.get(f"/collections/{id}").json()
        for name in ("title", "description", "extent", "crs", "storageCrs", "itemType"):
            assert alone[name] == one[name]
        assert one["storageCrs"] == one["crs"][0]
        assert "guichet.invalid" not in json.dumps(alone)
        for link in alone["links"]:
            if "/items?f=" not in link["href"] and "/ogc" in link["href"]:
                assert ogc.get(link["href"]).status_code == 200, link


@pytest.mark.parametrize(
    ("collection", "question"),
    [
        ("communes", "select code from catalog.commune where valid_to is null order by number"),
        ("epci", "select code from catalog.epci order by code"),
        ("departements", "select code from catalog.departement order by code"),
        ("regions", "select code from catalog.region order by code"),
        (
            "offices",
            "select id::text from catalog.pub_office order by pub_office.id",
        ),
    ],
)
def test_a_walk_finds_every_item_once_and_in_order(walk, ogc, database_says, collection, question):
    expected = [row[0] for row in database_says(question)]
    assert expected
    found = [one["id"] for one in walk(f"/collections/{collection}/items", limit=7)]
    assert found == expected
    first = ogc.get(f"/collections/{collection}/items", params={"limit": 1}).json()
    assert first["numberMatched"] == len(expected)


def test_services_hold_each_commune_and_each_service(walk, ogc, database_says):
    communes = database_says("select code from catalog.commune where valid_to is null")
    found = walk("/collections/services/items", limit=997)
    pairs = {(one["properties"]["commune"], one["properties"]["service"]) for one in found}
    assert len(pairs) == len(found)
    services = {service for _, service in pairs}
    assert pairs == {(code, service) for (code,) in communes for service in services}
    assert ogc.get("/collections/services/items?limit=1").json()["numberMatched"] == len(found)
    assert all(one["id"] == f"{one['properties']['commune']}.{one['properties']['service']}"
               for one in found)  # fmt: skip


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_an_item_is_what_its_page_says(ogc, collection):
    page = ogc.get(f"/collections/{collection}/items", params={"limit": 3}).json()
    for feature in page["features"]:
        alone = ogc.get(f"/collections/{collection}/items/{feature['id']}").json()
        assert {name: alone[name] for name in feature} == feature
        assert {"self", "collection"} <= {one["rel"] for one in alone["links"]}


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_offset_and_cursor_agree(ogc, collection):
    path = f"/collections/{collection}/items"
    whole = ogc.get(path, params={"limit": 40}).json()["features"]
    for offset in (0, 1, 5, 39):
        page = ogc.get(path, params={"limit": 3, "offset": offset}).json()
        assert page["features"] == whole[offset : offset + 3] or offset > len(whole) - 3


def test_an_offset_beyond_the_end_is_empty_and_still_counts(ogc):
    body = ogc.get("/collections/communes/items?offset=99999999999999").json()
    assert body["features"] == []
    assert body["numberMatched"] > 0


@pytest.mark.parametrize("id", ["00000", "69123.", ".official-site", "a" * 400, "-1", "1e3"])
@pytest.mark.parametrize("collection", COLLECTIONS)
def test_an_item_that_is_not_there(ogc, collection, id):
    answer = ogc.get(f"/collections/{collection}/items/{id}")
    assert answer.status_code == 404
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    "order", ["population", "-population", "name,-number", "-epci", "area_km2"]
)
def test_a_sorted_walk_finds_every_item_once(walk, order):
    plain = walk("/collections/communes/items", limit=1000, skipGeometry="true")
    found = walk("/collections/communes/items", limit=11, sortby=order, skipGeometry="true")
    assert sorted(one["id"] for one in found) == sorted(one["id"] for one in plain)
    name = order.split(",")[0].lstrip("-")
    values = [one["properties"][name] for one in found]
    known = [one for one in values if one is not None]
    assert values == known + [None] * (len(values) - len(known)), "what is unknown comes last"
    if name != "name":  # PostgreSQL's order of names is a language's, not Python's
        assert known == sorted(known, reverse=order.startswith("-"))


@pytest.mark.parametrize(
    "cursor",
    [
        "x", "W10", "bnVsbA", base64.urlsafe_b64encode(b'["a"]').decode(),
        base64.urlsafe_b64encode(b"[1,2]").decode(), base64.urlsafe_b64encode(b"[1e400]").decode(),
        base64.urlsafe_b64encode(b"[99999999999999999999999]").decode(),
        base64.urlsafe_b64encode(b"[true]").decode(), base64.urlsafe_b64encode(b"[-1]").decode(),
    ],
)  # fmt: skip
def test_a_cursor_that_we_did_not_give(ogc, cursor):
    answer = ogc.get("/collections/communes/items", params={"cursor": cursor})
    assert answer.status_code == 400
    assert answer.json()["parameter"] == "cursor"


def test_the_same_page_has_the_same_tag_and_is_not_sent_twice(ogc):
    path = "/collections/communes/items?limit=5"
    first = ogc.get(path)
    again = ogc.get(path, headers={"If-None-Match": first.headers["Etag"]})
    assert again.status_code == 304
    assert not again.content
    other = ogc.get("/collections/communes/items?limit=6")
    assert other.headers["Etag"] != first.headers["Etag"]


def test_areas_have_the_polygon_and_the_sums_of_their_communes(walk, database_says):
    for collection, column in (("departements", "departement_code"), ("regions", "region_code"),
                               ("epci", "epci_code")):  # fmt: skip
        sums = {
            code: (communes, population, area)
            for code, communes, population, area in database_says(
                f"select {column}, count(*), sum(population)::int8, "
                f"count(*) "
                f"from catalog.commune where valid_to is null and {column} is not null group by 1"
            )
        }
        for one in walk(f"/collections/{collection}/items", limit=100):
            communes, population, area = sums.get(one["id"], (0, None, 0))
            assert one["properties"]["communes"] == communes
            assert one["properties"]["population"] == population
            if area:
                assert one["geometry"]["type"] == "MultiPolygon"


def test_an_area_covers_the_centres_of_its_communes(small_france, site, database_says):
    """The union made at publication holds a point inside each member, but for slivers."""
    missing = database_says(
        "select count(*) from catalog.commune c join catalog.commune_outline o using (number) "
        "join tiles.area_shape s "
        "on s.kind = 'departements' and s.code = c.departement_code "
        "and s.geography = (select geography from catalog.generation order by id desc limit 1) "
        "where c.valid_to is null and not st_intersects(o.centre, s.geometry)"
    )[0][0]
    assert missing == 0
    assert database_says("select count(*) from tiles.area_shape")[0][0] > 0


@pytest.mark.parametrize("address", ["services/items", "services/items/42218.nursery"])
def test_a_method_that_is_not_known_is_told_which_are(ogc, address):
    """Tornado refuses TRACE before it tells a handler which collection is meant."""
    answer = ogc.request("TRACE", f"/collections/{address}")
    assert answer.status_code == 405
    assert answer.headers["Content-Type"].startswith("application/problem+json")
    assert {"GET", "HEAD", "OPTIONS"} <= set(answer.headers["Allow"].split(", "))
