"""What people look for: the nearest office that is open, a commune by any of its names."""

from datetime import datetime

import msgspec

from api.handlers.base import ApiHandler
from api.openapi import Answer, Operation, TemplateRoute
from api.questions import (
    AT,
    KIND,
    LATITUDE,
    LONGITUDE,
    NEARBY_LIMIT,
    OPEN,
    QUERY,
    SEARCH_LIMIT,
)
from catalog import offices, search
from geo import opening_hours


class HoursState(msgspec.Struct):
    """`kind` is open, closed or unknown; `until` when open, `opens` when closed.

    `certain` is false on a public holiday, whose hours nobody publishes.
    """

    kind: str
    until: datetime | None
    opens: datetime | None
    holiday: str | None
    certain: bool
    sentence: dict[str, str]


class NearEntry(msgspec.Struct):
    """`sources` are all that describe this place; `unlisted_since` is the day since which none of
    them lists it any more, and null while one does. `point_doubtful`: its published point lies
    over 5 km outside its own commune, so that `distance_m` may be wrong. `phone_withheld_since`:
    its commune wants the telephone hidden, so it is; null: it does not."""

    id: int
    kind: str
    name: str
    distance_m: float
    point_doubtful: bool
    lat: float | None
    lon: float | None
    address: str | None
    phone: str | None
    email: str | None
    website: str | None
    commune: str | None
    commune_name: str | None
    accessibility: str | None
    source: str
    sources: list[str]
    unlisted_since: datetime | None
    observed_at: datetime
    hours: HoursState
    helps_with: list[str]
    phone_withheld_since: datetime | None


class NearbyAnswer(Answer, kw_only=True):
    offices: list[NearEntry]


class FoundEntry(msgspec.Struct):
    """`match` says what was recognised: a name, a former name, a postal code, a code, a typo."""

    code: str
    name: str
    departement: str
    population: int | None
    match: str
    matched: str | None


class SearchAnswer(Answer, kw_only=True):
    q: str
    results: list[FoundEntry]


def hours_state(state: opening_hours.OpenState) -> HoursState:
    return HoursState(
        kind=state.kind,
        until=state.until,
        opens=state.opens,
        holiday=state.holiday,
        certain=state.certain,
        sentence={language: opening_hours.sentence(state, language) for language in ("fr", "en")},
    )


class Nearby(ApiHandler):
    operation = Operation(
        "nearby", "The offices nearest to a point, by distance", "People", NearbyAnswer
    )
    parameters = (LATITUDE, LONGITUDE, KIND, OPEN, AT, NEARBY_LIMIT)

    async def get(self) -> None:
        # A position is never kept by caches between us and the visitor.
        self.set_header("Cache-Control", "private, no-store")
        async with self.connection() as conn:
            found = await offices.nearby(
                conn,
                self.ask(LATITUDE),
                self.ask(LONGITUDE),
                self.ask(KIND),
                self.ask(OPEN) == "now",
                self.ask(AT) or self.now,
                self.ask(NEARBY_LIMIT),
            )
        self.reply(
            NearbyAnswer,
            offices=[
                NearEntry(
                    id=one.id,
                    kind=one.kind,
                    name=one.name,
                    distance_m=round(one.distance_m, 1),
                    point_doubtful=one.far,
                    lat=one.lat,
                    lon=one.lon,
                    address=one.address,
                    phone=one.phone,
                    email=one.email,
                    website=one.website,
                    commune=one.commune_code,
                    commune_name=one.commune_name,
                    accessibility=one.accessibility,
                    source=one.source_id,
                    sources=list(one.sources),
                    unlisted_since=one.unlisted_since,
                    observed_at=one.observed_at,
                    hours=hours_state(one.state),
                    helps_with=list(one.helps_with),
                    phone_withheld_since=one.phone_withheld_since,
                )
                for one in found
            ],
        )


class Search(ApiHandler):
    operation = Operation("search", "Communes by name, former name or code", "People", SearchAnswer)
    parameters = (QUERY, SEARCH_LIMIT)

    async def get(self) -> None:
        asked = self.ask(QUERY)
        async with self.connection() as conn:
            found = await search.search(conn, asked, self.ask(SEARCH_LIMIT))
        self.reply(
            SearchAnswer,
            q=asked,
            results=[
                FoundEntry(
                    code=one.code,
                    name=one.name,
                    departement=one.departement_code,
                    population=one.population,
                    match=str(one.match),
                    matched=one.matched,
                )
                for one in found
            ],
        )


ROUTES = [TemplateRoute("/api/v1/nearby", Nearby), TemplateRoute("/api/v1/search", Search)]
