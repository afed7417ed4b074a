"""`/api/v1/records`: what portals publish about data and services, searched and read one by one."""

from datetime import date, datetime

import msgspec

from api.handlers.base import ApiHandler
from api.openapi import Answer, Operation, TemplateRoute
from api.record_questions import ALL, search_of
from catalog import records, row_numbers
from catalog.records import FACETS, Record
from config.errors import NotFound


class DistributionEntry(msgspec.Struct):
    url: str
    title: str | None
    format: str | None
    media_type: str | None
    size: int | None


class SameEntry(msgspec.Struct):
    """Another portal's record of the same thing."""

    id: int
    source: str
    title: str


class RecordEntry(msgspec.Struct, kw_only=True):
    """`missing_since`: its portal no longer lists it; it is withdrawn when that lasts.

    `description` is plain text: Markdown or HTML in it is not to be rendered.
    """

    id: int
    type: str
    title: str
    description: str | None
    keywords: list[str]
    themes: list[str]
    publisher: str | None
    record_licence: str | None
    language: str | None
    landing_page: str | None
    distributions: list[DistributionEntry]
    bbox: list[float] | None
    temporal: list[date | None] | None
    created: datetime | None
    updated: datetime | None
    source: str
    remote_id: str
    observed_at: datetime
    missing_since: datetime | None
    withdrawn_at: datetime | None
    proof_sha256: str
    same_as: list[SameEntry]


class FacetValue(msgspec.Struct):
    value: str
    count: int


class FacetEntry(msgspec.Struct):
    """For type, source, publisher and licence: the counts, `other` and `missing` sum to the total.
    A record has several keywords and formats: those do not."""

    values: list[FacetValue]
    other: int
    missing: int


class RecordsAnswer(Answer, kw_only=True):
    """`total` counts each thing once, however many portals describe it. `next` is what to send as
    `cursor`; null at the end."""

    total: int
    records: list[RecordEntry]
    facets: dict[str, FacetEntry]
    next: str | None


class RecordAnswer(Answer, kw_only=True):
    record: RecordEntry


def entry(record: Record) -> RecordEntry:
    start, end = record.temporal_start, record.temporal_end
    return RecordEntry(
        id=record.id, type=record.type, title=record.title, description=record.description,
        keywords=list(record.keywords), themes=list(record.themes), publisher=record.publisher,
        record_licence=record.licence, language=record.language, landing_page=record.landing_page,
        distributions=msgspec.convert(record.distributions, list[DistributionEntry]),
        bbox=list(record.bbox) if record.bbox else None,
        temporal=[start, end] if start or end else None,
        created=record.created, updated=record.updated, source=record.source_id,
        remote_id=record.remote_id, observed_at=record.observed_at,
        missing_since=record.orphan_since, withdrawn_at=record.withdrawn_at,
        proof_sha256=record.page_sha256, same_as=[SameEntry(*one) for one in record.same_as],
    )  # fmt: skip


class Records(ApiHandler):
    operation = Operation(
        "records", "Datasets and services described by portals, searched", "Records", RecordsAnswer
    )
    parameters = ALL

    async def get(self) -> None:
        async with self.connection() as conn:
            found = await records.search(conn, search_of(self.ask))
        self.reply(
            RecordsAnswer,
            total=found.total,
            records=[entry(one) for one in found.records],
            facets={
                name: FacetEntry(
                    [FacetValue(value, count) for value, count in found.facets[name].values],
                    found.facets[name].other,
                    found.facets[name].missing,
                )
                for name in FACETS
            },
            next=found.cursor,
        )


class OneRecord(ApiHandler):
    operation = Operation("record", "One record, withdrawn ones included", "Records", RecordAnswer)

    async def get(self, record: str) -> None:
        async with self.connection() as conn:
            found = await records.one(conn, number_of(record))
        self.reply(RecordAnswer, record=entry(found))


def number_of(text: str) -> int:
    """A hub id of an address. Raises NotFound: what is not one names nothing."""
    if (found := row_numbers.read(text)) is None:
        raise NotFound("There is no such record.", parameter="record")
    return found


ROUTES = [
    TemplateRoute("/api/v1/records", Records),
    TemplateRoute("/api/v1/records/{record}", OneRecord),
]
