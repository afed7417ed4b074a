"""Several questions in one trip to the database.

A domain function that only asks one thing may give it as an `Asking`: the edge then puts several
together, and waits once. Each trip costs more processor time here than many a question costs
there.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import Any

import psycopg
from psycopg.rows import tuple_row


@dataclass(frozen=True, slots=True)
class Asking[T]:
    """A question, its values, what makes an object of each row, and what is made of them all."""

    sql: str
    values: Mapping[str, Any]
    read: Callable[[list[Any]], T]
    rows: Any = tuple_row


async def ask[T](aconn: psycopg.AsyncConnection[Any], asking: Asking[T]) -> T:
    """The answer to one question."""
    async with aconn.cursor(row_factory=asking.rows) as cursor:
        await cursor.execute(asking.sql, asking.values)
        return asking.read(await cursor.fetchall())


async def ask_all(aconn: psycopg.AsyncConnection[Any], *askings: Asking[Any]) -> list[Any]:
    """The answers to questions that only read, in their order: all are sent, then all are read.

    In autocommit they see one state of the database after the other, as when asked in turn. When
    one fails, the whole fails.
    """
    cursors = []
    async with aconn.pipeline():
        for asking in askings:
            cursor = aconn.cursor(row_factory=asking.rows)
            await cursor.execute(asking.sql, asking.values)
            cursors.append(cursor)
        found = [await cursor.fetchall() for cursor in cursors]
    return [asking.read(rows) for asking, rows in zip(askings, found, strict=True)]
