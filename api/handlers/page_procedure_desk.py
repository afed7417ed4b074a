"""Procedures, for moderators: what was registered, what looks like stuffing, hiding and showing."""

from typing import Any

from api.forms import TOKEN_FIELD
from api.handlers.base import page_routes
from api.sessions import StaffPage
from catalog import row_numbers
from config.errors import Invalid, NotFound
from crowd import audit, buttons, owners, procedures, voices
from crowd.procedures import Kind


class Procedures(StaffPage):
    """Those that are shown, with their alarms first; those that are hidden."""

    async def get(self) -> None:
        async with self.connection() as conn:
            shown = await procedures.every(conn)
            hidden = await procedures.every(conn, hidden=True)
            alarms = await voices.alarms(conn)
        shown.sort(key=lambda one: -sum(n for _, n, _ in alarms.get(one.id, [])))
        self.render_page(
            "moderation_procedures.html", shown=shown, hidden=hidden, alarms=alarms, Kind=Kind
        )


class OneProcedure(StaffPage):
    """One procedure: what its owner says, and what is decided of it, with its history."""

    async def get(self, procedure: str) -> None:
        threshold = self.site.settings.voices.threshold
        async with self.connection() as conn:
            found = await procedures.of_id(conn, procedure)
            rated, alarms = await voices.rated_with_alarms(conn, threshold, found.id)
            answers = await voices.answers(conn, found.id, hidden_too=True)
            look = await buttons.last(conn, found.id)
            history = await audit.latest(conn, None, 50, f"procedure:{found.id}")
        self.render_page(
            "moderation_procedure.html",
            procedure=found,
            rated=rated[found.id],
            alarms=alarms.get(found.id, []),
            answers=answers,
            look=look,
            history=history,
            reasons=owners.REASONS,
            threshold=threshold,
            token_field=TOKEN_FIELD,
        )

    async def post(self, procedure: str) -> None:
        actor, why = self.staff.actor, self.fields.get("motif", "")
        async with self.connection() as conn:
            found = await procedures.of_id(conn, procedure)
            match self.fields.get("action", ""):
                case "hide":
                    await owners.hide(conn, found.id, owners.reason(why), actor)
                case "show":
                    await owners.hide(conn, found.id, None, actor)
                case "hide-answer":
                    await owners.hide_answer(
                        conn, found.id, self.answer(), owners.reason(why), actor
                    )
                case "show-answer":
                    await owners.hide_answer(conn, found.id, self.answer(), None, actor)
                case "verify":
                    await owners.check(conn, found.id, True, actor)
                case "unverify":
                    await owners.check(conn, found.id, False, actor)
                case "end-link":
                    await owners.end_link(conn, found.id, actor)
                case _:
                    raise Invalid("Not something that this page does.", parameter="action")
        self.see_other(self.url("moderation-procedure", procedure=found.id))

    def answer(self) -> int:
        if (found := row_numbers.read(self.fields.get("id", ""))) is None:
            raise NotFound("There is no such answer.")
        return found


ROUTES: list[Any] = [
    *page_routes("moderation-procedures", Procedures),
    *page_routes("moderation-procedure", OneProcedure),
]
