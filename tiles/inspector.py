"""The last look at an archive before it is published, with a decoder that is not our encoder.

PostGIS wrote the tiles; mapbox-vector-tile reads a sample of each zoom back. What it refuses:
tiles that do not decode, that are too heavy, of a wrong grid or beyond its buffer, features
whose id is not a commune's, attributes where there must be none (or none where there must be
some), shapes that are not polygons, rings wound the wrong way.
"""

import gzip
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import mapbox_vector_tile
from pmtiles.tile import tileid_to_zxy

from tiles import mvt
from tiles.archives import Archive

SAMPLE = 12  # tiles of each zoom that are decoded, spread over the archive
HEAVIEST = 500_000  # bytes: a visitor on a phone waits for each of them
POLYGONS = ("Polygon", "MultiPolygon")
LINES = ("LineString", "MultiLineString")

type Point = tuple[float, float]


def inspect(file: Path, last_number: int) -> list[str]:
    """Everything that is wrong with an archive; an empty list when it may be published.

    `last_number` is the greatest number that a commune has.
    """
    archive = Archive(file)
    by_zoom: dict[int, list[tuple[int, int, int]]] = {}
    mistakes: list[str] = []
    for place in archive.addresses():
        z, x, y = tileid_to_zxy(place)
        by_zoom.setdefault(z, []).append((z, x, y))
        if (size := archive.size(z, x, y)) > HEAVIEST:
            mistakes.append(f"{z}/{x}/{y}: {size} bytes, the most is {HEAVIEST}")
    if not by_zoom:
        return ["it holds no tile"]
    for tiles in by_zoom.values():
        step = max(1, len(tiles) // SAMPLE)
        for z, x, y in tiles[::step]:
            packed = archive.tile(z, x, y) or b""
            mistakes.extend(f"{z}/{x}/{y}: {told}" for told in wrong_with(packed, z, last_number))
    return mistakes


def wrong_with(packed: bytes, z: int, last_number: int) -> list[str]:
    """What is wrong with one stored tile of zoom `z`."""
    try:
        layers: dict[str, Any] = mapbox_vector_tile.decode(
            gzip.decompress(packed), default_options={"y_coord_down": True}
        )
    except Exception as error:
        return [f"does not decode ({error})"]
    mistakes: list[str] = []
    allowed = [*mvt.kinds(z), *(["communes"] if z >= mvt.COMMUNES_FROM else [])]
    for name, layer in layers.items():
        if name not in allowed:
            mistakes.append(f"has a layer {name}")
            continue
        if layer["extent"] != mvt.grid(z):
            mistakes.append(f"layer {name} has the grid {layer['extent']}")
            continue
        for feature in layer["features"]:
            who = f"{name} {feature.get('id') or feature['properties'].get('code')}"
            mistakes.extend(f"{who} {told}" for told in _shape(name, feature, z))
            if name == "communes":
                mistakes.extend(f"{who} {told}" for told in _commune(feature, z, last_number))
    return mistakes


def _commune(feature: dict[str, Any], z: int, last_number: int) -> Iterator[str]:
    identifier = feature.get("id")
    if not isinstance(identifier, int) or not 1 <= identifier <= last_number:
        yield f"is not a number from 1 to {last_number}"
    wanted = {"name", "code"} if z >= mvt.LABELS_FROM else set()
    if set(feature["properties"]) != wanted:
        yield f"has the attributes {sorted(feature['properties'])} at zoom {z}"


def _shape(layer: str, feature: dict[str, Any], z: int) -> Iterator[str]:
    geometry = feature["geometry"]
    allowed = POLYGONS if layer == "communes" else LINES
    if geometry["type"] not in allowed:
        yield f"is a {geometry['type']}"
        return
    extent = mvt.grid(z)
    buffer = extent // mvt.BUFFER
    if not all(
        -buffer <= step <= extent + buffer
        for point in _points(geometry["coordinates"])
        for step in point
    ):
        yield "reaches beyond the buffer of its tile"
    if layer == "communes":
        single = geometry["type"] == "Polygon"
        for polygon in [geometry["coordinates"]] if single else geometry["coordinates"]:
            # The specification winds outer rings clockwise on the screen: a positive area
            # where y goes down; holes the other way.
            if area(polygon[0]) <= 0 or any(area(hole) >= 0 for hole in polygon[1:]):
                yield "has a ring that is wound the wrong way"
                return


def _points(nested: Any) -> Iterator[Point]:
    if nested and not isinstance(nested[0], list | tuple):
        yield nested
        return
    for inner in nested:
        yield from _points(inner)


def area(ring: list[Point]) -> float:
    """Signed area by the surveyor's formula."""
    return sum(
        (ax * by - bx * ay) / 2
        for (ax, ay), (bx, by) in zip(ring, [*ring[1:], ring[0]], strict=True)
    )
