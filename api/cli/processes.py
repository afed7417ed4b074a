"""Several web processes on the same sockets, under one parent that passes orders on.

The parent forwards SIGTERM and SIGINT, starts a crashed child again, and its children end
with it even when it is killed. It does nothing else, so it can be process 1 of a container.
"""

import logging
import os
import signal
import sys
import time
import traceback
from collections.abc import Callable
from types import FrameType

from api.cli.parent import die_with

log = logging.getLogger("guichet.processes")

ORDERS = (signal.SIGTERM, signal.SIGINT)
MOST_RESTARTS = 100  # a process that dies that often needs a person
PAUSE_SECONDS = 0.5  # before a crashed one is started again


def supervise(count: int, work: Callable[[], None]) -> bool:
    """Run `work` in `count` children until SIGTERM or SIGINT has ended them all.

    False when they kept crashing and were given up.
    """
    parent = os.getpid()
    children: set[int] = set()
    told: list[int] = []

    def pass_on(signum: int, _frame: FrameType | None) -> None:
        told.append(signum)
        for pid in children:
            os.kill(pid, signal.SIGTERM)

    before = {order: signal.signal(order, pass_on) for order in ORDERS}
    try:
        for _ in range(count):
            _fork(parent, work, children)
        restarts = 0
        while children:
            pid, status = os.wait()
            children.discard(pid)
            code = os.waitstatus_to_exitcode(status)
            if told:
                continue
            log.warning("web process %d ended with %d", pid, code)
            restarts += 1
            if restarts > MOST_RESTARTS:
                log.error("web processes ended %d times: giving up", restarts)
                pass_on(signal.SIGTERM, None)
                continue
            time.sleep(PAUSE_SECONDS)
            if not told:
                _fork(parent, work, children)
        return restarts <= MOST_RESTARTS
    finally:
        for order, handler in before.items():
            signal.signal(order, handler)


def _fork(parent: int, work: Callable[[], None], children: set[int]) -> None:
    """Add a child that runs `work` and exits. Orders wait until it is in the list."""
    signal.pthread_sigmask(signal.SIG_BLOCK, ORDERS)
    try:
        pid = os.fork()
        if pid:
            children.add(pid)
            return
        for order in ORDERS:
            signal.signal(order, signal.SIG_DFL)
    finally:
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ORDERS)
    code = 1
    try:
        die_with(parent)
        work()
        code = 0
    except BaseException:  # a child never returns into its parent's code
        traceback.print_exc()
    finally:
        sys.stdout.flush()
        sys.stderr.flush()
        os._exit(code)
