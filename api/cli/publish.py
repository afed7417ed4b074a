"""`guichet publish`: what readers see, made from the catalogue."""

import click

from api.cli.progress import told
from catalog.database.locks import alone
from config.settings import load


@click.command("publish")
def command() -> None:
    """Make a new generation: tile archive, id rasters, then one switch for every reader.

    Until the switch readers see the former generation, whole; an interrupted publication is
    cleaned and made again by the same command.
    """
    settings = load()
    from tiles import publication

    with alone(settings, "publish"), told() as tell:
        generation = publication.publish(settings, tell)
    click.echo(f"Generation {generation.id} is published.")
