"""`guichet discover`: what communes' own sites offer, seen by an automatic visit."""

from pathlib import Path

import click

from api.cli.main import FAILED, PARTIAL
from config.settings import load

BEGIN, END = "<!-- measured: begin -->", "<!-- measured: end -->"
DOCUMENT = Path(__file__).resolve().parents[2] / "docs" / "discovery.md"


@click.command("discover")
@click.argument("communes", nargs=-1, metavar="COMMUNE...")
@click.option("--dry-run", is_flag=True, help="Visit and show, write nothing but the raw pages.")
@click.option(
    "--measure",
    type=click.Path(exists=True, file_okay=False, path_type=Path),
    help="Read the labelled pages of a folder and write their figures in docs/discovery.md.",
)
def command(communes: tuple[str, ...], dry_run: bool, measure: Path | None) -> int:
    """Visit the official sites of the COMMUNEs (INSEE codes), politely, and note what they show.

    Needs GUICHET_DISCOVER__CONTACT, which the sites see with our name. Exit code 3: some site
    could not be visited and the others were.
    """
    from harvest.discover import runs
    from harvest.discover.measure import table

    if measure is not None:
        write_figures(DOCUMENT, table(measure))
        click.echo(f"{DOCUMENT.name}: written")
        return 0
    if not communes:
        raise click.UsageError("Name the communes to visit by their INSEE codes.")
    done = runs.discover(load(), communes, dry_run)
    for one in done:
        click.echo(one)
    failed = [one for one in done if one.report.state == "failed"]
    if not failed:
        return 0
    return FAILED if len(failed) == len(done) else PARTIAL


def write_figures(document: Path, figures: str) -> None:
    """Replace the measured part of a document."""
    text = document.read_text(encoding="utf-8")
    before, rest = text.split(BEGIN, 1)
    after = rest.split(END, 1)[1]
    document.write_text(f"{before}{BEGIN}\n{figures}\n{END}{after}", encoding="utf-8")
