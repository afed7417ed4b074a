"""From rights to amounts: pure functions over arrays, in the order that the Cnav computes.

The average salary, times the rate, times the share of the duration, is the pension before its
minimum. The increase for later quarters is a share of it, added after the comparison with the
minimum (circular 2009/17); the bonus for children is a share of all that. What cannot be answered
has a reason in `refused`, never an amount.
"""

from dataclasses import dataclass, fields
from typing import Any

import numpy as np

from simulators.retirement.careers import Careers, Rights, rights
from simulators.retirement.months import Real, Truth, Whole, birth_key, month_of
from simulators.retirement.tables import FIRST_YEAR, LAST_YEAR, Tables

# Reasons for a refusal, in the order they are looked for.
NO, TOO_EARLY, PARENT_OF_1955, MINIMUM_NOT_KNOWN = range(4)
BLOCK = 1024  # careers computed together: half a megabyte for each matrix
FIRST_UNIFIED_MONTH = 2019 * 12  # Agirc and Arrco were two schemes before


@dataclass(frozen=True)
class Pensions:
    """Yearly gross amounts, and what they were made of."""

    rights: Rights
    refused: Whole
    rate: Real
    share: Real
    before_minimum: Real
    capped: Real
    increase: Real
    minimum: Real
    minimum_supplement: Real
    children_bonus: Real
    base: Real
    points: Real
    point: Real
    points_pension: Real
    agirc_pension: Real
    coefficient: Real
    points_bonus: Real
    bonus_unknown: Truth
    complementary: Real
    temporary: Real
    total: Real


@dataclass(frozen=True)
class _Complementary:
    points: Real
    point: Real
    points_pension: Real
    agirc_pension: Real
    coefficient: Real
    bonus: Real
    bonus_unknown: Truth
    total: Real


def pensions(careers: Careers, tables: Tables) -> Pensions:
    """The pension of each career, in blocks whose arrays stay in the cache of a processor."""
    count = len(careers.departure)
    if count <= BLOCK:
        return _pensions(careers, tables)
    blocks = [
        _pensions(careers.rows(start, start + BLOCK), tables) for start in range(0, count, BLOCK)
    ]
    return _joined(Pensions, blocks)


def _joined[Arrays: (Pensions, Rights)](kind: type[Arrays], blocks: list[Any]) -> Arrays:
    """Dataclasses of arrays one after the other, as one."""
    found: dict[str, Any] = {}
    for one in fields(kind):
        parts = [getattr(block, one.name) for block in blocks]
        whole = isinstance(parts[0], np.ndarray)
        found[one.name] = np.concatenate(parts) if whole else _joined(Rights, parts)
    return kind(**found)


def _pensions(careers: Careers, tables: Tables) -> Pensions:
    found = rights(careers, tables)
    rate = tables.full_rate * (1 - tables.reduction * found.missing)
    share = np.minimum(found.duration / found.required, 1.0)
    full = found.missing == 0
    year = np.clip(careers.departure // 12, FIRST_YEAR, LAST_YEAR)
    most = tables.most_of_ceiling * tables.ceilings[year - FIRST_YEAR]
    product = found.average_salary * rate * share
    before = np.round(np.minimum(product, most), 2)
    increase = np.round(before * tables.increase * found.increase_quarters, 2)
    second = _complementary(careers, found, tables)
    minimum, known = _minimum(careers, found, tables)
    wanted = np.where(full & (before > 0), np.maximum(minimum - before, 0.0), 0.0)
    others = before + increase + second.points_pension + second.agirc_pension
    room = 12 * tables.minimum_ceiling.at(careers.departure) - others
    supplement = np.where(wanted > 0, np.round(np.clip(room, 0.0, wanted), 2), 0.0)
    bonus = np.where(
        careers.children >= tables.base_children,
        np.round(tables.base_children_rate * (before + increase + supplement), 2),
        0.0,
    )
    base = before + increase + supplement + bonus
    return Pensions(
        rights=found,
        refused=_refused(careers, found, wanted > 0, known, tables),
        rate=rate,
        share=share,
        before_minimum=before,
        capped=product - most,
        increase=increase,
        minimum=np.round(minimum, 2),
        minimum_supplement=supplement,
        children_bonus=bonus,
        base=base,
        points=second.points,
        point=second.point,
        points_pension=second.points_pension,
        agirc_pension=second.agirc_pension,
        coefficient=second.coefficient,
        points_bonus=second.bonus,
        bonus_unknown=second.bonus_unknown,
        complementary=second.total,
        temporary=_temporary(careers, full, found, tables),
        total=base + second.total,
    )


def _minimum(careers: Careers, found: Rights, tables: Tables) -> tuple[Real, Truth]:
    """The minimum of the base pension at the full rate, and whether its figures are confirmed."""
    plain = tables.minimum_plain.at(careers.departure)
    raised = tables.minimum_raised.at(careers.departure)
    ceiling = tables.minimum_ceiling.at(careers.departure)
    share = np.minimum(found.duration / found.required, 1.0)
    worked = np.minimum(found.contributed / found.required, 1.0)
    more = np.where(found.contributed >= tables.minimum_quarters, raised - plain, 0.0)
    known = np.isfinite(plain) & np.isfinite(ceiling)
    # Where it is not known, the largest that is: whether it would matter has to be seen.
    guess = float(np.nanmax(tables.minimum_raised.values))
    return np.where(known, plain * share + more * worked, guess), known


def _refused(
    careers: Careers, found: Rights, wants_minimum: Truth, known: Truth, tables: Tables
) -> Whole:
    key = birth_key(careers.birth, careers.birth_day)
    last_of_1955 = month_of(tables.first_birth) * 32 + 12 * 32
    # Parents of three children born before 1956 may have the full rate at 65 (loi 2010-1330, 20).
    parent = (key < last_of_1955) & (careers.children >= 3) & (found.missing > 0)
    parent &= careers.departure >= careers.birth + 65 * 12
    conditions = [~found.allowed, parent, wants_minimum & ~known]
    reasons = [TOO_EARLY, PARENT_OF_1955, MINIMUM_NOT_KNOWN]
    return np.select(conditions, reasons, NO)


def anticipation(missing: Real, tables: Tables) -> Real:
    """What is left of the complementary pension with so many missing quarters."""
    first, rate, then = tables.anticipation
    return 1 - rate * np.minimum(missing, first) - then * np.maximum(missing - first, 0.0)


def _complementary(careers: Careers, found: Rights, tables: Tables) -> _Complementary:
    unified = careers.departure >= FIRST_UNIFIED_MONTH
    point = tables.point.at(careers.departure)
    converted = np.where(unified, careers.agirc_points * tables.agirc_conversion, 0.0)
    points = careers.points + found.computed_points + converted
    points_pension = np.round(points * point, 2)
    agirc = np.where(unified, 0.0, careers.agirc_points * tables.agirc_point.at(careers.departure))
    agirc_pension = np.round(np.nan_to_num(agirc), 2)
    coefficient = anticipation(found.missing, tables)
    pension = np.round((points_pension + agirc_pension) * coefficient, 2)
    bonus, unknown = _points_bonus(careers, found, point * coefficient, pension, tables)
    return _Complementary(
        points, point, points_pension, agirc_pension, coefficient, bonus, unknown, pension + bonus
    )


def _points_bonus(
    careers: Careers, found: Rights, worth: Real, pension: Real, tables: Tables
) -> tuple[Real, Truth]:
    """The bonus for children, and whether a part of it cannot be known from what was given."""
    many = careers.children >= tables.points_children
    recent = careers.points_since_2012 + found.computed_points
    raised = worth * (
        tables.rate_since_2012 * recent + tables.rate_1999_2011 * careers.points_1999_2011
    )
    limited = careers.departure >= tables.limit_from
    too_much = many & ~limited & (raised > tables.surely_below)
    raised = np.where(limited, np.minimum(raised, tables.limit), raised)
    born = np.where(many & ~too_much, raised, 0.0)
    dependent = tables.rate_each_dependent * careers.dependent_children * pension
    given = careers.points + careers.agirc_points
    unsaid = many & (given > careers.points_since_2012 + careers.points_1999_2011 + 0.005)
    return np.round(np.maximum(born, dependent), 2), too_much | unsaid


def _temporary(careers: Careers, full: Truth, found: Rights, tables: Tables) -> Real:
    """The coefficient of the first years, between 2019 and November 2023; 1 when there is none."""
    row = np.searchsorted(tables.temporary_quarters, careers.quarters_after_full_rate, side="right")
    coefficient = tables.temporary_coefficients[np.maximum(row - 1, 0)]
    coefficient = np.where(found.at_full_rate_age & (coefficient < 1), 1.0, coefficient)
    first = month_of(tables.temporary_first_birth) * 32 + 1
    concerned = (
        full
        & (careers.departure >= tables.temporary_from)
        & (careers.departure <= tables.temporary_until)
        & (birth_key(careers.birth, careers.birth_day) >= first)
    )
    return np.where(concerned, coefficient, 1.0)
