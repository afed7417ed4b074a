"""The lanes of a worker: work of minutes never stands before work of a second.

A harvest, a publication or a batch of a million simulations takes minutes, a job of a process or
a look at a page takes seconds. Each lane is a queue of its own with places of its own, so
that each of them is taken up at once, whatever the others do.
"""

import asyncio
from collections.abc import Mapping

import procrastinate
from procrastinate import signals

LONG = "long"  # harvests, publications, bulk files, visits
BATCHES = "batches"  # many rows of simulations: an engine set each, which takes every core
SHORT = "default"  # everything else, and what was queued before there were lanes

GRACE_SECONDS = 30  # for the jobs at work when the worker is stopped


def places(long: int) -> Mapping[str, int]:
    """How many jobs of each lane run at once in one worker.

    One batch, because its engines hold half a gigabyte; two short ones, so that one that waits
    for a distant host does not hold the others.
    """
    return {LONG: long, BATCHES: 1, SHORT: 2}


async def run(app: procrastinate.App, long: int, *, once: bool) -> None:
    """Work until SIGTERM or Ctrl-C, or until nothing waits (`once`)."""
    if once:  # one lane: a job may queue another of any lane, and the last one ends it
        await app.run_worker_async(
            concurrency=long, wait=False, shutdown_graceful_timeout=GRACE_SECONDS,
            delete_jobs="successful",
        )  # fmt: skip
        return
    working = [
        asyncio.create_task(
            app.run_worker_async(
                queues=[lane], name=lane, concurrency=count, install_signal_handlers=False,
                shutdown_graceful_timeout=GRACE_SECONDS, delete_jobs="successful",
            )
        )
        for lane, count in places(long).items()
    ]  # fmt: skip

    def stop() -> None:
        for lane in working:
            lane.cancel()  # it ends its jobs first

    try:
        with signals.on_stop(stop):
            await asyncio.wait(working, return_when=asyncio.FIRST_EXCEPTION)
    finally:
        stop()
        ended = await asyncio.gather(*working, return_exceptions=True)
    for error in ended:
        if isinstance(error, Exception):
            raise error
