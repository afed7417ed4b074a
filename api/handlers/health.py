"""`/healthz`: this process answers. `/readyz`: and it can serve (database, disk, publication)."""

import asyncio
import shutil

import msgspec
import psycopg
import psycopg_pool

from api.handlers.base import ApiHandler
from api.openapi import TemplateRoute
from catalog.database import revision

LEAST_FREE_BYTES = 2_000_000_000  # under this a harvest would not start either (faults.md F8)
PROBE_SECONDS = 2.0


class Check(msgspec.Struct):
    name: str
    ok: bool
    detail: str


class Readiness(msgspec.Struct):
    ready: bool
    checks: list[Check]


class Health(ApiHandler):
    """The event loop turns. No database, so that a proxy does not kill a process for it."""

    def get(self) -> None:
        self.set_header("Cache-Control", "no-store")
        self.send(b'{"ok":true}', "application/json")


class Ready(ApiHandler):
    async def get(self) -> None:
        checks = [await self._database(), self._disk(), self._publication()]
        ready = all(check.ok for check in checks)
        self.set_status(200 if ready else 503)
        self.set_header("Cache-Control", "no-store")
        if not ready:
            self.set_header("Retry-After", "5")
        self.send(msgspec.json.encode(Readiness(ready, checks)), "application/json")

    async def _database(self) -> Check:
        try:
            async with asyncio.timeout(PROBE_SECONDS), self.connection() as conn:
                held = await revision.stored(conn)
        except (psycopg.Error, psycopg_pool.PoolTimeout, TimeoutError, OSError):
            return Check("database", False, "does not answer")
        if held != revision.expected():
            return Check("database", False, "the schema is not the one this program expects")
        return Check("database", True, "answers, with the expected schema")

    def _disk(self) -> Check:
        settings = self.site.settings
        folder = settings.paths.var
        try:
            free = shutil.disk_usage(folder).free
        except OSError:
            # With an external database a web machine may have no folder of its own.
            external = bool(settings.database.url)
            return Check("disk", external, "no local folder")
        return Check("disk", free >= LEAST_FREE_BYTES, f"{free // 1_000_000} MB free")

    def _publication(self) -> Check:
        if not self.site.published:
            return Check("publication", False, "nothing is published yet")
        return Check("publication", True, f"generation {self.site.edition.id}")


ROUTES = [TemplateRoute("/healthz", Health), TemplateRoute("/readyz", Ready)]
