"""The journal of harvests: what was tried, what came of it, what was rejected and why."""

import json
import logging
import threading
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any, Literal, Self

import psycopg

from catalog.database import pools
from catalog.database.queries import query
from catalog.ingest import Rejection
from config.errors import GuichetError
from config.settings import Settings

log = logging.getLogger("guichet.harvest")

SCORED = "the facts of this run are scored"
REJECTED = "copy harvest.rejected (run_id, remote_id, field, reason, value) from stdin"
COMPARED = "the offices of this run are compared with those of other sources"
type Level = Literal["info", "warning", "error"]
type Tell = Callable[[str, int, int | None], None]

type RunState = Literal["done", "partial", "held", "failed", "skipped", "planned"]


@dataclass(frozen=True, slots=True)
class RunReport:
    """What came of one release of one source."""

    source_id: str
    release: str | None
    state: RunState
    counts: Mapping[str, int] = field(default_factory=dict)
    message: str = ""
    details: tuple[str, ...] = ()  # the plan, line by line

    def __str__(self) -> str:
        what = self.source_id + (f" {self.release}" if self.release else "")
        numbers = ", ".join(f"{name} {count}" for name, count in self.counts.items() if count)
        said = "; ".join(part for part in (numbers, self.message) if part)
        title = f"{what}: {self.state}" + (f" ({said})" if said else "")
        return "\n    ".join((title, *self.details))


def start(conn: psycopg.Connection[Any], source_id: str, release: str | None, dry: bool) -> int:
    """Open a run, at once visible to everybody. Runs left open by dead processes are closed."""
    interrupt(conn, source_id)
    row = conn.execute(
        query("harvest", "run_start"),
        {"source": source_id, "release": release, "dry_run": dry},
    ).fetchone()
    conn.commit()
    assert row is not None  # noqa: S101 the statement always returns its row
    return int(row[0])


def interrupt(conn: psycopg.Connection[Any], source_id: str) -> None:
    """Close what is open of a source that this process holds: nobody else can be at it."""
    conn.execute(query("harvest", "run_interrupted"), {"source": source_id})
    conn.commit()


def end(conn: psycopg.Connection[Any], run_id: int, report: RunReport) -> None:
    """Close a run, inside the transaction that holds its effects."""
    conn.execute(
        query("harvest", "run_end"),
        {
            "id": run_id,
            "release": report.release,
            "state": "done" if report.state == "planned" else report.state,
            "counts": json.dumps(dict(report.counts)),
            "message": report.message or None,
        },
    )
    if report.details:
        conn.execute(query("harvest", "plan_keep"), {"run": run_id, "lines": list(report.details)})
    if report.state in ("held", "failed"):
        event(conn, run_id, "error" if report.state == "failed" else "warning", report.message)


def event(conn: psycopg.Connection[Any], run_id: int, level: Level, message: str) -> None:
    """Note something that happened in a run, with its time."""
    conn.execute(query("harvest", "run_event"), {"run": run_id, "level": level, "message": message})


def reject(conn: psycopg.Connection[Any], run_id: int, rejections: Iterable[Rejection]) -> None:
    """List every value that was not believed."""
    with conn.cursor() as cursor, cursor.copy(REJECTED) as copy:
        for one in rejections:
            copy.write_row((run_id, one.remote_id, one.field, one.reason, one.value))


def applied(conn: psycopg.Connection[Any], source_id: str) -> dict[tuple[str, str], date]:
    """(release, sha256) pairs that the catalogue already holds, with their day."""
    rows = conn.execute(query("harvest", "run_applied"), {"source": source_id}).fetchall()
    return {(release, sha256): day for release, sha256, day in rows}


def unmarked(
    conn: psycopg.Connection[Any], mark: str, keys: Iterable[str], source_id: str | None = None
) -> list[int]:
    """Runs that wrote something that `keys` count, and that were never marked with `mark`.

    A process that dies between its last release and what follows from it leaves some.
    """
    values = {"mark": mark, "keys": list(keys), "source": source_id}
    return [id_ for (id_,) in conn.execute(query("harvest", "run_unmarked"), values)]


def mark(conn: psycopg.Connection[Any], runs: Iterable[int], text: str) -> None:
    """Note in each run that what follows from it was done."""
    for run_id in runs:
        event(conn, run_id, "info", text)


class Heartbeat:
    """Says every few seconds that a run is alive, on a connection of its own.

    The run's own transaction is not visible before its end, so it cannot say it there.
    """

    def __init__(self, settings: Settings, run_id: int, every_seconds: float = 10.0) -> None:
        self._settings = settings
        self._run_id = run_id
        self._every = every_seconds
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._beat, daemon=True)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _beat(self) -> None:
        while not self._over.wait(self._every):
            try:
                with pools.connect(self._settings, "harvest") as conn:
                    conn.execute(query("harvest", "run_heartbeat"), {"id": self._run_id})
            except (GuichetError, psycopg.Error):
                log.warning("run %s: its heartbeat could not be written", self._run_id)


class Progress:
    """Passes on what a harvest tells of itself, and writes it where other processes see it.

    Written every second at most, on a connection of its own: the harvest's transaction shows
    nothing before its end. It is for people who watch, so a fault here stops nothing.
    """

    def __init__(self, settings: Settings, source_id: str, tell: Tell, every: float = 1.0) -> None:
        self._settings = settings
        self._source_id = source_id
        self._tell = tell
        self._every = every
        self._last: tuple[str, int, int | None] | None = None
        self._over = threading.Event()
        self._thread = threading.Thread(target=self._write, daemon=True)

    def __call__(self, what: str, done: int, total: int | None) -> None:
        self._last = (what, done, total)
        self._tell(what, done, total)

    def __enter__(self) -> Self:
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._over.set()
        self._thread.join()

    def _write(self) -> None:
        written = None
        try:
            with pools.connect(self._settings, "harvest") as conn:
                while True:
                    over = self._over.wait(self._every)
                    if over:
                        conn.execute(query("harvest", "progress_end"), {"source": self._source_id})
                        conn.commit()
                        return
                    said = self._last
                    if said is not None and said != written:
                        what, done, total = said
                        conn.execute(
                            query("harvest", "progress_say"),
                            {"source": self._source_id, "what": what, "done": done, "total": total},
                        )
                        conn.commit()
                        written = said
        except (GuichetError, psycopg.Error):
            log.warning("the progress of %s could not be written", self._source_id)
