"""The last look at an archive before it is published, with a decoder that is not our encoder.

PostGIS wrote the tiles; mapbox-vector-tile reads a sample of each zoom back. What it refuses:
tiles that do not decode, a wrong grid, features without an integer id or whose id is not a
commune's, attributes where there must be none, rings that are not polygons.
"""

import gzip
from pathlib import Path
from typing import Any

import mapbox_vector_tile
from pmtiles.tile import tileid_to_zxy

from tiles import mvt
from tiles.archives import Archive

SAMPLE = 12  # tiles of each zoom, spread over the archive
HEAVIEST = 500_000  # bytes: a visitor on a phone waits for each of them


def inspect(file: Path) -> list[str]:
    """Everything that is wrong with an archive; an empty list when it may be published."""
    archive = Archive(file)
    by_zoom: dict[int, list[tuple[int, int, int]]] = {}
    for place in archive.addresses():
        z, x, y = tileid_to_zxy(place)
        by_zoom.setdefault(z, []).append((z, x, y))
    if not by_zoom:
        return ["it holds no tile"]
    mistakes: list[str] = []
    for tiles in by_zoom.values():
        step = max(1, len(tiles) // SAMPLE)
        for z, x, y in tiles[::step]:
            packed = archive.tile(z, x, y)
            mistakes.extend(f"{z}/{x}/{y}: {mistake}" for mistake in wrong_with(packed or b"", z))
    return mistakes


def wrong_with(packed: bytes, z: int) -> list[str]:
    """What is wrong with one stored tile."""
    if len(packed) > HEAVIEST:
        return [f"{len(packed)} bytes, the most is {HEAVIEST}"]
    try:
        layers: dict[str, Any] = mapbox_vector_tile.decode(gzip.decompress(packed))
    except Exception as error:
        return [f"does not decode ({error})"]
    mistakes = [
        f"layer {name} has the grid {layer['extent']}"
        for name, layer in layers.items()
        if layer["extent"] != mvt.grid(z)
    ]
    for feature in layers.get("communes", {"features": []})["features"]:
        identifier = feature.get("id")
        if not isinstance(identifier, int) or identifier < 1:
            mistakes.append(f"a commune has the id {identifier!r}")
        if feature["geometry"]["type"] not in ("Polygon", "MultiPolygon"):
            mistakes.append(f"commune {identifier} is a {feature['geometry']['type']}")
        if z < mvt.LABELS_FROM and feature["properties"]:
            mistakes.append(f"commune {identifier} has attributes at zoom {z}")
    return mistakes
