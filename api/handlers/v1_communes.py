"""One commune, by a code of any vintage: who it is, its services, their proofs and history."""

import re
from datetime import date, datetime
from typing import Any, cast

import msgspec

from api.handlers.base import ApiHandler
from api.openapi import Answer, Operation, TemplateRoute
from api.questions import AT, OF_SERVICE
from catalog import communes, observations
from catalog import status as scoring
from catalog.states import State, simple
from config.errors import NotFound
from crowd import contests

_NUMBER = re.compile(r"[1-9]\d{0,8}", re.ASCII)


class CommuneEntry(msgspec.Struct):
    """`number` is the commune's place in status arrays and id rasters."""

    number: int
    code: str
    name: str
    departement: str
    region: str
    epci: str | None
    population: int | None
    siren: str | None
    postal_codes: list[str]
    timezone: str


class AskedEntry(msgspec.Struct):
    """How the code that was asked leads to the commune: `current`, `merged`, `delegated`...
    `name` is null when no source says what the place was called."""

    code: str
    kind: str
    name: str | None
    last_seen: date | None
    gone_by: date | None


class CommuneAnswer(Answer, kw_only=True):
    asked: AskedEntry
    commune: CommuneEntry


class ServiceState(msgspec.Struct):
    service: str
    state: str
    simple: str
    level: int | None
    reason: str
    provider: str | None
    url: str | None
    observation: int | None


class CommuneServicesAnswer(Answer, kw_only=True):
    """Every service of the referential, each with its state; none is left out."""

    commune: CommuneEntry
    datetime: datetime
    services: list[ServiceState]


class Proof(msgspec.Struct):
    """One observation. `state` null: the source withdrew what it said."""

    id: int
    service: str
    state: str | None
    nature: str
    source: str
    seen: str
    url: str | None
    provider: str | None
    observed_at: datetime
    recorded_at: datetime
    valid_until: datetime | None


class ContestEntry(msgspec.Struct):
    """A proof that an agent of the commune contests. `outcome` is what was found when it was looked
    at again (null: not yet); `second` is that second proof, kept beside the first."""

    id: int
    proof: int
    service: str
    contested_by: str
    reason: str
    contested_at: datetime
    outcome: str | None
    looked_at: datetime | None
    newer_proof: int | None
    second: dict[str, Any]


class ProofsAnswer(Answer, kw_only=True):
    commune: CommuneEntry
    proofs: list[Proof]
    contested: list[ContestEntry]


class Period(msgspec.Struct):
    service: str
    valid_from: datetime
    valid_to: datetime | None
    state: str
    level: int | None
    reason: str


class HistoryAnswer(Answer, kw_only=True):
    commune: CommuneEntry
    periods: list[Period]


def commune_entry(found: communes.Commune) -> CommuneEntry:
    return CommuneEntry(
        number=found.number,
        code=found.code,
        name=found.name,
        departement=found.departement_code,
        region=found.region_code,
        epci=found.epci_code,
        population=found.population,
        siren=found.siren,
        postal_codes=list(found.postal_codes),
        timezone=found.timezone,
    )


class CommuneOne(ApiHandler):
    operation = Operation("commune", "A commune, by a code of any vintage", "Communes",
                          CommuneAnswer)  # fmt: skip

    async def get(self, code: str) -> None:
        async with self.connection() as conn:
            found = await communes.resolve(conn, code)
        self.reply(
            CommuneAnswer,
            asked=AskedEntry(
                code=found.asked,
                kind=str(found.kind),
                name=found.name,
                last_seen=found.last_seen,
                gone_by=found.gone_by,
            ),
            commune=commune_entry(found.commune),
        )


class NumberAnswer(Answer, kw_only=True):
    number: int
    code: str
    name: str


class CommuneOfNumber(ApiHandler):
    operation = Operation(
        "communeOfNumber",
        "The commune of a number of status arrays, tiles and id rasters",
        "Communes",
        NumberAnswer,
    )

    def get(self, number: str) -> None:
        geography = self.site.edition.geography
        place = int(number) if _NUMBER.fullmatch(number) else 0
        if not 0 < place < geography.length or not geography.codes[place]:
            raise NotFound(f"There is no commune of number {number[:20]}.")
        self.reply(
            NumberAnswer, number=place, code=geography.codes[place], name=geography.names[place]
        )


class CommuneServices(ApiHandler):
    operation = Operation(
        "communeServices", "The state of every service in a commune", "Communes",
        CommuneServicesAnswer,
    )  # fmt: skip
    parameters = (AT,)

    async def get(self, code: str) -> None:
        at = self.ask(AT) or self.now
        async with self.connection() as conn:
            commune = (await communes.resolve(conn, code)).commune
            held = await scoring.of_commune(conn, self.site.referential, commune.number, at)
        entries = []
        for service in self.site.referential.services.values():
            found = held[service.id]
            entries.append(
                ServiceState(
                    service=service.id,
                    state=found.state.slug,
                    simple=simple(found.state, found.level, service.full_level),
                    level=found.level,
                    reason=str(found.reason),
                    provider=found.provider,
                    url=found.url,
                    observation=found.observation_id,
                )
            )
        self.reply(
            CommuneServicesAnswer, commune=commune_entry(commune), datetime=at, services=entries
        )


class CommuneProofs(ApiHandler):
    operation = Operation(
        "communeProofs", "What was seen, by whom and when", "Communes", ProofsAnswer
    )
    parameters = (OF_SERVICE,)

    async def get(self, code: str) -> None:
        async with self.connection() as conn:
            commune = (await communes.resolve(conn, code)).commune
            held = await observations.of_commune(conn, commune.number, self.ask(OF_SERVICE))
            contested = await contests.of_commune(conn, commune.number, self.ask(OF_SERVICE))
        self.reply(
            ProofsAnswer,
            commune=commune_entry(commune),
            proofs=[
                Proof(
                    id=cast(int, one.id),  # stored, so it has one
                    service=one.service,
                    state=None if one.state is None else State(one.state).slug,
                    nature=str(one.nature),
                    source=one.source_id,
                    seen=one.seen,
                    url=one.url,
                    provider=one.provider,
                    observed_at=one.observed_at,
                    recorded_at=cast(datetime, one.recorded_at),
                    valid_until=one.valid_until,
                )
                for one in sorted(held, key=lambda one: one.observed_at, reverse=True)
            ],
            contested=[
                ContestEntry(
                    one.id, one.observation_id, one.service, one.role, one.reason, one.made_at,
                    one.outcome, one.looked_at, one.newer_id, dict(one.details),
                )
                for one in contested
            ],
        )  # fmt: skip


class CommuneHistory(ApiHandler):
    operation = Operation(
        "communeHistory",
        "The states of a commune's services through time",
        "Communes",
        HistoryAnswer,
        description="Recomputed from the observations; where there is no period, it is unknown.",
    )
    parameters = (OF_SERVICE,)

    async def get(self, code: str) -> None:
        asked = self.ask(OF_SERVICE)
        async with self.connection() as conn:
            commune = (await communes.resolve(conn, code)).commune
            held = await observations.of_commune(conn, commune.number, asked)
        periods = []
        for service in self.site.referential.services.values():
            if asked and service.id != asked:
                continue
            own = [one for one in held if one.service == service.id]
            for interval in scoring.timeline(service, own):
                periods.append(
                    Period(
                        service=service.id,
                        valid_from=interval.valid_from,
                        valid_to=interval.valid_to,
                        state=interval.status.state.slug,
                        level=interval.status.level,
                        reason=str(interval.status.reason),
                    )
                )
        self.reply(HistoryAnswer, commune=commune_entry(commune), periods=periods)


ROUTES = [
    TemplateRoute("/api/v1/numbers/{number}", CommuneOfNumber),
    TemplateRoute("/api/v1/communes/{code}", CommuneOne),
    TemplateRoute("/api/v1/communes/{code}/services", CommuneServices),
    TemplateRoute("/api/v1/communes/{code}/proofs", CommuneProofs),
    TemplateRoute("/api/v1/communes/{code}/history", CommuneHistory),
]
