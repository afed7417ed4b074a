"""« I am the mairie of X »: a code by mail, a mandate, and the table of all services to declare."""

import asyncio
import hashlib
import hmac
from collections.abc import Mapping
from typing import Any

from tornado.web import HTTPError

from api.addresses import address
from api.forms import TOKEN_FIELD, FormPage
from api.handlers.base import page_routes
from api.i18n_texts import Texts
from catalog import communes, live, observations
from catalog import status as scoring
from catalog.communes import Commune
from catalog.outbox import Mail
from catalog.states import State
from config.errors import Invalid, Refused
from crowd import claims, declarations, mandates
from crowd.declarations import Choice, Declared
from crowd.mandates import Mailbox, Mandate, Opened, Tried

COOKIE = "guichet_mairie"
_FIELDS = ("choice", "url", "attributes", "base")
_STATUS = {Tried.WRONG: 422, Tried.LOCKED: 423, Tried.GONE: 410}


class MairiePage(FormPage):
    """What these pages share: the commune, the session of a mandate, and its cookie."""

    form = "mairie"

    async def prepare(self) -> None:
        await super().prepare()
        self.private()
        self.add_vary("Cookie")
        async with self.connection() as conn:
            found = await communes.resolve(conn, self.path_kwargs["code"])
        self.commune: Commune = found.commune

    @property
    def secure(self) -> bool:
        return self.origin.startswith("https://")

    @property
    def cookie_name(self) -> str:
        return f"__Host-{COOKIE}" if self.secure else COOKIE

    @property
    def session(self) -> str | None:
        sent = self.get_cookie(self.cookie_name)
        return sent if sent and len(sent) <= 100 else None

    async def mandate(self) -> Mandate | None:
        """The mandate of this browser for this commune, now; None: it has none."""
        if self.session is None:
            return None
        async with self.connection() as conn:
            found = await mandates.of_session(conn, self.session, self.site.settings.mandates)
        return found if found and found.commune_number == self.commune.number else None

    def enter(self, opened: Opened) -> None:
        """Keep a new session and go to the desk."""
        self.set_cookie(
            self.cookie_name, opened.token, path="/", httponly=True, samesite="Lax",
            secure=self.secure,
        )  # fmt: skip
        self.see_other(self.url("mairie-desk", code=self.commune.code))

    @property
    def proof(self) -> str:
        """What a form of this session carries."""
        return hmac.new((self.session or "").encode(), b"mairie", hashlib.sha256).hexdigest()

    def check_proof(self) -> None:
        sent = self.fields.get(TOKEN_FIELD, "")
        if not hmac.compare_digest(sent.encode(), self.proof.encode()):
            raise Refused("This form was not made for this session: open the page again.")

    def context(self) -> dict[str, Any]:
        return {**super().context(), "commune": getattr(self, "commune", None),
                "token_field": TOKEN_FIELD}  # fmt: skip

    def _set_policy(self) -> None:
        super()._set_policy()
        policy = self._headers["Content-Security-Policy"]
        policy = policy.replace("frame-ancestors 'self'", "frame-ancestors 'none'")
        self.set_header("Content-Security-Policy", policy)


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
            mandate=await self.mandate(),
            token=await self.form_token(),
        )

    async def post(self, code: str) -> None:
        for name, sent in self.fields.items():
            if "\n" in sent:
                raise Invalid("One line of text.", parameter=name[:80])
        await self.opened()
        async with self.connection() as conn:
            request = await mandates.ask(
                conn, self.site.settings.mandates, self.commune, self.network, self.now, self.letter
            )
        self.see_other(self.url("mairie-code", code=self.commune.code, request=request))

    def letter(self, to: str, code: str, link: str) -> Mail:
        """The mail that holds a code, in French: it is for a mairie."""
        t = Texts("fr")
        where = self.origin + address("mairie-link", "fr", code=self.commune.code, link=link)
        minutes = self.site.settings.mandates.code_minutes
        text = t("mairie.mail", name=self.commune.name, code=code, link=where, minutes=minutes)
        subject = t("mairie.subject", name=self.commune.name)
        return Mail(to=to, subject=subject, text=text, purpose="mandate-code")


class Opening(MairiePage):
    """What typing a code and following its link share."""

    async def show(self, tried: Tried | None, **more: Any) -> None:
        if tried is not None:
            self.set_status(_STATUS[tried])
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
                self.fields.get("code", "")[:40], self.session,
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
                conn, self.site.settings.mandates, self.commune, link, self.session
            )
        if isinstance(found, Opened):
            self.enter(found)
        else:
            await self.show(found, action=self.request.path, typing=False)


class Agent(MairiePage):
    """A page for who holds the commune's mandate."""

    holder: Mandate

    async def prepare(self) -> None:
        await super().prepare()
        found = await self.mandate()
        if found is None:
            if self.request.method not in ("GET", "HEAD"):
                raise Refused("This session holds no mandate for this commune.")
            self.redirect(self.url("mairie", code=self.commune.code), status=303)
            return
        self.holder = found
        if self.request.method == "POST":
            self.check_proof()


class Desk(Agent):
    """All services in one table; then the same, read again; then published."""

    def read_fields(self) -> dict[str, str]:
        many = [f"attributes.{one}" for one in self.site.referential.services]
        return self.read_many(*many)

    def sent_for(self, service: str) -> dict[str, str]:
        return {name: self.fields.get(f"{name}.{service}", "") for name in _FIELDS}

    async def get(self, code: str) -> None:
        await self.show({})

    async def show(self, mistakes: Mapping[str, Mapping[str, str]], **more: Any) -> None:
        number = self.commune.number
        async with self.connection() as conn:
            held = await observations.of_commune(conn, number)
            latest = await declarations.latest(conn, number)
        conflicts = more.pop("conflicts", [])
        self.render_page(
            "mairie_desk.html",
            statuses=scoring.of_all(self.site.referential, held, self.now),
            latest=latest,
            sent={one: self.sent_for(one) for one in self.site.referential.services},
            choices={
                one.id: [self.site.referential.attributes[name] for name in claims.choices(one)]
                for one in self.site.referential.services.values()
            },
            mistakes=mistakes,
            conflicts=conflicts,
            Choice=Choice,
            State=State,
            holder=self.holder,
            proof=self.proof,
            done=self.get_query_argument("publie", ""),
            nothing=more.get("nothing", False),
        )

    async def post(self, code: str) -> None:
        answers: list[Declared] = []
        mistakes: dict[str, Mapping[str, str]] = {}
        for service in self.site.referential.services.values():
            found = declarations.read(service, self.sent_for(service.id))
            if isinstance(found, Declared):
                answers.append(found)
            elif found:
                mistakes[service.id] = found
        step = self.fields.get("etape", "relire")
        if mistakes or step == "modifier" or not answers:
            if step != "modifier":
                self.set_status(422)
            await self.show(mistakes, nothing=not mistakes and step != "modifier")
        elif step == "publier":
            await self.publish(answers)
        else:
            self.render_page(
                "mairie_review.html", answers=answers, State=State, proof=self.proof,
                kept=self.kept(answers), referential=self.site.referential,
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
        if conflicts:
            self.set_status(409)
            await self.show({}, conflicts=conflicts)
            return
        await asyncio.to_thread(live.settle, self.site.settings)
        self.see_other(self.url("mairie-desk", code=self.commune.code) + f"?publie={len(answers)}")


class Leave(Agent):
    """End this session, or the mandate itself."""

    async def get(self, code: str) -> None:
        self.render_page("mairie_leave.html", proof=self.proof)

    async def post(self, code: str) -> None:
        async with self.connection() as conn:
            if self.fields.get("fin") == "mandat":
                await mandates.revoke(conn, self.holder.id, self.holder.actor)
            await mandates.log_out(conn, self.session or "")
        self.clear_cookie(self.cookie_name, path="/", secure=self.secure, samesite="Lax")
        self.see_other(self.url("commune", code=self.commune.code))


ROUTES: list[Any] = [
    *page_routes("mairie", Ask),
    *page_routes("mairie-code", Code),
    *page_routes("mairie-link", Link),
    *page_routes("mairie-desk", Desk),
    *page_routes("mairie-leave", Leave),
]
