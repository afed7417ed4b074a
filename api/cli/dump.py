"""`guichet dump`: the whole hub in a folder, from which `guichet rebuild` makes it again.

A dump is the database as PostgreSQL writes it, and the checksums of the bulk files that it makes.
Rebuilding restores it in an empty database, publishes, makes the bulk files of the same day, and
compares: equal checksums prove that nothing was lost on the way. Raw files (`var/raw`) are not in
it: they are only evidence that one may look at again.
"""

import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import click
from psycopg.conninfo import conninfo_to_dict, make_conninfo

from api.cli.progress import told
from catalog.database import address
from catalog.database.cluster import programs
from catalog.database.locks import alone
from config.errors import Conflict, Unavailable
from config.settings import Settings, load

DATABASE, SUMS = "guichet.dump", "bulk.json"


@click.command("dump")
@click.argument("folder", type=click.Path(path_type=Path, file_okay=False))
def command(folder: Path) -> None:
    """Write the database and the checksums of its bulk files in FOLDER, which must not exist.

    It holds what people confided (e-mails, drafts): keep it as you keep the database.
    """
    settings = load()
    from tiles.bulk import rebuild as bulk

    if folder.exists():
        raise Conflict(f"{folder} exists: a dump is never written over another.")
    with alone(settings, "bulk"), told() as tell:
        manifest = bulk.rebuild(settings, tell)
    making = folder.with_name(f".{folder.name}.making")
    shutil.rmtree(making, ignore_errors=True)
    making.mkdir(mode=0o700, parents=True)
    run(settings, "pg_dump", "-Fc", "--no-owner", "--no-acl", "-f", str(making / DATABASE))
    said = {"day": manifest.day.isoformat(), "files": {f.name: f.sha256 for f in manifest.files}}
    (making / SUMS).write_text(json.dumps(said, indent=1), encoding="utf-8")
    making.rename(folder)
    size = (folder / DATABASE).stat().st_size
    click.echo(f"{folder}: {size / 1e6:.0f} MB, checksums of {len(manifest.files)} bulk files.")


def run(settings: Settings, program: str, *arguments: str) -> None:
    """Run a program of PostgreSQL on our database. Raises Unavailable with its last words."""
    known = {k: str(v) for k, v in conninfo_to_dict(address.conninfo(settings)).items()}
    # Not among the arguments, which every user of the machine can read.
    secret = {"PGPASSWORD": known.pop("password")} if "password" in known else {}
    server = make_conninfo("", **known)
    path = programs() / program
    done = subprocess.run(  # noqa: S603 (our own arguments)
        [path, "-d", server, *arguments], stdin=subprocess.DEVNULL, stderr=subprocess.PIPE,
        text=True, env={**os.environ, **secret, "PGAPPNAME": f"guichet {program}"}, check=False,
    )  # fmt: skip
    if done.returncode:
        print(done.stderr[-2000:], file=sys.stderr)
        raise Unavailable(f"{program} failed: its last words are above.")
