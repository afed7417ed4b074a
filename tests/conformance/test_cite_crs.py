"""What ets-ogcapi-features10 1.9 asks of Features part 2 (CRS), asked again with code of our own."""

import re

import pytest
import shapely
from pyproj import CRS, Transformer
from shapely.geometry import shape

from geo.ogc_crs import URIS

# Those that small_france fills; what people bring is empty in it.
FEATURES = ("communes", "epci", "departements", "regions", "offices", "services")
CRS84 = "http://www.opengis.net/def/crs/OGC/1.3/CRS84"
UNSUPPORTED = "http://www.opengis.net/def/crs/0/unsupported"
# OGC Name Type Specification, part 1.
NAME = re.compile(r"http://www\.opengis\.net/def/crs/[A-Za-z]+/[0-9.]+/[A-Za-z0-9]+")
PART_2 = "http://www.opengis.net/spec/ogcapi-features-2/1.0/conf/crs"
collections = pytest.mark.parametrize("collection", FEATURES)
known = pytest.mark.parametrize("uri", URIS)


def to_crs(uri):
    """From WGS 84, east first, to a CRS in the axis order of its authority."""
    return Transformer.from_crs("OGC:CRS84", CRS.from_user_input(
        "OGC:CRS84" if uri == CRS84 else f"EPSG:{uri.rsplit('/', 1)[1]}"))  # fmt: skip


@pytest.mark.answers(
    "features10", "/req/crs/crs-uri, fc-md-crs-list, fc-md-storageCrs",
    "crs.CrsRequirementClassPrecondition.verifyRequirementClass",
    "crs.discovery.collections.DiscoveryCollectionsCrsUri.verifyCollectionsCrsIdentifierOfCrsProperty",
    "crs.discovery.collection.DiscoveryCollectionCrsUri.verifyCollectionCrsIdentifierOfCrsProperty",
    "crs.discovery.collection.DiscoveryCollectionCrsUri.verifyCollectionCrsIdentifierOfStorageCrsProperty",
    "crs.discovery.collections.DiscoveryCollectionsDefaultCrs.verifyCollectionsCrsIdentifierOfCrsProperty",
    "crs.discovery.collection.DiscoveryCollectionDefaultCrs.verifyCollectionCrsIdentifierOfCrsProperty",
    "crs.discovery.collections.DiscoveryCollectionsStorageCrs.verifyCollectionsCrsIdentifierOfCrsProperty",
    "crs.discovery.collection.DiscoveryCollectionStorageCrs.verifyCollectionCrsIdentifierOfCrsProperty",
)  # fmt: skip
@collections
def test_the_crs_of_a_collection_are_well_named_and_its_own_is_one(
    iut, declared, described, collection
):
    assert PART_2 in declared
    for one in (described[collection], iut.get(f"/collections/{collection}").json()):
        assert all(NAME.fullmatch(uri) for uri in one["crs"])
        assert one["crs"][0] == CRS84
        assert one["storageCrs"] in one["crs"]
        assert set(one["crs"]) == set(URIS)


@pytest.mark.answers(
    "features10", "/req/crs/fc-crs-definition, ogc-crs-header, ogc-crs-header-value, geojson, crs-action",
    "crs.query.crs.features.FeaturesCrsParameter.verifyFeaturesCrsParameter",
    "crs.query.crs.feature.FeatureCrsParameter.verifyFeatureCrsParameter",
    "crs.query.crs.features.FeaturesCrsParameterTransform.verifyFeaturesPathGeometriesDefaultCrs",
    "crs.query.crs.features.FeaturesCrsParameterTransform.verifyFeaturesPathTransformedGeometries",
    "crs.query.crs.feature.FeatureCrsParameterTransform.verifyFeatureCrsParameterTransformWithCrsParameter",
    "crs.query.crs.feature.FeatureCrsParameterTransform.verifyFeatureCrsParameterTransformWithoutCrsParameter",
)  # fmt: skip
@known
@collections
def test_geometries_come_in_the_crs_that_is_asked(iut, items_of, collection, uri):
    plain = iut.get(items_of(collection)).json()["features"]
    answer = iut.get(items_of(collection), params={"crs": uri})
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Crs"] == f"<{uri}>"
    forward = to_crs(uri)
    for before, after in zip(plain, answer.json()["features"], strict=True):
        assert before["id"] == after["id"]
        if before["geometry"] is None:
            assert after["geometry"] is None
            continue
        west = first_point(before)
        here = first_point(after)
        expected = forward.transform(*west)
        # Beyond the area of a CRS, two versions of PROJ may differ: the suite allows for that too.
        scale = max(1.0, *(abs(one) for one in expected))
        assert here == pytest.approx(expected, abs=max(0.05, scale * 1e-6))
    alone = iut.get(f"{items_of(collection)}/{plain[0]['id']}", params={"crs": uri})
    assert alone.status_code == 200
    assert alone.headers["Content-Crs"] == f"<{uri}>"
    assert alone.json()["geometry"] == answer.json()["features"][0]["geometry"]


def first_point(feature):
    return tuple(shapely.get_coordinates(shape(feature["geometry"]))[0])


@pytest.mark.answers(
    "features10", "/req/crs/fc-crs-default-value",
    "crs.query.crs.features.FeaturesCrsParameterDefault.verifyFeaturesCrsParameterDefault",
    "crs.query.crs.feature.FeatureCrsParameterDefault.verifyFeatureCrsParameterDefault",
)  # fmt: skip
@collections
def test_without_crs_the_header_says_wgs_84(iut, items_of, collection):
    page = iut.get(items_of(collection), params={"limit": 1})
    assert page.headers["Content-Crs"] == f"<{CRS84}>"
    id = page.json()["features"][0]["id"]
    assert iut.get(f"{items_of(collection)}/{id}").headers["Content-Crs"] == f"<{CRS84}>"


@pytest.mark.answers(
    "features10", "/req/crs/fc-crs-valid-value",
    "crs.query.crs.features.FeaturesCrsParameterInvalid.verifyFeaturesCrsParameterInvalid",
    "crs.query.crs.feature.FeatureCrsParameterInvalid.verifyFeatureCrsParameterInvalid",
)  # fmt: skip
@pytest.mark.parametrize("uri", [UNSUPPORTED, "http://evil.example/crs", "EPSG:999999", "4326"])
@collections
def test_a_crs_that_is_not_listed_is_400(iut, items_of, collection, uri):
    id = iut.get(items_of(collection), params={"limit": 1}).json()["features"][0]["id"]
    for url in (items_of(collection), f"{items_of(collection)}/{id}"):
        answer = iut.get(url, params={"crs": uri})
        assert answer.status_code == 400
        assert answer.json()["parameter"] == "crs"


@pytest.mark.answers(
    "features10", "/req/crs/fc-bbox-crs-definition, bbox-crs-action",
    "crs.query.bboxcrs.BBoxCrsParameter.verifyBboxCrsParameter",
)  # fmt: skip
@known
@collections
def test_the_extent_in_each_crs_can_be_asked(iut, described, items_of, collection, uri):
    """As the suite does: both corners of the extent carried over, however far from the CRS."""
    west, south, east, north = described[collection]["extent"]["spatial"]["bbox"][0]
    forward = to_crs(uri)
    corners = (*forward.transform(west, south), *forward.transform(east, north))
    answer = iut.get(items_of(collection), params={
        "bbox": ",".join(f"{one:.7f}" for one in corners), "bbox-crs": uri})  # fmt: skip
    assert answer.status_code == 200, answer.text
    everything = iut.get(items_of(collection), params={"limit": 10_000}).json()["features"]
    assert {one["id"] for one in answer.json()["features"]} <= {one["id"] for one in everything}


@pytest.mark.answers(
    "features10", "/req/crs/bbox-crs-action", "crs.query.bboxcrs.BBoxCrsParameter.verifyBboxCrsParameter",
)  # fmt: skip
@pytest.mark.parametrize(
    ("uri", "where"),
    [(URIS[1], (4.0, 45.0, 5.5, 46.5)), (URIS[2], (4.0, 45.0, 5.5, 46.5)),
     (URIS[3], (4.0, 45.0, 5.5, 46.5)), (URIS[4], (4.0, 45.0, 5.5, 46.5)),
     (URIS[5], (-61.9, 15.7, -60.9, 16.6)), (URIS[7], (55.2, -21.4, 55.9, -20.8)),
     (URIS[8], (45.0, -13.1, 45.4, -12.5))],
)  # fmt: skip
def test_a_box_in_a_crs_finds_what_it_finds_in_wgs_84(iut, items_of, uri, where):
    """Each CRS over its own land: the same offices, but for what lies along the curved sides."""
    plain = Transformer.from_crs("OGC:CRS84", f"EPSG:{uri.rsplit('/', 1)[1]}", always_xy=True)
    west, south, east, north = plain.transform_bounds(*where)
    flipped = to_crs(uri).transform(where[0], where[1]) != plain.transform(where[0], where[1])
    sent = (south, west, north, east) if flipped else (west, south, east, north)
    found = ids(iut, items_of, {"bbox": ",".join(map(repr, sent)), "bbox-crs": uri})
    expected = ids(iut, items_of, {"bbox": ",".join(map(str, where))})
    assert expected <= found
    margin = ",".join(str(one) for one in
                      (where[0] - 0.1, where[1] - 0.1, where[2] + 0.1, where[3] + 0.1))  # fmt: skip
    assert found <= ids(iut, items_of, {"bbox": margin})


def ids(iut, items_of, params):
    answer = iut.get(items_of("offices"), params=params | {"limit": 10_000})
    assert answer.status_code == 200, answer.text
    return {one["id"] for one in answer.json()["features"]}


@pytest.mark.answers(
    "features10", "/req/crs/fc-bbox-crs-default-value",
    "crs.query.bboxcrs.BBoxCrsParameterDefault.verifyBboxCrsParameterDefault",
)  # fmt: skip
@collections
def test_bbox_crs_is_wgs_84_when_it_is_not_said(iut, described, items_of, collection):
    sent = ",".join(map(str, described[collection]["extent"]["spatial"]["bbox"][0]))
    said = iut.get(items_of(collection), params={"bbox": sent, "bbox-crs": CRS84}).json()
    unsaid = iut.get(items_of(collection), params={"bbox": sent}).json()
    assert said["features"] == unsaid["features"]
    assert said["features"]


@pytest.mark.answers(
    "features10", "/req/crs/fc-bbox-crs-valid-value",
    "crs.query.bboxcrs.BBoxCrsParameterInvalid.verifyBboxCrsParameterInvalid",
)  # fmt: skip
@collections
def test_a_bbox_crs_that_is_not_listed_is_400(iut, items_of, collection):
    answer = iut.get(items_of(collection), params={"bbox": "5,49,6,50", "bbox-crs": UNSUPPORTED})
    assert answer.status_code == 400
    assert answer.json()["parameter"] == "bbox-crs"
