"""The table of all services of a commune: what its agent prepares, reads again and publishes."""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from api.handlers.base import page_routes
from api.handlers.page_mairie import Agent
from catalog import live, observations
from catalog import status as scoring
from catalog.states import State
from crowd import claims, contests, declarations, desk_drafts
from crowd.declarations import Choice, Declared, Latest
from crowd.desk_drafts import Draft

_FIELDS = ("choice", "url", "attributes", "provider", "base")


@dataclass(frozen=True, slots=True)
class Prepared:
    """A line of the draft beside what is published: `mine` None when it has mistakes."""

    draft: Draft
    mine: Declared | None
    published: Latest | None

    @property
    def behind(self) -> bool:
        """The commune declared something else since this draft was begun."""
        return self.draft.base != (self.published.id if self.published else 0)


class Desk(Agent):
    """All services in one table; kept as a draft; the same, read again; then published."""

    def read_fields(self) -> dict[str, str]:
        many = [f"attributes.{one}" for one in self.site.referential.services]
        return self.read_many(*many)

    def sent_for(self, service: str) -> dict[str, str]:
        return {name: self.fields.get(f"{name}.{service}", "") for name in _FIELDS}

    @property
    def bodies(self) -> list[str]:
        """Who may provide a service instead of the commune."""
        return [one for one in self.site.referential.providers if one != "commune"]

    def read(self, service: str, sent: Mapping[str, str]) -> Any:
        return declarations.read(self.site.referential.service(service), sent, self.bodies)

    async def get(self, code: str) -> None:
        await self.show({})

    async def show(self, mistakes: Mapping[str, Mapping[str, str]], **more: Any) -> None:
        number = self.commune.number
        async with self.connection() as conn:
            held = await observations.of_commune(conn, number)
            latest = await declarations.latest(conn, number)
            drafts = await desk_drafts.of_mandate(conn, self.holder.id)
            contested = await contests.of_commune(conn, number)
        typed = bool(self.fields)
        sent = {
            one: self.sent_for(one) if typed or one not in drafts
            else {"choice": "", "url": "", "attributes": "", "provider": "", **drafts[one].fields}
            for one in self.site.referential.services
        }  # fmt: skip
        self.render_page(
            "mairie_desk.html",
            statuses=scoring.of_all(self.site.referential, held, self.now),
            latest=latest,
            sent=sent,
            prepared=self.prepared(drafts, latest),
            contested={one.service: one for one in reversed(contested)},
            choices={
                one.id: [self.site.referential.attributes[name] for name in claims.choices(one)]
                for one in self.site.referential.services.values()
            },
            bodies=self.bodies,
            mistakes=mistakes,
            conflicts=more.get("conflicts", []),
            Choice=Choice,
            State=State,
            holder=self.holder,
            held=self.held,
            proof=self.session_proof,
            done=self.get_query_argument("publie", ""),
            kept=self.get_query_argument("brouillon", ""),
            nothing=more.get("nothing", False),
        )

    def prepared(
        self, drafts: Mapping[str, Draft], latest: Mapping[str, Latest]
    ) -> dict[str, Prepared]:
        found = {}
        for service, draft in drafts.items():
            if service not in self.site.referential.services:
                continue  # it left the referential since
            mine = self.read(service, {**draft.fields, "base": str(draft.base)})
            found[service] = Prepared(
                draft, mine if isinstance(mine, Declared) else None, latest.get(service)
            )
        return found

    async def post(self, code: str) -> None:
        step = self.fields.get("etape", "relire")
        alone = self.fields.get("seule", "")
        asked = [
            one for one in self.site.referential.services
            if self.holder.covers(one) and alone in ("", one)
        ]  # fmt: skip
        if step == "brouillon":
            async with self.connection() as conn:
                lines = {one: self.sent_for(one) for one in asked}
                count = await desk_drafts.save(conn, self.holder.id, lines)
            self.see_other(self.url("mairie-desk", code=self.commune.code) + f"?brouillon={count}")
            return
        answers: list[Declared] = []
        mistakes: dict[str, Mapping[str, str]] = {}
        for service in asked:
            found = self.read(service, self.sent_for(service))
            if isinstance(found, Declared):
                answers.append(found)
            elif found:
                mistakes[service] = found
        if mistakes or step == "modifier" or not answers:
            if step != "modifier":
                self.set_status(422)
            await self.show(mistakes, nothing=not mistakes and step != "modifier")
        elif step == "publier":
            await self.publish(answers)
        else:
            async with self.connection() as conn:
                latest = await declarations.latest(conn, self.commune.number)
            self.render_page(
                "mairie_review.html", answers=answers, State=State, proof=self.session_proof,
                kept=self.kept(answers), referential=self.site.referential, latest=latest,
                holder=self.holder,
            )  # fmt: skip

    def kept(self, answers: list[Declared]) -> list[tuple[str, str]]:
        """The answers as hidden fields, for the next step."""
        found = []
        for one in answers:
            sent = self.sent_for(one.service.id)
            for name in _FIELDS:
                texts = sent[name].split("\n") if name == "attributes" else [sent[name]]
                found += [(f"{name}.{one.service.id}", text) for text in texts if text]
        return found

    async def publish(self, answers: list[Declared]) -> None:
        async with self.connection() as conn:
            conflicts = await declarations.publish(conn, self.holder, answers, self.now)
            if conflicts:  # what was about to be said is not lost either
                lines = {one.service.id: self.sent_for(one.service.id) for one in answers}
                await desk_drafts.save(conn, self.holder.id, lines)
        if conflicts:
            self.set_status(409)
            await self.show({}, conflicts=conflicts)
            return
        await asyncio.to_thread(live.settle, self.site.settings)
        self.see_other(self.url("mairie-desk", code=self.commune.code) + f"?publie={len(answers)}")


ROUTES: list[Any] = page_routes("mairie-desk", Desk)
