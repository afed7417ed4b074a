"""`guichet cluster`: the private database in var/."""

import click

from catalog.database.cluster import Cluster
from config.errors import Conflict
from config.settings import Settings, load


def private(settings: Settings) -> Cluster:
    """The private cluster. Raises Conflict when a real server is used instead."""
    if settings.database.url:
        raise Conflict(
            "GUICHET_DATABASE_URL is set: that server is used and nothing private runs here. "
            "Unset it to use the cluster in var/."
        )
    return Cluster(settings)


@click.group("cluster")
def command() -> None:
    """Start, stop or ask the private PostgreSQL cluster in var/cluster."""


@command.command()
def start() -> None:
    """Make the cluster if needed, start it, and wait until it answers."""
    click.echo(private(load()).start())


@command.command()
def stop() -> None:
    """Stop it; what was committed is on the disc. Stopping what is stopped is no error."""
    click.echo(private(load()).stop())


@command.command()
def status() -> int:
    """Say how it is. Exit code 0: running; 1: not running."""
    found = private(load()).status()
    click.echo(found)
    return 0 if found.state == "running" else 1
