"""The memory of everything that `make demo` starts, and how long the first page takes.

    python -P tests/benchmarks/demo_memory.py

A demo of its own in a temporary folder, on a free port, from nothing: cluster, harvest, publication,
web, worker and engines. Twice a second the proportional memory (PSS: a shared page counts once) of
its processes and of its PostgreSQL is added up. Needs the sources' registries. Goals of issue 2:
under 2 GB at any moment, first page within 3 minutes, on 2 cores with nothing else running.
"""

import contextlib
import os
import signal
import socket
import subprocess
import sys
import tempfile
import time
import urllib.request
from pathlib import Path

ROOT = Path(__file__).parents[2]
GOAL_MB, GOAL_SECONDS = 2000, 180
PATIENCE_SECONDS = 500
SETTLING_SECONDS = 20  # after the first page: engines start, the worker asks its queue


def family(roots: set[int]) -> set[int]:
    """These processes and all that descends from them."""
    parents: dict[int, int] = {}
    for folder in Path("/proc").glob("[0-9]*"):
        with contextlib.suppress(OSError):
            parents[int(folder.name)] = int(
                (folder / "stat").read_text().rsplit(")", 1)[1].split()[1]
            )
    found = set(roots)
    while more := {pid for pid, parent in parents.items() if parent in found} - found:
        found |= more
    return found


def proportional_mb(pids: set[int]) -> float:
    total = 0
    for pid in pids:
        with contextlib.suppress(OSError):
            for line in Path(f"/proc/{pid}/smaps_rollup").read_text().splitlines():
                if line.startswith("Pss:"):
                    total += int(line.split()[1])
    return total / 1000


def postmaster(var: Path) -> set[int]:
    with contextlib.suppress(OSError, ValueError, IndexError):
        return {int((var / "cluster" / "data" / "postmaster.pid").read_text().split()[0])}
    return set()


def main() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    with tempfile.TemporaryDirectory(prefix="guichet-bench-") as folder:
        var = Path(folder)
        var.chmod(0o755)  # the cluster may belong to another user
        began = time.monotonic()
        demo = subprocess.Popen(
            [sys.executable, "-m", "api.cli.main", "demo"], cwd=ROOT, stdout=subprocess.DEVNULL,
            env={**os.environ, "GUICHET_VAR": folder, "PORT": str(port), "GUICHET_DATABASE_URL": ""},
        )  # fmt: skip
        first, peak, last = None, 0.0, 0.0
        try:
            while time.monotonic() - began < PATIENCE_SECONDS:
                if demo.poll() is not None:
                    raise SystemExit("The demo ended by itself.")
                last = proportional_mb(family({demo.pid} | postmaster(var)))
                peak = max(peak, last)
                since = time.monotonic() - began
                if first is None:
                    with contextlib.suppress(OSError):
                        urllib.request.urlopen(f"http://127.0.0.1:{port}/fr/carte", timeout=5)
                        first = since
                elif since - first > SETTLING_SECONDS:
                    break
                time.sleep(0.5)
        finally:
            demo.send_signal(signal.SIGINT)
            demo.wait(60)
    if first is None:
        raise SystemExit(f"No page after {PATIENCE_SECONDS} s.")
    print(f"first page after {first:.0f} s (goal {GOAL_SECONDS}), peak {peak:.0f} MB "
          f"(goal {GOAL_MB}), {last:.0f} MB once served")  # fmt: skip
    return 0 if first <= GOAL_SECONDS and peak <= GOAL_MB else 1


if __name__ == "__main__":
    sys.exit(main())
