"""Starting, waiting for and stopping the servers that are compared, and what they cost."""

import os
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from random import Random
from urllib.error import HTTPError
from urllib.parse import quote

import psycopg
from psycopg.conninfo import conninfo_to_dict

FOLDER = Path(os.environ.get("TMPDIR", "/tmp")) / "guichet-peers"  # installed once, thrown away

type Draw = Callable[[Random], str]


class Absent(Exception):
    """Why a peer cannot be compared here. It is told, and the peer is never imitated."""


@dataclass(frozen=True)
class Server:
    """A running server. `asks` draws a path of it for each kind of work that it can do."""

    name: str
    port: int
    pid: int
    asks: Mapping[str, Draw]


@contextmanager
def started(
    command: Sequence[object],
    path: str,
    port: int,
    environment: Mapping[str, str] | None = None,
    folder: Path | None = None,
) -> Iterator[int]:
    """A process that answers at `path`, stopped by its id. Raises Absent when it does not start."""
    process = subprocess.Popen(
        [str(part) for part in command],
        env={**os.environ, **(environment or {})},
        cwd=folder,
        stdout=subprocess.DEVNULL,
    )
    try:
        for _ in range(600):
            if process.poll() is not None:
                raise Absent(f"it ended with {process.returncode} instead of starting")
            try:
                with urllib.request.urlopen(f"http://127.0.0.1:{port}{path}", timeout=60):
                    break
            except HTTPError as refused:
                raise Absent(f"{path} answered {refused.code}") from None
            except OSError:
                time.sleep(0.1)
        else:
            raise Absent(f"{path} did not answer")
        yield process.pid
    finally:
        process.terminate()
        try:
            process.wait(30)
        except subprocess.TimeoutExpired:
            process.kill()
            process.wait(30)


def environment(name: str, pins: Sequence[str]) -> Path:
    """The bin folder of a throw-away environment that holds `pins`. Raises Absent."""
    home = FOLDER / name
    done = home / "pins"
    if not done.exists() or done.read_text() != "\n".join(pins):
        subprocess.run([sys.executable, "-m", "venv", home], check=True)
        run([home / "bin" / "pip", "-q", "install", *pins])
        done.write_text("\n".join(pins))
    return home / "bin"


def run(command: Sequence[object], **environment: str) -> None:
    """An installation. Raises Absent with the last that it said."""
    said = subprocess.run(
        [str(part) for part in command], env={**os.environ, **environment}, capture_output=True,
        text=True, check=False,
    )  # fmt: skip
    if said.returncode:
        words = [line for line in said.stderr.splitlines() if line.strip()]
        raise Absent(" ".join(words[-1].split())[:200] if words else f"exit {said.returncode}")


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def postmaster(conn: psycopg.Connection) -> int:
    """The process of PostgreSQL, on this machine."""
    row = conn.execute("show data_directory").fetchone()
    assert row is not None
    return int((Path(row[0]) / "postmaster.pid").read_text().splitlines()[0])


def processor_seconds(root: int) -> float:
    """What a process and all its descendants have used, with those that ended."""
    parents: dict[int, list[int]] = {}
    used: dict[int, int] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdecimal():
            try:
                fields = (folder / "stat").read_text().rpartition(")")[2].split()
            except OSError:  # it ended meanwhile
                continue
            parents.setdefault(int(fields[1]), []).append(int(folder.name))
            used[int(folder.name)] = sum(int(field) for field in fields[11:15])
    total, waiting = 0, [root]
    while waiting:
        one = waiting.pop()
        total += used.get(one, 0)
        waiting += parents.get(one, [])
    return total / os.sysconf("SC_CLK_TCK")


def url(address: str) -> str:
    """A conninfo as an address that every client understands, the folder of a socket included."""
    told = conninfo_to_dict(address)
    who = quote(str(told.get("user", "")), safe="")
    if told.get("password"):
        who += ":" + quote(str(told["password"]), safe="")
    host = quote(str(told["host"]), safe="")
    return f"postgresql://{who}@{host}:{told.get('port') or 5432}/{told['dbname']}"
