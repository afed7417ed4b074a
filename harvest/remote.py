"""Talking to a remote host for longer than one request: pauses, patience, and a breaker.

Each host gets one request at a time and a pause between two. A passing failure is tried again
after a wait that grows and differs each time (so that our workers do not come back together); a
host that asks to be left alone for a while is waited for when that is short, and reported when it
is long. After five failures in a row the host is not asked again for a quarter of an hour,
whichever source wants it.
"""

import random
import tempfile
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import urlsplit

from config.errors import Unavailable
from harvest import fetch
from harvest.outbound_guard import Guard
from harvest.raw import RawStore

FAILURES_TO_OPEN = 5
OPEN_SECONDS = 900
PASSING = frozenset({408, 425, 429, 500, 502, 503, 504})  # statuses worth another try


@dataclass(slots=True)
class Breaker:
    """Counts failures in a row, host by host. Shared by everything in the process."""

    clock: Callable[[], float] = time.monotonic
    failures: dict[str, int] = field(default_factory=dict)
    opened: dict[str, float] = field(default_factory=dict)

    def check(self, host: str) -> None:
        """Raises Unavailable while the host is left alone."""
        since = self.opened.get(host)
        if since is None:
            return
        if self.clock() - since < OPEN_SECONDS:
            raise Unavailable(
                f"{host} failed {FAILURES_TO_OPEN} times in a row: it is left alone for "
                f"{OPEN_SECONDS // 60} minutes."
            )
        # One try; a failure opens it again at once.
        del self.opened[host]
        self.failures[host] = FAILURES_TO_OPEN - 1

    def failed(self, host: str) -> None:
        self.failures[host] = self.failures.get(host, 0) + 1
        if self.failures[host] >= FAILURES_TO_OPEN:
            self.opened[host] = self.clock()

    def succeeded(self, host: str) -> None:
        self.failures.pop(host, None)
        self.opened.pop(host, None)


BREAKER = Breaker()


@dataclass(frozen=True, slots=True)
class Patience:
    """How a host is waited for. Seconds."""

    pause: float = 0.2  # between two requests to one host
    attempts: int = 4
    first_wait: float = 1.0  # doubled each time, then drawn between 0 and that
    longest_wait: float = 30.0
    longest_asked: float = 120.0  # a Retry-After that is waited for rather than reported


@dataclass(frozen=True, slots=True)
class Page:
    """An answer, unpacked. Its bytes are also in the raw store, under `sha256`, as unpacked."""

    url: str  # where the last redirect led
    body: bytes
    sha256: str
    fetched_at: datetime
    headers: dict[str, str] = field(default_factory=dict)


class Remote:
    """A polite client of any number of hosts, whose answers are kept."""

    def __init__(
        self,
        store: RawStore,
        guard: Guard,
        limits: fetch.Limits,
        patience: Patience | None = None,
        *,
        agent: str = fetch.AGENT,
        breaker: Breaker = BREAKER,
        sleep: Callable[[float], None] = time.sleep,
        chance: Callable[[], float] = random.random,
    ) -> None:
        self.store = store
        self.pages: list[Page] = []  # without their bodies: what was read, in order
        self._guard = guard
        self._limits = limits
        self._patience = patience or Patience()
        self._agent = agent
        self._breaker = breaker
        self._sleep = sleep
        self._chance = chance
        self._last: dict[str, float] = {}
        self._reached: set[str] = set()
        self._turn = threading.Lock()

    def get(self, url: str, accept: str = "*/*", pause: float | None = None) -> Page:
        """GET one page into memory and the raw store. Raises as `fetch.fetch`.

        A host that never answered yet is tried once: on a machine without the internet a source
        costs one quick failure.
        """
        host = urlsplit(url).netloc.lower()
        with self._turn:
            for attempt in range(1, self._patience.attempts + 1):
                self._breaker.check(host)
                self._wait(host, self._patience.pause if pause is None else pause)
                try:
                    page = self._get(url, accept)
                except Unavailable as error:
                    wait = self._again(host, attempt, error)
                    if wait is None:
                        raise
                    self._sleep(wait)
                    continue
                finally:
                    self._last[host] = time.monotonic()
                self._breaker.succeeded(host)
                self._reached.add(host)
                return page
        raise Unavailable(f"{url} did not answer.")  # unreachable: the last attempt raises

    def _again(self, host: str, attempt: int, error: Unavailable) -> float | None:
        """Seconds to wait before another try; None: the failure is final."""
        patience = self._patience
        if isinstance(error, fetch.Answered) and error.status not in PASSING:
            # It answers, and says no: that is the page's fault and not the host's.
            self._breaker.succeeded(host)
            return None
        self._breaker.failed(host)
        if isinstance(error, fetch.Answered | fetch.TryLater):
            self._reached.add(host)
        if attempt >= patience.attempts or host not in self._reached:
            return None
        if isinstance(error, fetch.TryLater):
            return None if error.seconds > patience.longest_asked else error.seconds
        most: float = min(patience.longest_wait, patience.first_wait * 2 ** (attempt - 1))
        return most * (0.5 + 0.5 * self._chance())

    def _wait(self, host: str, pause: float) -> None:
        since = time.monotonic() - self._last.get(host, -pause)
        if since < pause:
            self._sleep(pause - since)

    def _get(self, url: str, accept: str) -> Page:
        self.store.check_room()
        with tempfile.TemporaryDirectory(prefix="fetch-", dir=self.store.folder) as folder:
            file = Path(folder) / "page"
            got = fetch.fetch(
                url, file, self._limits, self._guard, accept=accept, agent=self._agent
            )
            if got.gzipped:
                body = fetch.unpacked(file, self._limits.unpacked)
                file.write_bytes(body)
            else:
                body = file.read_bytes()
            sha256 = self.store.keep(file)
        now = datetime.now(UTC)
        self.pages.append(Page(got.url, b"", sha256, now, got.headers))
        return Page(got.url, body, sha256, now, got.headers)
