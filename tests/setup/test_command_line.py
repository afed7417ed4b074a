"""`guichet`: exit codes, and failures that are one sentence saying what to do."""

import asyncio
import json
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from pathlib import Path

import psycopg
import pytest

from api.cli.worker import work
from config.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
LISTENING = """
select 1 from pg_stat_activity
where  datname = current_database() and application_name = 'guichet worker'
  and  query ilike 'listen %'
"""


def environment(**changes: str) -> dict[str, str]:
    kept = {k: v for k, v in os.environ.items() if not k.startswith("GUICHET_") and k != "PORT"}
    return {**kept, **changes}


def guichet(*arguments: str, **changes: str) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        [sys.executable, "-m", "api.cli.main", *arguments],
        cwd=ROOT,
        env=environment(**changes),
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )


def on(settings: Settings) -> dict[str, str]:
    return {
        "GUICHET_VAR": str(settings.paths.var),
        "GUICHET_DATABASE_URL": settings.database.url,
    }


def test_help_names_every_command_and_imports_none() -> None:
    probe = (
        "import sys; from api.cli.main import run; code = run(['--help']);"
        "print(sorted(m for m in ('tornado', 'rasterio', 'alembic', 'psycopg') if m in sys.modules))"
    )
    done = subprocess.run(
        [sys.executable, "-c", probe], cwd=ROOT, capture_output=True, text=True, check=True
    )
    for name in ("demo", "serve", "worker", "harvest", "runs", "release", "publish", "migrate",
                 "cluster", "status"):  # fmt: skip
        assert f"\n  {name} " in done.stdout
    assert done.stdout.endswith("[]\n"), "help is slow when it imports the whole house"


@pytest.mark.parametrize(
    "arguments",
    [
        [name, "--help"]
        for name in ("demo", "serve", "worker", "harvest", "runs", "release", "publish", "migrate")
    ]
    + [["cluster", "start", "--help"], ["status", "--help"]],
    ids=" ".join,
)
def test_every_command_has_help(arguments: list[str]) -> None:
    done = guichet(*arguments)
    assert done.returncode == 0, done.stderr
    assert "Usage: guichet" in done.stdout


def test_a_wrong_command_or_setting_is_usage(tmp_path: Path) -> None:
    assert guichet("nothing").returncode == 2
    assert guichet("serve", "--port", "70000").returncode == 2
    wrong = guichet("cluster", "status", GUICHET_WEB__PROT="1", GUICHET_VAR=str(tmp_path))
    assert wrong.returncode == 2
    assert "web.prot" in wrong.stderr
    assert "Traceback" not in wrong.stderr


def test_a_database_that_is_down_is_said_in_one_line(tmp_path: Path) -> None:
    done = guichet("migrate", GUICHET_VAR=str(tmp_path))
    assert done.returncode == 1
    assert "guichet cluster start" in done.stderr
    assert len(done.stderr.strip().splitlines()) == 1
    assert guichet("cluster", "status", GUICHET_VAR=str(tmp_path)).returncode == 1


def test_the_cluster_commands_refuse_when_a_server_is_given(tmp_path: Path) -> None:
    done = guichet("cluster", "start", GUICHET_VAR=str(tmp_path), GUICHET_DATABASE_URL="host=x")
    assert done.returncode == 1
    assert "GUICHET_DATABASE_URL is set" in done.stderr


def test_migrate_and_status(database_settings: Settings) -> None:
    done = guichet("migrate", **on(database_settings))
    assert done.returncode == 0, done.stderr
    assert "nothing to do" in done.stdout
    said = guichet("status", "--json", **on(database_settings))
    assert said.returncode == 0, said.stderr
    found = json.loads(said.stdout)
    assert found["schema"] == found["schema_expected"]
    assert {row["what"]: row["count"] for row in found["counts"]}["Communes"] == 0
    assert guichet("status", **on(database_settings)).returncode == 0


@pytest.mark.parametrize("command", [["serve"], ["demo"]], ids=" ".join)
def test_a_busy_port_is_said_before_anything_else(
    command: list[str], database_settings: Settings
) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        port = str(taken.getsockname()[1])
        done = guichet(*command, PORT=port, **on(database_settings))
    assert done.returncode == 1
    assert f"Port {port} is already used" in done.stderr
    assert "Traceback" not in done.stderr


def until_it_listens(settings: Settings) -> None:
    """Wait until the worker of this database waits for jobs."""
    end = time.monotonic() + 60
    with psycopg.connect(settings.database.url, autocommit=True) as conn:
        while not conn.execute(LISTENING).fetchall():
            assert time.monotonic() < end, "the worker does not start"
            time.sleep(0.05)


def test_ctrl_c_is_not_a_traceback(database_settings: Settings) -> None:
    process = subprocess.Popen(
        [sys.executable, "-m", "api.cli.main", "worker"],
        cwd=ROOT,
        env=environment(**on(database_settings)),
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
    )
    until_it_listens(database_settings)
    assert process.poll() is None
    process.send_signal(signal.SIGINT)
    said, _ = process.communicate(timeout=60)
    assert "Traceback" not in said
    assert process.returncode in (0, 130)


def test_ctrl_c_while_the_queue_is_still_opening_ends_the_worker(
    database_settings: Settings,
) -> None:
    """A pool takes its cancellation for a connection that failed, and tries again for ever."""
    with socket.create_server(("127.0.0.1", 0)) as silent:  # takes calls and answers nothing
        url = f"host=127.0.0.1 port={silent.getsockname()[1]} dbname=none user=none"
        away = database_settings.database.model_copy(update={"url": url})
        settings = database_settings.model_copy(update={"database": away})

        async def interrupted() -> None:
            working = asyncio.create_task(work(settings, concurrency=1, once=False))
            await asyncio.sleep(0.5)
            working.cancel()
            await asyncio.wait([working])

        thread = threading.Thread(target=asyncio.run, args=(interrupted(),), daemon=True)
        thread.start()
        thread.join(30)
        assert not thread.is_alive()


def test_a_child_ends_with_its_killed_parent(database_settings: Settings) -> None:
    """kill -9 of the demo must not leave a worker behind."""
    program = (
        "import os, subprocess, sys, time;"
        "child = subprocess.Popen([sys.executable, '-m', 'api.cli.main', 'worker',"
        " '--parent', str(os.getpid())]);"
        "print(child.pid, flush=True); time.sleep(60)"
    )
    parent = subprocess.Popen(
        [sys.executable, "-c", program],
        cwd=ROOT,
        env=environment(**on(database_settings)),
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
        text=True,
    )
    assert parent.stdout is not None
    child = int(parent.stdout.readline())
    until_it_listens(database_settings)
    os.kill(parent.pid, signal.SIGKILL)
    parent.wait()
    end = time.monotonic() + 20
    while Path(f"/proc/{child}").exists() and time.monotonic() < end:
        if Path(f"/proc/{child}/stat").read_text().split()[2] == "Z":
            break  # ended; nobody reaps it in a container without init
        time.sleep(0.1)
    else:
        assert not Path(f"/proc/{child}").exists()
