"""The processes of an engine: one that has built everything, and the workers forked from it.

Workers accept connections on a Unix socket and answer one request at a time. A worker that
passes its deadline is ended by the kernel's timer, whatever it is doing, and another is forked
from the process that has built everything: milliseconds, not seconds.
"""

import ctypes
import gc
import os
import resource
import signal
import socket
import sys
import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

import msgspec
import numpy as np
from numpy.typing import NDArray

from simulators.openfisca_france.engine.framing import (
    DONE,
    FAILED,
    LENGTH,
    LONGEST,
    MALFORMED,
    Answer,
    Request,
)

NICE = 5  # pages and tiles go before simulations
PR_SET_PDEATHSIG = 1  # linux/prctl.h
PAUSES = (0.05, 0.2, 1.0, 5.0)  # seconds before a worker is forked again, when it dies young
YOUNG_SECONDS = 10.0

type Numbers = NDArray[np.float64]

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Request.__value__).decode


@dataclass(frozen=True)
class Program:
    """What computes one kind of rows: cells per row, and (date, rows) -> answers."""

    width: int
    compute: Callable[[int, Numbers], Numbers]


@dataclass(frozen=True)
class Orders:
    """What the web process asks on the command line."""

    socket: str
    workers: int
    memory_bytes: int  # address space of a worker
    deadline_seconds: float
    parent: int  # pid: we end with it

    @classmethod
    def read(cls, words: list[str]) -> "Orders":
        path, workers, memory, deadline, parent = words
        return cls(path, int(workers), int(memory), float(deadline), int(parent))


def end_with(parent: int) -> None:
    """Ask the kernel to end this process when its parent does. Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        raise SystemExit(1)


def serve(programs: Mapping[int, Program], orders: Orders) -> None:
    """Listen, fork the workers, and fork again what ends, until SIGTERM. Never returns."""
    gc.collect()
    gc.freeze()  # a collection in a worker would copy every shared page
    listener = socket.socket(socket.AF_UNIX)
    before = os.umask(0o177)  # nobody but this user
    listener.bind(orders.socket)
    os.umask(before)
    listener.listen(orders.workers * 2)
    children: dict[int, float] = {}

    def stop(_signum: int, _frame: object) -> None:
        for pid in children:
            os.kill(pid, signal.SIGKILL)
        Path(orders.socket).unlink(missing_ok=True)
        os._exit(0)

    signal.signal(signal.SIGTERM, stop)
    for _ in range(orders.workers):
        _fork(programs, orders, listener, children)
    deaths = 0
    while True:
        pid, _ = os.wait()
        lived = time.monotonic() - children.pop(pid)
        deaths = deaths + 1 if lived < YOUNG_SECONDS else 0
        time.sleep(PAUSES[min(deaths, len(PAUSES) - 1)])
        _fork(programs, orders, listener, children)


def _fork(
    programs: Mapping[int, Program],
    orders: Orders,
    listener: socket.socket,
    children: dict[int, float],
) -> None:
    """Add a worker. SIGTERM waits until it is in the list."""
    parent = os.getpid()
    signal.pthread_sigmask(signal.SIG_BLOCK, [signal.SIGTERM])
    pid = os.fork()
    if pid:
        children[pid] = time.monotonic()
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
        return
    try:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)
        signal.signal(signal.SIGALRM, signal.SIG_DFL)  # ends the process, even inside NumPy
        signal.pthread_sigmask(signal.SIG_UNBLOCK, [signal.SIGTERM])
        end_with(parent)
        resource.setrlimit(resource.RLIMIT_AS, (orders.memory_bytes, orders.memory_bytes))
        resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
        _accept(programs, listener, orders.deadline_seconds)
    finally:
        os._exit(1)


def _accept(programs: Mapping[int, Program], listener: socket.socket, deadline: float) -> None:
    """Serve one connection after the other."""
    while True:
        connection, _ = listener.accept()
        with connection:
            while (frame := _read(connection)) is not None:
                signal.setitimer(signal.ITIMER_REAL, deadline)
                answer = _encode(_answer(programs, frame))
                signal.setitimer(signal.ITIMER_REAL, 0)
                connection.sendall(LENGTH.pack(len(answer)) + answer)


def _read(connection: socket.socket) -> bytes | None:
    """One frame, or None when the other side has gone or is not one of ours."""
    head = _exactly(connection, LENGTH.size)
    if head is None or (length := LENGTH.unpack(head)[0]) > LONGEST:
        return None
    return _exactly(connection, length)


def _exactly(connection: socket.socket, length: int) -> bytes | None:
    parts = []
    while length:
        part = connection.recv(min(length, 1 << 20))
        if not part:
            return None
        parts.append(part)
        length -= len(part)
    return b"".join(parts)


def _answer(programs: Mapping[int, Program], frame: bytes) -> Answer:
    """Compute one request. A case that a program fails on is the caller's to isolate."""
    try:
        number, program, date, count, cells = _decode(frame)
    except msgspec.DecodeError:
        return (0, MALFORMED, 0, b"")
    try:
        asked = programs[program]
        rows = np.frombuffer(cells, dtype=np.float64).reshape(count, asked.width)
        with np.errstate(all="ignore"):  # what is not finite is seen by the caller
            found = asked.compute(date, rows)
    except Exception as error:
        print(f"engine: {type(error).__name__}", file=sys.stderr, flush=True)  # never the inputs
        return (number, FAILED, 0, b"")
    return (number, DONE, count, np.ascontiguousarray(found).tobytes())
