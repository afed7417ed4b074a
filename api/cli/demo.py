"""`guichet demo`, what `make demo` runs: everything, from an empty folder to a web site.

It supervises: the private cluster, one worker, the web site. Whatever it started it stops,
by process id, whichever way it ends; and each step carries on from what is already there.
"""

import contextlib
import fcntl
import os
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from types import FrameType

import click
import psycopg

from api.cli.main import FAILED
from api.cli.progress import told
from api.cli.serve import busy
from catalog.database import migrate, pools
from catalog.database.cluster import Cluster
from catalog.database.locks import alone
from catalog.database.queries import query
from config.errors import Conflict, GuichetError, Unavailable
from config.settings import Settings, load

PATIENCE_SECONDS = 60  # for the web site to answer, and for a child to end


@click.command("demo")
@click.option("--port", type=click.IntRange(1, 65535), help="Instead of PORT.")
def command(port: int | None) -> int:
    """Start the database, harvest and publish if that was never done, serve until Ctrl-C.

    The first run reads the real sources and takes minutes; the next ones serve at once.
    Interrupted at any moment, the same command carries on.
    """
    settings = load()
    if port is not None:
        web = settings.web.model_copy(update={"port": port})
        settings = settings.model_copy(update={"web": web})
    _refuse_busy_port(settings)
    signal.signal(signal.SIGTERM, _as_ctrl_c)
    with _only_one(settings), _database(settings):
        migrate.upgrade(settings)
        late = _fill(settings)
        return _serve(settings, late)


def _as_ctrl_c(_signum: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def _refuse_busy_port(settings: Settings) -> None:
    """Before minutes of harvest rather than after."""
    try:
        family, kind, protocol, _, where = socket.getaddrinfo(
            settings.web.host, settings.web.port, type=socket.SOCK_STREAM
        )[0]
        with socket.socket(family, kind, protocol) as probe:
            probe.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
            probe.bind(where)
    except OSError as error:
        raise Unavailable(busy(settings, error)) from error


@contextlib.contextmanager
def _only_one(settings: Settings) -> Iterator[None]:
    """One demo per var/: the kernel frees this lock when the process ends, however it ends."""
    folder = settings.paths.var
    folder.mkdir(parents=True, exist_ok=True)
    with (folder / ".demo.lock").open("a") as lock:
        try:
            fcntl.flock(lock, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            raise Conflict(
                f"A demo already runs in {folder}: stop it, or set GUICHET_VAR to another folder."
            ) from None
        yield


@contextlib.contextmanager
def _database(settings: Settings) -> Iterator[None]:
    """The private cluster while the demo lasts; a real server, or one that somebody else
    started, is left as it was found."""
    if settings.database.url:
        yield
        return
    cluster = Cluster(settings)
    # A demo that was killed could not stop its cluster: its note says that it is ours.
    note = settings.paths.var / ".demo-started-the-cluster"
    if cluster.status().pid is None:
        note.touch()
    click.echo(f"Database: starting in {settings.paths.cluster}")
    try:
        cluster.start()
        yield
    finally:
        if note.exists():
            with _uninterrupted():
                click.echo("Database: stopping")
                cluster.stop()
                note.unlink(missing_ok=True)


@contextlib.contextmanager
def _uninterrupted() -> Iterator[None]:
    """While things are being stopped, an impatient second Ctrl-C must not leave half."""
    before = {name: signal.signal(name, signal.SIG_IGN) for name in (signal.SIGINT, signal.SIGTERM)}
    try:
        yield
    finally:
        for name, handler in before.items():
            signal.signal(name, handler)


def _fill(settings: Settings) -> list[str]:
    """Harvest and publish when nothing was published yet.

    Returns the sources that were not read to their end: the worker tries them again while the
    site is served.
    """
    from harvest import runs
    from tiles import publication

    if not _published(settings):
        # All of them: what was read before an interruption is skipped, release by release.
        click.echo(f"Harvest: {len(runs.source_ids(settings))} sources")
        with told() as tell:
            reports = runs.harvest(settings, None, False, tell)
        for report in reports:
            click.echo(f"  {report}")
        if not _any_commune(settings):
            raise Unavailable(
                "No source could be read, so there is nothing to show: check the network, then "
                "run the same command again."
            )
        click.echo("Publication: making what readers see")
        with alone(settings, "publish"), told() as tell:
            generation = publication.publish(settings, tell)
        click.echo(f"  generation {generation.id} is published")
    return _not_read(settings, runs.source_ids(settings))


def _not_read(settings: Settings, source_ids: list[str]) -> list[str]:
    with pools.connect(settings, "cli") as conn:
        rows = conn.execute(query("api", "sources_read")).fetchall()
    read = {str(row[0]) for row in rows}
    return [source_id for source_id in source_ids if source_id not in read]


def _any_commune(settings: Settings) -> bool:
    with pools.connect(settings, "cli") as conn:
        rows = conn.execute(query("api", "status_counts")).fetchall()
    return any(what == "Communes" and count > 0 for what, count in rows)


def _published(settings: Settings) -> bool:
    """Whether a generation is published AND its files are still in var/."""
    with pools.connect(settings, "cli") as conn:
        row = conn.execute(query("api", "status_generation")).fetchone()
    return row is not None and (settings.paths.publications / str(row[0])).is_dir()


def _serve(settings: Settings, late: list[str]) -> int:
    """Run the worker and the web site until Ctrl-C, or until the web site ends by itself."""
    children: dict[str, subprocess.Popen[bytes]] = {}
    try:
        children["web"] = _child(settings, "serve", "--port", str(settings.web.port))
        children["worker"] = _child(settings, "worker")
        _wait_until_ready(settings, children["web"])
        host = settings.web.host
        shown = "localhost" if host in ("127.0.0.1", "::1", "0.0.0.0") else host  # noqa: S104
        click.echo(f"\nGuichet is served on http://{shown}:{settings.web.port}\nCtrl-C stops it.")
        _ask_late(settings, late)
        while True:
            if children["web"].poll() is not None:
                click.echo("guichet: the web site ended by itself; its log is above.", err=True)
                return FAILED
            if children["worker"].poll() is not None:
                click.echo("guichet: the worker ended by itself; started again.", err=True)
                time.sleep(2)
                children["worker"] = _child(settings, "worker")
            time.sleep(0.5)
    except KeyboardInterrupt:
        click.echo("\nStopping.")
        return 0
    finally:
        with _uninterrupted():
            _stop(children)


def _child(settings: Settings, *arguments: str) -> subprocess.Popen[bytes]:
    """`guichet ...` in a process of ours that ends with us, deaf to the terminal's Ctrl-C:
    we pass the order on, in our own time."""
    environment = {**os.environ, "GUICHET_VAR": str(settings.paths.var.absolute())}
    return subprocess.Popen(  # noqa: S603 (our own arguments, no shell)
        [
            sys.executable,
            "-m",
            "api.cli.main",
            *arguments,
            "--parent",
            str(os.getpid()),
        ],
        cwd=Path(__file__).resolve().parents[2],
        env=environment,
        stdin=subprocess.DEVNULL,
        process_group=0,
    )


def _wait_until_ready(settings: Settings, web: subprocess.Popen[bytes]) -> None:
    host = settings.web.host
    if host in ("0.0.0.0", "::"):  # noqa: S104 (compared, not bound)
        host = "127.0.0.1"
    url = f"http://{f'[{host}]' if ':' in host else host}:{settings.web.port}/readyz"
    end = time.monotonic() + PATIENCE_SECONDS
    said = ""
    while time.monotonic() < end:
        if web.poll() is not None:
            raise Unavailable("The web site does not start; the reason is above.")
        try:
            with urllib.request.urlopen(url, timeout=5):
                return
        except urllib.error.HTTPError as error:  # it answers, and says what is missing
            said = error.read(2000).decode(errors="replace")
        except OSError as error:
            said = str(error)
        time.sleep(0.1)
    raise Unavailable(f"The web site is not ready after {PATIENCE_SECONDS} s ({url}): {said}")


def _ask_late(settings: Settings, late: list[str]) -> None:
    """Sources that could not be read: the worker tries them again in the background."""
    if not late:
        return
    from api.worker import ask

    try:
        for source_id in late:
            ask(settings, "harvest_source", source_id=source_id)
    except (GuichetError, psycopg.Error) as error:
        click.echo(f"guichet: could not queue {', '.join(late)}: {error}", err=True)
    else:
        click.echo(f"Not read yet, tried again in the background: {', '.join(late)}")


def _stop(children: dict[str, subprocess.Popen[bytes]]) -> None:
    for child in children.values():
        if child.poll() is None:
            child.terminate()
    for child in children.values():
        try:
            child.wait(PATIENCE_SECONDS)
        except subprocess.TimeoutExpired:
            child.kill()
            child.wait()
