"""Delegation: offered by who holds a mandate, accepted by a code, revoked, and coming back."""

import json
from typing import Any

from api.agent_session import AgentPage
from api.handlers.base import page_routes
from api.handlers.page_mairie import STATUS, Agent
from api.i18n_texts import Texts
from catalog import row_numbers, territories
from catalog.outbox import Mail
from config.errors import Invalid, NotFound, Refused
from crowd import agents, delegations, mail_stops, mandate_sessions
from crowd.delegations import Offer
from crowd.mandates import Tried
from crowd.roles import DELEGATED, Role

NAMED = 4  # communes that the subject of a mail names; the page has them all


def _number(text: str) -> int:
    if (found := row_numbers.read(text)) is None:
        raise Invalid("Not a number.", parameter="id")
    return found


class Delegations(Agent):
    """Who speaks for the commune, by whom, until when; and the form that invites one more."""

    def read_fields(self) -> dict[str, str]:
        return self.read_many("communes", "services")

    async def get(self, code: str) -> None:
        await self.show({})

    async def show(self, mistakes: Any) -> None:
        async with self.connection() as conn:
            below = await delegations.below(conn, self.holder)
        covered = [one for one in self.site.referential.services if self.holder.covers(one)]
        self.render_page(
            "delegations.html",
            holder=self.holder,
            held=_by_commune(self.held),
            below=below,
            services=[self.site.referential.service(one) for one in covered],
            roles=DELEGATED,
            mistakes=mistakes,
            sent=self.fields,
            days=self.site.settings.mandates.mandate_days,
            longest=self.site.settings.mandates.longest_chain,
            proof=self.session_proof,
            done=self.get_query_argument("fait", ""),
        )

    async def post(self, code: str) -> None:
        action = self.fields.get("action", "")
        done = {"revoquer": "fin", "reprendre": "reprise", "inviter": "invite"}.get(action)
        if done is None:
            raise Invalid("Not an action of this page.", parameter="action")
        if action == "inviter":
            found = delegations.read(
                self.fields, self.held, self.site.referential.services,
                self.site.settings.mandates, self.now,
            )  # fmt: skip
            if not isinstance(found, Offer):
                self.set_status(422)
                await self.show(found)
                return
            await self.invite(found)
        else:
            target = _number(self.fields.get("id", ""))
            async with self.connection() as conn:
                if action == "revoquer":
                    await delegations.revoke(conn, self.holder, target)
                else:
                    await delegations.take_back(conn, self.holder, target)
        self.see_other(self.url("delegations", code=self.commune.code) + f"?fait={done}")

    async def invite(self, offer: Offer) -> None:
        made = await self.write_mail("invite", "invitation")
        words = Texts("fr")  # as the whole mail
        names = ", ".join(one.commune for one in offer.parents[:NAMED])
        if (more := len(offer.parents) - NAMED) > 0:
            names = words("delegations.mail_more", names=names, n=more)
        who = words(f"delegations.role_{offer.parents[0].role.value}")
        who = who[:1].upper() + who[1:]

        def letter(code: str, link: str, stop: int) -> Mail:
            return made(
                offer.email, stop, {"link": link}, names=names, code=code, who=who,
                days=self.site.settings.mandates.invitation_days,
            )  # fmt: skip

        async with self.connection() as conn:
            await delegations.invite(conn, self.site.settings.mandates, offer, self.now, letter)


def _by_commune(held: list[Any]) -> list[Any]:
    """One mandate for each commune, the widest."""
    found: dict[int, Any] = {}
    for one in held:
        found.setdefault(one.commune_number, one)
    return sorted(found.values(), key=lambda one: one.commune)


class Invited(AgentPage):
    """Where an invitation's link leads: what is offered, and the code that accepts it."""

    secret_slots = ("link",)

    async def get(self, link: str) -> None:
        await self.show(link, None)

    async def show(self, link: str, tried: Tried | None) -> None:
        async with self.connection() as conn:
            found = await delegations.of_link(conn, link)
        if tried is not None:
            self.set_status(STATUS[tried])
        elif not found.open:
            self.set_status(410)
        self.render_page(
            "invitation.html", invitation=found, tried=tried, token=await self.form_token(),
            action=self.request.path,
        )  # fmt: skip

    async def post(self, link: str) -> None:
        await self.opened()
        if self.fields.get("reponse") == "refuser":
            async with self.connection() as conn:
                await delegations.refuse(conn, link)
            self.see_other(self.request.path)
            return
        made = await self.write_mail("notice", "mairie")

        def notice(to: str, code: str, name: str, role: Role, stop: int) -> Mail:
            who = Texts("fr")(f"delegations.role_{role.value}")
            return made(to, stop, {"code": code}, name=name, who=who)

        async with self.connection() as conn:
            found = await delegations.accept(
                conn, self.site.settings.mandates, link, self.fields.get("code", "")[:40],
                self.token, notice,
            )  # fmt: skip
        if isinstance(found, Tried):
            await self.show(link, found)
        else:
            self.keep_session(found)
            self.see_other(self.url("agent"))


class Home(AgentPage):
    """The communes that somebody speaks for; or the form that lets them come back."""

    async def get(self) -> None:
        held = await self.mandates_held()
        email = None
        if (agent := await self.whose()) is not None:
            async with self.connection() as conn:
                email = await agents.email_of(conn, agent)
        self.render_page(
            "agent.html", held=held, email=email, token=await self.form_token(),
            proof=self.session_proof, mistake=None, typed="",
        )  # fmt: skip

    async def post(self) -> None:
        await self.opened()
        made = await self.write_mail("login", "agent")

        def letter(to: str, code: str, stop: int) -> Mail:
            minutes = self.site.settings.mandates.code_minutes
            return made(to, stop, {}, code=code, minutes=minutes)

        typed = self.fields.get("email", "")
        try:
            async with self.connection() as conn:
                request = await agents.ask(
                    conn, self.site.settings.mandates, typed, self.network, letter
                )
        except Invalid:
            self.set_status(422)
            self.render_page(
                "agent.html", held=[], email=None, token=await self.form_token(),
                proof=self.session_proof, mistake="email", typed=typed[:254],
            )  # fmt: skip
            return
        self.see_other(self.url("agent-code", request=request))


class ComeBack(AgentPage):
    """Where the code of an agent is typed: the same words whether a mail was sent or not."""

    secret_slots = ("request",)

    async def get(self, request: str) -> None:
        await self.show(None)

    async def show(self, tried: Tried | None) -> None:
        if tried is not None:
            self.set_status(STATUS[tried])
        self.render_page(
            "agent_code.html", tried=tried, token=await self.form_token(),
            action=self.request.path,
        )  # fmt: skip

    async def post(self, request: str) -> None:
        await self.opened()
        async with self.connection() as conn:
            found = await agents.try_code(
                conn, self.site.settings.mandates, request, self.fields.get("code", "")[:40],
                self.token,
            )  # fmt: skip
        if isinstance(found, Tried):
            await self.show(found)
        else:
            self.keep_session(found)
            self.see_other(self.url("agent"))


class Own(AgentPage):
    """A page about the person of this session: their data, and the end of it."""

    agent: int | None

    async def prepare(self) -> None:
        await super().prepare()
        self.held = await self.mandates_held()
        self.agent = await self.whose()
        if not self.held and self.agent is None:
            raise Refused("This session holds nothing.")
        if self.request.method == "POST":
            self.check_session_proof()


class Export(Own):
    """All that is kept of who holds these mandates, as JSON."""

    async def get(self) -> None:
        async with self.connection() as conn:
            found = await agents.exported(conn, self.agent, self.held)
        self.set_header("Content-Disposition", "attachment; filename=guichet-agent.json")
        body = json.dumps(found, ensure_ascii=False, indent=1, default=str).encode()
        self.send(body, "application/json")


class Leave(Own):
    """End this session, or be forgotten: the address erased, what was delegated ended."""

    async def post(self) -> None:
        async with self.connection() as conn:
            if self.fields.get("fin") == "oubli":
                if self.agent is not None:
                    await agents.erase(conn, self.agent)
                for one in self.held:
                    if one.own:
                        await agents.erase_mailbox(conn, one)
            await mandate_sessions.log_out(conn, self.token or "")
        self.drop_session()
        self.see_other(self.url("agent"))


class StopMails(AgentPage):
    """« This was not me »: only its button stops our mails, not a scanner that follows links."""

    secret_slots = ("seal",)

    async def number(self, seal: str) -> int:
        found = (await self.keys()).unseal(mail_stops.PURPOSE, seal)
        if found is None:
            raise NotFound("This link is not one of ours.")
        return found

    async def get(self, seal: str) -> None:
        number = await self.number(seal)
        async with self.connection() as conn:
            found = await mail_stops.of_id(conn, number)
        if found is None:
            raise NotFound("This link is not one of ours.")
        self.render_page("mail_stop.html", stopped=found.stopped, token=await self.form_token())

    async def post(self, seal: str) -> None:
        await self.opened()
        number = await self.number(seal)
        async with self.connection() as conn:
            await mail_stops.decide(conn, number, stop=self.fields.get("choix") != "reprendre")
        self.see_other(self.request.path)


class Intercommunal(AgentPage):
    """« I am the EPCI »: what its mailbox can prove, and what is done when no list gives it."""

    async def get(self, code: str) -> None:
        async with self.connection() as conn:
            epci = await territories.get(conn, f"EPCI-{code}")
            members = await territories.children(conn, epci.code)
        held = {one.commune_code for one in await self.mandates_held()}
        self.render_page("epci_agent.html", epci=epci, members=members, held=held)


ROUTES: list[Any] = [
    *page_routes("delegations", Delegations),
    *page_routes("invitation", Invited),
    *page_routes("agent", Home),
    *page_routes("agent-code", ComeBack),
    *page_routes("agent-export", Export),
    *page_routes("agent-leave", Leave),
    *page_routes("mail-stop", StopMails),
    *page_routes("epci-agent", Intercommunal),
]
