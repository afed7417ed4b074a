"""The retirement core: careers a second, and what its doors make of it in one process.

`python -P tests/benchmarks/retirement.py`. No server and no network: arrays of random careers, then
the same through the contract (reading JSON, computing now and a quarter later, telling). The goal
of issue 5 is that of the core.
"""

import statistics
import sys
import time

import numpy as np

from simulators.contract.results import Outcome
from simulators.retirement.careers import Careers
from simulators.retirement.declaration import declare
from simulators.retirement.model import compute
from simulators.retirement.pensions import NO, pensions
from simulators.retirement.tables import YEARS, tables

CAREERS, ROUNDS, ASKED = 100_000, 5, 5_000
GOAL_CAREERS = 100_000  # a second


def careers(count: int) -> Careers:
    """Random careers of 40 years or so, of people born from 1955 to 1963."""
    chance = np.random.default_rng(20261001)
    birth = chance.integers(1955 * 12, 1964 * 12, count)
    departure = np.minimum(
        birth + chance.integers(62 * 12, 67 * 12, count), tables().last_departure
    )
    worked = ((birth // 12 + 20)[:, None] <= YEARS) & ((departure // 12)[:, None] > YEARS)
    none = np.zeros(count)
    return Careers(
        birth=birth, birth_day=chance.integers(1, 29, count), departure=departure,
        salaries=np.where(worked, chance.uniform(5_000, 80_000, worked.shape), 0.0),
        later_from=departure // 12 * 12, later_salary=none + 30_000,
        known=np.zeros(count, dtype=np.bool_), average_salary=none, quarters=none,
        contributed_quarters=none, increase_quarters=none, assimilated_quarters=none + 4,
        child_quarters=none, children=chance.integers(0, 5, count).astype(np.float64),
        dependent_children=none, points=none + 3_000, agirc_points=none,
        points_through=np.full(count, 2018), points_since_2012=none + 1_000,
        points_1999_2011=none + 1_500, quarters_after_full_rate=none,
    )  # fmt: skip


def core() -> float:
    asked, rates = careers(CAREERS), []
    for _ in range(ROUNDS):
        began = time.perf_counter()
        found = pensions(asked, tables())
        rates.append(CAREERS / (time.perf_counter() - began))
    answered = float((found.refused == NO).mean())
    print(f"core: {statistics.median(rates):,.0f} careers/s ({answered:.0%} are answered)")
    return statistics.median(rates)


def contract() -> None:
    simulator = declare(())
    members = {
        "birth_date": "1961-03-02", "liquidation_date": "2026-01-01", "points": 3100,
        "salaries": {str(year): 18_000 + 400 * (year - 1983) for year in range(1983, 2026)},
        "points_through": 2018, "later_salary": 36_000,
    }  # fmt: skip
    began = time.perf_counter()
    calls = [simulator.read(members) for _ in range(ASKED)]
    read = time.perf_counter() - began
    began = time.perf_counter()
    outcomes = compute(calls)
    told = time.perf_counter() - began
    if not all(isinstance(one, Outcome) for one in outcomes):
        raise SystemExit("The careers are not answered.")
    print(f"contract: {ASKED / read:,.0f} read/s, {ASKED / told:,.0f} computed and told/s")


def main() -> int:
    rate = core()
    contract()
    met = rate >= GOAL_CAREERS
    print(f"{'met   ' if met else 'MISSED'} {rate:,.0f} careers/s (goal {GOAL_CAREERS:,})")
    return 0 if met else 1


if __name__ == "__main__":
    sys.exit(main())
