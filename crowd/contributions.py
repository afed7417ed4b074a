"""Contributions: received once each, judged by the policy, followed by their author.

Everything of one submission is one transaction: the row, its words, what the policy decided, what
was published of it and the mail that says so.
"""

import hashlib
import json
import secrets
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from enum import StrEnum
from typing import Any

import psycopg
from psycopg.rows import class_row

from catalog import observations, outbox
from catalog.database.queries import query
from catalog.outbox import Mail
from catalog.referential import Service
from catalog.states import State as Fact
from catalog.status import score
from config.errors import NotFound, Unavailable
from crowd import policy, publishing
from crowd.claims import Claim, fingerprint
from crowd.policy import Decided, Situation, Verdict
from crowd.publishing import Said
from crowd.signing import Keys
from crowd.speakers import RESIDENT, Speaker
from crowd.speakers import Kind as Speaking

FOLLOW = "follow"  # the purpose of the links that mails hold
MAIL_MARK = "m."  # what those begin with
_ALPHABET = "23456789ABCDEFGHJKMNPQRSTVWXYZ"  # nothing that is read for something else


class State(StrEnum):
    """Where a contribution is."""

    WAITING = "waiting"
    ASKED = "asked"  # a moderator asked its author something
    HELD = "held"  # looks like a flood, a copy or a robot: apart, for a batch decision
    ACCEPTED = "accepted"
    REFUSED = "refused"
    REVERTED = "reverted"  # accepted, and taken back since
    WITHDRAWN = "withdrawn"  # erased by its author before anything was published

    @property
    def open(self) -> bool:
        return self in (State.WAITING, State.ASKED, State.HELD)


@dataclass(frozen=True, slots=True)
class Sent:
    """A form that was read. `token` is the private link's; `once` is the form's own number."""

    commune_number: int
    service: Service
    claim: Claim
    comment: str
    language: str
    network: str
    once: bytes
    token: str
    seconds: float  # between the form and its sending
    trapped: bool = False
    email: str | None = None
    thanks_name: str | None = None
    speaker: Speaker = RESIDENT
    draft_hash: bytes | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the author is told. `new` is False when this very form was received before."""

    id: int
    reference: str
    new: bool
    published: bool


@dataclass(frozen=True, slots=True)
class Contribution:
    """A contribution and what is personal of it, None when there is none or it was erased."""

    id: int
    reference: str
    voice_id: int
    speaker: str
    mandate: str | None
    account_id: int | None
    language: str
    kind: str
    commune_number: int
    service: str
    claim: dict[str, Any]
    before: dict[str, Any]
    state: str
    why: list[str]
    version: int
    created_at: datetime
    seen_at: datetime | None
    decided_at: datetime | None
    thanks_name: str | None
    comment: str | None
    who: bytes | None
    confirmed_at: datetime | None
    email: str | None

    @property
    def said(self) -> Said:
        return Said(
            self.id,
            self.reference,
            self.voice_id,
            Speaking(self.speaker),
            self.commune_number,
            self.service,
            Claim.of(self.claim),
            self.created_at,
        )


@dataclass(frozen=True, slots=True)
class Neighbour:
    """What somebody else said of the same pair."""

    id: int
    voice_id: int
    claim: Claim
    state: State
    confirmed: bool
    network: bytes | None


def independent(voice: int, confirmed: bool, network: bytes | None, other: Neighbour) -> bool:
    """Whether two authors are two people, as far as anybody can tell without keeping addresses.

    Two confirmed addresses, or two networks within the day in which we remember them. When one of
    the two was forgotten nobody can tell, and they do not count as two.
    """
    if voice == other.voice_id:
        return False
    if confirmed and other.confirmed:
        return True
    return network is not None and other.network is not None and network != other.network


def new_reference() -> str:
    """What people quote to us: eight letters and figures, none of which looks like another."""
    letters = [secrets.choice(_ALPHABET) for _ in range(8)]
    return f"{''.join(letters[:4])}-{''.join(letters[4:])}"


def token_hash(token: str) -> bytes:
    return hashlib.sha256(token.encode()).digest()


def follow_token(secret: str) -> str:
    """The private link of what was sent with this secret: the same each time it is sent."""
    return hashlib.sha256(f"follow|{secret}".encode()).hexdigest()[:43]


Letter = Callable[[str, str, bool], Mail]  # (reference, sealed link, published) -> the mail


async def submit(
    aconn: psycopg.AsyncConnection[Any],
    keys: Keys,
    sent: Sent,
    now: datetime,
    *,
    most_open: int,
    letter: Letter | None = None,
) -> Receipt:
    """Receive one form. The same form again, even at the same instant, is one row.

    The caller holds no transaction, and has `catalog.live.settle` run when something was
    published. Raises Unavailable when more than `most_open` wait: they are judged by people.
    """
    network = keys.keyed("network", sent.network)
    who = None if sent.email is None else keys.keyed("email", sent.email.lower())
    async with aconn.transaction():
        # One author at a time, then one pair at a time: floods are counted exactly, and two who
        # agree at the same instant see each other. Always in this order, so nobody waits in ring.
        await _alone(aconn, network)
        pair = f"{sent.commune_number}|{sent.service.id}".encode()
        await _alone(aconn, hashlib.sha256(pair).digest())
        if (before := await _received(aconn, sent.once)) is not None:
            return before
        cursor = await aconn.execute(query("crowd", "queue_size"), {"bound": most_open})
        size = await cursor.fetchone()
        if size is not None and size[0] >= most_open:
            raise Unavailable("Too many contributions wait for a moderator; try again later.")
        cursor = await aconn.execute(query("crowd", "author_voice"), {"network": network})
        row = await cursor.fetchone()
        assert row is not None  # noqa: S101 (the statement always returns its row)
        voice = int(row[0])
        held = await observations.of_commune(aconn, sent.commune_number, sent.service.id)
        now_said = score(sent.service, held, now)
        others = await neighbours(aconn, sent.commune_number, sent.service.id, None)
        allies = [
            one
            for one in others
            if one.claim.agrees_with(sent.claim, sent.service)
            and independent(voice, False, network, one)
        ]
        said = await _situation(aconn, sent, voice, allies, others, now_said.state)
        decided = policy.decide(said)
        published = decided.verdict is Verdict.PUBLISH
        state = {
            Verdict.PUBLISH: State.ACCEPTED,
            Verdict.WAIT: State.WAITING,
            Verdict.HOLD: State.HELD,
        }[decided.verdict]
        values = {
            "reference": new_reference(),
            "once": sent.once,
            "token_hash": token_hash(sent.token),
            "voice": voice,
            "speaker": sent.speaker.kind.value,
            "mandate": sent.speaker.mandate,
            "account": sent.speaker.account_id,
            "language": sent.language,
            "kind": sent.claim.kind.value,
            "commune": sent.commune_number,
            "service": sent.service.id,
            "claim": json.dumps(sent.claim.stored(), ensure_ascii=False),
            "print": fingerprint(sent.claim, sent.comment),
            "before": json.dumps(
                {
                    "state": int(now_said.state),
                    "url": now_said.url,
                    "reason": now_said.reason.value,
                    "observation": now_said.observation_id,
                }
            ),
            "state": state.value,
            "why": json.dumps([decided.rule]),
            "thanks": sent.thanks_name,
            "comment": sent.comment,
            "email": sent.email,
            "who": who,
            "network": network,
            "draft": sent.draft_hash,
        }
        made = await (await aconn.execute(query("crowd", "contribution_add"), values)).fetchone()
        assert made is not None  # noqa: S101 (nobody else holds this author's lock)
        receipt = Receipt(int(made[0]), str(values["reference"]), True, published)
        if published:
            await _believe(aconn, receipt.id, sent.service, decided, allies, now)
        if letter is not None and sent.email is not None and not said.trapped:
            link = MAIL_MARK + keys.seal(FOLLOW, receipt.id)
            mail = letter(receipt.reference, link, published)
            await outbox.put(aconn, mail, f"contribution-{receipt.id}-received")
    return receipt


async def reconsider(
    aconn: psycopg.AsyncConnection[Any], id_: int, service: Service, now: datetime
) -> bool:
    """Judge again a contribution that waits, now that its author's address is confirmed.

    In the caller's transaction. True: it was published, with those that waited for it.
    """
    one = await of_id(aconn, id_)
    pair = f"{one.commune_number}|{service.id}".encode()
    await _alone(aconn, hashlib.sha256(pair).digest())
    one = await of_id(aconn, id_)
    if one.state != State.WAITING or one.confirmed_at is None:
        return False
    around = await neighbours(aconn, one.commune_number, service.id, None)
    mine = next(other for other in around if other.id == id_)
    others = [other for other in around if other.id != id_]
    claim = mine.claim
    allies = [
        other
        for other in others
        if other.claim.agrees_with(claim, service)
        and independent(one.voice_id, True, mine.network, other)
    ]
    sent = Sent(
        commune_number=one.commune_number,
        service=service,
        claim=claim,
        comment=one.comment or "",
        language=one.language,
        network="",
        once=b"",
        token="",
        seconds=policy.LIMITS.fastest_seconds,  # judged when it arrived
    )
    held = await observations.of_commune(aconn, one.commune_number, service.id)
    known = score(service, held, now).state
    said = await _situation(aconn, sent, one.voice_id, allies, others, known)
    decided = policy.decide(said)
    if decided.verdict is not Verdict.PUBLISH:
        return False
    values = {"ids": [id_], "why": json.dumps([decided.rule])}
    await aconn.execute(query("crowd", "contribution_accept"), values)
    await _believe(aconn, id_, service, decided, allies, now)
    return True


async def _alone(aconn: psycopg.AsyncConnection[Any], basis: bytes) -> None:
    number = int.from_bytes(basis[:8], signed=True)
    await aconn.execute("select pg_advisory_xact_lock(%s::bigint)", [number])


async def _received(aconn: psycopg.AsyncConnection[Any], once: bytes) -> Receipt | None:
    row = await (
        await aconn.execute(query("crowd", "contribution_once"), {"once": once})
    ).fetchone()
    return None if row is None else Receipt(row[0], row[1], False, row[2] == State.ACCEPTED)


async def neighbours(
    aconn: psycopg.AsyncConnection[Any], commune: int, service: str, but: int | None
) -> list[Neighbour]:
    """What others said of a pair, and is not refused."""
    values = {"commune": commune, "service": service, "but": but}
    cursor = await aconn.execute(query("crowd", "neighbours"), values)
    return [
        Neighbour(id_, voice, Claim.of(claim), State(state), confirmed, network)
        for id_, voice, claim, state, confirmed, network in await cursor.fetchall()
    ]


async def _situation(
    aconn: psycopg.AsyncConnection[Any],
    sent: Sent,
    voice: int,
    allies: Sequence[Neighbour],
    others: Sequence[Neighbour],
    known: Fact,
) -> Situation:
    """What the policy reads. One question to the database."""
    values = {
        "voice": voice,
        "print": fingerprint(sent.claim, sent.comment),
        "commune": sent.commune_number,
        "service": sent.service.id,
        "host": sent.claim.host,
    }
    row = await (await aconn.execute(query("crowd", "situation"), values)).fetchone()
    assert row is not None  # noqa: S101 (a list of counts is one row)
    hour, day, copies, pair_hour, host_known, accepted, refused = row
    fact = sent.claim.fact(sent.service)
    opposed = {
        one.voice_id
        for one in others
        if one.voice_id != voice
        and (theirs := one.claim.fact(sent.service)) is not None
        and (theirs is Fact.ABSENT) != (fact is Fact.ABSENT)
    }
    return Situation(
        speaker=sent.speaker.kind,
        mandate_covers=sent.speaker.has_mandate_for(sent.commune_number),
        trapped=sent.trapped,
        seconds=sent.seconds,
        author_hour=hour,
        author_day=day,
        copies=copies,
        pair_hour=pair_hour,
        fact=fact,
        level=None if fact is None else fact.level,
        host_known=bool(host_known),
        agreeing=len({one.voice_id for one in allies}),
        contradicted=bool(opposed) or (known is Fact.ABSENT and fact is not Fact.ABSENT),
        accepted=accepted,
        refused=refused,
    )


async def _believe(
    aconn: psycopg.AsyncConnection[Any],
    id_: int,
    service: Service,
    decided: Decided,
    allies: Sequence[Neighbour],
    now: datetime,
) -> None:
    """Publish a contribution that the policy believes, and those that waited for it."""
    waited = [one.id for one in allies if one.state.open] if decided.rule == "two-residents" else []
    values = {"ids": waited, "why": json.dumps([decided.rule])}
    cursor = await aconn.execute(query("crowd", "contribution_accept"), values)
    joined = [int(row[0]) for row in await cursor.fetchall()]
    for one in (id_, *joined):
        contribution = await of_id(aconn, one)
        fact = contribution.said.claim.fact(service)
        assert fact is not None  # noqa: S101 (the policy waits for a fact)
        await publishing.publish(aconn, contribution.said, service, fact, confirmed=False, now=now)
        decision = {"contribution": one, "actor": "policy", "action": "accept",
                    "reason": decided.rule, "text": None}  # fmt: skip
        await aconn.execute(query("crowd", "decision_add"), decision)


async def of_id(aconn: psycopg.AsyncConnection[Any], id_: int) -> Contribution:
    """Raises NotFound."""
    async with aconn.cursor(row_factory=class_row(Contribution)) as cursor:
        await cursor.execute(query("crowd", "contribution_one"), {"id": id_})
        found = await cursor.fetchone()
    if found is None:
        raise NotFound("There is no such contribution.")
    return found


async def of_token(
    aconn: psycopg.AsyncConnection[Any], keys: Keys, token: str
) -> tuple[Contribution, bool]:
    """What a private link opens, and whether it is the link of a mail. Raises NotFound."""
    if token.startswith(MAIL_MARK):
        number = keys.unseal(FOLLOW, token.removeprefix(MAIL_MARK))
        if number is None:
            raise NotFound("This link opens nothing.")
        return await of_id(aconn, number), True
    values = {"token_hash": token_hash(token)}
    row = await (await aconn.execute(query("crowd", "contribution_by_token"), values)).fetchone()
    if row is None:
        raise NotFound("This link opens nothing.")
    return await of_id(aconn, int(row[0])), False
