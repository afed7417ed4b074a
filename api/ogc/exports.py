"""Whole collections as files: CSV, GeoJSON texts, FlatGeobuf, GeoParquet.

Rows are read by a server cursor, some thousands at a time, in a thread; text formats leave as
they are read, the two binary ones are written to a file first. Memory does not grow with the
collection. An export that breaks cuts the connection: a file that ends well is whole.
"""

import asyncio
import csv
import io
import json
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING, Any

import psycopg
from psycopg_pool import ConnectionPool
from tornado.iostream import StreamClosedError

from api.ogc.configuration import PLACE
from api.ogc.export_rows import batches, places, shown
from api.ogc.questions import context_of, outside, unanswerable
from catalog.csv_cells import cell
from catalog.items import Question
from config.errors import Invalid, Unavailable
from geo.ogc_crs import Crs

if TYPE_CHECKING:
    from api.ogc.base import OgcHandler
    from api.ogc.door import Door

MEDIA = {
    "csv": "text/csv; charset=utf-8",
    "geojsonseq": "application/geo+json-seq",
    "fgb": "application/flatgeobuf",
    "parquet": "application/vnd.apache.parquet",
}


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
        "csv": _csv, "geojsonseq": _sequence, "fgb": _flatgeobuf, "parquet": _parquet,
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


# What writes the two binary formats is loaded when one is first asked: Arrow and GDAL take 50 MB
# that most web processes never need.
def _parquet(pool: ConnectionPool, question: Question, crs: Crs, folder: Path) -> Iterator[bytes]:
    from api.ogc import binary_exports

    yield from binary_exports.geoparquet(pool, question, crs, folder)


def _flatgeobuf(
    pool: ConnectionPool, question: Question, crs: Crs, folder: Path
) -> Iterator[bytes]:
    from api.ogc import binary_exports

    yield from binary_exports.flatgeobuf(pool, question, crs, folder)


def _sequence(pool: ConnectionPool, question: Question, crs: Crs, folder: Path) -> Iterator[bytes]:
    """RFC 8142: each feature after a record separator, one a line."""
    for rows in batches(pool, question, "feature"):
        yield "".join(f"\x1e{row[0]}\n" for row in rows).encode()


def _csv(pool: ConnectionPool, question: Question, crs: Crs, folder: Path) -> Iterator[bytes]:
    fields = shown(question)
    names = ["id", *(one.name for one in fields), *(["geometry"] if question.geometry else [])]
    head = ",".join(names) + "\r\n"
    at = places(question, fields)
    for rows in batches(pool, question, "texts"):
        out = io.StringIO()
        out.write(head)  # with the first rows: nothing is sent of a question without answer
        head = ""
        writer = csv.writer(out)
        for row in rows:
            cells = [_cell(row[0]), *(_cell(row[place]) for place in at)]
            writer.writerow([*cells, row[-1] or ""] if question.geometry else cells)
        yield out.getvalue().encode()
    if head:
        yield head.encode()


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
