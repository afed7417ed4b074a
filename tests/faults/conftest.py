"""Talking to a server as badly as one can: raw sockets, no client library that corrects us."""

import socket
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from urllib.parse import urlsplit

import httpx
import pytest


@dataclass(frozen=True)
class Raw:
    """What came back on a socket: the status (0 when the server just closed) and the bytes."""

    status: int
    data: bytes
    seconds: float


@contextmanager
def _alone(tmp_path, **environment) -> Iterator[str]:
    """The real server in a process of its own, whose database never answers."""
    import os

    log = (tmp_path / "log").open("w")
    process = subprocess.Popen(
        [sys.executable, "-m", "api.cli.main", "serve"],
        stdout=subprocess.PIPE,
        stderr=log,
        text=True,
        env={
            **os.environ,
            "GUICHET_VAR": str(tmp_path),
            "GUICHET_DATABASE_URL": "postgresql://nobody@127.0.0.1:1/none",
            "GUICHET_WEB__PORT": "0",
            "PORT": "",
            "GUICHET_WEB__STOP_TIMEOUT_SECONDS": "1",
            **environment,
        },
    )
    try:
        line = process.stdout.readline()
        assert line.startswith("Listening on "), (tmp_path / "log").read_text()
        url = line.removeprefix("Listening on ").strip()
        deadline = time.monotonic() + 20
        while time.monotonic() < deadline:
            try:
                httpx.get(f"{url}/healthz", timeout=2)
                break
            except httpx.TransportError:
                time.sleep(0.1)
        yield url
    finally:
        process.terminate()
        process.wait(20)
        log.close()


@pytest.fixture(scope="module")
def alone(tmp_path_factory):
    """Starts servers without a database: `with alone(SETTING="...") as url`."""
    folder = tmp_path_factory.mktemp("alone")
    return lambda **environment: _alone(folder, **environment)


@pytest.fixture(scope="session")
def raw():
    """Send bytes to a URL's host and read what comes back until the server closes."""

    def send(url: str, data: bytes, timeout: float = 15) -> Raw:
        parts = urlsplit(url)
        started = time.monotonic()
        received = b""
        with socket.create_connection((parts.hostname, parts.port), timeout=timeout) as sock:
            try:
                sock.sendall(data)
                while chunk := sock.recv(65536):
                    received += chunk
            except (ConnectionResetError, BrokenPipeError):
                pass
        first = received.split(b"\r\n", 1)[0].split(b" ")
        status = int(first[1]) if len(first) > 1 else 0
        return Raw(status, received, time.monotonic() - started)

    return send
