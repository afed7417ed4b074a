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


class SessionPage(FormPage):
    """A page that knows who is logged in: `self.account`, None for everybody else."""

    account: Account | None = None
    _token: str | None = None  # of a session that is alive

    async def prepare(self) -> None:
        await super().prepare()
        self.private()
        self.add_vary("Cookie")
        sent = self.session_cookie
        if sent is not None:
            async with self.connection() as conn:
                settings = self.site.settings.accounts
                self.account = await accounts.of_session(conn, sent, settings)
            self._token = sent if self.account else None

    @property
    def secure(self) -> bool:
        return self.origin.startswith("https://")

    @property
    def cookie_name(self) -> str:
        # The prefix has browsers refuse it from a subdomain, and needs https.
        return f"__Host-{COOKIE}" if self.secure else COOKIE

    @property
    def session_cookie(self) -> str | None:
        sent = self.get_cookie(self.cookie_name)
        return sent if sent and len(sent) <= 100 else None

    def keep_session(self, token: str) -> None:
        """The session's cookie: out of reach of scripts and of other sites' forms."""
        self.set_cookie(
            self.cookie_name,
            token,
            path="/",
            httponly=True,
            samesite="Lax",
            secure=self.secure,
            max_age=self.site.settings.accounts.longest_seconds,
        )

    def drop_session(self) -> None:
        self.clear_cookie(self.cookie_name, path="/", secure=self.secure, samesite="Lax")

    @property
    def session_proof(self) -> str:
        """What a form of this session carries: made of the cookie, which no other site knows."""
        if self._token is None:
            return ""
        return hmac.new(self._token.encode(), b"form", hashlib.sha256).hexdigest()

    def check_session_proof(self) -> None:
        """Raises Refused when a form was not made for this session."""
        sent = self.fields.get(TOKEN_FIELD, "")
        if not self._token or not hmac.compare_digest(sent.encode(), self.session_proof.encode()):
            raise Refused("This form was not made for this session: open the page again.")


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
        policy = self._headers["Content-Security-Policy"]
        self.set_header(  # nobody frames a page where a click decides
            "Content-Security-Policy",
            policy.replace("frame-ancestors 'self'", "frame-ancestors 'none'"),
        )
        self.set_header("X-Frame-Options", "DENY")
