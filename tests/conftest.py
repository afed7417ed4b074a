"""What tests share: a real PostGIS that they make, a database each, and a small real France.

The cluster is a throw-away one in a folder of its own (fsync off, for speed), started by the
same code as production's and stopped at the end through the process that we started. Of two
processes that share the suite, each has its own: they meet nowhere but in the processor.
"""

import contextlib
import importlib.util
import os
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.error
import urllib.request
import uuid
from collections.abc import AsyncIterator, Callable, Iterator
from pathlib import Path
from types import ModuleType

import psycopg
import pytest
from psycopg import sql

from catalog.database import address, migrate
from catalog.database.cluster import Cluster
from config.settings import Settings, load

TEMPLATE = "template_guichet"
SMALL_FRANCE = "small_france"
LOADED = "small_france_loaded"
PUBLISHED = "small_france_published"
ROOT = Path(__file__).resolve().parents[1]
COPY = sql.SQL("create database {} template {} strategy file_copy")
# Below those that Linux lends to whoever calls out: one that was free a moment ago still is.
PORTS = range(20_000, 32_000)


def beside(name: str, file: Path) -> ModuleType:
    """The module of a file below tests/, which is not a package."""
    spec = importlib.util.spec_from_file_location(name, file)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def pytest_configure(config: pytest.Config) -> None:
    if config.pluginmanager.hasplugin("xdist"):
        together = beside("guichet_together", ROOT / "tests" / "together.py")
        config.pluginmanager.register(together.Together(), "guichet-together")


def on(settings: Settings, database: str) -> Settings:
    """The same settings, reading `database` of the same server."""
    url = address.conninfo(settings, database=database)
    return settings.model_copy(
        update={"database": settings.database.model_copy(update={"url": url})}
    )


@pytest.fixture(scope="session")
def settings() -> Iterator[Settings]:
    """The settings of the test session: a var/ of its own, short enough for a socket."""
    folder = Path(tempfile.mkdtemp(prefix="guichet-test-"))
    folder.chmod(0o711)  # the server's own user walks through it
    yield load({"GUICHET_VAR": str(folder), "GUICHET_CLUSTER__MAX_CONNECTIONS": "60"})
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def cluster(settings: Settings) -> Iterator[Cluster]:
    """A running private cluster whose database TEMPLATE is migrated."""
    supervisor = Cluster(settings, durable=False)
    supervisor.start()
    try:
        execute(settings, sql.SQL("create database {}").format(sql.Identifier(TEMPLATE)))
        migrate.upgrade(on(settings, TEMPLATE))
        yield supervisor
    finally:
        supervisor.stop()


def execute(settings: Settings, statement: sql.Composable) -> None:
    with psycopg.connect(
        address.conninfo(settings, database="postgres"), autocommit=True
    ) as administrator:
        administrator.execute(statement)


@contextlib.contextmanager
def clone(settings: Settings, template: str, name: str) -> Iterator[str]:
    """A database `name` copied from `template`, dropped at the end; its conninfo."""
    execute(settings, COPY.format(sql.Identifier(name), sql.Identifier(template)))
    try:
        yield address.conninfo(settings, database=name)
    finally:
        drop = sql.SQL("drop database if exists {} with (force)")
        execute(settings, drop.format(sql.Identifier(name)))


@pytest.fixture(scope="session")
def fresh_database(
    settings: Settings, cluster: Cluster
) -> Callable[..., contextlib.AbstractContextManager[str]]:
    """A function: a context that is the conninfo of an empty migrated database (or of a copy of
    the template that is named), then drops it."""
    return lambda template=TEMPLATE: clone(settings, template, f"test_{uuid.uuid4().hex[:12]}")


@pytest.fixture
def database(
    fresh_database: Callable[[], contextlib.AbstractContextManager[str]],
) -> Iterator[str]:
    """Conninfo of an empty migrated database, for this test alone."""
    with fresh_database() as conninfo:
        yield conninfo


@pytest.fixture
def database_settings(settings: Settings, database: str) -> Settings:
    """The settings of this test's own database, for code that opens its own connections."""
    return settings.model_copy(
        update={"database": settings.database.model_copy(update={"url": database})}
    )


@pytest.fixture
def conn(database: str) -> Iterator[psycopg.Connection]:
    """A connection to this test's own database, rolled back at the end."""
    with psycopg.connect(database) as connection:
        yield connection
        connection.rollback()


@pytest.fixture
async def aconn(database: str) -> AsyncIterator[psycopg.AsyncConnection]:
    """The asynchronous twin of `conn` (the same database when both are asked for)."""
    async with await psycopg.AsyncConnection.connect(database) as connection:
        yield connection
        await connection.rollback()


@pytest.fixture(scope="session")
def load_small_france() -> Callable[[Settings], None]:
    """The loader of tests/small_france: it fills a migrated empty database with the extract.

    It harvests for real, which is long: a test that only needs what it leaves takes a copy of
    `loaded_france`, or `copied_france`.
    """
    loader = beside("small_france_loader", ROOT / "tests" / "small_france" / "loader.py")
    load: Callable[[Settings], None] = loader.load
    return load


@pytest.fixture(scope="session")
def loaded_france(
    settings: Settings, cluster: Cluster, load_small_france: Callable[[Settings], None]
) -> str:
    """The name of a database that holds the small real extract, not published: a template, so
    nobody stays connected to it."""
    execute(settings, COPY.format(sql.Identifier(LOADED), sql.Identifier(TEMPLATE)))
    load_small_france(on(settings, LOADED))
    return LOADED


@pytest.fixture(scope="session")
def small_france_settings(settings: Settings, loaded_france: str) -> Iterator[Settings]:
    """Settings whose database holds the small real extract of tests/small_france.

    Shared by the whole session: read it, never write it.
    """
    with clone(settings, loaded_france, SMALL_FRANCE):
        yield on(settings, SMALL_FRANCE)


@pytest.fixture(scope="session")
def published_france(settings: Settings, loaded_france: str) -> Settings:
    """Settings of a small France that was published in a var/ of its own: the original of the
    copies that `copied_france` makes, so nobody stays connected to its database."""
    from tiles import publication

    execute(settings, COPY.format(sql.Identifier(PUBLISHED), sql.Identifier(loaded_france)))
    var = settings.paths.var / "published"
    here = within(on(settings, PUBLISHED), var)
    shutil.copytree(settings.paths.raw, here.paths.raw)  # what the harvest was made of
    publication.publish(here, lambda *_: None)
    return here


@pytest.fixture(scope="session")
def copied_france(
    settings: Settings, published_france: Settings
) -> Callable[[], contextlib.AbstractContextManager[Settings]]:
    """A function: a context that is the settings of a published small France of one's own, whose
    database and var/ may be written."""

    @contextlib.contextmanager
    def made() -> Iterator[Settings]:
        name = f"test_{uuid.uuid4().hex[:12]}"
        var = settings.paths.var / name
        # Links: a file of a publication or of a harvest is never changed once it is there.
        shutil.copytree(published_france.paths.var, var, copy_function=os.link)
        try:
            with clone(settings, PUBLISHED, name):
                yield within(on(settings, name), var)
        finally:
            shutil.rmtree(var, ignore_errors=True)

    return made


def within(settings: Settings, var: Path) -> Settings:
    """The same settings, whose files are in `var`."""
    return settings.model_copy(update={"paths": settings.paths.model_copy(update={"var": var})})


@pytest.fixture(scope="session")
def small_france(small_france_settings: Settings) -> str:
    """Conninfo of the database of `small_france_settings`: read it, never write it."""
    return small_france_settings.database.url


@pytest.fixture(scope="session")
def free_port() -> Callable[[], int]:
    """A function: a TCP port of the loopback that nobody listens on now."""
    return unused_port


def unused_port() -> int:
    while True:
        with socket.socket() as probe, contextlib.suppress(OSError):
            probe.bind(("127.0.0.1", secrets.choice(PORTS)))
            return int(probe.getsockname()[1])


def answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(url, timeout=5) as answer:
            return bool(answer.status == 200)
    except (urllib.error.URLError, ConnectionError, TimeoutError):
        return False


@contextlib.contextmanager
def served(settings: Settings, *extra: str, port: int | None = None) -> Iterator[str]:
    """`guichet serve` as a real process; its base URL, without a final slash."""
    port = port or unused_port()
    log = settings.paths.var / f"serve-{port}.log"
    environment = {
        **os.environ,
        "GUICHET_VAR": str(settings.paths.var),
        "GUICHET_DATABASE_URL": settings.database.url,
        # All tests come from one address; tests/faults tries the budget on its own servers.
        "GUICHET_WEB__RATE_PER_SECOND": "0",
        "GUICHET_ADMIN__PORT": "0",
    }
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "api.cli.main", "serve", "--port", str(port), *extra],
            stdout=output,
            stderr=subprocess.STDOUT,
            cwd=ROOT,
            env=environment,
        )
    base = f"http://127.0.0.1:{port}"
    try:
        end = time.monotonic() + 120  # no promise: how long a loaded machine is waited for
        while True:
            if process.poll() is not None:
                pytest.fail(f"`guichet serve` ended with {process.returncode}:\n{log.read_text()}")
            if answers(f"{base}/readyz"):
                break
            if time.monotonic() > end:
                pytest.fail(f"`guichet serve` is not ready after 120 s:\n{log.read_text()}")
            time.sleep(0.1)
        yield base
    finally:
        process.send_signal(signal.SIGTERM)
        try:
            process.wait(20)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait()


@pytest.fixture(scope="session")
def serve() -> Callable[..., contextlib.AbstractContextManager[str]]:
    """`served`, for the tests that serve a database of their own."""
    return served


@pytest.fixture(scope="session")
def site(small_france_settings: Settings) -> Iterator[str]:
    """Base URL of the real server over small_france, published, with its bulk files."""
    from tiles import publication
    from tiles.bulk import rebuild

    publication.publish(small_france_settings, lambda *_: None)
    rebuild.rebuild(small_france_settings, lambda *_: None)
    with served(small_france_settings) as base:
        yield base
