"""The brake against a loss at once, a loss little by little, and what a person confirmed."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harvest.brake import Brake, hold_back

BRAKE = Brake(share=0.10, rows=20, days=30)
AT = datetime(2026, 11, 1, tzinfo=UTC)


def one_group(_: int) -> str:
    return "all"


def lose(count: int, share: float, days: int) -> list[str]:
    """Lose `share` of what stands each day, for `days` days; the causes of the days that are held.

    What is held stays; what is believed counts again on the days after.
    """
    standing = set(range(count))
    lost_before: set[int] = set()
    causes = []
    for _ in range(days):
        lost = set(sorted(standing)[: int(len(standing) * share)])
        held = hold_back(BRAKE, standing, lost, lost_before, one_group)
        if held.keys:
            causes.append(held.cause)
        standing -= lost - held.keys
        lost_before |= lost - held.keys
    return causes


def test_nine_percent_a_day_for_ten_days_trips_the_brake() -> None:
    """B38: each day alone would pass."""
    causes = lose(1000, 0.09, 10)
    assert len(causes) == 9, "the first day passes, as any loss of 9 % does; no other"
    assert "after 90 in 30 days" in causes[0]


def test_one_percent_a_month_is_life() -> None:
    assert lose(1000, 0.01, 1) == []


def test_a_list_that_loses_everything_is_not_believed_however_short() -> None:
    for count in (1, 5, 1000):
        everything = set(range(count))
        held = hold_back(BRAKE, everything, everything, (), one_group)
        assert held.keys == everything
        assert held.cause.startswith(f"all {count}")


def test_a_kind_that_vanishes_does_not_hide_behind_the_others() -> None:
    standing = set(range(1000))
    lost = set(range(30))
    kinds = lambda key: "library" if key < 30 else "mairie"  # noqa: E731
    held = hold_back(BRAKE, standing, lost | {40}, (), kinds)
    assert held.keys == lost, "the town hall that closed is believed"
    assert held.cause == "library: all 30 would be lost"


@given(st.sets(st.integers(0, 200)), st.sets(st.integers(0, 200)), st.sets(st.integers(300, 400)))
def test_what_is_held_is_lost_and_the_more_was_lost_before_the_less_is_believed(
    standing: set[int], others: set[int], before: set[int]
) -> None:
    lost = standing & others
    now = hold_back(BRAKE, standing, lost, (), one_group)
    later = hold_back(BRAKE, standing, lost, before, one_group)
    assert now.keys <= lost
    assert bool(later.keys) == bool(later.cause)
    if BRAKE.why(len(standing), len(lost)) is not None:
        assert later.keys == now.keys == lost


@pytest.mark.parametrize(
    ("looked_at", "start"),
    [
        (None, AT - timedelta(days=30)),
        (AT - timedelta(days=40), AT - timedelta(days=30)),
        (AT - timedelta(days=2), AT - timedelta(days=2)),
    ],
)
def test_losses_are_added_up_since_a_person_looked(
    looked_at: datetime | None, start: datetime
) -> None:
    assert BRAKE.since(AT, looked_at) == start
