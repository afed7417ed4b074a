"""Losses that the brake did not believe: kept whole, until a person releases or dismisses them.

Releasing does what the plan would have done, on the day of the list that lacked them. Dismissing
leaves everything as it is. Both need a name and a reason, which stay in the journal for ever. A
newer list of the same source replaces what waits: it says itself what it lacks.
"""

import json
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any, Literal

import psycopg
from psycopg.rows import class_row

from catalog import office_standing, record_store
from catalog.database.queries import query
from catalog.observations import Nature, Observation, append
from config.errors import Conflict, Invalid, NotFound
from harvest import journal, turns

type Connection = psycopg.Connection[Any]
type Subject = Literal["facts", "offices", "records"]
type Decision = Literal["released", "dismissed"]


@dataclass(frozen=True, slots=True)
class Hold:
    """What one run would have withdrawn of one subject."""

    id: int
    run_id: int
    source_id: str
    subject: Subject
    cause: str
    evidence_id: int | None
    observed_at: datetime
    items: list[dict[str, Any]]
    state: str
    recorded_at: datetime
    decided_at: datetime | None
    decided_by: str | None
    reason: str | None

    def __str__(self) -> str:
        return (
            f"run {self.run_id} of {self.source_id}: {len(self.items)} {self.subject} held "
            f"({self.cause})"
        )


def keep(
    conn: Connection,
    run_id: int,
    source_id: str,
    subject: Subject,
    *,
    observed_at: datetime,
    evidence_id: int | None,
    items: Iterable[Mapping[str, Any]],
    cause: str,
) -> None:
    """Keep what the brake held in this run, instead of what older runs held; nothing for none."""
    conn.execute(query("harvest", "hold_supersede"), {"source": source_id, "subject": subject})
    kept = [dict(item) for item in items]
    if kept:
        conn.execute(
            query("harvest", "hold_add"),
            {
                "run": run_id, "source": source_id, "subject": subject, "cause": cause,
                "evidence": evidence_id, "observed_at": observed_at,
                "items": json.dumps(kept, ensure_ascii=False),
            },
        )  # fmt: skip


def looked_at(conn: Connection, source_id: str, subject: Subject) -> datetime | None:
    """Up to when a person confirmed what the source lost; None: nobody ever did."""
    row = conn.execute(
        query("harvest", "hold_looked_at"), {"source": source_id, "subject": subject}
    ).fetchone()
    return None if row is None else row[0]


def waiting(
    conn: Connection, source_id: str | None = None, run_id: int | None = None
) -> list[Hold]:
    """What waits for a person, the oldest first. Empty: nothing does."""
    with conn.cursor(row_factory=class_row(Hold)) as cursor:
        cursor.execute(query("harvest", "hold_open"), {"source": source_id, "run": run_id})
        return cursor.fetchall()


def decide(
    conn: Connection,
    run_id: int,
    decision: Decision,
    who: str,
    reason: str,
    also: Callable[[Connection], None] = lambda _: None,
) -> list[str]:
    """Release or dismiss everything that a run holds, in one transaction. What was done, in
    sentences.

    `also` is done in the same transaction, last: the audit log of whoever decides. Facts that
    are withdrawn wait for a score: `catalog.live.settle` gives it.
    Raises Invalid without a name and a reason, NotFound when nothing of that run waits, Conflict
    when its source is being harvested right now.
    """
    who, reason = who.strip(), reason.strip()
    if not who or not reason:
        raise Invalid("Who decides, and why, is kept in the journal: give both.")
    found = waiting(conn, run_id=run_id)
    if not found:
        raise NotFound(f"Nothing of run {run_id} waits: `guichet runs` lists what does.")
    done: list[str] = []
    with turns.alone(conn, found[0].source_id):
        for hold in found:
            row = conn.execute(
                query("harvest", "hold_decide"),
                {"id": hold.id, "state": decision, "who": who, "reason": reason},
            ).fetchone()
            if row is None:
                raise Conflict(f"Somebody else has just decided on run {run_id}.")
            count = SUBJECTS[hold.subject](conn, hold) if decision == "released" else 0
            said = f"{count} of {len(hold.items)} {hold.subject} {_done(decision, hold)}"
            journal.event(conn, run_id, "info", f"{said} ({who}: {reason})")
            done.append(said)
        also(conn)
        conn.commit()
    return done


def _done(decision: Decision, hold: Hold) -> str:
    if decision == "dismissed":
        return "withdrawn: the loss is dismissed"
    return "withdrawn" if hold.subject == "facts" else "no longer listed"


def _release_facts(conn: Connection, hold: Hold) -> int:
    ids = [item["observation"] for item in hold.items]
    rows = conn.execute(query("harvest", "hold_facts_withdraw"), {"ids": ids}).fetchall()
    source = conn.execute(
        "select nature from catalog.source where id = %s", (hold.source_id,)
    ).fetchone()
    assert source is not None  # noqa: S101 its facts refer to it
    assert hold.evidence_id is not None  # noqa: S101 facts have evidence
    nature, evidence_id = Nature(source[0]), hold.evidence_id
    with conn.cursor() as cursor:
        cursor.executemany(
            query("catalog", "unscored_add"),
            [{"service": service, "commune_number": number} for number, service, _ in sorted(rows)],
        )
    return append(
        conn,
        [
            Observation(
                service=service, state=None, nature=nature, source_id=hold.source_id,
                evidence_id=evidence_id, commune_number=number,
                seen="No longer published; a person confirmed it.",
                observed_at=hold.observed_at, supersedes=identifier,
            )
            for number, service, identifier in rows
        ],
    )  # fmt: skip


def _release_offices(conn: Connection, hold: Hold) -> int:
    assert hold.evidence_id is not None  # noqa: S101 lists of offices have evidence
    closed = [item["office"] for item in hold.items if item.get("closed")]
    vanished = [item["office"] for item in hold.items if not item.get("closed")]
    count = office_standing.orphan(conn, vanished, hold.observed_at, hold.evidence_id)
    return count + office_standing.withdraw(conn, closed, hold.observed_at)


def _release_records(conn: Connection, hold: Hold) -> int:
    assert hold.evidence_id is not None  # noqa: S101 readings of portals have evidence
    ids = [item["record"] for item in hold.items]
    return record_store.release(conn, ids, hold.observed_at, hold.evidence_id)


# What releasing means for each subject.
SUBJECTS: dict[str, Callable[[Connection, Hold], int]] = {
    "facts": _release_facts,
    "offices": _release_offices,
    "records": _release_records,
}
