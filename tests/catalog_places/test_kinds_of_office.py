"""Several kinds of office: one declared list, and what each says of itself and of its age."""

from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from catalog import area_facts, offices, sources
from catalog.area_facts import AreaFact, AreaSubject
from catalog.ingest import OfficeRow
from catalog.office_kinds import kind_name, office_kinds
from catalog.office_rows import save_offices
from catalog.referential import current

LYON = (45.7676905, 4.8353706)
SEEN = datetime(2026, 10, 6, tzinfo=UTC)
LIBRARY = OfficeRow(
    remote_id="b1", kind="library", name="Bibliothèque", commune_code="69123", address=None,
    email=None, phone=None, website=None, hours={"tu": [["10:00", "18:00"]]}, accessibility=None,
    accessibility_details=None, timezone="Europe/Paris", point=(4.836, 45.768),
    helps_with=("Prêt", "Wifi"),
)  # fmt: skip


@pytest.fixture
def library(places: psycopg.Connection[Any]) -> psycopg.Connection[Any]:
    evidence = places.execute("select max(id) from catalog.evidence").fetchone()
    assert evidence is not None
    more = replace(LIBRARY, remote_id="b2", hours=None, helps_with=(), point=None)
    save_offices(places, [LIBRARY, more], source_id="silent", evidence_id=evidence[0],
                        observed_at=SEEN)  # fmt: skip
    places.commit()
    return places


def test_each_kind_has_a_name_in_both_languages() -> None:
    assert next(iter(office_kinds())) == "mairie", "shown first"
    for kind, names in office_kinds().items():
        assert set(names) == {"fr", "en"}, kind
        assert offices.KIND.fullmatch(kind)
    assert kind_name("library", "fr") == "Bibliothèque"
    assert kind_name("gone-from-the-list", "en") == "gone-from-the-list"


async def test_only_the_asked_kind(library: Any, aconn: psycopg.AsyncConnection[Any]) -> None:
    at = SEEN + timedelta(days=7, hours=11)  # a Tuesday, 13:00 in Paris
    found = await offices.nearby(aconn, *LYON, "library", False, at, 10)
    assert [one.name for one in found] == ["Bibliothèque"]
    assert found[0].helps_with == ("Prêt", "Wifi")
    every = await offices.nearby(aconn, *LYON, None, False, at, 3)
    assert {one.kind for one in every} == {"library", "mairie"}
    assert await offices.kinds_held(aconn) == ["mairie", "library"]


async def test_old_hours_are_unknown_again(
    library: Any, aconn: psycopg.AsyncConnection[Any]
) -> None:
    days = current().services["opening-hours"].valid_for_days
    for age, kind in ((days - 7, "open"), (days + 7, "unknown")):
        at = SEEN + timedelta(days=age)
        at += timedelta(days=(1 - at.weekday()) % 7, hours=11)  # the next Tuesday, 13:00
        found = await offices.nearby(aconn, *LYON, "library", False, at, 1)
        if found[0].state.kind != kind:
            pytest.fail(f"{age} days: {found[0].state}")
        open_now = await offices.nearby(aconn, *LYON, "library", True, at, 1)
        assert bool(open_now) is (kind == "open")


async def test_a_source_says_how_many_places_it_lists(
    library: Any, aconn: psycopg.AsyncConnection[Any]
) -> None:
    assert {one.id: one.offices for one in await sources.all(aconn)}["silent"] == 2


async def test_area_facts_are_dated_and_append_only(
    places: psycopg.Connection[Any], aconn: psycopg.AsyncConnection[Any]
) -> None:
    row = places.execute("select max(id) from catalog.evidence").fetchone()
    assert row is not None
    area_facts.save_area_subjects(
        places, [AreaSubject("density", "Densité", "Density", "")], "silent"
    )

    def say(value: str, at: datetime) -> int:
        facts = [AreaFact("69123", "density", value), AreaFact("99999", "density", "x")]
        return area_facts.save_area_facts(
            places, facts, source_id="silent", evidence_id=row[0], observed_at=at
        )

    assert say("urban", SEEN) == 1, "a code that is no commune's is left out"
    assert say("urban", SEEN + timedelta(days=1)) == 0, "the same again is nothing new"
    assert say("very urban", SEEN + timedelta(days=2)) == 1
    number = places.execute("select number from catalog.commune where code = '69123'").fetchone()
    places.commit()
    assert number is not None
    known = await area_facts.of_commune(aconn, number[0])
    assert [(one.title("en"), one.value) for one in known] == [("Density", "very urban")]
    with pytest.raises(psycopg.errors.IntegrityConstraintViolation):
        places.execute("delete from catalog.area_fact")
