"""What a commune declares of its own services: published at once, in the commune's own voice.

A commune has one voice, whoever holds its mandate: what it declares supersedes what it declared
before. Two agents who started from the same page do not silence each other: the second is shown
both texts, and decides.
"""

import hashlib
import json
from collections.abc import Collection, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import psycopg

from catalog import live
from catalog.database.queries import query
from catalog.observations import Nature, Observation
from catalog.referential import Service, current
from catalog.states import State
from config.errors import Invalid, Refused
from crowd import audit, claims, desk_drafts, publishing
from crowd.claims import Claim, Kind
from crowd.mandate_sessions import Mandate
from crowd.roles import chain_text, speaks

SOURCE = "communes"


class Choice(StrEnum):
    """What an agent answers for one service."""

    SAME = "same"  # no change: they do not know, or it is right
    EXISTS = "exists"
    OTHER = "other"  # another body than the commune provides it
    ABSENT = "absent"


@dataclass(frozen=True, slots=True)
class Declared:
    """An answer that was read; `base` is the declaration that its author had before them."""

    service: Service
    claim: Claim | None  # None: it does not exist, or another body provides it
    base: int
    provider: str | None = None  # the other body, one of the referential's
    page: str | None = None  # of that body, when the commune gives it

    @property
    def state(self) -> State:
        if self.provider is not None:
            return State.OTHER_BODY
        if self.claim is None:
            return State.ABSENT
        return self.claim.fact(self.service) or State.UNKNOWN

    @property
    def url(self) -> str | None:
        return self.page if self.claim is None else self.claim.url


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


def read(
    service: Service, sent: Mapping[str, str], bodies: Collection[str] = ()
) -> Declared | Mapping[str, str] | None:
    """An answer from its fields (choice, url, attributes, provider, base); its mistakes; None: no
    change. `bodies`: those that may provide a service instead of the commune."""
    try:
        choice = Choice(sent.get("choice") or "same")
        base = int(sent.get("base") or "0")
    except ValueError:
        return {"choice": "choose"}
    if choice is Choice.SAME:
        return None
    if choice is Choice.ABSENT:
        return Declared(service, None, base)
    if choice is Choice.OTHER:
        provider = sent.get("provider", "")
        if provider not in bodies:
            return {"provider": "choose"}
        try:
            page = claims.link(sent["url"]) if sent.get("url") else None
        except Invalid:
            return {"url": "not-a-link"}
        return Declared(service, None, base, provider, page)
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


def seen(one: Declared, mandate: Mandate) -> str:
    """What was seen, in one sentence."""
    who = speaks(mandate.role, mandate.commune)
    if one.provider is not None:
        body = current().provider_title(one.provider, "fr")
        where = f" ({one.page})" if one.page else ""
        return f"{who} déclare que le service est rendu par un autre organisme : {body}{where}"
    if one.claim is None:
        return f"{who} déclare que le service n’existe pas"
    return f"{who} déclare que le service existe ({one.claim.url})"


def document(one: Declared, mandate: Mandate, at: datetime) -> str:
    """The evidence, in JSON of one form only. It names a mandate, and nobody."""
    content = {
        "commune_number": mandate.commune_number,
        "service": one.service.id,
        "state": one.state.slug,
        "claim": None if one.claim is None else one.claim.stored(),
        "provider": one.provider,
        "page": one.page,
        "said_by": mandate.actor,
        "role": mandate.role.value,
        "chain": chain_text(mandate.chain),
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
    if beyond := [one.service.id for one in answers if not mandate.covers(one.service.id)]:
        raise Refused(f"This mandate does not cover {', '.join(beyond)}.")
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
        await desk_drafts.drop(aconn, mandate.id, services)
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
    attributes: dict[str, Any] = dict.fromkeys(one.claim.attributes if one.claim else (), True)
    if not mandate.own:
        attributes |= {"role": mandate.role.value, "chain": chain_text(mandate.chain)}
    said = Observation(
        service=one.service.id,
        state=one.state,
        nature=Nature.AGENT,
        source_id=SOURCE,
        evidence_id=evidence_id,
        seen=seen(one, mandate),
        observed_at=now,
        commune_number=mandate.commune_number,
        attributes=attributes,
        url=one.url,
        provider=one.provider,
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
