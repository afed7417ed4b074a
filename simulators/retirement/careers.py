"""From careers to quarters, the average salary and points: pure functions, one row for each career.

Salaries are a matrix, a column for each of `tables.YEARS`. A person gives either the salaries of
each year, or what the statement of the scheme already says of them (`known`): the average salary
and the quarters. In both cases `later_salary` fills the months from `later_from` to the departure.
"""

from dataclasses import dataclass, fields, replace

import numpy as np

from simulators.retirement.months import Real, Truth, Whole, birth_key, first_possible
from simulators.retirement.tables import FIRST_YEAR, YEARS, Tables


@dataclass(frozen=True, kw_only=True)
class Careers:
    """What is asked, in arrays of the same length; months are those of `months.month_of`."""

    birth: Whole
    birth_day: Whole
    departure: Whole
    salaries: Real  # rows x YEARS
    later_from: Whole
    later_salary: Real
    known: Truth
    average_salary: Real
    quarters: Real
    contributed_quarters: Real
    increase_quarters: Real
    assimilated_quarters: Real
    child_quarters: Real
    children: Real
    dependent_children: Real
    points: Real
    agirc_points: Real
    points_through: Whole
    points_since_2012: Real
    points_1999_2011: Real
    quarters_after_full_rate: Real

    def rows(self, start: int, end: int) -> "Careers":
        """Some of the careers."""
        return Careers(**{one.name: getattr(self, one.name)[start:end] for one in fields(self)})

    def departing(self, months_later: int) -> "Careers":
        """The same careers, departing so many months later."""
        return replace(self, departure=self.departure + months_later)


@dataclass(frozen=True)
class Rights:
    """What a career makes: who may depart, with how many quarters, which salary and points."""

    legal_age: Whole  # months
    required: Whole
    allowed: Truth
    at_full_rate_age: Truth
    first_possible: Whole
    contributed: Real
    total: Real
    duration: Real  # the quarters of the proportion: more than the total for who is late
    missing: Real
    increase_quarters: Real
    average_salary: Real
    years_counted: Real
    computed_points: Real


def generation(
    birth: Whole, birth_day: Whole, departure: Whole, tables: Tables
) -> tuple[Whole, Whole]:
    """The legal age in months and the quarters of the full rate."""
    key = birth_key(birth, birth_day)
    which = np.searchsorted(tables.calendar_months, departure, side="right") - 1
    ages, quarters = np.zeros_like(birth), np.zeros_like(birth)
    for number, calendar in enumerate(tables.calendars):
        here = np.maximum(which, 0) == number
        row = np.maximum(np.searchsorted(calendar.births, key[here], side="right") - 1, 0)
        ages[here], quarters[here] = calendar.age_months[row], calendar.quarters[row]
    return ages, quarters


def all_salaries(careers: Careers, tables: Tables) -> Real:
    """The salaries of each year until the departure, later ones included; none after."""
    # Columns after the last departure hold nothing.
    last = max(int(careers.departure.max(initial=0)) // 12 - FIRST_YEAR + 1, tables.best_years)
    last = max(last, tables.first_points_year - FIRST_YEAR + 1)
    years = YEARS[:last]
    start, end = years * 12, years * 12 + 12
    departure = careers.departure[:, None]
    months = np.clip(
        np.minimum(departure, end) - np.maximum(careers.later_from[:, None], start), 0, 12
    )
    found: Real = careers.salaries[:, :last] + months / 12.0 * careers.later_salary[:, None]
    return np.where(start < departure, found, 0.0)


def contributed_each_year(careers: Careers, salaries: Real, tables: Tables) -> Real:
    """Quarters that salaries validate: four a year, and no more than those gone in the last one.

    What a statement has counted already (`known`) goes up to `later_from`.
    """
    columns = salaries.shape[1]
    found: Real = np.floor(salaries / tables.quarter_salaries[:columns] + 1e-9)
    start = np.maximum(
        YEARS[:columns] * 12, np.where(careers.known, careers.later_from, 0)[:, None]
    )
    gone = np.clip((careers.departure[:, None] - start) // 3, 0, tables.most_quarters_a_year)
    return np.minimum(found, gone)


def rights(careers: Careers, tables: Tables) -> Rights:
    """Everything about the career that does not depend on amounts of pension."""
    ages, required = generation(careers.birth, careers.birth_day, careers.departure, tables)
    opening = first_possible(careers.birth, careers.birth_day, ages)
    full = first_possible(careers.birth, careers.birth_day, tables.full_rate_age)
    salaries = all_salaries(careers, tables)
    by_year = contributed_each_year(careers, salaries, tables)
    contributed = by_year.sum(axis=1) + np.where(careers.known, careers.contributed_quarters, 0.0)
    total = by_year.sum(axis=1) + np.where(
        careers.known, careers.quarters, careers.assimilated_quarters + careers.child_quarters
    )
    average, counted = average_salary(careers, salaries, by_year, tables)
    return Rights(
        legal_age=ages,
        required=required,
        allowed=careers.departure >= opening,
        at_full_rate_age=careers.departure >= full,
        first_possible=opening,
        contributed=contributed,
        total=total,
        duration=_duration(careers, total, required, tables),
        missing=missing_quarters(careers, total, required, tables),
        increase_quarters=_increase_quarters(careers, by_year, ages, total, required),
        average_salary=average,
        years_counted=counted,
        computed_points=points_of(careers, salaries, tables).sum(axis=1),
    )


def _duration(careers: Careers, total: Real, required: Whole, tables: Tables) -> Real:
    """The duration of the proportion: who departs after 67 without the whole has more (R351-7).

    Quarters run from the first of the month after the 67th birthday (circular 8/89, point 14).
    """
    start = careers.birth + tables.full_rate_age + 1
    late = np.maximum((careers.departure - start) // 3, 0)
    raised = np.ceil(total * (1 + tables.late_duration * late) - 1e-9)
    found: Real = np.where(total < required, np.minimum(raised, required), total)
    return found


def missing_quarters(careers: Careers, total: Real, required: Whole, tables: Tables) -> Real:
    """Those to the duration or to the age of the full rate, whichever are fewer (R351-27).

    Months to 67 are rounded up, then quarters: 56 months are 19 (circular 2026-07, 4.1.1).
    """
    months = careers.birth + tables.full_rate_age - careers.departure + (careers.birth_day > 1)
    to_age = np.ceil(np.maximum(months, 0) / 3)
    to_duration = np.maximum(required - total, 0.0)
    found: Real = np.minimum(np.minimum(to_age, to_duration), tables.most_missing)
    return found


def _increase_quarters(
    careers: Careers, by_year: Real, ages: Whole, total: Real, required: Whole
) -> Real:
    """Quarters worked after the legal age and beyond the duration (surcote).

    In the year of that age they are the whole civil quarters that follow the one when it is reached
    (article D351-1-4): from 1 July for an age reached on 15 April (F19643).
    """
    first = (careers.birth + ages) // 3 + 1
    after = np.clip((YEARS[: by_year.shape[1]] + 1) * 4 - first[:, None], 0, 4)
    worked = np.minimum(by_year, after).sum(axis=1)
    worked = worked + np.where(careers.known, careers.increase_quarters, 0.0)
    found: Real = np.minimum(worked, np.maximum(total - required, 0.0))
    return found


def average_salary(
    careers: Careers, salaries: Real, by_year: Real, tables: Tables
) -> tuple[Real, Real]:
    """The mean of the best 25 years, and how many years made it.

    A year counts when its salary validates a quarter and it is over before the departure; its
    salary counts up to the ceiling of the year, then is revalued.
    """
    which = np.searchsorted(tables.revaluation_months, careers.departure, side="right") - 1
    columns = salaries.shape[1]
    coefficients = tables.revaluation[np.maximum(which, 0), :columns]
    departure_year = (careers.departure // 12)[:, None]
    counts = (by_year >= 1) & (departure_year > YEARS[:columns])
    capped = np.minimum(salaries, tables.ceilings[:columns])
    revalued = np.where(counts, capped * coefficients, 0.0)
    best = np.partition(revalued, -tables.best_years, axis=1)[:, -tables.best_years :].sum(axis=1)
    counted = np.minimum(counts.sum(axis=1), tables.best_years).astype(np.float64)
    mean = best / np.maximum(counted, 1.0)
    found = np.where(careers.known, careers.average_salary, mean)
    return np.round(found, 2), np.where(careers.known, tables.best_years, counted)


def points_of(careers: Careers, salaries: Real, tables: Tables) -> Real:
    """Agirc-Arrco points of each year after the statement's last one.

    Those of each slice have two decimals (booklet 3 of Agirc-Arrco, May 2024, page 19).
    """
    first = tables.first_points_year - FIRST_YEAR
    columns = salaries.shape[1]
    paid = salaries[:, first:]
    ceiling = tables.ceilings[first:columns]
    points = np.zeros_like(paid)
    for start, end, rate in tables.slices:
        if rate:
            slice_ = np.clip(paid - start * ceiling, 0.0, (end - start) * ceiling)
            points += np.round(rate * slice_ / tables.point_prices[first:columns], 2)
    wanted = YEARS[first:columns] > careers.points_through[:, None]
    return np.where(wanted, points, 0.0)
