"""What is said of contributions to everybody: who decides, what changed, what is kept how long."""

from typing import Any

from api.handlers.base import PageHandler, page_routes
from api.parameters import cursor
from catalog.states import State
from crowd import following, policy, retention

BEFORE = cursor("avant", "Before this one.")
PAGE = 50


class Policy(PageHandler):
    def get(self) -> None:
        self.render_page("crowd_policy.html", rules=policy.RULES, limits=policy.LIMITS)


class Thanks(PageHandler):
    """What changed thanks to people, and how long it took."""

    parameters = (BEFORE,)

    async def get(self) -> None:
        async with self.connection() as conn:
            changed = await following.changed(conn, self.ask(BEFORE) or None, PAGE + 1)
            fewest = self.site.settings.crowd.fewest_for_delays
            delay = await following.delay(conn, None, fewest)
        self.render_page(
            "thanks.html",
            changed=changed[:PAGE],
            following=changed[PAGE - 1].id if len(changed) > PAGE else None,
            delay=delay,
            fewest=fewest,
            State=State,
        )


class Register(PageHandler):
    def get(self) -> None:
        self.render_page("register.html", kept=retention.register(self.site.settings))


ROUTES: list[Any] = [
    *page_routes("crowd-policy", Policy),
    *page_routes("thanks", Thanks),
    *page_routes("register", Register),
]
