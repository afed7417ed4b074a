"""`guichet mandate`: who may speak for a commune, and what a person checked by other means."""

import click

from catalog.database import pools
from config.settings import load
from crowd import mandates


@click.group("mandate")
def command() -> None:
    """Mandates of communes. A mairie opens its own with a code sent to its official mailbox."""


@command.command("list")
def listed() -> None:
    """Every mandate, the newest first."""
    with pools.connect(load(), "cli") as conn:
        found = mandates.listed(conn)
    for one in found:
        over = "" if one.revoked_at is None else f", revoked {one.revoked_at:%Y-%m-%d}"
        by = one.proof if one.parent_id is None else f"mandate {one.parent_id} to a {one.role}"
        click.echo(
            f"{one.id}  {one.commune_code} {one.commune}  by {by}  "
            f"{one.email or 'mailbox erased'}  until {one.expires_at:%Y-%m-%d}{over}"
        )
    if not found:
        click.echo("No commune has a mandate yet.")


@command.command("invite")
@click.argument("commune")
@click.argument("why")
def invite(commune: str, why: str) -> None:
    """Print a one-time link that opens a mandate for COMMUNE (its code), once you have checked.

    WHY says in a few words what you checked; it stays in the audit log, so it names nobody.
    Give the link to the mairie yourself: by the telephone number that the directory publishes,
    or by post.
    """
    settings = load()
    with pools.connect(settings, "cli") as conn:
        path = mandates.invite(conn, settings.mandates, commune, why)
        conn.commit()
    minutes = settings.mandates.code_minutes
    click.echo(f"/fr/mairie/{commune}/lien/{path}")
    click.echo(f"This path of your site opens a mandate, once, within {minutes} minutes.")


@command.command("revoke")
@click.argument("mandate", type=int)
def revoke(mandate: int) -> None:
    """End MANDATE (its number) and all delegated by it; what they declared stays."""
    with pools.connect(load(), "cli") as conn:
        mandates.revoke_now(conn, mandate)
        conn.commit()
    click.echo(f"Mandate {mandate} is over.")
