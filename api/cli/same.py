"""`guichet same`: one place in several sources, found, merged and split by people."""

import getpass

import click

from catalog.database import pools
from config.settings import load


@click.group("same")
def command() -> None:
    """Offices of different sources that may be one place."""


@command.command("list")
@click.option("--limit", type=click.IntRange(1, 10_000), default=50, show_default=True)
def list_(limit: int) -> int:
    """List the pairs on which nobody decided, the most alike first, and why they are alike."""
    from catalog import merges

    with pools.connect(load(), "cli") as conn:
        for candidate in merges.candidates(conn, limit):
            click.echo(candidate)
    return 0


@command.command("merge")
@click.argument("kept", type=int)
@click.argument("other", type=int)
@click.option("--reason", required=True, help="Why; it is kept in the journal.")
@click.option("--by", "who", default=None, help="Who decides [default: the system's user].")
def merge(kept: int, other: int, reason: str, who: str | None) -> int:
    """Show OTHER as KEPT. Nothing is lost: `split` undoes it."""
    from catalog import merges

    with pools.connect(load(), "cli") as conn:
        merges.merge(conn, kept, other, who or getpass.getuser(), reason)
    click.echo(f"The office {other} is shown as {kept}.")
    return 0


@command.command("split")
@click.argument("other", type=int)
@click.option("--reason", required=True, help="Why; it is kept in the journal.")
@click.option("--by", "who", default=None, help="Who decides [default: the system's user].")
def split(other: int, reason: str, who: str | None) -> int:
    """Show OTHER by itself again, and never merge the two by machine."""
    from catalog import merges

    with pools.connect(load(), "cli") as conn:
        kept = merges.split(conn, other, who or getpass.getuser(), reason)
    click.echo(f"The office {other} is shown by itself; it was shown as {kept}.")
    return 0


@command.command("apart")
@click.argument("one", type=int)
@click.argument("other", type=int)
@click.option("--reason", required=True, help="Why; it is kept in the journal.")
@click.option("--by", "who", default=None, help="Who decides [default: the system's user].")
def apart(one: int, other: int, reason: str, who: str | None) -> int:
    """Say that ONE and OTHER are two places: the pair is not shown again. `reopen` undoes it."""
    from catalog import merges

    with pools.connect(load(), "cli") as conn:
        merges.tell_apart(conn, one, other, who or getpass.getuser(), reason)
    click.echo(f"The offices {one} and {other} are two places.")
    return 0


@command.command("reopen")
@click.argument("one", type=int)
@click.argument("other", type=int)
@click.option("--reason", required=True, help="Why; it is kept in the journal.")
@click.option("--by", "who", default=None, help="Who decides [default: the system's user].")
def reopen(one: int, other: int, reason: str, who: str | None) -> int:
    """Take back that ONE and OTHER are two places."""
    from catalog import merges

    with pools.connect(load(), "cli") as conn:
        merges.reopen(conn, one, other, who or getpass.getuser(), reason)
    click.echo(f"The pair {one} and {other} waits for a decision again.")
    return 0
