"""`guichet harvest`: read sources, plan, apply, report.

Each release is applied in one transaction of its own, journal included: after kill -9 it is
there whole or not at all, and the same command carries on with the next one. A source that
cannot be reached is reported, and the others go on.
"""

import multiprocessing
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import contextmanager
from datetime import UTC, datetime
from typing import Any

import psycopg

from catalog import materialise
from catalog.database import pools
from catalog.ingest import SourceRow, save_source
from config.errors import GuichetError
from config.settings import Settings
from harvest import journal
from harvest.journal import RunReport
from harvest.kinds import KINDS, Context, Parsed
from harvest.package_registries import fetch
from harvest.raw import RawStore
from harvest.source_files import Release, SourceFile, all_sources, chosen

type Tell = Callable[[str, int, int | None], None]
type Connection = psycopg.Connection[Any]

DOWNLOADS = 3  # at once: the registries are fast, our link is shared
PARSERS = 2  # processes: a release is a minute of one core in all


def source_ids() -> list[str]:
    """The ids of all sources, in reading order."""
    return [source.id for source in all_sources()]


def silent(what: str, done: int, total: int | None) -> None:
    """Tell nobody."""


def harvest(
    settings: Settings,
    ids: list[str] | None = None,
    dry_run: bool = False,
    tell: Tell = silent,
) -> list[RunReport]:
    """Read the named sources (all of them for None) and bring the catalogue up to date.

    One report per release. Raises NotFound for an unknown source, Unavailable when the
    database is away; a source at fault is a report, never an exception.
    """
    sources = chosen(ids)
    reports: list[RunReport] = []
    with pools.connect(settings, "harvest") as conn:
        for source in sources:
            try:
                with journal.alone(conn, source.id):
                    reports.extend(_source(settings, conn, source, dry_run, tell))
            except GuichetError as error:
                conn.rollback()
                reports.append(RunReport(source.id, None, "failed", message=str(error)))
        if not dry_run and any(report.state in ("done", "held") for report in reports):
            tell("Scoring", 0, None)
            refreshed = materialise.refresh(conn)
            conn.commit()
            tell("Scoring", refreshed.intervals, refreshed.intervals)
    return reports


def _source(
    settings: Settings, conn: Connection, source: SourceFile, dry_run: bool, tell: Tell
) -> Iterator[RunReport]:
    kind = KINDS[source.kind]
    save_source(
        conn,
        SourceRow(
            source.id, source.title, source.publisher, source.licence, source.licence_url,
            source.url, source.nature.value,
        ),
    )  # fmt: skip
    conn.commit()
    held = journal.applied(conn, source.id)
    conn.commit()
    todo = [release for release in source.releases if (release.version, release.sha256) not in held]
    for release in source.releases:
        if release not in todo:
            yield RunReport(source.id, release.version, "skipped", message="already read")
    if not source.releases:
        yield _one(settings, conn, source, None, lambda: None, dry_run)
        return
    with _read_ahead(settings, source, todo, tell) as parsed:
        for number, (release, future) in enumerate(parsed, 1):
            yield _one(settings, conn, source, release, future.result, dry_run)
            tell(f"{kind.verb} {source.id}", number, len(todo))


def _one(
    settings: Settings,
    conn: Connection,
    source: SourceFile,
    release: Release | None,
    parsed: Callable[[], Parsed],
    dry_run: bool,
) -> RunReport:
    """Apply one release in one transaction; whatever goes wrong is this release's report."""
    version = release.version if release else None
    run_id = journal.start(conn, source.id, version, dry_run)
    try:
        context = Context(
            settings=settings, conn=conn, source=source, release=release, run_id=run_id,
            now=datetime.now(UTC),
        )  # fmt: skip
        report = KINDS[source.kind].apply(context, parsed())
        if dry_run:
            conn.rollback()
            report = RunReport(source.id, version, "planned", report.counts, "nothing was written")
    except GuichetError as error:
        conn.rollback()
        report = RunReport(source.id, version, "failed", message=str(error))
    except BaseException:
        conn.rollback()
        journal.end(
            conn, run_id, RunReport(source.id, version, "failed", message="An error of ours.")
        )
        conn.commit()
        raise
    journal.end(conn, run_id, report)
    conn.commit()
    return report


@contextmanager
def _read_ahead(
    settings: Settings, source: SourceFile, releases: list[Release], tell: Tell
) -> Iterator[list[tuple[Release, "Future[Any]"]]]:
    """Download and parse several releases ahead of the one that is being applied."""
    store = RawStore(settings.paths.raw)
    store.folder.mkdir(parents=True, exist_ok=True)
    parse = KINDS[source.kind].parse
    done = 0
    with (
        ThreadPoolExecutor(DOWNLOADS) as downloads,
        # Spawned, not forked: we hold threads and a database connection.
        ProcessPoolExecutor(
            min(PARSERS, max(1, len(releases))), multiprocessing.get_context("spawn")
        ) as parsers,
    ):

        def get(release: Release) -> Any:
            nonlocal done
            file = fetch(source, release, store, settings.harvest.fetch_total_seconds)
            done += 1
            tell(f"Fetching {source.id}", done, len(releases))
            return parsers.submit(parse, source, release, file).result()

        try:
            if releases:
                tell(f"Fetching {source.id}", 0, len(releases))
            yield [(release, downloads.submit(get, release)) for release in releases]
        except BaseException:
            downloads.shutdown(wait=False, cancel_futures=True)
            parsers.shutdown(wait=False, cancel_futures=True)
            raise
