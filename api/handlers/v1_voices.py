"""`/api/v1/procedures/{procedure}/voices` and `/api/v1/satisfaction`.

A browser may only send from the site of the procedure, or from ours: other pages cannot have
their visitors vote. Programs can say any origin; the limits by network are for them.
"""

import hashlib
from typing import Any
from urllib.parse import urlsplit

import msgspec
from tornado.web import HTTPError

from api.handlers.base import ApiHandler
from api.handlers.page_voices import all_rated
from api.openapi import Answer, Operation, TemplateRoute
from config.errors import Invalid, Refused
from crowd import procedures, voices
from crowd.networks import network_of
from crowd.voices import Channel, From

MOST_BYTES = 10_000


class Voice(msgspec.Struct, forbid_unknown_fields=True, kw_only=True):
    """`once`: drawn at random for each click, so that one that is sent twice is one. Either `face`
    or `kind`, which `comment` may explain."""

    once: str
    face: int | None = None
    kind: str | None = None
    comment: str = ""
    screen: str = ""
    lang: str = "fr"
    trap: str = ""


class VoiceAnswer(msgspec.Struct):
    """`scrubbed`: kinds of personal data that were taken out of the comment."""

    reference: str | None
    scrubbed: list[str]


class RatingEntry(msgspec.Struct):
    """`levels`, `share` and `interval` are null below the threshold. `share` is that of levels 4
    and 5, `interval` Wilson's at 95 %; `held`: received and not counted, they look like stuffing.
    """

    id: str
    kind: str
    name: str
    owner: str
    url: str | None
    n: int
    held: int
    levels: dict[str, int] | None
    share: float | None
    interval: list[float] | None


class SatisfactionAnswer(Answer, kw_only=True):
    threshold: int
    method: str = "Wilson score interval, 95 %, share of levels 4 and 5"
    procedures: list[RatingEntry]


class Voices(ApiHandler):
    post_operation = Operation(
        "sendVoice", "Say one thing of a procedure: a face, or a difficulty.", "voices",
        answer=VoiceAnswer, status=201,
        body=lambda: msgspec.json.schema(Voice)["$defs"]["Voice"],
    )  # fmt: skip

    def options(self, *args: str, **kwargs: str) -> None:
        self.set_header("Access-Control-Allow-Methods", "POST, OPTIONS")
        self.set_header("Access-Control-Allow-Headers", "Content-Type")
        self.set_header("Access-Control-Max-Age", "86400")
        self.set_status(204)
        self.finish()

    async def post(self, procedure: str) -> None:
        said = self.body()
        async with self.connection() as conn:
            found = await procedures.shown(conn, procedure)
        self.refuse_other_sites(found)
        once = hashlib.sha256(f"voice|{found.id}|{said.once}".encode()).digest()
        network = network_of(self.peer)
        self.spend(self.site.voicing, network)
        came = From(network, once, Channel.EMBED, said.screen, bool(said.trap))
        settings = self.site.settings.voices
        reference, scrubbed = None, voices.words(said.comment)
        async with self.connection() as conn:
            keys = await self.site.keyring.keys(conn)
            if said.face is not None:
                level = voices.level(str(said.face))
                await voices.add_face(conn, keys, found.id, level, came, settings)
            else:
                reference = await voices.add_difficulty(
                    conn, keys, found.id, voices.kind(said.kind or ""), scrubbed, found.url,
                    said.lang, came, settings,
                )  # fmt: skip
        self.set_status(201)
        self.set_header("Cache-Control", "no-store")
        answer = VoiceAnswer(reference, list(scrubbed.kinds))
        self.send(msgspec.json.encode(answer), "application/json")

    def body(self) -> Voice:
        """What was sent. Raises 413, 415, Invalid."""
        if len(self.request.body) > MOST_BYTES:
            raise HTTPError(413)
        media = self.request.headers.get("Content-Type", "").split(";", 1)[0].strip().lower()
        if media != "application/json":
            raise HTTPError(415)
        if self.request.query_arguments:
            raise Invalid("No parameter is expected.")
        try:
            said = msgspec.json.decode(self.request.body, type=Voice)
        except (msgspec.DecodeError, UnicodeDecodeError, RecursionError) as error:
            raise Invalid(f"Not a voice: {error}") from None
        if not (16 <= len(said.once) <= 64 and said.once.isascii()):
            raise Invalid("A random text of 16 to 64 characters.", parameter="once")
        if (said.face is None) == (said.kind is None):
            raise Invalid("Either a face or a kind.", parameter="face")
        if said.lang not in ("fr", "en"):
            raise Invalid("fr or en.", parameter="lang")
        if any("\x00" in one for one in (said.comment, said.screen)):
            raise Invalid("Holds the character NUL.", parameter="comment")
        return said

    def refuse_other_sites(self, procedure: procedures.Procedure) -> None:
        """Raises Refused for a voice that a browser sends from another site's page."""
        origin = self.request.headers.get("Origin")
        if origin is None or origin == self.origin:
            return
        try:
            host = urlsplit(origin).hostname
        except ValueError:
            host = None
        if not procedure.may_send(host):
            raise Refused("This page is not on the site of the procedure.")


class SatisfactionApi(ApiHandler):
    operation = Operation(
        "satisfaction", "What visitors think of procedures, with n and an interval.", "voices",
        answer=SatisfactionAnswer,
    )  # fmt: skip

    async def get(self) -> None:
        entries = []
        for one, rated in await all_rated(self):
            between = rated.interval
            levels = rated.levels
            entries.append(
                RatingEntry(
                    one.id, one.kind, one.name, one.owner, one.url, rated.n, rated.held,
                    None if levels is None else {str(level): n for level, n in levels.items()},
                    None if rated.share is None else round(rated.share, 4),
                    None if between is None else [round(between.low, 4), round(between.high, 4)],
                )
            )  # fmt: skip
        threshold = self.site.settings.voices.threshold
        self.reply(SatisfactionAnswer, threshold=threshold, procedures=entries)


ROUTES: list[Any] = [
    TemplateRoute("/api/v1/procedures/{procedure}/voices", Voices),
    TemplateRoute("/api/v1/satisfaction", SatisfactionApi),
]
