"""National facts as observations: what the State provides and what the law moved elsewhere.

`national.toml` is a source like any other, and its bytes are the evidence. Loading it twice
changes nothing; editing or removing a fact appends what corrects the earlier statement.
"""

import hashlib
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import date, datetime, time
from pathlib import Path
from typing import Any
from zoneinfo import ZoneInfo

import psycopg

from catalog.database.queries import query
from catalog.observations import Nature, Observation, append
from catalog.referential import Referential, current
from catalog.states import State
from config.errors import Invalid, NotFound

SOURCE = "national"
FILE = Path(__file__).with_name("national.toml")
# A law enters into force at midnight in Paris.
_ZONE = ZoneInfo("Europe/Paris")
_KEYS = {
    "id", "service", "state", "attributes", "provider", "since", "url", "law", "law_url", "seen",
    "except",
}  # fmt: skip
_EXCEPT_KEYS = {"without_epci", "epcis", "departements", "because"}


@dataclass(frozen=True, slots=True)
class Except:
    """The communes that a fact says nothing of."""

    without_epci: bool = False
    epcis: frozenset[str] = frozenset()
    departements: frozenset[str] = frozenset()
    because: str = ""

    def holds(self, departement: str, epci: str | None) -> bool:
        """Whether a commune of this département and EPCI (SIREN, or None) is left out."""
        if departement in self.departements:
            return True
        return self.without_epci if epci is None else epci in self.epcis


@dataclass(frozen=True, slots=True)
class Fact:
    """One national fact, with its page and its legal text."""

    id: str
    service: str
    state: State
    attributes: Mapping[str, Any]
    provider: str
    since: date
    url: str | None
    law: str
    law_url: str
    seen: str
    left_out: Except


@dataclass(frozen=True, slots=True)
class National:
    """The whole file."""

    release: str
    published: date
    sha256: str
    size: int
    facts: tuple[Fact, ...]


def read(data: bytes, referential: Referential | None = None) -> National:
    """Read national.toml. Raises Invalid, naming every mistake at once."""
    book = referential or current()
    try:
        raw = tomllib.loads(data.decode("utf-8"))
    except (UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise Invalid(f"The national facts are not TOML: {error}.") from error
    mistakes: list[str] = []
    facts = [
        _fact(value, f"facts[{i}]", book, mistakes) for i, value in enumerate(raw.get("facts", []))
    ]
    services = [fact.service for fact in facts]
    mistakes += [
        f"{service}: one source has one voice, and here it speaks twice"
        for service in sorted({s for s in services if services.count(s) > 1})
    ]
    release, published = raw.get("release"), _day(raw.get("published"), "published", mistakes)
    if not isinstance(release, str):
        mistakes.append("release: a name is needed")
    if mistakes:
        raise Invalid(
            f"The national facts have {len(mistakes)} mistake(s):\n- " + "\n- ".join(mistakes)
        )
    return National(
        str(release), published, hashlib.sha256(data).hexdigest(), len(data), tuple(facts)
    )


def _fact(value: Mapping[str, Any], where: str, book: Referential, mistakes: list[str]) -> Fact:
    where = str(value.get("id") or where)
    mistakes += [f"{where}.{key}: not a key of a fact" for key in sorted(value.keys() - _KEYS)]
    for key in ("id", "service", "state", "provider", "law", "law_url", "seen"):
        if not isinstance(value.get(key), str) or not value[key].strip():
            mistakes.append(f"{where}.{key}: words are needed")
    if value.get("service") not in book.services:
        mistakes.append(f"{where}.service: there is no service {value.get('service')!r}")
    if value.get("provider") not in book.providers:
        mistakes.append(f"{where}.provider: there is no provider {value.get('provider')!r}")
    attributes = value.get("attributes", {})
    mistakes += [
        f"{where}.attributes: there is no attribute {name!r}"
        for name in sorted(attributes.keys() - book.attributes.keys())
    ]
    try:
        state = State.of_slug(str(value.get("state")))
    except NotFound as error:
        mistakes.append(f"{where}.state: {error}")
        state = State.UNKNOWN
    if state in (State.UNKNOWN, State.ABSENT):
        mistakes.append(f"{where}.state: a law proves a level or a competence, nothing else")
    if state.level is not None and value.get("service") in book.services:
        proven = book.service(value["service"]).level(attributes)
        if proven != state.level:
            mistakes.append(f"{where}.attributes: they prove level {proven}, not {state.level}")
    url = value.get("url")
    if state.level is not None and not url:
        mistakes.append(f"{where}.url: the page that residents use is needed")
    for key in ("url", "law_url"):
        if value.get(key) and not str(value[key]).startswith("https://"):
            mistakes.append(f"{where}.{key}: an https address is needed")
    left_out = value.get("except", {})
    mistakes += [
        f"{where}.except.{key}: not a key" for key in sorted(left_out.keys() - _EXCEPT_KEYS)
    ]
    if left_out and not left_out.get("because"):
        mistakes.append(f"{where}.except.because: say why")
    return Fact(
        id=where,
        service=str(value.get("service")),
        state=state,
        attributes=attributes,
        provider=str(value.get("provider")),
        since=_day(value.get("since"), f"{where}.since", mistakes),
        url=url,
        law=str(value.get("law")),
        law_url=str(value.get("law_url")),
        seen=str(value.get("seen")),
        left_out=Except(
            without_epci=bool(left_out.get("without_epci", False)),
            epcis=frozenset(left_out.get("epcis", [])),
            departements=frozenset(left_out.get("departements", [])),
            because=str(left_out.get("because", "")),
        ),
    )


def _day(value: object, where: str, mistakes: list[str]) -> date:
    try:
        return date.fromisoformat(str(value))
    except ValueError:
        mistakes.append(f"{where}: written as 2026-01-15")
        return date.min


def observations(
    national: National, evidence_id: int, communes: Iterable[tuple[int, str, str | None]]
) -> list[Observation]:
    """Everything the file says: one statement about France a fact, then one silence for each
    commune left out. `communes` are (number, département code, EPCI code or None).
    """
    said = []
    places = list(communes)
    for fact in national.facts:
        said.append(_statement(fact, evidence_id))
        said += [
            _silence(fact, evidence_id, number)
            for number, departement, epci in places
            if fact.left_out.holds(departement, epci)
        ]
    return said


def _statement(fact: Fact, evidence_id: int, number: int | None = None) -> Observation:
    return Observation(
        service=fact.service,
        state=fact.state,
        nature=Nature.LAW,
        source_id=SOURCE,
        evidence_id=evidence_id,
        seen=f"{fact.seen} {fact.law} : {fact.law_url}",
        observed_at=_midnight(fact.since),
        commune_number=number,
        attributes=dict(fact.attributes),
        url=fact.url,
        provider=fact.provider,
    )


def _silence(fact: Fact, evidence_id: int, number: int) -> Observation:
    return Observation(
        service=fact.service,
        state=None,
        nature=Nature.LAW,
        source_id=SOURCE,
        evidence_id=evidence_id,
        seen=fact.left_out.because,
        observed_at=_midnight(fact.since),
        commune_number=number,
    )


def _midnight(day: date) -> datetime:
    return datetime.combine(day, time(), _ZONE)


def load(
    conn: psycopg.Connection[Any], retrieved_at: datetime, file: Path = FILE
) -> dict[str, int]:
    """Append what the national facts add to, or correct in, what this source already said.

    In the caller's transaction. Returns counts: `read` facts, `new` statements, `withdrawn`
    ones. Raises Invalid when the file has mistakes; nothing is written then.
    """
    national = read(file.read_bytes())
    conn.execute(query("catalog", "observation_national_source"), {"id": SOURCE})
    row = conn.execute(
        query("catalog", "observation_national_evidence"),
        {
            "source": SOURCE,
            "release": national.release,
            "published": national.published,
            "retrieved": retrieved_at,
            "sha256": national.sha256,
            "bytes": national.size,
            "url": f"catalog/referential/{file.name}",
        },
    ).fetchone()
    assert row is not None  # noqa: S101 - the statement always returns its row
    evidence_id = int(row[0])
    places = conn.execute(query("catalog", "observation_national_places")).fetchall()
    wanted = observations(national, evidence_id, places)
    held = {
        (service, number, observed_at): (state, attributes, url, provider, seen)
        for service, number, observed_at, state, attributes, url, provider, seen in conn.execute(
            query("catalog", "observation_national_held"), {"source": SOURCE}
        )
    }
    new = [one for one in wanted if held.get(_key(one)) != _content(one)]
    kept = {_key(one) for one in wanted}
    facts = {(f.service, _midnight(f.since)): f for f in national.facts}
    withdrawn: list[Observation] = []
    for (service, number, observed_at), content in held.items():
        if (service, number, observed_at) in kept:
            continue
        fact = facts.get((service, observed_at))
        if fact is not None and number is not None:
            # The commune is no longer left out: the fact holds there again.
            one = _statement(fact, evidence_id, number)
            if content != _content(one):
                new.append(one)
        elif content[0] is not None:
            withdrawn.append(
                Observation(
                    service=service,
                    state=None,
                    nature=Nature.LAW,
                    source_id=SOURCE,
                    evidence_id=evidence_id,
                    seen=f"Retiré de la version {national.release} des faits nationaux.",
                    observed_at=observed_at,
                    commune_number=number,
                )
            )
    append(conn, [*new, *withdrawn])
    return {"read": len(national.facts), "new": len(new), "withdrawn": len(withdrawn)}


def _key(one: Observation) -> tuple[str, int | None, datetime]:
    return (one.service, one.commune_number, one.observed_at)


def _content(one: Observation) -> tuple[Any, ...]:
    state = None if one.state is None else int(one.state)
    return (state, dict(one.attributes), one.url, one.provider, one.seen)
