"""CRS, axis order, boxes and time, against PostGIS and pyproj asked directly."""

import json

import pytest
from pyproj import CRS, Transformer
from shapely.geometry import shape

EPSG = "http://www.opengis.net/def/crs/EPSG/0/"
ITEMS = "/collections/communes/items"


def first_point(geometry):
    found = geometry["coordinates"]
    while isinstance(found[0], list):
        found = found[0]
    return found


@pytest.mark.parametrize("code", [4326, 3857, 4258, 2154, 5490, 2972, 2975, 4471, 4467])
def test_coordinates_follow_the_crs_and_its_axis_order(ogc, code):
    plain = ogc.get(ITEMS, params={"limit": 3}).json()["features"]
    answer = ogc.get(ITEMS, params={"limit": 3, "crs": EPSG + str(code)})
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Crs"] == f"<{EPSG}{code}>"
    # Without always_xy, pyproj itself writes the axes in the authority's order.
    to = Transformer.from_crs("OGC:CRS84", CRS.from_epsg(code))
    for before, after in zip(plain, answer.json()["features"], strict=True):
        expected = to.transform(*first_point(before["geometry"]))
        assert first_point(after["geometry"]) == pytest.approx(expected, abs=0.02)


def test_the_usual_crs_is_told(ogc):
    answer = ogc.get(ITEMS + "?limit=1")
    assert answer.headers["Content-Crs"] == "<http://www.opengis.net/def/crs/OGC/1.3/CRS84>"


def test_every_crs_that_a_collection_lists_can_be_asked(ogc):
    for uri in ogc.get("/collections/offices").json()["crs"]:
        for path in ("/collections/offices/items?limit=1", "/collections/offices/items/1"):
            answer = ogc.get(path, params={"crs": uri})
            assert answer.status_code == 200, (uri, answer.text)


def ids(database_says, sql):
    rows = database_says(f"select code from catalog.commune left join catalog.commune_outline using (number) "
        f"where valid_to is null and {sql} "
                         "order by number")  # fmt: skip
    return [row[0] for row in rows]


@pytest.mark.parametrize(
    ("box", "sql"),
    [
        ("4,45,5,46.2", "st_intersects(geometry, st_makeenvelope(4,45,5,46.2,4326))"),
        ("4,45,0,5,46.2,9000", "st_intersects(geometry, st_makeenvelope(4,45,5,46.2,4326))"),
        ("170,-90,-60,90", "st_intersects(geometry, st_makeenvelope(-180,-90,-60,90,4326))"),
        ("50,-90,-170,90", "st_intersects(geometry, st_makeenvelope(50,-90,180,90,4326))"),
        ("0,0,0,0", "false"),
        ("-180,-90,180,90", "geometry is not null"),
    ],
)
def test_a_box_finds_what_intersects_it(walk, database_says, box, sql):
    found = walk(ITEMS, bbox=box, limit=100, skipGeometry="true")
    assert [one["id"] for one in found] == ids(database_says, f"({sql} or geometry is null)")


@pytest.mark.parametrize(
    ("collection", "question"),
    [
        ("communes", "select code from catalog.commune left join catalog.commune_outline "
         "using (number) where valid_to is null and geometry is null"),
        ("services", "select code || '.official-site' from catalog.commune left join "
         "catalog.commune_outline using (number) where valid_to is null and geometry is null"),
        ("offices", "select id::text from catalog.pub_office where point is null"),
    ],
)  # fmt: skip
def test_what_has_no_geometry_is_in_every_box(ogc, walk, database_says, collection, question):
    """Features part 1, requirement fc-bbox-response: whatever the order, the page or the format."""
    path = f"/collections/{collection}/items"
    only = {"service": "official-site"} if collection == "services" else {}
    nowhere = {row[0] for row in database_says(question)}
    assert nowhere
    sea = {"bbox": "-30,30,-29,31", **only}
    assert {str(one["id"]) for one in walk(path, limit=1, **sea)} == nowhere
    assert ogc.get(path, params=sea).json()["numberMatched"] == len(nowhere)
    some = {"bbox": "4,45,5,46.2", **only}
    placed = walk(path, limit=100, **some)
    assert nowhere < {str(one["id"]) for one in placed}
    # Pages of one order, by cursor and by offset, hold each item once.
    name = {"communes": "name", "offices": "name", "services": "commune_name"}[collection]
    ordered = walk(path, limit=3, sortby=f"-{name}", **some)
    assert sorted(map(str, (one["id"] for one in ordered))) == sorted(
        str(one["id"]) for one in placed
    )
    skipped = ogc.get(path, params={"offset": 3, "limit": 100, "sortby": f"-{name}", **some})
    assert skipped.json()["features"] == ordered[3:]
    table = ogc.get(path, params={"f": "csv", **sea}).text
    assert table.count("\n") == 1 + len(nowhere)


def test_the_list_of_communes_without_outline_keeps_itself(conn):
    """By triggers: whoever writes communes or outlines, one by one or a thousand at once."""
    from psycopg.sql import SQL

    unlike = SQL(
        "select count(*) from catalog.commune c full join catalog.commune_unplaced u using (number) "
        "left join catalog.commune_outline o using (number) "
        "where (c.number is not null and o.number is null) <> (u.number is not null)"
    )

    def right():
        return conn.execute(unlike).fetchone() == (0,)

    conn.execute("set session_replication_role = origin")
    conn.execute("insert into catalog.region (code, name) values ('R', 'R')")
    conn.execute("insert into catalog.departement (code, name, region_code) values ('D', 'D', 'R')")
    conn.execute(
        "insert into catalog.commune (number, code, name, search_name, departement_code, "
        "region_code, timezone, fingerprint) "
        "select n, n::text, 'x', 'x', 'D', 'R', 'Europe/Paris', 'f' from generate_series(1, 5) n"
    )
    assert right()
    shape = "'SRID={};MULTIPOLYGON(((0 0,1 0,1 1,0 0)))'::geometry"
    conn.execute(
        "insert into catalog.commune_outline (number, geometry, geometry_3857, centre, area_km2, "
        f"fingerprint) select n, {shape.format(4326)}, {shape.format(3857)}, "
        "'SRID=4326;POINT(0.5 0.5)', 1, 'f' from generate_series(2, 4) n"
    )
    left = SQL("select number from catalog.commune_unplaced order by 1")
    assert conn.execute(left).fetchall() == [(1,), (5,)]
    for change in (
        "delete from catalog.commune_outline where number = 3",
        "delete from catalog.commune where number in (1, 3)",
        "truncate catalog.commune_outline",
    ):
        conn.execute(change)
        assert right()
    assert conn.execute(left).fetchall() == [(2,), (4,), (5,)]


@pytest.mark.parametrize("code", [4326, 2154, 3857])
def test_a_box_in_another_crs_is_the_same_place(walk, ogc, code):
    """Carried to that CRS by pyproj, a box that just holds a commune still finds it."""
    for feature in ogc.get(ITEMS, params={"limit": 3}).json()["features"]:
        west, south, east, north = shape(feature["geometry"]).bounds
        to = Transformer.from_crs("OGC:CRS84", code, always_xy=True)
        box = to.transform_bounds(west, south, east, north)
        if code == 4326:
            box = (box[1], box[0], box[3], box[2])
        found = walk(ITEMS, bbox=",".join(map(str, box)), limit=100,
                     **{"bbox-crs": EPSG + str(code)})  # fmt: skip
        assert feature["id"] in {one["id"] for one in found}


@pytest.mark.parametrize(
    "box",
    ["nan,nan,nan,nan", "-inf,-inf,inf,inf", "1e308,1e308,1e309,1e309", "1,2,3", "a,b,c,d", ",,,",
     "1,2,3,4,5,6,7", "0,10,10,0", "1;2;3;4", "1,2,3,4,", "٤,٤,٥,٥"],
)  # fmt: skip
def test_what_is_no_box_is_refused_by_name(ogc, box):
    answer = ogc.get(ITEMS, params={"bbox": box})
    assert answer.status_code == 400
    assert answer.json()["parameter"] == "bbox"


@pytest.mark.parametrize("name", ["crs", "bbox-crs", "filter-crs"])
@pytest.mark.parametrize("uri", ["http://evil/crs", "EPSG:999999", EPSG + "999999", "file:///etc"])
def test_a_crs_is_a_name_of_a_list_and_never_fetched(ogc, name, uri):
    answer = ogc.get(ITEMS, params={name: uri})
    assert answer.status_code == 400
    assert answer.json()["parameter"] == name


def test_the_state_of_services_travels_in_time(ogc, site, walk, database_says):
    """At each instant the items say what the API of communes says, and what status holds."""
    import httpx

    for day in ("2021-12-31", "2023-06-30", None):
        params = {"datetime": day} if day else {}
        for (code,) in database_says(
            "select code from catalog.commune where valid_to is null limit 4"
        ):
            told = httpx.get(f"{site}/api/v1/communes/{code}/services", params=params).json()
            expected = {one["service"]: one for one in told["services"]}
            found = walk("/collections/services/items", commune=code, limit=50, **params)
            assert len(found) == len(expected)
            for one in found:
                said, same = one["properties"], expected[one["properties"]["service"]]
                for name in ("state", "simple", "level", "reason", "provider", "url"):
                    assert said[name] == same[name], (code, day, said["service"], name)
                alone = ogc.get(f"/collections/services/items/{one['id']}", params=params).json()
                assert alone["properties"] == said


def test_an_interval_tells_the_state_at_its_end(walk):
    common = {"limit": 200, "skipGeometry": "true", "service": "official-site"}
    at = walk("/collections/services/items", datetime="2023-06-30", **common)
    assert walk("/collections/services/items", datetime="2021-01-01/2023-06-30", **common) == at
    assert walk("/collections/services/items", datetime="../2023-06-30", **common) == at
    now = walk("/collections/services/items", **common)
    assert walk("/collections/services/items", datetime="2021-01-01/..", **common) == now
    assert at != now, "nothing changed since: the test proves nothing"


@pytest.mark.parametrize(
    "text",
    ["garbage", "2024-13-45", "2025-01-01/2024-01-01", "infinity", "294277-01-01", "/", "../..",
     "2024-01-01/2024-02-01/2024-03-01", "2024-01-01T00:00:00", "now"],
)  # fmt: skip
@pytest.mark.parametrize("collection", ["communes", "services", "offices"])
def test_what_is_no_moment_is_refused_by_name(ogc, collection, text):
    answer = ogc.get(f"/collections/{collection}/items", params={"datetime": text})
    assert answer.status_code == 400
    assert answer.json()["parameter"] == "datetime"


def test_a_proof_can_be_followed(ogc):
    feature = ogc.get("/collections/services/items?service=official-site&limit=1").json()[
        "features"
    ][0]
    answer = ogc.get(feature["properties"]["proof"])
    assert answer.status_code == 200
    assert "proofs" in answer.json()
    assert json.dumps(feature).count("guichet.invalid") == 0
