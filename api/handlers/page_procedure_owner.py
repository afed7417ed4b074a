"""The owner's page of a procedure, under a private link: results as they come, words, answers."""

import asyncio
import hashlib
import json
from typing import Any

from api import live_events
from api.agent_session import whole_mandates
from api.forms import TOKEN_FIELD
from api.handlers.base import page_routes
from api.handlers.page_voices import VoicePage
from api.worker import ask_look
from catalog import communes, row_numbers
from config.errors import Invalid, NotFound, Refused
from crowd import buttons, owners, procedures, voices
from crowd.mandate_sessions import Mandate
from crowd.procedures import Kind, Procedure
from crowd.ratings import Rating

SNIPPET = """<script type="module" src="{origin}/embed/avis.js"></script>
<guichet-avis procedure="{id}" screen="etape-1" lang="{lang}"></guichet-avis>"""
LOOK_AGAIN_SECONDS = 600  # between two looks at a page that its owner asks for


class OwnerPage(VoicePage):
    secret_slots = ("token",)

    async def owned(self, token: str) -> Procedure:
        """The procedure of a private link, hidden or not. Raises NotFound."""
        self.private()
        async with self.connection() as conn:
            return await procedures.of_owner(conn, token)


class Owner(OwnerPage):
    form = "procedure-owner"

    async def get(self, token: str) -> None:
        procedure = await self.owned(token)
        threshold = self.site.settings.voices.threshold
        mandate = await self.mandate()
        async with self.connection() as conn:
            rated, alarms = await voices.rated_with_alarms(conn, threshold, procedure.id)
            spoken = None
            if mandate is not None:
                spoken = (await communes.by_number(conn, mandate.commune_number)).name
            answers = await voices.answers(conn, procedure.id, hidden_too=True)
            counts = await voices.kinds(conn, procedure.id)
            difficulties = await voices.listed(conn, "new", procedure.id)
            look = await buttons.last(conn, procedure.id)
        self.render_page(
            "procedure_owner.html",
            procedure=procedure,
            name=self.name_of(procedure),
            rated=rated[procedure.id],
            answers=answers,
            alarms=alarms.get(procedure.id, []),
            counts=counts,
            difficulties=difficulties,
            look=look,
            mandate_name=spoken,
            threshold=threshold,
            owner_link=token,
            snippet=SNIPPET.format(origin=self.origin, id=procedure.id, lang=self.language),
            token=await self.form_token(),
            token_field=TOKEN_FIELD,
        )

    async def mandate(self) -> Mandate | None:
        """The mandate of a commune that this browser holds, the first when there are several.

        The commune's own only: what it delegates is to speak of its services.
        """
        return next((one for one in await whole_mandates(self) if one.own), None)

    async def post(self, token: str) -> None:
        procedure = await self.owned(token)
        opened = await self.opened()
        match self.fields.get("action", ""):
            case "answer":
                once = hashlib.sha256(b"answer|" + opened.nonce).digest()
                said = self.fields.get("reponse", "")
                async with self.connection() as conn:
                    await voices.answer(conn, procedure.id, said, "owner", once)
            case "done":
                if (id_ := row_numbers.read(self.fields.get("id", ""))) is None:
                    raise NotFound("There is no such difficulty.")
                async with self.connection() as conn:
                    await voices.move(conn, id_, "done", procedure.id)
            case "look":
                await self.look(procedure)
            case "verify":
                mandate = await self.mandate()
                if mandate is None:
                    raise Refused("The mandate of a commune is needed for that.")
                async with self.connection() as conn:
                    await owners.verify(conn, procedure, mandate)
            case "replace":
                async with self.connection() as conn:
                    token = await owners.replace_link(conn, procedure.id)
            case _:
                raise Invalid("Not something that this page does.", parameter="action")
        self.see_other(self.url("procedure-owner", token=token))

    async def look(self, procedure: Procedure) -> None:
        """Ask a worker to look at the page, unless it did so a moment ago."""
        if procedure.kind != Kind.REGISTERED:
            raise Invalid("This procedure has no page of its own.", parameter="action")
        async with self.connection() as conn:
            last = await buttons.last(conn, procedure.id)
        if last is None or (self.now - last.at).total_seconds() >= LOOK_AGAIN_SECONDS:
            await asyncio.to_thread(ask_look, self.site.settings, procedure.id)


class Live(OwnerPage):
    """What the owner's page shows in figures, anew: it is told, or asks."""

    _gone = False

    async def get(self, token: str) -> None:
        procedure = await self.owned(token)

        async def news() -> bytes:
            return await self.figures(procedure)

        await live_events.tell(self, news)

    async def figures(self, procedure: Procedure) -> bytes:
        threshold = self.site.settings.voices.threshold
        async with self.connection() as conn:
            rated = (await voices.rated(conn, threshold, procedure.id))[procedure.id]
            counts = await voices.kinds(conn, procedure.id)
            waiting = await voices.listed(conn, "new", procedure.id, most=1)
        number = self.fmt.number
        found = {
            "rating": self.sentence(rated),
            "held": self.t("voices.held", n=number(rated.held)) if rated.held else "",
            "latest": waiting[0].reference if waiting else "",
        }
        found |= {f"kind-{kind.value}": number(n) for kind, n in counts.items()}
        if rated.levels is not None:
            found |= {f"level-{level}": number(n) for level, n in rated.levels.items()}
        return json.dumps(found, sort_keys=True).encode()

    def sentence(self, rated: Rating) -> str:
        """The rating in words, as the page says it (faces.html)."""
        n = self.fmt.number(rated.n)
        if rated.share is None or rated.interval is None:
            threshold = self.site.settings.voices.threshold
            return str(self.t("voices.too_few", n=n, threshold=threshold))
        low, high = round(100 * rated.interval.low), round(100 * rated.interval.high)
        share = self.t("voices.share", share=round(100 * rated.share))
        return f"{share} {self.t('voices.interval', low=low, high=high, n=n)}"

    def on_connection_close(self) -> None:
        self._gone = True


ROUTES: list[Any] = [
    *page_routes("procedure-live", Live),
    *page_routes("procedure-owner", Owner),
]
