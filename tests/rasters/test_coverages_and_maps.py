"""Coverages, maps and EDR answers hold the raster's own values, and refuse by name what is not."""

import csv
import io
import itertools
import json
import math

import httpx
import numpy as np
import psycopg
import pytest
import rasterio
from owslib.ogcapi.coverages import Coverages
from owslib.ogcapi.edr import EnvironmentalDataRetrieval
from owslib.ogcapi.maps import Maps
from PIL import Image
from pyproj import Transformer
from rasterio.io import MemoryFile

from geo.grids import CELL, GRIDS, MAINLAND
from tiles.distance_files import NODATA, STEPS
from tiles.distance_reading import COLOURS

LYON = (4.8357, 45.7640)
HERE = "/collections/distance-mairie"
REUNION = "/collections/distance-mairie-la-reunion"
BOX = "4.7,45.6,5,45.9"
COVERAGE = f"{HERE}/coverage"


@pytest.fixture(scope="module")
def whole(ogc):
    """Both bands of the raster, as it is given whole."""
    answer = ogc.get(COVERAGE)
    assert answer.status_code == 200, answer.text
    assert answer.headers["Content-Type"] == "image/tiff; application=geotiff"
    with MemoryFile(answer.content) as memory, memory.open() as opened:
        return opened.read(), opened.transform


def opened(answer: httpx.Response):
    assert answer.status_code == 200, answer.text
    with MemoryFile(answer.content) as memory, memory.open() as found:
        return found.read(), found.transform, found.crs.to_epsg(), found.descriptions


def value_at(whole, longitude, latitude):
    bands, transform = whole
    x, y = Transformer.from_crs(4326, 2154, always_xy=True).transform(longitude, latitude)
    column, row = int((x - transform.c) // CELL), int((transform.f - y) // CELL)
    return [None if one == NODATA else float(one) for one in bands[:, row, column]]


def test_the_whole_is_what_was_published(whole, publication_folder, distances):
    held = distances.one("mairie", "metropole")
    with rasterio.open(publication_folder / "grids" / held.file) as file:
        assert np.array_equal(file.read(), whole[0])


@pytest.mark.parametrize(
    "query",
    [
        {"bbox": BOX},
        {"subset": "Lat(45.6:45.9),Lon(4.7:5)"},
        {"bbox": "838000,6500000,861000,6533000",
         "bbox-crs": "http://www.opengis.net/def/crs/EPSG/0/2154"},
        {"subset": "E(838000:861000),N(6500000:6533000)"},
        {"subset": "E(838000:861000)"},
        {"bbox": "45.6,4.7,45.9,5", "bbox-crs": "http://www.opengis.net/def/crs/EPSG/0/4326"},
        {"subset": "E(838500)"},
    ],
)  # fmt: skip
def test_a_subset_is_whole_cells_of_the_whole(ogc, whole, query):
    bands, transform, epsg, names = opened(ogc.get(COVERAGE, params=query))
    assert (epsg, names) == (2154, ("distance", "incomplete"))
    assert (transform.a, transform.e) == (CELL, -CELL)
    column = round((transform.c - whole[1].c) / CELL)
    row = round((whole[1].f - transform.f) / CELL)
    _, rows, columns = bands.shape
    assert np.array_equal(bands, whole[0][:, row : row + rows, column : column + columns])
    if "838000" in str(query):
        assert (transform.c, columns) == (838000, 23)


def test_fewer_cells_are_averages(ogc, whole):
    bands, transform, _, _ = opened(
        ogc.get(COVERAGE, params={"subset": "E(840000:860000),N(6500000:6520000)",
                                  "scale-factor": 4})
    )  # fmt: skip
    assert bands.shape == (2, 5, 5)
    assert transform.a == 4 * CELL
    row, column = round((whole[1].f - 6520000) / CELL), round((840000 - whole[1].c) / CELL)
    four = whole[0][0, row : row + 4, column : column + 4]
    assert bands[0, 0, 0] == pytest.approx(four[four != NODATA].mean(), abs=1)
    for query in ({"scale-size": "E(5),N(5)"}, {"scale-axes": "E(4),N(4)"}):
        asked = {"subset": "E(840000:860000),N(6500000:6520000)"} | query
        assert np.array_equal(opened(ogc.get(COVERAGE, params=asked))[0], bands)


def test_fields_are_chosen(ogc):
    bands, _, _, names = opened(ogc.get(COVERAGE, params={"bbox": BOX, "properties": "incomplete"}))
    assert names == ("incomplete",)
    assert len(bands) == 1


def test_coveragejson_and_geotiff_say_the_same(ogc):
    query = {"bbox": BOX}
    bands, transform, _, _ = opened(ogc.get(COVERAGE, params=query))
    answer = ogc.get(COVERAGE, params=query | {"f": "CoverageJSON"})
    assert answer.headers["Content-Type"] == "application/vnd.cov+json"
    found = answer.json()
    told = found["ranges"]["distance"]
    values = np.array([NODATA if one is None else one for one in told["values"]])
    assert told["axisNames"] == ["y", "x"]
    assert np.array_equal(values.reshape(told["shape"]), bands[0])
    axes = found["domain"]["axes"]
    assert axes["x"]["start"] == transform.c + CELL / 2
    assert axes["x"]["num"] == bands.shape[2]
    step = (axes["y"]["stop"] - axes["y"]["start"]) / (axes["y"]["num"] - 1)
    assert step == -CELL


def test_overseas_has_its_own_projection(ogc):
    bands, transform, epsg, _ = opened(ogc.get(f"{REUNION}/coverage"))
    grid = next(one for one in GRIDS if one.id == "la-reunion")
    assert epsg == grid.epsg == 2975
    assert (transform.c, transform.f) == (grid.bounds[0], grid.bounds[3])
    assert (bands[0] != NODATA).any()


def test_where_nothing_is(ogc):
    assert ogc.get(COVERAGE, params={"bbox": "55,-22,56,-20"}).status_code == 204


@pytest.mark.parametrize(
    ("path", "query", "parameter"),
    [
        ("coverage", {"bbox": "nan,nan,nan,nan"}, "bbox"),
        ("coverage", {"bbox": "-inf,-inf,inf,inf"}, "bbox"),
        ("coverage", {"bbox": "1,2,3"}, "bbox"),
        ("coverage", {"bbox": "5,45,4,46"}, "bbox"),
        ("coverage", {"bbox": BOX, "bbox-crs": "http://evil/crs"}, "bbox-crs"),
        ("coverage", {"nope": "1"}, "nope"),
        ("coverage", {"subset": "Lat(45.6"}, "subset"),
        ("coverage", {"subset": "Lat(46:45)"}, "subset"),
        ("coverage", {"subset": "Z(1:2)"}, "subset"),
        ("coverage", {"subset": "Lat(45:46),E(1:2)"}, "subset"),
        ("coverage", {"scale-factor": "0"}, "scale-factor"),
        ("coverage", {"scale-factor": "0.01"}, "scale-factor"),
        ("coverage", {"scale-factor": "2", "scale-size": "E(1)"}, "scale-size"),
        ("coverage", {"scale-size": "Z(1)"}, "scale-size"),
        ("coverage", {"f": "CoverageJSON"}, "scale-factor"),
        ("coverage", {"f": "/etc/passwd"}, "f"),
        ("coverage", {"properties": "height"}, "properties"),
        ("coverage", {"datetime": "1999-01-01"}, "datetime"),
        ("map", {"width": "100000"}, "width"),
        ("map", {"width": "4096", "height": "4096"}, "width"),
        ("map", {"crs": "EPSG:999999"}, "crs"),
        ("map", {"bbox": "0,0,1"}, "bbox"),
        ("map", {"theme": "../x"}, "theme"),
        ("position", {"coords": "POINT(nan 45)"}, "coords"),
        ("position", {"coords": "LINESTRING(4 45,5 46)"}, "coords"),
        ("position", {"coords": "POINT(4 45)", "parameter-name": "wind"}, "parameter-name"),
        ("position", {"coords": "POINT(4 45)", "crs": "http://evil/crs"}, "crs"),
        ("position", {"coords": "POINT(4 45)", "datetime": "garbage"}, "datetime"),
        ("position", {"coords": "POINT(4 45)", "z": "10"}, "z"),
        ("position", {"coords": "MULTIPOINT(" + ",".join(["1 1"] * 501) + ")"}, "coords"),
        ("position", {"coords": "POINT(4 45)" + " " * 9000}, "coords"),
        ("area", {"coords": "POLYGON((4 45,5 46,5 45,4 46,4 45))"}, "coords"),
        ("area", {"coords": "POLYGON((-5 42,9 42,9 51,-5 51,-5 42))"}, "coords"),
        ("area", {"coords": "POLYGON((-1e300 0,1e300 0,0 1e300,-1e300 0))"}, "coords"),
        ("radius", {"coords": "POINT(4 45)", "within": "5"}, "within-units"),
        ("radius", {"coords": "POINT(4 45)", "within": "500", "within-units": "km"}, "within"),
        ("radius", {"coords": "POINT(4 45)", "within": "-1", "within-units": "km"}, "within"),
        ("radius", {"coords": "POINT(55 -21)", "within": "1", "within-units": "km"}, "coords"),
        ("cube", {"bbox": "-5,42,9,51"}, "bbox"),
        ("cube", {"bbox": "a,b,c,d"}, "bbox"),
    ],
)  # fmt: skip
def test_what_is_refused_and_why(ogc, path, query, parameter):
    answer = ogc.get(f"{HERE}/{path}", params=query)
    assert answer.status_code == 400, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"
    assert answer.json()["parameter"] == parameter


@pytest.mark.parametrize(
    "path",
    ["/collections/distance-nope", "/collections/distance-mairie-metropole",
     "/collections/distance-mairie-nope/coverage", "/collections/distance-..%2f..%2f/coverage",
     f"{HERE}/instances/999999", f"{HERE}/instances/0/position?coords=POINT(4%2045)",
     f"{HERE}/instances/x/position?coords=POINT(4%2045)", f"{HERE}/locations/999",
     f"{HERE}/trajectory", f"{HERE}/items"],
)  # fmt: skip
def test_what_does_not_exist(ogc, path):
    assert ogc.get(path).status_code == 404


# ------------------------------------------------------------------------------- EDR


def test_a_position_is_the_cell_that_holds_it(ogc, whole):
    for point in (LYON, (4.84, 45.9), (2.35, 48.85), (-3.0, 44.0), (5.2, 46.2)):
        found = ogc.get(f"{HERE}/position", params={"coords": f"POINT({point[0]} {point[1]})"})
        told = found.json()["ranges"]
        got = [told["distance"]["values"][0], told["incomplete"]["values"][0]]
        assert got == value_at(whole, *point)
        axes = found.json()["domain"]["axes"]
        assert [axes["x"]["values"], axes["y"]["values"]] == [[point[0]], [point[1]]]


def test_axis_order_and_projections(ogc):
    plain = ogc.get(f"{HERE}/position", params={"coords": f"POINT({LYON[0]} {LYON[1]})"}).json()
    north = ogc.get(
        f"{HERE}/position",
        params={"coords": f"POINT({LYON[1]} {LYON[0]})",
                "crs": "http://www.opengis.net/def/crs/EPSG/0/4326"},
    ).json()  # fmt: skip
    x, y = Transformer.from_crs(4326, 2154, always_xy=True).transform(*LYON)
    metres = ogc.get(
        f"{HERE}/position",
        params={"coords": f"POINT({x} {y})",
                "crs": "http://www.opengis.net/def/crs/EPSG/0/2154"},
    ).json()  # fmt: skip
    assert plain["ranges"] == north["ranges"] == metres["ranges"]
    assert plain["ranges"]["distance"]["values"][0] is not None
    assert north["domain"]["axes"] == {"y": {"values": [LYON[1]]}, "x": {"values": [LYON[0]]}}


def test_the_sea_is_null_and_several_points_are_a_multipoint(ogc):
    query = {"coords": f"MULTIPOINT(({LYON[0]} {LYON[1]}),(-3 44))"}
    found = ogc.get(f"{HERE}/position", params=query).json()
    assert found["domain"]["domainType"] == "MultiPoint"
    near, sea = found["ranges"]["distance"]["values"]
    assert near is not None
    assert sea is None
    features = ogc.get(f"{HERE}/position", params=query | {"f": "GeoJSON"}).json()["features"]
    assert [one["properties"]["distance"] for one in features] == [near, None]


def test_an_area_is_the_cells_whose_centre_it_holds(ogc, whole):
    ring = [(4.7, 45.7), (4.95, 45.72), (4.9, 45.85), (4.7, 45.7)]
    query = {"coords": "POLYGON((" + ",".join(f"{x} {y}" for x, y in ring) + "))"}
    points = ogc.get(f"{HERE}/area", params=query).json()
    assert points["domain"]["domainType"] == "MultiPoint"
    centres = points["domain"]["axes"]["composite"]["values"]
    values = points["ranges"]["distance"]["values"]
    for (longitude, latitude), value in zip(centres, values, strict=True):
        assert value_at(whole, longitude, latitude)[0] == value
    # Counted again by a loop over all cells around.
    carry = Transformer.from_crs(4326, 2154, always_xy=True).transform
    corners = [carry(x, y) for x, y in ring]
    bands, transform = whole
    count = 0
    for row in range(bands.shape[1]):
        y = transform.f - (row + 0.5) * CELL
        if not min(c[1] for c in corners) < y < max(c[1] for c in corners):
            continue
        for column in range(bands.shape[2]):
            x = transform.c + (column + 0.5) * CELL
            if bands[0, row, column] != NODATA and inside(x, y, corners):
                count += 1
    assert count == len(centres) > 100
    grid = ogc.get(
        f"{HERE}/area",
        params={"coords": "POLYGON((" + ",".join(f"{x} {y}" for x, y in corners) + "))",
                "crs": "http://www.opengis.net/def/crs/EPSG/0/2154"},
    ).json()  # fmt: skip
    assert grid["domain"]["domainType"] == "Grid"
    held = [one for one in grid["ranges"]["distance"]["values"] if one is not None]
    assert abs(len(held) - count) <= 2, "the same cells, but for the curve of sides in degrees"
    features = ogc.get(f"{HERE}/area", params=query | {"f": "GeoJSON"}).json()["features"]
    assert [one["properties"]["distance"] for one in features] == values


@pytest.mark.parametrize(
    ("crs", "reach"),
    [("http://www.opengis.net/def/crs/OGC/1.3/CRS84", (-180, -90, 180, 90)),
     ("http://www.opengis.net/def/crs/EPSG/0/3857", (-2e7, -1e7, 2e7, 1e7))],
)  # fmt: skip
def test_the_whole_world_is_every_cell(ogc, distances, crs, reach):
    west, south, east, north = reach
    ring = f"{west} {south},{east} {south},{east} {north},{west} {north},{west} {south}"
    found = ogc.get(f"{REUNION}/area", params={"coords": f"POLYGON(({ring}))", "crs": crs})
    assert found.status_code == 200, found.text
    count = len(found.json()["ranges"]["distance"]["values"])
    assert count == distances.one("mairie", "la-reunion").cells


def inside(x, y, corners):
    odd = False
    for (x1, y1), (x2, y2) in itertools.pairwise(corners):
        if (y1 > y) != (y2 > y) and x < (x2 - x1) * (y - y1) / (y2 - y1) + x1:
            odd = not odd
    return odd


def test_a_radius_and_a_cube(ogc):
    asked = {"coords": f"POINT({LYON[0]} {LYON[1]})", "within": "5", "within-units": "km"}
    found = ogc.get(f"{HERE}/radius", params=asked).json()
    count = len(found["ranges"]["distance"]["values"])
    assert count == pytest.approx(math.pi * 25, abs=8)
    metres = asked | {"within": "5000", "within-units": "m"}
    assert ogc.get(f"{HERE}/radius", params=metres).json() == found
    box = ogc.get(f"{HERE}/cube", params={"bbox": "4.8,45.7,4.9,45.8"}).json()
    lons, lats = zip(*box["domain"]["axes"]["composite"]["values"], strict=True)
    assert min(lons) >= 4.8
    assert max(lats) <= 45.8
    empty = ogc.get(f"{HERE}/cube", params={"bbox": "55,-21.5,55.5,-21"}).json()
    assert empty["coverages"] == []


def test_a_location_is_a_departement(ogc, distances):
    areas = {one.departement: one for one in distances.one("mairie", "metropole").areas}
    listed = ogc.get(f"{HERE}/locations").json()["features"]
    assert {one["properties"]["locId"] for one in listed} == areas.keys()
    found = ogc.get(f"{HERE}/locations/69").json()
    values = found["ranges"]["distance"]["values"]
    assert len(values) == areas["69"].cells
    assert round(sum(values) / len(values)) == areas["69"].mean
    assert max(values) == areas["69"].farthest


def test_instances_are_kept_generations(ogc):
    found = ogc.get(f"{HERE}/instances").json()["instances"]
    assert found
    one = found[0]
    asked = {"coords": f"POINT({LYON[0]} {LYON[1]})"}
    by_instance = ogc.get(f"{HERE}/instances/{one['id']}/position", params=asked).json()
    assert by_instance == ogc.get(f"{HERE}/position", params=asked).json()
    assert ogc.get(f"{HERE}/instances/{one['id']}").json()["id"] == one["id"]


# ------------------------------------------------------------------------------- maps


def test_a_pixel_of_the_map_has_the_colour_of_its_class(ogc, whole):
    grid = MAINLAND
    answer = ogc.get(f"{HERE}/map", params={"width": grid.columns, "height": grid.rows})
    assert answer.headers["Content-Type"] == "image/png"
    assert answer.headers["Content-Crs"] == "<http://www.opengis.net/def/crs/EPSG/0/2154>"
    image = Image.open(io.BytesIO(answer.content)).convert("RGBA")
    pixels = np.asarray(image)
    bands = whole[0]
    land = bands[0] != NODATA
    assert ((pixels[..., 3] == 255) == land).all()
    classes = np.digitize(bands[0], STEPS)
    plain = land & (bands[1] == 0)
    for at, colour in enumerate(COLOURS["light"]):
        rgb = [int(colour[i : i + 2], 16) for i in (1, 3, 5)]
        here = plain & (classes == at)
        assert (pixels[here][:, :3] == rgb).all()
    assert plain.any()


def test_maps_in_other_projections(ogc):
    for crs in ("http://www.opengis.net/def/crs/OGC/1.3/CRS84",
                "http://www.opengis.net/def/crs/EPSG/0/3857"):  # fmt: skip
        answer = ogc.get(
            f"{HERE}/map",
            params={"bbox": BOX, "width": 64, "height": 64, "crs": crs, "transparent": "false",
                    "theme": "dark"},
        )  # fmt: skip
        assert answer.status_code == 200, answer.text
        assert answer.headers["Content-Crs"] == f"<{crs}>"
        image = Image.open(io.BytesIO(answer.content))
        assert image.size == (64, 64)
        assert "transparency" not in image.info
        assert len(set(np.asarray(image).ravel())) > 1
    sea = ogc.get(f"{HERE}/map", params={"bbox": "-30,30,-29,31", "width": 8, "height": 8,
                                         "crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84"})  # fmt: skip
    assert np.asarray(Image.open(io.BytesIO(sea.content)).convert("RGBA"))[..., 3].max() == 0


def test_the_legend_has_a_row_for_each_class(ogc):
    for language in ("fr", "en"):
        found = ogc.get(f"{HERE}/map/legend", params={"lang": language}).json()
        assert [one["from"] for one in found["classes"]] == [0, *STEPS]
        assert [one["to"] for one in found["classes"]] == [*STEPS, None]
        assert found["classes"][0]["colour"]["light"] == COLOURS["light"][0]


# ------------------------------------------------------------------------------- readers, pages


def test_owslib_reads_them(site, whole):
    names = {"distance-mairie", "distance-mairie-la-reunion"}
    edr = EnvironmentalDataRetrieval(f"{site}/ogc/edr")
    assert names <= set(edr.data())
    point = edr.query_data("distance-mairie", "position", coords=f"POINT({LYON[0]} {LYON[1]})")
    assert point["ranges"]["distance"]["values"][0] == value_at(whole, *LYON)[0]
    coverages = Coverages(f"{site}/ogc/edr")
    assert names <= set(coverages.coverages())
    body = coverages.coverage("distance-mairie", subset=[("E", 838000, 862000), ("N", 6500000, 6520000)],
                              properties=["distance"], scale_factor=2)  # fmt: skip
    with MemoryFile(body.read()) as memory, memory.open() as found:
        assert found.count == 1
        assert found.res == (2 * CELL, 2 * CELL)
    maps = Maps(f"{site}/ogc/edr")
    assert names <= set(maps.maps())
    image = Image.open(maps.map("distance-mairie", width=100, height=90))
    assert image.size == (100, 90)


def test_nothing_but_a_raster_is_called_one(ogc):
    for where in ("/edr", ""):
        for one in ogc.get(f"{where}/collections").json()["collections"]:
            assert ("data_queries" in one) == (where == "/edr")


@pytest.mark.parametrize("path", [HERE, f"{HERE}/schema", f"{HERE}/instances", "/edr",
                                  "/edr/collections", "/edr/api", "/edr/conformance"])  # fmt: skip
@pytest.mark.parametrize("language", ["fr", "en"])
def test_documents_are_pages_too(ogc, path, language):
    answer = ogc.get(path, params={"f": "html", "lang": language})
    assert answer.status_code == 200
    assert f'<html lang="{language}">' in answer.text


def test_an_etag_saves_the_work(ogc):
    for path in ("/coverage?bbox=4,45,5,46", "/map?width=50", ""):
        first = ogc.get(HERE + path)
        again = ogc.get(HERE + path, headers={"If-None-Match": first.headers["Etag"]})
        assert (first.status_code, again.status_code) == (200, 304)


def test_the_page_and_its_table_say_what_the_raster_does(site, distances):
    held = distances.one("mairie", "metropole")
    for language, path in (("fr", "/fr/distances"), ("en", "/en/distances")):
        page = httpx.get(site + path)
        assert page.status_code == 200
        assert f'lang="{language}"' in page.text
        assert "distance-mairie/map" in page.text
        assert all(f"DEP-{area.departement}" in page.text for area in held.areas)
    table = httpx.get(f"{site}/fr/distances.csv").text
    rows = list(csv.DictReader(io.StringIO(table)))
    assert [row["departement"] for row in rows] == [area.departement for area in held.areas]
    for row, area in zip(rows, held.areas, strict=True):
        counts = [int(row[name]) for name in row if name.startswith("cells_")]
        assert counts == list(area.classes)
        assert sum(counts) == int(row["cells"])
        assert int(row["mean_m"]) == area.mean


def test_what_is_not_measured_is_unknown_and_not_absent(site):
    page = httpx.get(f"{site}/fr/distances", params={"territory": "guyane"})
    assert page.status_code == 200
    assert "la distance est inconnue" in page.text
    assert "<img" not in page.text
    assert httpx.get(f"{site}/fr/distances.csv?territory=guyane").text.count("\n") == 1


def test_openapi_lists_the_rasters_that_there_are(ogc):
    api = ogc.get("/edr/api").json()
    named = api["paths"]["/collections/{collectionId}"]["get"]["parameters"][0]
    listed = ogc.get("/edr/collections").json()["collections"]
    assert named["schema"]["enum"] == [one["id"] for one in listed]
    assert "/collections/communes" not in api["paths"]
    features = ogc.get("/api").json()["paths"]
    assert "/collections/communes" in features
    assert not [path for path in features if path.startswith("/collections/{collectionId}")]


def test_each_api_says_what_it_is(ogc):
    """Neither claims the classes of the other: a reader asks every collection for them."""
    rasters, features = (set(ogc.get(f"{where}/conformance").json()["conformsTo"])
                         for where in ("/edr", ""))  # fmt: skip
    for name in ("edr-1", "coverages-1", "maps-1"):
        assert [one for one in rasters if f"/ogcapi-{name}/" in one]
        assert not [one for one in features if f"/ogcapi-{name}/" in one]
    assert not [one for one in rasters if "/ogcapi-features-" in one]


def test_rasters_are_told_alike_together_and_alone_and_their_links_lead_somewhere(ogc):
    rasters = ogc.get("/edr/collections").json()["collections"]
    assert len(rasters) >= 2
    for one in rasters:
        alone = ogc.get(f"/edr/collections/{one['id']}").json()
        assert {**alone, "links": 0} == {**one, "links": 0}
        assert one["storageCrs"] in one["crs"]
        for link in one["links"] + alone["links"]:
            if "/ogc" in link["href"]:
                answer = ogc.get(link["href"])
                assert answer.status_code == 200, link
                assert answer.headers["Content-Type"].split(";")[0] == link["type"].split(";")[0]


def test_descriptions_say_what_is_not_known(ogc, france: psycopg.Connection):
    (unplaced,) = france.execute(
        "select count(*) from catalog.pub_office where kind = 'mairie' and point is null"
    ).fetchone()
    listed = ogc.get("/edr/collections").json()["collections"]
    told = [one["officesWithoutPlace"] for one in listed if one["id"].startswith("distance-mairie")]
    assert sum(told) == unplaced
    text = json.dumps(ogc.get(HERE, params={"lang": "en"}).json())
    assert "no source lists" in text
