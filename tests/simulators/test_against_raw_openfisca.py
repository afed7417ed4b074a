"""10,000 random households and salaries: our contract says what OpenFisca says by itself."""

import asyncio
import json
import random
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from simulators.contract.results import Outcome
from simulators.contract.simulator import Simulator
from simulators.openfisca_france import hiring_cost, income_tax
from simulators.registry import Simulators

pytestmark = pytest.mark.asyncio(loop_scope="session")
RAW = Path(__file__).with_name("raw_openfisca.py")
YEARS, MONTHS = (2019, 2024, 2025), ("2024-06", "2025-11", "2026-03", "2026-10")
EACH = 1667  # households a year; with 1,250 salaries a month, 10,001 in all


def household(random_: random.Random, year: int) -> dict[str, Any]:
    situation = random_.choice(["single", "couple", "widowed"])
    couple = situation == "couple"
    alone = situation == "single"

    def amount(chance: float, most: float) -> int:
        return (
            round(random_.lognormvariate(10, 0.8)) % round(most) if random_.random() < chance else 0
        )

    children, shared = random_.choice([0, 0, 1, 2, 3, 4]), random_.choice([0, 0, 0, 1, 2])
    return {
        "income_year": year, "situation": situation,
        "salary_1": amount(0.8, 400_000), "salary_2": amount(0.7, 200_000) if couple else 0,
        "pension_1": amount(0.3, 80_000), "pension_2": amount(0.3, 80_000) if couple else 0,
        "work_expenses_1": amount(0.1, 8000), "work_expenses_2": amount(0.1, 8000) if couple else 0,
        "property_income": amount(0.2, 30_000), "alimony_paid": amount(0.1, 6000),
        "donations": amount(0.2, 2000), "aid_donations": amount(0.2, 1500),
        "home_services": amount(0.2, 9000), "children": children, "children_shared": shared,
        "lone_parent": alone and children + shared > 0 and random_.random() < 0.5,
        "disabled_1": random_.random() < 0.05,
        "birth_year_1": random_.randint(1930, 1995), "birth_year_2": random_.randint(1930, 1995),
    }  # fmt: skip


def employee(random_: random.Random) -> dict[str, Any]:
    return {
        "gross_salary": round(1500 + random_.lognormvariate(7.5, 0.8), 2),
        "executive": random_.random() < 0.3,
        "workforce": random_.choice([1, 5, 10, 11, 19, 20, 49, 50, 249, 250, 5000]),
        "accident_rate": round(random_.uniform(0, 0.08), 4),
        "health_insurance": random_.choice([0, 40, 85.5]),
        "alsace_moselle": random_.random() < 0.1,
    }


async def ours(simulator: Simulator, rows: list[dict[str, Any]], day: date | None) -> list[Outcome]:
    found: list[Outcome] = []
    for start in range(0, len(rows), 500):
        calls = [simulator.read(row, day) for row in rows[start : start + 500]]
        outcomes = await simulator.model(None).compute(calls)
        found += [one for one in outcomes if isinstance(one, Outcome)]
    return found


async def test_ten_thousand_random_cases_have_the_same_numbers(
    engines: Simulators, engine_python: str
) -> None:
    random_ = random.Random(20261124)
    households = {year: [household(random_, year) for _ in range(EACH)] for year in YEARS}
    employees = {month: [employee(random_) for _ in range(1250)] for month in MONTHS}
    process = await asyncio.create_subprocess_exec(
        engine_python, "-I", "-W", "ignore", str(RAW),
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    asked = {
        "income_tax": [{"year": year, "households": rows} for year, rows in households.items()],
        "hiring_cost": [{"month": month, "employees": rows} for month, rows in employees.items()],
    }
    said, _ = await process.communicate(json.dumps(asked).encode())
    raw = json.loads(said)

    different = 0
    for (year, rows), theirs in zip(households.items(), raw["income_tax"], strict=True):
        outcomes = await ours(engines.by_id["income-tax"], rows, None)
        for row, outcome, tax in zip(rows, outcomes, theirs, strict=True):
            # They add twelve float32 months up; the sum may fall on the other side of a rounding.
            assert abs(outcome.value - tax) <= 1.5, (year, row, outcome.value, tax)
            different += abs(outcome.value - tax) > 0.005
    assert different <= 0.005 * EACH * len(YEARS), different

    for (month, rows), theirs in zip(employees.items(), raw["hiring_cost"], strict=True):
        day = date.fromisoformat(month + "-15")
        outcomes = await ours(engines.by_id["hiring-cost"], rows, day)
        for row, outcome, said in zip(rows, outcomes, theirs, strict=True):
            # What we correct is corrected in their figures by the same published function.
            right = hiring_cost.corrected(day, said)
            assert outcome.value == round(right["salaire_super_brut"], 2), (month, row)
            figures = {one.id: one.value for one in outcome.figures}
            assert figures["net_before_tax"] == round(right["salaire_net"], 2), (month, row)

    # The years and days that we announce are those whose figures the model really holds.
    scales = {int(text[:4]) for text in raw["scale_dates"]}
    assert set(income_tax.YEARS) <= scales
    assert max(scales) == income_tax.LATEST
    assert date.fromisoformat(raw["reduction_confirmed"]).replace(day=31) == hiring_cost.LAST


async def test_a_breakdown_adds_up_to_its_figure(engines: Simulators) -> None:
    random_ = random.Random(7)
    rows = [household(random_, random_.choice(YEARS)) for _ in range(300)]
    for row, outcome in zip(rows, await ours(engines.by_id["income-tax"], rows, None), strict=True):
        lines = sum(line.amount for line in outcome.breakdown if line.group == "tax")
        assert abs(lines - outcome.value) < 0.05, row
        lines = sum(line.amount for line in outcome.breakdown if line.group == "income")
        figures = {one.id: one.value for one in outcome.figures}
        assert abs(lines - (figures["taxable_income"] or 0)) < 0.05, row
    people = [employee(random_) for _ in range(300)]
    for row, outcome in zip(
        people, await ours(engines.by_id["hiring-cost"], people, None), strict=True
    ):
        cost = sum(line.amount for line in outcome.breakdown if line.group == "employer")
        net = sum(line.amount for line in outcome.breakdown if line.group == "employee")
        figures = {one.id: one.value for one in outcome.figures}
        assert abs(cost - outcome.value) < 0.15, row
        assert abs(net - (figures["net_before_tax"] or 0)) < 0.15, row
