"""The session of somebody who speaks for communes: its cookie, its mandates, its forms."""

from collections.abc import Callable
from typing import Any

from api.addresses import address
from api.forms import TOKEN_FIELD
from api.handlers.base import BaseHandler
from api.i18n_texts import Texts
from api.sessions import LONGEST_COOKIE, CookiePage
from catalog.outbox import Mail
from crowd import mail_stops, mandate_sessions
from crowd.mandate_sessions import Mandate
from crowd.signing import Keys

COOKIE = "guichet_mairie"


async def whole_mandates(handler: BaseHandler) -> list[Mandate]:
    """The mandates of this browser that speak for a commune as a whole, on any page: those for
    some services are left out."""
    for name in (f"__Host-{COOKIE}", COOKIE):
        cookie = handler.get_cookie(name)
        if cookie and len(cookie) <= LONGEST_COOKIE:
            async with handler.connection() as conn:
                held = await mandate_sessions.held(conn, cookie, handler.site.settings.mandates)
            return [one for one in held if one.services is None]
    return []


class AgentPage(CookiePage):
    """What all these pages share. They are private, and nobody frames them."""

    form = "mairie"
    cookie = COOKIE
    salt = b"mairie"

    async def mandates_held(self) -> list[Mandate]:
        """All the mandates of this browser, now."""
        if self.token is None:
            return []
        async with self.connection() as conn:
            return await mandate_sessions.held(conn, self.token, self.site.settings.mandates)

    async def whose(self) -> int | None:
        """The agent who proved their own mailbox in this session; None: nobody did."""
        if self.token is None:
            return None
        async with self.connection() as conn:
            return await mandate_sessions.agent_of(conn, self.token, self.site.settings.mandates)

    def context(self) -> dict[str, Any]:
        return {**super().context(), "token_field": TOKEN_FIELD}

    def _set_policy(self) -> None:
        super()._set_policy()
        self.refuse_frames()

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
