"""What one web process counts of itself, in Prometheus' text format.

Requests are counted by route template, never by address: an address may hold what a person asked.
The counts live in the process; a server asks each process at its own port (api.admin).
"""

import asyncio
import os
from collections import Counter, deque
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from pathlib import Path

import psycopg
import psycopg_pool

BOUNDS = (0.005, 0.01, 0.02, 0.05, 0.1, 0.25, 0.5, 1.0, 2.5, 5.0)  # seconds
LAG_EVERY_SECONDS = 0.25
LAG_KEPT = 240  # the worst of the last minute is told
METHODS = frozenset({"GET", "HEAD", "POST", "PUT", "PATCH", "DELETE", "OPTIONS"})

type Labels = Mapping[str, object]


@dataclass
class Durations:
    """How long the requests of one route took, in buckets."""

    buckets: list[int] = field(default_factory=lambda: [0] * len(BOUNDS))
    count: int = 0
    seconds: float = 0.0

    def add(self, seconds: float) -> None:
        self.count += 1
        self.seconds += seconds
        for place, bound in enumerate(BOUNDS):
            if seconds <= bound:
                self.buckets[place] += 1


class Metrics:
    """The counts of one process."""

    def __init__(self) -> None:
        self.durations: dict[str, Durations] = {}
        self.answers: Counter[tuple[str, str, int]] = Counter()
        self.refused: Counter[str] = Counter()
        self.lags: deque[float] = deque(maxlen=LAG_KEPT)

    def request(
        self, route: str, method: str, status: int, seconds: float, error: BaseException | None
    ) -> None:
        """One answered request."""
        self.durations.setdefault(route, Durations()).add(seconds)
        self.answers[route, method if method in METHODS else "other", status] += 1
        if (kind := _database_refusal(error)) is not None:
            self.refused[kind] += 1

    async def watch_loop(self) -> None:
        """Measure, until cancelled, how late the event loop comes to what is due."""
        loop = asyncio.get_running_loop()
        while True:
            due = loop.time() + LAG_EVERY_SECONDS
            await asyncio.sleep(LAG_EVERY_SECONDS)
            self.lags.append(max(0.0, loop.time() - due))

    def text(self) -> str:
        """The counts, as Prometheus reads them."""
        lines = Lines()
        lines.about("guichet_requests_total", "counter", "Requests answered, by route template.")
        for (route, method, status), count in sorted(self.answers.items()):
            lines.one(count, {"route": route, "method": method, "code": status})
        lines.about("guichet_request_seconds", "histogram", "Time to answer, by route template.")
        for route, took in sorted(self.durations.items()):
            for bound, count in zip((*BOUNDS, "+Inf"), (*took.buckets, took.count), strict=True):
                lines.one(count, {"route": route, "le": bound}, "_bucket")
            lines.one(round(took.seconds, 6), {"route": route}, "_sum")
            lines.one(took.count, {"route": route}, "_count")
        lines.about(
            "guichet_database_refusals_total", "counter",
            "Requests that the database did not serve: statement cancelled (timeout), lock not "
            "given, no connection free in time, server away.",
        )  # fmt: skip
        for kind in ("statement", "lock", "pool", "away"):
            lines.one(self.refused[kind], {"kind": kind})
        lines.about(
            "guichet_loop_lag_seconds", "gauge", "Worst lag of the event loop in the last minute."
        )
        lines.one(round(max(self.lags, default=0.0), 6))
        lines.about("guichet_resident_bytes", "gauge", "Resident memory of this process.")
        lines.one(resident_bytes())
        return str(lines)


class Lines:
    """Lines of the text format 0.0.4, escaped."""

    def __init__(self) -> None:
        self._lines: list[str] = []
        self._name = ""

    def about(self, name: str, kind: str, what: str) -> None:
        """What the following values are of."""
        self._name = name
        self._lines += (f"# HELP {name} {what}", f"# TYPE {name} {kind}")

    def one(self, value: float, labels: Labels | None = None, suffix: str = "") -> None:
        shown = ",".join(f'{name}="{_escaped(text)}"' for name, text in (labels or {}).items())
        where = f"{{{shown}}}" if shown else ""
        self._lines.append(f"{self._name}{suffix}{where} {value}")

    def each(self, rows: Iterable[tuple[float | None, Labels]]) -> None:
        for value, labels in rows:
            if value is not None:
                self.one(value, labels)

    def __str__(self) -> str:
        return "".join(f"{line}\n" for line in self._lines)


def _escaped(text: object) -> str:
    return str(text).replace("\\", "\\\\").replace("\n", "\\n").replace('"', '\\"')


def _database_refusal(error: BaseException | None) -> str | None:
    """What sort of refusal of the database ended a request; also behind an error of ours."""
    while error is not None:
        if isinstance(error, psycopg.errors.QueryCanceled):
            return "statement"
        if isinstance(error, psycopg.errors.LockNotAvailable):
            return "lock"
        if isinstance(error, psycopg_pool.PoolTimeout | psycopg_pool.TooManyRequests):
            return "pool"
        if isinstance(error, psycopg.OperationalError):
            return "away"
        error = error.__cause__
    return None


def resident_bytes() -> int:
    pages = int(Path("/proc/self/statm").read_text().split()[1])
    return pages * os.sysconf("SC_PAGE_SIZE")
