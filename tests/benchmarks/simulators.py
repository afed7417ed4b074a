"""Our simulators against OpenFisca's own web API, over the same households.

Run against a Guichet without a rate budget (GUICHET_WEB__RATE_PER_SECOND=0):
`python -P tests/benchmarks/simulators.py http://localhost:8080 PID`.

`openfisca serve` (2 gunicorn workers) is started beside it from the engines' environment. Rounds
alternate, so that a slow moment of the machine touches both; each household is asked once, so
that no cache can help. The goals are those of issue 5.
"""

import argparse
import asyncio
import json
import random
import socket
import statistics
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlsplit

ROOT = Path(__file__).resolve().parents[2]
ENGINE = ROOT / ".engines" / "openfisca-france-176.1.8" / "bin"
CLIENTS, ROUNDS, SECONDS = 64, 3, 6.0
BATCH_ROWS = 100_000
GOAL_RATIO, GOAL_P95_MS, GOAL_BATCH_SECONDS, GOAL_MEMORY_MB = 40, 500, 20, 1500

type Household = dict[str, float | str]


def households(seed: int) -> Iterator[Household]:
    chance = random.Random(seed)
    while True:
        yield {
            "situation": "couple",
            "salary_1": round(chance.uniform(8000, 90000), 2),
            "salary_2": round(chance.uniform(8000, 90000), 2),
            "children": chance.randrange(4),
        }


def for_us(household: Household) -> bytes:
    return json.dumps(household).encode()


def for_openfisca(household: Household) -> bytes:
    """The same household as OpenFisca's API wants it."""
    year, months = "2025", [f"2025-{month:02d}" for month in range(1, 13)]
    adults = {
        f"adult{rank}": {
            "date_naissance": {"ETERNITY": "1985-01-01"},
            "statut_marital": dict.fromkeys(months, "marie"),
            "salaire_imposable": {year: household[f"salary_{rank}"]},
        }
        for rank in (1, 2)
    }
    names = list(adults)
    tax_home = {
        "declarants": names, "nbF": {year: household["children"]},
        "impot_revenu_restant_a_payer": {year: None},
    }  # fmt: skip
    return json.dumps(
        {
            "individus": adults,
            "foyers_fiscaux": {"one": tax_home},
            "familles": {"one": {"parents": names}},
            "menages": {"one": {"personne_de_reference": [names[0]], "conjoint": [names[1]]}},
        }
    ).encode()


class Client:
    """One kept HTTP connection, as light as can be: the client must not be what is measured."""

    def __init__(self, base: str, path: str) -> None:
        parts = urlsplit(base)
        self.host, self.port, self.path = parts.hostname or "", parts.port or 80, path

    async def open(self) -> None:
        self.reader, self.writer = await asyncio.open_connection(self.host, self.port)

    async def post(self, body: bytes, media_type: str = "application/json") -> bytes:
        """The body of a 200; anything else ends the benchmark."""
        self.writer.write(
            f"POST {self.path} HTTP/1.1\r\nHost: {self.host}\r\nContent-Type: {media_type}\r\n"
            f"Content-Length: {len(body)}\r\n\r\n".encode()
            + body
        )
        head = (await self.reader.readuntil(b"\r\n\r\n")).decode("latin-1")
        lines = head.split("\r\n")
        fields = dict(line.lower().split(": ", 1) for line in lines[1:] if line)
        if "chunked" in fields.get("transfer-encoding", ""):
            parts = []
            while size := int(await self.reader.readline(), 16):
                parts.append(await self.reader.readexactly(size))
                await self.reader.readexactly(2)
            await self.reader.readexactly(2)
            answer = b"".join(parts)
        else:
            answer = await self.reader.readexactly(int(fields["content-length"]))
        if " 200 " not in lines[0]:
            raise SystemExit(f"{self.path}: {lines[0]} {answer[:300]!r}")
        if fields.get("connection") == "close":
            await self.open()
        return answer


async def load(
    base: str, path: str, clients: int, bodies: Iterator[bytes], seconds: float
) -> tuple[float, list[float]]:
    """Answers per second of `clients` that ask without pause, and each one's milliseconds."""
    end = time.perf_counter() + seconds
    times: list[float] = []

    async def one() -> None:
        client = Client(base, path)
        await client.open()
        while (began := time.perf_counter()) < end:
            await client.post(next(bodies))
            times.append((time.perf_counter() - began) * 1000)

    began = time.perf_counter()
    await asyncio.gather(*[one() for _ in range(clients)])
    return len(times) / (time.perf_counter() - began), times


@contextmanager
def openfisca() -> Iterator[str]:
    """OpenFisca's own web API on a free port, warmed."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    command = [str(ENGINE / "python"), "-W", "ignore", str(ENGINE / "openfisca"), "serve",
               "--country-package", "openfisca_france", "--port", str(port), "--workers", "2",
               "--timeout", "120"]  # fmt: skip
    process = subprocess.Popen(command, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        base = f"http://127.0.0.1:{port}"
        for _ in range(600):
            if process.poll() is not None:
                raise SystemExit("OpenFisca's web API does not start.")
            try:
                bodies = (for_openfisca(one) for one in households(0))
                asyncio.run(load(base, "/calculate", 4, bodies, 4.0))
                break
            except OSError:
                time.sleep(0.1)
        yield base
    finally:
        process.terminate()
        process.wait(20)


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def memory_mb(pid: int) -> float:
    """Proportional memory of a process and of all it has made: shared pages count once."""
    found, waiting = 0.0, [pid]
    while waiting:
        one = waiting.pop()
        try:
            rollup = Path(f"/proc/{one}/smaps_rollup").read_text()
            waiting += [int(word) for task in Path(f"/proc/{one}/task").iterdir()
                        for word in (task / "children").read_text().split()]  # fmt: skip
        except OSError:
            continue
        found += int(rollup.split("Pss:", 1)[1].split()[0]) / 1024
    return found


async def batch(base: str) -> float:
    rows = (next_one for next_one in households(9))
    body = b"\n".join(for_us(next(rows)) for _ in range(BATCH_ROWS))
    client = Client(base, "/api/v1/simulators/income-tax/batch")
    await client.open()
    began = time.perf_counter()
    answer = await client.post(body, "application/x-ndjson")
    seconds = time.perf_counter() - began
    lines = answer.splitlines()
    if len(lines) != BATCH_ROWS or b'"errors":[' in answer:
        raise SystemExit("The batch is not whole.")
    return seconds


def main(base: str, pid: int) -> int:
    path = "/api/v1/simulators/income-tax"
    sides: dict[str, tuple[str, Callable[[Household], bytes]]] = {
        "us": (path, for_us), "OpenFisca": ("/calculate", for_openfisca),
    }  # fmt: skip
    with openfisca() as theirs:
        bases = {"us": base, "OpenFisca": theirs}
        rates: dict[str, list[float]] = {name: [] for name in sides}
        waits: dict[str, list[float]] = {name: [] for name in sides}
        alone: dict[str, list[float]] = {name: [] for name in sides}
        for turn in range(ROUNDS):
            for name, (door, written) in sides.items():
                bodies = (written(one) for one in households(turn + 1))
                rate, times = asyncio.run(load(bases[name], door, CLIENTS, bodies, SECONDS))
                rates[name].append(rate)
                waits[name] += times
                rate, times = asyncio.run(load(bases[name], door, 1, bodies, SECONDS / 2))
                alone[name] += times
    for name in sides:
        print(
            f"{name:10} {CLIENTS} clients: {statistics.median(rates[name]):7.1f} answers/s, "
            f"p50 {percentile(waits[name], 0.5):7.1f} ms, p95 {percentile(waits[name], 0.95):7.1f} ms; "
            f"1 client: p50 {percentile(alone[name], 0.5):6.1f} ms"
        )
    ratio = statistics.median(rates["us"]) / statistics.median(rates["OpenFisca"])
    p95 = percentile(waits["us"], 0.95)
    one = percentile(alone["us"], 0.5) / percentile(alone["OpenFisca"], 0.5)
    seconds = asyncio.run(batch(base))
    used = memory_mb(pid)
    goals = {
        f"{ratio:.0f} times OpenFisca's answers/s (goal {GOAL_RATIO})": ratio >= GOAL_RATIO,
        f"p95 {p95:.0f} ms with {CLIENTS} clients (goal {GOAL_P95_MS})": p95 < GOAL_P95_MS,
        f"one client waits {one:.2f} times as long (goal 1)": one <= 1,
        f"{BATCH_ROWS} rows in {seconds:.1f} s (goal {GOAL_BATCH_SECONDS})":
            seconds < GOAL_BATCH_SECONDS,
        f"{used:.0f} MB after that batch (goal {GOAL_MEMORY_MB})": used < GOAL_MEMORY_MB,
    }  # fmt: skip
    for text, met in goals.items():
        print(f"{'met   ' if met else 'MISSED'} {text}")
    return 0 if all(goals.values()) else 1


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("base")
    parser.add_argument("pid", type=int)
    arguments = parser.parse_args()
    sys.exit(main(arguments.base, arguments.pid))
