"""Bring the database's schema to the one that this code knows, or refuse and say why.

Everything happens in one transaction under an advisory lock: two processes that migrate at
once take turns, the second finds nothing to do, and a kill leaves the schema as it was.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
from alembic import command
from alembic.autogenerate import compare_metadata
from alembic.config import Config
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from geoalchemy2 import alembic_helpers
from psycopg import errors
from sqlalchemy import Connection, create_engine, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.pool import NullPool

from catalog.database import address, pools
from catalog.database.shapes import metadata
from config.errors import Conflict, Unavailable
from config.settings import Settings

MIGRATIONS = Path(__file__).with_name("migrations")
VERSION_TABLE: dict[str, Any] = {
    "version_table": "alembic_version",
    "version_table_schema": "catalog",
}
SCHEMAS = frozenset({"catalog", "harvest", "tiles", "crowd", "simulators"})
# What the advisory lock is called among all locks of the database: the bytes of "guichet".
LOCK = int.from_bytes(b"guichet")


def _config() -> Config:
    config = Config()
    config.set_main_option("script_location", str(MIGRATIONS).replace("%", "%%"))
    config.set_main_option("path_separator", "os")
    return config


def expected() -> str:
    """The revision that this code was written for."""
    head = ScriptDirectory.from_config(_config()).get_current_head()
    if head is None:
        raise Conflict("This copy of Guichet holds no migrations: install it again.")
    return head


@contextlib.contextmanager
def _connection(settings: Settings) -> Iterator[Connection]:
    """A SQLAlchemy connection over our own psycopg address, in one transaction."""

    def connect() -> psycopg.Connection:
        return psycopg.connect(
            address.conninfo(settings),
            application_name="guichet migrate",
            connect_timeout=10,
            options="-c timezone=UTC",
        )

    engine = create_engine("postgresql+psycopg://", creator=connect, poolclass=NullPool)
    try:
        with engine.begin() as connection:
            yield connection
    except DBAPIError as error:
        reason = " ".join(str(error.orig).split())
        if isinstance(error.orig, errors.InsufficientPrivilege):
            raise Unavailable(
                f"The database refuses a migration ({reason}): grant CREATE on the database to "
                "Guichet's user, and let an administrator run CREATE EXTENSION for postgis, "
                "pg_trgm and unaccent."
            ) from error
        if isinstance(error.orig, errors.FeatureNotSupported | errors.UndefinedFile):
            raise Unavailable(
                f"The database server lacks PostGIS ({reason}): install PostGIS 3 on it."
            ) from error
        if isinstance(error.orig, psycopg.OperationalError):
            raise Unavailable(pools.explain(settings, error.orig)) from error
        raise
    finally:
        engine.dispose()


def _stored(connection: Connection) -> str | None:
    if connection.scalar(text("select to_regclass('catalog.alembic_version')")) is None:
        return None
    revision: str | None = connection.scalar(
        text("select version_num from catalog.alembic_version")
    )
    return revision


def current(settings: Settings) -> str | None:
    """The revision that the database holds; None: it was never migrated."""
    with _connection(settings) as connection:
        return _stored(connection)


def upgrade(settings: Settings) -> bool:
    """Migrate to `expected()`. True when something changed.

    Raises Conflict when the database was migrated by a newer Guichet, Unavailable when it is
    away or refuses us something.
    """
    revisions = ScriptDirectory.from_config(_config()).walk_revisions()
    known = {revision.revision for revision in revisions}
    with _connection(settings) as connection:
        connection.execute(text("select pg_advisory_xact_lock(:key)"), {"key": LOCK})
        before = _stored(connection)
        if before is not None and before not in known:
            raise Conflict(
                f"The database is at revision {before}, which this copy of Guichet does not know: "
                "a newer one migrated it. Update the code, or restore a backup made before."
            )
        if before == expected():
            return False
        connection.execute(text("create schema if not exists catalog"))
        config = _config()
        config.attributes["connection"] = connection
        command.upgrade(config, "head")
    return True


def drift(settings: Settings) -> list[str]:
    """What differs between `tables.py` and a migrated database: empty when they agree."""

    def ours(name: str | None, kind: str, _parents: object) -> bool:
        return name in SCHEMAS if kind == "schema" else True

    with _connection(settings) as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                **VERSION_TABLE,
                "include_schemas": True,
                "include_name": ours,
                "include_object": alembic_helpers.include_object,
                "compare_type": True,
            },
        )
        return [str(difference) for difference in compare_metadata(context, metadata)]
