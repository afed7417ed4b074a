"""What ets-ogcapi-tiles10 1.2 asks of Tiles, asked again with code of our own."""

import mapbox_vector_tile
import pytest

REL = "http://www.opengis.net/def/rel/ogc/1.0/"
TILES = "http://www.opengis.net/spec/ogcapi-tiles-1/1.0/conf/"
URI = "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad"
SLOTS = ("{tileMatrix}", "{tileRow}", "{tileCol}")
LARGEST = 2**31 - 1


@pytest.fixture(params=["dataset", "communes"])
def tilesets(request, iut, landing, described):
    """Where a list of tilesets is, by the links of the landing page or of a collection."""
    links = landing["links"] if request.param == "dataset" else described["communes"]["links"]
    return next(one["href"] for one in links if one["rel"].startswith(REL + "tilesets-"))


@pytest.fixture
def tileset(iut, tilesets):
    """The first tileset of the list, by its own link, and the template of its tiles."""
    listed = iut.get(tilesets, headers={"Accept": "application/json"}).json()["tilesets"][0]
    own = next(one["href"] for one in listed["links"]
               if one["rel"] == "self" and one["type"] == "application/json")  # fmt: skip
    document = iut.get(own, headers={"Accept": "application/json"}).json()
    template = next(one["href"] for one in document["links"]
                    if all(slot in one["href"] for slot in SLOTS))  # fmt: skip
    return document, template


def at(template, z, row, column):
    return template.format(tileMatrix=z, tileRow=row, tileCol=column)


@pytest.mark.answers(
    "tiles10", "/req/core/conformance-success",
    "conformance.Conformance.validateConformanceOperationAndResponse",
    "landingpage.LandingPage.tilesLandingPageRetrieval",
    "landingpage.LandingPage.tilesLandingPageValidation",
    "apidefinition.ApiDefinition.openapiDocumentRetrieval",
    "general.GeneralHttp.http",
)  # fmt: skip
def test_tiles_are_declared_and_reached_from_the_landing_page(iut, declared, landing):
    assert {TILES + one for one in ("core", "tileset", "tilesets-list", "dataset-tilesets",
                                    "geodata-tilesets", "mvt", "oas30")} <= declared  # fmt: skip
    rels = {one["rel"] for one in landing["links"]}
    assert {"service-desc", "conformance", REL + "tilesets-vector", REL + "tiling-schemes"} <= rels


@pytest.mark.answers(
    "tiles10", "/req/core/tc-op", "conformance.Tile.validateTilesAreAvailable",
    "conformance.Tile.validateSuccessfulTilesExecutionFollowingLinks",
)  # fmt: skip
def test_every_link_of_a_listed_tileset_can_be_followed_as_it_stands(iut, tilesets):
    """The suite GETs each of them, so that a template among them would fail it."""
    answer = iut.get(tilesets, headers={"Accept": "application/json"})
    assert answer.status_code == 200
    for one in answer.json()["tilesets"]:
        for link in one["links"]:
            assert "{" not in link["href"]
            found = iut.get(link["href"], headers={"Accept": "application/json"})
            assert found.status_code == 200
            assert isinstance(found.json().get("links", []), list)


@pytest.mark.answers(
    "tiles10", "/req/core/tc-tilematrix-definition, tc-tilerow-definition, tc-tilecol-definition",
    "conformance.Tile.validateTileMatrixDefinitionIsAvailable",
    "conformance.Tile.validateTileRowDefinitionIsAvailable",
    "conformance.Tile.validateTileColDefinitionIsAvailable",
)  # fmt: skip
def test_a_tileset_has_the_template_of_its_tiles(api, tileset):
    document, template = tileset
    assert document["tileMatrixSetURI"] == URI
    path = template.removeprefix(api["servers"][0]["url"]).replace("WebMercatorQuad",
                                                                   "{tileMatrixSetId}")  # fmt: skip
    assert {one["name"] for one in api["paths"][path]["get"]["parameters"] if one["in"] == "path"} == {
        "tileMatrixSetId", "tileMatrix", "tileRow", "tileCol"}  # fmt: skip


@pytest.mark.answers(
    "tiles10", "/req/core/tc-success", "core.MandatoryCore.verifyMinimalConformance",
    "core.MandatoryCore.validateSuccessfulTilesExecution",
)  # fmt: skip
def test_tiles_within_the_limits_are_200_or_empty(iut, tileset):
    document, template = tileset
    assert "/tiles/WebMercatorQuad/" in template
    seen = 0
    for limits in document["tileMatrixSetLimits"]:
        for row, column in ((limits["maxTileRow"], limits["minTileCol"]),
                            (limits["minTileRow"], limits["maxTileCol"])):  # fmt: skip
            answer = iut.get(at(template, limits["tileMatrix"], row, column))
            assert answer.status_code in (200, 204)
    for row in (182, 183):  # around Lyon, where no tile is empty
        answer = iut.get(at(template, 9, row, 262))
        assert answer.status_code == 200
        assert answer.headers["Content-Type"] == "application/vnd.mapbox-vector-tile"
        layers = mapbox_vector_tile.decode(answer.content)
        seen += len(layers["communes"]["features"])
        # The suite decodes them too, and wants what it finds to lie in the tile or its border.
        for layer in layers.values():
            for feature in layer["features"]:
                for x, y in points(feature["geometry"]["coordinates"]):
                    assert -layer["extent"] <= x <= 2 * layer["extent"]
                    assert -layer["extent"] <= y <= 2 * layer["extent"]
    assert seen


def points(nested):
    if nested and isinstance(nested[0], int | float):
        yield nested
    else:
        for one in nested:
            yield from points(one)


@pytest.mark.answers(
    "tiles10", "/req/core/tc-error", "core.MandatoryCore.verifyErrorResponses",
    "conformance.Tile.validateTilesErrorConditions",
)  # fmt: skip
def test_a_tile_beyond_the_limits_is_404(iut, tileset):
    document, template = tileset
    for limits in document["tileMatrixSetLimits"]:
        z = limits["tileMatrix"]
        for row, column in (
            (limits["maxTileRow"] + 1, limits["minTileCol"]),
            (limits["minTileRow"] - 1, limits["minTileCol"]),
            (limits["maxTileRow"], limits["maxTileCol"] + 1),
            (limits["maxTileRow"], limits["minTileCol"] - 1),
            (LARGEST, LARGEST),
        ):
            answer = iut.get(at(template, z, row, column))
            assert answer.status_code == 404, answer.url
            assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.answers(
    "tiles10", "/req/tilesets-list/tileset-links",
    "tilesetslist.TilesetLlinks.validateTilesetsListResponse",
)  # fmt: skip
def test_a_list_of_tilesets_says_enough_of_each(iut, tilesets):
    assert "/tiles" in tilesets
    for url in (tilesets, f"{tilesets}?f=json"):
        found = iut.get(url, headers={"Accept": "application/json"}).json()["tilesets"]
        assert found
        for one in found:
            assert one["tileMatrixSetURI"] == URI
            assert one["dataType"] == "vector"
            assert one["crs"] == "http://www.opengis.net/def/crs/EPSG/0/3857"
            rels = {link["rel"] for link in one["links"]}
            assert {"self", REL + "tiling-scheme"} <= rels


@pytest.mark.answers(
    "tiles10", "/req/dataset-tilesets/landingpage",
    "datasettilesets.LandingPage.landingPageRetrieval",
)  # fmt: skip
def test_the_landing_page_leads_to_the_tilesets_of_the_dataset(landing):
    links = [one for one in landing["links"] if one["rel"].startswith(REL + "tilesets-vector")]
    assert [one["href"].endswith("/ogc/tiles") for one in links] == [True]


@pytest.mark.answers(
    "tiles10", "/req/geodata-tilesets/desc-links, operation",
    "geodatatilesets.GeospatialDataResource.geospatialResourceTilesetsLinksCheck",
    "geodatatilesets.GeospatialDataResource.geospatialResourceTilesetsRetrieval",
)  # fmt: skip
def test_the_tilesets_of_a_collection_are_at_its_tiles(iut, described):
    with_tiles = 0
    for one in described.values():
        for link in one["links"]:
            if link["rel"].startswith(REL + "tilesets-"):
                assert link["href"].endswith(f"/collections/{one['id']}/tiles")
                assert iut.get(link["href"]).json()["tilesets"]
                with_tiles += 1
    assert with_tiles


@pytest.mark.answers(
    "tiles10", "/req/tileset/tmxslink", "tileset.TileSet.validateTilesetResponse",
)  # fmt: skip
def test_tile_matrix_sets_lead_to_their_definitions(iut):
    answer = iut.get("/tileMatrixSets", headers={"Accept": "application/json"})
    assert answer.status_code == 200
    for one in answer.json()["tileMatrixSets"]:
        # The suite follows `item`.
        link = next(link for link in one["links"]
                    if link["rel"] == "item" and link["type"] == "application/json")  # fmt: skip
        assert link["href"].endswith("/tileMatrixSets/WebMercatorQuad")
        definition = iut.get(link["href"], headers={"Accept": "application/json"}).json()
        assert definition["uri"] == URI
        assert len(definition["tileMatrices"]) > 10
