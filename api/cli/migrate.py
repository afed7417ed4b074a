"""`guichet migrate`: the schema of the database."""

import click

from catalog.database import migrate
from config.settings import load


@click.command("migrate")
def command() -> None:
    """Bring the database to the schema of this version, in one transaction.

    Safe to run at any time, from several machines at once, and to interrupt. A database that
    was migrated by a newer version is refused.
    """
    changed = migrate.upgrade(load())
    click.echo(
        f"The database is at revision {migrate.expected()}"
        + (", just migrated." if changed else ": nothing to do.")
    )
