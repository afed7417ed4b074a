"""OGC API Tiles: the same bytes as the map's own tiles, at the standard's addresses."""

import json
import math

import httpx
import mapbox_vector_tile
import pytest

LYON = (4.835, 45.764)


def at(longitude, latitude, z):
    side = 1 << z
    x = int((longitude + 180) / 360 * side)
    y = int((1 - math.asinh(math.tan(math.radians(latitude))) / math.pi) / 2 * side)
    return x, y


@pytest.mark.parametrize("where", ["/tiles", "/collections/communes/tiles"])
def test_links_lead_from_the_list_to_a_tile(ogc, where):
    found = ogc.get(where).json()["tilesets"][0]
    links = {one["rel"]: one for one in found["links"]}
    assert found["dataType"] == "vector"
    scheme = ogc.get(links["http://www.opengis.net/def/rel/ogc/1.0/tiling-scheme"]["href"]).json()
    assert scheme["id"] == "WebMercatorQuad"
    z0 = scheme["tileMatrices"][0]
    # The values that OGC 17-083r4 prints for WebMercatorQuad.
    assert z0["scaleDenominator"] == pytest.approx(559082264.028717)
    assert z0["pointOfOrigin"] == pytest.approx([-20037508.342789, 20037508.342789])
    tileset = ogc.get(links["self"]["href"]).json()
    limits = {one["tileMatrix"]: one for one in tileset["tileMatrixSetLimits"]}
    x, y = at(*LYON, 9)
    assert limits["9"]["minTileRow"] <= y <= limits["9"]["maxTileRow"]
    assert limits["9"]["minTileCol"] <= x <= limits["9"]["maxTileCol"]
    template = next(one for one in tileset["links"] if one.get("templated"))
    assert template["type"] == "application/vnd.mapbox-vector-tile"
    url = template["href"].format(tileMatrix=9, tileRow=y, tileCol=x)
    answer = ogc.get(url)
    assert answer.status_code == 200
    layers = mapbox_vector_tile.decode(answer.content)
    assert layers["communes"]["features"]
    assert set(layers) <= {one["id"] for one in tileset["layers"]}


def test_the_bytes_are_those_of_the_map(ogc, site):
    tilejson = ogc.get("/tiles/WebMercatorQuad?f=tilejson").json()
    for z in (5, 8, 11, 13):
        x, y = at(*LYON, z)
        ours = ogc.get(f"/tiles/WebMercatorQuad/{z}/{y}/{x}")
        theirs = httpx.get(tilejson["tiles"][0].format(z=z, x=x, y=y))
        assert ours.status_code == theirs.status_code == 200
        assert ours.content == theirs.content
        again = ogc.get(
            f"/tiles/WebMercatorQuad/{z}/{y}/{x}", headers={"If-None-Match": ours.headers["Etag"]}
        )
        assert again.status_code == 304


def test_sea_is_204(ogc):
    answer = ogc.get("/tiles/WebMercatorQuad/9/250/200")
    assert answer.status_code == 204
    assert not answer.content


@pytest.mark.parametrize(
    "tile",
    ["99/0/0", "-1/0/0", "32/0/0", "5/99/0", "5/x/0", "1e1/0/0", "31/2147483647/0", "4/0/0",
     "5/0/32", "15/1/1", "05/1/1", "5/1/1.0"],
)  # fmt: skip
def test_a24_what_is_no_tile(ogc, tile):
    for where in ("/tiles", "/collections/communes/tiles"):
        answer = ogc.get(f"{where}/WebMercatorQuad/{tile}")
        assert answer.status_code == 404
        assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    "path",
    ["/tiles/Nope", "/tiles/Nope/5/1/1", "/tileMatrixSets/Nope", "/collections/offices/tiles",
     "/collections/offices/tiles/WebMercatorQuad", "/collections/nope/tiles",
     "/collections/offices/tiles/WebMercatorQuad/5/11/16"],
)  # fmt: skip
def test_what_has_no_tiles(ogc, path):
    assert ogc.get(path).status_code == 404


@pytest.mark.parametrize(
    "path",
    [
        "/tiles",
        "/tiles/WebMercatorQuad",
        "/tileMatrixSets",
        "/tileMatrixSets/WebMercatorQuad",
        "/styles",
        "/styles/light",
        "/collections/records/facets",
    ],
)
@pytest.mark.parametrize("language", ["fr", "en"])
def test_documents_are_pages_too(ogc, path, language):
    answer = ogc.get(path, params={"f": "html", "lang": language})
    assert answer.status_code == 200
    assert f'<html lang="{language}">' in answer.text


@pytest.mark.parametrize("root", ["", "/edr"])
def test_every_path_of_openapi_answers_as_it_says(ogc, root):
    document = ogc.get(f"{root}/api").json()
    slots = {"featureId": None, "tileMatrixSetId": "WebMercatorQuad", "tileMatrix": "9",
             "tileRow": "182", "tileCol": "262", "collectionId": "distance-mairie",
             "locationId": "69",
             "instanceId": ogc.get("/edr/collections/distance-mairie/instances")
             .json()["instances"][0]["id"],
             "styleId": "dark"}  # fmt: skip
    for path, methods in document["paths"].items():
        if "get" not in methods:
            continue
        if "{featureId}" in path:
            page = ogc.get(path.replace("/{featureId}", "") + "?limit=1").json()
            if not page["features"]:
                assert path.split("/")[2] in (
                    "records",
                    "contributions",
                    "difficulties",
                    "practices",
                    "satisfaction",
                )
                continue
            slots["featureId"] = page["features"][0]["id"]
        if "{jobId}" in path:
            continue
        url = path.format(**slots) if "{processId}" not in path else path.format(processId="echo")
        needed = {
            one["name"]: one.get("example", one["schema"].get("enum", [""])[0])
            for one in methods["get"]["parameters"]
            if one["in"] == "query" and one["required"]
        }
        answer = ogc.get(url, params=needed)
        assert answer.status_code in (200, 204), (path, answer.text)
        if answer.status_code == 200:
            content = methods["get"]["responses"]["200"]["content"]
            told = answer.headers["Content-Type"].split(";")[0]
            assert told in {one.split(";")[0] for one in content}, path


def test_only_what_is_told_is_declared(ogc):
    classes = ogc.get("/conformance").json()["conformsTo"]
    assert len(classes) == len(set(classes))
    assert any("ogcapi-features-4" in one for one in classes), "communes write by tokens"
    assert "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core" in classes
    for _ in range(30):  # pygeoapi 0.21's grew at each request
        assert ogc.get("/conformance").json()["conformsTo"] == classes
    assert "guichet.invalid" not in json.dumps(ogc.get("/collections").json())
