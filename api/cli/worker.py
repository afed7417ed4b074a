"""`guichet worker`: background jobs, until Ctrl-C or SIGTERM."""

import asyncio

import click
import psycopg
from procrastinate.exceptions import ConnectorException

from api.cli.parent import die_with
from catalog.database import migrate, pools
from config.errors import Conflict, Unavailable
from config.settings import Settings, load


@click.command("worker")
@click.option("--concurrency", type=click.IntRange(1, 32), default=1, show_default=True,
              help="Harvests and publications at once; the rest has its own places.")  # fmt: skip
@click.option("--once", is_flag=True, help="End when no job is waiting.")
@click.option("--parent", type=int, hidden=True, help="End when this process ends.")
def command(concurrency: int, once: bool, parent: int | None) -> None:
    """Run background jobs (harvests, publications) until Ctrl-C.

    Simulations and other short jobs are taken up at once, whatever a harvest does.
    As many workers as you like, on any machine that reaches the database. A job at work when
    the worker is stopped gets 30 s to end; the job of a killed worker is tried again.
    """
    if parent is not None:
        die_with(parent)
    settings = load()
    if migrate.current(settings) != migrate.expected():
        raise Conflict("The database's schema is not this version's: run `guichet migrate`.")
    try:
        asyncio.run(work(settings, concurrency, once))
    except (ConnectorException, psycopg.OperationalError) as error:
        raise Unavailable(pools.explain(settings, error)) from error


async def work(settings: Settings, concurrency: int, once: bool) -> None:
    """Open the queue and empty it; with `once`, return when nothing waits."""
    from api import lanes, mail, webhook_delivery
    from api.worker import make_app

    app = make_app(settings)
    try:
        await app.open_async()
        # Beside the queue and not in it: a mail is its own durable job, and waits 5 s at most.
        if once:
            await asyncio.to_thread(mail.send_waiting, settings)
        # Nor is a webhook: it is a position that moves, and waits 2 s at most.
        beside = [
            asyncio.create_task(mail.run(settings)),
            asyncio.create_task(webhook_delivery.run(settings)),
        ]
        try:
            await lanes.run(app, concurrency, once=once)
        finally:
            for task in beside:
                task.cancel()
            await asyncio.gather(*beside, return_exceptions=True)
            if once:  # what the jobs changed is told, too
                await asyncio.to_thread(webhook_delivery.deliver_waiting, settings)
    finally:
        # Also of a pool that Ctrl-C met while it opened (`async with` would not): its tasks
        # take a cancellation for a connection that failed, try again, and never end.
        await app.close_async()
