"""A real Chromium over the real server: pages that remember what went wrong on them, and axe.

Debian's Chromium is driven by Playwright for Python. GUICHET_TEST_SITE=http://... tries the same
tests on a server that runs already (handy while a page is being written).
"""

import contextlib
import os
import shutil
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from email import message_from_bytes, policy
from pathlib import Path
from typing import Any

import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.handlers import Message
from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Page, sync_playwright

from config.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
AXE = ROOT / "node_modules" / "axe-core" / "axe.min.js"
NAMES = ("chromium", "chromium-browser", "google-chrome")
FLAGS = (
    "--headless=new",
    "--no-sandbox",
    "--use-gl=angle",
    "--use-angle=swiftshader",
    "--enable-unsafe-swiftshader",
    "--disable-background-networking",
    "--disable-component-update",
    "--no-first-run",
)
# RGAAv4 gives the number of the French criterion beside WCAG's.
TAGS = ("wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice", "RGAAv4")


@dataclass
class Trouble:
    """What went wrong on a page since it was opened, in words."""

    console: list[str] = field(default_factory=list)
    errors: list[str] = field(default_factory=list)
    policy: list[str] = field(default_factory=list)
    requests: list[str] = field(default_factory=list)

    def all(self) -> list[str]:
        return [*self.console, *self.errors, *self.policy, *self.requests]


def watch(page: Page) -> Trouble:
    """The troubles of a page, filled as they come. Call before the first `goto`."""
    trouble = Trouble()

    def said(message: ConsoleMessage) -> None:
        if "Content Security Policy" in message.text:
            trouble.policy.append(message.text)
        elif message.type == "error":
            trouble.console.append(message.text)

    page.on("console", said)
    page.on("pageerror", lambda error: trouble.errors.append(str(error)))
    page.on(
        "requestfailed",
        # A navigation cuts the requests of the page that it leaves: that is no failure.
        lambda request: (
            None
            if "ERR_ABORTED" in (request.failure or "")
            else trouble.requests.append(f"{request.url}: {request.failure}")
        ),
    )
    return trouble


def chromium() -> str | None:
    return next((path for name in NAMES if (path := shutil.which(name))), None)


# Of a module, not of the session: Playwright keeps an event loop running in this thread, and the
# asynchronous tests of other folders could not start theirs.
@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    path = chromium()
    if path is None:
        pytest.skip(
            f"NO BROWSER: none of {', '.join(NAMES)} is installed, the pages were NOT tried. "
            "On Debian: apt-get install chromium"
        )
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=path, args=list(FLAGS))
        yield opened
        opened.close()


@pytest.fixture
def open_page(browser: Browser) -> Iterator[Callable[..., tuple[Page, Trouble]]]:
    """A function (width, theme, javascript, other context options) -> (page, its troubles)."""
    contexts: list[BrowserContext] = []

    def make(
        width: int = 1280, theme: str = "light", javascript: bool = True, **options: Any
    ) -> tuple[Page, Trouble]:
        context = browser.new_context(
            locale="fr-FR",
            viewport={"width": width, "height": 800},
            color_scheme=theme,
            java_script_enabled=javascript,
            **options,
        )
        contexts.append(context)
        page = context.new_page()
        page.set_default_timeout(15000)
        return page, watch(page)

    yield make
    for context in contexts:
        context.close()


@pytest.fixture(scope="session")
def axe() -> Callable[[Page], list[str]]:
    """A function: what axe-core finds wrong on the page as it is now, one line a violation.

    The library is given through the debugger, which the page's security policy does not rule:
    the policy stays in force during the audit.
    """
    if not AXE.exists():
        pytest.fail(f"{AXE} is missing: run `npm ci` in {ROOT}")
    source = AXE.read_text(encoding="utf-8")

    def audit(page: Page) -> list[str]:
        if not page.evaluate("typeof window.axe === 'object'"):
            page.evaluate(source)
        found = page.evaluate(
            "tags => axe.run(document, {runOnly: tags, resultTypes: ['violations']})", list(TAGS)
        )
        return [told(violation, node) for violation in found["violations"]
                for node in violation["nodes"]]  # fmt: skip

    return audit


def told(violation: dict[str, Any], node: dict[str, Any]) -> str:
    rgaa = ", ".join(tag for tag in violation["tags"] if tag.startswith("RGAA-"))
    where = " ".join(str(part) for part in node["target"])
    why = " ".join(str(node.get("failureSummary", "")).split())
    return f"{violation['id']} [{rgaa or 'no RGAA test'}] at {where}: {why} | {node['html'][:160]}"


@pytest.fixture(scope="session")
def pages_site(request: pytest.FixtureRequest) -> str:
    """Base URL of the site to try: small_france's, or the one named by GUICHET_TEST_SITE."""
    named = os.environ.get("GUICHET_TEST_SITE", "").rstrip("/")
    return named or str(request.getfixturevalue("site"))


@pytest.fixture(scope="module")
def own_france(
    request: pytest.FixtureRequest,
    settings: Settings,
    fresh_database: Callable[[], contextlib.AbstractContextManager[str]],
    load_small_france: Callable[[Settings], None],
) -> Iterator[Settings]:
    """A published small France of a module's own."""
    from tiles import publication

    with fresh_database() as conninfo:
        folder = settings.paths.var / request.path.stem
        update = {
            "database": settings.database.model_copy(update={"url": conninfo}),
            "paths": settings.paths.model_copy(update={"var": folder}),
        }
        here = settings.model_copy(update=update)
        load_small_france(here)
        publication.publish(here, lambda *_: None)
        yield here


class Received(Message):
    """What the local mail server received."""

    def __init__(self) -> None:
        super().__init__()
        self.mails: list[tuple[str, str]] = []

    def handle_message(self, message: Any) -> None:
        read = message_from_bytes(message.as_bytes(), policy=policy.default)
        body = read.get_body()
        assert body is not None
        self.mails.append((str(message["X-RcptTo"]), body.get_content()))

    def last(self, to: str) -> str:
        return next(text for box, text in reversed(self.mails) if box == to)


@pytest.fixture(scope="module")
def post(free_port: Callable[[], int]) -> Iterator[tuple[Received, int]]:
    """A mail server of the module's own, and its port."""
    box = Received()
    controller = Controller(box, hostname="127.0.0.1", port=free_port())
    controller.start()
    yield box, controller.port
    controller.stop()


@pytest.fixture(scope="module")
def town(own_france: Settings, post: tuple[Received, int]) -> Settings:
    """A published small France whose mails go to the local server."""
    server = {"host": "127.0.0.1", "port": post[1], "tls": "none",
              "sender": "guichet@hub.example"}  # fmt: skip
    mail = own_france.mail.model_copy(update=server)
    return own_france.model_copy(update={"mail": mail})
