"""What becomes of each place of a list, decided before anything is written."""

from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from catalog.ingest import OfficeRow
from catalog.office_lists import Pair
from catalog.office_standing import KnownOffice, Said
from harvest.brake import Brake
from harvest.office_plan import FIELDS, FieldChange, OfficePlan, lines, pair_changes, plan_offices

AT = datetime(2026, 10, 6, tzinfo=UTC)
BRAKE = Brake(share=0.10, rows=20, days=30)
GRACE = timedelta(days=30)


def office(number: int, days: int = 1, mark: str = "x", **more: object) -> KnownOffice:
    return KnownOffice(number, mark, "library", AT - timedelta(days=days), **more)  # type: ignore[arg-type]


def plan(was: dict[str, KnownOffice], now: dict[str, str], **more: object) -> OfficePlan:
    arguments = {"grace": GRACE, "brake": BRAKE, "since": AT - timedelta(days=30), **more}
    return plan_offices(was, now, AT, AT, **arguments)  # type: ignore[arg-type]


ids = st.text("abcdef", min_size=1, max_size=2)
moments = st.none() | st.integers(0, 60).map(lambda days: AT - timedelta(days=days))
known_offices = st.dictionaries(
    ids,
    st.builds(
        KnownOffice,
        id=st.integers(1, 10**6),
        mark=st.sampled_from("xyz"),
        kind=st.sampled_from(("mairie", "library")),
        observed_at=st.integers(-5, 60).map(lambda days: AT - timedelta(days=days)),
        withdrawn_at=moments,
        unlisted_since=moments,
        noticed_at=moments,
    ),
    max_size=60,
)
offered_offices = st.dictionaries(ids, st.sampled_from("xyz"), max_size=60)


@given(known_offices, offered_offices, st.sets(ids), st.sets(ids), st.booleans())
def test_each_place_has_one_fate(was, now, closed, unread, complete) -> None:
    made = plan(was, now, closed=closed, unread=unread, complete=complete)
    parts = [
        made.new, made.changed, made.unchanged, made.back, made.orphaned, made.waiting,
        made.withdrawn, made.closed, made.kept, made.gone, made.held.keys,
    ]  # fmt: skip
    everything = was.keys() | (now.keys() - closed)
    assert frozenset().union(*parts) == everything
    assert sum(map(len, parts)) == len(everything)
    if not complete:
        assert not made.orphaned | made.withdrawn, "a list that was cut proves nothing"
    assert not made.orphaned & unread
    assert made.closed <= closed


def test_a_place_that_is_no_longer_listed_waits_then_goes() -> None:
    assert plan({"a": office(1), "b": office(2)}, {"b": "x"}).orphaned == {"a"}
    waiting = {"a": office(1, unlisted_since=AT - timedelta(days=29), noticed_at=AT)}
    assert plan(waiting, {}).waiting == {"a"}
    ripe = {"a": office(1, unlisted_since=AT - timedelta(days=30), noticed_at=AT)}
    assert plan(ripe, {}).withdrawn == {"a"}
    known_long = {"a": office(1, unlisted_since=AT, noticed_at=AT - timedelta(days=30))}
    assert plan(known_long, {}).withdrawn == {"a"}


def test_a_place_of_which_the_list_says_that_it_is_closed_goes_at_once() -> None:
    made = plan({"a": office(1), "b": office(2)}, {"a": "x", "b": "x"}, closed={"a", "new"})
    assert (made.closed, made.new, made.unchanged) == ({"a"}, frozenset(), {"b"})


def test_a_list_that_says_that_everything_is_closed_is_not_believed() -> None:
    was = {str(number): office(number) for number in range(100)}
    made = plan(was, {}, closed=set(was))
    assert not made.closed
    assert made.held.keys == was.keys()


def test_an_empty_list_withdraws_nothing() -> None:
    was = {str(number): office(number) for number in range(100)}
    made = plan(was, {})
    assert not made.orphaned
    assert made.held.keys == was.keys()


def test_a_slow_bleed_is_seen_until_a_person_looks() -> None:
    was = {str(number): office(number) for number in range(910)}
    was |= {
        f"gone {number}": office(number, unlisted_since=AT - timedelta(days=1), noticed_at=AT)
        for number in range(90)
    }
    left = {str(number): "x" for number in range(830)}
    assert len(plan(was, left).held.keys) == 80
    assert len(plan(was, left, since=AT - timedelta(hours=1)).orphaned) == 80


def test_an_older_list_does_not_take_away_what_a_newer_one_brought() -> None:
    assert plan({"a": office(1, days=-10), "b": office(2)}, {"b": "x"}).kept == {"a"}


def row(**changes: object) -> OfficeRow:
    values: dict[str, object] = {
        "remote_id": "a", "kind": "library", "name": "Médiathèque", "commune_code": "42218",
        "address": "1 rue A", "email": None, "phone": "04", "website": None,
        "hours": {"mo": [("09:00", "12:00")]}, "accessibility": None,
        "accessibility_details": None, "timezone": "Europe/Paris", "point": (4.39, 45.43),
    }  # fmt: skip
    return OfficeRow(**values | changes)  # type: ignore[arg-type]


BEFORE = Said(
    "a",
    {
        "kind": "library", "name": "Médiathèque", "address": "1 rue A", "email": None,
        "phone": "04", "website": None, "hours": {"mo": [["09:00", "12:00"]]},
        "accessibility": None, "accessibility_details": None, "timezone": "Europe/Paris",
        "siret": None, "identifiers": {}, "helps_with": [], "withdrawn_at": None,
        "longitude": 4.39, "latitude": 45.43,
    },
    "42218",
)  # fmt: skip


def changes_to(row: OfficeRow) -> tuple[FieldChange, ...]:
    after = {name: getattr(row, name) for name in FIELDS if name not in ("commune", "point")}
    after["longitude"], after["latitude"] = row.point or (None, None)
    return pair_changes(
        Pair(row.remote_id, row.kind, BEFORE.fields, after, BEFORE.commune_code, row.commune_code)
    )


def test_changes_are_told_field_by_field() -> None:
    assert changes_to(row()) == ()
    changed = changes_to(row(phone=None, point=(4.4, 45.43), commune_code="42001"))
    assert [(one.field, one.before, one.after) for one in changed] == [
        ("commune", "42218", "42001"),
        ("phone", "04", None),
        ("point", [4.39, 45.43], [4.4, 45.43]),
    ]


def test_a_plan_of_places_is_printed_for_people() -> None:
    made = plan({"a": office(1), "b": office(2)}, {"a": "y", "c": "x"})
    said = list(lines(made, {"a": changes_to(row(phone="05"))}, {"b": "Annexe\nB"}, 5))
    assert said == [
        "new office: c",
        "changed office: a: phone: 04 -> 05",
        "office no longer listed: b Annexe B",
    ]
