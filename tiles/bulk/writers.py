"""One writer per format of bulk file: each takes the same rows, in batches, and keeps none.

Rows are tuples in the order of the table's columns, with the geometry last (WKB or None) when the
table has one. The same rows make the same bytes: no file holds the time at which it was written.
"""

import csv
import gzip
import io
import json
from collections.abc import Sequence
from datetime import date, datetime
from pathlib import Path
from typing import Any, Protocol

import fiona
import fiona.env
import pyarrow as pa
import pyarrow.parquet as pq
import shapely

from catalog.csv_cells import cell, moment
from tiles.bulk.tables import Table

type Rows = Sequence[tuple[Any, ...]]


class Writer(Protocol):
    """`write` takes batches; `close` ends the file."""

    def write(self, rows: Rows) -> None: ...

    def close(self) -> None: ...


class CsvWriter:
    """RFC 4180, UTF-8, gzip when the name says so. The geometry is left out."""

    def __init__(self, file: Path, table: Table) -> None:
        self._width = len(table.columns)
        raw = file.open("wb")
        self._ends: list[Any] = [raw]
        if file.suffix == ".gz":
            raw = gzip.GzipFile(filename="", mode="wb", fileobj=raw, compresslevel=6, mtime=0)  # type: ignore[assignment]
            self._ends.append(raw)
        self._out = io.TextIOWrapper(raw, encoding="utf-8", newline="")
        self._csv = csv.writer(self._out, lineterminator="\r\n", quoting=csv.QUOTE_STRINGS)
        self._csv.writerow([column.name for column in table.columns])

    def write(self, rows: Rows) -> None:
        self._csv.writerows([cell(value) for value in row[: self._width]] for row in rows)

    def close(self) -> None:
        self._out.close()
        for end in reversed(self._ends):
            end.close()


_ARROW = {
    "text": pa.string(),
    "integer": pa.int64(),
    "number": pa.float64(),
    "moment": pa.timestamp("us", tz="UTC"),
    "day": pa.date32(),
    "list": pa.list_(pa.string()),
}
_GEOMETRY = "geometry"


class ParquetWriter:
    """Parquet, zstd; GeoParquet 1.1 (WKB) when the table has a geometry."""

    def __init__(self, file: Path, table: Table) -> None:
        fields = [
            pa.field(one.name, _ARROW[one.kind], metadata={"fr": one.fr, "en": one.en})
            for one in table.columns
        ]
        metadata = {"title": table.en}
        if table.shape:
            fields.append(pa.field(_GEOMETRY, pa.binary()))
            kinds = [table.shape]
            described = {"encoding": "WKB", "geometry_types": kinds}
            geo = {"version": "1.1.0", "primary_column": _GEOMETRY,
                   "columns": {_GEOMETRY: described}}  # fmt: skip
            metadata["geo"] = json.dumps(geo)
        self._schema = pa.schema(fields, metadata=metadata)
        self._writer = pq.ParquetWriter(file, self._schema, compression="zstd")

    def write(self, rows: Rows) -> None:
        columns = zip(*rows, strict=True)
        arrays = [
            pa.array(values, type=field.type)
            for values, field in zip(columns, self._schema, strict=True)
        ]
        self._writer.write_table(pa.Table.from_arrays(arrays, schema=self._schema))

    def close(self) -> None:
        self._writer.close()


def _json_value(value: Any) -> Any:
    if isinstance(value, datetime):
        return moment(value)
    return value.isoformat() if isinstance(value, date) else value


class GeoJsonWriter:
    """RFC 7946, one feature a line. A feature without geometry has null, and stays in."""

    def __init__(self, file: Path, table: Table) -> None:
        self._names = [column.name for column in table.columns]
        self._out = file.open("w", encoding="utf-8", newline="\n")
        self._out.write('{"type":"FeatureCollection","features":[\n')
        self._first = True

    def write(self, rows: Rows) -> None:
        shapes = shapely.to_geojson(shapely.from_wkb([row[-1] for row in rows]))
        for row, shape in zip(rows, shapes, strict=True):
            properties = dict(zip(self._names, map(_json_value, row), strict=False))
            described = json.dumps(properties, ensure_ascii=False, separators=(",", ":"))
            head = "" if self._first else ",\n"
            self._first = False
            self._out.write(
                f'{head}{{"type":"Feature","geometry":{shape or "null"},"properties":{described}}}'
            )

    def close(self) -> None:
        self._out.write("\n]}\n")
        self._out.close()


_FIELDS = {"text": "str", "integer": "int64", "number": "float", "moment": "str", "day": "str",
           "list": "str"}  # fmt: skip


# FlatGeobuf's index refuses features without geometry, and ours has some that must not be lost.
_OPTIONS = {"GPKG": {"VERSION": "1.3"}, "FlatGeobuf": {"SPATIAL_INDEX": "NO"}}


class FionaWriter:
    """GeoPackage and FlatGeobuf. `dated` tells GDAL which time of day to write."""

    def __init__(self, file: Path, table: Table, driver: str) -> None:
        self._columns = table.columns
        self._out = fiona.open(
            file, "w", driver=driver, crs="EPSG:4326", layer=table.id,
            schema={
                "geometry": table.shape,
                "properties": {one.name: _FIELDS[one.kind] for one in table.columns},
            },
            **_OPTIONS[driver],
        )  # fmt: skip

    def write(self, rows: Rows) -> None:
        shapes = shapely.from_wkb([row[-1] for row in rows])
        self._out.writerecords(
            {
                "geometry": None if shape is None else shapely.geometry.mapping(shape),
                "properties": {
                    column.name: _field(value)
                    for column, value in zip(self._columns, row, strict=False)
                },
            }
            for row, shape in zip(rows, shapes, strict=True)
        )

    def close(self) -> None:
        self._out.close()


def dated(day: date) -> Any:
    """The context in which GDAL's files say that they were written at the start of `day`."""
    return fiona.env.Env(OGR_CURRENT_DATE=f"{day.isoformat()}T00:00:00.000Z")


def _field(value: Any) -> Any:
    if isinstance(value, list):
        return "|".join(value)
    return _json_value(value)


MEDIA_TYPES = {
    "csv": "text/csv; charset=utf-8",
    "csv.gz": "application/gzip",
    "parquet": "application/vnd.apache.parquet",
    "geojson": "application/geo+json",
    "gpkg": "application/geopackage+sqlite3",
    "fgb": "application/vnd.flatgeobuf",
    "pmtiles": "application/vnd.pmtiles",
    "tif": "image/tiff; application=geotiff; profile=cloud-optimized",
}


def open_writer(format: str, file: Path, table: Table) -> Writer:
    """The writer of a format of MEDIA_TYPES."""
    match format:
        case "csv" | "csv.gz":
            return CsvWriter(file, table)
        case "parquet":
            return ParquetWriter(file, table)
        case "geojson":
            return GeoJsonWriter(file, table)
        case "gpkg":
            return FionaWriter(file, table, "GPKG")
        case "fgb":
            return FionaWriter(file, table, "FlatGeobuf")
    raise KeyError(format)
