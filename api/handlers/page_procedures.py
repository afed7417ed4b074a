"""Procedures of other sites: registering one, its public results, its owner's page, its poster."""

import hashlib
import io
from typing import Any

import segno

from api.forms import TOKEN_FIELD
from api.handlers.base import page_routes
from api.handlers.page_contribute import TRAP
from api.handlers.page_voices import VoicePage
from config.errors import Invalid, NotFound, Refused
from crowd import procedures, voices
from crowd.procedures import Kind, Procedure

SNIPPET = """<script type="module" src="{origin}/embed/avis.js"></script>
<guichet-avis procedure="{id}" screen="etape-1" lang="{lang}"></guichet-avis>"""
CODES = {"svg": "image/svg+xml", "pdf": "application/pdf"}


class Procedures(VoicePage):
    """The list, and the form that registers one more."""

    form = "procedure"

    async def get(self) -> None:
        await self.show({}, {})

    async def show(self, sent: Any, mistakes: Any) -> None:
        async with self.connection() as conn:
            known = [one for one in await procedures.every(conn) if one.kind == Kind.REGISTERED]
        if mistakes:
            self.set_status(422)
        empty = dict.fromkeys(("name", "owner", "url"), "")
        self.render_page(
            "procedures.html",
            known=known,
            sent={**empty, **sent},
            mistakes={field: mistakes[field] for field in empty if field in mistakes},
            token=await self.form_token(),
            token_field=TOKEN_FIELD,
            trap=TRAP,
        )

    async def post(self) -> None:
        opened = await self.opened()
        if self.fields.get(TRAP):
            raise Refused("This form was filled by a robot.")
        form = procedures.read(self.fields)
        if form.mistakes:
            await self.show(self.fields, form.mistakes)
            return
        self.spend()
        async with self.connection() as conn:
            keys = await self.site.keyring.keys(conn)
            # Made of the form's own number: sent twice, it is one procedure and one link.
            secret = keys.keyed("procedure-owner", opened.nonce.hex())
            token = procedures.owner_token(opened.nonce, secret)
            once = hashlib.sha256(b"procedure|" + opened.nonce).digest()
            await procedures.register(conn, form, token, once)
        self.see_other(self.url("procedure-owner", token=token))


class ResultsPage(VoicePage):
    async def show(self, procedure: Procedure, owner_link: str | None) -> None:
        threshold = self.site.settings.voices.threshold
        owned: dict[str, Any] = {"alarms": [], "counts": {}, "difficulties": [], "token": ""}
        async with self.connection() as conn:
            rated = (await voices.rated(conn, threshold, procedure.id))[procedure.id]
            answers = await voices.answers(conn, procedure.id)
            if owner_link is not None:
                owned["alarms"] = await voices.alarms(conn, procedure.id)
                owned["counts"] = await voices.kinds(conn, procedure.id)
                owned["difficulties"] = await voices.listed(conn, "new", procedure.id)
        if owner_link is not None:
            owned["token"] = await self.form_token()
        self.render_page(
            "procedure.html",
            procedure=procedure,
            name=self.name_of(procedure),
            rated=rated,
            answers=answers,
            threshold=threshold,
            owner_link=owner_link,
            snippet=SNIPPET.format(origin=self.origin, id=procedure.id, lang=self.language),
            token_field=TOKEN_FIELD,
            **owned,
        )


class OneProcedure(ResultsPage):
    """What everybody may know of one procedure."""

    async def get(self, procedure: str) -> None:
        await self.show(await self.procedure(procedure), None)


class Owner(ResultsPage):
    """The owner's page, under a private link: results as they come, words, public answers."""

    form = "procedure-owner"
    secret_slots = ("token",)

    async def owned(self, token: str) -> Procedure:
        self.private()
        async with self.connection() as conn:
            return await procedures.of_owner(conn, token)

    async def get(self, token: str) -> None:
        await self.show(await self.owned(token), token)

    async def post(self, token: str) -> None:
        procedure = await self.owned(token)
        opened = await self.opened()
        async with self.connection() as conn:
            match self.fields.get("action", ""):
                case "answer":
                    once = hashlib.sha256(b"answer|" + opened.nonce).digest()
                    said = self.fields.get("reponse", "")
                    await voices.answer(conn, procedure.id, said, "owner", once)
                case "done":
                    id_ = self.fields.get("id", "")
                    if not (id_.isascii() and id_.isdecimal() and len(id_) < 19):
                        raise NotFound("There is no such difficulty.")
                    await voices.move(conn, int(id_), "done", procedure.id)
                case _:
                    raise Invalid("Not something that this page does.", parameter="action")
        self.see_other(self.url("procedure-owner", token=token))


class PosterPage(VoicePage):
    def target(self, procedure: Procedure) -> str:
        return self.origin + self.url("rate", procedure=procedure.id, canal="poster")


class Poster(PosterPage):
    """A page to print for the counter."""

    async def get(self, procedure: str) -> None:
        found = await self.procedure(procedure)
        self.render_page(
            "procedure_poster.html",
            procedure=found,
            name=self.name_of(found),
            target=self.target(found),
        )


class Code(PosterPage):
    """The QR code alone, as vectors."""

    async def get(self, procedure: str, format: str) -> None:
        if format not in CODES:
            raise NotFound("The code is an SVG or a PDF.")
        found = await self.procedure(procedure)
        out = io.BytesIO()
        made = segno.make(self.target(found), error="m", micro=False)
        if format == "svg":
            made.save(out, kind="svg", border=4, light="#fff", omitsize=True)
        else:
            made.save(out, kind="pdf", border=4, scale=8)
        self.send(out.getvalue(), CODES[format])


ROUTES: list[Any] = [
    *page_routes("procedures", Procedures),
    *page_routes("procedure-owner", Owner),
    *page_routes("procedure-poster", Poster),
    *page_routes("procedure-code", Code),
    *page_routes("procedure", OneProcedure),
]
