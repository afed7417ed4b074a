"""What an agent does besides the table: contest a fact, hide an office telephone."""

import asyncio
from typing import Any

from api.handlers.base import page_routes
from api.handlers.page_mairie import Agent
from api.worker import ask
from catalog import observations, row_numbers, withholding
from catalog.states import State
from config.errors import Conflict, Invalid, NotFound
from crowd import audit, contests
from crowd.contests import PEOPLE, Reason


class Contest(Agent):
    """One fact, its proof, and what is wrong with it: somebody looks again now."""

    async def get(self, code: str, fact: str) -> None:
        number = self.number(fact)
        async with self.connection() as conn:
            held = await observations.of_commune(conn, self.commune.number)
            known = await contests.of_commune(conn, self.commune.number)
        proof = next((one for one in held if one.id == number), None)
        if proof is None or proof.state is None or proof.source_id == "communes":
            raise NotFound("No such fact is stated of this commune.")
        self.render_page(
            "contest_fact.html",
            contested=[one for one in known if one.observation_id == number],
            fact=proof,
            service=self.site.referential.service(proof.service),
            sources={one.id: one for one in self.site.edition.sources},
            reasons=list(Reason),
            by_person=proof.source_id in PEOPLE or proof.nature.value == "law",
            State=State,
            proof=self.session_proof,
        )

    def number(self, text: str) -> int:
        if (found := row_numbers.read(text)) is None:
            raise NotFound("There is no such fact.")
        return found

    async def post(self, code: str, fact: str) -> None:
        async with self.connection() as conn:
            try:
                made = await contests.contest(
                    conn, self.site.settings.mandates, self.holder, self.number(fact),
                    self.fields.get("motif", ""),
                )  # fmt: skip
            except Conflict:
                made = None  # asked twice: it waits, and the page says so
        if made is not None:
            await asyncio.to_thread(ask, self.site.settings, "second_look", contest_id=made)
        self.see_other(self.request.path)


class Phones(Agent):
    """The telephones of the commune's offices: shown, or hidden everywhere at its wish."""

    async def prepare(self) -> None:
        await super().prepare()
        # A delegation of a few services says nothing of the commune's own telephones.
        if hasattr(self, "holder") and self.holder.services is not None:
            raise NotFound("This mandate does not cover the commune's telephones.")

    async def get(self, code: str) -> None:
        async with self.connection() as conn:
            found = await withholding.of_commune(conn, self.commune.number)
        self.render_page("phones.html", phones=found, proof=self.session_proof)

    async def post(self, code: str) -> None:
        action = self.fields.get("action", "")
        if action not in ("cacher", "montrer"):
            raise Invalid("Not an action of this page.", parameter="action")
        hide = action == "cacher"
        async with self.connection() as conn, conn.transaction():
            changed = await withholding.decide(
                conn, self.commune.number, self.fields.get("numero", ""), hide=hide,
                who=self.holder.actor,
            )  # fmt: skip
            if changed:
                subject = f"commune:{self.commune.number}"
                name = "phone-withhold" if hide else "phone-restore"
                await audit.write(conn, self.holder.actor, name, subject)
        if changed:  # the files that are downloaded hold it until they are made again
            await asyncio.to_thread(ask, self.site.settings, "bulk")
        self.see_other(self.request.path)


ROUTES: list[Any] = [
    *page_routes("mairie-contest", Contest),
    *page_routes("mairie-phones", Phones),
]
