"""Calls become rows of arrays, rows become outcomes; each is computed now and a quarter later."""

from collections.abc import Sequence

import numpy as np

from simulators.contract.faults import Fault, Faulty
from simulators.contract.fields import number_of
from simulators.contract.results import Outcome
from simulators.contract.simulator import Call
from simulators.retirement.careers import Careers
from simulators.retirement.inputs import day_of, departure_of, salaries_of, unsupported
from simulators.retirement.months import month_of
from simulators.retirement.pensions import Pensions, pensions
from simulators.retirement.tables import FIRST_YEAR, YEARS, tables
from simulators.retirement.told import outcome, refusal

VERSION = "guichet-retirement-2026.1"
QUARTER = 3  # months

_COLUMNS = (
    "later_salary", "average_salary", "quarters", "contributed_quarters", "increase_quarters",
    "assimilated_quarters", "child_quarters", "children", "dependent_children", "points",
    "agirc_points", "points_since_2012", "points_1999_2011", "quarters_after_full_rate",
)  # fmt: skip


def careers_of(calls: Sequence[Call]) -> Careers:
    """The arrays of these calls."""
    salaries = np.zeros((len(calls), len(YEARS)))
    births, days, departures, later, known, through = [], [], [], [], [], []
    for row, call in enumerate(calls):
        values = call.values
        given = salaries_of(values)
        for year, amount in given.items():
            salaries[row, year - FIRST_YEAR] = amount
        birth, liquidation = day_of(values, "birth_date"), day_of(values, "liquidation_date")
        births.append(month_of(birth))
        days.append(birth.day)
        departures.append(departure_of(values))
        later.append((max(given) + 1) * 12 if given else month_of(liquidation))
        known.append(not given)
        through.append(int(number_of(values, "points_through")))
    columns = {
        name: np.array([number_of(call.values, name) for call in calls], dtype=np.float64)
        for name in _COLUMNS
    }
    return Careers(
        birth=np.array(births, dtype=np.int64),
        birth_day=np.array(days, dtype=np.int64),
        departure=np.array(departures, dtype=np.int64),
        salaries=salaries,
        later_from=np.array(later, dtype=np.int64),
        known=np.array(known, dtype=np.bool_),
        points_through=np.array(through, dtype=np.int64),
        **columns,
    )


def compute(calls: Sequence[Call]) -> Sequence[Outcome | Faulty]:
    """One outcome per call, in order. Pure: the same calls have the same outcomes."""
    faults: list[Fault | None] = [unsupported(call.values) for call in calls]
    right = [call for call, fault in zip(calls, faults, strict=True) if fault is None]
    outcomes = iter(_outcomes(right) if right else ())
    return [next(outcomes) if fault is None else Faulty([fault]) for fault in faults]


def _outcomes(calls: Sequence[Call]) -> list[Outcome | Faulty]:
    careers, figures = careers_of(calls), tables()
    now = pensions(careers, figures)
    later = pensions(careers.departing(QUARTER), figures)
    found: list[Outcome | Faulty] = []
    for row, call in enumerate(calls):
        if now.refused[row]:
            found.append(refusal(now, row, call))
        else:
            found.append(outcome(now, row, call, _gain(now, later, row, call)))
    return found


def _gain(now: Pensions, later: Pensions, row: int, call: Call) -> float | None:
    """What a quarter more would add to the yearly pension, where its figures are known."""
    values = {**call.values, "delay_months": int(number_of(call.values, "delay_months")) + QUARTER}
    if later.refused[row] or unsupported(values) is not None:
        return None
    return float(later.total[row] - now.total[row])
