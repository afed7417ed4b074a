"""Whose turn it is: one process for a source, a few for all sources, fewer for one host.

PostgreSQL advisory locks, so that every worker on every machine sees the same turns. They belong
to a connection: the moment a process dies, its turns are free, and nothing is to be cleaned.
"""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import psycopg

from config.errors import Conflict

type Connection = psycopg.Connection[Any]

FIRST_WAIT, LONGEST_WAIT = 0.05, 1.0  # seconds between two looks at turns that are all taken


class AlreadyRunning(Conflict):
    """Another process is harvesting this source: it does the work, and nothing is wrong."""


@contextmanager
def alone(conn: Connection, source_id: str) -> Iterator[None]:
    """Hold a source for this connection. Raises AlreadyRunning when another one holds it."""
    if not _try(conn, "harvest", source_id):
        raise AlreadyRunning(f"Another process is already harvesting {source_id}.")
    try:
        yield
    finally:
        _free(conn, "harvest", source_id)


@contextmanager
def one_of(conn: Connection, what: str, most: int) -> Iterator[None]:
    """Hold one of `most` turns called `what`; wait, however long, while all are taken."""
    wait = FIRST_WAIT
    while True:
        for number in range(1, most + 1):
            name = f"{what} {number}"
            if _try(conn, "harvest turn", name):
                try:
                    yield
                finally:
                    _free(conn, "harvest turn", name)
                return
        time.sleep(wait)
        wait = min(LONGEST_WAIT, wait * 1.5)


def _try(conn: Connection, kind: str, name: str) -> bool:
    row = conn.execute(
        "select pg_try_advisory_lock(hashtext(%s), hashtext(%s))", (kind, name)
    ).fetchone()
    conn.commit()
    return row is not None and bool(row[0])


def _free(conn: Connection, kind: str, name: str) -> None:
    if conn.broken or conn.closed:
        return  # the turn went with the connection
    conn.rollback()
    conn.execute("select pg_advisory_unlock(hashtext(%s), hashtext(%s))", (kind, name))
    conn.commit()
