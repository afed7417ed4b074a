"""A territory (FR, REG-84, DEP-69, EPCI-..., COM-...) and the counts of its communes."""

from datetime import datetime

import msgspec

from api.handlers.base import ApiHandler
from api.openapi import Answer, Operation, TemplateRoute
from api.questions import AT, CHILDREN, SERVICE
from catalog import summary, territories
from catalog.summary import Summary
from catalog.territories import Territory


class TerritoryEntry(msgspec.Struct):
    code: str
    kind: str
    name: str
    parent: str | None


class TerritoryAnswer(Answer, kw_only=True):
    territory: TerritoryEntry
    children: list[TerritoryEntry]


class Bounds(msgspec.Struct):
    """The share of communes that have the service: worst and best case of the unknown ones."""

    lower: float
    upper: float


class Counts(msgspec.Struct, kw_only=True):
    """`states` and `simple` each sum to `communes`; `population` sums to that of the communes."""

    territory: TerritoryEntry
    communes: int
    states: dict[str, int]
    simple: dict[str, int]
    population: dict[str, int]
    bounds: Bounds
    known_share: float


class SummaryAnswer(Answer, kw_only=True):
    """`children` sum to `whole`, for every count."""

    service: str
    datetime: datetime
    geography: str
    whole: Counts
    children: list[Counts]


def entry(territory: Territory) -> TerritoryEntry:
    return TerritoryEntry(territory.code, territory.kind, territory.name, territory.parent)


def counts(territory: Territory, found: Summary) -> Counts:
    return Counts(
        territory=entry(territory),
        communes=found.communes,
        states=dict(found.states),
        simple=dict(found.simple),
        population=dict(found.population),
        bounds=Bounds(found.bounds.lower, found.bounds.upper),
        known_share=found.known_share,
    )


class TerritoryOne(ApiHandler):
    operation = Operation("territory", "A territory and its parts", "Territories", TerritoryAnswer)
    parameters = (CHILDREN,)

    async def get(self, territory: str) -> None:
        async with self.connection() as conn:
            found = await territories.get(conn, territory)
            parts = await territories.children(conn, found.code, self.ask(CHILDREN))
        self.reply(
            TerritoryAnswer, territory=entry(found), children=[entry(part) for part in parts]
        )


class TerritorySummary(ApiHandler):
    operation = Operation(
        "summary",
        "How many communes of a territory are in each state",
        "Territories",
        SummaryAnswer,
        description="Counts, never an average of levels. Unknown is a state like any other.",
    )
    parameters = (SERVICE, AT, CHILDREN)

    async def get(self, territory: str) -> None:
        edition = self.site.edition
        service = self.ask(SERVICE)
        at = self.ask(AT) or self.now
        array = await edition.arrays.get(service, at)
        full_level = self.site.referential.full_level(service)
        async with self.connection() as conn:
            found = await territories.get(conn, territory)
            parts = await territories.children(conn, found.code, self.ask(CHILDREN))
        whole = summary.summarise(array, edition.geography, found.code, full_level)
        self.reply(
            SummaryAnswer,
            service=service,
            datetime=at,
            geography=edition.geography.vintage,
            whole=counts(found, whole),
            children=[
                counts(part, summary.summarise(array, edition.geography, part.code, full_level))
                for part in parts
            ],
        )


ROUTES = [
    TemplateRoute("/api/v1/territories/{territory}", TerritoryOne),
    TemplateRoute("/api/v1/territories/{territory}/summary", TerritorySummary),
]
