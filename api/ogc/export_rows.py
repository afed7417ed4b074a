"""The rows of an export: which properties, where they are in a row, some thousands at a time."""

from collections.abc import Iterator
from typing import Any

from psycopg_pool import ConnectionPool

from catalog.collections import Field
from catalog.items import Question, statement

BATCH = 2_000  # rows held at once: some MB of outlines


def shown(question: Question) -> list[Field]:
    """The properties of a file; its own `id` column is the item's."""
    asked = question.properties
    return [
        one for one in question.of.fields
        if one.name != "id" and (asked is None or one.name in asked)
    ]  # fmt: skip


def batches(pool: ConnectionPool, question: Question, output: Any) -> Iterator[list[Any]]:
    asked = statement(question, output)
    with pool.connection() as conn, conn.transaction(), conn.cursor(name="export") as cursor:
        cursor.itersize = BATCH
        cursor.execute(asked.sql, asked.parameters)
        left = question.limit
        while rows := cursor.fetchmany(BATCH if left is None else min(BATCH, left)):
            yield rows
            if left is not None and (left := left - len(rows)) <= 0:
                return


def places(question: Question, fields: list[Field]) -> list[int]:
    """Where the fields of a file are in a row of `values`: after the id, in the SQL's order."""
    asked = question.properties
    selected = [one for one in question.of.fields if asked is None or one.name in asked]
    return [1 + selected.index(one) for one in fields]
