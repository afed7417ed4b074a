"""« I am the mairie of X »: a code by mail to the official mailbox, and the mandate it opens."""

from collections.abc import Callable
from typing import Any, ClassVar

from tornado.web import HTTPError

from api.addresses import address
from api.agent_session import AgentPage
from api.handlers.base import page_routes
from api.i18n_texts import Texts
from catalog import communes
from catalog.communes import Commune
from catalog.outbox import Mail
from config.errors import Invalid, Refused
from crowd import mandate_sessions, mandates
from crowd.mandate_sessions import Mandate
from crowd.mandates import Mailbox, Opened, Tried
from crowd.signing import Keys

STATUS = {Tried.WRONG: 422, Tried.LOCKED: 423, Tried.GONE: 410}


class MairiePage(AgentPage):
    """A page about one commune: the mandate of this browser for it, when there is one."""

    async def prepare(self) -> None:
        await super().prepare()
        async with self.connection() as conn:
            found = await communes.resolve(conn, self.path_kwargs["code"])
        self.commune: Commune = found.commune
        self.held = await self.mandates_held()

    def mandate(self) -> Mandate | None:
        """The widest mandate of this browser for this commune, now; None: it has none."""
        here = (one for one in self.held if one.commune_number == self.commune.number)
        return next(here, None)

    def enter(self, opened: Opened) -> None:
        """Keep a new session and go to the desk."""
        self.keep_session(opened.token)
        self.see_other(self.url("mairie-desk", code=self.commune.code))

    def context(self) -> dict[str, Any]:
        return {**super().context(), "commune": getattr(self, "commune", None)}


class Ask(MairiePage):
    """Who gets the code, said before it is asked for. No address is ever typed here."""

    async def get(self, code: str) -> None:
        settings = self.site.settings.mandates
        async with self.connection() as conn:
            found = await mandates.mailbox_of(conn, self.commune.number, self.now, settings)
        self.render_page(
            "mairie_ask.html",
            found=found,
            official=found.standing is Mailbox.OFFICIAL,
            mandate=self.mandate(),
            token=await self.form_token(),
        )

    async def post(self, code: str) -> None:
        for name, sent in self.fields.items():
            if "\n" in sent:
                raise Invalid("One line of text.", parameter=name[:80])
        await self.opened()
        letter = self.letter(await self.keys())
        async with self.connection() as conn:
            request = await mandates.ask(
                conn, self.site.settings.mandates, self.commune, self.network, self.now, letter
            )
        self.see_other(self.url("mairie-code", code=self.commune.code, request=request))

    def letter(self, keys: Keys) -> Callable[[str, str, str, int], Mail]:
        """What makes the mail that holds a code, in French: it is for a mairie."""

        def made(to: str, code: str, link: str, stop: int) -> Mail:
            t = Texts("fr")
            where = self.origin + address("mairie-link", "fr", code=self.commune.code, link=link)
            minutes = self.site.settings.mandates.code_minutes
            text = t("mairie.mail", name=self.commune.name, code=code, link=where,
                     minutes=minutes, stop=self.stop_link(keys, stop))  # fmt: skip
            subject = t("mairie.subject", name=self.commune.name)
            return Mail(to=to, subject=subject, text=text, purpose="mandate-code")

        return made


class Opening(MairiePage):
    """What typing a code and following its link share."""

    async def show(self, tried: Tried | None, **more: Any) -> None:
        if tried is not None:
            self.set_status(STATUS[tried])
        self.render_page("mairie_code.html", tried=tried, token=await self.form_token(), **more)


class Code(Opening):
    """Where the code is typed: the same words whether a mail was sent or not."""

    secret_slots = ("request",)

    async def get(self, code: str, request: str) -> None:
        await self.show(None, action=self.request.path, typing=True)

    async def post(self, code: str, request: str) -> None:
        await self.opened()
        async with self.connection() as conn:
            found = await mandates.try_code(
                conn, self.site.settings.mandates, self.commune, request,
                self.fields.get("code", "")[:40], self.token,
            )  # fmt: skip
        if isinstance(found, Opened):
            self.enter(found)
        else:
            await self.show(found, action=self.request.path, typing=True)


class Link(Opening):
    """Where the mail's link leads: a page. Only its button uses the code, not a mail scanner."""

    secret_slots = ("link",)

    async def get(self, code: str, link: str) -> None:
        async with self.connection() as conn:
            number = await mandates.of_link(conn, link)
        if number != self.commune.number:
            raise HTTPError(404)
        await self.show(None, action=self.request.path, typing=False)

    async def post(self, code: str, link: str) -> None:
        await self.opened()
        async with self.connection() as conn:
            found = await mandates.try_link(
                conn, self.site.settings.mandates, self.commune, link, self.token
            )
        if isinstance(found, Opened):
            self.enter(found)
        else:
            await self.show(found, action=self.request.path, typing=False)


class Agent(MairiePage):
    """A page for who holds the commune's mandate."""

    holder: Mandate
    # Whether it speaks for the commune as a whole, which a mandate for some services does not.
    whole: ClassVar[bool] = False

    async def prepare(self) -> None:
        await super().prepare()
        found = self.mandate()
        if found is None:
            if self.request.method not in ("GET", "HEAD"):
                raise Refused("This session holds no mandate for this commune.")
            self.redirect(self.url("mairie", code=self.commune.code), status=303)
            return
        if self.whole and found.services is not None:
            raise Refused("This mandate is for some services only.")
        self.holder = found
        if self.request.method == "POST":
            self.check_session_proof()

    def context(self) -> dict[str, Any]:
        return {**super().context(), "holder": getattr(self, "holder", None)}


class Leave(Agent):
    """End this session, or the mandate itself."""

    async def get(self, code: str) -> None:
        self.render_page("mairie_leave.html", proof=self.session_proof)

    async def post(self, code: str) -> None:
        async with self.connection() as conn:
            if self.fields.get("fin") == "mandat":
                await mandates.revoke(conn, self.holder.id, self.holder.actor)
            await mandate_sessions.log_out(conn, self.token or "")
        self.drop_session()
        self.see_other(self.url("commune", code=self.commune.code))


ROUTES: list[Any] = [
    *page_routes("mairie", Ask),
    *page_routes("mairie-code", Code),
    *page_routes("mairie-link", Link),
    *page_routes("mairie-leave", Leave),
]
