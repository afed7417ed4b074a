"""What a commune declares of its own services: published at once, in the commune's own voice.

A commune has one voice, whoever holds its mandate: what it declares supersedes what it declared
before. Two agents who started from the same page do not silence each other: the second is shown
both texts, and decides.
"""

import hashlib
import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import psycopg

from catalog import live
from catalog.database.queries import query
from catalog.observations import Nature, Observation
from catalog.referential import Service
from catalog.states import State
from crowd import audit, claims, publishing
from crowd.claims import Claim, Kind
from crowd.mandates import Mandate

SOURCE = "communes"


class Choice(StrEnum):
    """What an agent answers for one service."""

    SAME = "same"  # no change: they do not know, or it is right
    EXISTS = "exists"
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Declared:
    """An answer that was read; `base` is the declaration that its author had before them."""

    service: Service
    claim: Claim | None  # None: it does not exist
    base: int

    @property
    def state(self) -> State:
        return (
            State.ABSENT if self.claim is None else self.claim.fact(self.service) or State.UNKNOWN
        )

    @property
    def url(self) -> str | None:
        return None if self.claim is None else self.claim.url


@dataclass(frozen=True, slots=True)
class Latest:
    """What a commune declared last of a service."""

    service: str
    id: int
    state: State | None
    url: str | None
    seen: str
    observed_at: datetime


@dataclass(frozen=True, slots=True)
class Conflict:
    """Somebody else declared since: what they said, and what was about to be said."""

    mine: Declared
    theirs: Latest


def read(service: Service, sent: Mapping[str, str]) -> Declared | Mapping[str, str] | None:
    """An answer from its fields (choice, url, attributes, base); its mistakes; None: no change."""
    try:
        choice = Choice(sent.get("choice") or "same")
        base = int(sent.get("base") or "0")
    except ValueError:
        return {"choice": "choose"}
    if choice is Choice.SAME:
        return None
    if choice is Choice.ABSENT:
        return Declared(service, None, base)
    found = claims.read(Kind.EXISTS, service, sent)
    return found.mistakes if found.claim is None else Declared(service, found.claim, base)


async def latest(aconn: psycopg.AsyncConnection[Any], number: int) -> dict[str, Latest]:
    """What a commune declared last, by service."""
    rows = await (
        await aconn.execute(query("crowd", "declared_latest"), {"number": number})
    ).fetchall()
    return {
        service: Latest(service, id_, None if state is None else State(state), url, seen, at)
        for service, id_, state, url, seen, at in rows
    }


def seen(one: Declared) -> str:
    """What was seen, in one sentence."""
    if one.claim is None:
        return "La commune déclare que le service n’existe pas"
    return f"La commune déclare que le service existe ({one.claim.url})"


def document(one: Declared, mandate: Mandate, at: datetime) -> str:
    """The evidence, in JSON of one form only. It names a mandate, and nobody."""
    content = {
        "commune_number": mandate.commune_number,
        "service": one.service.id,
        "state": one.state.slug,
        "claim": None if one.claim is None else one.claim.stored(),
        "said_by": mandate.actor,
        "at": at.isoformat(timespec="seconds"),
    }
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


async def publish(
    aconn: psycopg.AsyncConnection[Any],
    mandate: Mandate,
    answers: Sequence[Declared],
    now: datetime,
) -> list[Conflict]:
    """Publish all answers in one transaction, or none and what they conflict with.

    The caller then has `catalog.live.settle` score the pairs; the worker does if it dies before.
    """
    number = mandate.commune_number
    async with aconn.transaction():
        await aconn.execute(query("crowd", "declaration_lock"), {"number": number})
        held = await latest(aconn, number)
        conflicts = [
            Conflict(one, held[one.service.id])
            for one in answers
            if one.service.id in held and held[one.service.id].id != one.base
        ]
        if conflicts:
            return conflicts
        for one in answers:
            former = held.get(one.service.id)
            await _publish_one(aconn, mandate, one, None if former is None else former.id, now)
        services = sorted(one.service.id for one in answers)
        await audit.write(aconn, mandate.actor, "declare", f"commune:{number}", services=services)
    return []


async def _publish_one(
    aconn: psycopg.AsyncConnection[Any],
    mandate: Mandate,
    one: Declared,
    supersedes: int | None,
    now: datetime,
) -> None:
    text = document(one, mandate, now)
    url = one.url or f"urn:guichet:commune:{mandate.commune_number}"
    evidence_id = await publishing.evidence(
        aconn, SOURCE, release=now.date().isoformat(), url=url, document=text, at=now
    )
    attributes = () if one.claim is None else one.claim.attributes
    said = Observation(
        service=one.service.id,
        state=one.state,
        nature=Nature.AGENT,
        source_id=SOURCE,
        evidence_id=evidence_id,
        seen=seen(one),
        observed_at=now,
        commune_number=mandate.commune_number,
        attributes=dict.fromkeys(attributes, True),
        url=one.url,
        valid_until=now + timedelta(days=one.service.valid_for_days),
        supersedes=supersedes,
    )
    (observation,) = await live.append(aconn, [said])
    values = {
        "observation": observation,
        "mandate": mandate.id,
        "sha256": hashlib.sha256(text.encode()).hexdigest(),
        "document": text,
    }
    await aconn.execute(query("crowd", "declaration_add"), values)
