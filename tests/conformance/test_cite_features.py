"""What ets-ogcapi-features10 1.9 asks of Features part 1, asked again with code of our own."""

from datetime import UTC, datetime, timedelta
from functools import cache

import httpx
import pytest
from shapely.geometry import box, shape

from catalog.collections import COLLECTIONS

# Those that small_france fills; what people bring is empty in it.
FEATURES = ("communes", "epci", "departements", "regions", "offices", "services")
CORE = "http://www.opengis.net/spec/ogcapi-features-1/1.0/conf/core"
OAS = "application/vnd.oai.openapi+json;version=3.0"
# West, south, east, north. The suite wants: the extent, the meridian of Greenwich, the equator,
# the 180th meridian, both poles. The last three are ours: France on both sides of each.
BOXES = {
    "greenwich": (-1.5, 50.0, 1.5, 53.0),
    "equator": (-80.0, -5.0, -70.0, 5.0),
    "antimeridian": (177.0, 65.0, -177.0, 70.0),
    "north-pole": (-180.0, 85.0, 180.0, 90.0),
    "south-pole": (-180.0, -90.0, 180.0, -85.0),
    "greenwich-wide": (-5.0, 41.0, 10.0, 52.0),
    "equator-wide": (-64.0, -22.0, 56.0, 52.0),
    "antimeridian-wide": (50.0, -90.0, -50.0, 90.0),
}
MOST = 10_000
collections = pytest.mark.parametrize("collection", FEATURES)


@pytest.fixture(scope="module")
def every(items_of, check_page, walked):
    """A function: the geometry of each item of a collection, by id; None: it has none."""

    @cache
    def found(collection):
        features = walked(check_page(items_of(collection), limit=1000), MOST)
        return {one["id"]: shape(one["geometry"]) if one["geometry"] else None for one in features}

    return found


def parameter(api, path, name):
    """A query parameter of a path of the OpenAPI document, wherever it is declared."""
    told = [*api["paths"][path].get("parameters", []), *api["paths"][path]["get"]["parameters"]]
    return next(one for one in told if one["name"] == name)


@pytest.mark.answers("features10", "/req/core/http", "core.general.GeneralHttp.http")
def test_http_1_1_is_spoken(iut):
    for path in ("/", "", "/conformance", "/collections", "/api"):
        assert iut.get(path).http_version == "HTTP/1.1"


@pytest.mark.answers(
    "features10", "/req/core/root-op, root-success",
    "core.landingpage.LandingPage.landingPageRetrieval",
    "core.landingpage.LandingPage.landingPageValidation",
)  # fmt: skip
@pytest.mark.parametrize("root", ["/", ""])
def test_the_landing_page_is_there_with_and_without_a_slash(iut, whole_links, root):
    answer = iut.get(root, headers={"Accept": "application/json"})
    assert answer.status_code == 200
    links = answer.json()["links"]
    whole_links(links, "self", "application/json", {"text/html"})
    assert {"service-desc", "service-doc", "conformance", "data"} <= {one["rel"] for one in links}


@pytest.mark.answers(
    "features10", "/req/core/api-definition-op, api-definition-success",
    "core.apidefinition.ApiDefinition.openapiDocumentRetrieval",
    "core.apidefinition.ApiDefinition.apiDefinitionValidation",
)  # fmt: skip
def test_the_api_definition_is_where_the_landing_page_says(iut, landing):
    link = next(one for one in landing["links"] if one["rel"] == "service-desc")
    assert link["type"].replace(" ", "") == OAS
    answer = iut.get(link["href"], headers={"Accept": OAS})
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].replace(" ", "") == OAS
    document = answer.json()
    assert document["openapi"].startswith("3.0.")
    # The suite joins the first server with each path.
    server = document["servers"][0]["url"]
    assert server == str(iut.base_url).rstrip("/")
    for path in ("/conformance", "/collections", *(f"/collections/{id}/items" for id in FEATURES)):
        assert iut.get(server + path).status_code == 200
    # Its parser follows no reference to another document.
    assert not [one for one in references(document) if not one.startswith("#/")]


def references(document):
    if isinstance(document, dict):
        for name, value in document.items():
            if name == "$ref":
                yield value
            else:
                yield from references(value)
    elif isinstance(document, list):
        for value in document:
            yield from references(value)


@pytest.mark.answers(
    "features10", "/req/core/conformance-op, conformance-success",
    "core.conformance.Conformance.validateConformanceOperationAndResponse",
)  # fmt: skip
def test_conformance_is_a_list_of_texts_with_core_in_it(iut, landing):
    link = next(one for one in landing["links"] if one["rel"] == "conformance")
    for url in (link["href"], "/conformance"):
        answer = iut.get(url, headers={"Accept": "application/json"})
        assert answer.status_code == 200
        classes = answer.json()["conformsTo"]
        assert CORE in classes
        assert all(isinstance(one, str) and one.startswith("http") for one in classes)


@pytest.mark.answers(
    "features10", "/req/core/fc-md-op, fc-md-success, fc-md-links, fc-md-items, crs84",
    "core.collections.FeatureCollections.validateFeatureCollectionsMetadataOperation",
    "core.collections.FeatureCollections.validateFeatureCollectionsMetadataOperationResponse_Links",
    "core.collections.FeatureCollections.validateFeatureCollectionsMetadataOperationResponse_Items",
    "core.collections.FeatureCollections.validateFeatureCollectionsMetadataOperationResponse_CrsProperty",
    "core.collections.FeatureCollections.validateFeatureCollectionsMetadataOperationResponse_Content",
    "core.collections.FeatureCollections.validateFeatureCollectionsMetadataOperationResponse_Links_v101",
    "core.collections.FeatureCollections.validateFeatureCollectionsMetadataOperationResponse_Items_v101",
)  # fmt: skip
def test_collections_are_listed_with_their_links(iut, whole_links):
    answer = iut.get("/collections", headers={"Accept": "application/json"})
    assert answer.status_code == 200
    document = answer.json()
    whole_links(document["links"], "self", "application/json", {"text/html"})
    listed = [one["id"] for one in document["collections"]]
    assert len(listed) == len(set(listed))
    # Whatever is listed is asked for its items: rasters have an API of their own (/ogc/edr).
    assert listed == list(COLLECTIONS)
    for one in document["collections"]:
        assert {"application/geo+json", "text/html"} <= {
            link["type"] for link in one["links"] if link["rel"] == "items"
        }
        assert one["crs"][0] == "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
        for link in one["links"]:
            if link["rel"] != "items" or link["type"] != "application/geo+json":
                continue
            page = iut.get(link["href"], headers={"Accept": link["type"]})
            assert page.json()["type"] == "FeatureCollection"


@pytest.mark.answers(
    "features10", "/req/core/fc-md-items-links",
    "core.collections.FeatureCollections.validateFeatureCollectionsMetadataOperationResponse_Items_Links_v101",
)  # fmt: skip
@collections
def test_each_collection_links_to_its_items_in_each_format(described, collection):
    links = described[collection]["links"]
    assert all(one["rel"] and one["type"] and one["href"] for one in links)
    assert {"application/geo+json", "text/html"} <= {
        one["type"] for one in links if one["rel"] == "items"
    }


@pytest.mark.answers(
    "features10", "/req/core/fc-md-extent",
    "core.collections.FeatureCollections.validateFeatureCollectionsMetadataOperationResponse_Extent_v101",
)  # fmt: skip
@collections
def test_extents_hold_every_feature_and_can_be_read(described, every, collection):
    extent = described[collection]["extent"]
    (west, south, east, north), *_ = extent["spatial"]["bbox"]
    around = box(west, south, east, north)
    shapes = [one for one in every(collection).values() if one]
    assert shapes
    assert all(around.covers(one) for one in shapes)
    if "temporal" in extent:
        # The suite reads both ends as date-times: neither null nor a date alone.
        (begin, end), *_ = extent["temporal"]["interval"]
        assert datetime.fromisoformat(begin) < datetime.fromisoformat(end)
        assert "T" in begin
        assert "T" in end


def test_what_changes_with_time_has_a_temporal_extent(described):
    assert "temporal" in described["services"]["extent"]


@pytest.mark.answers(
    "features10", "/req/core/sfc-md-op, sfc-md-success",
    "core.collections.FeatureCollection.validateFeatureCollectionMetadataOperation",
    "core.collections.FeatureCollection.validateFeatureCollectionMetadataResponse",
)  # fmt: skip
@collections
def test_a_collection_alone_is_as_in_the_list(iut, api, described, collection):
    assert f"/collections/{collection}" in api["paths"]
    answer = iut.get(f"/collections/{collection}", headers={"Accept": "application/json"})
    assert answer.status_code == 200
    for name in ("id", "title", "description", "extent"):
        assert answer.json()[name] == described[collection][name]


@pytest.mark.answers(
    "features10", "/req/core/fc-op, fc-response, fc-links, fc-rel-type, crs84",
    "core.collections.Features.validateFeaturesOperation",
    "core.collections.Features.validateFeaturesResponse_GeometryInCRS84",
    "core.collections.Features.validateFeaturesResponse_TypeProperty",
    "core.collections.Features.validateFeaturesResponse_FeaturesProperty",
    "core.collections.Features.validateFeaturesResponse_Links",
    "core.collections.Features.validateFeaturesResponse_NumberReturned",
)  # fmt: skip
@collections
def test_a_page_of_items_is_a_feature_collection(items_of, check_page, collection):
    assert check_page(items_of(collection))["features"]


@pytest.mark.answers(
    "features10", "/req/core/fc-timeStamp",
    "core.collections.Features.validateFeaturesResponse_TimeStamp",
    "core.collections.FeaturesBBox.validateFeaturesWithBoundingBoxResponse_TimeStamp",
    "core.collections.FeaturesLimit.validateFeaturesWithLimitResponse_TimeStamp",
    "core.collections.FeaturesTime.validateFeaturesWithDateTimeResponse_TimeStamp",
)  # fmt: skip
@pytest.mark.parametrize("params", [{}, {"bbox": "4,45,5,46"}, {"limit": 3},
                                    {"datetime": "2024-06-01T00:00:00Z"}])  # fmt: skip
@collections
def test_the_time_stamp_is_that_of_the_answer(items_of, check_page, collection, params):
    before = datetime.now(UTC) - timedelta(milliseconds=1)  # it is told in milliseconds
    stamp = datetime.fromisoformat(check_page(items_of(collection), **params)["timeStamp"])
    assert before <= stamp <= datetime.now(UTC)


@pytest.mark.answers(
    "features10", "/req/core/fc-numberMatched",
    "core.collections.Features.validateFeaturesResponse_NumberMatched",
    "core.collections.FeaturesBBox.validateFeaturesWithBoundingBoxResponse_NumberMatched",
    "core.collections.FeaturesLimit.validateFeaturesWithLimitResponse_NumberMatched",
    "core.collections.FeaturesTime.validateFeaturesWithDateTimeResponse_NumberMatched",
)  # fmt: skip
@pytest.mark.parametrize("params", [{}, {"bbox": "-64,-22,5,52"}, {"limit": 1}, {"limit": 7},
                                    {"datetime": "2023-01-01T00:00:00Z/2024-01-01T00:00:00Z"}])  # fmt: skip
@collections
def test_as_many_match_as_a_walk_gives(items_of, check_page, walked, collection, params):
    """The suite follows the `next` links with another limit than theirs."""
    page = check_page(items_of(collection), **params)
    features = walked(page, 700)
    assert len(features) == page["numberMatched"] > 0
    assert len({one["id"] for one in features}) == len(features)


@pytest.mark.answers(
    "features10", "/req/core/fc-bbox-definition",
    "core.collections.FeaturesBBox.boundingBoxParameterDefinition",
)  # fmt: skip
@collections
def test_bbox_is_declared_as_the_standard_writes_it(api, collection):
    told = parameter(api, f"/collections/{collection}/items", "bbox")
    assert (told["in"], told["style"], told["explode"]) == ("query", "form", False)
    assert not told.get("required")
    schema = told["schema"]
    assert (schema["type"], schema["items"]["type"]) == ("array", "number")
    assert (schema["minItems"], schema["maxItems"]) == (4, 6)


@pytest.mark.answers(
    "features10", "/req/core/fc-bbox-response, fc-op",
    "core.collections.FeaturesBBox.validateFeaturesWithBoundingBoxOperation",
    "core.collections.FeaturesBBox.validateFeaturesWithBoundingBoxResponse",
    "core.collections.FeaturesBBox.validateFeaturesResponse_GeometryInCRS84",
    "core.collections.FeaturesBBox.validateFeaturesWithBoundingBoxResponse_TypeProperty",
    "core.collections.FeaturesBBox.validateFeaturesWithBoundingBoxResponse_FeaturesProperty",
    "core.collections.FeaturesBBox.validateFeaturesWithBoundingBoxResponse_Links",
    "core.collections.FeaturesBBox.validateFeaturesResponse_NumberReturned",
)  # fmt: skip
@pytest.mark.parametrize("name", ["extent", *BOXES])
@collections
def test_a_box_keeps_what_it_meets_and_nothing_else(
    described, items_of, check_page, walked, every, collection, name
):
    where = BOXES.get(name) or described[collection]["extent"]["spatial"]["bbox"][0]
    west, south, east, north = where
    asked = box(west, south, east, north) if west <= east else (
        box(west, south, 180, north).union(box(-180, south, east, north)))  # fmt: skip
    sent = ",".join(f"{one:.7f}" for one in where)  # as the suite writes numbers
    found = walked(check_page(items_of(collection), bbox=sent, limit=1000), MOST)
    meets = {id for id, one in every(collection).items() if one and one.intersects(asked)}
    nowhere = {id for id, one in every(collection).items() if one is None}
    assert {one["id"] for one in found} == meets | nowhere
    if name.endswith("wide") or name == "extent":
        assert meets


@pytest.mark.answers(
    "features10", "/req/core/fc-limit-definition",
    "core.collections.FeaturesLimit.limitParameterDefinition",
)  # fmt: skip
@collections
def test_limit_is_declared_as_the_standard_writes_it(api, collection):
    told = parameter(api, f"/collections/{collection}/items", "limit")
    assert (told["in"], told["style"], told["explode"]) == ("query", "form", False)
    assert not told.get("required")
    schema = told["schema"]
    assert schema["type"] == "integer"
    assert 0 < schema["minimum"] <= schema["default"] <= schema["maximum"]


@pytest.mark.answers(
    "features10", "/req/core/fc-limit-response, fc-op",
    "core.collections.FeaturesLimit.validateFeaturesWithLimitOperation",
    "core.collections.FeaturesLimit.validateFeaturesWithLimitResponse",
    "core.collections.FeaturesLimit.validateFeaturesWithLimitResponse_GeometryInCRS84",
    "core.collections.FeaturesLimit.validateFeaturesWithLimitResponse_TypeProperty",
    "core.collections.FeaturesLimit.validateFeaturesWithLimitResponse_FeaturesProperty",
    "core.collections.FeaturesLimit.validateFeaturesWithLimitResponse_Links",
    "core.collections.FeaturesLimit.validateFeaturesWithLimitResponse_NumberReturned",
)  # fmt: skip
@pytest.mark.parametrize("limit", ["minimum", 2, 100, "maximum", "beyond"])
@collections
def test_a_page_never_holds_more_than_its_limit(api, items_of, check_page, collection, limit):
    schema = parameter(api, f"/collections/{collection}/items", "limit")["schema"]
    asked = {"beyond": schema["maximum"] + 1}.get(limit, schema.get(limit, limit))
    page = check_page(items_of(collection), limit=asked)
    assert len(page["features"]) == min(asked, page["numberMatched"], schema["maximum"])


@pytest.mark.answers(
    "features10", "/req/core/fc-time-definition",
    "core.collections.FeaturesTime.timeParameterDefinition",
)  # fmt: skip
@collections
def test_datetime_is_declared_as_the_standard_writes_it(api, collection):
    told = parameter(api, f"/collections/{collection}/items", "datetime")
    assert (told["in"], told["style"], told["explode"]) == ("query", "form", False)
    assert not told.get("required")
    assert told["schema"]["type"] == "string"


@pytest.mark.answers(
    "features10", "/req/core/fc-time-response, fc-op",
    "core.collections.FeaturesTime.validateFeaturesWithDateTimeOperation",
    "core.collections.FeaturesTime.validateFeaturesWithDateTimeResponse",
    "core.collections.FeaturesTime.validateFeaturesWithDateTimeResponse_GeometryInCRS84",
    "core.collections.FeaturesTime.validateFeaturesWithDateTimeResponse_TypeProperty",
    "core.collections.FeaturesTime.validateFeaturesWithDateTimeResponse_FeaturesProperty",
    "core.collections.FeaturesTime.validateFeaturesWithDateTimeResponse_Links",
    "core.collections.FeaturesTime.validateFeaturesWithDateTimeResponse_NumberReturned",
)  # fmt: skip
@pytest.mark.parametrize(
    "sent",
    ["2023-06-01T00:00:00Z", "2023-06-01t00:00:00.5z", "2023-06-01T02:00:00+02:00", "2023-06-01",
     "2022-01-01T00:00:00Z/2023-06-01T00:00:00Z", "2022-01-01/2023-06-01", "../2023-06-01T00:00:00Z",
     "/2023-06-01T00:00:00Z", "2023-06-01T00:00:00Z/..", "2023-06-01T00:00:00Z/",
     "2023-06-01/P2D", "2023-06-01T00:00:00Z/P1M6DT12H31M12S", "P1Y/2023-06-01"],
)  # fmt: skip
@collections
def test_each_shape_of_datetime_is_understood(items_of, check_page, collection, sent):
    page = check_page(items_of(collection), datetime=sent, limit=5)
    everything = check_page(items_of(collection), limit=1)
    if collection in ("communes", "services"):
        assert page["numberMatched"] > 0
    else:  # what has no time always matches
        assert page["numberMatched"] == everything["numberMatched"]


def test_an_instant_inside_an_interval_and_its_duration_agree(items_of, check_page):
    """Of the services: the state at the end of the interval."""

    def states(sent):
        page = check_page(items_of("services"), datetime=sent, limit=2000)
        return {one["id"]: one["properties"]["state"] for one in page["features"]}

    assert states("2021-06-01T00:00:00Z") != states("2026-06-01T00:00:00Z"), "nothing changes here"
    assert states("2021-01-01/2021-06-01T00:00:00Z") == states("2021-06-01T00:00:00Z")
    assert states("2021-05-30/P2D") == states("2021-06-01T00:00:00Z")
    assert states("2021-04-30T00:00:00Z/P1M") == states("2021-05-30T00:00:00Z")


@pytest.mark.parametrize(
    "sent",
    ["/", "../..", "garbage", "2023", "2023-06", "2023-13-45", "2023-06-01T00:00:00",
     "2023-06-01/2022-01-01", "infinity", "294277-01-01", "P2D", "P2D/P2D", "2023-06-01/P",
     "2023-06-01/PT", "2023-06-01/P999Y", "../P2D", "a/b/c"],
)  # fmt: skip
def test_what_is_no_datetime_is_refused_by_name(iut, items_of, sent):
    answer = iut.get(items_of("services"), params={"datetime": sent})
    assert answer.status_code == 400
    assert answer.json()["parameter"] == "datetime"


@pytest.mark.answers(
    "features10", "/req/core/query-param-invalid",
    "core.collections.FeaturesErrorConditions.validateFeaturesOperation_QueryParamInvalid",
)  # fmt: skip
@pytest.mark.parametrize(
    ("name", "value"),
    [("limit", "unlimited"), ("limit", "0"), ("limit", "-1"), ("limit", "1.5"), ("bbox", "1,2,3"),
     ("bbox", "a,b,c,d"), ("bbox", "1,2,3,4,5"), ("bbox", "5,9,6,8"), ("datetime", "yesterday"),
     ("crs", "http://www.opengis.net/def/crs/0/unsupported")],
)  # fmt: skip
@collections
def test_a_value_that_cannot_be_is_400(iut, items_of, collection, name, value):
    answer = iut.get(items_of(collection), params={name: value})
    assert answer.status_code == 400
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["parameter"] == name


@pytest.mark.answers(
    "features10", "/req/core/query-param-unknown",
    "core.collections.FeaturesErrorConditions.validateFeaturesOperation_QueryParamUnknown",
)  # fmt: skip
@collections
def test_a_parameter_that_is_not_declared_is_400(iut, api, items_of, collection):
    operation = api["paths"][f"/collections/{collection}/items"]["get"]
    # A free-form parameter would make the suite skip this.
    assert not [one for one in operation["parameters"] if "additionalProperties" in one["schema"]]
    answer = iut.get(items_of(collection), params={"unknownQueryParameter12345": "1"})
    assert answer.status_code == 400
    assert answer.json()["parameter"] == "unknownQueryParameter12345"


@pytest.mark.answers(
    "features10", "/req/core/f-op, f-success, f-links",
    "core.collections.Feature.featureOperation",
    "core.collections.Feature.validateFeatureResponse",
)  # fmt: skip
@collections
def test_a_feature_alone_has_its_links(iut, items_of, check_page, whole_links, collection):
    for feature in check_page(items_of(collection))["features"]:
        answer = iut.get(f"{items_of(collection)}/{feature['id']}",
                         headers={"Accept": "application/geo+json"})  # fmt: skip
        assert answer.status_code == 200
        alone = answer.json()
        whole_links(alone["links"], "self", "application/geo+json", {"text/html"})
        assert [one for one in alone["links"] if one["rel"] == "collection"]
        assert alone["geometry"] == feature["geometry"]
        assert alone["properties"] == feature["properties"]


@pytest.mark.parametrize(
    ("accept", "media"),
    [("*/*", "application/geo+json"), ("application/json", "application/geo+json"),
     ("application/geo+json", "application/geo+json"), ("text/html", "text/html"),
     ("text/html;q=0.1, application/geo+json", "application/geo+json"),
     ("application/geo+json;q=0.1, text/html;q=0.9", "text/html"),
     ("application/vnd.ogc.fg+json", "application/vnd.ogc.fg+json"),
     ("image/png", "application/geo+json"), ("text/html;q=0", "application/geo+json"),
     ("application/geo+json;q=x", "application/geo+json")],
)  # fmt: skip
def test_accept_chooses_the_format_by_its_weights(iut, items_of, accept, media):
    answer = iut.get(items_of("communes"), params={"limit": 1}, headers={"Accept": accept})
    assert answer.status_code == 200
    assert answer.headers["Content-Type"].partition(";")[0] == media
    assert "Accept" in answer.headers["Vary"]
    # f says more than Accept does.
    answer = iut.get(items_of("communes"), params={"limit": 1, "f": "json"},
                     headers={"Accept": accept})  # fmt: skip
    assert answer.headers["Content-Type"] == "application/geo+json"


@pytest.mark.parametrize(
    "path", ["/", "/conformance", "/api", "/collections", "/collections/communes",
             "/collections/communes/items", "/collections/communes/items/01001",
             "/collections/communes/queryables", "/tiles", "/tiles/WebMercatorQuad",
             "/tileMatrixSets", "/tiles/WebMercatorQuad/9/182/262", "/processes"],
)  # fmt: skip
def test_head_tells_what_get_tells(iut, path):
    told, sent = iut.head(path), iut.get(path)
    assert told.status_code == sent.status_code == 200
    assert not told.content
    for name in ("Content-Type", "Etag", "Vary", "Content-Crs", "Cache-Control"):
        assert told.headers.get(name) == sent.headers.get(name), name


def test_links_of_a_page_keep_the_question(iut, items_of):
    """What was asked is in `self`, `alternate` and `next`; each can be followed as it stands."""
    asked = {"limit": "3", "bbox": "-64,-22,56,52", "sortby": "-population", "lang": "en"}
    page = iut.get(items_of("communes"), params=asked).json()
    for link in page["links"]:
        if link["rel"] in ("self", "alternate", "next"):
            query = dict(httpx.URL(link["href"]).params)
            assert {name: query[name] for name in asked} == asked, link
            assert iut.get(link["href"]).status_code == (
                400 if link["type"] == "application/ld+json" else 200
            ), link
