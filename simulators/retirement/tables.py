"""The dated figures of the law, read once from parameters/*.toml into arrays by year or month.

A figure that was not confirmed has no line there: its place in the arrays is NaN, and whatever
would need it is refused by `pensions`. Beyond the last year arrays carry the last figure on, which
serves only simulations that ask for it (`constant_law`).
"""

import tomllib
from dataclasses import dataclass
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np

from simulators.contract.texts import Law
from simulators.retirement.months import Real, Whole, month_of

FOLDER = Path(__file__).parent / "parameters"
FRANCS = 6.55957  # for one euro
FIRST_YEAR, LAST_YEAR = 1969, 2060  # the columns of arrays by year
YEARS = np.arange(FIRST_YEAR, LAST_YEAR + 1)


@dataclass(frozen=True)
class Calendar:
    """Legal ages and quarters of the full rate, by key of birth, from a month of departure."""

    births: Whole
    age_months: Whole
    quarters: Whole
    law: Law


@dataclass(frozen=True)
class Steps:
    """A figure by month of departure: `values[i]` from `months[i]` on."""

    months: Whole
    values: Real
    laws: tuple[Law, ...]

    def index(self, month: Whole) -> Whole:
        found: Whole = np.searchsorted(self.months, month, side="right").astype(np.int64) - 1
        return np.maximum(found, 0)

    def at(self, month: Whole) -> Real:
        found: Real = self.values[self.index(month)]
        return found

    def law_at(self, month: int) -> Law:
        return self.laws[max(int(self.months.searchsorted(month, side="right")) - 1, 0)]


@dataclass(frozen=True)
class Tables:
    """All the figures. Amounts are euros a year unless their name says otherwise."""

    first_departure: int
    last_departure: int
    last_known_year: int
    first_birth: date
    full_rate_age: int
    calendar_months: Whole
    calendars: tuple[Calendar, ...]
    ceilings: Real
    quarter_salaries: Real
    most_quarters_a_year: int
    revaluation_months: Whole
    revaluation: Real  # a row for each table, a column for each year
    revaluation_laws: tuple[Law, ...]
    full_rate: float
    reduction: float
    most_missing: int
    increase: float
    late_duration: float
    best_years: int
    most_of_ceiling: float
    base_children: int
    base_children_rate: float
    minimum_quarters: int
    minimum_plain: Steps
    minimum_raised: Steps
    minimum_ceiling: Steps
    point: Steps
    agirc_point: Steps
    agirc_conversion: float
    first_points_year: int
    point_prices: Real
    slices: tuple[tuple[float, float, float], ...]  # from, to (in ceilings), rate
    call_rate: float
    anticipation: tuple[int, float, float]
    temporary_from: int
    temporary_until: int
    temporary_first_birth: date
    temporary_quarters: Whole
    temporary_coefficients: Real
    points_children: int
    rate_since_2012: float
    rate_1999_2011: float
    rate_each_dependent: float
    limit_from: int
    limit: float
    surely_below: float
    laws: dict[str, Law]


def _read(name: str) -> dict[str, Any]:
    return tomllib.loads((FOLDER / f"{name}.toml").read_text(encoding="utf-8"))


def _law(found: dict[str, Any], above: dict[str, Any] | None = None) -> Law:
    higher = above or {}
    return Law(found.get("text", higher.get("text", "")), found.get("url", higher.get("url", "")))


def _by_year(rows: list[dict[str, Any]], missing: float) -> Real:
    """Amounts in euros for each of YEARS; the last is carried on."""
    found = np.full(len(YEARS), missing)
    for row in rows:
        euros = row["amount"] / (FRANCS if row.get("unit") == "F" else 1.0)
        found[row["year"] - FIRST_YEAR] = euros
    last = rows[-1]["year"] - FIRST_YEAR
    found[last:] = found[last]
    return found


def _periods(rows: list[dict[str, Any]], name: str, above: dict[str, Any]) -> Steps:
    """Steps from rows with `from` and `until`: NaN between two periods that do not touch."""
    months: list[int] = []
    values: list[float] = []
    laws: list[Law] = []
    for row, after in zip(rows, [*rows[1:], None], strict=True):
        months.append(month_of(row["from"]))
        values.append(row[name])
        laws.append(_law(row, above))
        end = month_of(row["until"]) + 1
        if after is not None and month_of(after["from"]) > end:
            months.append(end)
            values.append(float("nan"))
            laws.append(_law(row, above))
    return Steps(np.array(months), np.array(values), tuple(laws))


def _revaluation() -> tuple[Whole, Real, tuple[Law, ...]]:
    found = _read("revaluation")
    start = found["first_year"] - FIRST_YEAR
    coefficients = np.ones((len(found["tables"]), len(YEARS)))
    for row, table in enumerate(found["tables"]):
        known = table["coefficients"]
        coefficients[row, start : start + len(known)] = known
    months = np.array([month_of(table["from"]) for table in found["tables"]])
    return months, coefficients, tuple(_law(table) for table in found["tables"])


def _calendar(found: dict[str, Any]) -> Calendar:
    rows = found["generations"]
    births = [month_of(row["born"]) * 32 + row["born"].day for row in rows]
    return Calendar(
        np.array(births),
        np.array([row["age_months"] for row in rows]),
        np.array([row["quarters"] for row in rows]),
        _law(found),
    )


@cache
def tables() -> Tables:
    """The figures; reading them takes milliseconds, once."""
    base, minimum, points = _read("base"), _read("minimum"), _read("agirc_arrco")
    generations, quarters = _read("generations"), _read("quarters")
    months, coefficients, revaluation_laws = _revaluation()
    values = points["values"]
    point_months = np.array([month_of(row["from"]) for row in values])
    point_laws = tuple(_law(row) for row in values)
    edges = [row["from_ceilings"] for row in points["points"]["rates"]]
    rates = [row["rate"] for row in points["points"]["rates"]]
    temporary, children = points["temporary"], points["children"]
    calendars = generations["calendars"]
    ceiling = minimum["ceiling"]
    return Tables(
        first_departure=month_of(calendars[0]["from"]),
        last_departure=month_of(points["last_departure"]),
        last_known_year=points["last_departure"].year,
        first_birth=generations["first_birth"],
        full_rate_age=generations["full_rate_age_months"],
        calendar_months=np.array([month_of(row["from"]) for row in calendars]),
        calendars=tuple(_calendar(row) for row in calendars),
        ceilings=_by_year(_read("ceilings")["ceilings"], float("nan")),
        quarter_salaries=_by_year(quarters["salaries"], float("inf")),
        most_quarters_a_year=quarters["most_a_year"],
        revaluation_months=months,
        revaluation=coefficients,
        revaluation_laws=revaluation_laws,
        full_rate=base["full_rate"]["value"],
        reduction=base["reduction_each_quarter"]["value"],
        most_missing=base["most_missing_quarters"]["value"],
        increase=base["increase_each_quarter"]["value"],
        late_duration=base["late_duration"]["value"],
        best_years=base["best_years"]["value"],
        most_of_ceiling=base["most_of_ceiling"]["value"],
        base_children=base["children_bonus"]["from_children"],
        base_children_rate=base["children_bonus"]["value"],
        minimum_quarters=minimum["contributed_quarters"],
        minimum_plain=_periods(minimum["amounts"], "plain", minimum),
        minimum_raised=_periods(minimum["amounts"], "raised", minimum),
        minimum_ceiling=_periods(ceiling["monthly"], "amount", ceiling),
        point=Steps(point_months, np.array([row["amount"] for row in values]), point_laws),
        agirc_point=Steps(
            point_months, np.array([row.get("agirc", float("nan")) for row in values]), point_laws
        ),
        agirc_conversion=points["agirc_conversion"]["value"],
        first_points_year=points["points"]["first_year"],
        point_prices=_by_year(points["points"]["prices"], float("inf")),
        slices=tuple(zip(edges, [*edges[1:], float("inf")], rates, strict=True)),
        call_rate=points["points"]["call_rate"],
        anticipation=(
            points["anticipation"]["first_quarters"],
            points["anticipation"]["first_rate"],
            points["anticipation"]["then_rate"],
        ),
        temporary_from=month_of(temporary["from"]),
        temporary_until=month_of(temporary["until"]),
        temporary_first_birth=temporary["first_birth"],
        temporary_quarters=np.array([row["quarters"] for row in temporary["coefficients"]]),
        temporary_coefficients=np.array([row["coefficient"] for row in temporary["coefficients"]]),
        points_children=children["from_children"],
        rate_since_2012=children["rate_since_2012"],
        rate_1999_2011=children["rate_1999_2011"],
        rate_each_dependent=children["rate_each_dependent"],
        limit_from=month_of(children["limit_from"]),
        limit=children["limit"],
        surely_below=children["surely_below"],
        laws={
            **{name: _law(base[name]) for name in base},
            **{name: _law(points[name]) for name in points if isinstance(points[name], dict)},
            "minimum": _law(minimum),
            "minimum_ceiling": _law(ceiling),
            "quarters": Law(
                "Code de la sécurité sociale, article R351-9",
                "https://www.legifrance.gouv.fr/eli/decret/2014/3/19/2014-349/jo/texte",
            ),
        },
    )
