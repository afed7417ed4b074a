"""The journal of harvests: what was tried, what came of it, what was rejected and why."""

import json
import logging
import threading
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from datetime import date
from typing import Any, Literal, Self

import psycopg

from catalog.database import pools
from catalog.database.queries import query
from catalog.ingest import Rejection
from config.errors import Conflict, GuichetError
from config.settings import Settings

log = logging.getLogger("guichet.harvest")

SCORED = "the effects of this run and of all before it are scored"
type Level = Literal["info", "warning", "error"]

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


@contextmanager
def alone(conn: psycopg.Connection[Any], source_id: str) -> Iterator[None]:
    """Hold a source for this process; Conflict when another process holds it.

    The lock belongs to the connection: it is free the moment that its process dies.
    """
    row = conn.execute(
        "select pg_try_advisory_lock(hashtext('harvest'), hashtext(%s))", (source_id,)
    ).fetchone()
    conn.commit()
    if row is None or not row[0]:
        raise Conflict(f"Another process is already harvesting {source_id}.")
    try:
        yield
    finally:
        conn.rollback()
        conn.execute("select pg_advisory_unlock(hashtext('harvest'), hashtext(%s))", (source_id,))
        conn.commit()


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
    with conn.cursor() as cursor:
        cursor.executemany(
            query("harvest", "run_rejected"),
            [{"run": run_id, **asdict(rejection)} for rejection in rejections],
        )


def applied(conn: psycopg.Connection[Any], source_id: str) -> dict[tuple[str, str], date]:
    """(release, sha256) pairs that the catalogue already holds, with their day."""
    rows = conn.execute(query("harvest", "run_applied"), {"source": source_id}).fetchall()
    return {(release, sha256): day for release, sha256, day in rows}


def unscored(conn: psycopg.Connection[Any]) -> int | None:
    """The newest run that wrote and whose effects were never scored; None when all were.

    A process that dies between the last release and the scoring leaves one.
    """
    row = conn.execute(query("harvest", "run_unscored"), {"scored": SCORED}).fetchone()
    return None if row is None or row[0] is None else int(row[0])


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
