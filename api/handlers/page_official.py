"""« Est-ce officiel ? », and the official sites and accounts of a commune.

What is asked is answered and forgotten: no table, no log and no cache holds it, and nothing here
ever fetches it.
"""

import hashlib
from typing import Any

from api.forms import TOKEN_FIELD
from api.handlers.base import PageHandler, page_routes
from api.handlers.page_mairie import Agent
from api.parameters import text
from api.sessions import StaffPage
from catalog import communes, row_numbers
from catalog.official import Answer, Book, Match, Trick, Verdict
from catalog.official_address import LONGEST
from config.errors import Invalid, NotFound
from crowd import official_spaces
from crowd.official_spaces import LONGEST_LABEL, Form

URL = text("url", "The address to judge, as it was received.", max_length=LONGEST,
           example="https://www.lyon.fr/")  # fmt: skip
ONCE = "numero"  # the form's own number: sent twice, it is one statement
SHOWN = 100  # of the latest statements, for moderators


async def judged(handler: Any, asked: str) -> Answer:
    """What is known of an address. Raises Invalid naming `url`."""
    settings = handler.site.settings.official
    book: Book = await handler.site.official.book(handler.connection, settings)
    return book.judge(asked)


def private_question(handler: Any) -> None:
    """What somebody asks about is nobody else's business: nothing keeps it or tells it on."""
    handler.set_header("Cache-Control", "private, no-store")
    handler.set_header("Referrer-Policy", "no-referrer")
    handler.set_header("X-Robots-Tag", "noindex")


def id_of(text: str) -> int:
    if (found := row_numbers.read(text)) is None:
        raise NotFound("There is no such statement.")
    return found


def once_of(*parts: str) -> bytes:
    return hashlib.sha256("|".join(("official", *parts)).encode()).digest()


def source_title(handler: PageHandler, id_: str) -> str:
    """What a source is called; its id when this edition does not know it."""
    known = handler.site.edition.sources if handler.site.published else ()
    return next((one.title for one in known if one.id == id_), id_)


class OfficialPage(PageHandler):
    """What these pages share: the titles of sources."""

    def source_title(self, id_: str) -> str:
        return source_title(self, id_)


class Official(OfficialPage):
    """Paste an address: declared, a known provider's, unknown, or like a declared one."""

    parameters = (URL,)

    async def get(self) -> None:
        asked = (self.ask(URL) or "").strip()
        answer, mistake = None, None
        if asked:
            private_question(self)
            try:
                answer = await judged(self, asked)
            except Invalid as error:
                self.set_status(400)
                mistake = str(error)
        self.render_page(
            "official.html",
            asked=asked,
            answer=answer,
            mistake=mistake,
            Verdict=Verdict,
            Match=Match,
            Trick=Trick,
            longest=LONGEST,
            source_title=self.source_title,
        )


class Spaces(OfficialPage):
    """The official sites and accounts of one commune, and everything that was said of them."""

    async def get(self, code: str) -> None:
        settings = self.site.settings.official
        async with self.connection() as conn:
            commune = (await communes.resolve(conn, code)).commune
            spaces = await official_spaces.of_commune(conn, settings, commune.number)
            told = await official_spaces.history(conn, commune.number)
        self.render_page(
            "official_spaces.html",
            commune=commune,
            spaces=spaces,
            history=told,
            source_title=self.source_title,
        )


class Declare(Agent):
    """The mairie's own page: declare a site or an account, withdraw one."""

    whole = True

    async def get(self, code: str) -> None:
        await self.show({}, {})

    async def show(self, sent: Any, mistakes: Any) -> None:
        settings = self.site.settings.official
        number = self.commune.number
        async with self.connection() as conn:
            own = await official_spaces.declared(conn, settings, number)
            others = await official_spaces.published(conn, number)
        if mistakes:
            self.set_status(422)
        empty = dict.fromkeys(("url", "label", "certified"), "")
        self.render_page(
            "mairie_official.html",
            own=own,
            others=official_spaces.merged(others),
            sent={**empty, **sent},
            mistakes={field: mistakes[field] for field in empty if field in mistakes},
            longest=LONGEST_LABEL,
            proof=self.session_proof,
            once=self.request_id,
            once_field=ONCE,
            source_title=lambda id_: source_title(self, id_),
        )

    async def post(self, code: str) -> None:
        once = once_of(self.holder.actor, self.fields.get(ONCE, ""), self.fields.get("id", ""))
        match self.fields.get("action", ""):
            case "declare":
                form = official_spaces.read(self.fields)
                if form.mistakes:
                    await self.show(self.fields, form.mistakes)
                    return
                await self.declare(form, once)
            case "withdraw":
                id_ = id_of(self.fields.get("id", ""))
                async with self.connection() as conn:
                    await official_spaces.withdraw(
                        conn, id_, self.holder.actor, once, self.commune.number
                    )
            case _:
                raise Invalid("Not something that this page does.", parameter="action")
        self.see_other(self.url("mairie-official", code=self.commune.code))

    async def declare(self, form: Form, once: bytes) -> None:
        async with self.connection() as conn:
            await official_spaces.declare(
                conn, self.site.settings.official, self.holder, form, once
            )


class Moderation(StaffPage):
    """The latest statements of all mairies; a moderator may withdraw one."""

    async def get(self) -> None:
        async with self.connection() as conn:
            held = await official_spaces.declared(conn, self.site.settings.official, None, SHOWN)
        self.render_page(
            "moderation_official.html", held=held, token_field=TOKEN_FIELD, once_field=ONCE,
            once=self.request_id,
        )  # fmt: skip

    async def post(self) -> None:
        id_ = id_of(self.fields.get("id", ""))
        once = once_of(self.staff.actor, self.fields.get(ONCE, ""), str(id_))
        async with self.connection() as conn:
            await official_spaces.withdraw(conn, id_, self.staff.actor, once)
        self.see_other(self.url("moderation-official"))


ROUTES: list[Any] = [
    *page_routes("official", Official),
    *page_routes("official-spaces", Spaces),
    *page_routes("mairie-official", Declare),
    *page_routes("moderation-official", Moderation),
]
