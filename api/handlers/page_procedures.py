"""Procedures of other sites: registering one, its public results, its posters."""

import hashlib
import io
from typing import Any

import segno

from api import poster
from api.forms import TOKEN_FIELD
from api.handlers.base import page_routes
from api.handlers.page_contribute import TRAP
from api.handlers.page_voices import COUNTER, VoicePage
from config.errors import NotFound, Refused
from crowd import buttons, procedures, voices
from crowd.procedures import Kind, Procedure

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
        self.spend(self.site.voicing, self.network)
        async with self.connection() as conn:
            keys = await self.site.keyring.keys(conn)
            # Made of the form's own number: sent twice, it is one procedure and one link.
            secret = keys.keyed("procedure-owner", opened.nonce.hex())
            token = procedures.owner_token(opened.nonce, secret)
            once = hashlib.sha256(b"procedure|" + opened.nonce).digest()
            await procedures.register(conn, form, token, once)
        self.see_other(self.url("procedure-owner", token=token))


class OneProcedure(VoicePage):
    """What everybody may know of one procedure."""

    async def get(self, procedure: str) -> None:
        found = await self.procedure(procedure)
        threshold = self.site.settings.voices.threshold
        async with self.connection() as conn:
            rated = (await voices.rated(conn, threshold, found.id))[found.id]
            answers = await voices.answers(conn, found.id)
            look = await buttons.last(conn, found.id)
        self.render_page(
            "procedure.html",
            procedure=found,
            name=self.name_of(found),
            rated=rated,
            answers=answers,
            look=look,
            threshold=threshold,
        )


class PosterPage(VoicePage):
    """One poster for each counter: its name comes back with each opinion."""

    parameters = (COUNTER,)

    @property
    def counter(self) -> str:
        """The counter's name as it is kept with an opinion; empty: there is one only."""
        return voices.screen(self.ask(COUNTER)) or ""

    def target(self, procedure: Procedure) -> str:
        values = {"canal": "poster", "guichet": self.counter or None}
        return self.origin + self.url("rate", procedure=procedure.id, **values)

    def poster(self, procedure: Procedure) -> poster.Poster:
        return poster.Poster(
            title=self.t("voices.poster_title"),
            name=self.name_of(procedure),
            counter=self.counter,
            text=self.t("voices.poster_text"),
            code=self.target(procedure),
            shown=self.origin + self.url("rate", procedure=procedure.id),
            language=self.language,
        )


class Poster(PosterPage):
    """A page to print for the counter."""

    async def get(self, procedure: str) -> None:
        found = await self.procedure(procedure)
        self.render_page(
            "procedure_poster.html",
            procedure=found,
            name=self.name_of(found),
            target=self.target(found),
            shown=self.origin + self.url("rate", procedure=found.id),
            counter=self.counter,
            longest=voices.LONGEST_SCREEN,
        )


class PosterFile(PosterPage):
    """The poster as one page of A4."""

    async def get(self, procedure: str, format: str) -> None:
        if format not in CODES:
            raise NotFound("The poster is an SVG or a PDF.")
        made = self.poster(await self.procedure(procedure))
        self.set_header("Content-Disposition", f"inline; filename=affiche.{format}")
        self.send(poster.svg(made) if format == "svg" else poster.pdf(made), CODES[format])


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
    *page_routes("procedure-poster", Poster),
    *page_routes("procedure-poster-file", PosterFile),
    *page_routes("procedure-code", Code),
    *page_routes("procedure", OneProcedure),
]
