"""Rows of geographic files. GeoJSON is read as text, so that one bad pair of coordinates loses
one feature; the binary forms go through GDAL, one driver allowed at a time and no other path.

Each row gets `@longitude` and `@latitude` beside its columns: a place that is drawn as a line or
a surface is where a point surely inside it is.
"""

import math
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from catalog.ingest import Rejection
from config.errors import Invalid
from harvest.mapped.declared import FileForm
from harvest.mapped.tables import Opened, Row, document

DRIVERS = {
    "shapefile": "ESRI Shapefile", "gpkg": "GPKG", "flatgeobuf": "FlatGeobuf", "osm": "OSM",
}  # fmt: skip
MOST_VERTICES = 1_000_000  # of one feature: the most detailed French commune has 20,000
OSM_LAYERS = ("points", "multipolygons")


def open_geojson(file: Path, form: FileForm) -> Opened:
    """A FeatureCollection. Raises Invalid for another document."""
    value = document(file, form)
    features = value.get("features") if isinstance(value, Mapping) else None
    if not isinstance(features, list):
        raise Invalid("The document is no FeatureCollection.")
    opened = Opened((), iter(()))
    rows: list[tuple[str, Row]] = []
    columns: dict[str, None] = {}
    for number, feature in enumerate(features, 1):
        where = f"feature {number}"
        properties = feature.get("properties") if isinstance(feature, Mapping) else None
        if not isinstance(feature, Mapping) or not isinstance(properties, Mapping | None):
            opened.refused.append(Rejection(where, "row", "not a feature", str(feature)[:500]))
            continue
        row: dict[str, Any] = dict(properties or {})
        if "id" in feature:
            row["@id"] = feature["id"]
        columns.update(dict.fromkeys(row))
        _place(where, feature.get("geometry"), row, opened)
        rows.append((where, row))
    opened.columns = tuple(columns)
    opened.rows = iter(rows)
    return opened


def open_with_gdal(file: Path, form: FileForm) -> Opened:
    """A shapefile, GeoPackage, FlatGeobuf or OpenStreetMap extract, streamed. Raises Invalid."""
    import fiona  # here, like shapely below: a list of points does not wait for them

    driver = DRIVERS[form.format]
    options: dict[str, Any] = {"enabled_drivers": [driver], "allow_unsupported_drivers": True}
    try:
        layers = fiona.listlayers(file) if driver != "OSM" else list(OSM_LAYERS)
        if form.layer is not None:
            if form.layer not in layers:
                raise Invalid(f"There is no layer {form.layer!r}; there are {layers}.")
            layers = [form.layer]
        elif driver != "OSM" and len(layers) != 1:
            raise Invalid(f"The source file names no layer; there are {layers}.")
        collections = [fiona.open(file, layer=layer, **options) for layer in layers]
    except (fiona.errors.FionaError, OSError, ValueError) as error:
        raise Invalid(f"The file is no {driver}: {str(error)[:300]}") from error
    columns = {name for one in collections for name in one.schema["properties"]} - {"other_tags"}
    opened = Opened(tuple(sorted(columns)), iter(()))
    _note_crs(opened, collections[0], form)

    def rows() -> Iterator[tuple[str, Row]]:
        for layer, collection in zip(layers, collections, strict=True):
            try:
                for feature in collection:
                    where = f"{layer} {feature.id}"
                    row = dict(feature.properties)
                    tags = row.pop("other_tags", None)
                    if driver == "OSM":
                        row |= hstore(tags or "")
                        row["@id"] = _osm_id(layer, row)
                    row["@layer"] = layer
                    _place(where, feature.geometry, row, opened)
                    yield where, row
            except (fiona.errors.FionaError, ValueError) as error:
                raise Invalid(f"The file breaks off in {layer}: {str(error)[:300]}") from error

    opened.rows = rows()
    return opened


def _osm_id(layer: str, row: Mapping[str, Any]) -> str:
    if layer == "points":
        return f"node/{row['osm_id']}"
    return f"way/{row['osm_way_id']}" if row.get("osm_way_id") else f"relation/{row['osm_id']}"


def hstore(text: str) -> dict[str, str]:
    """GDAL's other tags: `"amenity"=>"library","name"=>"A \\"B\\""`."""
    found: list[str] = []
    position = 0
    while (start := text.find('"', position)) >= 0:
        letters: list[str] = []
        position = start + 1
        while position < len(text) and text[position] != '"':
            position += text[position] == "\\"
            letters.append(text[position : position + 1])
            position += 1
        found.append("".join(letters))
        position += 1
    return dict(zip(found[::2], found[1::2], strict=False))


def _note_crs(opened: Opened, collection: Any, form: FileForm) -> None:
    """The file's own word on its projection, when it is not the source file's."""
    try:
        said = collection.crs.to_epsg() if collection.crs else None
    except Exception:
        said = None
    if said is not None and form.crs != "local" and said != form.crs:
        raise Invalid(f"The file says EPSG:{said}, its source file says {form.crs}.")
    if said is None:
        opened.notes.append(f"the file does not say its projection: {form.crs} is believed")


def _place(where: str, geometry: Any, row: dict[str, Any], opened: Opened) -> None:
    """Sets the point of a row from its geometry, or lists why there is none."""
    row["@longitude"] = row["@latitude"] = None
    if geometry is None:
        return
    try:
        coordinates = geometry["coordinates"]
        if geometry["type"] == "Point":
            row["@longitude"], row["@latitude"] = _pair(coordinates)
            return
        if (count := vertices(coordinates)) > MOST_VERTICES:
            raise Invalid(f"{count} vertices; {MOST_VERTICES} are the most")
        row["@longitude"], row["@latitude"] = _inside(geometry, where, opened)
    except Invalid as error:
        opened.refused.append(Rejection(where, "geometry", str(error), str(geometry)[:200]))
    except (KeyError, TypeError, ValueError, IndexError) as error:
        opened.refused.append(
            Rejection(where, "geometry", f"not a geometry: {error!r}"[:200], str(geometry)[:200])
        )


def _pair(coordinates: Any) -> tuple[float, float]:
    if not isinstance(coordinates, list | tuple) or len(coordinates) < 2:
        raise Invalid("a point without two coordinates")
    for one in coordinates[:2]:
        if isinstance(one, bool) or not isinstance(one, int | float):
            raise Invalid("a coordinate that is no number")
        if not math.isfinite(one):
            raise Invalid("a coordinate that is not finite")
    return float(coordinates[0]), float(coordinates[1])


def vertices(coordinates: Any) -> int:
    """How many pairs a geometry has, counted without building it."""
    count, waiting = 0, [coordinates]
    while waiting:
        one = waiting.pop()
        if not isinstance(one, list | tuple):
            continue
        if one and isinstance(one[0], list | tuple):
            waiting.extend(one)
        else:
            count += 1
    return count


def _inside(geometry: Any, where: str, opened: Opened) -> tuple[float, float]:
    """A point inside a shape. What is drawn wrong is repaired first, and that is listed."""
    import shapely
    from shapely.geometry import shape
    from shapely.lib import ShapelyError

    try:
        drawn = shapely.force_2d(shape(geometry))
    except ShapelyError as error:
        raise Invalid(f"not a geometry: {error}") from error
    if drawn.is_empty:
        raise Invalid("an empty geometry")
    if not all(map(math.isfinite, drawn.bounds)):
        raise Invalid("a coordinate that is not finite")
    if not drawn.is_valid:
        reason = shapely.is_valid_reason(drawn)
        drawn = shapely.make_valid(drawn)
        if drawn.is_empty:
            raise Invalid(f"drawn wrong and not repaired: {reason}")
        opened.refused.append(
            Rejection(where, "geometry", f"kept, repaired to find its point: {reason}", "")
        )
    point = drawn.representative_point()
    return float(point.x), float(point.y)
