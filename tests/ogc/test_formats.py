"""The same items in every format: nothing is lost, and no format tells another truth."""

import csv
import io
import json

import fiona
import pyarrow.parquet as pq
import pytest
import shapely
from jsonschema import Draft202012Validator
from shapely.geometry import shape

COLLECTIONS = ("communes", "epci", "departements", "regions", "offices", "services")


@pytest.fixture(scope="module")
def whole(ogc):
    """A function: all items of a collection as GeoJSON."""
    kept = {}

    def found(collection):
        if collection not in kept:
            body = ogc.get(f"/collections/{collection}/items?limit=10000").json()
            assert body["numberMatched"] == body["numberReturned"]
            kept[collection] = body["features"]
        return kept[collection]

    return found


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_csv_holds_every_item(ogc, whole, collection):
    answer = ogc.get(f"/collections/{collection}/items?f=csv")
    assert answer.headers["Content-Type"].startswith("text/csv")
    assert "attachment" in answer.headers["Content-Disposition"]
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert [row["id"] for row in rows] == [one["id"] for one in whole(collection)]
    for row, one in zip(rows, whole(collection), strict=True):
        for name, value in one["properties"].items():
            if name == "id" or isinstance(value, dict | list | float):
                continue
            if name in ("since", "observed_at"):
                assert (row[name] == "") == (value is None)
            else:
                assert row[name].lstrip("'") == ("" if value is None else str(value)), name
        if one["geometry"] is None:
            assert row["geometry"] == ""
        else:
            assert shapely.from_wkt(row["geometry"]).equals_exact(shape(one["geometry"]), 1e-6)


@pytest.mark.parametrize("text", ["=1+1", "+33 4", "-1", "@x", "\tx", "\r=1"])
def test_a_cell_is_never_a_formula(text):
    from api.ogc.exports import _cell

    assert _cell(text) == "'" + text
    assert _cell([text]) == "'" + text
    assert _cell("a" + text) == "a" + text


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_sequences_hold_the_very_same_features(ogc, whole, collection):
    text = ogc.get(f"/collections/{collection}/items?f=geojsonseq").text
    assert text.count("\x1e") == len(whole(collection))
    assert [json.loads(line) for line in text.split("\x1e")[1:]] == whole(collection)


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_geoparquet_holds_every_item(ogc, whole, tmp_path, collection):
    file = tmp_path / "x.parquet"
    file.write_bytes(ogc.get(f"/collections/{collection}/items?f=parquet").content)
    table = pq.read_table(file)
    about = json.loads(table.schema.metadata[b"geo"])
    assert about["version"] == "1.1.0"
    assert about["columns"][about["primary_column"]]["encoding"] == "WKB"
    assert table["id"].to_pylist() == [one["id"] for one in whole(collection)]
    for wkb, one in zip(table["geometry"].to_pylist(), whole(collection), strict=True):
        if one["geometry"] is None:
            assert wkb is None
        else:
            assert shapely.from_wkb(wkb).equals_exact(shape(one["geometry"]), 1e-6)


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_flatgeobuf_holds_every_item(ogc, whole, tmp_path, collection):
    file = tmp_path / "x.fgb"
    file.write_bytes(ogc.get(f"/collections/{collection}/items?f=fgb").content)
    with fiona.open(file) as source:
        assert source.crs.to_epsg() == 4326
        found = [dict(one["properties"])["id"] for one in source]
    assert sorted(found) == sorted(one["id"] for one in whole(collection))


def test_an_export_takes_conditions_crs_and_limits(ogc, tmp_path):
    path = "/collections/communes/items"
    filtered = {"filter": "population > 1000", "sortby": "-population", "limit": 5}
    expected = [one["id"] for one in ogc.get(path, params=filtered).json()["features"]]
    text = ogc.get(path, params=filtered | {"f": "csv"}).text
    assert [row["id"] for row in csv.DictReader(io.StringIO(text))] == expected
    file = tmp_path / "x.parquet"
    lambert = "http://www.opengis.net/def/crs/EPSG/0/2154"
    file.write_bytes(ogc.get(path, params={"f": "parquet", "crs": lambert, "limit": 3}).content)
    table = pq.read_table(file)
    crs = json.loads(table.schema.metadata[b"geo"])["columns"]["geometry"]["crs"]
    assert crs["id"]["code"] == 2154
    assert table.num_rows == 3


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_features_are_what_the_schema_says(ogc, whole, collection):
    schema = ogc.get(f"/collections/{collection}/schema").json()
    Draft202012Validator.check_schema(schema)
    properties = {name: dict(one) for name, one in schema["properties"].items()}
    assert properties.pop("geometry")["x-ogc-role"] == "primary-geometry"
    for one in properties.values():
        one.pop("x-ogc-role", None)
        if "type" in one:
            one["type"] = [one["type"], "null"]
        if "enum" in one:
            one["enum"] = [*one["enum"], None]
    validator = Draft202012Validator(
        {"type": "object", "properties": properties, "additionalProperties": False}
    )
    for one in whole(collection)[:200]:
        assert not list(validator.iter_errors(one["properties"]))
        assert set(one["properties"]) == set(properties)


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_each_sortable_sorts_and_each_queryable_is_a_parameter(ogc, collection):
    path = f"/collections/{collection}"
    first = ogc.get(f"{path}/items?limit=1").json()["features"][0]
    for name in ogc.get(f"{path}/sortables").json()["properties"]:
        assert ogc.get(f"{path}/items", params={"sortby": f"-{name}"}).status_code == 200
    for name, one in ogc.get(f"{path}/queryables").json()["properties"].items():
        if one.get("type") in ("string", "integer") and first["properties"][name] is not None:
            found = ogc.get(f"{path}/items", params={name: first["properties"][name], "limit": 3})
            assert found.status_code == 200, (name, found.text)
            assert found.json()["features"], name
            assert all(feature["properties"][name] == first["properties"][name]
                       for feature in found.json()["features"])  # fmt: skip


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_json_fg_keeps_the_place_apart_from_wgs_84(ogc, collection):
    path = f"/collections/{collection}/items"
    plain = ogc.get(path, params={"f": "jsonfg", "limit": 2})
    assert plain.headers["Content-Type"] == "application/vnd.ogc.fg+json"
    body = plain.json()
    assert body["featureType"] == collection
    assert body["conformsTo"]
    for one in body["features"]:
        assert one["place"] is None
        assert "time" in one
    lambert = "http://www.opengis.net/def/crs/EPSG/0/2154"
    body = ogc.get(path, params={"f": "jsonfg", "limit": 2, "crs": lambert}).json()
    assert body["coordRefSys"] == lambert
    assert all(one["geometry"] is None for one in body["features"])


@pytest.mark.parametrize("collection", COLLECTIONS)
def test_json_ld_comes_from_pygeoapi_through_our_provider(ogc, whole, collection):
    first = whole(collection)[0]
    body = ogc.get(f"/collections/{collection}/items/{first['id']}?f=jsonld").json()
    assert body["@context"]
    assert "guichet.invalid" not in json.dumps(body)
    page = ogc.get(f"/collections/{collection}/items?f=jsonld&limit=3").json()
    assert len(page["features"]) == 3 or len(whole(collection)) < 3


def test_one_visitor_cannot_choose_the_links_of_the_others(ogc):
    """pygeoapi is built once for everybody: the Host of who came first must be in no answer."""
    evil = {"Host": "evil.example"}
    path = "/collections/services/items?f=jsonld&limit=1"
    for url in (path, "/collections", "", "/collections/services"):
        ogc.get(url, headers=evil)
        assert "evil.example" not in ogc.get(url).text
    page = ogc.get("/collections/services/items?limit=1").json()
    item = f"/collections/services/items/{page['features'][0]['id']}?f=jsonld"
    assert "evil.example" in ogc.get(item, headers=evil).text
    told = ogc.get(item).text
    assert "evil.example" not in told
    assert page["features"][0]["properties"]["proof"] in told


@pytest.mark.parametrize("language", ["fr", "en"])
@pytest.mark.parametrize(
    "path",
    ["", "/conformance", "/api", "/collections", "/collections/services",
     "/collections/services/queryables", "/collections/services/items",
     "/collections/communes/items?limit=3"],
)  # fmt: skip
def test_pages_are_ours_in_both_languages(ogc, path, language):
    answer = ogc.get(path, headers={"Accept": "text/html", "Accept-Language": language})
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].startswith("text/html")
    assert f'<html lang="{language}">' in answer.text
    assert ("ndependent" if language == "en" else "ndépendant") in answer.text
    assert "pygeoapi" not in answer.text
    assert "http://guichet.invalid" not in answer.text


def test_only_asked_properties_and_no_geometry(ogc):
    body = ogc.get(
        "/collections/communes/items?properties=name,population&skipGeometry=true&limit=2"
    ).json()
    for one in body["features"]:
        assert set(one["properties"]) == {"name", "population"}
        assert one["geometry"] is None
