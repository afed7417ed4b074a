"""The engine's own program, run by the Python of its own environment.

python main.py SOCKET WORKERS MEMORY_BYTES DEADLINE_SECONDS PARENT
"""

import os
import sys

import numpy as np
from openfisca_france import FranceTaxBenefitSystem  # type: ignore[import-not-found]

from simulators.openfisca_france.engine.columns import HIRING_COST, INCOME_TAX, WIDTHS
from simulators.openfisca_france.engine.serving import (
    NICE,
    Numbers,
    Orders,
    Program,
    end_with,
    serve,
)
from simulators.openfisca_france.engine.simulations import PROGRAMS, Compute

# Worked once before the forks, so that no visitor waits for parameters to be read. Others are
# read the first time they are asked for (under a second).
WARM = ((INCOME_TAX, 2025), (INCOME_TAX, 2024), (HIRING_COST, 202610), (HIRING_COST, 202510))


def main(words: list[str]) -> None:
    """Build the law once, warm the usual years, then serve."""
    orders = Orders.read(words)
    end_with(orders.parent)
    os.nice(NICE)
    system = FranceTaxBenefitSystem()

    def bound(compute: Compute, width: int) -> Program:
        def run(date: int, rows: Numbers) -> Numbers:
            return compute(system, date, rows)

        return Program(width, run)

    programs = {number: bound(compute, WIDTHS[number][0]) for number, compute in PROGRAMS.items()}
    for number, date in WARM:
        with np.errstate(all="ignore"):
            programs[number].compute(date, np.zeros((1, programs[number].width)))
    serve(programs, orders)


if __name__ == "__main__":
    main(sys.argv[1:])
