"""`guichet harvest`: the world into the catalogue."""

import click

from api.cli.main import FAILED, PARTIAL
from api.cli.progress import told
from config.settings import load


@click.command("harvest")
@click.argument("sources", nargs=-1)
@click.option("--dry-run", is_flag=True, help="Read and compare, write nothing.")
def command(sources: tuple[str, ...], dry_run: bool) -> int:
    """Read SOURCES (all of them when none is named) into the catalogue.

    What did not change is not written again: running it twice is harmless, and after an
    interruption the same command carries on. A source that another process is reading is left to
    it. Exit code 3: some source could not be read and
    the others were.
    """
    settings = load()
    from harvest import runs

    with told() as tell:
        reports = runs.harvest(settings, list(sources) or None, dry_run, tell)
    for report in reports:
        click.echo(report)
    bad = [report for report in reports if report.state not in ("done", "skipped", "planned")]
    if not bad:
        return 0
    return FAILED if len(bad) == len(reports) else PARTIAL
