"""The same pensions computed one by one, without arrays, from the files of figures alone.

What the core does for a hundred thousand rows at once is done here as a person would with a
statement, a calendar and the tables: random careers must give the same cents.
"""

import math
import random
import tomllib
from datetime import date
from typing import Any

from simulators.contract.faults import Faulty
from simulators.contract.results import Outcome
from simulators.retirement.declaration import declare
from simulators.retirement.model import compute
from simulators.retirement.tables import FOLDER

CAREERS = 400
FILES = {path.stem: tomllib.loads(path.read_text()) for path in FOLDER.glob("*.toml")}


def euros(rows: list[dict[str, Any]], year: int) -> float:
    row = next(row for row in rows if row["year"] == year)
    found: float = row["amount"] / (6.55957 if row.get("unit") == "F" else 1)
    return found


def in_force(rows: list[dict[str, Any]], day: date) -> dict[str, Any]:
    """The last row that began, or none when it has ended."""
    row = max((row for row in rows if row["from"] <= day), key=lambda row: row["from"])
    assert row.get("until", day) >= day
    return row


def birthday(born: date, months: int) -> date:
    year, month = divmod(born.year * 12 + born.month - 1 + months, 12)
    return date(year, month + 1, min(born.day, 28))


def pension(asked: dict[str, Any]) -> float | None:
    """The yearly pension; None when the departure is too early."""
    born, leaves = (date.fromisoformat(asked[key]) for key in ("birth_date", "liquidation_date"))
    calendar = in_force(FILES["generations"]["calendars"], leaves)
    line = max(
        (row for row in calendar["generations"] if row["born"] <= born), key=lambda r: r["born"]
    )
    if leaves < birthday(born, line["age_months"]):
        return None
    salaries = {int(year): amount for year, amount in asked["salaries"].items()}
    worked = {
        year: min(
            math.floor(amount / euros(FILES["quarters"]["salaries"], year)),
            4 if year < leaves.year else (leaves.month - 1) // 3,
        )
        for year, amount in salaries.items()
    }
    contributed = sum(worked.values())
    total = contributed + asked["assimilated_quarters"]
    required = line["quarters"]

    table = in_force(FILES["revaluation"]["tables"], leaves)["coefficients"]
    revalued = sorted(
        min(amount, euros(FILES["ceilings"]["ceilings"], year)) * table[year - 1969]
        for year, amount in salaries.items()
        if worked[year] and year < leaves.year
    )[-25:]
    average = round(sum(revalued) / len(revalued), 2) if revalued else 0.0

    sixty_seven = birthday(born, 804)
    months = (sixty_seven.year - leaves.year) * 12 + sixty_seven.month - leaves.month
    months += sixty_seven.day > 1
    missing = min(max(required - total, 0), math.ceil(max(months, 0) / 3), 20)
    rate = 0.5 * (1 - 0.0125 * missing)
    duration = total
    if total < required and months < 0:
        after = (-months - (sixty_seven.day == 1)) // 3
        duration = min(math.ceil(total * (1 + 0.025 * max(after, 0)) - 1e-9), required)
    share = min(duration / required, 1)
    ceiling = euros(FILES["ceilings"]["ceilings"], leaves.year)
    before = round(min(average * rate * share, ceiling / 2), 2)

    reached = birthday(born, line["age_months"])
    first = (reached.year, (reached.month - 1) // 3 + 1)  # the quarter that follows, from 0
    later = sum(
        min(count, 4 if year > first[0] else 4 - first[1] if year == first[0] else 0)
        for year, count in worked.items()
    )
    increase = round(before * 0.0125 * min(later, max(total - required, 0)), 2)

    points = asked["points"]
    for year, amount in salaries.items():
        if year > asked["points_through"]:
            price = euros(FILES["agirc_arrco"]["points"]["prices"], year)
            most = euros(FILES["ceilings"]["ceilings"], year)
            points += round(0.062 * min(amount, most) / price, 2)
            points += round(0.17 * min(max(amount - most, 0), 7 * most) / price, 2)
    full = round(points * in_force(FILES["agirc_arrco"]["values"], leaves)["amount"], 2)
    left = 1 - 0.01 * min(missing, 12) - 0.0125 * max(missing - 12, 0)

    supplement = 0.0
    if missing == 0 and before:
        amounts = in_force(FILES["minimum"]["amounts"], leaves)
        minimum = amounts["plain"] * share
        if contributed >= 120:
            minimum += (amounts["raised"] - amounts["plain"]) * min(contributed / required, 1)
        monthly = in_force(FILES["minimum"]["ceiling"]["monthly"], leaves)["amount"]
        room = 12 * monthly - before - increase - full
        supplement = round(max(min(max(minimum - before, 0), room), 0), 2)
    base = before + increase + supplement
    base += round(base * 0.1, 2) if asked["children"] >= 3 else 0
    return round(base + round(full * left, 2), 2)


def career(chance: random.Random) -> dict[str, Any]:
    born = date(chance.randint(1956, 1963), chance.randint(1, 12), chance.choice([1, 2, 15, 28]))
    leaves = birthday(born, chance.randint(61 * 12, 69 * 12)).replace(day=1)
    leaves = min(max(leaves, date(2017, 10, 1)), date(2026, 10, 1))
    if (leaves.year, leaves.month) in ((2024, 11), (2024, 12)):  # no confirmed minimum
        leaves = date(2025, 1, 1)
    first = born.year + chance.randint(16, 30)
    level = chance.choice([2_000, 9_000, 30_000, 90_000])
    return {
        "birth_date": born.isoformat(),
        "liquidation_date": leaves.isoformat(),
        "salaries": {
            str(year): round(chance.uniform(0.2, 1.5) * level, 2)
            for year in range(first, leaves.year + (leaves.month > 1))
            if chance.random() < 0.93
        },
        "assimilated_quarters": chance.choice([0, 4, 30, 60]),
        "points": chance.choice([0, 1_500, 9_000]),
        "points_through": chance.choice([2018, 2021, 2026]),
        "children": 0 if chance.random() < 0.8 else 2,
    }


def test_random_careers_are_the_same_by_hand() -> None:
    chance, simulator = random.Random(20261125), declare(())
    asked = [career(chance) for _ in range(CAREERS)]
    found = compute([simulator.read(one) for one in asked])
    answered = 0
    for one, ours in zip(asked, found, strict=True):
        expected = pension(one)
        if expected is None:
            assert isinstance(ours, Faulty), one
            assert ours.faults[0].code == "out-of-scope"
            continue
        assert isinstance(ours, Outcome), one
        answered += 1
        # A half cent may round either way when sums are made in another order.
        assert abs(ours.value - expected) <= 0.021, (one, ours.value, expected)
    assert answered > CAREERS * 0.7
