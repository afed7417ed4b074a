"""`guichet demo` supervises: it serves fast when everything is there, stops all that it started,
and a killed one is taken up by the next."""

import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from catalog.database import migrate
from catalog.database.cluster import Cluster
from config.settings import Settings, load

pytestmark = pytest.mark.alone
ROOT = Path(__file__).resolve().parents[2]
SECOND_START_SECONDS = 15  # the promise of issue 2


@pytest.fixture(scope="module")
def home(
    load_small_france: Callable[[Settings], None], free_port: Callable[[], int]
) -> Iterator[Settings]:
    """A var/ with a private cluster, a small harvest and a publication, all stopped."""
    from tiles import publication

    folder = Path(tempfile.mkdtemp(prefix="guichet-demo-"))
    folder.chmod(0o711)
    settings = load({"GUICHET_VAR": str(folder), "PORT": str(free_port())})
    cluster = Cluster(settings)
    try:
        cluster.start()
        migrate.upgrade(settings)
        load_small_france(settings)
        publication.publish(settings, lambda *_: None)
        cluster.stop()
        yield settings
    finally:
        cluster.stop()
        shutil.rmtree(folder, ignore_errors=True)


class Demo:
    """A running `guichet demo`, and what it said so far."""

    def __init__(self, settings: Settings) -> None:
        kept = {k: v for k, v in os.environ.items() if not k.startswith("GUICHET_")}
        self.settings = settings
        self.log = settings.paths.var / "demo.log"
        self.began = time.monotonic()
        with self.log.open("wb") as output:
            self.process = subprocess.Popen(
                [sys.executable, "-m", "api.cli.main", "demo"],
                cwd=ROOT,
                env={
                    **kept,
                    "GUICHET_VAR": str(settings.paths.var),
                    "PORT": str(settings.web.port),
                },
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=subprocess.STDOUT,
                start_new_session=True,
            )

    @property
    def said(self) -> str:
        return self.log.read_text(errors="replace")

    def wait_until_served(self) -> float:
        """Seconds from the start to the first page."""
        while "Guichet is served on" not in self.said:
            assert self.process.poll() is None, self.said
            assert time.monotonic() < self.began + 90, self.said
            time.sleep(0.05)
        url = f"http://127.0.0.1:{self.settings.web.port}/readyz"
        with urllib.request.urlopen(url, timeout=10) as answer:
            assert answer.status == 200
        return time.monotonic() - self.began

    def children(self) -> set[int]:
        found = set()
        for stat in Path("/proc").glob("[0-9]*/stat"):
            try:
                fields = stat.read_text().rsplit(")", 1)[1].split()
            except OSError:
                continue
            if int(fields[1]) == self.process.pid and fields[0] != "Z":
                found.add(int(stat.parent.name))
        return found

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.send_signal(signal.SIGINT)
            try:
                self.process.wait(60)
            except subprocess.TimeoutExpired:
                self.process.kill()
                self.process.wait()


@pytest.fixture
def start(home: Settings) -> Iterator[Callable[[], Demo]]:
    started: list[Demo] = []

    def start() -> Demo:
        started.append(Demo(home))
        return started[-1]

    yield start
    for demo in started:
        demo.end()


def alive(pid: int) -> bool:
    try:
        state = Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0]
    except OSError:
        return False
    return state != "Z"


def ends(pids: set[int], seconds: float = 20) -> bool:
    end = time.monotonic() + seconds
    while any(alive(pid) for pid in pids) and time.monotonic() < end:
        time.sleep(0.05)
    return not any(alive(pid) for pid in pids)


def test_a_second_demo_serves_at_once_and_ctrl_c_stops_everything(
    home: Settings, start: Callable[[], Demo]
) -> None:
    demo = start()
    assert demo.wait_until_served() < SECOND_START_SECONDS, demo.said
    assert Cluster(home).status().state == "running"
    children = demo.children()
    assert len(children) == 2, "the web site and a worker"
    demo.process.send_signal(signal.SIGINT)
    assert demo.process.wait(60) == 0, demo.said
    assert ends(children)
    assert Cluster(home).status().state == "stopped"
    assert "Traceback" not in demo.said


def test_sigterm_stops_everything_too(home: Settings, start: Callable[[], Demo]) -> None:
    demo = start()
    demo.wait_until_served()
    children = demo.children()
    demo.process.terminate()
    assert demo.process.wait(60) == 0, demo.said
    assert ends(children)
    assert Cluster(home).status().state == "stopped"


def test_a_killed_demo_is_taken_up_by_the_next(home: Settings, start: Callable[[], Demo]) -> None:
    first = start()
    first.wait_until_served()
    children = first.children()
    first.process.kill()
    first.process.wait()
    assert ends(children), "the web site and the worker end with their parent"
    second = start()
    assert second.wait_until_served() < SECOND_START_SECONDS, second.said
    second.process.send_signal(signal.SIGINT)
    assert second.process.wait(60) == 0, second.said
    assert Cluster(home).status().state == "stopped", "the first one's cluster is ours to stop"


def test_everything_killed_at_once_is_taken_up_too(
    home: Settings, start: Callable[[], Demo]
) -> None:
    """A power cut, as far as processes can tell."""
    first = start()
    first.wait_until_served()
    postmaster = Cluster(home).status().pid
    assert postmaster is not None
    children = first.children()
    for pid in (first.process.pid, postmaster, *children):
        os.kill(pid, signal.SIGKILL)
    first.process.wait()
    assert ends(children)
    second = start()
    assert second.wait_until_served() < SECOND_START_SECONDS, second.said


def test_a_cluster_that_somebody_started_is_left_running(
    home: Settings, start: Callable[[], Demo]
) -> None:
    cluster = Cluster(home)
    cluster.start()
    try:
        demo = start()
        demo.wait_until_served()
        demo.process.send_signal(signal.SIGINT)
        assert demo.process.wait(60) == 0
        assert cluster.status().state == "running"
    finally:
        cluster.stop()


def test_two_demos_of_one_folder_are_refused(home: Settings, start: Callable[[], Demo]) -> None:
    demo = start()
    demo.wait_until_served()
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GUICHET_")}
    other = subprocess.run(
        [sys.executable, "-m", "api.cli.main", "demo", "--port", str(home.web.port + 1)],
        cwd=ROOT,
        env={**kept, "GUICHET_VAR": str(home.paths.var)},
        capture_output=True,
        text=True,
        check=False,
        timeout=30,
    )
    assert other.returncode == 1
    assert "A demo already runs" in other.stderr
    assert demo.process.poll() is None
