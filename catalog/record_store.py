"""Writing records: a plan first, then what it says, in the caller's transaction.

Nothing is overwritten without a version and nothing is deleted. Duplicates of several portals
are grouped by what they share, which can be undone, and never merged.
"""

import json
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg
from psycopg.rows import class_row

from catalog.database.queries import query
from catalog.ingest import Rejection
from catalog.record_plan import Brake, KnownRecord, RecordPlan, plan_records
from catalog.record_rows import RecordRow

type Connection = psycopg.Connection[Any]

LINES = 20  # of each sort of change, in a printed plan


@dataclass(frozen=True, slots=True)
class Saved:
    """What came of one reading."""

    plan: RecordPlan
    rejections: tuple[Rejection, ...]
    details: tuple[str, ...]
    changed_fields: Mapping[str, int]  # how many records changed, by field
    held_items: tuple[Mapping[str, Any], ...] = ()  # what a person is asked about


def save_records(
    conn: Connection,
    rows: Iterable[RecordRow],
    *,
    source_id: str,
    evidence_id: int,
    now: datetime,
    whole: bool,
    grace: timedelta,
    brake: Brake,
    looked_at: datetime | None = None,
) -> Saved:
    """Plan a reading of a source, then write what the plan says.

    `whole`: the reading is known to hold everything that the source publishes; only then can
    something be missing.
    """
    offered, rejections = _once(rows)
    with conn.cursor(row_factory=class_row(KnownRecord)) as cursor:
        known = cursor.execute(query("catalog", "record_known"), {"source": source_id}).fetchall()
    names = dict(conn.execute(query("catalog", "record_names"), {"source": source_id}).fetchall())
    plan = plan_records(
        known, names, offered, now, whole=whole, grace=grace, brake=brake, looked_at=looked_at
    )
    changes = list(_changes(conn, plan))
    common = {"source": source_id, "evidence": evidence_id, "now": now}
    with conn.cursor() as cursor:
        cursor.executemany(
            query("catalog", "record_add"),
            [common | _values(row) | {"event": "new"} for row in plan.new],
        )
        for event, found in (
            ("changed", plan.changed),
            ("renamed", plan.renamed),
            ("back", plan.back),
        ):
            cursor.executemany(
                query("catalog", "record_change"),
                [common | _values(row) | {"event": event, "id": i} for i, row in found.items()],
            )
        for event, ids in (("orphan", plan.orphans), ("withdrawn", plan.withdrawn)):
            if ids:
                cursor.execute(
                    query("catalog", "record_missing"),
                    {"evidence": evidence_id, "now": now, "event": event, "ids": sorted(ids)},
                )
    regroup(conn)
    counted: dict[str, int] = {}
    for _, changed in changes:
        for name in changed:
            counted[f"record_{name}"] = counted.get(f"record_{name}", 0) + 1
    details = _lines(plan, known, changes)
    return Saved(
        plan, tuple(rejections), tuple(details), dict(sorted(counted.items())),
        tuple(
            {"record": one.id, "remote_id": one.remote_id} for one in known if one.id in plan.held
        ),
    )  # fmt: skip


def release(conn: Connection, ids: Sequence[int], at: datetime, evidence_id: int) -> int:
    """Mark as missing what a person confirmed that a portal no longer lists; how many. Those that
    it listed again since are left as they are."""
    return conn.execute(
        query("catalog", "record_missing"),
        {"evidence": evidence_id, "now": at, "event": "orphan", "ids": list(ids)},
    ).rowcount


def regroup(conn: Connection) -> int:
    """Group the records of different portals that share a key; returns how many are grouped.

    Keys are taken by strength, and two groups are not joined when both hold a record of one
    source: a portal knows its own datasets apart. The result depends on the records only.
    """
    parent: dict[int, int] = {}
    sources: dict[int, set[str]] = {}

    def root(one: int) -> int:
        while parent[one] != one:
            parent[one] = parent[parent[one]]
            one = parent[one]
        return one

    for _, ids, owners in conn.execute(query("catalog", "record_shared_keys")).fetchall():
        for one, owner in zip(ids, owners, strict=True):
            if one not in parent:
                parent[one], sources[one] = one, {owner}
        for one in ids[1:]:
            left, right = sorted((root(ids[0]), root(one)))
            if left != right and not sources[left] & sources[right]:
                parent[right] = left
                sources[left] |= sources.pop(right)
    groups = {one: root(one) for one in parent}
    conn.execute(
        query("catalog", "record_regroup"),
        {"ids": list(groups), "groups": list(groups.values())},
    )
    return len(groups)


def _once(rows: Iterable[RecordRow]) -> tuple[list[RecordRow], list[Rejection]]:
    """Each remote id once: the first of two that differ is kept, the other one is listed."""
    found: dict[str, RecordRow] = {}
    rejections: list[Rejection] = []
    for row in rows:
        before = found.setdefault(row.remote_id, row)
        if before is not row and before.fingerprint != row.fingerprint:
            rejections.append(
                Rejection(row.remote_id, "id", "listed twice, differently", row.title[:200])
            )
    return list(found.values()), rejections


def _values(row: RecordRow) -> dict[str, Any]:
    west, south, east, north = row.extent or (None, None, None, None)
    said = row.fields
    labels = " . ".join([*row.keywords, *row.themes, row.publisher or ""])
    return {
        **{name: getattr(row, name) for name in (
            "remote_id", "type", "title", "description", "publisher", "licence", "language",
            "landing_page", "temporal_start", "temporal_end", "created", "updated",
            "fingerprint", "page_sha256",
        )},
        "keywords": list(row.keywords), "themes": list(row.themes), "labels": labels,
        "distributions": json.dumps([asdict(one) for one in row.distributions]),
        "west": west, "south": south, "east": east, "north": north,
        "fields": json.dumps(said), "names": list(row.names), "keys": sorted(row.keys),
    }  # fmt: skip


def _changes(conn: Connection, plan: RecordPlan) -> Iterator[tuple[int, dict[str, str]]]:
    """The fields that change, record by record: before and after, in a few words."""
    rows = {**plan.changed, **plan.renamed, **plan.back}
    if not rows:
        return
    found = conn.execute(query("catalog", "record_fields"), {"ids": list(rows)}).fetchall()
    for identifier, before in found:
        after = json.loads(json.dumps(rows[identifier].fields))
        changed = {
            name: f"{_short(before.get(name))} -> {_short(value)}"
            for name, value in after.items()
            if before.get(name) != value
        }
        yield identifier, changed


def _short(value: object) -> str:
    text = " ".join(str(value).split())
    return text if len(text) <= 60 else text[:59] + "…"


def _lines(
    plan: RecordPlan,
    known: Sequence[KnownRecord],
    changes: Sequence[tuple[int, dict[str, str]]],
) -> Iterator[str]:
    """The plan for people, at most LINES of each sort."""
    remote = {one.id: one.remote_id for one in known}
    said = dict(changes)
    sorts: list[tuple[str, list[str]]] = [
        ("new", [f"{row.remote_id}: {_short(row.title)}" for row in plan.new])
    ]
    for name, rows in (("changed", plan.changed), ("renamed", plan.renamed), ("back", plan.back)):
        sorts.append((name, [f"{remote[i]}: {said.get(i, {})}" for i in rows]))
    for name, ids in (
        ("orphan", plan.orphans), ("waiting", plan.waiting), ("withdrawn", plan.withdrawn),
        ("held back", plan.held),
    ):  # fmt: skip
        sorts.append((name, [remote[i] for i in sorted(ids)]))
    for name, lines in sorts:
        yield from (f"{name}: {line}" for line in lines[:LINES])
        if len(lines) > LINES:
            yield f"{name}: and {len(lines) - LINES} more"
