"""What a vector tile holds, and that the archive holds what PostGIS draws."""

import gzip
import itertools
from typing import Any

import mapbox_vector_tile
import psycopg
import pytest
import shapely
from pmtiles.tile import tileid_to_zxy
from shapely.geometry import shape

from catalog.generations import Generation
from config.errors import Invalid, NotFound
from config.settings import Settings
from geo.tile_address import TileAddress, tile_at
from tiles import archives, inspector, mvt
from tiles.archives import Archive

LYON = (4.8357, 45.7640)
SAINT_DENIS_DE_LA_REUNION = (55.4481, -20.8789)


def drawn(conn: psycopg.Connection, address: TileAddress, geography: str) -> bytes:
    return mvt.draw_now(conn, "communes", address, geography)


def decoded(tile: bytes) -> dict[str, Any]:
    layers: dict[str, Any] = mapbox_vector_tile.decode(tile)
    return layers


@pytest.mark.parametrize("place", [LYON, SAINT_DENIS_DE_LA_REUNION])
@pytest.mark.parametrize("z", range(5, 15))
def test_ids_are_numbers_and_words_come_only_where_there_is_room(
    france: psycopg.Connection,
    published: tuple[Settings, Generation],
    place: tuple[float, float],
    z: int,
) -> None:
    names = {
        number: {"name": name, "code": code}
        for number, name, code in france.execute("select number, name, code from catalog.commune")
    }
    tile = drawn(france, tile_at(*place, z), published[1].geography)
    layers = decoded(tile)
    features = layers["communes"]["features"]
    assert features
    identifiers = [feature["id"] for feature in features]
    assert identifiers == sorted(set(identifiers))
    for feature in features:
        assert feature["properties"] == (names[feature["id"]] if z >= mvt.LABELS_FROM else {})
    assert layers["communes"]["extent"] == mvt.grid(z)
    assert inspector.wrong_with(gzip.compress(tile), z, max(names)) == []


def test_the_same_tile_has_the_same_bytes(
    france: psycopg.Connection, published: tuple[Settings, Generation]
) -> None:
    for z in (5, 9, 12):
        address = tile_at(*LYON, z)
        first = mvt.pack(drawn(france, address, published[1].geography))
        france.execute("set local enable_indexscan = off; set local enable_bitmapscan = off")
        assert mvt.pack(drawn(france, address, published[1].geography)) == first
        france.rollback()


def test_neighbours_neither_overlap_nor_leave_gaps(
    france: psycopg.Connection, published: tuple[Settings, Generation]
) -> None:
    """On the grid of the zoom: drawing the communes is drawing their union, whole."""
    for z in (8, 10, 12):
        address = tile_at(*LYON, z)
        features = decoded(drawn(france, address, published[1].geography))["communes"]["features"]
        shapes = [shapely.make_valid(shape(feature["geometry"])) for feature in features]
        assert len(shapes) > 1
        overlap = sum(
            one.intersection(other).area for one, other in itertools.combinations(shapes, 2)
        )
        together = shapely.union_all(shapes).area
        assert overlap / together < 2e-4
        assert sum(one.area for one in shapes) / together < 1 + 2e-4


def test_borders_are_lines_of_areas(
    france: psycopg.Connection, published: tuple[Settings, Generation]
) -> None:
    layers = decoded(drawn(france, tile_at(*LYON, 8), published[1].geography))
    assert set(layers) == {"communes", "departements", "regions", "epci"}
    codes = {feature["properties"]["code"] for feature in layers["departements"]["features"]}
    assert "69" in codes
    for kind in ("departements", "regions", "epci"):
        types = {feature["geometry"]["type"] for feature in layers[kind]["features"]}
        assert types <= {"LineString", "MultiLineString"}
    low = decoded(drawn(france, tile_at(*LYON, 5), published[1].geography))
    assert "epci" not in low, "light where they could not be seen"


@pytest.mark.parametrize("z", range(5))
def test_the_lowest_zooms_hold_borders_and_no_commune(
    france: psycopg.Connection, published: tuple[Settings, Generation], archive: Archive, z: int
) -> None:
    """All the communes would be megabytes; some of them would show the others as absent."""
    address = tile_at(*LYON, z)
    tile = drawn(france, address, published[1].geography)
    layers = decoded(tile)
    assert set(layers) == {"departements", "regions"}
    assert all(layer["features"] for layer in layers.values())
    assert archive.tile(address.z, address.x, address.y) == mvt.pack(tile)
    assert inspector.wrong_with(mvt.pack(tile), z, 40_000) == []


def test_no_land_is_no_byte(
    france: psycopg.Connection, published: tuple[Settings, Generation]
) -> None:
    assert drawn(france, tile_at(-30.0, 45.0, 8), published[1].geography) == b""


def test_an_unknown_layer_is_refused_by_name(france: psycopg.Connection) -> None:
    with pytest.raises(NotFound, match=r"roads.*communes"):
        mvt.draw_now(france, "roads", TileAddress(5, 1, 1), "")


def test_the_archive_holds_every_tile_that_has_land(
    france: psycopg.Connection, published: tuple[Settings, Generation], archive: Archive
) -> None:
    settings, generation = published
    places = archive.addresses()
    assert len(places) == len(archive) > 20
    for place in places:
        address = TileAddress(*tileid_to_zxy(place))
        tile = drawn(france, address, generation.geography)
        assert archive.tile(address.z, address.x, address.y) == mvt.pack(tile)
    # And no other: the neighbours of each tile are in it, or have no land.
    last = settings.tiles.archive_max_zoom
    deepest = [tileid_to_zxy(place) for place in places if tileid_to_zxy(place)[0] == last]
    around = {
        TileAddress(z, x + east, y + south)
        for z, x, y in deepest
        for east in (-1, 0, 1)
        for south in (-1, 0, 1)
    }
    for address in around:
        if archive.tile(address.z, address.x, address.y) is None:
            assert drawn(france, address, generation.geography) == b""


def test_every_commune_with_an_outline_is_in_the_archive(
    france: psycopg.Connection, archive: Archive
) -> None:
    wanted = {row[0] for row in france.execute("select number from catalog.commune_outline")}
    found: set[int] = set()
    for place in archive.addresses():
        z, x, y = tileid_to_zxy(place)
        if z == archive.max_zoom:
            layers = decoded(gzip.decompress(archive.tile(z, x, y) or b""))
            found |= {feature["id"] for feature in layers["communes"]["features"]}
    assert found == wanted


def test_another_reader_reads_the_archive(archive: Archive, folder: Any) -> None:
    """The reader of the pmtiles library finds the bytes that ours finds."""
    from pmtiles.reader import MmapSource, Reader

    with (folder / "communes.pmtiles").open("rb") as opened:
        reader = Reader(MmapSource(opened))
        header = reader.header()
        assert (header["min_zoom"], header["max_zoom"]) == (archive.min_zoom, archive.max_zoom)
        for place in archive.addresses()[::5]:
            assert reader.get(*tileid_to_zxy(place)) == archive.tile(*tileid_to_zxy(place))


def test_an_archive_is_never_empty(tmp_path: Any) -> None:
    with pytest.raises(Invalid, match="No tile"):
        archives.write(tmp_path / "none.pmtiles", [], (5, 11), {})


def square(size: int = 512, start: int = 0) -> dict[str, Any]:
    corners = [(start, start), (size, start), (size, size), (start, size), (start, start)]
    return {"type": "Polygon", "coordinates": [corners]}


def test_the_inspector_refuses_communes_in_the_lowest_zooms() -> None:
    tile = encoded({"geometry": square()})
    assert inspector.wrong_with(tile, mvt.COMMUNES_FROM - 1, 40_000) == ["has a layer communes"]
    assert inspector.wrong_with(tile, mvt.COMMUNES_FROM, 40_000) == []


def encoded(
    feature: dict[str, Any], layer: str = "communes", extent: int = 1024, **options: Any
) -> bytes:
    text: bytes = mapbox_vector_tile.encode(
        [{"name": layer, "features": [{"properties": {}, "id": 7, **feature}]}],
        default_options={"extents": extent, "y_coord_down": True, **options},
    )
    return gzip.compress(text, mtime=0)


@pytest.mark.parametrize(
    ("packed", "told"),
    [
        (encoded({"geometry": square()}), None),
        (encoded({"geometry": square(), "id": 0}), "not a number from 1"),
        (encoded({"geometry": square(), "id": 66}), "not a number from 1 to 65"),
        (encoded({"geometry": square(), "properties": {"name": "Lyon"}}), "attributes"),
        (encoded({"geometry": square()}, extent=4096), "grid 4096"),
        (encoded({"geometry": square()}, layer="roads"), "layer roads"),
        (encoded({"geometry": square(size=1200)}), "beyond the buffer"),
        (encoded({"geometry": {"type": "Point", "coordinates": [1, 1]}}), "is a Point"),
        (gzip.compress(b"\x1a\xff nonsense", mtime=0), "does not decode"),
        (b"not gzip", "does not decode"),
    ],
)
def test_the_inspector_tells_what_is_wrong(packed: bytes, told: str | None) -> None:
    mistakes = inspector.wrong_with(packed, 5, 65)
    if told is None:
        assert mistakes == []
    else:
        assert any(told in mistake for mistake in mistakes), mistakes


def test_the_inspector_sees_rings_wound_the_wrong_way() -> None:
    good = gzip.decompress(encoded({"geometry": square()}))
    # The same square drawn the other way round, command by command: MoveTo(1), LineTo(3), close.
    path = [9, 0, 0, 26, 1024, 0, 0, 1024, 1023, 0, 15]
    turned = [9, 0, 0, 26, 0, 1024, 1024, 0, 0, 1023, 15]
    from mapbox_vector_tile.Mapbox import vector_tile_pb2

    tile = vector_tile_pb2.tile()
    tile.ParseFromString(good)
    feature = tile.layers[0].features[0]
    for geometry, wrong in ((path, False), (turned, True)):
        del feature.geometry[:]
        feature.geometry.extend(geometry)
        mistakes = inspector.wrong_with(gzip.compress(tile.SerializeToString()), 5, 65)
        assert any("wound" in mistake for mistake in mistakes) is wrong, mistakes
