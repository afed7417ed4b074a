"""Good practices for who decides: the moderators' desk, and a mairie that adopts one."""

from typing import Any

from api import practice_mails
from api.forms import TOKEN_FIELD
from api.handlers.base import page_routes
from api.handlers.page_mairie import Agent
from api.handlers.page_practices import id_of
from api.parameters import cursor
from api.sessions import StaffPage
from catalog.outbox import Mail
from config.errors import Conflict, Invalid
from crowd import practice_desk, practice_lists, practices
from crowd.contributions import MAIL_MARK
from crowd.practice_desk import REASONS, Action, Ruling
from crowd.practices import FOLLOW, Practice
from crowd.signing import Keys

SHOWN = 200
WANTED = cursor("pratique", "The sheet that is about to be adopted.")


class Queue(StaffPage):
    async def get(self) -> None:
        async with self.connection() as conn:
            lines = await practice_desk.queue(conn, SHOWN)
        self.render_page("moderation_practices.html", lines=lines)


class Case(StaffPage):
    async def get(self, id: str) -> None:
        async with self.connection() as conn:
            one = await practices.of_id(conn, id_of(id))
        await self.show(one)

    async def show(self, one: Practice, *, conflict: bool = False) -> None:
        async with self.connection() as conn:
            happened = await practices.steps(conn, one.id)
            own = await practice_desk.is_own(conn, self.staff, one)
            seen = [] if one.published_version is None else (
                await practice_lists.found(conn, practice_lists.Search(id=one.id, limit=1))
            )  # fmt: skip
        self.render_page(
            "moderation_practice.html",
            one=one,
            service=self.site.referential.services.get(one.service),
            former=seen[0] if seen and one.waiting_version else None,
            steps=happened,
            own=own,
            conflict=conflict,
            reasons=REASONS,
            Action=Action,
            token_field=TOKEN_FIELD,
        )

    async def post(self, id: str) -> None:
        number, ruling = id_of(id), self.ruling()
        try:
            async with self.connection() as conn:
                keys = await self.site.keyring.keys(conn)
                await practice_desk.decide(conn, self.staff, number, ruling, self.letter(keys))
        except Conflict:
            async with self.connection() as conn:
                one = await practices.of_id(conn, number)
            self.set_status(409)
            await self.show(one, conflict=True)
            return
        self.see_other(self.url("moderation-practices"))

    def ruling(self) -> Ruling:
        """What was sent. Raises Invalid."""
        try:
            action = Action(self.fields.get("action", ""))
            version = int(self.fields.get("version", "")[:9])
        except ValueError:
            raise Invalid("Not a decision.", parameter="action") from None
        reason = self.fields.get("reason") or (
            REASONS[action][0] if action is Action.PUBLISH else ""
        )
        return Ruling(action, version, reason, self.fields.get("text", ""))

    def letter(self, keys: Keys) -> practice_desk.Letter:
        """How the owner is told, in their language."""

        def write(one: Practice, action: Action, text: str) -> Mail | None:
            if one.email is None:
                return None
            return practice_mails.compose(
                action.value, to=one.email, language=one.language, origin=self.origin,
                link=MAIL_MARK + keys.seal(FOLLOW, one.id), reference=one.reference, said=text,
            )  # fmt: skip

        return write


class Adopt(Agent):
    """What a mairie adopted; one more, or one less."""

    whole = True
    parameters = (WANTED,)

    async def get(self, code: str) -> None:
        wanted = self.ask(WANTED)
        async with self.connection() as conn:
            adopted = await practice_lists.adopted(conn, self.commune.number)
            sheet = await practice_lists.one(conn, wanted) if wanted else None
        self.render_page(
            "mairie_practices.html",
            adopted=adopted,
            sheet=sheet,
            own=sheet is not None and sheet.commune_number == self.commune.number,
            already=sheet is not None and sheet.id in {one.id for one in adopted},
            proof=self.session_proof,
        )

    async def post(self, code: str) -> None:
        number = id_of(self.fields.get("id", ""))
        action = self.fields.get("action", "")
        if action not in ("adopt", "give-up"):
            raise Invalid("Not something that this page does.", parameter="action")
        async with self.connection() as conn:
            await practice_lists.adopt(conn, self.holder, number, give_up=action == "give-up")
        self.see_other(self.url("mairie-practices", code=self.commune.code))


ROUTES: list[Any] = [
    *page_routes("moderation-practices", Queue),
    *page_routes("moderation-practice", Case),
    *page_routes("mairie-practices", Adopt),
]
