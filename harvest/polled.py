"""A file at an address that changes without notice: asked for again on its source's schedule.

What the server said of the copy that we hold (ETag, Last-Modified) goes with the question, so that
an unchanged file costs one small answer. Servers err: when the bytes come, their sha256 alone says
whether they are new. What we hold is forgotten only when what came was applied.
"""

import tempfile
from dataclasses import dataclass
from datetime import UTC, date, datetime
from email.utils import parsedate_to_datetime
from pathlib import Path
from typing import Any

import psycopg

from catalog.database.queries import query
from config.settings import Settings
from harvest import fetch, journal
from harvest.journal import RunReport
from harvest.outbound_guard import Guard
from harvest.raw import RawStore
from harvest.source_files import Release, SourceFile

type Connection = psycopg.Connection[Any]


@dataclass(frozen=True, slots=True)
class Polled:
    """What was found at the address. `release` None: the file that we hold is still the one."""

    release: Release | None
    file: Path | None
    etag: str | None
    modified: str | None
    why: str = ""


@dataclass(frozen=True, slots=True)
class _Known:
    url: str
    etag: str | None
    modified: str | None
    sha256: str
    applied_on: date


def look(
    settings: Settings,
    conn: Connection,
    source: SourceFile,
    guard: Guard,
    tell: fetch.Told,
    today: date,
) -> Polled:
    """Ask for the file. Raises Unavailable, Refused or Invalid as `fetch.fetch`."""
    assert source.poll is not None  # noqa: S101 such a source has an address
    row = conn.execute(query("harvest", "polled_known"), {"source": source.id}).fetchone()
    conn.commit()
    known = _Known(*row) if row else None
    store = RawStore(settings.paths.raw)
    store.check_room()
    # Another address, or bytes that were lost: what the server said of them helps nobody.
    asked = known if known and known.url == source.poll and store.holds(known.sha256) else None
    with tempfile.TemporaryDirectory(prefix="fetch-", dir=store.folder) as folder:
        file = Path(folder) / "file"
        fetched = fetch.fetch(
            source.poll,
            file,
            fetch.Limits.of(settings),
            guard,
            known_etag=asked.etag if asked else None,
            known_modified=asked.modified if asked else None,
            tell=tell,
        )
        if fetched.status == 304:
            assert asked is not None  # noqa: S101 fetch asks again without a copy
            return _held(
                settings,
                source,
                asked,
                asked.etag,
                asked.modified,
                store,
                today,
                "the server says so",
            )
        if fetched.gzipped:
            file.write_bytes(fetch.unpacked(file, settings.harvest.fetch_max_bytes))
        sha256 = store.keep(file)
    etag, modified = fetched.headers.get("etag"), fetched.headers.get("last-modified")
    if known and known.url == source.poll and known.sha256 == sha256:
        return _held(settings, source, known, etag, modified, store, today, "the same bytes came")
    day = min(_day(modified) or today, today)
    if known:  # what came later speaks of a later day, whatever the server's clock says
        day = max(day, known.applied_on)
    return Polled(_release(source, day, sha256), store.path(sha256), etag, modified)


def _held(
    settings: Settings, source: SourceFile, known: _Known, etag: str | None, modified: str | None,
    store: RawStore, today: date, why: str,
) -> Polled:  # fmt: skip
    """Unchanged. It is read again, as of today, before what it says is too old to be believed."""
    days = source.renew_after_days
    days = settings.harvest.renew_after_days if days is None else days
    if (today - known.applied_on).days <= days:
        return Polled(None, None, etag, modified, f"unchanged since {known.applied_on}: {why}")
    release = _release(source, today, known.sha256)
    return Polled(release, store.path(known.sha256), etag, modified)


def _release(source: SourceFile, day: date, sha256: str) -> Release:
    return Release(
        version=f"{day.isoformat()}.{sha256[:8]}", published_on=day, sha256=sha256, url=source.poll
    )


def _day(modified: str | None) -> date | None:
    try:
        return parsedate_to_datetime(modified or "").astimezone(UTC).date()
    except (ValueError, TypeError, OverflowError):
        return None


def remember(conn: Connection, source: SourceFile, found: Polled) -> None:
    """Keep what the server said of the file that was applied, or seen again."""
    conn.execute(
        query("harvest", "polled_keep"),
        {
            "source": source.id, "url": source.poll, "etag": found.etag, "modified": found.modified,
            "sha256": found.release.sha256 if found.release else None,
            "applied_on": found.release.published_on if found.release else None,
        },
    )  # fmt: skip
    conn.commit()


def unchanged(conn: Connection, source: SourceFile, found: Polled, dry_run: bool) -> RunReport:
    """Note in the journal that the file was looked at: the schedule counts from there."""
    report = RunReport(source.id, None, "done", message=found.why)
    run_id = journal.start(conn, source.id, None, dry_run)
    journal.end(conn, run_id, report)
    if not dry_run:
        remember(conn, source, found)
    conn.commit()
    return report


def today() -> date:
    return datetime.now(UTC).date()
