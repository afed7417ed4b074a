"""Catalogues of records: how a portal is read whole or since last time, and brought in.

A connector says how a kind of portal is paged and how one of its items becomes a record; what is
here is the same for all. Every page is kept; the evidence of a reading is its manifest, a small
JSON file that lists the pages by sha256.
"""

import hashlib
import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from catalog.database.queries import query
from catalog.ingest import EvidenceRow, Rejection, save_evidence
from catalog.records import RecordRow, save_records
from config.errors import GuichetError, Invalid
from config.settings import Settings
from harvest import fetch, holds
from harvest.apply import Context, brake
from harvest.connectors import ckan, csw, dcat, dkan, ogc_records, opendatasoft, udata
from harvest.journal import RunReport
from harvest.outbound_guard import Guard
from harvest.paging import Read, Turn, read_pages
from harvest.raw import RawStore
from harvest.remote import Patience, Remote
from harvest.source_files import Portal, SourceFile

GUARD = Guard()
PATIENCE = Patience()
OVERLAP = timedelta(days=1)  # clocks differ, and portals index late
PAGE_BYTES = 64 << 20
REMEMBERED = 60  # readings that are looked at for the last whole one

type Ask = Callable[[str], Turn]


@dataclass(frozen=True, slots=True)
class Connector:
    """A kind of portal. `open` gives what asks for a page, and the first position; `record` makes
    a record of an item, or None for what is not one, or raises Invalid. `incremental`: it can be
    asked for what changed since a moment."""

    open: Callable[[Portal, Remote, datetime | None], tuple[Ask, str]]
    record: Callable[[Any, Portal, str], RecordRow | None]
    incremental: Callable[[Portal], bool] = lambda portal: False


CONNECTORS: Mapping[str, Connector] = {
    "ckan": Connector(ckan.open_portal, ckan.record, lambda portal: True),
    "dkan": Connector(dkan.open_portal, dkan.record),
    "udata": Connector(udata.open_portal, udata.record),
    "dcat": Connector(dcat.open_portal, dcat.record),
    "csw": Connector(csw.open_portal, csw.record, csw.incremental),
    "ogc-records": Connector(ogc_records.open_portal, ogc_records.record),
    "opendatasoft": Connector(opendatasoft.open_portal, opendatasoft.record),
}


@dataclass(frozen=True, slots=True)
class Reading:
    """What one visit of a portal gave."""

    rows: tuple[RecordRow, ...]
    rejections: tuple[Rejection, ...]
    read: int
    whole: bool
    since: datetime | None
    note: str


def limits(settings: Settings) -> fetch.Limits:
    own = settings.harvest
    return fetch.Limits(
        connect=5, silence=own.fetch_timeout_seconds, total=600, sent=PAGE_BYTES,
        unpacked=PAGE_BYTES,
    )  # fmt: skip


def visit(source: SourceFile, remote: Remote, since: datetime | None) -> Reading:
    """Read a portal. Raises what `harvest.remote` raises, and Invalid when it cannot be a
    catalogue; an item that cannot be a record is listed and stops nothing."""
    connector = CONNECTORS[source.kind]
    portal = source.portal
    if portal is None:
        raise Invalid(f"The source {source.id} has no [portal].")
    ask, first = connector.open(portal, remote, since)

    def made(identifier: str, item: Any, sha256: str) -> RecordRow | Rejection | None:
        try:
            return connector.record(item, portal, sha256)
        except GuichetError as error:
            return Rejection(identifier[:200] or "?", "record", str(error), _shown(item))

    def turn(position: str) -> Turn:
        # Records at once, page by page: a portal's own words can be twenty times longer.
        page = ask(position)
        return replace(
            page, items=[(name, made(name, item, page.sha256)) for name, item in page.items]
        )

    read: Read = read_pages(turn, first)
    return Reading(
        tuple(one for one, _ in read.items if isinstance(one, RecordRow)),
        tuple(one for one, _ in read.items if isinstance(one, Rejection)),
        len(read.items), read.whole and since is None, since, read.note,
    )  # fmt: skip


def apply(context: Context, _: Any) -> RunReport:
    """Visit the source's portal when it is due, then bring its records in.

    The visit comes before the first statement: no transaction is held open while a portal thinks.
    """
    source = context.source
    store = RawStore(context.settings.paths.raw)
    latest, whole = _readings(context, store)
    context.conn.rollback()  # nothing was written yet; a visit may last
    if latest and (context.now - latest).days < source.every_days:
        return RunReport(source.id, None, "skipped", message="what we hold is recent")
    connector = CONNECTORS[source.kind]
    since = None
    if source.portal and latest and whole and connector.incremental(source.portal):
        due = whole + timedelta(days=source.portal.whole_every_days)
        since = latest - OVERLAP if context.now < due else None
    remote = Remote(store, GUARD, limits(context.settings), PATIENCE)
    reading = visit(source, remote, since)
    evidence_id, release = _evidence(context, store, remote, reading)
    own = context.settings.harvest
    saved = save_records(
        context.conn, reading.rows, source_id=source.id, evidence_id=evidence_id, now=context.now,
        whole=reading.whole and not reading.rejections, grace=timedelta(days=own.orphan_grace_days),
        brake=brake(context).why,
        looked_at=holds.looked_at(context.conn, source.id, "records"),
    )  # fmt: skip
    if reading.whole:  # another reading says nothing of what an older one lacked
        holds.keep(
            context.conn, context.run_id, source.id, "records", observed_at=context.now,
            evidence_id=evidence_id, cause=saved.plan.cause, items=saved.held_items,
        )  # fmt: skip
    rejections = [*reading.rejections, *saved.rejections]
    context.reject(rejections)
    # Not « new » and « changed »: those are counts of facts, and ask for a new scoring.
    counts = {"read": reading.read, "valid": len(reading.rows)}
    counts |= {f"records_{name}": count for name, count in saved.plan.counts().items()}
    counts |= {**saved.changed_fields, "rejected": len(rejections)}
    held = len(saved.plan.held)
    notes = [reading.note] if reading.note else []
    if since is not None:
        notes.append(f"only what changed since {since:%Y-%m-%d} was asked for")
    if reading.rejections:
        notes.append("some items could not be read: what is missing is not looked for")
    if held:
        notes.append(
            f"{held} records are no longer listed and are kept: look at them ({saved.plan.cause})"
        )
    state = "held" if held else "partial" if reading.note else "done"
    return RunReport(source.id, release, state, counts, "; ".join(notes), saved.details)  # type: ignore[arg-type]


def _evidence(
    context: Context, store: RawStore, remote: Remote, reading: Reading
) -> tuple[int, str]:
    """Keep the manifest of a reading; the id of its evidence, and the reading's name."""
    assert context.source.portal is not None  # noqa: S101 `visit` refused otherwise
    manifest = {
        "source": context.source.id,
        "portal": context.source.portal.url,
        "whole": reading.whole,
        "since": None if reading.since is None else reading.since.isoformat(),
        "records": len(reading.rows),
        "pages": [
            {"url": one.url, "sha256": one.sha256, "at": one.fetched_at.isoformat()}
            for one in remote.pages
        ],
    }
    text = json.dumps(manifest, ensure_ascii=False, indent=1).encode()
    with tempfile.TemporaryDirectory(prefix="fetch-", dir=store.folder) as folder:
        file = Path(folder) / "manifest"
        file.write_bytes(text)
        store.keep(file, hashlib.sha256(text).hexdigest())
    release = f"{context.now:%Y-%m-%dT%H:%M:%SZ}"
    row = EvidenceRow(
        context.source.id, release, context.now.date(), hashlib.sha256(text).hexdigest(),
        len(text), context.source.portal.url,
    )  # fmt: skip
    return save_evidence(context.conn, row), release


def _readings(context: Context, store: RawStore) -> tuple[datetime | None, datetime | None]:
    """When the source was last read, and last read whole; None: never, or the manifest is lost."""
    rows = context.conn.execute(
        query("harvest", "portal_readings"), {"source": context.source.id, "most": REMEMBERED}
    ).fetchall()
    latest: datetime | None = None
    for sha256, at in rows:
        try:
            manifest = json.loads(store.path(sha256).read_bytes())
        except (OSError, ValueError):
            continue
        latest = latest or at
        if manifest.get("whole"):
            return latest, at
    return latest, None


def _shown(item: Any) -> str:
    return " ".join(str(item).split())[:300]
