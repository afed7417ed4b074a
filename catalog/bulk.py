"""How thousands of rows reach PostgreSQL: by binary COPY, and into tables without indexes when
they are empty. Names of tables and columns are constants of the callers."""

import gc
import struct
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any

import msgspec
import psycopg
from psycopg import errors, sql
from psycopg.rows import dict_row

type Connection = psycopg.Connection[Any]

# What is handed over as bytes in PostgreSQL's own binary form: see `jsonb` and `texts`.
READY = {"jsonb": "bytea", "geometry": "bytea", "text[]": "bytea"}
ARRAY = struct.Struct(">iiIii")  # dimensions, has nulls, type of the elements, length, first index
LENGTH = struct.Struct(">i")
# EWKB of a point: little-endian, its type with SRID, the SRID, x, y
POINT = struct.Struct("<BIIdd")
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


def counted(conn: Connection, statement: str) -> dict[str, int]:
    """The one row of a statement that counts, without its zeros, by column."""
    with conn.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(statement.encode()).fetchone() or {}
    return {name: int(count) for name, count in row.items() if count}


SECONDARY_INDEXES = """
select indexrelid::regclass::text, pg_get_indexdef(indexrelid)
from   pg_index i
where  indrelid = %(table)s::regclass
  and  not exists (select from pg_constraint c where c.conindid = i.indexrelid)
"""
# Keys that no foreign key leans on come back first, references last: one statement adds them all.
KEYS_AND_REFERENCES = """
select conname, pg_get_constraintdef(oid)
from   pg_constraint c
where  conrelid = %(table)s::regclass
  and  (contype = 'f'
        or contype in ('p', 'u')
           and not exists (select from pg_constraint r
                           where r.contype = 'f' and r.conindid = c.conindid))
order  by contype = 'f', conname
"""

REFERRED = """
select distinct confrelid::regclass::text from pg_constraint
where  conrelid = %(table)s::regclass and contype = 'f' order by 1
"""


def _ours_and_empty(conn: Connection, table: str) -> bool:
    """Whether the table is empty and nobody else is at it, nor at those that it refers to: then
    they are locked for us to the end of the transaction. It never waits."""
    question = sql.SQL("select exists (select from {})").format(sql.SQL(table))

    def empty() -> bool:
        row = conn.execute(question).fetchone()
        return row is not None and not row[0]

    if not empty():
        return False
    referred = [name for (name,) in conn.execute(REFERRED, {"table": table})]
    try:
        with conn.transaction():
            for one in (table, *referred):
                conn.execute(f"lock table {one} in access exclusive mode nowait".encode())
    except errors.LockNotAvailable:
        return False
    return empty()  # somebody may have filled it just before


@contextmanager
def first_load(conn: Connection, table: str) -> Iterator[bool]:
    """Fill an empty table without its indexes, keys and references, then make them again.

    Building an index once, and checking a reference with one join, costs a third of doing it row
    by row. All of it is in the caller's transaction: a process that dies leaves the table empty
    and as it was; a row that breaks a reference or repeats a key still raises IntegrityError, when
    the block ends. Yields whether it is so. A table that holds rows keeps everything, because
    people read it meanwhile; so does one that another transaction uses, or refers with, at this
    moment: waiting for each other would be a deadlock.
    """
    name = sql.SQL(table)
    if not _ours_and_empty(conn, table):
        yield False
        return
    indexes = conn.execute(SECONDARY_INDEXES, {"table": table}).fetchall()
    constraints = [
        (sql.Identifier(constraint), sql.SQL(definition))
        for constraint, definition in conn.execute(KEYS_AND_REFERENCES, {"table": table})
    ]
    for index, _ in indexes:
        conn.execute(f"drop index {index}".encode())
    _alter(conn, name, [sql.SQL("drop constraint {}").format(one) for one, _ in constraints])
    yield True
    for _, definition in indexes:
        conn.execute(definition.encode())
    _alter(conn, name, [sql.SQL("add constraint {} {}").format(*one) for one in constraints])


def _alter(conn: Connection, table: sql.SQL, actions: Sequence[sql.Composed]) -> None:
    if actions:
        conn.execute(sql.SQL("alter table {} {}").format(table, sql.SQL(", ").join(actions)))
