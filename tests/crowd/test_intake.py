"""Contributions written together: judged as if each had come alone, and apart when one is bad."""

import asyncio
from collections import deque
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from api.intake import Intake, _Waiting, take_apart
from catalog import referential
from config.errors import Unavailable
from crowd import claims, receiving
from crowd.claims import Kind
from crowd.receiving import Arrival, Sent

BOOK = referential.current()


def arrival(
    number: int, commune: int, url: str, network: str | None = None, comment: str = "",
    service: str = "nursery", once: str | None = None,
) -> Arrival:  # fmt: skip
    claim = claims.read(Kind.EXISTS, BOOK.service(service), {"url": url}).claim
    assert claim is not None
    sent = Sent(
        commune_number=commune, service=BOOK.service(service), claim=claim, comment=comment,
        language="fr", network=network or f"10.0.{number}.0/24",
        once=(once or f"once{number}").encode(), token=f"token{number}", seconds=30.0,
    )  # fmt: skip
    return Arrival(sent, datetime.now(UTC))


@pytest.fixture
def place(france_settings: Any) -> tuple[int, str]:
    """A commune and its own site."""
    with psycopg.connect(france_settings.database.url) as conn:
        row = conn.execute(
            "select commune_number, website from catalog.office where website ~ '^https?://[a-z]' "
            "and commune_number is not null order by commune_number limit 1"
        ).fetchone()
    assert row is not None
    return row


@pytest.fixture
async def intake(france_settings: Any) -> Any:
    found = Intake(france_settings)
    yield found
    await found.close()


def states(settings: Any) -> list[tuple[Any, ...]]:
    with psycopg.connect(settings.database.url) as conn:
        return conn.execute(
            "select state, why ->> 0, count(*) from crowd.contribution group by 1, 2 order by 1, 2"
        ).fetchall()


async def test_many_at_once_are_one_row_each(intake: Intake, france_settings: Any) -> None:
    forms = [arrival(n, 1 + n, f"https://x.example/{n}") for n in range(200)]
    receipts = await asyncio.gather(*(intake.submit(one) for one in forms))
    assert all(one.new for one in receipts)
    assert len({one.reference for one in receipts}) == 200
    with psycopg.connect(france_settings.database.url) as conn:
        one = conn.execute(
            "select count(*), count(distinct voice_id), count(distinct date_trunc('microseconds', "
            "created_at)) from crowd.contribution"
        ).fetchone()
    assert one is not None
    assert one[:2] == (200, 200)
    assert one[2] < 40, "a transaction has one time, and holds many"


async def test_two_who_agree_at_once_publish(
    intake: Intake, france_settings: Any, place: tuple[int, str]
) -> None:
    commune, site = place
    forms = [arrival(n, commune, f"{site}/creche") for n in range(2)]
    receipts = await asyncio.gather(*(intake.submit(one) for one in forms))
    assert [one.published for one in receipts] == [False, True]
    assert states(france_settings) == [("accepted", "two-residents", 2)]


async def test_a_burst_at_once_is_held_as_it_would_be_one_by_one(
    intake: Intake, france_settings: Any, place: tuple[int, str]
) -> None:
    _, site = place
    forms = [arrival(n, 1 + n, f"{site}/{n}", network="10.9.9.0/24") for n in range(12)]
    await asyncio.gather(*(intake.submit(one) for one in forms))
    waiting = [n for state, _, n in states(france_settings) if state == "waiting"]
    held = [(why, n) for state, why, n in states(france_settings) if state == "held"]
    assert sum(waiting) == 5
    assert held == [("burst", 7)]


async def test_copies_at_once_are_held(intake: Intake, france_settings: Any) -> None:
    words = "Rejoignez notre plateforme formidable"
    forms = [arrival(n, 1 + n, f"https://x.example/{n}", comment=words) for n in range(6)]
    await asyncio.gather(*(intake.submit(one) for one in forms))
    assert ("held", "copies", 3) in states(france_settings)


async def test_the_same_form_at_once_is_one(intake: Intake, france_settings: Any) -> None:
    forms = [arrival(0, 1, "https://x.example/1", once="same") for _ in range(30)]
    receipts = await asyncio.gather(*(intake.submit(one) for one in forms))
    assert sorted(one.new for one in receipts) == [False] * 29 + [True]
    assert len({one.reference for one in receipts}) == 1


async def test_one_that_cannot_be_written_fails_alone(intake: Intake, france_settings: Any) -> None:
    forms = [arrival(n, 1 + n, f"https://x.example/{n}") for n in range(5)]
    forms[2] = arrival(2, 3, "https://x.example/2", comment="a\x00b")  # no form lets it pass
    receipts = await asyncio.gather(*(intake.submit(one) for one in forms), return_exceptions=True)
    assert [isinstance(one, Exception) for one in receipts] == [False, False, True, False, False]
    assert sum(n for *_, n in states(france_settings)) == 4


async def test_a_full_queue_refuses_what_is_new_and_knows_what_is_not(
    france_settings: Any, intake: Intake
) -> None:
    known = arrival(0, 1, "https://x.example/0")
    await intake.submit(known)
    crowd = france_settings.crowd.model_copy(update={"most_open": 1})
    full = Intake(france_settings.model_copy(update={"crowd": crowd}))
    try:
        with pytest.raises(Unavailable):
            await full.submit(arrival(1, 2, "https://x.example/1"))
        assert not (await full.submit(known)).new
    finally:
        await full.close()


async def test_a_sender_who_goes_away_is_received_all_the_same(
    intake: Intake, france_settings: Any
) -> None:
    gone = asyncio.create_task(intake.submit(arrival(0, 1, "https://x.example/0")))
    await asyncio.sleep(0.001)
    gone.cancel()
    await intake.submit(arrival(1, 2, "https://x.example/1"))
    assert sum(n for *_, n in states(france_settings)) == 2


def test_the_line_keeps_its_order() -> None:
    forms = [
        arrival(0, 1, "https://x.example/0", network="a"),
        arrival(1, 2, "https://x.example/1", network="a"),  # the same author
        arrival(2, 2, "https://x.example/2", network="b"),  # the pair of one that is left
        arrival(3, 3, "https://x.example/3", network="c"),
    ]
    import concurrent.futures

    line = deque(
        _Waiting(one, receiving.marks(one.sent), concurrent.futures.Future()) for one in forms
    )
    taken = [take_apart(line, 10) for _ in range(3)]
    assert [[one.arrival.sent.token for one in batch] for batch in taken] == [
        ["token0", "token3"], ["token1"], ["token2"],
    ]  # fmt: skip
