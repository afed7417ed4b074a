"""Turns: what only one process at a time may do against one database, on any machine.

A PostgreSQL advisory lock belongs to its connection: kill -9 frees it at once, and there is
no file or row to clean.
"""

import contextlib
from collections.abc import Iterator

import psycopg

from catalog.database import address, pools
from config.errors import Conflict, Unavailable
from config.settings import Settings


@contextlib.contextmanager
def alone(settings: Settings, task: str) -> Iterator[None]:
    """Hold the turn called `task` ("harvest", "publish").

    Raises Conflict when another process holds it, Unavailable when no database answers.
    """
    try:
        conn = psycopg.connect(
            address.conninfo(settings),
            autocommit=True,
            application_name=f"guichet turn of {task}",
            connect_timeout=10,
            keepalives_idle=30,
        )
    except psycopg.OperationalError as error:
        raise Unavailable(pools.explain(settings, error)) from error
    with conn:
        key = f"guichet {task}"
        row = conn.execute(
            "select pg_try_advisory_lock(hashtextextended(%(key)s::text, 0))", {"key": key}
        ).fetchone()
        if row is None or not row[0]:
            raise Conflict(
                f"Another process is at its turn of {task}: wait for its end "
                "(`guichet status` shows it), then run the command again."
            )
        yield
