"""One office by its hub id: what is shown of it, who said it, and what became of it.

An id is never used for another office. An office that is merged into another one answers with a
redirect to it, for as long as they are one place; its own card stays readable with `own=yes`.
"""

import re
from datetime import datetime
from typing import Any
from urllib.parse import quote

import msgspec

from api.handlers.base import ApiHandler
from api.openapi import Answer, Operation, TemplateRoute
from api.parameters import choice
from catalog import office_card
from config.errors import NotFound

_ID = re.compile(r"[1-9]\d{0,17}", re.ASCII)
OWN = choice("own", "`yes`: this id's own card, although it is merged into another office.",
             lambda: ("yes",))  # fmt: skip


class OfficeEntry(msgspec.Struct):
    """An office as its source describes it, with the corrections of people in it.

    `withdrawn_at` and `unlisted_since` are null while it stands and is listed.
    `phone_withheld_since`: its commune wants the telephone hidden, so it is; null: it does not.
    """

    id: int
    source: str
    remote_id: str
    kind: str
    name: str
    commune: str | None
    commune_name: str | None
    address: str | None
    email: str | None
    phone: str | None
    website: str | None
    hours: dict[str, Any] | None
    accessibility: str | None
    accessibility_details: str | None
    timezone: str
    lat: float | None
    lon: float | None
    siret: str | None
    identifiers: dict[str, str]
    helps_with: list[str]
    observed_at: datetime
    withdrawn_at: datetime | None
    unlisted_since: datetime | None
    phone_withheld_since: datetime | None


class MemberEntry(msgspec.Struct):
    """Another source's description of the same place: why, and who decided it."""

    id: int
    source: str
    remote_id: str
    name: str
    score: float | None
    reason: str | None
    decided_by: str | None
    recorded_at: datetime | None


class CorrectionEntry(msgspec.Struct):
    """A field that a person corrected. `said` is what the source says of it: they may differ."""

    field: str
    value: Any
    said: Any
    nature: str
    seen: str
    observed_at: datetime
    recorded_at: datetime


class VersionEntry(msgspec.Struct):
    """What the source said once, with the proof: the file that was read, by its sha256."""

    id: int
    source: str
    release: str
    sha256: str
    url: str
    observed_at: datetime
    recorded_at: datetime
    fields: dict[str, Any]


class OfficeAnswer(Answer, kw_only=True):
    """`id` is the one under which readers see this office."""

    id: int
    office: OfficeEntry
    merged: list[MemberEntry]
    corrections: list[CorrectionEntry]
    versions: list[VersionEntry]


class Office(ApiHandler):
    operation = Operation(
        "office", "An office, with every proof of what is said of it", "People", OfficeAnswer
    )
    parameters = (OWN,)

    async def get(self, office: str) -> None:
        if not _ID.fullmatch(office):
            raise NotFound("An office is asked for by its number.", parameter="office")
        async with self.connection() as conn:
            card = await office_card.of(conn, int(office))
        if card.seen_as != int(office) and self.ask(OWN) is None:
            # Temporary: a merge can be undone, and the id is then itself again.
            self.redirect(f"/api/v1/offices/{quote(str(card.seen_as))}", status=307)
            return
        fields = dict(card.fields)
        self.reply(
            OfficeAnswer,
            id=card.seen_as,
            office=OfficeEntry(
                source=fields.pop("source_id"),
                commune=fields.pop("commune_code"),
                **fields,
            ),
            merged=[
                MemberEntry(
                    one.id, one.source_id, one.remote_id, one.name, one.score, one.reason,
                    one.decided_by, one.recorded_at,
                )
                for one in card.members
            ],
            corrections=[
                CorrectionEntry(
                    one.field, one.value, one.said, one.nature, one.seen, one.observed_at,
                    one.recorded_at,
                )
                for one in card.corrections
            ],
            versions=[
                VersionEntry(
                    one.id, one.source_id, one.release, one.sha256, one.url, one.observed_at,
                    one.recorded_at, dict(one.fields),
                )
                for one in card.versions
            ],
        )  # fmt: skip


ROUTES = [TemplateRoute("/api/v1/offices/{office}", Office)]
