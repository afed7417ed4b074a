"""What is drawn, measured and searched of a commune's outline, derived once from what is published.

Everything here is vectorised and needs no database, so that the process that parses a release
derives it: what reaches PostGIS is ready to be stored. A test holds each value to PostGIS' own.
"""

import hashlib
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import batched
from pathlib import Path
from typing import Any

import numpy as np
import shapely
from numpy.typing import NDArray
from pyproj import Geod

from geo.crs import transformer

BATCH = 2000  # outlines at a time: some 10 MB of coordinates
ELLIPSOID = Geod(ellps="WGS84")

type Shapes = NDArray[Any]  # of shapely geometries


@dataclass(frozen=True, slots=True)
class Outline:
    """The outline of one commune: three geometries as EWKB, little-endian.

    `geometry` is as published (EPSG:4326, always a MULTIPOLYGON); `geometry_3857` is the valid
    copy that is drawn; `centre` is a point inside; `fingerprint` is of the published bytes.
    """

    code: str
    fingerprint: str
    geometry: bytes
    geometry_3857: bytes
    centre: bytes
    area_km2: float


def derive(published: Iterable[tuple[str, str]]) -> tuple[list[Outline], list[str]]:
    """The outlines of (code, hexadecimal WKB in EPSG:4326) pairs, and the codes of those that are
    none: unreadable, not a surface, empty, or not in degrees."""
    outlines: list[Outline] = []
    refused: list[str] = []
    for batch in batched(published, BATCH):
        shapes = shapely.from_wkb([text for _, text in batch], on_invalid="ignore")
        good = _surfaces_in_degrees(shapes)
        refused.extend(code for (code, _), fine in zip(batch, good, strict=True) if not fine)
        kept = [one for one, fine in zip(batch, good, strict=True) if fine]
        if kept:
            outlines.extend(_outlines(kept, _multi(shapely.force_2d(shapes[good]))))
    return outlines, refused


def write(outlines: Iterable[Outline], file: Path) -> None:
    """One line each, in hexadecimal: they are nine tenths of a release, and go from the process
    that parses to the one that stores without being in memory together."""
    with file.open("w", encoding="ascii") as lines:
        for one in outlines:
            lines.write(
                f"{one.code}\t{one.fingerprint}\t{one.geometry.hex()}\t{one.geometry_3857.hex()}"
                f"\t{one.centre.hex()}\t{one.area_km2!r}\n"
            )


def read(file: Path) -> Iterator[Outline]:
    """What `write` wrote."""
    with file.open(encoding="ascii") as lines:
        for line in lines:
            code, fingerprint, geometry, drawn, centre, area = line.rstrip("\n").split("\t")
            yield Outline(
                code, fingerprint, bytes.fromhex(geometry), bytes.fromhex(drawn),
                bytes.fromhex(centre), float(area),
            )  # fmt: skip


def _surfaces_in_degrees(shapes: Shapes) -> NDArray[np.bool_]:
    types = shapely.get_type_id(shapes)
    surface: NDArray[np.bool_] = np.isin(types, (3, 6)) & ~shapely.is_empty(shapes)
    coordinates, owner = shapely.get_coordinates(shapes, return_index=True)
    # A comparison with what is not a number is false, so NaN is outside too.
    inside = (np.abs(coordinates[:, 0]) <= 180) & (np.abs(coordinates[:, 1]) <= 90)
    surface[owner[~inside]] = False
    return surface


def _multi(shapes: Shapes) -> Shapes:
    parts, owner = shapely.get_parts(shapes, return_index=True)
    multi: Shapes = shapely.multipolygons(parts, indices=owner)
    return multi


def _outlines(published: Sequence[tuple[str, str]], shapes: Shapes) -> Iterator[Outline]:
    drawn = _drawn(shapes)
    ewkb = _ewkb(shapes, 4326), _ewkb(drawn, 3857), _ewkb(shapely.point_on_surface(shapes), 4326)
    turned = shapely.orient_polygons(shapes)  # so that holes count less than nothing
    for (code, text), geometry, geometry_3857, centre, one in zip(
        published, *ewkb, turned, strict=True
    ):
        area, _ = ELLIPSOID.geometry_area_perimeter(one)
        mark = hashlib.blake2b(text.encode(), digest_size=16).hexdigest()
        yield Outline(code, mark, geometry, geometry_3857, centre, abs(area) / 1e6)


def _drawn(shapes: Shapes) -> Shapes:
    """In Web Mercator, made valid where it is not; only surfaces are kept of what that gives."""
    project = transformer(4326, 3857).transform
    drawn: Shapes = shapely.transform(
        shapes, lambda points: np.column_stack(project(points[:, 0], points[:, 1]))
    )
    for place in np.flatnonzero(~shapely.is_valid(shapes)):
        parts = shapely.get_parts(shapely.get_parts([shapely.make_valid(drawn[place])]))
        drawn[place] = shapely.multipolygons(parts[shapely.get_type_id(parts) == 3])
    return drawn


def _ewkb(shapes: Shapes, srid: int) -> list[bytes]:
    packed: NDArray[Any] = shapely.to_wkb(
        shapely.set_srid(shapes, srid), include_srid=True, byte_order=1
    )
    return list(packed)
