"""The moderators' list of contested facts: both proofs side by side, until somebody read them."""

from typing import Any

from api import agent_words
from api.forms import TOKEN_FIELD
from api.handlers.base import page_routes
from api.parameters import cursor
from api.sessions import StaffPage
from catalog import communes, observations, row_numbers
from catalog.states import State
from config.errors import Invalid
from crowd import contests

AFTER = cursor("apres", "After this one.")
PAGE = 30


class Contested(StaffPage):
    parameters = (AFTER,)

    async def get(self) -> None:
        lines = []
        async with self.connection() as conn:
            found = await contests.unread(conn, self.ask(AFTER), PAGE + 1)
            for one in found[:PAGE]:
                held = await observations.of_commune(conn, one.commune_number, one.service)
                by_id = {proof.id: proof for proof in held}
                commune = await communes.by_number(conn, one.commune_number)
                lines.append((one, commune, by_id.get(one.observation_id), by_id.get(one.newer_id)))
        self.render_page(
            "moderation_contested.html",
            lines=lines,
            following=found[PAGE - 1].id if len(found) > PAGE else None,
            outcome=lambda one: agent_words.outcome(self.t, one),
            State=State,
            token_field=TOKEN_FIELD,
        )

    async def post(self) -> None:
        if (contest := row_numbers.read(self.fields.get("id", ""))) is None:
            raise Invalid("Not a contested fact.", parameter="id")
        async with self.connection() as conn:
            await contests.close(conn, self.staff.actor, contest)
        self.see_other(self.url("moderation-contests"))


ROUTES: list[Any] = page_routes("moderation-contests", Contested)
