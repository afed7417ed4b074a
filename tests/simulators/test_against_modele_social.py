"""500 salaries against mon-entreprise's model, pinned to the version that is right for the period
(it is single-period: 11.1.0 answers 2025 wrongly)."""

import asyncio
import json
import random
import shutil
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from simulators.contract.results import Outcome
from simulators.registry import Simulators

pytestmark = pytest.mark.asyncio(loop_scope="session")
THEIRS = Path(__file__).with_name("modele_social")
OF_2025 = "salarié . cotisations . exonérations . réduction générale"
OF_2026 = "salarié . cotisations . exonérations . RGDU"
# Both round each contribution to the cent, at other places.
CENTS = 0.30
DECREE = date(2026, 6, 1)  # from here they take the minimum wage of the month, against the decree


def employees(random_: random.Random, count: int) -> list[dict[str, Any]]:
    """Above the minimum wage, which they require; accident rates that the reduction ignores."""
    return [
        {
            "gross_salary": round(random_.uniform(1900, 9000), 2),
            "executive": random_.random() < 0.3,
            "workforce": random_.choice([2, 5, 9, 10, 15, 20, 30, 49, 50, 120, 249]),
            "accident_rate": round(random_.uniform(0.006, 0.05), 4),
        }
        for _ in range(count)
    ]


async def theirs(package: str, reduction: str, month: str, rows: list[dict[str, Any]]) -> Any:
    process = await asyncio.create_subprocess_exec(
        "node", "salaries.mjs", cwd=THEIRS,
        stdin=asyncio.subprocess.PIPE, stdout=asyncio.subprocess.PIPE,
    )  # fmt: skip
    asked = {"package": package, "reduction": reduction, "month": month, "employees": rows}
    said, _ = await process.communicate(json.dumps(asked).encode())
    assert process.returncode == 0
    return json.loads(said)


@pytest.mark.parametrize(
    ("package", "reduction", "day", "count"),
    [
        ("modele-social-2025", OF_2025, date(2025, 9, 1), 250),
        ("modele-social-2026", OF_2026, date(2026, 3, 1), 125),
        ("modele-social-2026", OF_2026, date(2026, 7, 1), 125),
    ],
)
async def test_salaries_agree_but_for_the_decree(
    engines: Simulators, package: str, reduction: str, day: date, count: int
) -> None:
    if shutil.which("node") is None or not (THEIRS / "node_modules").is_dir():
        pytest.fail("modele-social is not installed: run setup/install.sh test")
    rows = employees(random.Random(day.toordinal()), count)
    found = await theirs(package, reduction, day.strftime("%Y-%m"), rows)
    simulator = engines.by_id["hiring-cost"]
    calls = [simulator.read(row, day) for row in rows]
    outcomes = await simulator.model(None).compute(calls)
    differences = []
    for row, outcome, (cost, net, reduced) in zip(rows, outcomes, found, strict=True):
        assert isinstance(outcome, Outcome)
        ours = {one.id: one.value or 0 for one in outcome.figures}
        told = (
            ours["employer_cost"] + ours["general_reduction"] - cost - reduced,
            ours["net_before_tax"] - net,
            ours["general_reduction"] - reduced,
        )
        if day >= DECREE:
            # Their reduction is larger where there is one, never smaller.
            told = (*told[:2], max(told[2], 0.0))
        if max(map(abs, told)) > CENTS:
            differences.append((row, [round(one, 2) for one in told]))
    assert differences == []
