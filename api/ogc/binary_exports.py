"""The two binary formats of an export: GeoParquet and FlatGeobuf, written to a file, then sent."""

import json
import tempfile
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import fiona
import pyarrow as pa
import pyarrow.parquet as pq
import pyproj
import shapely
from psycopg_pool import ConnectionPool
from shapely.geometry import mapping

from api.ogc.export_rows import batches, places, shown
from catalog.items import Question
from geo.ogc_crs import CRS84, Crs

CHUNK = 256 * 1024
_ARROW: Mapping[str, pa.DataType] = {
    "string": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "date": pa.date32(),
    "date-time": pa.timestamp("us", "UTC"),
    "array": pa.list_(pa.string()),
    "object": pa.string(),
}
_FIONA = {"integer": "int", "number": "float"}  # FlatGeobuf has no dates: texts


def geoparquet(pool: ConnectionPool, question: Question, crs: Crs, folder: Path) -> Iterator[bytes]:
    """GeoParquet 1.1, one row group a batch."""
    fields = shown(question)
    column: dict[str, Any] = {"encoding": "WKB", "geometry_types": []}
    if crs.uri != CRS84:
        column["crs"] = pyproj.CRS.from_epsg(crs.epsg).to_json_dict()
    about = {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}}
    schema = pa.schema(
        [("id", pa.string()), *((one.name, _ARROW[one.kind]) for one in fields),
         ("geometry", pa.binary())],
        metadata={"geo": json.dumps(about)},
    )  # fmt: skip
    held = places(question, fields)
    kinds = [one.kind for one in fields]
    with tempfile.NamedTemporaryFile(dir=folder, suffix=".parquet") as file:
        with pq.ParquetWriter(file.name, schema, compression="zstd") as writer:
            for rows in batches(pool, question, "values"):
                columns: list[list[Any]] = [[row[0] for row in rows]]
                for place, kind in zip(held, kinds, strict=True):
                    values = [row[place] for row in rows]
                    columns.append(list(map(_json, values)) if kind == "object" else values)
                columns.append([row[-1] for row in rows])
                writer.write_table(
                    pa.table([pa.array(c, f.type) for c, f in zip(columns, schema, strict=True)],
                             schema=schema)
                )  # fmt: skip
        yield from _read(file.name)


def _json(value: Any) -> str | None:
    return None if value is None else json.dumps(value, ensure_ascii=False)


def flatgeobuf(pool: ConnectionPool, question: Question, crs: Crs, folder: Path) -> Iterator[bytes]:
    """FlatGeobuf with its spatial index. A feature without geometry has no place in it."""
    fields = shown(question)
    held = places(question, fields)
    shape = "Point" if question.of.geometry_type == "point" else "MultiPolygon"
    schema = {
        "geometry": shape,
        "properties": {"id": "str", **{one.name: _FIONA.get(one.kind, "str") for one in fields}},
    }
    with tempfile.TemporaryDirectory(dir=folder) as place:
        path = Path(place) / "export.fgb"
        # Without an index where something may have no geometry, which an index cannot hold.
        with fiona.open(
            path, "w", driver="FlatGeobuf", crs=f"EPSG:{crs.epsg}", schema=schema,
            SPATIAL_INDEX="NO",
        ) as sink:  # fmt: skip
            for rows in batches(pool, question, "values"):
                shapes = shapely.from_wkb([row[-1] for row in rows])
                sink.writerecords(
                    {
                        "type": "Feature",
                        "geometry": None if one is None else mapping(one),
                        "properties": {"id": row[0]} | {
                            field.name: _plain(row[at])
                            for field, at in zip(fields, held, strict=True)
                        },
                    }
                    for row, one in zip(rows, shapes, strict=True)
                )  # fmt: skip
        yield from _read(str(path))


def _plain(value: Any) -> Any:
    match value:
        case list():
            return ";".join(value)
        case dict():
            return json.dumps(value, ensure_ascii=False)
    return value.isoformat() if hasattr(value, "isoformat") else value


def _read(name: str) -> Iterator[bytes]:
    with Path(name).open("rb") as file:
        while chunk := file.read(CHUNK):
            yield chunk
