"""`guichet runs`: what the last harvests did, and what waits for a person."""

import json

import click
from psycopg.rows import dict_row

from catalog.database import pools
from catalog.database.queries import query
from config.settings import load


@click.command("runs")
@click.option("--source", default=None, help="Only this source.")
@click.option("--plan", "run_id", type=int, default=None, help="Print the plan of this run.")
@click.option("--limit", type=click.IntRange(1, 1000), default=20, show_default=True)
@click.option("--json", "as_json", is_flag=True, help="For programs.")
def command(source: str | None, run_id: int | None, limit: int, as_json: bool) -> int:
    """List the newest runs, and what the brake holds for somebody to look at.

    A held loss is withdrawn by `guichet release RUN --reason "…"`, or left as it is with
    `--dismiss`.
    """
    from harvest import holds

    with pools.connect(load(), "cli") as conn:
        if run_id is not None:
            row = conn.execute(query("harvest", "run_plan"), {"run": run_id}).fetchone()
            for line in row[0] if row else ("This run planned no change.",):
                click.echo(line)
            return 0
        cursor = conn.cursor(row_factory=dict_row)
        runs = cursor.execute(
            query("harvest", "run_recent"), {"source": source, "limit": limit}
        ).fetchall()
        waiting = holds.waiting(conn, source)
    if as_json:
        click.echo(json.dumps(runs, indent=2, default=str))
        return 0
    for run in reversed(runs):
        name = " ".join(part for part in (run["source_id"], run["release"]) if part)
        numbers = ", ".join(f"{what} {count}" for what, count in run["counts"].items() if count)
        said = "; ".join(part for part in (numbers, run["message"]) if part)
        dry = ", dry run" if run["dry_run"] else ""
        click.echo(
            f"{run['id']}  {run['started_at']:%Y-%m-%d %H:%M} UTC  {name}: {run['state']}{dry}"
            + (f" ({said})" if said else "")
        )
    for hold in waiting:
        click.echo(f"Waiting: {hold}: guichet release {hold.run_id} --reason …")
    return 0
