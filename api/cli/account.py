"""`guichet account`: who may moderate. There is no other way to become a moderator."""

import secrets
import sys

import click

from catalog.database import pools
from config.errors import Conflict, Invalid
from config.settings import load
from crowd import accounts, audit
from crowd.accounts import Role

_ROLE = click.option(
    "--role", type=click.Choice([role.value for role in Role]), default=Role.MODERATOR.value,
    show_default=True,
)  # fmt: skip
_GENERATE = click.option(
    "--generate", is_flag=True, help="Make a password and print it once on the output."
)


@click.group("account")
def command() -> None:
    """Accounts of moderators and administrators.

    A password is asked for, or read from the standard input when that is not a terminal.
    """


@command.command("add")
@click.argument("email")
@_ROLE
@_GENERATE
def add(email: str, role: str, generate: bool) -> None:
    """Give EMAIL an account."""
    password = _password(generate)
    with pools.connect(load(), "cli") as conn:
        number = accounts.add(conn, email, Role(role), password)
    click.echo(f"Account {number} ({role}) is made.")
    _tell(generate, password)


@command.command("password")
@click.argument("email")
@_GENERATE
def password(email: str, generate: bool) -> None:
    """Change the password of EMAIL; its sessions end."""
    word = _password(generate)
    with pools.connect(load(), "cli") as conn:
        accounts.set_password(conn, email, word)
    click.echo("The password is changed, and the account's sessions are over.")
    _tell(generate, word)


@command.command("disable")
@click.argument("email")
@click.option("--undo", is_flag=True, help="Open the account again.")
def disable(email: str, undo: bool) -> None:
    """Close the account of EMAIL; its sessions end and what it decided stays."""
    with pools.connect(load(), "cli") as conn:
        accounts.disable(conn, email, disabled=not undo)
    click.echo("The account is open again." if undo else "The account is closed.")


@command.command("list")
def listed() -> None:
    """Every account."""
    with pools.connect(load(), "cli") as conn:
        found = accounts.listed(conn)
    for one in found:
        closed = "" if one.disabled_at is None else f", closed {one.disabled_at:%Y-%m-%d}"
        click.echo(f"{one.id}  {one.role.value:13}  {one.email}{closed}")
    if not found:
        click.echo("Nobody can moderate yet: guichet account add EMAIL")


@command.command("audit")
def verify() -> None:
    """Check the chain of the audit log from end to end."""
    with pools.connect(load(), "cli") as conn:
        broken = audit.verify(conn)
    if broken is not None:
        raise Conflict(f"The audit log was altered: its chain breaks at row {broken}.")
    click.echo("The audit log's chain holds.")


def _password(generate: bool) -> str:
    if generate:
        return secrets.token_urlsafe(18)
    if not sys.stdin.isatty():
        word = sys.stdin.readline().rstrip("\r\n")
        if not word:
            raise Invalid("The standard input holds no password; use --generate to have one made.")
        return word
    return str(click.prompt("Password", hide_input=True, confirmation_prompt=True))


def _tell(generate: bool, password: str) -> None:
    if generate:
        click.echo(f"Password: {password}")
