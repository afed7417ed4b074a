"""`/api/v1/changes`: follow the hub without asking for everything again."""

from datetime import datetime

import msgspec

from api.handlers.base import ApiHandler
from api.openapi import Answer, Operation, TemplateRoute
from api.questions import CHANGES_LIMIT, SINCE
from catalog import changes


class ChangeEntry(msgspec.Struct):
    """`id` is the observation that made the commune's service enter `state`."""

    id: int
    commune: str
    service: str
    state: str
    level: int | None
    valid_from: datetime
    source: str
    seen: str
    recorded_at: datetime


class ChangesAnswer(Answer, kw_only=True):
    """`next` is what to send as `since`; ask again later when `changes` is empty."""

    changes: list[ChangeEntry]
    next: int


class Changes(ApiHandler):
    operation = Operation(
        "changes", "What changed, in order, from where one stopped", "Time", ChangesAnswer
    )
    parameters = (SINCE, CHANGES_LIMIT)

    async def get(self) -> None:
        since = self.ask(SINCE)
        async with self.connection() as conn:
            found = await changes.read(
                conn, since, self.site.edition.generation.facts, self.ask(CHANGES_LIMIT)
            )
        self.reply(
            ChangesAnswer,
            changes=[
                ChangeEntry(
                    id=one.id,
                    commune=one.commune_code,
                    service=one.service,
                    state=one.state.slug,
                    level=one.level,
                    valid_from=one.valid_from,
                    source=one.source_id,
                    seen=one.seen,
                    recorded_at=one.recorded_at,
                )
                for one in found
            ],
            next=found[-1].id if found else since,
        )


ROUTES = [TemplateRoute("/api/v1/changes", Changes)]
