"""`guichet serve`: the web site and the API, until Ctrl-C or SIGTERM."""

import asyncio
import errno

import click

from api.cli.parent import die_with
from api.cli.processes import supervise
from config.errors import Unavailable
from config.settings import Settings, load


@click.command("serve")
@click.option("--port", type=click.IntRange(0, 65535), help="Instead of PORT; 0 takes a free one.")
@click.option("--host", help="Address to listen on; 0.0.0.0 for every interface.")
@click.option("--processes", type=click.IntRange(1, 64), help="How many web processes.")
@click.option("--parent", type=int, hidden=True, help="End when this process ends.")
def command(port: int | None, host: str | None, processes: int | None, parent: int | None) -> int:
    """Serve the web site and the API until Ctrl-C, then let requests in flight end."""
    if parent is not None:
        die_with(parent)
    changes = {"port": port, "host": host, "processes": processes}
    settings = load()
    web = settings.web.model_copy(
        update={key: value for key, value in changes.items() if value is not None}
    )
    settings = settings.model_copy(update={"web": web})
    from api import server

    def ready(url: str) -> None:
        click.echo(f"Listening on {url}")

    try:
        if settings.web.processes == 1:
            server.serve(settings, ready)
            return 0
        sockets = server.bind(settings)
    except OSError as error:
        raise Unavailable(busy(settings, error)) from error
    # Sockets first, then children, then their database pools: no connection crosses a fork.
    ready(f"http://{settings.web.host}:{sockets[0].getsockname()[1]}")
    done = supervise(settings.web.processes, lambda: asyncio.run(server.run(settings, sockets)))
    return 0 if done else 1


def busy(settings: Settings, error: OSError) -> str:
    """Why the address cannot be listened on, and what to do."""
    where = f"{settings.web.host}:{settings.web.port}"
    if error.errno == errno.EADDRINUSE:
        return (
            f"Port {settings.web.port} is already used by another program: "
            f"choose another one, for example PORT={settings.web.port + 1}."
        )
    if error.errno == errno.EACCES:
        return f"Listening on {where} is not allowed: choose a port above 1023."
    return f"Listening on {where} failed: {error.strerror or error}."
