"""Several web processes: orders reach them all, crashes are mended, none outlives the parent."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROGRAM = """
import os, signal, sys, time
from api.cli.processes import supervise
def work():
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    os.write(1, f"{os.getpid()}\\n".encode())  # one write: the other child prints too
    time.sleep(60)
sys.exit(0 if supervise(2, work) else 1)
"""


@pytest.fixture
def parent() -> Iterator[subprocess.Popen[str]]:
    process = subprocess.Popen(
        [sys.executable, "-c", PROGRAM], cwd=ROOT, stdout=subprocess.PIPE, text=True
    )
    yield process
    process.kill()
    process.wait()


def child(parent: subprocess.Popen[str]) -> int:
    assert parent.stdout is not None
    return int(parent.stdout.readline())


def gone(pid: int, seconds: float = 10) -> bool:
    end = time.monotonic() + seconds
    while time.monotonic() < end:
        try:
            if Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] == "Z":
                return True
        except OSError:
            return True
        time.sleep(0.02)
    return False


@pytest.mark.parametrize("order", [signal.SIGTERM, signal.SIGINT])
def test_an_order_ends_everyone(parent: subprocess.Popen[str], order: signal.Signals) -> None:
    children = [child(parent), child(parent)]
    parent.send_signal(order)
    assert parent.wait(10) == 0
    assert all(gone(pid) for pid in children)


def test_a_crashed_one_is_started_again(parent: subprocess.Popen[str]) -> None:
    first = child(parent)
    child(parent)
    os.kill(first, signal.SIGKILL)
    assert child(parent) != first
    assert parent.poll() is None


def test_nobody_outlives_a_killed_parent(parent: subprocess.Popen[str]) -> None:
    children = [child(parent), child(parent)]
    parent.kill()
    parent.wait()
    assert all(gone(pid) for pid in children)
