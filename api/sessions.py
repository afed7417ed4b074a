"""Sessions of people with a role, and the one place where roles are checked.

A page for them extends StaffPage and says `needs_role`; nothing else decides who may enter.
"""

import hashlib
import hmac
from typing import ClassVar

from tornado.web import Finish, HTTPError

from api.forms import TOKEN_FIELD, FormPage
from config.errors import Refused
from crowd import accounts
from crowd.accounts import Account, Role

COOKIE = "guichet_session"
LONGEST_COOKIE = 100  # characters; what is longer was never one of ours


class CookiePage(FormPage):
    """A private page of who holds a session: its cookie, and the proof that forms of it carry."""

    cookie: ClassVar[str]
    salt: ClassVar[bytes]  # of the proofs, so that none is good on pages of another session

    async def prepare(self) -> None:
        await super().prepare()
        self.private()
        self.add_vary("Cookie")

    @property
    def secure(self) -> bool:
        return self.origin.startswith("https://")

    @property
    def cookie_name(self) -> str:
        # The prefix has browsers refuse it from a subdomain, and needs https.
        return f"__Host-{self.cookie}" if self.secure else self.cookie

    @property
    def session_cookie(self) -> str | None:
        sent = self.get_cookie(self.cookie_name)
        return sent if sent and len(sent) <= LONGEST_COOKIE else None

    @property
    def token(self) -> str | None:
        """What proves the session; None: there is none."""
        return self.session_cookie

    def keep_session(self, token: str, max_age: int | None = None) -> None:
        """The session's cookie: out of reach of scripts and of other sites' forms."""
        self.set_cookie(
            self.cookie_name,
            token,
            path="/",
            httponly=True,
            samesite="Lax",
            secure=self.secure,
            max_age=max_age,
        )

    def drop_session(self) -> None:
        self.clear_cookie(self.cookie_name, path="/", secure=self.secure, samesite="Lax")

    @property
    def session_proof(self) -> str:
        """What a form of this session carries: made of the cookie, which no other site knows."""
        if self.token is None:
            return ""
        return hmac.new(self.token.encode(), self.salt, hashlib.sha256).hexdigest()

    def check_session_proof(self) -> None:
        """Raises Refused when a form was not made for this session."""
        sent = self.fields.get(TOKEN_FIELD, "")
        if not self.token or not hmac.compare_digest(sent.encode(), self.session_proof.encode()):
            raise Refused("This form was not made for this session: open the page again.")

    def refuse_frames(self) -> None:
        """Nobody frames a page where a click decides."""
        policy = self._headers["Content-Security-Policy"]
        policy = policy.replace("frame-ancestors 'self'", "frame-ancestors 'none'")
        self.set_header("Content-Security-Policy", policy)


class SessionPage(CookiePage):
    """A page that knows who is logged in: `self.account`, None for everybody else."""

    cookie = COOKIE
    salt = b"form"
    account: Account | None = None

    async def prepare(self) -> None:
        await super().prepare()
        sent = self.session_cookie
        if sent is not None:
            async with self.connection() as conn:
                settings = self.site.settings.accounts
                self.account = await accounts.of_session(conn, sent, settings)

    @property
    def token(self) -> str | None:
        return self.session_cookie if self.account else None


class StaffPage(SessionPage):
    """A page for people with a role. What is sent to it must come from the session's own form."""

    needs_role: ClassVar[Role] = Role.MODERATOR

    @property
    def staff(self) -> Account:
        """Who acts. `prepare` has checked that somebody may."""
        if self.account is None:
            raise HTTPError(403)
        return self.account

    async def prepare(self) -> None:
        await super().prepare()
        if self.account is None:
            # A cookie that opens nothing: altered, ended, idle for too long, or of another server.
            self.set_status(401 if self.session_cookie is not None else 403)
            back = self.request.path if self.request.method in ("GET", "HEAD") else None
            self.render_page("staff_needed.html", login=self.url("login", next=back))
            raise Finish
        if not self.account.role.includes(self.needs_role):
            raise Refused("Your account does not allow this.")
        if self.request.method not in ("GET", "HEAD"):
            self.check_session_proof()

    def context(self) -> dict[str, object]:
        return {**super().context(), "staff": self.account, "session_proof": self.session_proof}

    def _set_policy(self) -> None:
        super()._set_policy()
        self.refuse_frames()
        self.set_header("X-Frame-Options", "DENY")
