"""The only door to pygeoapi: its API object, built of our collections, called in a few threads.

pygeoapi is synchronous and reads everything from one configuration, so the door builds one object
for each edition, in a thread, and swaps it as a whole. Our handlers ask what they do not make
themselves (landing page, descriptions of collections, JSON-LD), and correct what it says where
the two tiers together do more or less than the core believes.
"""

import asyncio
import functools
import importlib
import json
import logging
from collections.abc import Callable, Mapping
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from http import HTTPStatus
from types import ModuleType
from typing import TYPE_CHECKING, Any

from psycopg_pool import ConnectionPool

from api.ogc import exports
from api.ogc.configuration import PLACE, configuration
from catalog.database.pools import thread_pool
from catalog.item_totals import Totals
from catalog.items import Question
from config.errors import Invalid, NotFound, Unavailable
from config.settings import Settings
from geo.ogc_crs import Crs

if TYPE_CHECKING:
    from api.ogc.base import OgcHandler

log = logging.getLogger("guichet.ogc")
# What the core reads as our own handlers do; the rest is refused before it is asked.
CORE_READS = ("f", "lang", "limit", "offset", "bbox", "datetime", "q", "skipGeometry")
_STATUS = {400: Invalid, 404: NotFound}


@dataclass(frozen=True, slots=True)
class Asked:
    """A request of ours, under the three names that pygeoapi looks for."""

    args: Mapping[str, str]
    headers: Mapping[str, str]
    path_info: str


@dataclass(frozen=True, slots=True)
class _Built:
    edition: int
    api: Any
    core: ModuleType
    itemtypes: ModuleType


class Door:
    """pygeoapi and the threads of one process."""

    def __init__(self, settings: Settings) -> None:
        self._settings = settings.ogc
        self._pool: ConnectionPool = thread_pool(settings, settings.ogc.threads)
        self._threads = ThreadPoolExecutor(settings.ogc.threads, "ogc")
        self._built: _Built | None = None
        self._building = asyncio.Lock()
        self._waiting = 0
        self._exporting = 0
        self.folder = settings.paths.var
        self.totals = Totals()

    async def close(self) -> None:
        self._threads.shutdown(wait=False, cancel_futures=True)
        await asyncio.to_thread(self._pool.close)

    async def run[T](self, work: Callable[[], T]) -> T:
        """Call something synchronous in a thread. Raises Unavailable when too many wait."""
        if self._waiting >= self._settings.most_waiting:
            raise Unavailable("Too many requests wait for their turn.")
        self._waiting += 1
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work)
        finally:
            self._waiting -= 1

    async def _current(self, handler: "OgcHandler") -> _Built:
        """pygeoapi for the edition in force; built once, however many ask."""
        edition = handler.site.edition
        held = self._built
        if held is not None and held.edition == edition.id:
            return held
        async with self._building:
            held = self._built
            if held is None or held.edition != edition.id:
                if self._pool.closed:
                    self._pool.open(wait=False)
                context = exports.context_for_threads(handler)
                told = configuration(edition.breakpoints, edition.data_date)
                held = await self.run(
                    functools.partial(_build, edition.id, told, self._pool, context)
                )
                self._built = held
        return held

    async def ask(
        self, handler: "OgcHandler", name: str, *arguments: str, format: str = "json"
    ) -> Any:
        """What a function of the core answers, as JSON. Raises NotFound, Invalid, Unavailable."""
        built = await self._current(handler)
        # Only what was read strictly goes in: never the visitor's own headers.
        args = {"f": format, "lang": handler.language}
        args = {
            one: values[0].decode()
            for one, values in handler.request.query_arguments.items()
            if one in CORE_READS and format == "jsonld"
        } | args
        path = handler.request.path.strip("/")
        asked = Asked(args, {"Accept-Language": handler.language}, path)

        def call() -> tuple[int, str | bytes]:
            from pygeoapi.api import APIRequest

            found = {"items": "get_collection_items", "item": "get_collection_item"}
            module = built.itemtypes if name in found else built.core
            function = getattr(module, found.get(name, name))
            request = APIRequest(asked, built.api.locales)
            _, status, content = function(built.api, request, *arguments)
            return int(HTTPStatus(status)), content

        status, content = await self.run(call)
        text = content.decode() if isinstance(content, bytes) else content
        found = json.loads(text.replace(PLACE, handler.origin))
        if status != 200:
            raise _STATUS.get(status, Unavailable)(str(found.get("description", "Refused."))[:300])
        return found

    async def relay(self, handler: "OgcHandler", name: str, *arguments: str) -> None:
        """Send what the core answers in JSON-LD."""
        found = await self.ask(handler, name, *arguments, format="jsonld")
        await handler.answer(found, "application/ld+json")

    async def export(
        self, handler: "OgcHandler", question: Question, crs: Crs, format: str, *, whole: bool
    ) -> None:
        """Write a file of what was asked and stream it; a few at once in a process."""
        if self._exporting >= self._settings.most_exports:
            raise Unavailable("Other exports are being written.")
        if self._pool.closed:
            self._pool.open(wait=False)
        self._exporting += 1
        try:
            await exports.send(
                self, self._pool, handler, question, crs, format,
                whole=whole, seconds=self._settings.export_seconds,
            )  # fmt: skip
        finally:
            self._exporting -= 1


def _build(
    edition: int, settings: dict[str, Any], pool: ConnectionPool, context: Mapping[str, Any]
) -> _Built:
    """In a thread: importing pygeoapi alone takes more than a second."""
    core = importlib.import_module("pygeoapi.api")
    itemtypes = importlib.import_module("pygeoapi.api.itemtypes")
    provider = importlib.import_module("api.ogc.provider")
    provider.bind(pool, context)
    # It logs as an error each address that does not exist: our own log says it once.
    logging.getLogger("pygeoapi").setLevel(logging.CRITICAL)
    return _Built(edition, core.API(settings, {}), core, itemtypes)
