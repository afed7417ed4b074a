"""`guichet rebuild`: the hub from a dump, and the proof that it is the same."""

import json
from datetime import date
from pathlib import Path
from typing import Any

import click
import psycopg

from api.cli.dump import DATABASE, SUMS, run
from api.cli.main import FAILED
from api.cli.progress import told
from catalog.database import address, migrate, pools
from catalog.database.cluster import Cluster
from catalog.database.locks import alone
from config.errors import Conflict, Invalid, Unavailable
from config.settings import Settings, load


@click.command("rebuild")
@click.argument("folder", type=click.Path(path_type=Path, exists=True, file_okay=False))
def command(folder: Path) -> int:
    """Make this hub from a dump: restore FOLDER in the empty database, publish, compare.

    The private cluster is started when no GUICHET_DATABASE_URL is set. Exit code 1 when a bulk
    file is not what the dump says.
    """
    settings = load()
    said = _said(folder)
    if not settings.database.url:
        Cluster(settings).start()
    _refuse_full(settings)
    click.echo("Restoring the database")
    options = ("--no-owner", "--no-acl", "--exit-on-error", "--single-transaction")
    run(settings, "pg_restore", *options, str(folder / DATABASE))
    from tiles import publication
    from tiles.bulk import rebuild as bulk

    migrate.upgrade(settings)
    with alone(settings, "publish"), told() as tell:
        publication.publish(settings, tell)
    with alone(settings, "bulk"), told() as tell:
        made = bulk.rebuild(settings, tell, date.fromisoformat(said["day"]))
    here = {file.name: file.sha256 for file in made.files}
    other = sorted(
        n for n in here.keys() | said["files"].keys() if here.get(n) != said["files"].get(n)
    )
    for name in other:
        click.echo(f"guichet: {name} is not what the dump says.", err=True)
    click.echo(f"{len(here) - len(other)} of {len(here)} bulk files are the same.")
    return FAILED if other else 0


def _said(folder: Path) -> dict[str, Any]:
    try:
        said: dict[str, Any] = json.loads((folder / SUMS).read_bytes())
    except (FileNotFoundError, ValueError) as error:
        raise Invalid(
            f"{folder} is not a dump of `guichet dump`: {SUMS} cannot be read."
        ) from error
    if not (folder / DATABASE).is_file():
        raise Invalid(f"{folder} is not a dump: its {DATABASE} is missing.")
    return said


def _refuse_full(settings: Settings) -> None:
    try:
        with psycopg.connect(address.conninfo(settings), connect_timeout=10) as conn:
            row = conn.execute("select to_regnamespace('catalog') is not null").fetchone()
    except psycopg.OperationalError as error:
        raise Unavailable(pools.explain(settings, error)) from error
    if row and row[0]:
        raise Conflict("The database is not empty: a dump is restored in an empty one only.")
