"""THE scoring function: what we say of (commune, service) at an instant, and why.

`score` is pure; every channel (page, API, tile, count, file) shows its result, either
computed here on the spot or materialised from `timeline` by `catalog.materialise`. The
reasons for each rule are in docs/decisions/scoring.md.
"""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from enum import Enum, StrEnum, auto
from typing import Any

import psycopg

from catalog import observations as stored
from catalog.observations import Nature, Observation
from catalog.referential import Referential, Service
from catalog.states import LANGUAGES, State

PROBE_LIMIT = 2  # an automatic visit cannot know that a request was received
MAILTO_LIMIT = 1  # writing an e-mail is not an online procedure
WITNESSES = 2  # independent observers that an absence, or a resident pair, needs


class Reason(StrEnum):
    """Why a status is what it is."""

    NO_OBSERVATION = "no-observation"
    OBSERVED = "observed"
    EXPIRED = "expired"
    CONFLICT = "conflict"
    WITHDRAWN = "withdrawn"
    UNCONFIRMED = "unconfirmed"
    OTHER_BODY = "other-body"

    def words(self, language: str) -> str:
        """One sentence for people, in "fr" or "en"."""
        return _REASONS[self][LANGUAGES.index(language)]


_REASONS = {
    Reason.NO_OBSERVATION: (
        "Aucune source n'en a encore parlé.",
        "No source has spoken of it yet.",
    ),
    Reason.OBSERVED: ("Constaté par au moins une source.", "Seen by at least one source."),
    Reason.EXPIRED: (
        "La dernière information est trop ancienne pour être crue.",
        "The last information is too old to be believed.",
    ),
    Reason.CONFLICT: ("Les sources se contredisent.", "Sources contradict each other."),
    Reason.WITHDRAWN: (
        "La source a retiré ce qu'elle disait, ou dit qu'elle ne concerne pas cette commune.",
        "The source withdrew what it said, or says that it does not concern this commune.",
    ),
    Reason.UNCONFIRMED: (
        "Une absence est signalée, mais ni la commune ni un second observateur ne la confirme.",
        "An absence is reported, but neither the commune nor a second observer confirms it.",
    ),
    Reason.OTHER_BODY: (
        "Un autre organisme que la commune est compétent.",
        "A body other than the commune is competent.",
    ),
}


@dataclass(frozen=True, slots=True)
class Status:
    """What we say, and why. Two statuses are equal when a reader sees no difference.

    `decided_by` is the observation that decided (None: nothing did); it is left out of
    equality because a renewal of the same fact is not a change.
    """

    state: State
    level: int | None  # 1..5, also when another body provides the service
    reason: Reason
    provider: str | None = None
    url: str | None = None
    decided_by: Observation | None = field(default=None, compare=False)

    @property
    def observation_id(self) -> int | None:
        return None if self.decided_by is None else self.decided_by.id


NEVER_SEEN = Status(State.UNKNOWN, None, Reason.NO_OBSERVATION)


@dataclass(frozen=True, slots=True)
class Interval:
    """A status that holds from `valid_from` (included) to `valid_to` (excluded; None: still)."""

    valid_from: datetime
    valid_to: datetime | None
    status: Status


class _Kind(Enum):
    EXISTS = auto()
    ABSENT = auto()
    OTHER = auto()


@dataclass(frozen=True, slots=True)
class _Voice:
    """What one source says now, read by the rules of its nature."""

    said: Observation
    kind: _Kind
    level: int | None
    rank: int


def score(service: Service, observations: Iterable[Observation], at: datetime) -> Status:
    """What `observations` say of `service` at `at`. Their order does not matter.

    Never ABSENT without the commune's own word or two independent observers; never a level
    that nobody proved; UNKNOWN when nothing is said, when it expired, or when equals disagree.
    """
    latest = _latest(service, observations, at)
    if not latest:
        return NEVER_SEEN
    said = [o for o in latest if not _silent(o)]
    in_force = [o for o in said if o.valid_until is None or at < o.valid_until]
    if not in_force:
        return Status(State.UNKNOWN, None, Reason.EXPIRED if said else Reason.WITHDRAWN)
    voices = _voices(service, in_force)
    law = [v for v in voices if v.said.nature is Nature.LAW]
    others = [v for v in voices if v.said.nature is not Nature.LAW]
    moved = [v for v in law if v.kind is _Kind.OTHER]
    if moved and not any(_commune_keeps_it(v) for v in others):
        return _other_body(moved, voices)
    provided = [v for v in law if v.kind is _Kind.EXISTS]
    if provided:
        # A national service stands whatever is said of the commune's own one: they are two
        # providers of the same thing, and the more advanced one is what a resident can use.
        agreed = others if _verdict(others) is _Kind.EXISTS else []
        return _observed([*provided, *(v for v in agreed if v.kind is _Kind.EXISTS)])
    match _verdict(others):
        case _Kind.EXISTS:
            return _observed([v for v in others if v.kind is _Kind.EXISTS])
        case _Kind.OTHER:
            return _other_body([v for v in others if v.kind is _Kind.OTHER], voices)
        case _Kind.ABSENT:
            winner = _best([v for v in others if v.kind is _Kind.ABSENT])
            return Status(
                State.ABSENT, None, Reason.OBSERVED, _provider(winner), winner.said.url, winner.said
            )
        case reason:
            return Status(State.UNKNOWN, None, reason)


def timeline(service: Service, observations: Iterable[Observation]) -> tuple[Interval, ...]:
    """`score` at every instant, as intervals without gaps from the first observation on.

    Before the first interval nothing was known. Neighbours with an equal status are merged;
    each keeps the observation that decided when it began.
    """
    held = [o for o in observations if o.service == service.id]
    instants = {o.observed_at for o in held}
    first = min(instants, default=None)
    if first is None:
        return ()
    instants.update(o.valid_until for o in held if o.valid_until and o.valid_until > first)
    found: list[tuple[datetime, Status]] = []
    for instant in sorted(instants):
        status = score(service, held, instant)
        if not found or found[-1][1] != status:
            found.append((instant, status))
    ends: list[datetime | None] = [start for start, _ in found[1:]]
    ends.append(None)
    return tuple(
        Interval(start, end, status) for (start, status), end in zip(found, ends, strict=True)
    )


def of_all(
    referential: Referential, observations: Sequence[Observation], at: datetime
) -> Mapping[str, Status]:
    """The status of every service of the referential, in its order."""
    by_service: dict[str, list[Observation]] = {}
    for one in observations:
        by_service.setdefault(one.service, []).append(one)
    return {
        service.id: score(service, by_service.get(service.id, ()), at)
        for service in referential.services.values()
    }


async def of_commune(
    aconn: psycopg.AsyncConnection[Any], referential: Referential, number: int, at: datetime
) -> Mapping[str, Status]:
    """The status of every service in one commune, computed from its observations."""
    return of_all(referential, await stored.of_commune(aconn, number), at)


def order(observation: Observation) -> tuple[datetime, bool, int]:
    """Which of two statements of one source is the later one.

    At the same instant a statement about the commune corrects one about all of France, and
    then the one that we recorded last wins.
    """
    specific = observation.commune_number is not None
    return (observation.observed_at, specific, -1 if observation.id is None else observation.id)


def _latest(
    service: Service, observations: Iterable[Observation], at: datetime
) -> list[Observation]:
    """The latest statement of each source (of each person, when a source relays people)."""
    known = [o for o in observations if o.service == service.id and o.observed_at <= at]
    # A source may correct a statement of its own; it cannot silence another source.
    corrected = {(o.source_id, o.supersedes) for o in known if o.supersedes is not None}
    latest: dict[tuple[str, object], Observation] = {}
    for one in known:
        if one.id is not None and (one.source_id, one.id) in corrected:
            continue
        voice = (one.source_id, one.attributes.get("observer"))
        held = latest.get(voice)
        if held is None or _total_order(one) > _total_order(held):
            latest[voice] = one
    return list(latest.values())


def _total_order(one: Observation) -> tuple[Any, ...]:
    """`order`, then the content: observations without an id still have one latest."""
    return (
        *order(one),
        -1 if one.state is None else int(one.state),
        one.url or "",
        repr(sorted(one.attributes.items())),
        one.provider or "",
        "" if one.valid_until is None else one.valid_until.isoformat(),
    )


def _silent(observation: Observation) -> bool:
    return observation.state is None or observation.state is State.UNKNOWN


def _voices(service: Service, in_force: Sequence[Observation]) -> list[_Voice]:
    kinds = [_kind(o) for o in in_force]
    residents = [
        kind for o, kind in zip(in_force, kinds, strict=True) if o.nature is Nature.RESIDENT
    ]
    return [
        _Voice(o, kind, _level(service, o), _rank(o.nature, residents.count(kind)))
        for o, kind in zip(in_force, kinds, strict=True)
    ]


def _kind(observation: Observation) -> _Kind:
    match observation.state:
        case State.ABSENT:
            return _Kind.ABSENT
        case State.OTHER_BODY:
            return _Kind.OTHER
        case _:
            return _Kind.EXISTS


def _level(service: Service, observation: Observation) -> int | None:
    """The level that a statement proves, after the limits of its nature."""
    if observation.state is State.ABSENT:
        return None
    declared = None if observation.state is None else observation.state.level
    proven = service.level(observation.attributes)
    level = max((one for one in (declared, proven) if one is not None), default=None)
    if level is None:
        return None
    if observation.nature is Nature.PROBE:
        level = min(level, PROBE_LIMIT)
    if (observation.url or "").lower().startswith("mailto:"):
        level = min(level, MAILTO_LIMIT)
    return level


def _rank(nature: Nature, agreeing_residents: int) -> int:
    """Who is heard first when kinds differ: agent, two residents, lists, one resident, probe."""
    match nature:
        case Nature.AGENT:
            return 5
        case Nature.RESIDENT:
            return 4 if agreeing_residents >= WITNESSES else 2
        case Nature.DIRECTORY | Nature.REGISTER:
            return 3
        case Nature.PROBE:
            return 1
        case Nature.LAW:
            return 0


def _verdict(voices: Sequence[_Voice]) -> _Kind | Reason:
    """What the highest rank says, or the reason why nothing can be said."""
    if not voices:
        return Reason.NO_OBSERVATION
    top = max(v.rank for v in voices)
    kinds = {v.kind for v in voices if v.rank == top}
    if len(kinds) > 1:
        return Reason.CONFLICT
    kind = kinds.pop()
    if kind is not _Kind.ABSENT:
        return kind
    absent = [v for v in voices if v.kind is _Kind.ABSENT]
    if len(absent) >= WITNESSES or any(v.said.nature is Nature.AGENT for v in absent):
        return kind
    return Reason.CONFLICT if len(voices) > len(absent) else Reason.UNCONFIRMED


def _commune_keeps_it(voice: _Voice) -> bool:
    """The commune itself declares that it provides a service which the law moved elsewhere."""
    return (
        voice.kind is _Kind.EXISTS
        and voice.said.nature is Nature.AGENT
        and voice.said.provider in (None, "commune")
    )


def _best(voices: Sequence[_Voice]) -> _Voice:
    """The most advanced; between equals the better rank, then the later statement."""
    return max(voices, key=lambda v: (v.level or 0, v.rank, _total_order(v.said), v.said.source_id))


def _provider(voice: _Voice) -> str:
    return voice.said.provider or "commune"


def _observed(voices: Sequence[_Voice]) -> Status:
    winner = _best(voices)
    level = winner.level or 1
    return Status(
        State.of_level(level),
        level,
        Reason.OBSERVED,
        _provider(winner),
        winner.said.url,
        winner.said,
    )


def _other_body(competent: Sequence[_Voice], voices: Sequence[_Voice]) -> Status:
    """The body that is competent, and the level that anyone proved of its service."""
    body = _best(competent)
    offered = [v for v in voices if v.level is not None]
    best = _best(offered) if offered else None
    return Status(
        State.OTHER_BODY,
        best.level if best else None,
        Reason.OTHER_BODY,
        _provider(body),
        (best.said.url if best else None) or body.said.url,
        body.said,
    )
