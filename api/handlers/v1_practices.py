"""`/api/v1/practices`: good practices as JSON, filtered as the pages filter them."""

from datetime import datetime

import msgspec

from api.handlers.base import ApiHandler
from api.handlers.page_practices import ASKED, alike_of, asked_commune, id_of, search_of
from api.openapi import Answer, Operation, TemplateRoute
from api.parameters import limit
from crowd import practice_lists
from crowd.practices import Sheet

LIMIT = limit(default=50, maximum=200, what="sheets")


class PracticeEntry(msgspec.Struct, kw_only=True):
    """`cost_euros` and `months` are null when the sheet does not say. `said_by`: agent, by a
    mandate of that commune, or resident. `confirmed_at`: its owner last said what became of it.
    Words are the owner's, as plain text."""

    id: int
    reference: str
    title: str
    service: str
    commune: str
    commune_name: str
    population: int | None
    said_by: str
    what: str
    partners: str
    went_wrong: str
    cost_euros: int | None
    months: int | None
    url: str | None
    published_at: datetime
    confirmed_at: datetime | None
    stale: bool
    outcome: str | None
    adopted: int
    version: int


class PracticesAnswer(Answer, kw_only=True):
    """`next` is what to send as `before`; null at the end."""

    practices: list[PracticeEntry]
    next: int | None


class AdopterEntry(msgspec.Struct):
    commune: str
    name: str
    at: datetime


class OutcomeEntry(msgspec.Struct):
    outcome: str
    at: datetime


class VersionEntry(msgspec.Struct):
    """A version that was published. Words are null once their owner took them away."""

    id: int
    published_at: datetime
    title: str | None
    what: str | None
    partners: str | None
    went_wrong: str | None
    cost_euros: int | None
    months: int | None
    url: str | None


class PracticeAnswer(Answer, kw_only=True):
    practice: PracticeEntry
    versions: list[VersionEntry]
    adopters: list[AdopterEntry]
    outcomes: list[OutcomeEntry]


class PracticesApi(ApiHandler):
    operation = Operation(
        "practices", "Good practices that communes and residents share", "Practices",
        PracticesAnswer,
    )  # fmt: skip
    parameters = (*ASKED, LIMIT)

    async def get(self) -> None:
        commune = await asked_commune(self)
        near = None if commune is None else await alike_of(self, commune)
        most = self.ask(LIMIT)
        async with self.connection() as conn:
            sheets = await practice_lists.found(conn, search_of(self, near, most + 1))
        self.reply(
            PracticesAnswer,
            practices=[entry(self, one) for one in sheets[:most]],
            next=sheets[most - 1].id if len(sheets) > most else None,
        )


class PracticeApi(ApiHandler):
    operation = Operation(
        "practice", "One good practice: its versions, who adopted it, what became of it",
        "Practices", PracticeAnswer,
    )  # fmt: skip

    async def get(self, practice: str) -> None:
        number = id_of(practice)
        async with self.connection() as conn:
            sheet = await practice_lists.one(conn, number)
            versions = await practice_lists.versions(conn, number)
            adopters = await practice_lists.adopters(conn, number)
            outcomes = await practice_lists.outcomes(conn, number)
        self.reply(
            PracticeAnswer,
            practice=entry(self, sheet),
            versions=[
                VersionEntry(one.id, one.at, one.title, one.what, one.partners, one.wrong,
                             one.cost, one.months, one.url)
                for one in versions
            ],
            adopters=[AdopterEntry(one.code, one.name, one.at) for one in adopters],
            outcomes=[OutcomeEntry(outcome.value, at) for outcome, at in outcomes],
        )  # fmt: skip


def entry(handler: ApiHandler, sheet: Sheet) -> PracticeEntry:
    return PracticeEntry(
        id=sheet.id, reference=sheet.reference, title=sheet.title, service=sheet.service,
        commune=sheet.commune_code, commune_name=sheet.commune, population=sheet.population,
        said_by=sheet.speaker, what=sheet.what, partners=sheet.partners, went_wrong=sheet.wrong,
        cost_euros=sheet.cost, months=sheet.months, url=sheet.url,
        published_at=sheet.published_at, confirmed_at=sheet.confirmed_at,
        stale=sheet.stale(handler.now, handler.site.settings.practices), outcome=sheet.outcome,
        adopted=sheet.adopted, version=sheet.version_id,
    )  # fmt: skip


ROUTES = [
    TemplateRoute("/api/v1/practices", PracticesApi),
    TemplateRoute("/api/v1/practices/{practice}", PracticeApi),
]
