"""Whole collections as files: CSV, GeoJSON texts, FlatGeobuf, GeoParquet.

Rows are read by a server cursor, some thousands at a time, in a thread; text formats leave as
they are read, the two binary ones are written to a file first. Memory does not grow with the
collection. An export that breaks cuts the connection: a file that ends well is whole.
"""

import asyncio
import csv
import io
import json
import tempfile
import time
from collections.abc import Callable, Generator, Iterator, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import fiona
import psycopg
import pyarrow as pa
import pyarrow.parquet as pq
import pyproj
import shapely
from psycopg_pool import ConnectionPool
from shapely.geometry import mapping
from tornado.iostream import StreamClosedError

from api.ogc.configuration import PLACE
from api.ogc.questions import context_of, outside, unanswerable
from catalog.collections import Field
from catalog.csv_cells import cell
from catalog.items import Question, statement
from config.errors import Invalid, Unavailable
from geo.ogc_crs import CRS84, Crs

if TYPE_CHECKING:
    from api.ogc.base import OgcHandler
    from api.ogc.door import Door

BATCH = 2_000  # rows held at once: some MB of outlines
CHUNK = 256 * 1024
MEDIA = {
    "csv": "text/csv; charset=utf-8",
    "geojsonseq": "application/geo+json-seq",
    "fgb": "application/flatgeobuf",
    "parquet": "application/vnd.apache.parquet",
}
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


def context_for_threads(handler: "OgcHandler") -> dict[str, Any]:
    """What pygeoapi's provider needs, for all who will ask: `PLACE` becomes each one's address."""
    return context_of(handler.site, PLACE)


async def send(
    door: "Door", pool: ConnectionPool, handler: "OgcHandler", question: Question, crs: Crs,
    format: str, *, whole: bool, seconds: int,
) -> None:  # fmt: skip
    """Stream what `question` asks; with `whole`, all of it."""
    if question.offset:
        raise Invalid("An export begins at the beginning.", parameter="offset")
    if format in ("fgb", "parquet"):
        question = replace(question, flipped=False)  # both are always x first
    if whole:
        question = replace(question, limit=None)
    suffix = {"geojsonseq": "geojsonl"}.get(format, format)
    handler.set_header("Content-Type", MEDIA[format])
    handler.set_header("Content-Crs", f"<{crs.uri}>")
    handler.set_header("Cache-Control", "no-store")
    handler.set_header(
        "Content-Disposition", f'attachment; filename="guichet-{question.of.id}.{suffix}"'
    )
    if handler.request.method == "HEAD":
        handler.finish()
        return
    makers: dict[str, Callable[..., Iterator[bytes]]] = {
        "csv": _csv, "geojsonseq": _sequence, "fgb": _flatgeobuf, "parquet": _geoparquet,
    }  # fmt: skip
    made = makers[format](pool, question, crs, door.folder)
    end = time.monotonic() + seconds
    begun = False
    try:
        while (chunk := await door.run(lambda: next(made, None))) is not None:
            handler.write(chunk)
            limit = handler.site.settings.web.write_timeout_seconds
            await asyncio.wait_for(handler.flush(), limit)
            begun = True
            if time.monotonic() > end:
                raise Unavailable("This export takes too long: ask for less of it.")
    except StreamClosedError:
        return
    except psycopg.errors.DataError as error:
        if not begun:
            raise unanswerable(error) from None
        cut(handler)
        return
    except psycopg.errors.InternalError_ as error:
        if not begun:
            raise outside(error) from None
        cut(handler)
        return
    except (psycopg.Error, TimeoutError, Unavailable, ValueError):
        if not begun:
            raise
        cut(handler)
        return
    finally:
        if isinstance(made, Generator):
            await door.run(made.close)
    handler.finish()


def cut(handler: "OgcHandler") -> None:
    """End the connection: what was sent must not look whole."""
    stream = getattr(handler.request.connection, "stream", None)
    if stream is not None:
        stream.close()


def _shown(question: Question) -> list[Field]:
    """The properties of a file; its own `id` column is the item's."""
    asked = question.properties
    return [
        one for one in question.of.fields
        if one.name != "id" and (asked is None or one.name in asked)
    ]  # fmt: skip


def _batches(pool: ConnectionPool, question: Question, output: Any) -> Iterator[list[Any]]:
    asked = statement(question, output)
    with pool.connection() as conn, conn.transaction(), conn.cursor(name="export") as cursor:
        cursor.itersize = BATCH
        cursor.execute(asked.sql, asked.parameters)
        left = question.limit
        while rows := cursor.fetchmany(BATCH if left is None else min(BATCH, left)):
            yield rows
            if left is not None and (left := left - len(rows)) <= 0:
                return


def _sequence(pool: ConnectionPool, question: Question, crs: Crs, folder: Path) -> Iterator[bytes]:
    """RFC 8142: each feature after a record separator, one a line."""
    for rows in _batches(pool, question, "feature"):
        yield "".join(f"\x1e{row[0]}\n" for row in rows).encode()


def _csv(pool: ConnectionPool, question: Question, crs: Crs, folder: Path) -> Iterator[bytes]:
    fields = _shown(question)
    names = ["id", *(one.name for one in fields), *(["geometry"] if question.geometry else [])]
    head = ",".join(names) + "\r\n"
    places = _places(question, fields)
    for rows in _batches(pool, question, "texts"):
        out = io.StringIO()
        out.write(head)  # with the first rows: nothing is sent of a question without answer
        head = ""
        writer = csv.writer(out)
        for row in rows:
            cells = [_cell(row[0]), *(_cell(row[place]) for place in places)]
            writer.writerow([*cells, row[-1] or ""] if question.geometry else cells)
        yield out.getvalue().encode()
    if head:
        yield head.encode()


def _places(question: Question, fields: list[Field]) -> list[int]:
    """Where the fields of a file are in a row of `values`: after the id, in the SQL's order."""
    asked = question.properties
    selected = [one for one in question.of.fields if asked is None or one.name in asked]
    return [1 + selected.index(one) for one in fields]


def _cell(value: Any) -> Any:
    match value:
        case None:
            return ""
        case str():
            return cell(value)
        case list():
            return cell(";".join(value))
        case dict():
            return json.dumps(value, ensure_ascii=False)
    return value.isoformat() if hasattr(value, "isoformat") else value


def _geoparquet(
    pool: ConnectionPool, question: Question, crs: Crs, folder: Path
) -> Iterator[bytes]:
    """GeoParquet 1.1, one row group a batch."""
    fields = _shown(question)
    column: dict[str, Any] = {"encoding": "WKB", "geometry_types": []}
    if crs.uri != CRS84:
        column["crs"] = pyproj.CRS.from_epsg(crs.epsg).to_json_dict()
    about = {"version": "1.1.0", "primary_column": "geometry", "columns": {"geometry": column}}
    schema = pa.schema(
        [("id", pa.string()), *((one.name, _ARROW[one.kind]) for one in fields),
         ("geometry", pa.binary())],
        metadata={"geo": json.dumps(about)},
    )  # fmt: skip
    places = _places(question, fields)
    kinds = [one.kind for one in fields]
    with tempfile.NamedTemporaryFile(dir=folder, suffix=".parquet") as file:
        with pq.ParquetWriter(file.name, schema, compression="zstd") as writer:
            for rows in _batches(pool, question, "values"):
                columns: list[list[Any]] = [[row[0] for row in rows]]
                for place, kind in zip(places, kinds, strict=True):
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


def _flatgeobuf(
    pool: ConnectionPool, question: Question, crs: Crs, folder: Path
) -> Iterator[bytes]:
    """FlatGeobuf with its spatial index. A feature without geometry has no place in it."""
    fields = _shown(question)
    places = _places(question, fields)
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
            for rows in _batches(pool, question, "values"):
                shapes = shapely.from_wkb([row[-1] for row in rows])
                sink.writerecords(
                    {
                        "type": "Feature",
                        "geometry": None if one is None else mapping(one),
                        "properties": {"id": row[0]} | {
                            field.name: _plain(row[at])
                            for field, at in zip(fields, places, strict=True)
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
