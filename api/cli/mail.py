"""`guichet mail`: what waits in the outbox, and why."""

import click

from api import mail
from catalog import outbox
from catalog.database import pools
from config.errors import Unavailable
from config.settings import load


@click.group("mail")
def command() -> None:
    """The outbox of mails. The worker sends it; these commands ask and push."""


@command.command("status")
def status() -> None:
    """How many mails wait, were sent, were given up."""
    settings = load()
    with pools.connect(settings, "cli") as conn:
        found = outbox.counts(conn)
    if not mail.ready(settings):
        click.echo("No mail server is configured (GUICHET_MAIL__HOST): mails wait, none is lost.")
    click.echo(f"{found.waiting} waiting, {found.sent} sent, {found.given_up} given up.")
    if found.oldest is not None:
        click.echo(f"The oldest waits since {found.oldest:%Y-%m-%d %H:%M} UTC.")
    if found.last_error:
        click.echo(f"Last error: {found.last_error}")


@command.command("retry")
def retry() -> None:
    """Take up again the mails that were given up."""
    with pools.connect(load(), "cli") as conn:
        number = outbox.retry(conn)
    click.echo(f"{number} taken up again; the worker sends them.")


@command.command("send")
def send() -> None:
    """Send now what is due, without waiting for the worker."""
    settings = load()
    if not mail.ready(settings):
        raise Unavailable(
            "No mail server is configured: set GUICHET_MAIL__HOST and its companions."
        )
    report = mail.send_waiting(settings)
    click.echo(f"{report.sent} sent, {report.later} for later, {report.given_up} given up.")
