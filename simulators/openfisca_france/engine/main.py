"""The engine's own program: build the law once, then fork one worker per core.

    python main.py SOCKET WORKERS MEMORY_BYTES DEADLINE_SECONDS PARENT

Workers accept connections on the Unix socket and answer one request at a time. A worker that
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
from pathlib import Path

import msgspec
import numpy as np
from openfisca_france import FranceTaxBenefitSystem  # type: ignore[import-not-found]

from simulators.openfisca_france.engine.columns import HIRING_COST, INCOME_TAX, WIDTHS
from simulators.openfisca_france.engine.framing import (
    DONE,
    FAILED,
    LENGTH,
    LONGEST,
    MALFORMED,
    Answer,
    Request,
)
from simulators.openfisca_france.engine.simulations import PROGRAMS

# Worked once before the forks, so that no visitor waits for parameters to be read. Others are
# read the first time they are asked for (under a second).
WARM = ((INCOME_TAX, 2025), (INCOME_TAX, 2024), (HIRING_COST, 202610), (HIRING_COST, 202510))
PR_SET_PDEATHSIG = 1  # linux/prctl.h
PAUSES = (0.05, 0.2, 1.0, 5.0)  # seconds before a worker is forked again, when it dies young
YOUNG_SECONDS = 10.0

_encode = msgspec.msgpack.Encoder().encode
_decode = msgspec.msgpack.Decoder(Request.__value__).decode


def main(path: str, workers: int, memory: int, deadline: float, parent: int) -> None:
    """Build, listen, fork, and fork again what ends, until SIGTERM or the parent's end."""
    _end_with(parent)
    system = FranceTaxBenefitSystem()
    for program, date in WARM:
        with np.errstate(all="ignore"):
            PROGRAMS[program](system, date, np.zeros((1, WIDTHS[program][0])))
    gc.collect()
    gc.freeze()  # a collection in a worker would copy every shared page
    listener = socket.socket(socket.AF_UNIX)
    before = os.umask(0o177)  # nobody but this user
    listener.bind(path)
    os.umask(before)
    listener.listen(workers * 2)
    me = os.getpid()

    def fork() -> int:
        pid = os.fork()
        if pid:
            return pid
        code = 1
        try:
            _end_with(me)
            resource.setrlimit(resource.RLIMIT_AS, (memory, memory))
            resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
            _accept(system, listener, deadline)
            code = 0
        finally:
            os._exit(code)

    children = {fork(): time.monotonic() for _ in range(workers)}
    signal.signal(signal.SIGTERM, lambda *_: _stop(list(children), path))
    deaths = 0
    while True:
        pid, _ = os.wait()
        born = children.pop(pid)
        deaths = deaths + 1 if time.monotonic() - born < YOUNG_SECONDS else 0
        time.sleep(PAUSES[min(deaths, len(PAUSES) - 1)])
        children[fork()] = time.monotonic()


def _stop(children: list[int], path: str) -> None:
    for pid in children:
        os.kill(pid, signal.SIGKILL)
    Path(path).unlink(missing_ok=True)
    os._exit(0)


def _end_with(parent: int) -> None:
    """Ask the kernel to end this process when its parent does. Linux only."""
    if sys.platform == "linux":
        ctypes.CDLL(None, use_errno=True).prctl(PR_SET_PDEATHSIG, signal.SIGTERM, 0, 0, 0)
    if os.getppid() != parent:
        raise SystemExit(1)


def _accept(system: object, listener: socket.socket, deadline: float) -> None:
    """Serve one connection after the other."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)
    signal.signal(signal.SIGALRM, signal.SIG_DFL)  # ends the process, even inside NumPy
    while True:
        connection, _ = listener.accept()
        with connection:
            while (frame := _read(connection)) is not None:
                signal.setitimer(signal.ITIMER_REAL, deadline)
                answer = _encode(_answer(system, frame))
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


def _answer(system: object, frame: bytes) -> Answer:
    """Compute one request. A case that OpenFisca fails on is the caller's to isolate."""
    try:
        number, program, date, count, cells = _decode(frame)
    except msgspec.DecodeError:
        return (0, MALFORMED, 0, b"")
    try:
        rows = np.frombuffer(cells, dtype=np.float64).reshape(count, WIDTHS[program][0])
        with np.errstate(all="ignore"):  # what is not finite is seen by the caller
            found = PROGRAMS[program](system, date, rows)
    except Exception as error:
        print(f"engine: {type(error).__name__}", file=sys.stderr, flush=True)  # never the inputs
        return (number, FAILED, 0, b"")
    return (number, DONE, count, np.ascontiguousarray(found).tobytes())


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]), float(sys.argv[4]), int(sys.argv[5]))
