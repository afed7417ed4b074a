"""`guichet status`: what runs, what was harvested, what is published."""

import json
from typing import Any

import click
import psycopg
from psycopg.rows import dict_row

from catalog.database import migrate, pools
from catalog.database.cluster import Cluster
from catalog.database.queries import query
from config.errors import Unavailable
from config.settings import Settings, load

SECTIONS = ("generation", "counts", "runs", "jobs")


@click.command("status")
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def command(as_json: bool) -> int:
    """Say what runs, what was harvested and what is published.

    Exit code 0: the database answers and is migrated; 1: it is not.
    """
    found = gather(load())
    if as_json:
        click.echo(json.dumps(found, indent=2, default=str))
    else:
        for line in lines(found):
            click.echo(line)
    return 0 if found["schema"] == found["schema_expected"] else 1


def gather(settings: Settings) -> dict[str, Any]:
    """Everything that `guichet status` says, as JSON values."""
    found: dict[str, Any] = {
        "database": "GUICHET_DATABASE_URL"
        if settings.database.url
        else str(Cluster(settings).status()),
        "schema": None,
        "schema_expected": migrate.expected(),
        "error": None,
    }
    try:
        found["schema"] = migrate.current(settings)
        if found["schema"] is None:
            return found
        with pools.connect(settings, "cli") as conn:
            for section in SECTIONS:
                cursor = conn.cursor(row_factory=dict_row)
                found[section] = cursor.execute(query("api", f"status_{section}")).fetchall()
    except Unavailable as error:
        found["error"] = str(error)
    except psycopg.errors.UndefinedTable:
        found["error"] = "The schema is older than this version: run `guichet migrate`."
    return found


def lines(found: dict[str, Any]) -> list[str]:
    """The same for people."""
    said = [f"Database: {found['database']}"]
    if found["error"]:
        said.append(found["error"])
    if found["schema"] is None:
        if not found["error"]:
            said.append("Schema: never migrated; run `guichet migrate`.")
        return said
    said.append(f"Schema: {found['schema']} (this version needs {found['schema_expected']})")
    for row in found.get("counts", []):
        said.append(f"{row['what']}: {row['count']}")
    for row in found.get("generation", []):
        said.append(f"Published: generation {row['id']}, {row['published_at']:%Y-%m-%d %H:%M} UTC")
    if not found.get("generation"):
        said.append("Published: nothing yet; run `guichet publish`.")
    for row in found.get("runs", []):
        name = " ".join(part for part in (row["source_id"], row["release"]) if part)
        at = f"{row['started_at']:%Y-%m-%d %H:%M} UTC"
        said.append(f"Last run of {name}: {row['state']}, {at}")
    for row in found.get("jobs", []):
        said.append(f"Jobs {row['status']}: {row['count']} ({row['task_name']})")
    return said
