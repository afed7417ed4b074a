"""How thousands of rows reach PostgreSQL: by binary COPY, and into tables without indexes when
they are empty. Names of tables and columns are constants of the callers."""

import gc
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec
import psycopg
from psycopg import sql

type Connection = psycopg.Connection[Any]

# What is handed over as bytes in PostgreSQL's own binary form: see `jsonb` and `texts`.
READY = {"jsonb": "bytea", "geometry": "bytea", "text[]": "bytea"}
ARRAY = struct.Struct(">iiIii")  # dimensions, has nulls, type of the elements, length, first index
LENGTH = struct.Struct(">i")
NO_TEXTS = struct.pack(">iiI", 0, 0, 25)


def copy_in(
    conn: Connection, table: str, columns: Mapping[str, str], rows: Iterable[Sequence[Any]]
) -> None:
    """Append rows; `columns` maps each column to its type. Geometries are EWKB bytes."""
    statement = f"copy {table} ({', '.join(columns)}) from stdin (format binary)"
    with conn.cursor() as cursor, cursor.copy(statement.encode()) as copy:
        copy.set_types([READY.get(kind, kind) for kind in columns.values()])
        write = copy.write_row
        for row in rows:
            write(row)


def staged(
    conn: Connection, table: str, columns: Mapping[str, str], rows: Iterable[Sequence[Any]]
) -> None:
    """The rows in a temporary table, which goes with the transaction."""
    shape = ", ".join(f"{name} {kind}" for name, kind in columns.items())
    conn.execute(f"create temporary table {table} ({shape}) on commit drop".encode())
    copy_in(conn, table, columns, rows)


def jsonb(value: object) -> bytes:
    """A value in the binary form of jsonb: a version, then its JSON."""
    return b"\x01" + msgspec.json.encode(value)


def texts(values: Sequence[str]) -> bytes:
    """Texts in the binary form of text[] (25 is the type text), without nulls."""
    if not values:
        return NO_TEXTS
    packed = [ARRAY.pack(1, 0, 25, len(values), 1)]
    for value in values:
        raw = value.encode()
        packed += (LENGTH.pack(len(raw)), raw)
    return b"".join(packed)


@contextmanager
def without_collector() -> Iterator[None]:
    """Make a hundred thousand rows without Python looking for cycles among them meanwhile: they
    have none, and the search was a fifth of the time."""
    on = gc.isenabled()
    gc.disable()
    try:
        yield
    finally:
        if on:
            gc.enable()


SECONDARY_INDEXES = """
select indexrelid::regclass::text, pg_get_indexdef(indexrelid)
from   pg_index i
where  indrelid = %(table)s::regclass
  and  not exists (select from pg_constraint c where c.conindid = i.indexrelid)
"""
OUTGOING_REFERENCES = """
select conname, pg_get_constraintdef(oid)
from   pg_constraint
where  conrelid = %(table)s::regclass and contype = 'f'
"""


@contextmanager
def first_load(conn: Connection, table: str) -> Iterator[None]:
    """Fill an empty table without its secondary indexes and references, then make them again.

    Building an index once, and checking a reference with one join, costs a third of doing it row
    by row. All of it is in the caller's transaction: a process that dies leaves the table empty
    and as it was; a row that breaks a reference still raises IntegrityError. A table that holds
    rows keeps everything, because people read it meanwhile.
    """
    name = sql.SQL(table)
    row = conn.execute(sql.SQL("select exists (select from {})").format(name)).fetchone()
    if row is None or row[0]:
        yield
        return
    indexes = conn.execute(SECONDARY_INDEXES, {"table": table}).fetchall()
    references = conn.execute(OUTGOING_REFERENCES, {"table": table}).fetchall()
    for index, _ in indexes:
        conn.execute(f"drop index {index}".encode())
    for constraint, _ in references:
        drop = sql.SQL("alter table {} drop constraint {}")
        conn.execute(drop.format(name, sql.Identifier(constraint)))
    yield
    for _, definition in indexes:
        conn.execute(definition.encode())
    if references:
        add = sql.SQL(", ").join(
            sql.SQL("add constraint {} {}").format(sql.Identifier(constraint), sql.SQL(definition))
            for constraint, definition in references
        )
        conn.execute(sql.SQL("alter table {} {}").format(name, add))
