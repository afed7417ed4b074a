"""Tell receivers of changes, in order and at least once: run by the worker, beside the queue.

Only through the guarded client, which judges the very address that it connects to, follows no
redirect, reads nothing beyond a few bytes and ends what is slow. A webhook's position moves after
a 2xx and not before, so a worker may be killed at any moment.
"""

import asyncio
import logging
import random
import secrets
import threading
import time
from collections.abc import Sequence
from concurrent.futures import Executor, ThreadPoolExecutor
from datetime import UTC, datetime

import msgspec
import psycopg

from api.handlers.v1_changes import ChangeEntry, entry
from api.openapi import LICENCE
from catalog import webhook_signatures, webhooks
from catalog.database import pools
from catalog.webhooks import Taken
from config.errors import GuichetError, Invalid, Refused, Unavailable
from config.settings import Settings, WebhookSettings
from harvest import fetch
from harvest.outbound_guard import Guard

log = logging.getLogger("guichet.webhooks")
GUARD = Guard()  # what a test replaces, to let its own server through
LIMITS = fetch.Limits(connect=5, silence=10, total=20, sent=1 << 16, unpacked=1 << 16)
LEASE_SECONDS = 90.0  # far more than one request may last: only the dead lose it
MOST_IN_A_ROW = 20  # deliveries to one receiver before others have their turn
MEDIA_TYPE = "application/json"
AGENT = "Guichet/0.1 (independent hub of French local public services; webhooks)"


class Delivery(msgspec.Struct, kw_only=True):
    """What is posted: the entries of `/api/v1/changes` after position `since`, up to `next`."""

    type: str = "changes"
    webhook: str
    since: int
    next: int
    changes: Sequence[ChangeEntry]
    licence: str = LICENCE


class Challenge(msgspec.Struct, kw_only=True):
    """What is posted to know that the address is its owner's: `challenge` is answered alone."""

    type: str = "challenge"
    webhook: str
    challenge: str


def judge(url: str) -> str:
    """The host of an address that may be told, in ASCII. Raises Refused, Unavailable.

    A name is resolved: run it in a thread.
    """
    target = GUARD.target(url)
    if target.scheme != "https":
        raise Refused("Only https is spoken to: what is signed could be read on the way.")
    GUARD.addresses(target.host, target.port)
    return target.host


def wait_before(settings: WebhookSettings, attempt: int, asked: float = 0) -> float:
    """Seconds until the next attempt: doubled each time, up to `longest_wait_seconds`, and never
    the same, so that receivers of one host are not tried together; at least what it asked for."""
    doubled = settings.first_wait_seconds * 2.0 ** min(attempt - 1, 20)
    whole = min(float(settings.longest_wait_seconds), doubled)
    return max(asked, whole * random.uniform(0.5, 1))  # noqa: S311 not a secret


def deliver_next(settings: Settings, stopping: threading.Event | None = None) -> bool:
    """Take one webhook that is due and tell it what it waits for; False when none is due.

    When `stopping` is set, what is being said is said to its end, and nothing after it.
    """
    with pools.connect(settings, "cli") as conn:
        taken = webhooks.take(conn, LEASE_SECONDS)
        if taken is None:
            return False
        try:
            if taken.challenge_due:
                _challenge(conn, taken)
            else:
                _tell(conn, taken, stopping or threading.Event())
        except GuichetError as error:
            status = error.status if isinstance(error, fetch.Answered | fetch.TryLater) else None
            asked = error.seconds if isinstance(error, fetch.TryLater) else 0
            wait = wait_before(settings.webhooks, taken.attempts + 1, asked)
            said = in_words(taken.url, error)
            webhooks.failed(conn, taken, wait, status, said, settings.webhooks)
            log.info("webhook %s could not be told: %s", taken.id, status or type(error).__name__)
        return True


def _challenge(conn: psycopg.Connection, taken: Taken) -> None:
    token = secrets.token_urlsafe(24)
    body = msgspec.json.encode(Challenge(webhook=taken.id, challenge=token))
    answer = _post(taken, f"msg_{taken.id}_{secrets.token_urlsafe(8)}", body, keep=1000)
    if answer.strip() != token.encode():
        raise Invalid("The answer to the challenge is not the challenge alone.")
    if webhooks.answered(conn, taken, 200):
        webhooks.release(conn, taken)


def _tell(conn: psycopg.Connection, taken: Taken, stopping: threading.Event) -> None:
    since = taken.position
    for _ in range(MOST_IN_A_ROW):
        if stopping.is_set():
            break
        batch = webhooks.batch(conn, taken, since, datetime.now(UTC))
        if batch.upto <= since:
            break
        if batch.changes:
            body = msgspec.json.encode(
                Delivery(
                    webhook=taken.id,
                    since=since,
                    next=batch.upto,
                    changes=[entry(one) for one in batch.changes],
                )
            )
            # The same changes are the same message, however often they are sent.
            _post(taken, f"msg_{taken.id}_{since}_{batch.upto}", body)
        if not webhooks.told(
            conn, taken, batch.upto, LEASE_SECONDS, 200 if batch.changes else None
        ):
            return  # deleted, or another worker's: what was said may be said again
        since = batch.upto
    webhooks.release(conn, taken)


def _post(taken: Taken, message: str, body: bytes, keep: int = 0) -> bytes:
    if not taken.url.startswith("https:"):
        raise Refused("Only https is spoken to.")
    headers = webhook_signatures.headers(taken.secrets, message, int(time.time()), body)
    return fetch.post(
        taken.url, body, MEDIA_TYPE, LIMITS, GUARD, headers=headers, agent=AGENT, keep=keep
    )


def in_words(url: str, error: GuichetError) -> str:
    """What went wrong, without the address: it may hold what is private."""
    return str(error).replace(url, "The receiver")[:300]


async def run(settings: Settings) -> None:
    """Tell whoever is due, a few together, until cancelled."""
    stopping = threading.Event()
    many = settings.webhooks.at_once
    # Threads of their own: a receiver that is slow keeps no other work of this process waiting.
    with ThreadPoolExecutor(many, thread_name_prefix="webhook") as threads:
        try:
            await asyncio.gather(*(_lane(settings, threads, stopping) for _ in range(many)))
        finally:
            stopping.set()


async def _lane(settings: Settings, threads: Executor, stopping: threading.Event) -> None:
    loop = asyncio.get_running_loop()
    while True:
        busy = False
        try:
            busy = await loop.run_in_executor(threads, deliver_next, settings, stopping)
        except (psycopg.Error, Unavailable, OSError):
            log.warning("webhooks could not be told now", exc_info=True)
        except Exception:
            log.exception("a webhook broke its delivery")  # its lease ends; the others go on
        if not busy:
            await asyncio.sleep(settings.webhooks.poll_seconds)


def deliver_waiting(settings: Settings) -> None:
    """Tell all that are due now: `guichet worker --once`."""
    while deliver_next(settings):
        pass
