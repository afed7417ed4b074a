"""The cache of arrays, the bundle, territories and generations, in a real PostGIS."""

import asyncio
import itertools
from datetime import UTC, date, datetime, timedelta
from typing import Any

import numpy as np
import psycopg
import pytest
from psycopg_pool import AsyncConnectionPool

from catalog import arrays, generations, materialise, observations, summary, territories
from catalog.arrays import StatusArrays
from catalog.observations import Nature, Observation
from catalog.referential import BUNDLE_ID, current
from catalog.states import Simple, State, simple
from catalog.territories import Geography
from config.errors import Conflict, Invalid, NotFound

START = datetime(2021, 2, 3, tzinfo=UTC)
Conn = psycopg.Connection[Any]


def say(conn: Conn, service: str, number: int, state: State, days: float, until: float) -> None:
    observations.append(
        conn,
        [
            Observation(
                service=service,
                state=state,
                nature=Nature.AGENT,
                source_id="agent",
                evidence_id=1,
                seen="seen",
                observed_at=START + timedelta(days=days),
                valid_until=START + timedelta(days=until),
                commune_number=number,
            )
        ],
    )


async def test_one_array_a_span_one_query_for_many_askers_and_bounds(
    france: Conn, database: str
) -> None:
    say(france, "canteen", 2, State.TWO_WAY, 10, 20)
    materialise.refresh(france)
    france.commit()
    async with AsyncConnectionPool(database, min_size=1, max_size=2, open=False) as pool:
        held = StatusArrays(pool, max_arrays=2)
        at = START + timedelta(days=12)
        many = await asyncio.gather(*(held.get("canteen", at) for _ in range(20)))
        assert all(one is many[0] for one in many)
        assert many[0][2] == State.TWO_WAY
        assert await held.get("canteen", at + timedelta(days=7)) is many[0]
        assert not (await held.get("canteen", START + timedelta(days=20))).any()
        assert not (await held.get("canteen", START)).any()
        assert len(held._held) == 2
        with pytest.raises(ValueError, match="read-only"):
            many[0][1] = 7
        with pytest.raises(NotFound):
            await held.get("pigeons", at)
        bundle = await held.get(BUNDLE_ID, at)
        assert len(bundle) == len(many[0])
        assert len(await held.members(at)) == len(current().bundle)


async def test_a_failed_read_is_told_to_everyone_and_not_kept(france: Conn, database: str) -> None:
    say(france, "canteen", 2, State.TWO_WAY, 10, 20)
    materialise.refresh(france)
    france.commit()
    at = START + timedelta(days=12)
    async with AsyncConnectionPool(database, min_size=1, max_size=4, open=False) as pool:
        held = StatusArrays(pool)
        await held.get("water", at)
        france.execute("alter table catalog.status rename to hidden")
        france.commit()
        told = await asyncio.gather(
            *(held.get("canteen", at) for _ in range(5)), return_exceptions=True
        )
        assert all(isinstance(one, psycopg.errors.UndefinedTable) for one in told)
        france.execute("alter table catalog.hidden rename to status")
        france.commit()
        assert (await held.get("canteen", at))[2] == State.TWO_WAY


def test_the_bundle_is_present_exactly_when_each_counted_service_is() -> None:
    book = current()
    cases = list(itertools.product(State, repeat=3))
    chosen = ["contact-email", "electoral-roll", "canteen"]
    columns = list(zip(*cases, strict=True))
    rows = {
        service: np.array([0, *column], np.uint8)
        for service, column in zip(chosen, columns, strict=True)
    }
    found = arrays.bundle(rows, book)
    for got, case in zip(found[1:], cases, strict=True):
        readings = [
            simple(state, state.level, book.service(service).full_level)
            for service, state in zip(chosen, case, strict=True)
        ]
        counted = [word for word in readings if word is not Simple.OTHER]
        word = simple(State(got), State(got).level, book.full_level(BUNDLE_ID))
        if Simple.UNKNOWN in readings:
            assert got == State.UNKNOWN
        elif not counted:
            assert got == State.OTHER_BODY
        elif Simple.ABSENT in counted:
            assert got == State.ABSENT
        else:
            assert (word is Simple.PRESENT) == all(one is Simple.PRESENT for one in counted)


async def test_bundle_cells_are_the_sum_over_its_services(
    france: Conn, aconn: psycopg.AsyncConnection[Any]
) -> None:
    say(france, "canteen", 2, State.TWO_WAY, 1, 900)
    say(france, "contact-email", 2, State.INFORMATION, 1, 900)
    materialise.refresh(france)
    france.commit()
    at = START + timedelta(days=2)
    geography = await Geography.load(aconn)
    members = [await arrays.read(aconn, one, at) for one in current().bundle]
    whole = await arrays.read(aconn, BUNDLE_ID, at)
    france_ = summary.summarise(whole, geography, "FR", 3, members=members)
    assert france_.states["unknown"] == france_.communes == 6
    assert france_.cells is not None
    assert sum(france_.cells.values()) == 6 * len(members)
    assert france_.cells["two-way"] == france_.cells["information"] == 1
    parts = summary.children(whole, geography, "FR", 3, "epci", members=members)
    for key, total in france_.cells.items():
        assert sum(p.cells[key] for p in parts if p.cells) == total


async def test_breakpoints_are_the_days_when_something_changed(
    france: Conn, aconn: psycopg.AsyncConnection[Any]
) -> None:
    say(france, "canteen", 2, State.TWO_WAY, 10, 20)
    say(france, "canteen", 3, State.TWO_WAY, 10, 90_000)
    materialise.refresh(france)
    france.commit()
    assert await arrays.breakpoints(aconn) == [date(2021, 2, 13), date(2021, 2, 23)]


async def test_territories_and_their_parts(
    france: Conn, aconn: psycopg.AsyncConnection[Any]
) -> None:
    france.commit()
    whole = await territories.get(aconn, "FR")
    assert (whole.kind, whole.communes, whole.parent) == ("france", 6, None)
    assert whole.population == 776 + 250 + 12000 + 90 + 3100
    geography = await Geography.load(aconn)
    for code in ["FR", "REG-84", "DEP-02", "DEP-03", "EPCI-222222222", "COM-01001"]:
        found = await territories.get(aconn, code)
        assert found.communes == len(geography.members(code))
        assert found.population == geography.population[geography.members(code)].sum()
        assert found.name == geography.name_of(code)
    assert [t.code for t in await territories.children(aconn, "FR")] == ["REG-11", "REG-84"]
    assert [t.code for t in await territories.children(aconn, "DEP-01")] == [
        "EPCI-111111111", "EPCI-222222222",
    ]  # fmt: skip
    communes = await territories.children(aconn, "REG-11", "commune")
    assert [t.code for t in communes] == ["COM-03004", "COM-05005", "COM-03007"]
    assert communes[1].parent == "DEP-03"
    assert await territories.children(aconn, "COM-01001") == []
    with pytest.raises(Invalid):
        await territories.children(aconn, "DEP-01", "region")
    for wrong in ["", "fr", "DEP-99", "COM-09009", "XX-1", "DEP-69;--", "EPCI-1"]:
        with pytest.raises(NotFound):
            await territories.get(aconn, wrong)
        with pytest.raises(NotFound):
            geography.members(wrong)


async def test_a_generation_is_seen_once_published_and_readers_never_go_back(
    france: Conn, aconn: psycopg.AsyncConnection[Any]
) -> None:
    france.commit()
    with pytest.raises(NotFound):
        await generations.current(aconn)
    await aconn.rollback()
    first = generations.begin(france)
    second = generations.begin(france)
    assert first.geography == second.geography
    assert generations.unfinished(france) == [first.id, second.id]
    assert generations.latest(france) is None
    generations.publish(france, second.id, {"communes.pmtiles": "abc"})
    with pytest.raises(Conflict):
        generations.publish(france, first.id, {})
    with pytest.raises(Conflict):
        generations.publish(france, second.id, {})
    france.commit()
    now = await generations.current(aconn)
    assert (now.id, now.files) == (second.id, {"communes.pmtiles": "abc"})
    assert (await Geography.load(aconn)).vintage == second.geography
    france.execute("update catalog.commune set population = 1 where number = 1")
    assert generations.begin(france).geography == first.geography
    france.execute("update catalog.commune set epci_code = null where number = 1")
    assert generations.begin(france).geography != first.geography
