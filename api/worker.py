"""Background work: a queue in PostgreSQL (procrastinate), emptied by any number of workers.

The tasks wire packages that do not know each other, which is why they live in `api`. Each is
safe to run again: a worker that is killed leaves a job that another one takes up.
"""

import logging
from datetime import UTC, datetime
from typing import Any

import procrastinate
import psycopg
from procrastinate import JobContext, PsycopgConnector, RetryStrategy

from api import batch_worker, button_worker, practice_mails
from api.lanes import LONG
from api.retrying import Retrying
from catalog import live
from catalog.database import address, pools
from catalog.database.locks import alone
from catalog.outbox import Mail
from config.errors import Conflict, Unavailable
from config.settings import Settings
from crowd import practice_lists
from crowd.practice_lists import Due

log = logging.getLogger("guichet.worker")

# A source or a database that is away, or another process at its turn: wait 2, 4, 8... minutes.
PATIENCE = RetryStrategy(
    max_attempts=6, exponential_wait=120, retry_exceptions=(Unavailable, Conflict, OSError)
)
STALLED_SECONDS = 120.0  # a worker's heartbeat is every 10 s: silent for this long, it is dead


def make_app(settings: Settings) -> procrastinate.App:
    """The queue of this database, with every task. Nothing is opened yet."""
    app = procrastinate.App(connector=connector(settings))
    app.job_manager = Retrying(app.connector)
    register(app, settings)
    return app


def connector(settings: Settings) -> PsycopgConnector:
    """procrastinate's tables are in a schema of their own, found by search_path."""
    return PsycopgConnector(
        conninfo=address.conninfo(settings),
        kwargs={
            "application_name": "guichet worker",
            "options": "-c search_path=procrastinate,public -c timezone=UTC",
        },
        min_size=1,
        max_size=4,
    )


def register(app: procrastinate.App, settings: Settings) -> None:
    """Every task by its name. A name is in the database: renaming one needs an alias."""
    batch_worker.register(app, settings)
    button_worker.register(app, settings)

    @app.task(name="harvest_source", queue=LONG, retry=PATIENCE, pass_context=True)
    def harvest_source(context: JobContext, source_id: str) -> None:
        """Harvest one source, then publish when it brought something new."""
        from harvest import runs

        reports = runs.harvest(settings, [source_id], False, _say)
        for report in reports:
            log.info("%s", report)
        unread = [report for report in reports if report.state == "failed"]
        if unread:
            raise Unavailable(f"{source_id} could not be read: {unread[0].message}")
        if any(report.state not in ("skipped", "failed") for report in reports):
            _ask(app, "publish")

    @app.task(
        name="discover", queue=LONG, lock="discover", queueing_lock="discover", retry=PATIENCE
    )
    def discover(codes: list[str]) -> None:
        """Visit the sites of a few communes: a budget of pages and seconds for each."""
        from harvest.discover import runs

        for one in runs.discover(settings, codes):
            log.info("%s", one)

    @app.periodic(cron="31 1 * * *", periodic_id="discover")
    @app.task(name="discover_nightly", queueing_lock="discover_nightly")
    def discover_nightly(timestamp: int) -> None:
        """Every night, as many communes as the settings say: none, unless somebody chose it."""
        from harvest.discover import runs

        if most := settings.discover.communes_per_night:
            _ask(app, "discover", codes=runs.next_codes(settings, most))

    @app.task(name="second_look", queue=LONG, retry=PATIENCE)
    def second_look(contest_id: int) -> None:
        """Look again at a fact that a commune's agent contests."""
        from api import second_look as looks

        outcome = looks.look(settings, contest_id)
        log.info("contest %d: %s", contest_id, outcome)

    @app.task(name="publish", queue=LONG, lock="publish", queueing_lock="publish", retry=PATIENCE)
    def publish() -> None:
        """Make and switch to a new generation."""
        from tiles import publication

        with alone(settings, "publish"):
            generation = publication.publish(settings, _say)
        log.info("generation %s is published", generation.id)
        _ask(app, "bulk")

    @app.periodic(cron="*/5 * * * *", periodic_id="second_looks")
    @app.task(name="second_looks", queueing_lock="second_looks")
    def second_looks(timestamp: int = 0) -> None:
        """Ask again for the looks whose asking was lost with its process."""
        from crowd import contests

        with pools.connect(settings, "cli") as conn:
            late = contests.late(conn)
        for number in late:
            _ask(app, "second_look", contest_id=number)

    @app.periodic(cron="47 4 * * *", periodic_id="bulk")
    @app.task(name="bulk", queue=LONG, lock="bulk", queueing_lock="bulk", retry=PATIENCE)
    def bulk(timestamp: int = 0) -> None:
        """Write the bulk files anew: after each publication, and every night for the edits."""
        from tiles.bulk import rebuild

        with alone(settings, "bulk"):
            manifest = rebuild.rebuild(settings, _say)
        log.info("bulk files of version %s are written", manifest.version)

    @app.periodic(cron="*/5 * * * *", periodic_id="due")
    @app.task(name="harvest_due", queueing_lock="harvest_due")
    def harvest_due(timestamp: int = 0) -> None:
        """Every five minutes: a job for each source whose schedule says that it is time."""
        from harvest import runs

        for source_id in runs.due(settings, datetime.now(UTC)):
            _ask(app, "harvest_source", source_id=source_id)

    @app.task(name="harvest_all", queueing_lock="harvest_all")
    def harvest_all(timestamp: int = 0) -> None:
        """A job for each source, due or not."""
        from harvest import runs

        for source_id in runs.source_ids(settings):
            _ask(app, "harvest_source", source_id=source_id)

    @app.periodic(cron="17 6 * * *", periodic_id="practice_news")
    @app.task(name="practice_news", queueing_lock="practice_news", retry=PATIENCE)
    async def practice_news(timestamp: int = 0) -> None:
        """Every day: ask the owners of sheets of six months ago what became of them."""
        origin = settings.web.public_url.rstrip("/")
        if not origin:
            log.warning("no owner is asked: [web] public_url, which the link begins with, is empty")
            return

        def letter(due: Due, link: str) -> Mail:
            return practice_mails.news(due, origin, link)

        async with await psycopg.AsyncConnection.connect(address.conninfo(settings)) as conn:
            count = await practice_lists.ask_owners(conn, settings.practices, letter)
        if count:
            log.info("%d owners of sheets are asked what became of them", count)

    @app.periodic(cron="* * * * *", periodic_id="settle")
    @app.task(name="settle", lock="settle", queueing_lock="settle", retry=PATIENCE)
    def settle(timestamp: int = 0) -> None:
        """Score what a process that was killed had appended and not scored."""
        if count := live.settle(settings):
            log.info("%d statements of a process that ended are scored", count)

    @app.periodic(cron="*/5 * * * *", periodic_id="stalled")
    @app.task(name="retry_stalled", queueing_lock="retry_stalled", pass_context=True)
    async def retry_stalled(context: JobContext, timestamp: int) -> None:
        """Give the jobs of dead workers to living ones."""
        stalled = await app.job_manager.get_stalled_jobs(seconds_since_heartbeat=STALLED_SECONDS)
        for job in stalled:
            log.warning("job %s (%s) lost its worker: tried again", job.id, job.task_name)
            await app.job_manager.retry_job(job)


def ask(settings: Settings, task: str, **arguments: Any) -> bool:
    """Put one job in the queue, from outside a worker; False when it already waits there."""
    app = make_app(settings)
    # A synchronous connector: this is called by commands, which have no event loop.
    with app.replace_connector(app.connector.get_sync_connector()) as here, here.open():
        return _ask(here, task, **arguments)


def ask_batch(settings: Settings, number: int, door: str = "batch") -> bool:
    """Put a batch of simulations, or a job of a process, in the queue, from the web site."""
    app = make_app(settings)
    with app.replace_connector(app.connector.get_sync_connector()) as here, here.open():
        try:
            batch_worker.configured(here, number, door).defer(number=number)
        except procrastinate.exceptions.AlreadyEnqueued:
            return False
    return True


def ask_look(settings: Settings, procedure: str) -> bool:
    """Put a look at the page of a procedure in the queue; False when it already waits there."""
    return ask(settings, "look_for_button", procedure=procedure)


def _ask(app: procrastinate.App, task: str, **arguments: Any) -> bool:
    key = ":".join([task, *map(str, arguments.values())])
    # Jobs with one lock are done one after the other: two harvests of one source never meet.
    lock = {"lock": key} if task == "harvest_source" else {}
    try:
        app.configure_task(task, queueing_lock=key, **lock).defer(**arguments)  # type: ignore[arg-type]
    except procrastinate.exceptions.AlreadyEnqueued:
        return False
    return True


def _say(what: str, done: int, total: int | None) -> None:
    if total is not None and done >= total:
        log.info("%s: %s", what, done)
