"""Connections: an asynchronous pool for the web, one synchronous connection for a task.

Domain functions receive a connection; only the edge (api, the entry points of harvest and
tiles) opens one.
"""

import select
from typing import Any, Literal

import psycopg
from psycopg_pool import AsyncConnectionPool, ConnectionPool

from catalog.database import address
from config.errors import Unavailable
from config.settings import Settings

Purpose = Literal["harvest", "publish", "cli"]


def _options(**values: int | str) -> str:
    """libpq `options`: server settings that hold for the whole connection.

    jit is off because it costs more than it gives on short reads; search_path is fixed so
    that a question means the same thing whoever asks it.
    """
    fixed = {"jit": "off", "timezone": "UTC", **values}
    return " ".join(f"-c {name}={value}" for name, value in fixed.items())


def _spoke(connection: psycopg.AsyncConnection[Any] | psycopg.Connection[Any]) -> bool:
    """Whether an idle connection has something to read: its server said farewell, or closed it.

    A server that stops, or that ends one session, always shows here; asking it `select` before
    each question would cost as much as the question itself.
    """
    if connection.closed:
        return True
    watch = select.poll()
    watch.register(connection.pgconn.socket, select.POLLIN | select.POLLRDHUP)
    return bool(watch.poll(0))


async def check_lent(connection: psycopg.AsyncConnection[Any]) -> None:
    """For a pool: raises OperationalError when the connection is not one to lend."""
    if _spoke(connection):
        await AsyncConnectionPool.check_connection(connection)


def check_lent_thread(connection: psycopg.Connection[Any]) -> None:
    """`check_lent` for threads."""
    if _spoke(connection):
        ConnectionPool.check_connection(connection)


def web_pool(settings: Settings, size: int | None = None) -> AsyncConnectionPool:
    """The pool of one web process, of the size that settings give or another; not yet opened.

    Its connections are in autocommit (each read is its own transaction), give up after the
    web's statement and lock timeouts, and are checked before they are lent, so a database
    that restarted costs one retry and not one error per stale connection.
    """
    return AsyncConnectionPool(
        address.conninfo(settings),
        kwargs=_web(settings, "guichet web"),
        min_size=1,
        max_size=size or settings.database.web_pool_size,
        timeout=settings.database.statement_timeout_ms / 1000,
        check=check_lent,
        name="web",
        open=False,
    )


def thread_pool(settings: Settings, size: int) -> ConnectionPool:
    """The pool of the threads that run synchronous code for the web, not yet opened.

    Under the same limits as the web's own: it makes its first connection when first asked.
    """
    return ConnectionPool(
        address.conninfo(settings),
        kwargs=_web(settings, "guichet threads"),
        min_size=0,
        max_size=size,
        timeout=settings.database.statement_timeout_ms / 1000,
        check=check_lent_thread,
        name="threads",
        open=False,
    )


def _web(settings: Settings, name: str) -> dict[str, Any]:
    database = settings.database
    return {
        "autocommit": True,
        "application_name": name,
        "connect_timeout": 5,
        "options": _options(
            statement_timeout=database.statement_timeout_ms,
            lock_timeout=database.lock_timeout_ms,
            idle_in_transaction_session_timeout=database.idle_in_transaction_timeout_ms,
        ),
    }


def connect(settings: Settings, purpose: Purpose) -> psycopg.Connection:
    """One synchronous connection, autocommit off, to be used as a context manager.

    Raises Unavailable, saying what to do, when no server answers.
    """
    database = settings.database
    timeouts: dict[str, int] = {"statement_timeout": database.harvest_statement_timeout_ms}
    if purpose == "cli":
        timeouts["idle_in_transaction_session_timeout"] = database.idle_in_transaction_timeout_ms
    try:
        return psycopg.connect(
            address.conninfo(settings),
            autocommit=False,
            application_name=f"guichet {purpose}",
            connect_timeout=10,
            options=_options(**timeouts),
        )
    except psycopg.OperationalError as error:
        raise Unavailable(explain(settings, error)) from error


def explain(settings: Settings, error: BaseException) -> str:
    """One sentence for people: the database cannot be reached, and what to do about it."""
    reason = " ".join(str(error).split())
    if settings.database.url:
        return f"The database of GUICHET_DATABASE_URL does not answer ({reason}): check the URL."
    return (
        "The private database does not answer: start it with `guichet cluster start` "
        f"(it said: {reason})."
    )
