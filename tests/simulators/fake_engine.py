"""An engine whose programs misbehave when they are told to; everything else of it is real.

A row is one number. It comes back doubled, but 666 raises, 667 kills its worker, 668 never
ends, 669 takes more memory than it may, 670 is not a number. Program 2 answers as many rows as
were computed together.
"""

import os
import signal
import sys

import numpy as np

from simulators.openfisca_france.engine.serving import Numbers, Orders, Program, end_with, serve


def doubled(_date: int, rows: Numbers) -> Numbers:
    told = set(rows[:, 0].tolist())
    if 666 in told:
        raise ValueError("poison")
    if 667 in told:
        os.kill(os.getpid(), signal.SIGKILL)
    while 668 in told:
        pass
    if 669 in told:
        np.ones(1 << 30)
    found = rows * 2
    found[rows == 670] = np.nan
    return found


def together(_date: int, rows: Numbers) -> Numbers:
    return np.full_like(rows, len(rows))


if __name__ == "__main__":
    orders = Orders.read(sys.argv[1:])
    end_with(orders.parent)
    serve({1: Program(1, doubled), 2: Program(1, together)}, orders)
