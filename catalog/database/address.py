"""Where the database is: a real server by URL, or the private cluster in var/."""

import hashlib
from pathlib import Path

from psycopg.conninfo import make_conninfo

from config.settings import Settings

# Only part of the socket's file name: the private cluster never listens on the network.
# Not 5432, so that a psql typed without options can never reach it by mistake.
PORT = 25432
USER = "guichet"
DATABASE = "guichet"
# sockaddr_un.sun_path holds 108 bytes with its final zero; PostgreSQL also makes
# `<socket>.lock` beside the socket.
LONGEST_SOCKET_PATH = 107
SOCKET_FILE = f".s.PGSQL.{PORT}.lock"


def home(settings: Settings) -> Path:
    """The folder of the private cluster; var/cluster may be a link to where it really is."""
    return settings.paths.cluster.resolve()


def socket_directory(settings: Settings) -> Path:
    """The folder of the private cluster's Unix socket: inside it, unless the path is too long."""
    inside = home(settings) / "socket"
    if len(str(inside / SOCKET_FILE).encode()) <= LONGEST_SOCKET_PATH:
        return inside
    key = hashlib.sha256(str(home(settings)).encode()).hexdigest()[:16]
    return Path("/tmp") / f"guichet-{key}"  # noqa: S108 (Cluster makes it 0700 and checks its owner)


def conninfo(settings: Settings, *, database: str | None = None) -> str:
    """A libpq conninfo: GUICHET_DATABASE_URL, or the private cluster's socket.

    `database` replaces the name of the database, on the same server.
    """
    if settings.database.url:
        changed = {} if database is None else {"dbname": database}
        return make_conninfo(settings.database.url, **changed)
    return make_conninfo(
        host=str(socket_directory(settings)),
        port=PORT,
        user=USER,
        dbname=database or DATABASE,
    )
