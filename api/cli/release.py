"""`guichet release`: a person decides on what the brake held."""

import getpass

import click

from catalog.database import pools
from config.settings import load


@click.command("release")
@click.argument("run", type=int)
@click.option("--reason", required=True, help="Why; it is kept in the journal.")
@click.option("--by", "who", default=None, help="Who decides [default: the system's user].")
@click.option("--dismiss", is_flag=True, help="Leave everything as it is: the loss is not real.")
def command(run: int, reason: str, who: str | None, dismiss: bool) -> int:
    """Withdraw what RUN held back, on the day of the list that lacked it.

    Offices become « no longer listed » and are withdrawn after the grace period. With
    --dismiss nothing changes, and the next list is compared as if this one never was.
    """
    settings = load()
    from catalog import live
    from crowd import audit
    from harvest import holds

    decision: holds.Decision = "dismissed" if dismiss else "released"
    by = who or getpass.getuser()
    with pools.connect(settings, "harvest") as conn:
        done = holds.decide(
            conn, run, decision, by, reason,
            lambda here: audit.write_now(here, "cli", f"harvest-{decision}", f"run:{run}"),
        )  # fmt: skip
    live.settle(settings)
    for sentence in done:
        click.echo(sentence)
    return 0
