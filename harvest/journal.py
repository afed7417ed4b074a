"""The journal of harvests: what was tried, what came of it, what was rejected and why."""

import json
from collections.abc import Iterable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import asdict, dataclass, field
from typing import Any, Literal

import psycopg

from catalog.database.queries import query
from catalog.ingest import Rejection
from config.errors import Conflict

type RunState = Literal["done", "partial", "held", "failed", "skipped", "planned"]


@dataclass(frozen=True, slots=True)
class RunReport:
    """What came of one release of one source."""

    source_id: str
    release: str | None
    state: RunState
    counts: Mapping[str, int] = field(default_factory=dict)
    message: str = ""

    def __str__(self) -> str:
        what = self.source_id + (f" {self.release}" if self.release else "")
        numbers = ", ".join(f"{name} {count}" for name, count in self.counts.items() if count)
        said = "; ".join(part for part in (numbers, self.message) if part)
        return f"{what}: {self.state}" + (f" ({said})" if said else "")


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
    conn.execute(query("harvest", "run_interrupted"), {"source": source_id})
    row = conn.execute(
        query("harvest", "run_start"),
        {"source": source_id, "release": release, "dry_run": dry},
    ).fetchone()
    conn.commit()
    assert row is not None  # noqa: S101 the statement always returns its row
    return int(row[0])


def end(conn: psycopg.Connection[Any], run_id: int, report: RunReport) -> None:
    """Close a run, inside the transaction that holds its effects."""
    conn.execute(
        query("harvest", "run_end"),
        {
            "id": run_id,
            "state": "done" if report.state == "planned" else report.state,
            "counts": json.dumps(dict(report.counts)),
            "message": report.message or None,
        },
    )


def reject(conn: psycopg.Connection[Any], run_id: int, rejections: Iterable[Rejection]) -> None:
    """List every value that was not believed."""
    with conn.cursor() as cursor:
        cursor.executemany(
            query("harvest", "run_rejected"),
            [{"run": run_id, **asdict(rejection)} for rejection in rejections],
        )


def applied(conn: psycopg.Connection[Any], source_id: str) -> set[tuple[str, str]]:
    """(release, sha256) pairs that the catalogue already holds."""
    rows = conn.execute(query("harvest", "run_applied"), {"source": source_id}).fetchall()
    return {(release, sha256) for release, sha256 in rows}
