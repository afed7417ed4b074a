"""`guichet bulk`: the files for those who want everything."""

from datetime import datetime

import click

from api.cli.progress import told
from catalog.database.locks import alone
from config.settings import load


@click.command("bulk")
@click.option("--day", type=click.DateTime(["%Y-%m-%d"]), help="States at its end (UTC).")
def command(day: datetime | None) -> None:
    """Write every public table as CSV, Parquet, GeoJSON, GeoPackage and FlatGeobuf.

    The same facts and day make the same bytes. Readers see the former files until the new ones
    are whole; an interrupted run leaves nothing that they could see.
    """
    settings = load()
    from tiles.bulk import rebuild

    with alone(settings, "bulk"), told() as tell:
        manifest = rebuild.rebuild(settings, tell, day.date() if day else None)
    for file in manifest.files:
        click.echo(f"{file.sha256}  {file.name}")
    click.echo(f"{len(manifest.files)} files of version {manifest.version}.")
