"""A territory (FR, REG-84, DEP-69, EPCI-..., COM-...) and the counts of its communes."""

import asyncio
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

import msgspec

from api.handlers.base import ApiHandler
from api.openapi import Answer, Operation, TemplateRoute
from api.questions import AT, CHILDREN, SERVICE
from catalog import summary, territories
from catalog.referential import BUNDLE_ID
from catalog.summary import Summary
from catalog.territories import Territory
from config.errors import Invalid

MOST_PARTS = 5000  # the région with the most communes has 4,454


class TerritoryEntry(msgspec.Struct):
    """`population` leaves out the communes whose population is not published."""

    code: str
    kind: str
    name: str
    parent: str | None
    communes: int
    population: int


class TerritoryAnswer(Answer, kw_only=True):
    territory: TerritoryEntry
    children: list[TerritoryEntry]


class Share(msgspec.Struct):
    """The share that is present: worst and best case of the unknown ones. Null: none to count."""

    lower: float | None
    upper: float | None


class Counts(msgspec.Struct, kw_only=True):
    """`states` and `simple` each sum to `communes`; `population` sums to `inhabitants`.

    `partial`: the territory goes beyond the whole that it is a part of. `cells`, for the
    minimum bundle: pairs of commune and service, by state.
    """

    code: str
    name: str
    communes: int
    states: dict[str, int]
    simple: dict[str, int]
    population: dict[str, int]
    inhabitants: int
    bounds: Share
    population_bounds: Share
    known_share: float
    partial: bool
    cells: dict[str, int] | None


class SummaryAnswer(Answer, kw_only=True):
    """`children` sum to `whole`, for every count; a commune has none."""

    service: str
    datetime: datetime
    geography: str
    whole: Counts
    children: list[Counts]


def entry(territory: Territory) -> TerritoryEntry:
    return TerritoryEntry(
        territory.code,
        territory.kind,
        territory.name,
        territory.parent,
        territory.communes,
        territory.population,
    )


def counts(found: Summary) -> Counts:
    return Counts(
        code=found.code,
        name=found.name,
        communes=found.communes,
        states=dict(found.states),
        simple=dict(found.simple),
        population=dict(found.population),
        inhabitants=found.inhabitants,
        bounds=Share(found.bounds.lower, found.bounds.upper),
        population_bounds=Share(found.population_bounds.lower, found.population_bounds.upper),
        known_share=found.known_share,
        partial=found.partial,
        cells=None if found.cells is None else dict(found.cells),
    )


@contextmanager
def naming_children() -> Iterator[None]:
    """A kind of parts that is not below the territory is a mistake in `children`."""
    try:
        yield
    except Invalid as error:
        raise Invalid(str(error), parameter=CHILDREN.name) from error


class TerritoryOne(ApiHandler):
    operation = Operation("territory", "A territory and its parts", "Territories", TerritoryAnswer)
    parameters = (CHILDREN,)

    async def get(self, territory: str) -> None:
        async with self.connection() as conn:
            found = await territories.get(conn, territory)
            with naming_children():
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
        edition, held = self.site.edition, self.site.referential
        service = self.ask(SERVICE)
        at = self.ask(AT) or self.now
        array = await edition.arrays.get(service, at)
        members = None
        if service == BUNDLE_ID:
            members = await edition.arrays.members(at)
        level = held.full_level(service)
        geography = edition.geography
        kind = self.ask(CHILDREN)
        if kind == "commune" and len(geography.members(territory)) > MOST_PARTS:
            raise Invalid(
                f"At most {MOST_PARTS} parts: ask by département, or read the state of every "
                f"commune at /api/v1/status/{service}.json.",
                parameter=CHILDREN.name,
            )

        def count() -> tuple[Summary, list[Summary]]:
            whole = summary.summarise(array, geography, territory, level, members=members)
            if territory.startswith("COM-"):
                return whole, []
            with naming_children():
                return whole, summary.children(
                    array, geography, territory, level, kind, members=members
                )

        # Thousands of communes take a tenth of a second, which other visitors should not wait.
        whole, parts = await asyncio.to_thread(count) if kind == "commune" else count()
        body = SummaryAnswer(
            data_date=edition.data_date,
            generation=edition.id,
            service=service,
            datetime=at,
            geography=geography.vintage,
            whole=counts(whole),
            children=[counts(part) for part in parts],
        )
        await self.send_large(msgspec.json.encode(body), "application/json")


ROUTES = [
    TemplateRoute("/api/v1/territories/{territory}", TerritoryOne),
    TemplateRoute("/api/v1/territories/{territory}/summary", TerritorySummary),
]
