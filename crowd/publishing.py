"""From a contribution to observations, with their evidence; and back, by superseding them.

What is published names nobody and holds no free words: a structured claim, its link, its date. An
author is a pseudonym of one pair, so that two statements of one person on two communes cannot be
joined by readers.
"""

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

import psycopg

from catalog import live
from catalog.database.queries import query
from catalog.observations import Nature, Observation
from catalog.referential import Service
from catalog.states import State
from crowd.claims import Claim, Kind
from crowd.speakers import Kind as Speaking

_LICENCE = "Licence Ouverte 2.0"
_LICENCE_URL = "https://www.etalab.gouv.fr/licence-ouverte-open-licence/"
# (title, publisher) of the three sources that people are.
SOURCES: Mapping[str, tuple[str, str, Nature]] = {
    "residents": ("Contributions des habitants", "Les habitants, par Guichet", Nature.RESIDENT),
    "moderation": ("Relecture des contributions", "Les modérateurs de Guichet", Nature.RESIDENT),
    "communes": ("Contributions des communes", "Les communes, par Guichet", Nature.AGENT),
}
CONFIRMED_BY = "moderation"


@dataclass(frozen=True, slots=True)
class Said:
    """All that publishing reads of a contribution."""

    id: int
    reference: str
    voice_id: int
    speaker: Speaking
    commune_number: int
    service: str
    claim: Claim
    created_at: datetime


def source_of(speaker: Speaking) -> str:
    return "communes" if speaker is Speaking.AGENT else "residents"


def observer(said: Said) -> str:
    """The author's pseudonym on this pair, and on no other."""
    basis = f"{said.voice_id}|{said.commune_number}|{said.service}"
    return hashlib.sha256(basis.encode()).hexdigest()[:12]


def document(said: Said, fact: State, *, confirms: bool, at: datetime) -> str:
    """The evidence: what was said, in JSON of one form only."""
    content = {
        "reference": said.reference,
        "commune_number": said.commune_number,
        "service": said.service,
        "claim": said.claim.stored(),
        "state": fact.slug,
        "said_by": "moderator" if confirms else said.speaker.value,
        "at": at.isoformat(timespec="seconds"),
    }
    return json.dumps(content, ensure_ascii=False, sort_keys=True, separators=(",", ":"))


_SEEN = {
    Kind.EXISTS: "indique que le service existe",
    Kind.WRONG: "corrige ce que dit la carte",
    Kind.DEAD_LINK: "donne la page qui remplace un lien mort",
    Kind.HOURS: "donne les horaires",
}


def seen(said: Said, fact: State, *, confirms: bool) -> str:
    """What was seen, in one sentence without anybody's own words."""
    if confirms:
        who = "Un modérateur, après vérification,"
    else:
        who = "La commune" if said.speaker is Speaking.AGENT else "Un habitant"
    what = "indique que le service n’existe pas" if fact is State.ABSENT else _SEEN[said.claim.kind]
    more = f" : {said.claim.hours}" if said.claim.hours else ""
    where = f" ({said.claim.url})" if said.claim.url else ""
    return f"{who} {what}{more}{where}"


def observation(
    said: Said,
    service: Service,
    fact: State,
    evidence_id: int,
    *,
    confirms: bool,
    at: datetime,
) -> Observation:
    """The statement. Pure: what is believed, until when, from whom."""
    attributes: dict[str, Any] = {}
    if fact is not State.ABSENT:
        attributes.update(dict.fromkeys(said.claim.attributes, True))
    if not confirms:
        attributes["observer"] = observer(said)
    return Observation(
        service=service.id,
        state=fact,
        nature=Nature.RESIDENT if confirms else said.speaker.nature,
        source_id=CONFIRMED_BY if confirms else source_of(said.speaker),
        evidence_id=evidence_id,
        seen=seen(said, fact, confirms=confirms),
        observed_at=at,
        commune_number=said.commune_number,
        attributes=attributes,
        url=None if fact is State.ABSENT else said.claim.url,
        valid_until=at + timedelta(days=service.valid_for_days),
    )


async def publish(
    aconn: psycopg.AsyncConnection[Any],
    said: Said,
    service: Service,
    fact: State,
    *,
    confirmed: bool,
    now: datetime,
) -> list[int]:
    """Append what is believed, in the transaction of the decision; the observations' ids.

    `confirmed`: a moderator looked too, and is a second observer. The caller commits, then has
    `catalog.live.settle` score the pair; if it dies before, the worker does within a minute.
    """
    ids = []
    for confirms in (False, True) if confirmed else (False,):
        at = now if confirms else said.created_at
        text = document(said, fact, confirms=confirms, at=at)
        digest = hashlib.sha256(text.encode()).hexdigest()
        source = CONFIRMED_BY if confirms else source_of(said.speaker)
        url = said.claim.url or f"urn:guichet:contribution:{said.reference}"
        evidence_id = await evidence(
            aconn, source, release=said.reference, url=url, document=text, at=at
        )
        one = observation(said, service, fact, evidence_id, confirms=confirms, at=at)
        (number,) = await live.append(aconn, [one])
        values = {"observation": number, "contribution": said.id, "sha256": digest,
                  "document": text, "confirms": confirms}  # fmt: skip
        await aconn.execute(query("crowd", "publication_add"), values)
        ids.append(number)
    return ids


async def evidence(
    aconn: psycopg.AsyncConnection[Any],
    source_id: str,
    *,
    release: str,
    url: str,
    document: str,
    at: datetime,
) -> int:
    """The id of a document's evidence, in the caller's transaction; its source is made if new."""
    title, publisher, nature = SOURCES[source_id]
    known = await aconn.execute(query("crowd", "source_known"), {"id": source_id})
    if await known.fetchone() is None:
        values = {
            "id": source_id,
            "title": title,
            "publisher": publisher,
            "licence": _LICENCE,
            "licence_url": _LICENCE_URL,
            "url": _LICENCE_URL,
            "nature": nature.value,
        }
        await aconn.execute(query("catalog", "apply_source"), values)
    cursor = await aconn.execute(
        query("catalog", "apply_evidence"),
        {
            "source_id": source_id,
            "release": release,
            "published_on": at.date(),
            "sha256": hashlib.sha256(document.encode()).hexdigest(),
            "size": len(document.encode()),
            "url": url,
        },
    )
    row = await cursor.fetchone()
    assert row is not None  # noqa: S101 (the statement always returns its row)
    return int(row[0])


async def take_back(
    aconn: psycopg.AsyncConnection[Any], contribution_ids: list[int], why: str, now: datetime
) -> int:
    """Supersede what contributions became, in the caller's transaction; how many observations.

    Nothing is erased: the history says that it was believed, and until when.
    """
    cursor = await aconn.execute(query("crowd", "published_of"), {"ids": contribution_ids})
    rows = await cursor.fetchall()
    for id_, commune, service, nature, source_id, evidence_id, observer_ in rows:
        attributes = {} if observer_ is None else {"observer": observer_}
        withdrawal = Observation(
            service=service,
            state=None,
            nature=Nature(nature),
            source_id=source_id,
            evidence_id=evidence_id,
            seen=why,
            observed_at=now,
            commune_number=commune,
            attributes=attributes,
            supersedes=id_,
        )
        (number,) = await live.append(aconn, [withdrawal])
        values = {"observation": id_, "by": number}
        await aconn.execute(query("crowd", "publication_reverted"), values)
    return len(rows)
