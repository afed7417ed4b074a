"""Months as whole numbers (12 x year + month - 1), so that ages are subtractions."""

from datetime import date

import numpy as np
from numpy.typing import NDArray

type Whole = NDArray[np.int64]
type Real = NDArray[np.float64]
type Truth = NDArray[np.bool_]


def month_of(day: date) -> int:
    return day.year * 12 + day.month - 1


def first_day(month: int) -> date:
    """The first day of a month, for a month that `month_of` numbered."""
    return date(month // 12, month % 12 + 1, 1)


def birth_key(month: Whole, day: Whole) -> Whole:
    """A number that grows with the day of birth."""
    return month * 32 + day


def first_possible(birth: Whole, day: Whole, age_months: Whole | int) -> Whole:
    """The first month from which somebody of that age may depart.

    A pension takes effect on the first day of a month: that of the birthday for who was born on
    the first of a month, the next one for anybody else (article R351-37).
    """
    return birth + age_months + (day > 1)
