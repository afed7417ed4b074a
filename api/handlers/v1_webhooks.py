"""`/api/v1/webhooks`: be told of changes instead of asking.

Whoever registers proves that the address is theirs by answering a challenge there. Nothing is
kept of them but the address; what manages a webhook is a token that only they have.
"""

import asyncio
import re
from datetime import datetime
from typing import Annotated, Any

import msgspec
from tornado.web import HTTPError

from api import webhook_delivery
from api.handlers.base import ApiHandler
from api.openapi import Operation, TemplateRoute
from catalog import live, territories, webhook_signatures, webhooks
from config.errors import GuichetError, Invalid, NotFound
from crowd.networks import network_of
from simulators.contract.faults import Fault, Faulty, nearest, pointer
from simulators.contract.texts import Text

MOST_BYTES = 10_000
LONGEST_URL = 1000
MOST_SERVICES = 50
_AT = re.compile(r" - at `\$(?P<path>[^`]*)`$")
_UNKNOWN = re.compile(r"unknown field `(?P<name>.*)`", re.DOTALL)
_MISSING = re.compile(r"missing required field `(?P<name>.*)`", re.DOTALL)

type Url = Annotated[str, msgspec.Meta(
    max_length=LONGEST_URL, pattern="^https://",
    description="Where to POST: https, on the public internet.",
    examples=["https://reuser.example/guichet"])]  # fmt: skip
type Services = Annotated[list[str], msgspec.Meta(
    min_length=1, max_length=MOST_SERVICES,
    description="Identifiers of /api/v1/services; without it, all.")]  # fmt: skip
type Since = Annotated[int, msgspec.Meta(
    ge=0, description="A position of the feed: 0 for all of it; without it, from now on."
)]  # fmt: skip


class Registration(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    url: Url
    services: Services | None = None
    territory: Annotated[str, msgspec.Meta(
        max_length=20, pattern="^(FR|(REG|DEP|EPCI|COM)-[0-9A-Z]{1,9})$",
        description="FR, or REG-, DEP-, EPCI-, COM- and the code."
    )] = "FR"  # fmt: skip
    since: Since | None = None


class WebhookState(msgspec.Struct, kw_only=True):
    """`state`: pending (the challenge is not answered yet), active, paused (nothing but failures
    for days; a test that is answered resumes it), ended (the receiver answered 410). All up to
    `position` has been told. `testing`: a challenge is about to be sent. `rotating_until`: a former
    secret signs until then.
    """

    id: str
    manage: str
    url: str
    services: list[str] | None
    territory: str
    position: int
    state: str
    testing: bool
    made_at: datetime
    ended_at: datetime | None
    delivered_at: datetime | None
    failures: int
    failing_since: datetime | None
    next_try_at: datetime | None
    last_status: int | None
    last_error: str | None
    rotating_until: datetime | None


class WebhookMade(msgspec.Struct, kw_only=True):
    """`secret` verifies signatures, `token` manages the webhook: both are told here only."""

    id: str
    manage: str
    secret: str
    token: str
    state: str
    position: int


class WebhookSecret(msgspec.Struct, kw_only=True):
    """The new `secret`; the former one signs beside it until `rotating_until`."""

    secret: str
    rotating_until: datetime


class WebhookHandler(ApiHandler):
    """What the three kinds of addresses share."""

    methods = "POST, OPTIONS"

    def options(self, *args: str, **kwargs: str) -> None:
        self.set_header("Access-Control-Allow-Methods", self.methods)
        self.set_header("Access-Control-Allow-Headers", "Authorization, Content-Type")
        self.set_header("Access-Control-Max-Age", "86400")
        self.set_status(204)
        self.finish()

    async def prepare(self) -> None:
        await super().prepare()
        if self.request.query_arguments and self.request.method in ("POST", "DELETE"):
            raise Invalid(
                "No parameter is expected.", parameter=next(iter(self.request.query_arguments))
            )

    def error_headers(self, status_code: int) -> None:
        super().error_headers(status_code)
        if status_code == 401:
            self.set_header("WWW-Authenticate", 'Bearer realm="webhooks"')

    def token(self) -> str:
        """What manages a webhook. Raises 401 without one."""
        scheme, _, token = self.request.headers.get("Authorization", "").partition(" ")
        token = token.strip()
        if (
            scheme.lower() != "bearer"
            or not token.startswith(webhooks.TOKEN_PREFIX)
            or len(token) > 100
        ):
            raise HTTPError(401)
        return token

    def private(self, body: msgspec.Struct) -> None:
        self.set_header("Cache-Control", "no-store")
        self.send(msgspec.json.encode(body), "application/json")

    def manage(self, id_: str) -> str:
        return f"{self.origin}/api/v1/webhooks/{id_}"


class Webhooks(WebhookHandler):
    post_operation = Operation(
        "register_webhook", "Be told of changes at an address", "Time", WebhookMade, status=201,
        headers=("Location",), refusals=("409",),
        body=lambda: _schema(),
        posted={
            "challenge": (webhook_delivery.Challenge, "The text of `challenge`, alone."),
            "changes": (webhook_delivery.Delivery, "Anything: it is not read. 410 ends it."),
        },
        description=(
            "A challenge is sent to the address within seconds: a POST whose body has `type` "
            "`challenge` and `challenge`, a text that must be the whole of the answer. Then the "
            "entries of `/api/v1/changes` are posted in order, at most 500 at once, each delivery "
            "again until it is answered 2xx; signed as Standard Webhooks says. "
            "What is wrong with the body is in `errors`, each with its JSON pointer."
        ),
    )  # fmt: skip

    async def post(self) -> None:
        asked = self._body()
        async with self.connection() as conn:
            latest = await live.latest(conn)
            faults = [*self._faults(asked, latest), *await _territory_faults(conn, asked)]
        if faults:
            raise Faulty(faults)
        self.spend(self.site.hooking, network_of(self.peer))
        try:
            host = await asyncio.to_thread(webhook_delivery.judge, asked.url)
        except (GuichetError, ValueError) as error:
            raise Faulty([_fault("/url", "refused", "Cette adresse est refusée", error)]) from None
        position = latest if asked.since is None else asked.since
        async with self.connection() as conn:
            made = await webhooks.register(
                conn, asked.url, host, asked.services, asked.territory, position,
                self.site.settings.webhooks,
            )  # fmt: skip
        self.set_status(201)
        self.set_header("Location", self.manage(made.id))
        self.private(
            WebhookMade(
                id=made.id,
                manage=self.manage(made.id),
                secret=webhook_signatures.shown(made.secret),
                token=made.token,
                state="pending",
                position=position,
            )
        )

    def _body(self) -> Registration:
        """What was sent. Raises 413, 415, Invalid for what is not JSON, Faulty for the rest."""
        if len(self.request.body) > MOST_BYTES:
            raise HTTPError(413)
        media = self.request.headers.get("Content-Type", "").split(";", 1)[0].strip().lower()
        if media != "application/json":
            raise HTTPError(415)
        try:
            return msgspec.json.decode(self.request.body, type=Registration)
        except msgspec.ValidationError as error:
            raise Faulty([_misfit(str(error))]) from None
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Invalid(f"Not JSON: {error}") from None

    def _faults(self, asked: Registration, latest: int) -> list[Fault]:
        found = []
        known = self.site.referential.services
        for place, service in enumerate(asked.services or ()):
            if service not in known:
                found.append(
                    Fault(
                        pointer=pointer("services", place),
                        code="not-a-choice",
                        message=Text("Ce service n’existe pas.", "There is no such service."),
                        suggestion=nearest(service, known),
                    )
                )
        if asked.since is not None and asked.since > latest:
            text = Text(f"La dernière position est {latest}.", f"The latest position is {latest}.")
            found.append(Fault(pointer="/since", code="too-large", message=text))
        return found


class OneWebhook(WebhookHandler):
    operation = Operation(
        "webhook", "How a webhook is", "Time", WebhookState, refusals=("401",), private=True,
        description="With its token, in `Authorization: Bearer`.",
    )  # fmt: skip
    delete_operation = Operation(
        "delete_webhook", "Delete a webhook", "Time", status=204, refusals=("401",), private=True,
        description="Nothing more is sent, and nothing of it is kept.",
    )  # fmt: skip
    methods = "GET, HEAD, DELETE, OPTIONS"

    async def get(self, webhook: str) -> None:
        async with self.connection() as conn:
            found = await webhooks.one(conn, webhook, self.token())
        self.private(told(self.manage(found.id), found))

    async def delete(self, webhook: str) -> None:
        async with self.connection() as conn:
            await webhooks.delete(conn, webhook, self.token())
        self.set_header("Cache-Control", "no-store")
        self.set_status(204)
        self.finish()


class WebhookTest(WebhookHandler):
    post_operation = Operation(
        "test_webhook", "Send the challenge again", "Time", WebhookState, status=202,
        refusals=("401", "409"), private=True, bodies=(),
        description=(
            "It is sent within seconds; `testing` is false once it was answered or not. An answer "
            "makes a webhook that waited, or was paused, active. Once a minute."
        ),
    )  # fmt: skip

    async def post(self, webhook: str) -> None:
        token = self.token()
        async with self.connection() as conn:
            left = await webhooks.challenge(conn, webhook, token, self.site.settings.webhooks)
            self.hold_back(left)
            found = await webhooks.one(conn, webhook, token)
        self.set_status(202)
        self.private(told(self.manage(found.id), found))


class WebhookRotation(WebhookHandler):
    post_operation = Operation(
        "rotate_webhook", "Replace a webhook's secret", "Time", WebhookSecret,
        refusals=("401", "409"), private=True, bodies=(),
        description="The former secret signs beside the new one for 24 hours.",
    )  # fmt: skip

    async def post(self, webhook: str) -> None:
        async with self.connection() as conn:
            secret, until = await webhooks.rotate(
                conn, webhook, self.token(), self.site.settings.webhooks
            )
        self.private(WebhookSecret(secret=webhook_signatures.shown(secret), rotating_until=until))


def told(manage: str, found: webhooks.Webhook) -> WebhookState:
    return WebhookState(
        id=found.id, manage=manage, url=found.url, services=found.services,
        territory=found.territory, position=found.position, state=found.state,
        testing=found.challenge_due, made_at=found.made_at, ended_at=found.ended_at,
        delivered_at=found.delivered_at, failures=found.attempts,
        failing_since=found.failing_since, next_try_at=found.next_try_at,
        last_status=found.last_status, last_error=found.last_error,
        rotating_until=found.old_until,
    )  # fmt: skip


async def _territory_faults(conn: Any, asked: Registration) -> list[Fault]:
    try:
        await territories.get(conn, asked.territory)
    except NotFound as error:
        return [_fault("/territory", "not-a-choice", "Ce territoire n’existe pas", error)]
    return []


def _schema() -> dict[str, Any]:
    found: dict[str, Any] = msgspec.json.schema(Registration)["$defs"]["Registration"]
    return found


def _fault(place: str, code: str, french: str, error: Exception) -> Fault:
    return Fault(pointer=place, code=code, message=Text(f"{french} : {error}", str(error)))


def _misfit(said: str) -> Fault:
    """What msgspec says of a body that is JSON and not a registration, with its place."""
    place = ""
    if at := _AT.search(said):
        steps = re.findall(r"\.([^.\[]+)|\[(\d+)\]", at["path"])
        place = pointer(*(name or number for name, number in steps))
        said = said[: at.start()]
    code = "unsupported"
    for pattern, name in ((_UNKNOWN, "unknown"), (_MISSING, "missing")):
        if found := pattern.search(said):
            place, code = place + pointer(found["name"]), name
    return Fault(pointer=place, code=code, message=Text(f"Non accepté : {said}", said))


ROUTES = [
    TemplateRoute("/api/v1/webhooks", Webhooks),
    TemplateRoute("/api/v1/webhooks/{webhook}", OneWebhook),
    TemplateRoute("/api/v1/webhooks/{webhook}/test", WebhookTest),
    TemplateRoute("/api/v1/webhooks/{webhook}/rotate", WebhookRotation),
]
