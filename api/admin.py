"""The administrators' listener: `/metrics`, on an address of its own, never on the public site.

It listens on the loopback unless told otherwise, takes nothing but GET, and says nothing of what
people asked. Several web processes take the following ports, one each.
"""

import asyncio
import contextlib
import errno
import logging
import shutil
import socket
from datetime import UTC, datetime

import psycopg
import psycopg_pool
from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets
from tornado.web import Application, RequestHandler

from api.metrics import Lines
from api.site import Site
from catalog.database.queries import query
from config.settings import Settings

DATABASE_SECONDS = 2.0  # a scrape never waits longer for the database
log = logging.getLogger("guichet.admin")


def bind(settings: Settings) -> list[socket.socket]:
    """The listening sockets of this process: the first free port of those that the settings give
    to its siblings. None when the port is 0 (off) or all are taken: the site is served anyway."""
    admin = settings.admin
    if not admin.port:
        return []
    for port in range(admin.port, admin.port + settings.web.processes):
        try:
            return bind_sockets(port, admin.host)
        except OSError as error:
            if error.errno != errno.EADDRINUSE:
                log.warning("no metrics: %s:%d cannot be listened on: %s", admin.host, port, error)
                return []
    log.warning("no metrics: port %d is taken (GUICHET_ADMIN__PORT=0 turns them off)", admin.port)
    return []


def server(site: Site) -> HTTPServer:
    """The server of this process, listening nowhere yet."""
    rules = [(r"/metrics", MetricsHandler, {"site": site})]
    # What is not there is a bare 404; nothing of it is logged as the public site's requests are.
    application = Application(rules, log_function=lambda _: None, serve_traceback=False)
    return HTTPServer(application, max_body_size=1024, idle_connection_timeout=10, body_timeout=5)


class MetricsHandler(RequestHandler):
    SUPPORTED_METHODS = ("GET",)

    def initialize(self, site: Site) -> None:
        self.site = site

    def set_default_headers(self) -> None:
        self.clear_header("Server")
        self.set_header("Cache-Control", "no-store")

    async def get(self) -> None:
        text = self.site.metrics.text() + _of_pool(self.site) + _of_disk(self.site)
        self.set_header("Content-Type", "text/plain; version=0.0.4; charset=utf-8")
        self.finish(text + await _of_database(self.site))


def _of_pool(site: Site) -> str:
    held = site.pool.get_stats()
    lines = Lines()
    lines.about("guichet_in_flight", "gauge", "Requests being answered.")
    lines.one(site.in_flight)
    lines.about("guichet_pool_waiting", "gauge", "Requests that wait for a connection now.")
    lines.one(held.get("requests_waiting", 0))
    lines.about("guichet_pool_requests_total", "counter", "Connections asked of the pool.")
    lines.one(held.get("requests_num", 0))
    lines.about("guichet_pool_wait_seconds_total", "counter", "Time waited for connections.")
    lines.one(held.get("requests_wait_ms", 0) / 1000)
    lines.about("guichet_pool_errors_total", "counter", "Connections that were not had in time.")
    lines.one(held.get("requests_errors", 0))
    return str(lines)


def _of_disk(site: Site) -> str:
    lines = Lines()
    with contextlib.suppress(OSError):  # a web machine may have no folder of its own
        free = shutil.disk_usage(site.settings.paths.var).free
        lines.about("guichet_var_free_bytes", "gauge", "Free bytes where var/ is.")
        lines.one(free)
    return str(lines)


async def _of_database(site: Site) -> str:
    """What the database knows of harvests and jobs; only that it is away when it is."""
    lines = Lines()
    try:
        async with asyncio.timeout(DATABASE_SECONDS), site.pool.connection() as conn:
            sources = await (await conn.execute(query("api", "metrics_sources"))).fetchall()
            jobs = await (await conn.execute(query("api", "metrics_jobs"))).fetchall()
    except (psycopg.OperationalError, psycopg_pool.PoolTimeout, TimeoutError, OSError):
        lines.about("guichet_database_up", "gauge", "Whether the database answers.")
        lines.one(0)
        return str(lines)
    lines.about("guichet_database_up", "gauge", "Whether the database answers.")
    lines.one(1)
    now = datetime.now(UTC)
    lines.about("guichet_harvest_age_seconds", "gauge", "Since a source was last read to its end.")
    lines.each(
        ((now - read).total_seconds() if read else None, {"source": source})
        for source, read, *_ in sources
    )
    lines.about("guichet_harvest_data_age_days", "gauge", "Age of the newest file of a source.")
    lines.each((days, {"source": source}) for source, _, days, *_ in sources)
    lines.about("guichet_brake_trips_total", "counter", "Runs in which the brake held facts back.")
    lines.each((trips, {"source": source}) for source, _, _, trips, *_ in sources)
    lines.about("guichet_harvest_failures_total", "counter", "Runs that failed.")
    lines.each((failed, {"source": source}) for source, _, _, _, failed, _ in sources)
    lines.about("guichet_rejected", "gauge", "Values refused in a source's last run.")
    lines.each((rejected, {"source": source}) for source, _, _, _, _, rejected in sources)
    lines.about("guichet_jobs", "gauge", "Jobs of the queue, by status.")
    lines.each((count, {"status": status}) for status, count, _ in jobs)
    lines.about("guichet_job_age_seconds", "gauge", "Age of the oldest job of a status.")
    lines.each((age, {"status": status}) for status, _, age in jobs)
    return str(lines)
