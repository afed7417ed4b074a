"""Trust: confirmed addresses are people; a record on one service of one commune counts there only."""

import re
from datetime import UTC, datetime
from typing import Any

import psycopg
import pytest

from catalog import referential
from crowd import claims, contributions, following, moderation, receiving
from crowd.accounts import Account, Role
from crowd.claims import Kind
from crowd.contributions import MAIL_MARK, State
from crowd.moderation import Action, Ruling
from crowd.receiving import Sent
from crowd.signing import Keys

BOOK = referential.current()
KEYS = Keys(1, {1: b"k" * 32})
MODERATOR = Account(99, Role.MODERATOR)


class Crowd:
    """Residents who send, confirm and are decided on, in one database."""

    def __init__(self, conn: psycopg.AsyncConnection, commune: int, site: str) -> None:
        self.conn, self.commune, self.site, self.sent = conn, commune, site, 0

    async def say(
        self, email: str | None, network: str, path: str = "creche", service: str = "nursery"
    ) -> int:
        self.sent += 1
        claim = claims.read(
            Kind.EXISTS, BOOK.service(service), {"url": f"{self.site}/{path}"}
        ).claim
        assert claim is not None
        one = Sent(
            commune_number=self.commune, service=BOOK.service(service), claim=claim, comment="",
            language="fr", network=network, once=f"{self.sent}".encode(), token=f"t{self.sent}",
            seconds=30.0, email=email,
        )  # fmt: skip
        return (await receiving.submit(self.conn, KEYS, one, datetime.now(UTC), most_open=1000)).id

    async def confirm(self, id_: int) -> bool:
        one = await contributions.of_id(self.conn, id_)
        return await following.confirm(self.conn, one, BOOK.service(one.service), datetime.now(UTC))

    async def accept(self, id_: int) -> None:
        one = await contributions.of_id(self.conn, id_)
        ruling = Ruling(Action.ACCEPT, one.version, "checked")
        await moderation.decide(self.conn, KEYS, MODERATOR, BOOK, id_, ruling, datetime.now(UTC))

    async def state(self, id_: int) -> tuple[State, list[str]]:
        one = await contributions.of_id(self.conn, id_)
        return State(one.state), one.why

    async def forget_origins(self) -> None:
        await self.conn.execute("delete from crowd.origin")


@pytest.fixture
async def crowd(france_settings: Any) -> Any:
    async with await psycopg.AsyncConnection.connect(
        france_settings.database.url, autocommit=True
    ) as conn:
        cursor = await conn.execute(
            "select commune_number, website from catalog.office where website ~ '^https?://[a-z]' "
            "and commune_number is not null order by id limit 1"
        )
        row = await cursor.fetchone()
        assert row
        yield Crowd(conn, row[0], row[1].rstrip("/"))


async def test_two_confirmed_addresses_agree_days_later(crowd: Crowd) -> None:
    first = await crowd.say("marie@exemple.fr", "10.0.0.0/24")
    assert not await crowd.confirm(first), "alone"
    await crowd.forget_origins()
    second = await crowd.say("paul@exemple.fr", "10.0.0.0/24")
    assert (await crowd.state(second))[0] is State.WAITING, "not confirmed yet"
    assert await crowd.confirm(second)
    assert await crowd.state(first) == (State.ACCEPTED, ["two-residents"])
    assert await crowd.state(second) == (State.ACCEPTED, ["two-residents"])
    assert not await crowd.confirm(second), "once"


async def test_days_later_without_addresses_nobody_can_tell(crowd: Crowd) -> None:
    first = await crowd.say(None, "10.0.0.0/24")
    await crowd.forget_origins()
    second = await crowd.say(None, "10.9.0.0/24")
    for one in (first, second):
        assert await crowd.state(one) == (State.WAITING, ["alone"])


async def test_one_address_from_two_networks_is_one_voice(crowd: Crowd) -> None:
    first = await crowd.say("marie@exemple.fr", "10.0.0.0/24")
    await crowd.confirm(first)
    await crowd.forget_origins()
    second = await crowd.say("Marie@Exemple.fr", "10.9.0.0/24")
    assert not await crowd.confirm(second)
    assert (await crowd.state(second))[0] is State.WAITING


async def test_a_record_counts_on_its_own_commune_and_service(crowd: Crowd) -> None:
    for n in range(3):
        id_ = await crowd.say("marie@exemple.fr", f"10.{n}.0.0/24", path=f"page-{n}")
        await crowd.confirm(id_)
        await crowd.accept(id_)
    fourth = await crowd.say("marie@exemple.fr", "10.7.0.0/24", path="nouvelle")
    assert (await crowd.state(fourth))[0] is State.WAITING, "the address could be anybody's"
    assert await crowd.confirm(fourth)
    assert await crowd.state(fourth) == (State.ACCEPTED, ["trusted"])
    other = await crowd.say("marie@exemple.fr", "10.8.0.0/24", service="canteen")
    assert not await crowd.confirm(other), "not on another service"


async def test_a_mail_link_is_of_one_contribution(crowd: Crowd) -> None:
    first = await crowd.say("marie@exemple.fr", "10.0.0.0/24")
    link = MAIL_MARK + KEYS.seal(contributions.FOLLOW, first)
    one, by_mail = await contributions.of_token(crowd.conn, KEYS, link)
    assert (one.id, by_mail) == (first, True)
    assert re.fullmatch(r"m\.[A-Za-z0-9_=-]+", link)
    for bad in (link[:-4] + "AAA=", MAIL_MARK + KEYS.seal("other", first), MAIL_MARK):
        with pytest.raises(contributions.NotFound):
            await contributions.of_token(crowd.conn, KEYS, bad)
