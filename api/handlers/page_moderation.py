"""The moderators' desk: queue, case, author, journal. Roles are checked by StaffPage alone."""

import asyncio
import csv
import io
from typing import Any

from api import contribution_mails
from api.addresses import address
from api.forms import TOKEN_FIELD
from api.handlers.base import page_routes
from api.parameters import choice, cursor
from api.sessions import StaffPage
from catalog import communes, csv_cells, live, observations, outbox, row_numbers
from catalog.outbox import Mail
from catalog.states import State as Fact
from catalog.status import score
from config.errors import Conflict, Invalid, NotFound
from crowd import audit, contributions, following, moderation
from crowd.accounts import Role
from crowd.claims import Claim
from crowd.contributions import FOLLOW, MAIL_MARK, Contribution, State
from crowd.moderation import MOST_COUNTED, REASONS, Action, Outcome, Ruling
from crowd.signing import Keys

PAGE = 50
EXPORTED = 5000
TAB = choice("etat", "Which part of the queue.", lambda: ("waiting", "asked", "held"),
             default="waiting")  # fmt: skip
AFTER = cursor("apres", "After this one.")
BEFORE = cursor("avant", "Before this row of the journal.")


def _id(text: str) -> int:
    if (found := row_numbers.read(text)) is None:
        raise NotFound("There is no such contribution.")
    return found


class Queue(StaffPage):
    parameters = (TAB, AFTER)

    async def get(self) -> None:
        state = State(self.ask(TAB))
        async with self.connection() as conn:
            lines = await moderation.queue(conn, state, self.ask(AFTER), PAGE + 1)
            counts = await moderation.counts(conn)
        self.render_page(
            "moderation.html",
            state=state,
            lines=lines[:PAGE],
            following=lines[PAGE - 1].id if len(lines) > PAGE else None,
            counts=counts,
            most=MOST_COUNTED,
            upto=await self.last_held() if state is State.HELD else None,
            token_field=TOKEN_FIELD,
        )

    async def last_held(self) -> int | None:
        async with self.connection() as conn:
            return await moderation.last_held(conn)


class Case(StaffPage):
    async def get(self, id: str) -> None:
        async with self.connection() as conn:
            await moderation.seen(conn, _id(id))
            one = await contributions.of_id(conn, _id(id))
        await self.show(one)

    async def show(self, one: Contribution, conflict: bool = False) -> None:
        service = self.site.referential.service(one.service)
        async with self.connection() as conn:
            commune = await communes.by_number(conn, one.commune_number)
            held = await observations.of_commune(conn, one.commune_number, one.service)
            alike = await moderation.similar(conn, one)
            happened = await following.steps(conn, one.id)
            keys = await self.site.keyring.keys(conn)
            own = await moderation.is_own(conn, keys, self.staff, one)
            photo = await following.has_photo(conn, one.id)
        claim = Claim.of(one.claim)
        self.render_page(
            "moderation_case.html",
            one=one,
            claim=claim,
            commune=commune,
            service=service,
            known=score(service, held, self.now),
            before=Fact(one.before.get("state", 0)),
            proofs=[o for o in held if o.state is not None][-8:][::-1],
            would=claim.fact(service),
            similar=alike,
            steps=happened,
            own=own,
            photo=photo,
            conflict=conflict,
            is_open=State(one.state).open,
            reasons=REASONS,
            outcomes=list(Outcome),
            Action=Action,
            State=Fact,
            sources={source.id: source for source in self.site.edition.sources}
            if self.site.published
            else {},
            token_field=TOKEN_FIELD,
        )

    def read_fields(self) -> dict[str, str]:
        return self.read_many("avec")

    async def post(self, id: str) -> None:
        ruling = self.ruling()
        together = tuple(_id(one) for one in self.fields.get("avec", "").split("\n") if one)
        try:
            async with self.connection() as conn:
                keys = await self.site.keyring.keys(conn)
                published = await moderation.decide(
                    conn, keys, self.staff, self.site.referential, _id(id), ruling, self.now,
                    letter=await self.letters(conn, keys, _id(id)), together=together,
                )  # fmt: skip
        except Conflict:
            async with self.connection() as conn:
                one = await contributions.of_id(conn, _id(id))
            self.set_status(409)
            self.set_header("Cache-Control", "no-store")
            await self.show(one, conflict=True)
            return
        if published:
            await asyncio.to_thread(live.settle, self.site.settings)
        self.see_other(self.url("moderation"))

    def ruling(self) -> Ruling:
        """What was sent. Raises Invalid."""
        try:
            action = Action(self.fields.get("action", ""))
            outcome = Outcome(self.fields.get("outcome") or Outcome.AS_SAID)
            version = int(self.fields.get("version", ""))
        except ValueError:
            raise Invalid("Not a decision.", parameter="action") from None
        reason = self.fields.get("reason") or REASONS[action][0]
        if action in (Action.REFUSE, Action.REVERT) and not self.fields.get("reason"):
            raise Invalid("Choose a reason.", parameter="reason")
        return Ruling(action, version, reason, self.fields.get("text", ""), outcome)

    async def letters(self, conn: Any, keys: Keys, id_: int) -> moderation.Letter:
        """How the author is told, in their language."""
        one = await contributions.of_id(conn, id_)
        commune = await communes.by_number(conn, one.commune_number)

        def letter(told: Contribution, action: Action, text: str) -> Mail | None:
            if told.email is None:
                return None
            what = {Action.ACCEPT: "accepted", Action.ASK: "asked"}.get(action, "refused")
            link = MAIL_MARK + keys.seal(FOLLOW, told.id)
            return contribution_mails.compose(
                what,
                to=told.email,
                language=told.language,
                reference=told.reference,
                follow=self.origin + address("follow", told.language, token=link),
                commune=commune.name,
                service=self.site.referential.service(told.service).title(told.language),
                said=text,
            )

        return letter


class CasePhoto(StaffPage):
    async def get(self, id: str) -> None:
        async with self.connection() as conn:
            photo = await following.photo(conn, _id(id))
        if photo is None:
            raise NotFound("There is no photo.")
        self.set_header("Content-Disposition", "attachment; filename=photo.jpg")
        self.set_header("Content-Security-Policy", "default-src 'none'; sandbox")
        self.send(photo, "image/jpeg", encoding="")


class DropHeld(StaffPage):
    """What is held apart, refused in one go: a flood from a thousand places."""

    async def post(self) -> None:
        async with self.connection() as conn:
            await moderation.drop_held(conn, self.staff, _id(self.fields.get("upto", "")))
        self.see_other(self.url("moderation", etat="held"))


class DropAuthor(StaffPage):
    """Everything of one author, refused and taken back in one go."""

    async def post(self, voice: str) -> None:
        async with self.connection() as conn:
            keys = await self.site.keyring.keys(conn)
            dropped = await moderation.drop_author(
                conn, keys, self.staff, _id(voice), self.fields.get("reason", ""), self.now
            )
        if dropped.observations:
            await asyncio.to_thread(live.settle, self.site.settings)
        self.see_other(self.url("moderation"))


class Journal(StaffPage):
    parameters = (BEFORE,)

    async def get(self) -> None:
        async with self.connection() as conn:
            entries = await audit.latest(conn, self.ask(BEFORE) or None, PAGE)
            mails = None
            if self.staff.role is Role.ADMINISTRATOR:
                mails = await outbox.acounts(conn)
        self.render_page(
            "moderation_journal.html",
            entries=entries,
            mails=mails,
            mail_ready=bool(self.site.settings.mail.host),
        )


class QueueTable(StaffPage):
    """The queue as CSV, for moderators. No address, no cell that a spreadsheet would run."""

    parameters = (TAB,)

    async def get(self) -> None:
        async with self.connection() as conn:
            lines = await moderation.queue(conn, State(self.ask(TAB)), 0, EXPORTED)
            rows = [await contributions.of_id(conn, line.id) for line in lines]
        out = io.StringIO()
        names = ("reference", "sent_at", "commune", "service", "kind", "state", "url", "comment")
        values = (
            (line.reference, line.created_at, line.commune_code, line.service, line.kind,
             line.state, one.claim.get("url"), one.comment)
            for line, one in zip(lines, rows, strict=True)
        )  # fmt: skip
        csv_cells.write(out, names, values, quoting=csv.QUOTE_NONNUMERIC)
        self.set_header("Content-Disposition", "attachment; filename=moderation.csv")
        self.send(out.getvalue().encode("utf-8-sig"), "text/csv; charset=utf-8")


ROUTES: list[Any] = [
    *page_routes("moderation", Queue),
    *page_routes("moderation-table", QueueTable),
    *page_routes("moderation-journal", Journal),
    *page_routes("moderation-author", DropAuthor),
    *page_routes("moderation-held", DropHeld),
    *page_routes("moderation-case", Case),
    *page_routes("moderation-photo", CasePhoto),
]
