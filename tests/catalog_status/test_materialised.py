"""Materialised status against a replay of the observations, in a real PostGIS."""

import random
import threading
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from catalog import arrays, materialise, observations, status, summary
from catalog.observations import Nature, Observation
from catalog.referential import BUNDLE_ID, current, national
from catalog.states import State
from catalog.territories import Geography

START = datetime(2021, 2, 3, tzinfo=UTC)
NUMBERS = (1, 2, 3, 4, 5, 7)
NATURES = {
    "directory": Nature.DIRECTORY,
    "register": Nature.REGISTER,
    "probe": Nature.PROBE,
    "agent": Nature.AGENT,
    "someone": Nature.RESIDENT,
    "else": Nature.LAW,
}
Conn = psycopg.Connection[Any]


def anything(rng: random.Random, service: str) -> Observation:
    """Any statement that the table accepts."""
    source = rng.choice(sorted(NATURES))
    day = START + timedelta(days=rng.randint(0, 30))
    length = rng.choice([None, 5, 10, 400, 4000])
    whole = source == "else" and rng.random() < 0.5
    return Observation(
        service=service,
        state=rng.choice([None, *State]),
        nature=NATURES[source],
        source_id=source,
        evidence_id=1,
        seen="seen",
        observed_at=day,
        commune_number=None if whole else rng.choice([*NUMBERS, 9]),
        attributes=rng.choice(
            [{}, {"information_page": True}, {"online_request": True, "receipt": True},
             {"observer": "a"}, {"observer": "b"}]
        ),
        url=rng.choice([None, "https://a.fr", "https://b.fr", "mailto:a@b.fr"]),
        provider=rng.choice([None, "commune", "epci", "state"]),
        valid_until=None if length is None else day + timedelta(days=length),
    )  # fmt: skip


def everything(conn: Conn) -> list[Observation]:
    rows = conn.execute(
        "select id, commune_number, service, state, attributes, url, provider, nature, source_id,"
        " evidence_id, seen, observed_at, recorded_at, valid_until, supersedes"
        " from catalog.observation"
    )
    return [observations.from_row(row) for row in rows]


def shown(conn: Conn, service: str, number: int, at: datetime) -> tuple[Any, ...] | None:
    return conn.execute(
        "select state, level, reason, provider, url from catalog.status where service = %s"
        " and commune_number = %s and valid_from <= %s and valid_to > %s",
        (service, number, at, at),
    ).fetchone()


@pytest.mark.parametrize("seed", range(6))
def test_materialised_status_is_a_replay_of_the_observations(france: Conn, seed: int) -> None:
    rng = random.Random(seed)
    services = ["canteen", "waste", "contact-email"]
    rows = [anything(rng, rng.choice(services)) for _ in range(120)]
    observations.append(france, rows)
    first = everything(france)
    corrected = replace(rng.choice(first), state=State.ONE_WAY)
    observations.append(france, [replace(corrected, supersedes=corrected.id)])
    materialise.refresh(france)
    held = everything(france)
    assert len(held) == 121
    for service_id in services:
        service = current().service(service_id)
        for number in NUMBERS:
            own = [
                o for o in held if o.service == service_id and o.commune_number in (None, number)
            ]
            for _ in range(12):
                at = START + timedelta(days=rng.uniform(-2, 60))
                found = shown(france, service_id, number, at)
                want = status.score(service, own, at)
                if found is None:
                    assert want == status.NEVER_SEEN
                else:
                    assert found == (
                        int(want.state), want.level, want.reason.value, want.provider, want.url
                    )  # fmt: skip
    assert france.execute(
        "select count(*) from catalog.status where commune_number = 9"
    ).fetchone() == (0,)


def test_a_second_refresh_writes_nothing_and_a_change_writes_only_its_rows(france: Conn) -> None:
    rng = random.Random(1)
    observations.append(france, [anything(rng, "canteen") for _ in range(80)])
    first = materialise.refresh(france)
    assert first.inserted == first.intervals > 0
    again = materialise.refresh(france)
    assert (again.inserted, again.deleted, again.intervals) == (0, 0, first.intervals)
    new = anything(rng, "library")
    observations.append(
        france, [replace(new, commune_number=3, state=State.ONE_WAY, source_id="agent",
                         nature=Nature.AGENT, valid_until=None)]
    )  # fmt: skip
    after = materialise.refresh(france)
    assert (after.inserted, after.deleted) == (1, 0)


def test_a_bounded_refresh_leaves_the_rest_alone_and_equals_a_whole_one(france: Conn) -> None:
    rng = random.Random(2)
    rows = [anything(rng, rng.choice(["canteen", "water"])) for _ in range(60)]
    observations.append(france, rows)
    materialise.refresh(france, services=["canteen"], communes=[1, 2])
    found = france.execute("select distinct service, commune_number from catalog.status").fetchall()
    assert found
    assert {s for s, _ in found} == {"canteen"}
    assert {n for _, n in found} <= {1, 2}
    materialise.refresh(france)
    assert materialise.refresh(france, services=["water"], communes=[3]).inserted == 0


def test_a_service_that_left_the_referential_loses_its_rows(france: Conn) -> None:
    france.execute(
        "insert into catalog.status values ('pigeons', 1, now(), 'infinity', 5, 3, 'observed')"
    )
    assert materialise.refresh(france).deleted == 1


def test_two_refreshes_wait_for_each_other(database: str, france: Conn) -> None:
    france.commit()
    materialise.refresh(france)  # holds the lock until its transaction ends
    ended: list[float] = []

    def second() -> None:
        with psycopg.connect(database) as other:
            materialise.refresh(other)
            ended.append(time.monotonic())

    thread = threading.Thread(target=second)
    thread.start()
    time.sleep(0.3)
    assert not ended
    released = time.monotonic()
    france.commit()
    thread.join(20)
    assert ended
    assert ended[0] >= released


@pytest.mark.parametrize(
    "change",
    [
        "update catalog.observation set seen = 'nothing'",
        "delete from catalog.observation",
        "truncate catalog.observation",
    ],
)
def test_the_database_refuses_to_rewrite_history(france: Conn, change: str) -> None:
    observations.append(france, [anything(random.Random(3), "canteen")])
    with pytest.raises(psycopg.errors.IntegrityConstraintViolation, match="append-only"):
        france.execute(change.encode())


async def test_arrays_hold_the_score_and_parts_sum_to_their_whole(
    france: Conn, aconn: psycopg.AsyncConnection[Any]
) -> None:
    rng = random.Random(5)
    services = list(current().services)
    rows = [anything(rng, rng.choice(services)) for _ in range(900)]
    observations.append(france, rows)
    materialise.refresh(france)
    held = everything(france)
    france.commit()
    geography = await Geography.load(aconn)
    assert geography.length == 10
    assert geography.codes[6] == ""
    for service_id in [*services, BUNDLE_ID]:
        for day in (-1, 3, 17, 29, 45):
            at = START + timedelta(days=day)
            array = await arrays.read(aconn, service_id, at)
            if service_id != BUNDLE_ID:
                service = current().service(service_id)
                for number in NUMBERS:
                    own = [o for o in held if o.commune_number in (None, number)]
                    assert array[number] == status.score(service, own, at).state
            assert array[0] == array[6] == State.UNKNOWN
            check_sums(array, geography, current().full_level(service_id))


def check_sums(array: arrays.Bytes, geography: Geography, full_level: int) -> None:
    for code, kinds in {
        "FR": ["region", "departement", "epci", "commune"],
        "REG-84": ["departement", "epci", "commune"],
        "DEP-02": ["epci", "commune"],
        "DEP-03": ["epci", "commune"],
        "EPCI-222222222": ["commune"],
    }.items():
        whole = summary.summarise(array, geography, code, full_level)
        assert sum(whole.states.values()) == sum(whole.simple.values()) == whole.communes
        assert whole.states["unknown"] == whole.simple["unknown"] == whole.communes - whole.known
        if whole.bounds.lower is not None:
            assert whole.bounds.upper is not None
            assert 0 <= whole.bounds.lower <= whole.bounds.upper <= 1
        for kind in kinds:
            parts = summary.children(array, geography, code, full_level, kind)
            assert sum(p.communes for p in parts) == whole.communes
            for key in whole.states:
                assert sum(p.states[key] for p in parts) == whole.states[key]
                assert sum(p.population[key] for p in parts) == whole.population[key]
            for key in whole.simple:
                assert sum(p.simple[key] for p in parts) == whole.simple[key]


async def test_the_straddling_epci_says_so(
    france: Conn, aconn: psycopg.AsyncConnection[Any]
) -> None:
    france.commit()
    geography = await Geography.load(aconn)
    array = await arrays.read(aconn, "canteen", START)
    parts = {p.code: p for p in summary.children(array, geography, "DEP-01", 4)}
    assert parts["EPCI-222222222"].partial
    assert parts["EPCI-222222222"].communes == 1
    assert not parts["EPCI-111111111"].partial
    left = summary.children(array, geography, "DEP-03", 4)[-1]
    assert (left.code, left.communes) == ("NO-EPCI", 1)


async def test_national_facts_are_loaded_once_and_bounded(
    france: Conn, aconn: psycopg.AsyncConnection[Any]
) -> None:
    when = datetime(2026, 1, 20, tzinfo=UTC)
    first = national.load(france, when)
    # Commune 5 has no EPCI: the two facts about competence say nothing of it.
    assert first == {"read": 4, "new": 6, "withdrawn": 0}
    assert national.load(france, when) == {"read": 4, "new": 0, "withdrawn": 0}
    materialise.refresh(france)
    france.commit()
    waste = await arrays.read(aconn, "waste", when)
    assert waste.tolist() == [0, 1, 1, 1, 1, 0, 0, 1, 0, 0]
    roll = await arrays.read(aconn, "electoral-roll", when)
    assert roll.tolist() == [0, 5, 5, 5, 5, 5, 0, 5, 0, 0]
    before = await arrays.read(aconn, "electoral-roll", datetime(2018, 12, 31, 12, tzinfo=UTC))
    assert not before.any()
    assert await arrays.known_share(aconn, "waste", when) == 5 / 6
    france.execute("update catalog.commune set epci_code = '333333333' where number = 5")
    assert national.load(france, when)["new"] == 2
    materialise.refresh(france)
    france.commit()
    assert (await arrays.read(aconn, "waste", when))[5] == State.OTHER_BODY


def test_a_removed_national_fact_is_withdrawn_and_not_erased(france: Conn, tmp_path: Any) -> None:
    when = datetime(2026, 1, 20, tzinfo=UTC)
    national.load(france, when)
    text = national.FILE.read_text(encoding="utf-8")
    cut = text.index('[[facts]]\nid = "waste-epci"')
    end = text.index('[[facts]]\nid = "school-transport')
    shorter = tmp_path / "national.toml"
    shorter.write_text(text[:cut] + text[end:], encoding="utf-8")
    assert national.load(france, when, shorter) == {"read": 3, "new": 0, "withdrawn": 1}
    materialise.refresh(france)
    assert shown(france, "waste", 1, when) == (0, None, "withdrawn", None, None)
    kept = france.execute("select count(*) from catalog.observation where service = 'waste'")
    assert kept.fetchone() == (3,)
