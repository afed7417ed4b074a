"""A plan is a value: it can be computed twice, printed, and refused by the brake."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from harvest.plan import Brake, Key, Known, Offered, plan_facts

AT = datetime(2026, 10, 6, tzinfo=UTC)
BRAKE = Brake(share=0.10, rows=20)
RENEW = timedelta(days=180)
SERVICES = ("official-site", "contact-email", "secure-site")

keys = st.tuples(st.integers(1, 60), st.sampled_from(SERVICES))
known_facts = st.dictionaries(
    keys,
    st.builds(
        Known,
        observation_id=st.integers(1, 10**6),
        withdrawn=st.booleans(),
        seen=st.sampled_from("abc"),
        observed_at=st.datetimes(datetime(2021, 1, 1), datetime(2026, 10, 6)).map(
            lambda moment: moment.replace(tzinfo=UTC)
        ),
    ),
    max_size=80,
)
offered_facts = st.dictionaries(
    keys, st.builds(Offered, st.just({"website": True}), st.sampled_from("abc")), max_size=80
)


def known(count: int, service: str = "official-site") -> dict[Key, Known]:
    return {
        (number, service): Known(number, False, "x", AT - timedelta(days=1))
        for number in range(1, count + 1)
    }


def offered(numbers: range, service: str = "official-site", seen: str = "x") -> dict[Key, Offered]:
    return {(number, service): Offered({"website": True}, seen) for number in numbers}


def plan(was: dict[Key, Known], now: dict[Key, Offered], unread: set[Key] | None = None):
    return plan_facts(was, now, AT, renew_after=RENEW, brake=BRAKE, unread=unread or set())


@given(known_facts, offered_facts, st.sets(keys))
def test_each_key_has_one_fate_and_nothing_offered_is_lost(was, now, unread) -> None:
    made = plan(was, now, unread)
    parts = [
        made.new, made.changed, made.renewed, made.unchanged, made.withdrawn, made.held, made.kept,
    ]  # fmt: skip
    standing = {key for key, said in was.items() if not said.withdrawn}
    assert sum(map(len, parts)) == len(standing | now.keys())
    assert frozenset().union(*parts) == standing | now.keys()
    assert made.new | made.changed | made.renewed | made.unchanged == now.keys()
    assert not made.withdrawn & made.held
    assert made.kept <= unread


@given(known_facts, offered_facts)
def test_the_same_question_has_the_same_plan(was, now) -> None:
    assert plan(was, now) == plan(dict(reversed(was.items())), dict(reversed(now.items())))


@given(known_facts, offered_facts)
def test_applied_then_planned_again_there_is_nothing_to_write(was, now) -> None:
    """What `apply` leaves behind is what the next plan starts from."""
    made = plan(was, now)
    after = dict(was)
    for key in made.writes:
        gone = key in made.withdrawn
        seen = "withdrawn" if gone else now[key].seen
        after[key] = Known(10**7, gone, seen, AT)
    again = plan(after, now)
    assert not list(again.writes)


@pytest.mark.parametrize(
    ("was", "left", "withdrawn"),
    [
        (1000, 0, 0),  # an empty answer, B36
        (5, 0, 0),  # even a short list
        (1000, 900, 100),  # a tenth: believed
        (1000, 899, 0),  # more than a tenth: not
        (100, 85, 15),  # more than a tenth, of few rows
        (100, 80, 20),
        (100, 79, 0),
        (1000, 1000, 0),
    ],
)
def test_the_brake(was: int, left: int, withdrawn: int) -> None:
    made = plan(known(was), offered(range(1, left + 1)))
    assert len(made.withdrawn) == withdrawn
    assert len(made.withdrawn) + len(made.held) == was - left


def test_a_service_that_vanishes_does_not_hide_behind_the_others() -> None:
    was = known(1000) | known(40, "contact-email")
    made = plan(was, offered(range(1, 1001)))
    assert not made.withdrawn
    assert len(made.held) == 40


def test_a_field_that_cannot_be_read_is_not_gone() -> None:
    made = plan(known(3), offered(range(1, 3)), {(3, "official-site")})
    assert made.kept == {(3, "official-site")}
    assert not made.withdrawn


def test_an_old_statement_is_renewed_and_a_young_one_is_not() -> None:
    key = (1, "official-site")
    for days, renewed in ((179, False), (180, True)):
        was = {key: Known(1, False, "x", AT - timedelta(days=days))}
        assert (key in plan(was, offered(range(1, 2))).renewed) is renewed


def test_what_was_withdrawn_and_comes_back_is_new() -> None:
    key = (1, "official-site")
    assert plan({key: Known(1, True, "x", AT)}, offered(range(1, 2))).new == {key}


def test_a_plan_is_printed_for_people() -> None:
    was = known(4)
    now = offered(range(1, 3), seen="https://nouveau.example\nsecond line " + "y" * 300)
    made = plan(was, now | offered(range(7, 30)))
    lines = list(made.lines(was, now | offered(range(7, 30)), "{:05d}".format, 5))
    assert "changed: 00001 official-site: x -> https://nouveau.example second line" in lines[6]
    assert "new: and 18 more" in lines
    assert "withdrawn: 00003 official-site: x" in lines
    assert all("\n" not in line and len(line) < 220 for line in lines)
