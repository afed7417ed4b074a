"""Start, run and stop the web processes.

Sockets are bound first, then processes fork when more than one is asked for, and only then
are database pools opened: a connection must not be shared across a fork.
"""

import asyncio
import contextlib
import logging
import os
import signal
import socket
import time
from collections.abc import Callable
from types import FrameType

from tornado.httpserver import HTTPServer
from tornado.netutil import bind_sockets

from api.app import make_app
from api.site import open_site
from config.settings import Settings

STOPS = (signal.SIGTERM, signal.SIGINT)
RESTART_SECONDS = 0.5  # a process that dies at once must not become a loop of forks
log = logging.getLogger("guichet.server")


def serve(settings: Settings, ready: Callable[[str], None] = lambda url: None) -> None:
    """Serve until SIGTERM or SIGINT, then let requests in flight end.

    `ready` is called once with the URL when this machine accepts connections. Raises OSError
    when the address cannot be bound (for example: the port is taken).
    """
    sockets = bind(settings)
    host, port = sockets[0].getsockname()[:2]
    ready(f"http://{'localhost' if host in ('127.0.0.1', '::1') else host}:{port}")
    if settings.web.processes > 1:
        _supervise(settings, sockets)
    else:
        asyncio.run(run(settings, sockets))


def _supervise(settings: Settings, sockets: list[socket.socket]) -> None:
    """Fork the processes, restart one that dies, pass a stop on to all and wait for them."""
    children: set[int] = set()
    stopping = False

    def stop(signum: int, frame: FrameType | None) -> None:
        nonlocal stopping
        stopping = True
        for pid in children:
            with contextlib.suppress(ProcessLookupError):
                os.kill(pid, signal.SIGTERM)

    def fork() -> None:
        # A stop that comes between the fork and the child's own handlers is kept for it.
        signal.pthread_sigmask(signal.SIG_BLOCK, STOPS)
        pid = os.fork()
        if pid == 0:
            code = 1
            try:
                asyncio.run(run(settings, sockets))
                code = 0
            except BaseException:
                log.exception("a web process fails")
            finally:
                os._exit(code)
        children.add(pid)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)

    for signum in STOPS:
        signal.signal(signum, stop)
    for _ in range(settings.web.processes):
        fork()
    while children:
        pid, status = os.wait()
        children.discard(pid)
        if not stopping:
            log.error("web process %d ended (%d); another takes its place", pid, status)
            time.sleep(RESTART_SECONDS)
            fork()


def bind(settings: Settings) -> list[socket.socket]:
    """The listening sockets; port 0 takes a free one."""
    return bind_sockets(settings.web.port, settings.web.host, backlog=256)


async def run(settings: Settings, sockets: list[socket.socket]) -> None:
    """One process: open what it needs, serve, and close in the reverse order."""
    stop = asyncio.Event()
    loop = asyncio.get_running_loop()
    for signum in STOPS:
        loop.add_signal_handler(signum, stop.set)
    signal.pthread_sigmask(signal.SIG_UNBLOCK, STOPS)
    orphaned = asyncio.create_task(_stop_when_orphaned(stop))
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
    try:
        await stop.wait()
    finally:
        server.stop()
        with contextlib.suppress(TimeoutError):
            async with asyncio.timeout(settings.web.stop_timeout_seconds):
                while site.in_flight:  # noqa: ASYNC110 (a count, read at stop only)
                    await asyncio.sleep(0.02)
        await server.close_all_connections()  # what is left: idle keep-alive connections
        for task in (watcher, orphaned):
            task.cancel()
        await asyncio.gather(watcher, orphaned, return_exceptions=True)
        await site.pool.close()


async def _stop_when_orphaned(stop: asyncio.Event) -> None:
    """A parent that was killed cannot tell us to stop; its absence does."""
    parent = os.getppid()
    while os.getppid() == parent:  # noqa: ASYNC110 (no event tells us)
        await asyncio.sleep(1)
    stop.set()
