"""Start, run and stop one web process.

Sockets are bound first and database pools are opened last, so that a parent (`api.cli.serve`)
can bind, fork several processes and call `run` in each: no connection crosses a fork.
"""

import asyncio
import contextlib
import signal
import socket
from collections.abc import Callable

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets

from api import admin
from api.app import make_app
from api.site import open_site
from config.settings import Settings

STOPS = (signal.SIGTERM, signal.SIGINT)


def serve(settings: Settings, ready: Callable[[str], None] = lambda url: None) -> None:
    """Serve in this process until SIGTERM or SIGINT, then let requests in flight end.

    `ready` is called once with the URL when this machine accepts connections. Raises OSError
    when the address cannot be bound (for example: the port is taken).
    """
    sockets = bind(settings)
    host, port = sockets[0].getsockname()[:2]
    ready(f"http://{'localhost' if host in ('127.0.0.1', '::1') else host}:{port}")
    asyncio.run(run(settings, sockets))


def bind(settings: Settings) -> list[socket.socket]:
    """The listening sockets; port 0 takes a free one."""
    # A crowd waits in the backlog, and not for a SYN that is sent again a second later.
    return bind_sockets(settings.web.port, settings.web.host, backlog=1024)


async def run(settings: Settings, sockets: list[socket.socket]) -> None:
    """One process: open what it needs, serve, and close in the reverse order."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in STOPS:
        loop.add_signal_handler(signum, stop.set)
    site = open_site(settings)
    # Without waiting: the site answers /healthz and says 503 while its database starts.
    await site.pool.open(wait=False)
    with contextlib.suppress(TimeoutError):
        async with asyncio.timeout(settings.web.stop_timeout_seconds):
            await site.refresh_or_tell()
    watcher = asyncio.create_task(site.watch())
    server = HTTPServer(
        make_app(site),
        xheaders=False,  # ours believes listed proxies only (api.rate_budget.peer_of)
        decompress_request=False,
        max_body_size=settings.web.max_body_bytes,
        max_buffer_size=settings.web.max_body_bytes + settings.web.max_header_bytes,
        max_header_size=settings.web.max_header_bytes,
        idle_connection_timeout=settings.web.idle_connection_seconds,
        body_timeout=settings.web.body_timeout_seconds,
    )
    server.add_sockets(sockets)
    lag = asyncio.create_task(site.metrics.watch_loop())
    administrators = admin.server(site)
    administrators.add_sockets(admin.bind(settings))
    site.simulators.start()  # last, and without waiting: the map is being served
    try:
        await stop.wait()
    finally:
        server.stop()
        administrators.stop()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(settings.web.stop_timeout_seconds):
                while site.in_flight:  # noqa: ASYNC110 (a count, read at stop only)
                    await asyncio.sleep(0.02)
        await server.close_all_connections()  # what is left: idle keep-alive connections
        await administrators.close_all_connections()
        watcher.cancel()
        lag.cancel()
        await asyncio.gather(watcher, lag, return_exceptions=True)
        await site.simulators.close()
        await site.ogc.close()
        site.verifier.close()
        await site.intake.close()
        await site.pool.close()
