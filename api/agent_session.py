"""The session of somebody who speaks for communes: its cookie, its mandates, its forms."""

import hashlib
import hmac
from collections.abc import Callable
from typing import Any

from api.addresses import address
from api.forms import TOKEN_FIELD, FormPage
from api.handlers.base import BaseHandler
from api.i18n_texts import Texts
from catalog.outbox import Mail
from config.errors import Refused
from crowd import mail_stops, mandate_sessions
from crowd.mandate_sessions import Mandate
from crowd.signing import Keys

COOKIE = "guichet_mairie"


async def whole_mandates(handler: BaseHandler) -> list[Mandate]:
    """The mandates of this browser that speak for a commune as a whole, on any page: those for
    some services are left out."""
    for name in (f"__Host-{COOKIE}", COOKIE):
        cookie = handler.get_cookie(name)
        if cookie and len(cookie) <= 100:
            async with handler.connection() as conn:
                held = await mandate_sessions.held(conn, cookie, handler.site.settings.mandates)
            return [one for one in held if one.services is None]
    return []


class AgentPage(FormPage):
    """What all these pages share. They are private, and nobody frames them."""

    form = "mairie"

    async def prepare(self) -> None:
        await super().prepare()
        self.private()
        self.add_vary("Cookie")

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

    async def mandates_held(self) -> list[Mandate]:
        """All the mandates of this browser, now."""
        if self.session is None:
            return []
        async with self.connection() as conn:
            return await mandate_sessions.held(conn, self.session, self.site.settings.mandates)

    def keep_session(self, token: str) -> None:
        self.set_cookie(
            self.cookie_name, token, path="/", httponly=True, samesite="Lax", secure=self.secure
        )

    def forget_session(self) -> None:
        self.clear_cookie(self.cookie_name, path="/", secure=self.secure, samesite="Lax")

    @property
    def proof(self) -> str:
        """What a form of this session carries."""
        return hmac.new((self.session or "").encode(), b"mairie", hashlib.sha256).hexdigest()

    def check_proof(self) -> None:
        sent = self.fields.get(TOKEN_FIELD, "")
        if self.session is None or not hmac.compare_digest(sent.encode(), self.proof.encode()):
            raise Refused("This form was not made for this session: open the page again.")

    def context(self) -> dict[str, Any]:
        return {**super().context(), "token_field": TOKEN_FIELD}

    def _set_policy(self) -> None:
        super()._set_policy()
        policy = self._headers["Content-Security-Policy"]
        policy = policy.replace("frame-ancestors 'self'", "frame-ancestors 'none'")
        self.set_header("Content-Security-Policy", policy)

    # ------------------------------------------------------------------------ its mails

    def stop_link(self, keys: Keys, number: int) -> str:
        """Where who received a mail says that it was not them, in French: it is for a mairie."""
        seal = keys.seal(mail_stops.PURPOSE, number)
        return self.origin + address("mail-stop", "fr", seal=seal)

    async def write_mail(self, what: str, page: str) -> Callable[..., Mail]:
        """A function that makes a mail of `delegations.mail_<what>`: (to, stop number, values of
        the page's address, values of the words) -> Mail."""
        keys = await self.keys()
        t = Texts("fr")

        def letter(to: str, stop: int, slots: dict[str, str], **words: Any) -> Mail:
            where = self.origin + address(page, "fr", **slots)
            text = t(f"delegations.mail_{what}", link=where, stop=self.stop_link(keys, stop),
                     **words)  # fmt: skip
            subject = t(f"delegations.subject_{what}", **words)
            return Mail(to=to, subject=subject, text=text, purpose=f"mandate-{what}")

        return letter
