"""Statements made one at a time: scored by themselves, in order, whatever is killed."""

import random
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from catalog import changes, live, materialise, observations
from catalog.observations import Nature, Observation
from catalog.states import State
from config.settings import Settings

Conn = psycopg.Connection[Any]
AT = datetime(2026, 11, 1, tzinfo=UTC)


def word(service: str, number: int | None, state: State | None, day: int = 1) -> Observation:
    return Observation(
        service=service, state=state, nature=Nature.AGENT, source_id="agent", evidence_id=1,
        seen="seen", observed_at=AT.replace(day=day), commune_number=number,
    )  # fmt: skip


def told(conn: Conn) -> dict[tuple[str, int], int]:
    rows = conn.execute(
        "select service, commune_number, state from catalog.status where valid_to = 'infinity'"
    )
    return {(service, number): state for service, number, state in rows}


async def say(database: str, *words: Observation) -> list[int]:
    async with await psycopg.AsyncConnection.connect(database) as aconn:
        ids = await live.append(aconn, words)
        await aconn.commit()
    return ids


async def test_an_edit_is_scored_alone_and_numbered(france: Conn, database: str) -> None:
    france.commit()
    ids = await say(database, word("canteen", 1, State.ONE_WAY), word("nursery", 2, State.ABSENT))
    assert ids == sorted(ids)
    assert told(france) == {}
    france.commit()
    with psycopg.connect(database) as conn:
        assert live.score(conn) == 2
        assert live.score(conn) == 0
    assert told(france) == {("canteen", 1): State.ONE_WAY, ("nursery", 2): State.ABSENT}
    async with await psycopg.AsyncConnection.connect(database) as aconn:
        assert await live.latest(aconn) == 2
        touched = await live.between(aconn, 1, 2)
        assert (touched.services, touched.communes) == ({"nursery"}, {2})


async def test_a_process_killed_between_the_statement_and_its_score_loses_nothing(
    france: Conn, database: str, database_settings: Settings
) -> None:
    france.commit()
    await say(database, word("canteen", 1, State.ONE_WAY))
    killed = psycopg.connect(database)
    # It dies inside the scoring: nothing of it is committed.
    killed.execute("select pg_advisory_xact_lock(%s)", (materialise.LOCK,))
    killed.execute("delete from catalog.unscored")
    killed.close()
    assert live.settle(database_settings) == 1
    assert told(france) == {("canteen", 1): State.ONE_WAY}


async def test_what_waits_is_forgotten_with_the_statement(france: Conn, database: str) -> None:
    france.commit()
    async with await psycopg.AsyncConnection.connect(database) as aconn:
        await live.append(aconn, [word("canteen", 1, State.ONE_WAY)])
        await aconn.rollback()
    with psycopg.connect(database) as conn:
        assert live.score(conn) == 0
        assert conn.execute("select count(*) from catalog.observation").fetchone() == (0,)


async def test_a_statement_about_all_of_france_is_not_an_edit(aconn: Any) -> None:
    with pytest.raises(ValueError, match="one commune"):
        await live.append(aconn, [word("canteen", None, State.ONE_WAY)])


async def test_clients_that_read_at_random_moments_end_with_the_same_table(
    france: Conn, database: str
) -> None:
    chance = random.Random(7)
    france.commit()
    services = ("canteen", "nursery", "cemetery")
    positions = {"one": 0, "two": 0}
    tables: dict[str, dict[tuple[str, str], str]] = {"one": {}, "two": {}}

    async def read(client: str, limit: int) -> int:
        async with await psycopg.AsyncConnection.connect(database) as aconn:
            found = await changes.read(aconn, positions[client], limit, datetime.now(UTC))
        for change in found:
            tables[client][change.service, change.commune_code] = change.state.slug
            assert change.position == positions[client] + 1
            positions[client] = change.position
        return len(found)

    for turn in range(40):
        words = [
            word(
                chance.choice(services), chance.choice((1, 2, 3, 4, 5, 7)),
                chance.choice((None, State.ABSENT, State.ONE_WAY, State.TWO_WAY)), 1 + turn % 28,
            )
            for _ in range(chance.randint(1, 4))
        ]  # fmt: skip
        if turn % 5:
            await say(database, *words)
            with psycopg.connect(database) as conn:
                live.score(conn)
        else:  # a harvest, scored as a whole
            with psycopg.connect(database) as conn:
                observations.append(conn, words)
                materialise.refresh(conn)
        for client in positions:
            if chance.random() < 0.4:
                await read(client, chance.randint(1, 9))
    for client in positions:
        while await read(client, 5):
            pass
    rows = france.execute(
        "select s.service, c.code, s.state from catalog.status s join catalog.commune c"
        " on c.number = s.commune_number where s.valid_from <= now() and s.valid_to > now()"
    )
    truth = {(service, code): State(state).slug for service, code, state in rows}
    assert truth
    for table in tables.values():
        known = {pair: state for pair, state in table.items() if state != "unknown"}
        assert known == {pair: state for pair, state in truth.items() if state != "unknown"}
