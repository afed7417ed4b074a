"""Every real case of the brief, asked through the contract; the page of the method shows these.

The results are committed as simulators/validation.json. When they change, this test writes what
it found in a temporary file and fails: read the difference, then replace it.
"""

import json
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

from simulators.openfisca_france.model import CURRENT
from simulators.registry import Simulators
from simulators.retirement.model import VERSION

PUBLISHED = Path(__file__).resolve().parents[2] / "simulators" / "validation.json"

pytestmark = pytest.mark.asyncio(loop_scope="session")


async def outcomes(engines: Simulators, oracle_cases: ModuleType) -> list[dict[str, Any]]:
    rows = []
    for case in oracle_cases.cases():
        row = {name: case[name] for name in ("id", "year", "stage", "tier", "source", "tolerance")}
        asked = oracle_cases.translate(case)
        if isinstance(asked, str):
            rows.append(row | {"state": "refused", "differences": {}, "reason": asked})
            continue
        found = await oracle_cases.found(engines.by_id[asked.simulator], asked)
        differences = {
            name: round(found[name] - value, 2) for name, value in asked.expected.items()
        }
        agrees = all(abs(found[name] - value) <= case["tolerance"] + 1e-9
                     for name, value in asked.expected.items())  # fmt: skip
        reason = asked.note if agrees else oracle_cases.known_difference(case, asked)
        state = "agrees" if agrees else "differs"
        rows.append(row | {"state": state, "differences": differences, "reason": reason})
    return rows


async def test_every_case_agrees_or_its_reason_is_published(
    engines: Simulators, oracle_cases: ModuleType, tmp_path: Path
) -> None:
    rows = await outcomes(engines, oracle_cases)
    unexplained = [row for row in rows if row["state"] != "agrees" and not row["reason"]]
    assert unexplained == []
    # Nothing that is official differs, but for a source that rounds the value of the point; what
    # we refuse is refused by name.
    assert [
        row["id"] for row in rows if row["state"] == "differs" and row["tier"] == "official"
    ] == ["pension-001"]
    models = {"income_tax": CURRENT, "hiring_cost": CURRENT, "pension": VERSION}
    written = {"model": CURRENT, "models": models, "cases": rows}
    found = json.dumps(written, ensure_ascii=False, indent=1) + "\n"
    fresh = tmp_path / "validation.json"
    fresh.write_text(found, encoding="utf-8")
    published = PUBLISHED.read_text(encoding="utf-8") if PUBLISHED.exists() else ""
    assert found == published, f"read {fresh}, then copy it to {PUBLISHED}"
