"""CQL2, against the same question written by hand in SQL: same items, nothing else."""

import json

import pytest

PLACE = "st_geomfromtext('POLYGON((4 45,5 45,5 46.3,4 46.3,4 45))', 4326)"
POLYGON = "POLYGON((4 45,5 45,5 46.3,4 46.3,4 45))"

# (CQL2 text, the same in SQL)
TEXTS = [
    ("population > 1000", "population > 1000"),
    ("population >= 1000 AND population <= 5000", "population between 1000 and 5000"),
    ("population BETWEEN 100 AND 900.5", "population between 100 and 900"),
    ("population NOT BETWEEN 100 AND 900", "population not between 100 and 900"),
    ("NOT population > 1000", "not population > 1000"),
    ("population <> 0 OR epci IS NULL", "population <> 0 or epci_code is null"),
    ("epci IS NOT NULL", "epci_code is not null"),
    ("departement IN ('01','42')", "departement_code in ('01','42')"),
    ("departement NOT IN ('01','42')", "departement_code not in ('01','42')"),
    ("name LIKE 'Saint%'", "name like 'Saint%%'"),
    ("name NOT LIKE 'Saint%'", "name not like 'Saint%%'"),
    ("CASEI(name) LIKE CASEI('SAINT%')", "lower(name) like 'saint%%'"),
    ("ACCENTI(CASEI(name)) LIKE '%etienne%'", "unaccent(lower(name)) like '%%etienne%%'"),
    ("population + 10 > 2 * 500", "population + 10 > 1000"),
    ("population / 2 ^ 2 > 100", "population / 4.0 > 100"),
    ("population % 2 = 0", "mod(population, 2) = 0"),
    ("population div 1000 = 1", "population / 1000 = 1"),
    ("-population < -1000", "population > 1000"),
    ("population > number", "population > number"),
    ("\"population\" > 1e3", "population > 1000"),
    ("code = '01001'", "code = '01001'"),
    ("'01001' = code", "code = '01001'"),
    ("name = 'L''Abergement-Clémenciat'", "name = 'L''Abergement-Clémenciat'"),
    ("(population > 10 AND (name LIKE 'A%' OR name LIKE 'B%'))",
     "population > 10 and (name like 'A%%' or name like 'B%%')"),
    (f"S_INTERSECTS(geometry, {POLYGON})", f"st_intersects(geometry, {PLACE})"),
    (f"s_within(geometry,{POLYGON})", f"st_within(geometry, {PLACE})"),
    (f"S_DISJOINT({POLYGON}, geometry)", f"st_disjoint(geometry, {PLACE})"),
    ("S_CONTAINS(geometry, POINT(4.92 46.15))",
     "st_contains(geometry, st_point(4.92, 46.15, 4326))"),
    ("S_INTERSECTS(geometry, BBOX(4, 45, 5, 46.3))", f"st_intersects(geometry, {PLACE})"),
    ("S_TOUCHES(geometry, LINESTRING(4 45, 5 46))",
     "st_touches(geometry, st_geomfromtext('LINESTRING(4 45,5 46)', 4326))"),
    ("A_CONTAINS(postal_codes, ('01400'))", "'01400' = any(postal_codes)"),
    ("A_OVERLAPS(postal_codes, ('01400', '42000'))", "postal_codes && array['01400','42000']"),
    ("A_EQUALS(postal_codes, ('01400'))", "postal_codes = array['01400']"),
    ("valid_from IS NULL AND true = true", "valid_from is null"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "sql"), TEXTS, ids=[one for one, _ in TEXTS])
def test_a_filter_finds_what_sql_finds(walk, database_says, text, sql):
    expected = database_says(
        f"select code from catalog.commune left join catalog.commune_outline using (number) "
        f"where valid_to is null and ({sql}) "
        "order by number".replace("%%", "%")
    )
    found = walk("/collections/communes/items", filter=text, limit=500, skipGeometry="true")
    assert [one["id"] for one in found] == [row[0] for row in expected]


def test_the_filters_above_find_something_and_not_everything(walk):
    counts = {len(walk("/collections/communes/items", filter=text, limit=1000))
              for text, _ in TEXTS[:6]}  # fmt: skip
    everything = len(walk("/collections/communes/items", limit=1000))
    assert any(0 < one < everything for one in counts)


# (CQL2 JSON, its text)
JSONS = [
    ({"op": ">", "args": [{"property": "population"}, 1000]}, "population > 1000"),
    ({"op": "and", "args": [{"op": "like", "args": [{"property": "name"}, "S%"]},
                            {"op": "not", "args": [{"op": "isNull", "args": [{"property": "epci"}]}]}]},
     "name LIKE 'S%' AND NOT epci IS NULL"),
    ({"op": "between", "args": [{"property": "population"}, 100, 900]},
     "population BETWEEN 100 AND 900"),
    ({"op": "in", "args": [{"property": "departement"}, ["01", "42"]]},
     "departement IN ('01','42')"),
    ({"op": "s_intersects", "args": [{"property": "geometry"}, {"bbox": [4, 45, 5, 46.3]}]},
     "S_INTERSECTS(geometry, BBOX(4,45,5,46.3))"),
    ({"op": "s_within", "args": [{"property": "geometry"}, {"type": "Polygon", "coordinates": [
        [[4, 45], [5, 45], [5, 46.3], [4, 46.3], [4, 45]]]}]}, f"S_WITHIN(geometry, {POLYGON})"),
    ({"op": "=", "args": [{"op": "casei", "args": [{"property": "name"}]}, "lyon"]},
     "CASEI(name) = 'lyon'"),
    ({"op": "a_contains", "args": [{"property": "postal_codes"}, ["01400"]]},
     "A_CONTAINS(postal_codes, ('01400'))"),
    ({"op": ">", "args": [{"op": "+", "args": [{"property": "population"}, 5]}, 1000]},
     "population + 5 > 1000"),
]  # fmt: skip


@pytest.mark.parametrize(("tree", "text"), JSONS, ids=[one for _, one in JSONS])
def test_both_forms_find_the_same(walk, tree, text):
    path, common = "/collections/communes/items", {"limit": 500, "skipGeometry": "true"}
    by_json = walk(path, filter=json.dumps(tree), **{"filter-lang": "cql2-json"}, **common)
    by_text = walk(path, filter=text, **common)
    assert [one["id"] for one in by_json] == [one["id"] for one in by_text]


TIMES = [
    ("T_AFTER(observed_at, TIMESTAMP('2024-01-01T00:00:00Z'))", "observed_at > '2024-01-01Z'"),
    ("T_BEFORE(observed_at, DATE('2024-01-01'))", "observed_at < '2024-01-01Z'"),
    ("observed_at >= TIMESTAMP('2023-01-01T00:00:00+02:00')",
     "observed_at >= '2023-01-01T00:00:00+02'"),
    ("T_INTERSECTS(observed_at, INTERVAL('2021-01-01','2023-12-31'))",
     "observed_at >= '2021-01-01Z' and observed_at < '2024-01-01Z'"),
    ("T_DURING(observed_at, INTERVAL('2021-01-01T00:00:00Z','..'))",
     "observed_at > '2021-01-01Z'"),
    ("T_DISJOINT(observed_at, INTERVAL('..','2022-01-01'))", "observed_at >= '2022-01-02Z'"),
    ("T_EQUALS(observed_at, observed_at)", "true"),
]  # fmt: skip


@pytest.mark.parametrize(("text", "sql"), TIMES, ids=[one for one, _ in TIMES])
def test_time_in_filters(walk, database_says, text, sql):
    expected = database_says(
        f"select id::text from catalog.pub_office where {sql} order by pub_office.id"
    )
    found = walk("/collections/offices/items", filter=text, limit=500)
    assert [one["id"] for one in found] == [row[0] for row in expected]


def test_states_are_filtered_as_they_are_shown(walk):
    everything = walk("/collections/services/items", limit=5000, skipGeometry="true")
    for name, value in (("state", "unknown"), ("simple", "present"), ("state", "other-body"),
                        ("state", "information"), ("reason", "no-observation"),
                        ("simple", "other"), ("simple", "absent"), ("reason", "observed")):  # fmt: skip
        expected = {one["id"] for one in everything if one["properties"][name] == value}
        for params in ({name: value}, {"filter": f"{name} = '{value}'"}):
            found = walk("/collections/services/items", limit=5000, skipGeometry="true", **params)
            assert {one["id"] for one in found} == expected, (name, value)


def test_filter_crs_reads_coordinates_in_its_own_order(walk):
    uri = "http://www.opengis.net/def/crs/EPSG/0/"
    path = "/collections/communes/items"
    plain = walk(path, filter=f"S_INTERSECTS(geometry, {POLYGON})", limit=500)
    flipped = walk(path, filter="S_INTERSECTS(geometry, BBOX(45,4,46.3,5))", limit=500,
                   **{"filter-crs": f"{uri}4326"})  # fmt: skip
    assert [one["id"] for one in flipped] == [one["id"] for one in plain]
    # The centre of Lyon in Lambert-93, from IGN's own tables to some metres.
    found = walk(path, filter="S_CONTAINS(geometry, POINT(842700 6519900))", limit=5,
                 **{"filter-crs": f"{uri}2154"})  # fmt: skip
    assert len(found) <= 1


@pytest.mark.parametrize(
    "text",
    [
        "population", "population >", "> 3", "population = 'a'", "name > 3", "nope = 1",
        '"name"";select pg_sleep(9)--"=\'x\'', "exec(java.lang.Runtime)='x'",
        "pg_read_file('/etc/passwd')='x'", "pg_sleep(9)=1", "version() = 'x'",
        "name = DATE('2024-01-01')", "observed = 1", "population = 1 population = 2", "(((",
        "name LIKE 3", "population IN ()", "BBOX(1,2)", "S_INTERSECTS(geometry, 3)",
        "S_INTERSECTS(geometry, POLYGON((0 0,1 1,0 1,1 0,0 0)))", "S_INTERSECTS(geometry, POINT())",
        "S_INTERSECTS(geometry, POINT(nan nan))", "S_INTERSECTS(geometry, BBOX(5,5,1,1))",
        "DATE('2024-13-45') = DATE('2024-01-01')", "T_AFTER(valid_from, TIMESTAMP('garbage'))",
        "T_AFTER(valid_from, INTERVAL('a','b'))", "A_CONTAINS(name, 'x')", "CASEI(population)='x'",
        "NULL = NULL", "population = NULL", "name IS", "'a' 'b'", "population / 0 = 1", ";", "\\",
        "population = 99999999999999999999999999999", "population = 1e999", "population ^ 1e9 > 1",
        "NOT " * 100 + "population = 1", "(" * 200 + "population = 1" + ")" * 200,
        "-" * 500 + "1 = population", " OR ".join(["1=1"] * 1001),
        "INTERVAL('..','..')", "geometry = geometry", "geom", "name BETWEEN 1 AND 2",
    ],
)  # fmt: skip
def test_a_filter_that_cannot_be_answered_is_refused_by_name(ogc, text):
    answer = ogc.get("/collections/communes/items", params={"filter": text})
    assert answer.status_code == 400, answer.text
    assert answer.json()["parameter"] == "filter"
    assert answer.elapsed.total_seconds() < 2


@pytest.mark.parametrize(
    "text",
    [
        "", "1", "[]", "{}", "{", '{"op":"and"}', '{"op":"pg_sleep","args":[9]}', "NaN", "Infinity",
        '{"op":"=","args":[{"property":"population"},NaN]}',
        '{"op":"=","args":[{"property":"population"},1e999]}',
        '{"op":"=","args":[{"property":"name"},"\\u0000"]}',
        '{"op":"=","op":"<>","args":[1,1]}', '{"op":"=","args":[1]}', '{"op":1,"args":[]}',
        '{"op":"in","args":[{"property":"name"},"a"]}',
        '{"op":"s_intersects","args":[{"property":"geometry"},{"type":"Point","coordinates":["a"]}]}',
        '{"op":"s_intersects","args":[{"property":"geometry"},{"bbox":["1",2,3,4]}]}',
        '{"op":"not","args":[' * 200,
        "[" * 3000,
    ],
)  # fmt: skip
def test_json_that_is_no_filter_is_refused_by_name(ogc, text):
    if not text:
        return
    params = {"filter": text, "filter-lang": "cql2-json"}
    answer = ogc.get("/collections/communes/items", params=params)
    assert answer.status_code in (400, 413, 414, 431), answer.text
    if len(text) < 3000:
        assert answer.json()["parameter"] == "filter"
