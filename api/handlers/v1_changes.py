"""`/api/v1/changes`: follow the hub without asking for everything again."""

from datetime import datetime

import msgspec

from api.handlers.base import ApiHandler
from api.openapi import Answer, Operation, TemplateRoute
from api.questions import CHANGES_LIMIT, SINCE
from catalog import changes
from catalog.changes import Change


class ChangeEntry(msgspec.Struct):
    """`position` orders the feed; the rest is what is said of the pair now, `unknown` included.

    `valid_to` is when that will cease to be believed unless it is said again.
    """

    position: int
    commune: str
    service: str
    state: str
    level: int | None
    reason: str | None
    valid_from: datetime | None
    valid_to: datetime | None
    source: str | None
    seen: str | None
    recorded_at: datetime


class ChangesAnswer(Answer, kw_only=True):
    """`next` is what to send as `since`; ask again later when `changes` is empty."""

    changes: list[ChangeEntry]
    next: int


def entry(one: Change) -> ChangeEntry:
    """A change as it is told, here and by webhooks."""
    return ChangeEntry(
        position=one.position,
        commune=one.commune_code,
        service=one.service,
        state=one.state.slug,
        level=one.level,
        reason=one.reason,
        valid_from=one.valid_from,
        valid_to=one.valid_to,
        source=one.source_id,
        seen=one.seen,
        recorded_at=one.recorded_at,
    )


class Changes(ApiHandler):
    operation = Operation(
        "changes",
        "What changed, in order, from where one stopped",
        "Time",
        ChangesAnswer,
        description=(
            "Each entry names a (commune, service) pair that changed and says what is said of it "
            "now. Keep the last state of each pair: from any `since` on, and however often the "
            "reading is cut off, that ends in the hub's own table. Edits are here within a second."
        ),
    )
    parameters = (SINCE, CHANGES_LIMIT)

    async def get(self) -> None:
        since = self.ask(SINCE)
        async with self.connection() as conn:
            found = await changes.read(conn, since, self.ask(CHANGES_LIMIT), self.now)
        self.reply(
            ChangesAnswer,
            changes=[entry(one) for one in found],
            next=found[-1].position if found else since,
        )


ROUTES = [TemplateRoute("/api/v1/changes", Changes)]
