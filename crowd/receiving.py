"""Receiving contributions: once each, judged by the policy, several in one transaction.

Everything of a submission is one transaction: the row, its words, what the policy decided, what
was published of it and the mail that says so. Those that arrive together share that transaction
and its wait for the disk, as long as none of them is a reason for what is decided of another one
(`marks`): so each is judged exactly as if it had come alone, and a flood, whose copies see each
other, takes its turns while honest people do not wait for it.
"""

import hashlib
import json
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Any

import psycopg

from catalog import observations, outbox
from catalog.database.queries import query
from catalog.observations import Observation
from catalog.outbox import Mail
from catalog.referential import Service
from catalog.states import State as Fact
from catalog.status import Status, score
from config.errors import Unavailable
from crowd import policy, publishing
from crowd.claims import Claim, fingerprint
from crowd.contributions import (
    FOLLOW,
    MAIL_MARK,
    Neighbour,
    State,
    independent,
    new_reference,
    of_id,
    token_hash,
)
from crowd.policy import Decided, Situation, Verdict
from crowd.signing import Keys
from crowd.speakers import RESIDENT, Speaker

Letter = Callable[[str, str, bool], Mail]  # (reference, sealed link, published) -> the mail
_STATES = {
    Verdict.PUBLISH: State.ACCEPTED,
    Verdict.WAIT: State.WAITING,
    Verdict.HOLD: State.HELD,
}


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

    @property
    def pair(self) -> tuple[int, str]:
        return self.commune_number, self.service.id


@dataclass(frozen=True, slots=True)
class Arrival:
    """A form that was read, when it came, and the mail that its author is sent, if any."""

    sent: Sent
    at: datetime
    letter: Letter | None = None


@dataclass(frozen=True, slots=True)
class Receipt:
    """What the author is told. `new` is False when this very form was received before."""

    id: int
    reference: str
    new: bool
    published: bool


@dataclass(frozen=True, slots=True)
class _Judged:
    """A contribution that is about to be written, and what was decided of it."""

    arrival: Arrival
    decided: Decided
    allies: Sequence[Neighbour]
    values: Mapping[str, Any]


def marks(sent: Sent) -> frozenset[str]:
    """What the policy may know a contribution by: two that share a mark are judged in turn."""
    commune, service = sent.pair
    return frozenset(
        (
            f"network {sent.network}",
            f"pair {commune} {service}",
            f"print {fingerprint(sent.claim, sent.comment)}",
            f"once {sent.once.hex()}",
        )
    )


async def queue_is_full(aconn: psycopg.AsyncConnection[Any], most_open: int) -> bool:
    """Whether as many contributions wait as people can be asked to judge."""
    cursor = await aconn.execute(query("crowd", "queue_size"), {"bound": most_open})
    row = await cursor.fetchone()
    return row is not None and row[0] >= most_open


async def submit(
    aconn: psycopg.AsyncConnection[Any],
    keys: Keys,
    sent: Sent,
    now: datetime,
    *,
    most_open: int,
    letter: Letter | None = None,
) -> Receipt:
    """Receive one form alone. Raises Unavailable when more than `most_open` wait."""
    full = await queue_is_full(aconn, most_open)
    (receipt,) = await submit_together(aconn, keys, [Arrival(sent, now, letter)], full=full)
    if receipt is None:
        raise too_many()
    return receipt


def too_many() -> Unavailable:
    return Unavailable("Too many contributions wait for a moderator; try again later.")


async def submit_together(
    aconn: psycopg.AsyncConnection[Any],
    keys: Keys,
    arrivals: Sequence[Arrival],
    *,
    full: bool = False,
) -> list[Receipt | None]:
    """Receive forms that share no mark; the receipts, in order, once all are durable.

    The same form again, even at the same instant, is one row. None, when the queue is `full`, for
    what was not received before. The caller holds no transaction, and has `catalog.live.settle`
    run when something was published.
    """
    forms = [one.sent for one in arrivals]
    networks = [keys.keyed("network", one.network) for one in forms]
    locks = {_lock(network) for network in networks} | {pair_lock(*one.pair) for one in forms}
    onces = [one.once for one in forms]
    # In a pipeline: the questions leave together, and so do what is written and the commit. A
    # process that also draws pages has few turns, and each answer that is waited for costs one.
    async with aconn.pipeline(), aconn.transaction():
        # Other processes wait for these authors and pairs: floods are counted exactly, and two who
        # agree at the same instant see each other. In their order, so nobody waits in a ring.
        await aconn.execute(query("crowd", "alone"), {"locks": sorted(locks)})
        before = await aconn.execute(query("crowd", "received_before"), {"onces": onces})
        around = await _ask_around(aconn, [(one, None) for one in forms], networks)
        receipts = _receipts(await before.fetchall())
        surrounded = await around.read()
        judged = [
            _judge(keys, arrival, network, found)
            for arrival, network, found in zip(arrivals, networks, surrounded, strict=True)
            if arrival.sent.once not in receipts and not full
        ]
        if judged:
            receipts |= await _write(aconn, keys, judged)
    return [receipts.get(once) for once in onces]


@dataclass(frozen=True, slots=True)
class _Around:
    """What surrounds a form. `voice` is its author's; None: a new one."""

    voice: int | None
    counts: Sequence[Any]
    others: Sequence[Neighbour]
    held: Sequence[Observation]


@dataclass(frozen=True, slots=True)
class _Asked:
    """Questions that left, of which no answer was read yet."""

    counts: psycopg.AsyncCursor[Any]
    others: psycopg.AsyncCursor[Any]
    held: psycopg.AsyncCursor[Any]
    forms: int

    async def read(self) -> list[_Around]:
        counts = {row[0]: row[1:] for row in await self.counts.fetchall()}
        others: dict[int, list[Neighbour]] = {}
        for place, id_, voice, claim, state, confirmed, network in await self.others.fetchall():
            one = Neighbour(id_, voice, Claim.of(claim), State(state), confirmed, network)
            others.setdefault(place, []).append(one)
        held: dict[int, list[Observation]] = {}
        for place, *row in await self.held.fetchall():
            held.setdefault(place, []).append(observations.from_row(row))
        return [
            _Around(counts[n][0], counts[n][1:], others.get(n, []), held.get(n, []))
            for n in range(1, self.forms + 1)
        ]


async def _ask_around(
    aconn: psycopg.AsyncConnection[Any],
    forms: Sequence[tuple[Sent, int | None]],
    networks: Sequence[bytes | None],
) -> _Asked:
    """Ask what surrounds forms, each with its author's voice when it is known."""
    pairs = {
        "communes": [one.commune_number for one, _ in forms],
        "services": [one.service.id for one, _ in forms],
    }
    values = {
        "voices": [voice for _, voice in forms],
        "networks": list(networks),
        "prints": [fingerprint(one.claim, one.comment) for one, _ in forms],
        "hosts": [one.claim.host for one, _ in forms],
    }
    counts = await aconn.execute(query("crowd", "situations"), {**pairs, **values})
    others = await aconn.execute(query("crowd", "neighbours"), pairs)
    held = await aconn.execute(query("catalog", "observation_of_pairs"), pairs)
    return _Asked(counts, others, held, len(forms))


def _judge(
    keys: Keys,
    arrival: Arrival,
    network: bytes,
    around: _Around,
) -> _Judged:
    sent = arrival.sent
    known = score(sent.service, around.held, arrival.at)
    allies = _allies(sent, around, False, network)
    decided = policy.decide(_situation(sent, around, allies, known.state))
    values = {
        "reference": new_reference(),
        "once": sent.once,
        "token_hash": token_hash(sent.token),
        "voice": around.voice,
        "speaker": sent.speaker.kind.value,
        "mandate": sent.speaker.mandate,
        "account": sent.speaker.account_id,
        "language": sent.language,
        "kind": sent.claim.kind.value,
        "commune": sent.commune_number,
        "service": sent.service.id,
        "claim": json.dumps(sent.claim.stored(), ensure_ascii=False),
        "print": fingerprint(sent.claim, sent.comment),
        "before": json.dumps(_before(known)),
        "state": _STATES[decided.verdict].value,
        "why": json.dumps([decided.rule]),
        "thanks": sent.thanks_name,
        "comment": sent.comment,
        "email": sent.email,
        "who": None if sent.email is None else keys.keyed("email", sent.email.lower()),
        "network": network,
        "draft": sent.draft_hash,
    }
    return _Judged(arrival, decided, allies, values)


def _before(known: Status) -> dict[str, Any]:
    """What we said of the pair when a contribution came."""
    return {
        "state": int(known.state),
        "url": known.url,
        "reason": known.reason.value,
        "observation": known.observation_id,
    }


async def _write(
    aconn: psycopg.AsyncConnection[Any], keys: Keys, judged: Sequence[_Judged]
) -> dict[bytes, Receipt]:
    """Write what was judged, publish what is believed, and put the mails in the outbox."""
    columns = {name: [one.values[name] for one in judged] for name in judged[0].values}
    cursor = await aconn.execute(query("crowd", "contributions_add"), columns)
    ids = {bytes(once): int(id_) for once, id_ in await cursor.fetchall()}
    receipts: dict[bytes, Receipt] = {}
    for one in judged:
        sent = one.arrival.sent
        if (id_ := ids.get(sent.once)) is None:
            continue  # received in the meantime, from elsewhere
        published = one.decided.verdict is Verdict.PUBLISH
        receipt = Receipt(id_, str(one.values["reference"]), True, published)
        receipts[sent.once] = receipt
        if published:
            await _believe(aconn, id_, sent.service, one.decided, one.allies, one.arrival.at)
        if one.arrival.letter is not None and sent.email is not None and not sent.trapped:
            link = MAIL_MARK + keys.seal(FOLLOW, id_)
            mail = one.arrival.letter(receipt.reference, link, published)
            await outbox.put(aconn, mail, f"contribution-{id_}-received")
    if missed := [one.arrival.sent.once for one in judged if one.arrival.sent.once not in receipts]:
        again = await aconn.execute(query("crowd", "received_before"), {"onces": missed})
        receipts |= _receipts(await again.fetchall())
    return receipts


async def reconsider(
    aconn: psycopg.AsyncConnection[Any], id_: int, service: Service, now: datetime
) -> bool:
    """Judge again a contribution that waits, now that its author's address is confirmed.

    In the caller's transaction. True: it was published, with those that waited for it.
    """
    one = await of_id(aconn, id_)
    pair = (one.commune_number, service.id)
    await aconn.execute(query("crowd", "alone"), {"locks": [pair_lock(*pair)]})
    one = await of_id(aconn, id_)
    if one.state != State.WAITING or one.confirmed_at is None:
        return False
    claim = Claim.of(one.claim)
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
    asked = await _ask_around(aconn, [(sent, one.voice_id)], [None])
    (around,) = await asked.read()
    mine = next(other for other in around.others if other.id == id_)
    others = [other for other in around.others if other.id != id_]
    around = replace(around, others=others)
    allies = _allies(sent, around, True, mine.network)
    known = score(service, around.held, now).state
    decided = policy.decide(_situation(sent, around, allies, known))
    if decided.verdict is not Verdict.PUBLISH:
        return False
    values = {"ids": [id_], "why": json.dumps([decided.rule])}
    await aconn.execute(query("crowd", "contribution_accept"), values)
    await _believe(aconn, id_, service, decided, allies, now)
    return True


def _lock(basis: bytes) -> int:
    return int.from_bytes(basis[:8], signed=True)


def pair_lock(commune: int, service: str) -> int:
    return _lock(hashlib.sha256(f"{commune}|{service}".encode()).digest())


def _receipts(rows: Sequence[Sequence[Any]]) -> dict[bytes, Receipt]:
    return {
        bytes(once): Receipt(id_, reference, False, state == State.ACCEPTED)
        for once, id_, reference, state in rows
    }


def _allies(sent: Sent, around: _Around, confirmed: bool, network: bytes | None) -> list[Neighbour]:
    """Other people who said the same."""
    voice = around.voice or 0  # no voice has this number
    return [
        one
        for one in around.others
        if one.claim.agrees_with(sent.claim, sent.service)
        and independent(voice, confirmed, network, one)
    ]


def _situation(sent: Sent, around: _Around, allies: Sequence[Neighbour], known: Fact) -> Situation:
    """What the policy reads."""
    hour, day, copies, pair_hour, host_known, accepted, refused = around.counts
    fact = sent.claim.fact(sent.service)
    opposed = {
        one.voice_id
        for one in around.others
        if one.voice_id != around.voice
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
