"""One load for all: kept connections, each asking again as soon as it is answered."""

import asyncio
import re
import statistics
import time
from collections.abc import Awaitable, Callable, Mapping
from dataclasses import dataclass, field
from random import Random
from typing import Any

from peers.machine import Draw, Server, processor_seconds

CLIENTS, SECONDS, ROUNDS = 16, 3.0, 5
_LENGTH = re.compile(rb"\r\ncontent-length: *(\d+)", re.IGNORECASE)
GRACE = 10.0  # seconds after the end of a round; what is not answered then is not waited for
GOOD = (200, 204)  # a tile without land may be either
BUSY = (500, 502, 503, 504)  # of a server that gives up on a loaded machine: counted apart


class Visitor(asyncio.Protocol):
    """One connection. Bodies are counted, not kept: the load must cost less than the servers."""

    def __init__(self, port: int, ask: Draw, seed: int, end: float, encoding: str) -> None:
        self.chance, self.ask, self.end, self.port = Random(seed), ask, end, port
        self.accept = f"Accept-Encoding: {encoding}\r\n" if encoding else ""
        self.done = asyncio.get_running_loop().create_future()
        self.times: list[float] = []
        self.bytes = self.refused = 0
        self.good = True
        self.head = b""
        self.left = 0
        self.chunked = False

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        self.transport: Any = transport
        self.send()

    def send(self) -> None:
        self.begun = time.perf_counter()
        if self.begun >= self.end:
            self.transport.close()
            return
        self.path = self.ask(self.chance)
        self.transport.write(
            f"GET {self.path} HTTP/1.1\r\nHost: 127.0.0.1:{self.port}\r\n{self.accept}\r\n".encode()
        )

    def data_received(self, data: bytes) -> None:
        self.bytes += len(data)
        if self.chunked:
            self.head = (self.head + data)[-5:]
            if self.head == b"0\r\n\r\n":
                self.answered()
            return
        if self.left:
            self.left -= len(data)
        else:
            self.head += data
            head, ended, body = self.head.partition(b"\r\n\r\n")
            if not ended:
                return
            status = int(head[9:12])
            self.good = status in GOOD
            if not self.good and status not in BUSY:
                self.done.set_exception(SystemExit(f"{self.path}: {head!r} {body[:300]!r}"))
                self.transport.abort()
                return
            length = _LENGTH.search(head)
            if length is None and status != 204:
                self.chunked, self.head = True, body[-5:]
                if self.head == b"0\r\n\r\n":
                    self.answered()
                return
            self.left = (int(length[1]) if length else 0) - len(body)
        if not self.left:
            self.answered()

    def answered(self) -> None:
        if self.good:
            self.times.append(time.perf_counter() - self.begun)
        else:
            self.refused += 1
        self.head, self.chunked, self.left = b"", False, 0
        self.send()

    def give_up(self) -> None:
        """Tells what went wrong, and hangs up on an answer that never came."""
        if self.done.done():
            self.done.result()
        else:
            self.done.set_result(None)
            self.transport.abort()

    def connection_lost(self, exc: Exception | None) -> None:
        if not self.done.done():
            cut = exc or (time.perf_counter() < self.end and "closed")
            if cut:
                self.done.set_exception(SystemExit(f"{self.path}: connection {cut}"))
            else:
                self.done.set_result(None)


@dataclass
class Measured:
    """What one kind of work gave on one server: one number of each for each round."""

    rates: list[float] = field(default_factory=list)
    medians: list[float] = field(default_factory=list)  # seconds of one answer
    processor: list[float] = field(default_factory=list)  # seconds of one answer, database too
    sizes: list[float] = field(default_factory=list)  # bytes of one answer
    refused: int = 0  # answers of BUSY, in all rounds


@dataclass(frozen=True)
class Round:
    """What one round gave."""

    times: list[float]  # seconds of each answer
    processor: float  # seconds that all of them took
    size: int  # bytes of all of them
    refused: int = 0


type Work = Callable[[int], Awaitable[Round]]


def over_http(server: Server, work: str, database: int, encoding: str = "") -> Work:
    ask = server.asks[work]

    async def once(seed: int) -> Round:
        before = processor_seconds(server.pid) + processor_seconds(database)
        end = time.perf_counter() + SECONDS
        loop = asyncio.get_running_loop()
        visitors: list[Visitor] = []
        for i in range(CLIENTS):
            _, one = await loop.create_connection(
                lambda i=i: Visitor(server.port, ask, seed * 1000 + i, end, encoding),  # type: ignore[misc]
                "127.0.0.1", server.port,
            )  # fmt: skip
            visitors.append(one)
        await asyncio.wait([one.done for one in visitors], timeout=SECONDS + GRACE)
        for one in visitors:
            one.give_up()
        used = processor_seconds(server.pid) + processor_seconds(database) - before
        times = [each for one in visitors for each in one.times]
        size, refused = (
            sum(each) for each in zip(*((v.bytes, v.refused) for v in visitors), strict=True)
        )
        return Round(times, used, size, refused)

    return once


async def alternate(works: Mapping[str, Work], rounds: int = ROUNDS) -> dict[str, Measured]:
    """Each server in turn, the order turned round each time; the first round warms everybody."""
    found = {name: Measured() for name in works}
    for turn in range(rounds + 1):
        for name, work in list(works.items())[:: 1 if turn % 2 else -1]:
            begun = time.perf_counter()
            gave = await work(turn)
            one, count = found[name], len(gave.times)
            one.refused += gave.refused
            if turn and count:
                one.rates.append(count / (time.perf_counter() - begun))
                one.medians.append(statistics.median(gave.times))
                one.processor.append(gave.processor / count)
                one.sizes.append(gave.size / count)
    return found


def told(found: Mapping[str, Measured], ours: str) -> dict[str, Any]:
    """Medians, spreads, and our rate over each other's: the median of the rounds' ratios."""
    report: dict[str, Any] = {}
    mine = found[ours]
    for name, one in found.items():
        if not one.rates:
            report[name] = "not one answer"
            continue
        report[name] = {
            "per_second": round(statistics.median(one.rates), 1),
            "spread": [round(min(one.rates), 1), round(max(one.rates), 1)],
            "p50_ms": round(statistics.median(one.medians) * 1000, 2),
            "processor_ms": round(statistics.median(one.processor) * 1000, 2),
            "kB": round(statistics.median(one.sizes) / 1000, 1),
        }
        if one.refused:
            report[name]["refused"] = one.refused
        if name != ours and mine.rates:
            ratios = [a / b for a, b in zip(mine.rates, one.rates, strict=False)]
            report[name]["ours / it"] = round(statistics.median(ratios), 2)
            cost = statistics.median(mine.processor) / statistics.median(one.processor)
            report[name]["our processor / its"] = round(cost, 2)
    return report
