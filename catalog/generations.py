"""Generations: what readers see as one whole, made by a publication.

A generation is begun, its files are made, and it is published in one transaction. One that
was begun and never published is seen by nobody.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg
from psycopg.rows import class_row
from psycopg.types.json import Jsonb

from catalog.database.queries import query
from config.errors import Conflict, NotFound

LOCK = 0x7075_626C  # one publication at a time in a database; any constant of our own will do


@dataclass(frozen=True, slots=True)
class Generation:
    """One published (or begun) whole. `files` are sha256 by name."""

    id: int
    geography: str  # the vintage of numbers, names and geometries
    facts: int  # the highest observation id that it holds
    started_at: datetime
    published_at: datetime | None
    files: Mapping[str, str]


async def current(aconn: psycopg.AsyncConnection[Any]) -> Generation:
    """The generation in force. Raises NotFound before the first publication."""
    async with aconn.cursor(row_factory=class_row(Generation)) as cursor:
        await cursor.execute(query("catalog", "generation_current"))
        found = await cursor.fetchone()
    if found is None:
        raise NotFound("Nothing has been published yet; run `guichet publish`.")
    return found


def latest(conn: psycopg.Connection[Any]) -> Generation | None:
    """The same for a publication: the generation in force, or None before the first."""
    with conn.cursor(row_factory=class_row(Generation)) as cursor:
        return cursor.execute(query("catalog", "generation_current")).fetchone()


def unfinished(conn: psycopg.Connection[Any]) -> list[int]:
    """Ids of generations that were begun and never published, oldest first."""
    return [row[0] for row in conn.execute(query("catalog", "generation_unfinished"))]


def begin(conn: psycopg.Connection[Any]) -> Generation:
    """Record the geography and the facts that the files about to be made will hold.

    In the caller's transaction, which should commit at once so that an abandoned publication
    can be told from one that never was. Hashing all geometries takes about a second.
    Raises NotFound when nothing was harvested.
    """
    with conn.cursor(row_factory=class_row(Generation)) as cursor:
        found = cursor.execute(query("catalog", "generation_begin")).fetchone()
    if found is None:
        raise NotFound("There is no commune to publish; run `guichet harvest` first.")
    return found


def publish(conn: psycopg.Connection[Any], id: int, files: Mapping[str, str]) -> Generation:
    """Make a generation the one in force, in the caller's transaction.

    Raises Conflict when it does not exist, is already published, or is older than the one in
    force: readers never go back.
    """
    conn.execute("select pg_advisory_xact_lock(%s)", (LOCK,))
    with conn.cursor(row_factory=class_row(Generation)) as cursor:
        found = cursor.execute(
            query("catalog", "generation_publish"), {"id": id, "files": Jsonb(dict(files))}
        ).fetchone()
    if found is None:
        raise Conflict(f"Generation {id} cannot be published: it is published, older, or unknown.")
    return found
