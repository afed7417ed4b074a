"""The assertions of ets-ogcapi-edr10, each named after its Java method, as a client of ours asks.

The suite expects every collection of an API to have queries of data, which those of `/ogc` do not:
it is for `/ogc/edr`, where the rasters are alone.
"""

import json
from collections.abc import Iterator
from urllib.parse import quote

import httpx
import jsonschema
import pytest

CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
# Of the GeoJSON that the suite accepts as EDR's: what it requires, written again.
FEATURES = {
    "type": "object",
    "required": ["type", "features"],
    "properties": {
        "type": {"enum": ["FeatureCollection"]},
        "features": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["type", "geometry", "properties"],
                "properties": {
                    "type": {"enum": ["Feature"]},
                    "id": {"type": "string", "format": "uri"},
                    "geometry": {
                        "type": "object",
                        "required": ["type", "coordinates"],
                        "additionalProperties": False,
                        "properties": {"type": {"enum": ["Point"]},
                                       "coordinates": {"type": "array", "minItems": 2}},
                    },
                    "properties": {"type": "object"},
                },
            },
        },
        "parameters": {
            "type": "array",
            "items": {
                "type": "object",
                "required": ["observedProperty", "type"],
                "properties": {
                    "type": {"enum": ["Parameter"]},
                    "description": {"type": "string"},
                    "label": {"type": "string"},
                    "data-type": {"enum": ["integer", "float", "string"]},
                    "unit": {"type": "object"},
                    "id": {"type": "string"},
                    "observedProperty": {
                        "type": "object",
                        "properties": {"label": {"type": "string"}, "id": {"type": "string"}},
                    },
                },
            },
        },
    },
}  # fmt: skip
COVERAGE = {"type": "object", "required": ["type"],
            "properties": {"type": {"enum": ["Coverage", "CoverageCollection"]}}}  # fmt: skip


@pytest.fixture(scope="module")
def edr(site: str) -> Iterator[httpx.Client]:
    with httpx.Client(
        base_url=f"{site}/ogc/edr", timeout=30, headers={"Accept": "application/json"}
    ) as found:
        yield found


@pytest.fixture(scope="module")
def collections(edr: httpx.Client) -> list[dict]:
    found = edr.get("/collections").json()["collections"]
    assert found
    return found


@pytest.fixture(scope="module")
def api(edr: httpx.Client) -> dict:
    return edr.get("/api").json()


def json_of(answer: httpx.Response) -> dict:
    assert answer.status_code == 200, answer.text
    return answer.json()


def sample(collection: dict, query: str) -> dict[str, object]:
    """What the suite picks from a collection's description."""
    variables = collection["data_queries"][query]["link"]["variables"]
    crs = [one for one in collection["crs"]
           if one in ("CRS:84", "CRS84", "EPSG:4326") or "OGC/1.3/CRS84" in one]  # fmt: skip
    formats = [one for one in variables["output_formats"] if "CoverageJSON" in one] or ["GeoJSON"]
    box = collection["extent"]["spatial"]["bbox"][0]
    first, last = collection["extent"]["temporal"]["interval"][0]
    assert isinstance(first, str)
    assert isinstance(last, str)
    return {
        "name": next(iter(collection["parameter_names"])),
        "crs": crs[-1], "f": formats[-1], "datetime": f"{first}/{last}",
        "x": box[0] + (box[2] - box[0]) / 2, "y": box[1] + (box[3] - box[1]) / 2,
    }  # fmt: skip


def asked(collection: dict, query: str, coords: str) -> str:
    """The address as the suite writes it: spaces are plus signs, nothing else is escaped."""
    one = sample(collection, query)
    return (
        f"/collections/{collection['id']}/{query}?parameter-name={quote(str(one['name']))}"
        f"&coords={coords}&crs={one['crs']}&f={one['f']}&datetime={one['datetime']}"
    )


# ------------------------------------------------------------------------------ core


def test_http(edr):
    """Abstract Test 1."""
    assert edr.get("/").http_version == "HTTP/1.1"


def test_edr_landing_page_validation(edr):
    """Abstract Tests 2 and 3: it tries f=application/json first, and goes on when refused."""
    assert edr.get("", params={"f": "application/json"}).status_code in (200, 400)
    rels = {one["rel"] for one in json_of(edr.get("", params={"f": "json"}))["links"]}
    assert {"service-desc", "service-doc", "conformance", "data"} <= rels


def test_openapi_document_retrieval(edr):
    """Abstract Test 4."""
    links = {one["rel"]: one for one in json_of(edr.get("/"))["links"]}
    link = links["service-desc"]
    assert link["type"] == "application/vnd.oai.openapi+json;version=3.0"
    assert json_of(edr.get(link["href"], headers={"Accept": link["type"]}))["openapi"] == "3.0.3"


def test_api_definition_validation(api):
    """Abstract Test 5."""
    from openapi_spec_validator import OpenAPIV30SpecValidator

    assert [one.message for one in OpenAPIV30SpecValidator(api).iter_errors()] == []


def test_validate_conformance_operation_and_response(edr):
    """Abstract Tests 6 and 7."""
    told = json_of(edr.get("/conformance", params={"f": "json"}))["conformsTo"]
    assert "http://www.opengis.net/spec/ogcapi-edr-1/1.0/conf/core" in told
    assert "http://www.opengis.net/spec/ogcapi-edr-1/1.1/conf/core" in told


def test_collections_crs84(collections):
    """Abstract Test 8, and instancesCRS84."""
    for one in collections:
        assert one["crs"][0] == CRS84


def test_validate_retrieval_of_collections(edr):
    """Abstract Tests 9 and 10."""
    found = json_of(edr.get("/collections"))
    assert {one["rel"] for one in found["links"]} >= {"self", "alternate"}
    assert all(one.get("type") for one in found["links"])


def test_validate_retrieval_of_environmental_data_collections(edr, collections):
    """Abstract Tests 11 and 12."""
    for one in collections:
        assert json_of(edr.get(f"/collections/{one['id']}"))["id"] == one["id"]


def test_verify_collections_metadata(edr, collections):
    """Abstract Tests 13 to 16."""
    for listed in collections:
        one = json_of(edr.get(f"/collections/{listed['id']}"))
        assert len(one["extent"]["spatial"]["bbox"][0]) == 4
        rels = {link["rel"] for link in one["links"]}
        assert {"self", "alternate", "data"} <= rels
        assert {"self", "alternate", "data"} <= {link["rel"] for link in listed["links"]}


def test_collections_parameters(collections):
    """Abstract Test 17."""
    for one in collections:
        assert list(one["parameter_names"]) == ["distance", "incomplete"]
        for told in one["parameter_names"].values():
            assert told["type"] == "Parameter"
            assert told["observedProperty"]["label"]


def test_validate_response_for_json(edr):
    """Abstract Tests 18 and 19."""
    for path in ("/", "/conformance", "/collections"):
        json_of(edr.get(path))


# ------------------------------------------------------------------------------ encodings


def test_validate_response_for_geojson(edr, collections):
    """Abstract Tests 20 and 21: locations."""
    for one in collections:
        link = one["data_queries"]["locations"]["link"]
        assert "GeoJSON" in link["variables"]["output_formats"]
        found = json_of(edr.get(link["href"] + "?f=GeoJSON"))
        jsonschema.validate(found, FEATURES)
        assert found["features"]


def test_validate_response_for_edr_geojson(edr, collections):
    """Abstract Tests 22 and 23: position, with the short name of the CRS."""
    for one in collections:
        link = one["data_queries"]["position"]["link"]
        picked = sample(one, "position")
        url = (
            f"{link['href']}?f=GeoJSON&crs=CRS84&coords=POINT({picked['x']}+{picked['y']})"
            f"&parameter-name={picked['name']}&datetime={picked['datetime']}"
        )
        jsonschema.validate(json_of(edr.get(url)), FEATURES)


def test_validate_response_for_coverage_json(edr, collections):
    """Abstract Tests 24 and 25: at a point of Great Britain, over three hours."""
    for one in collections:
        first = one["extent"]["temporal"]["interval"][0][0]
        url = (
            f"/collections/{one['id']}/position?coords=POINT(-1.054687%2052.498649)"
            f"&parameter-name=distance&datetime={first}/{first.replace('T00', 'T03')}"
            "&crs=CRS84&f=CoverageJSON"
        )
        found = json_of(edr.get(url))
        jsonschema.validate(found, COVERAGE)
        assert found["ranges"]["distance"]["values"] == [None]


def test_validate_response_for_html(edr):
    """Abstract Tests 26 and 27."""
    for path in ("/", "/api", "/conformance", "/collections"):
        answer = edr.get(path, headers={"Accept": "text/html"})
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].startswith("text/html")
        assert "</html>" in answer.text


# ------------------------------------------------------------------------------ parameters


@pytest.mark.parametrize("query", ["position", "area", "radius"])
def test_coords_parameter_definition(api, query):
    """Abstract Tests 38 and 54."""
    for found in parameters_of(api, query, "coords"):
        assert (found["in"], found["required"], found["explode"]) == ("query", True, False)
        assert found["schema"]["type"] == "string"


def test_cube_bbox_parameter_definition(api):
    """Abstract Test 70."""
    for found in parameters_of(api, "cube", "bbox"):
        assert (found["in"], found["required"], found["explode"]) == ("query", True, False)
        assert found["schema"]["type"] == "string"


@pytest.mark.parametrize("query", ["position", "area", "cube", "radius"])
@pytest.mark.parametrize("name", ["datetime", "parameter-name", "crs", "f"])
def test_other_parameter_definitions(api, query, name):
    """dateTime, parametername, crs and f: Abstract Tests 42-48, 58-64, 74-80."""
    for found in parameters_of(api, query, name):
        assert (found["in"], found["required"]) == ("query", False)
        assert (found["style"], found["explode"]) == ("form", False)


@pytest.mark.parametrize("query", ["position", "area", "cube", "radius"])
def test_z_parameter_definition(api, query):
    """Abstract Tests 40 and 56: there is no height, and it is not declared."""
    assert list(parameters_of(api, query, "z")) == []


def parameters_of(api: dict, query: str, name: str) -> list[dict]:
    paths = [path for path in api["paths"] if path.endswith(f"/{query}")]
    assert len(paths) == 2, "of the collection, and of an instance"
    found = [one for path in paths for one in api["paths"][path]["get"]["parameters"]
             if one["name"] == name]  # fmt: skip
    assert name == "z" or len(found) == 2
    return found


# ------------------------------------------------------------------------------ queries


@pytest.mark.parametrize("query", ["position", "area", "cube", "radius"])
def test_validate_no_query_parameters(edr, collections, query):
    """Abstract Tests 34, 50, 66."""
    for one in collections:
        answer = edr.get(f"/collections/{one['id']}/{query}")
        assert answer.status_code == 400
        assert answer.json()["parameter"] in ("coords", "bbox")


@pytest.mark.parametrize(
    ("query", "coords"),
    [("position", ""), ("position", "POINT()"), ("area", ""), ("area", "POLYGON()")],
)
def test_validate_coords_query_parameters(edr, collections, query, coords):
    """Abstract Tests 35, 36, 51, 52."""
    for one in collections:
        answer = edr.get(f"/collections/{one['id']}/{query}?coords={coords}")
        assert answer.status_code == 400
        assert answer.json()["parameter"] == "coords"


def test_validate_position_query_using_parameters(edr, collections):
    """Abstract Tests 37 to 49."""
    for one in collections:
        picked = sample(one, "position")
        found = json_of(edr.get(asked(one, "position", f"POINT({picked['x']}+{picked['y']})")))
        jsonschema.validate(found, COVERAGE)
        assert list(found["ranges"]) == [picked["name"]]


def test_validate_area_query_using_parameters(edr, collections):
    """Abstract Tests 53 to 65: two degrees around the middle."""
    for one in collections:
        x, y = (float(sample(one, "area")[axis]) for axis in "xy")
        ring = ",".join(
            f"{a}+{b}"
            for a, b in ((x - 1, y - 1), (x - 1, y + 1), (x + 1, y + 1), (x + 1, y - 1),
                         (x - 1, y - 1))
        )  # fmt: skip
        found = json_of(edr.get(asked(one, "area", f"POLYGON(({ring}))")))
        jsonschema.validate(found, COVERAGE)


def test_the_former_addresses_of_rasters_still_answer_and_are_listed_no_more(edr, site):
    rasters = [one["id"] for one in edr.get("/collections").json()["collections"]]
    assert rasters
    found = httpx.get(f"{site}/ogc/collections").json()
    assert not set(rasters) & {one["id"] for one in found["collections"]}
    assert f"{site}/ogc/edr/collections" in [one["href"] for one in found["links"]]
    for id in rasters:
        told = edr.get(f"/collections/{id}").json()
        plain = json.dumps(told).replace("/ogc/edr/", "/ogc/").replace('/ogc/edr"', '/ogc"')
        assert json.loads(plain) == httpx.get(f"{site}/ogc/collections/{id}").json()
        new, old = (httpx.get(f"{site}{root}/collections/{id}/coverage?f=GeoTIFF&subset=E(840000)")
                    for root in ("/ogc/edr", "/ogc"))  # fmt: skip
        assert (new.status_code, new.content) == (old.status_code, old.content)
