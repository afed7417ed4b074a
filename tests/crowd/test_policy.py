"""The policy: each rule, its order, and a flood that publishes nothing and slows nobody."""

import itertools
import time
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from api.i18n_texts import texts
from catalog import referential
from catalog.states import State
from config.errors import Invalid, Unavailable
from crowd import claims, contributions, policy, receiving
from crowd.claims import Claim, Kind, Wrong
from crowd.contributions import Neighbour, independent
from crowd.policy import RULES, Situation, Verdict, decide
from crowd.receiving import Sent
from crowd.signing import Keys
from crowd.speakers import Kind as Speaking
from crowd.speakers import Speaker

BOOK = referential.current()
NURSERY = BOOK.service("nursery")
CALM = Situation(
    speaker=Speaking.RESIDENT, mandate_covers=False, trapped=False, seconds=30.0, author_hour=0,
    author_day=0, copies=0, pair_hour=0, fact=State.INFORMATION, level=1, host_known=True,
    agreeing=0, contradicted=False, accepted=0, refused=0,
)  # fmt: skip


@pytest.mark.parametrize(
    ("changes", "verdict", "rule"),
    [
        ({}, "wait", "alone"),
        ({"agreeing": 1}, "publish", "two-residents"),
        ({"agreeing": 1, "fact": State.ABSENT, "level": None}, "wait", "absence"),
        ({"agreeing": 9, "fact": State.TWO_WAY, "level": 3}, "wait", "level"),
        ({"agreeing": 9, "host_known": False}, "wait", "unknown-host"),
        ({"agreeing": 9, "contradicted": True}, "wait", "contradicted"),
        ({"agreeing": 9, "fact": None, "level": None}, "wait", "nothing-new"),
        ({"accepted": 3}, "publish", "trusted"),
        ({"accepted": 2}, "wait", "alone"),
        ({"accepted": 30, "refused": 1}, "wait", "alone"),
        ({"agreeing": 9, "trapped": True}, "hold", "trap"),
        ({"agreeing": 9, "seconds": 1.9}, "hold", "too-fast"),
        ({"agreeing": 9, "author_hour": 5}, "hold", "burst"),
        ({"agreeing": 9, "author_day": 20}, "hold", "burst"),
        ({"agreeing": 9, "copies": 3}, "hold", "copies"),
        ({"agreeing": 9, "pair_hour": 20}, "hold", "crowded"),
        (
            {
                "speaker": Speaking.AGENT,
                "mandate_covers": True,
                "fact": State.TRANSACTION,
                "level": 4,
            },
            "publish",
            "mandate",
        ),
        ({"speaker": Speaking.AGENT, "mandate_covers": False}, "wait", "alone"),
    ],
)
def test_each_rule(changes: dict[str, Any], verdict: str, rule: str) -> None:
    decided = decide(replace(CALM, **changes))
    assert (decided.verdict.value, decided.rule) == (verdict, rule)


@given(
    st.builds(
        Situation, speaker=st.just(Speaking.RESIDENT), mandate_covers=st.booleans(),
        trapped=st.booleans(), seconds=st.floats(0, 100), author_hour=st.integers(0, 50),
        author_day=st.integers(0, 50), copies=st.integers(0, 9), pair_hour=st.integers(0, 50),
        fact=st.none() | st.sampled_from(State), level=st.none() | st.integers(1, 5),
        host_known=st.booleans(), agreeing=st.integers(0, 9), contradicted=st.booleans(),
        accepted=st.integers(0, 9), refused=st.integers(0, 3),
    )
)  # fmt: skip
def test_a_resident_never_publishes_more_than_a_modest_fact(said: Situation) -> None:
    if decide(said).verdict is Verdict.PUBLISH:
        assert said.fact is State.INFORMATION
        assert said.level == 1
        assert said.host_known
        assert not said.trapped
        assert not said.contradicted
        assert said.agreeing >= 1 or said.accepted >= 3


def test_the_public_page_says_every_rule() -> None:
    for language in ("fr", "en"):
        for rule in RULES:
            assert texts(language)[f"crowd.rule_{rule.id.replace('-', '_')}"]
    assert len({rule.id for rule in RULES}) == len(RULES)


def test_two_people_are_two_only_when_somebody_can_tell() -> None:
    other = Neighbour(1, 7, Claim(Kind.EXISTS), contributions.State.WAITING, False, b"a")
    assert independent(8, False, b"b", other)
    assert not independent(7, False, b"b", other), "one voice"
    assert not independent(8, False, b"a", other), "one network"
    assert not independent(8, False, b"b", replace(other, network=None)), "forgotten"
    assert independent(8, True, None, replace(other, network=None, confirmed=True))


# ------------------------------------------------------------------------------ claims


def exists(url: str = "https://x.fr/a", *attributes: str) -> Claim:
    return Claim(Kind.EXISTS, url, (*claims.level_one(NURSERY), *attributes))


def test_what_agrees() -> None:
    same = exists("http://www.x.fr/a/")
    assert exists().agrees_with(same, NURSERY)
    assert exists("https://x.fr/a", "downloadable_form").agrees_with(same, NURSERY)
    assert not exists().agrees_with(exists("https://x.fr/b"), NURSERY)
    absent = Claim(Kind.WRONG, wrong=Wrong.ABSENT)
    assert absent.agrees_with(absent, NURSERY)
    assert not absent.agrees_with(same, NURSERY)
    nothing = Claim(Kind.WRONG, wrong=Wrong.OTHER)
    assert not nothing.agrees_with(nothing, NURSERY)


def test_every_service_has_a_first_level_that_a_link_proves() -> None:
    for service in BOOK.services.values():
        reading = claims.read(Kind.EXISTS, service, {"url": "https://x.fr/"})
        assert reading.claim is not None, service.id
        assert reading.claim.fact(service) is State.INFORMATION


@pytest.mark.parametrize(
    ("typed", "kept"),
    [("www.x.fr", "https://www.x.fr/"), ("HTTPS://X.fr/é?a=1#b", "https://x.fr/é?a=1"),
     ("http://école.fr/", "http://xn--cole-9oa.fr/")],
)  # fmt: skip
def test_links_are_read_as_people_write_them(typed: str, kept: str) -> None:
    assert claims.link(typed) == kept


@given(st.text(max_size=60))
def test_a_link_that_is_read_is_a_plain_one(text: str) -> None:
    try:
        found = claims.link(text)
    except Invalid:
        return
    assert found.startswith(("http://", "https://"))
    assert not set(found) & set("<>\"' \n\t\\`")


@given(
    st.dictionaries(
        st.sampled_from(["url", "comment", "wrong", "hours", "attributes"]), st.text(max_size=40)
    ),
    st.sampled_from(Kind),
)
def test_reading_never_raises(sent: dict[str, str], kind: Kind) -> None:
    reading = claims.read(kind, NURSERY, sent)
    assert (reading.claim is None) == bool(reading.mistakes)
    if reading.claim:
        assert Claim.of(reading.claim.stored()) == reading.claim


def test_copies_have_one_print() -> None:
    link = exists()
    assert claims.fingerprint(link, "Achetez 3 montres chez Nous !") == claims.fingerprint(
        exists("https://y.fr/"), "ACHETEZ 45 montres, chez nous"
    )
    assert claims.fingerprint(link, "") != claims.fingerprint(exists("https://y.fr/"), "")


# ------------------------------------------------------------------------------ the flood

NUMBERS = itertools.count()


def sent(number: int, commune: int, service: str, network: str, url: str, **more: Any) -> Sent:
    values: dict[str, Any] = {"comment": "", **more}
    claim = claims.read(Kind.EXISTS, BOOK.service(service), {"url": url}).claim
    assert claim is not None
    return Sent(
        commune_number=commune, service=BOOK.service(service), claim=claim, language="fr",
        network=network, once=f"once{number}".encode(), token=f"token{number}", seconds=30.0, **values,
    )  # fmt: skip


@pytest.fixture
def places(france_settings: Any) -> list[tuple[int, str]]:
    """(commune, its own site) for communes whose site is known."""
    with psycopg.connect(france_settings.database.url) as conn:
        return conn.execute(
            "select distinct on (commune_number) commune_number, website from catalog.office "
            "where website ~ '^https?://[a-z]' and commune_number is not null order by commune_number"
        ).fetchall()


async def submit(conn: Any, keys: Keys, one: Sent, most_open: int = 100_000) -> receiving.Receipt:
    return await receiving.submit(conn, keys, one, datetime.now(UTC), most_open=most_open)


@pytest.mark.alone
async def test_a_flood_publishes_nothing_and_slows_nobody(
    france_settings: Any, places: list[tuple[int, str]]
) -> None:
    """700 posts of one author, who changes addresses within their network, and honest pairs."""
    services = [one for one in BOOK.services if BOOK.service(one).scale == "procedure"]
    honest: list[float] = []
    published = 0
    keys = Keys(1, {1: b"k" * 32})
    async with await psycopg.AsyncConnection.connect(
        france_settings.database.url, autocommit=True
    ) as conn:
        every = [(place, service) for place in places for service in services]
        pairs, calm = itertools.cycle(every[:-30]), iter(every[-30:])
        for _ in range(700):
            (commune, site), service = next(pairs)
            one = sent(next(NUMBERS), commune, service, "203.0.113.0/24", f"{site}/achetez")
            published += (await submit(conn, keys, one)).published
            if _ % 35 == 0:
                (commune, site), service = next(calm)
                for network in (f"198.51.{_ % 256}.0/24", f"192.0.{_ % 256}.0/24"):
                    began = time.perf_counter()
                    receipt = await submit(
                        conn, keys, sent(next(NUMBERS), commune, service, network, f"{site}/vrai")
                    )
                    honest.append(time.perf_counter() - began)
                assert receipt.published, "two honest neighbours agree while the flood goes on"
        rows = await (await conn.execute(
            "select state, count(*) from crowd.contribution c join crowd.origin o on o.contribution_id = c.id "
            "where network = %s group by 1 order by 1", [keys.keyed("network", "203.0.113.0/24")])).fetchall()  # fmt: skip
    assert published == 0
    assert rows == [("held", 695), ("waiting", 5)]
    first, last = sorted(honest[:10])[5], sorted(honest[-10:])[5]
    assert last < 3 * first + 0.05, f"honest submissions went from {first:.3f} s to {last:.3f} s"


async def test_the_queue_is_capped(france_settings: Any, places: list[tuple[int, str]]) -> None:
    """C4: the second half. From a thousand networks."""
    keys = Keys(1, {1: b"k" * 32})
    async with await psycopg.AsyncConnection.connect(
        france_settings.database.url, autocommit=True
    ) as conn:
        commune, site = places[0]
        for n in range(3):
            await submit(
                conn,
                keys,
                sent(next(NUMBERS), commune, "nursery", f"10.{n}.0.0/24", f"{site}/{n}"),
                3,
            )
        with pytest.raises(Unavailable):
            await submit(
                conn, keys, sent(next(NUMBERS), commune, "nursery", "10.9.0.0/24", f"{site}/9"), 3
            )


async def test_a_copy_for_many_communes_is_held(
    france_settings: Any, places: list[tuple[int, str]]
) -> None:
    keys = Keys(1, {1: b"k" * 32})
    states = []
    async with await psycopg.AsyncConnection.connect(
        france_settings.database.url, autocommit=True
    ) as conn:
        for n, (commune, site) in enumerate(places[:6]):
            one = sent(
                next(NUMBERS),
                commune,
                "nursery",
                f"10.{n}.0.0/24",
                f"{site}/x{n}",
                comment="Rejoignez notre plateforme formidable",
            )
            id_ = (await submit(conn, keys, one)).id
            states.append((await contributions.of_id(conn, id_)).state)
    assert states == ["waiting"] * 3 + ["held"] * 3


async def test_an_agent_with_a_mandate_publishes_at_once(
    france_settings: Any, places: list[tuple[int, str]]
) -> None:
    """The seam for mandates: whoever proves one makes a Speaker."""
    keys = Keys(1, {1: b"k" * 32})
    commune, site = places[0]
    async with await psycopg.AsyncConnection.connect(
        france_settings.database.url, autocommit=True
    ) as conn:
        agent = Speaker(Speaking.AGENT, "m1", frozenset({commune}))
        elsewhere = Speaker(Speaking.AGENT, "m1", frozenset({commune + 1}))
        receipts = [
            await submit(
                conn,
                keys,
                sent(
                    next(NUMBERS), commune, service, "10.0.0.0/24", f"{site}/{service}", speaker=who
                ),
            )
            for service, who in (("nursery", agent), ("canteen", elsewhere))
        ]
        rows = await (
            await conn.execute(
                "select nature, source_id from catalog.observation order by id desc limit 1"
            )
        ).fetchall()
    assert [one.published for one in receipts] == [True, False]
    assert rows == [("agent", "communes")]


async def test_agreeing_at_the_same_instant_publishes(
    france_settings: Any, places: list[tuple[int, str]]
) -> None:
    import asyncio

    keys = Keys(1, {1: b"k" * 32})
    commune, site = places[0]
    url = france_settings.database.url
    async with (
        await psycopg.AsyncConnection.connect(url, autocommit=True) as one,
        await psycopg.AsyncConnection.connect(url, autocommit=True) as two,
    ):
        receipts = await asyncio.gather(
            submit(one, keys, sent(next(NUMBERS), commune, "nursery", "10.0.0.0/24", f"{site}/a")),
            submit(two, keys, sent(next(NUMBERS), commune, "nursery", "10.9.0.0/24", f"{site}/a")),
        )
        rows = await (await one.execute("select distinct state from crowd.contribution")).fetchall()
    assert sorted(receipt.published for receipt in receipts) == [False, True]
    assert rows == [("accepted",)]


def test_the_limits_are_those_that_are_published() -> None:
    assert policy.LIMITS.hourly == 5
    assert policy.LIMITS.witnesses == 2
