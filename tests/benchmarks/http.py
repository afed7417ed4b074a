"""Server time of the answers that people wait for, and the memory of a web process.

Run against a Guichet without a rate budget (GUICHET_WEB__RATE_PER_SECOND=0):
`python tests/benchmarks/http.py http://localhost:8080 [PID]`.
Rounds alternate between the questions, so that a slow moment of the machine touches all of
them; `/healthz` is asked in the same rounds as the cost of the server itself. The goals are
those of issue 2: commune page and summary under 20 ms, nearby under 10 ms at p95, 250 MB.
"""

import argparse
import json
import random
import statistics
import time
from pathlib import Path

import httpx

ROUNDS = 150
GOALS_MS = {"commune page": 20, "summary": 20, "nearby": 10, "search": 10, "status bytes": 20}
MEMORY_MB = 250


def percentile(values: list[float], share: float) -> float:
    return sorted(values)[min(len(values) - 1, int(len(values) * share))]


def questions(client: httpx.Client, seed: int) -> dict[str, list[str]]:
    """For each kind of question, as many different URLs as there are rounds."""
    chance = random.Random(seed)
    codes = list(client.get("/api/v1/status/official-site.json").json()["states"])
    services = [one["id"] for one in client.get("/api/v1/services").json()["services"]]
    body = client.get("/api/v1/territories/FR", params={"children": "departement"}).json()
    areas = [one["code"] for one in body["children"]] + ["FR"]

    def drawn() -> str:
        return chance.choice(codes)

    return {
        "healthz": ["/healthz"] * ROUNDS,
        "commune page": [f"/fr/commune/{drawn()}" for _ in range(ROUNDS)],
        "summary": [
            f"/api/v1/territories/{chance.choice(areas)}/summary?service={chance.choice(services)}"
            for _ in range(ROUNDS)
        ],
        "nearby": [
            f"/api/v1/nearby?lat={chance.uniform(43.5, 49.5):.4f}&lon={chance.uniform(-1, 6.5):.4f}"
            for _ in range(ROUNDS)
        ],
        "search": [
            f"/api/v1/search?q={text}"
            for text in chance.choices(
                ["saint-etien", "69003", "lyonn", "evreux", "le mans", "75056", "x"], k=ROUNDS
            )
        ],
        "status bytes": [f"/api/v1/status/{chance.choice(services)}.bin" for _ in range(ROUNDS)],
    }


def measure(base: str) -> dict[str, list[float]]:
    """Milliseconds from asking to the last byte over one kept connection, by question."""
    with httpx.Client(base_url=base, timeout=30) as client:
        asked = questions(client, seed=2)
        warm = questions(client, seed=3)
        for urls in warm.values():
            for url in urls[:20]:
                client.get(url)
        for url in set(asked["summary"]) | set(asked["status bytes"]):
            client.get(url)  # "warm" of the issue: the arrays have been asked once
        times: dict[str, list[float]] = {name: [] for name in asked}
        for turn in range(ROUNDS):
            for name, urls in asked.items():
                started = time.perf_counter()
                answer = client.get(urls[turn])
                times[name].append((time.perf_counter() - started) * 1000)
                if answer.status_code != 200:
                    raise SystemExit(f"{urls[turn]} answered {answer.status_code}")
        return times


def memory_mb(pid: int) -> float:
    for line in Path(f"/proc/{pid}/status").read_text().splitlines():
        if line.startswith("VmRSS:"):
            return int(line.split()[1]) / 1024
    raise SystemExit(f"no process {pid}")


def main() -> None:
    reader = argparse.ArgumentParser(description=__doc__.splitlines()[0])
    reader.add_argument("base")
    reader.add_argument("pid", type=int, nargs="?", help="of a web process, for its memory")
    asked = reader.parse_args()
    report: dict[str, object] = {}
    for name, times in measure(asked.base.rstrip("/")).items():
        goal = GOALS_MS.get(name)
        p95 = percentile(times, 0.95)
        report[name] = {
            "p50_ms": round(statistics.median(times), 2),
            "p95_ms": round(p95, 2),
            **({"goal_ms": goal, "reached": p95 <= goal} if goal else {}),
        }
    if asked.pid:
        found = memory_mb(asked.pid)
        report["memory"] = {"mb": round(found), "goal_mb": MEMORY_MB, "reached": found < MEMORY_MB}
    print(json.dumps(report, indent=2))


if __name__ == "__main__":
    main()
