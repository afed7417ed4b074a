"""Difficulties and faces on our own pages: short forms without an account, that need no script."""

import csv
import hashlib
import io
from typing import Any

from api.forms import TOKEN_FIELD, FormPage, local_path
from api.handlers.base import page_routes
from api.handlers.page_contribute import TRAP
from api.parameters import choice, cursor, text
from api.sessions import StaffPage
from catalog import communes, csv_cells, row_numbers
from config.errors import Invalid, NotFound
from crowd import audit, procedures, ratings, voices
from crowd.procedures import Procedure
from crowd.ratings import Rating
from crowd.scrubbing import scrub
from crowd.voices import Channel, From

ABOUT = text("page", "The page that it is about: a path of this site.", max_length=500)
PROCEDURE = text("procedure", "The procedure that it is about.", max_length=60)
CHANNEL = choice("canal", "Where the visitor came from.", lambda: ("page", "poster"),
                 default="page")  # fmt: skip
COUNTER = text("guichet", "The counter, as its poster names it.",
               max_length=voices.LONGEST_SCREEN)  # fmt: skip
THANKED = choice("merci", "An opinion was just received.", lambda: ("oui",))
STATE = choice("etat", "Which difficulties.", lambda: ("new", "held", "seen", "done"),
               default="new")  # fmt: skip
BEFORE = cursor("avant", "Before this one.")
FASTEST_SECONDS = 2.0  # a form that people read takes longer
PAGE = 50


class VoicePage(FormPage):
    """What the forms share: the procedure, the budget, and where a voice comes from."""

    async def procedure(self, id_: str, *, make: bool = False) -> Procedure:
        """A procedure; the services of a commune have a row once somebody speaks of them."""
        async with self.connection() as conn:
            code = id_.removeprefix("commune-")
            if code == id_:
                return await procedures.shown(conn, id_)
            commune = (await communes.resolve(conn, code)).commune
            if make:
                return await procedures.of_commune(conn, commune)
            named = procedures.id_of_commune(commune.code)
        return Procedure(named, "commune", commune.name, commune.name, None, None, self.now)

    def name_of(self, procedure: Procedure) -> str:
        if procedure.kind == procedures.Kind.COMMUNE:
            return str(self.t("voices.commune_services", name=procedure.name))
        return procedure.name

    def came(self, nonce: bytes, *, trapped: bool = False) -> From:
        channel = Channel.POSTER if self.fields.get("canal") == "poster" else Channel.PAGE
        once = hashlib.sha256(b"voice|" + self.form.encode() + nonce).digest()
        counter = self.fields.get("guichet") if channel is Channel.POSTER else None
        trapped = trapped or bool(self.fields.get(TRAP))
        return From(self.network, once, channel, counter, trapped)


class Rate(VoicePage):
    """Five faces: one click is one opinion."""

    form = "rate"
    parameters = (CHANNEL, COUNTER, THANKED)

    async def get(self, procedure: str) -> None:
        found = await self.procedure(procedure)
        code = found.id.removeprefix("commune-") if found.kind == "commune" else None
        self.render_page(
            "rate.html",
            procedure=found,
            name=self.name_of(found),
            code=code,
            thanked=self.ask(THANKED) == "oui",
            channel=self.ask(CHANNEL),
            counter=self.ask(COUNTER) or "",
            token=await self.form_token(),
            token_field=TOKEN_FIELD,
            trap=TRAP,
        )

    async def post(self, procedure: str) -> None:
        opened = await self.opened()
        level = voices.level(self.fields.get("niveau", ""))
        self.spend(self.site.voicing, self.network)
        found = await self.procedure(procedure, make=True)
        came = self.came(opened.nonce)
        async with self.connection() as conn:
            keys = await self.site.keyring.keys(conn)
            await voices.add_face(conn, keys, found.id, level, came, self.site.settings.voices)
        self.see_other(self.url("rate", procedure=found.id, merci="oui", canal=came.channel.value))


class Difficulty(VoicePage):
    """« Signaler une difficulté »: three kinds, and a word if one likes."""

    form = "difficulty"
    parameters = (ABOUT, PROCEDURE, CHANNEL)

    async def get(self) -> None:
        procedure = await self.procedure(self.ask(PROCEDURE) or procedures.SITE)
        about = self.about(procedure, self.ask(ABOUT) or "")
        await self.show(procedure, about, self.ask(CHANNEL), {}, {}, ())

    def about(self, procedure: Procedure, sent: str) -> str | None:
        """A path of ours without its query, or the registered address: nothing that was typed."""
        if procedure.kind == procedures.Kind.REGISTERED:
            return procedure.url
        return local_path(sent.split("?", 1)[0], "") or None

    async def show(
        self, procedure: Procedure, about: str | None, channel: str, sent: Any, mistakes: Any,
        scrubbed: tuple[str, ...],
    ) -> None:  # fmt: skip
        if mistakes:
            self.set_status(422)
        self.render_page(
            "difficulty.html",
            procedure=procedure,
            about=about,
            channel=channel,
            kinds=list(voices.Kind),
            sent={"genre": "", "commentaire": "", **sent},
            mistakes=mistakes,
            scrubbed=scrubbed,
            most=voices.LONGEST_COMMENT,
            token=await self.form_token(),
            token_field=TOKEN_FIELD,
            trap=TRAP,
        )

    async def post(self) -> None:
        opened = await self.opened()
        procedure = await self.procedure(self.fields.get("procedure") or procedures.SITE)
        about = self.about(procedure, self.fields.get("page", ""))
        channel = "poster" if self.fields.get("canal") == "poster" else "page"
        mistakes: dict[str, str] = {}
        try:
            kind = voices.kind(self.fields.get("genre", ""))
        except Invalid:
            mistakes["genre"] = "choose"
        said = scrub(self.fields.get("commentaire", ""))
        if len(said.text) > voices.LONGEST_COMMENT:
            mistakes["commentaire"] = "too-long"
        sent = {"genre": self.fields.get("genre", ""), "commentaire": said.text}
        if mistakes or said.kinds:
            await self.show(procedure, about, channel, sent, mistakes, said.kinds)
            return
        self.spend(self.site.voicing, self.network)
        fast = (self.now - opened.issued_at).total_seconds() < FASTEST_SECONDS
        procedure = await self.procedure(procedure.id, make=True)
        async with self.connection() as conn:
            keys = await self.site.keyring.keys(conn)
            reference = await voices.add_difficulty(
                conn, keys, procedure.id, kind, said, about, self.language,
                self.came(opened.nonce, trapped=fast), self.site.settings.voices,
            )  # fmt: skip
        self.see_other(self.url("difficulty-told", reference=reference))


class DifficultyTold(VoicePage):
    """What became of a difficulty, for who has its reference. Never its words."""

    async def get(self, reference: str) -> None:
        self.private()
        async with self.connection() as conn:
            told = await voices.told(conn, reference)
            answers = await voices.answers(conn, told.procedure_id)
        self.render_page("difficulty_told.html", told=told, answers=answers)


async def all_rated(page: Any) -> list[tuple[Procedure, Rating]]:
    """What received an opinion, by name, with its rating."""
    async with page.connection() as conn:
        known = await procedures.every(conn)
        rated = await voices.rated(conn, page.site.settings.voices.threshold)
    return [(one, rated[one.id]) for one in known if one.id in rated]


class Satisfaction(VoicePage):
    async def get(self) -> None:
        lines = await all_rated(self)
        settings = self.site.settings.voices
        self.render_page(
            "satisfaction.html",
            lines=lines,
            table=ratings.ranked(lines, settings.ranking_threshold),
            threshold=settings.threshold,
            ranking=settings.ranking_threshold,
        )


COLUMNS = ("id", "kind", "name", "owner", "n", "held", "share_satisfied", "wilson95_low",
           "wilson95_high", *(f"level_{level}" for level in ratings.LEVELS))  # fmt: skip


def row_of(one: Procedure, rated: Rating) -> tuple[Any, ...]:
    levels = [rated.levels[level] if rated.levels else None for level in ratings.LEVELS]
    share = None if rated.share is None else round(rated.share, 4)
    low, high = (
        (None, None)
        if rated.interval is None
        else (round(rated.interval.low, 4), round(rated.interval.high, 4))
    )
    return (one.id, one.kind, one.name, one.owner, rated.n, rated.held, share, low, high, *levels)


class SatisfactionTable(VoicePage):
    """The same lines as CSV; what is below the threshold has empty cells, never zeros."""

    async def get(self) -> None:
        out = io.StringIO()
        rows = [row_of(one, rated) for one, rated in await all_rated(self)]
        csv_cells.write(out, COLUMNS, rows, quoting=csv.QUOTE_MINIMAL)
        self.set_header("Content-Disposition", "attachment; filename=satisfaction.csv")
        self.send(out.getvalue().encode("utf-8-sig"), "text/csv; charset=utf-8")


class Difficulties(StaffPage):
    """What people told, for moderators."""

    parameters = (STATE, BEFORE)

    async def get(self) -> None:
        state = self.ask(STATE)
        async with self.connection() as conn:
            lines = await voices.listed(conn, state, None, self.ask(BEFORE), PAGE + 1)
        self.render_page(
            "moderation_difficulties.html",
            state=state,
            lines=lines[:PAGE],
            following=lines[PAGE - 1].id if len(lines) > PAGE else None,
            token_field=TOKEN_FIELD,
        )

    async def post(self) -> None:
        if (id_ := row_numbers.read(self.fields.get("id", ""))) is None:
            raise NotFound("There is no such difficulty.")
        action = self.fields.get("action", "")
        async with self.connection() as conn, conn.transaction():
            await voices.move(conn, id_, action)
            await audit.write(
                conn, f"account:{self.staff.id}", f"difficulty-{action}", f"difficulty:{id_}"
            )
        self.see_other(self.url("moderation-difficulties"))


ROUTES: list[Any] = [
    *page_routes("difficulty", Difficulty),
    *page_routes("difficulty-told", DifficultyTold),
    *page_routes("rate", Rate),
    *page_routes("satisfaction", Satisfaction),
    *page_routes("satisfaction-table", SatisfactionTable),
    *page_routes("moderation-difficulties", Difficulties),
]
