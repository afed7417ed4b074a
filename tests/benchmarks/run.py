"""`make bench`: every benchmark of this folder, over the data of the last `make demo`.

    python -P tests/benchmarks/run.py [NAME...]

It starts the private cluster when it is down and the web site without a rate budget, runs each
other script of the folder as `python NAME.py BASE_URL WEB_PID`, with GUICHET_VAR (and
GUICHET_DATABASE_URL when there is one) in the environment, and stops what it started. Each
script says its goals and what it measured; its exit code is 0 when the goals are met.
"""

import contextlib
import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from catalog.database.cluster import Cluster
from config.settings import Settings, load

HERE = Path(__file__).parent
ROOT = HERE.parents[1]


def main(names: list[str]) -> int:
    settings = load()
    scripts = [path for path in sorted(HERE.glob("*.py")) if path.name != Path(__file__).name]
    if names:
        scripts = [path for path in scripts if path.stem in names]
    failed = []
    with database(settings), site(settings) as (base, pid):
        for script in scripts:
            print(f"\n=== {script.stem}", flush=True)
            # -P: the folder of the script is not searched for modules (one is called http).
            command = [sys.executable, "-P", str(script), base, str(pid)]
            if subprocess.run(command, cwd=ROOT, check=False).returncode:
                failed.append(script.stem)
    print(f"\n{len(scripts) - len(failed)} passed, {len(failed)} failed")
    return 1 if failed else 0


@contextlib.contextmanager
def database(settings: Settings) -> Iterator[None]:
    if settings.database.url or Cluster(settings).status().state == "running":
        yield
        return
    cluster = Cluster(settings)
    cluster.start()
    try:
        yield
    finally:
        cluster.stop()


@contextlib.contextmanager
def site(settings: Settings) -> Iterator[tuple[str, int]]:
    """The web site as people run it, on a free port; its address and process id."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    process = subprocess.Popen(
        [sys.executable, "-m", "api.cli.main", "--log-level", "warning", "serve"],
        cwd=ROOT,
        env={
            **os.environ,
            "PORT": str(port),
            "GUICHET_WEB__RATE_PER_SECOND": "0",
            # contributions.py speaks for a thousand networks.
            "GUICHET_WEB__TRUSTED_PROXIES": "127.0.0.1",
            "GUICHET_CROWD__SENT_PER_SECOND": "0",
        },
    )
    base = f"http://127.0.0.1:{port}"
    try:
        for _ in range(300):
            if process.poll() is not None:
                raise SystemExit("The web site ended; its reason is above.")
            with contextlib.suppress(OSError), urllib.request.urlopen(f"{base}/readyz", timeout=5):
                break
            time.sleep(0.1)
        else:
            raise SystemExit("The web site is not ready: run `make demo` once before.")
        yield base, process.pid
    finally:
        process.terminate()
        process.wait(30)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
