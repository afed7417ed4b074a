"""The `guichet` command: which commands exist, and how their failures reach people.

Exit codes: 0 done; 1 failed; 2 the command line or a setting is wrong; 3 partly done (a
source could not be reached, the rest is done); 130 interrupted.
"""

import importlib
import sys

import click

from config.errors import GuichetError, Invalid
from config.logs import configure

FAILED, USAGE, PARTIAL, INTERRUPTED = 1, 2, 3, 130
# name: (module, what `guichet --help` says). Modules are imported when they are run, so that
# help answers at once.
COMMANDS = {
    "demo": ("api.cli.demo", "Everything at once: database, harvest, publication, web site."),
    "serve": ("api.cli.serve", "Serve the web site and the API."),
    "worker": ("api.cli.worker", "Run background jobs: harvests, publications."),
    "harvest": ("api.cli.harvest", "Read the sources into the catalogue."),
    "discover": (
        "api.cli.discover",
        "Visit communes' own sites and note which services they show.",
    ),
    "runs": ("api.cli.runs", "What the last harvests did, and what waits for a person."),
    "same": ("api.cli.same", "Merge and split what several sources say of one place."),
    "release": ("api.cli.release", "Decide on a loss that the brake held back."),
    "publish": ("api.cli.publish", "Make what readers see from the catalogue."),
    "bulk": ("api.cli.bulk", "Write the bulk files: everything public, as whole tables."),
    "dump": ("api.cli.dump", "Write the whole hub in a folder."),
    "rebuild": ("api.cli.rebuild", "Make the hub again from a dump, and compare."),
    "migrate": ("api.cli.migrate", "Bring the database to the schema of this version."),
    "cluster": ("api.cli.cluster", "Start, stop or ask the private database in var/."),
    "mandate": ("api.cli.mandate", "Who speaks for a commune: list, invite, revoke."),
    "account": ("api.cli.account", "Who may moderate: add, list, close accounts."),
    "mail": ("api.cli.mail", "Ask the outbox: what waits, what was given up."),
    "status": ("api.cli.status", "Say what runs, what was harvested and what is published."),
}


class LazyGroup(click.Group):
    """A group whose commands are imported when they are asked for."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        return list(COMMANDS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        if cmd_name not in COMMANDS:
            return None
        module = importlib.import_module(COMMANDS[cmd_name][0])
        command: click.Command = module.command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        with formatter.section("Commands"):
            formatter.write_dl([(name, said) for name, (_, said) in COMMANDS.items()])


@click.command(
    cls=LazyGroup,
    context_settings={"help_option_names": ["-h", "--help"]},
    epilog="Settings: GUICHET_VAR (folder of everything that a run makes), "
    "GUICHET_DATABASE_URL (a PostGIS server instead of the private one), PORT, and any "
    "GUICHET_<SECTION>__<KEY> of config/defaults.toml. "
    "Exit codes: 0 done, 1 failed, 2 wrong usage, 3 partly done, 130 interrupted.",
)
@click.option(
    "--log",
    "style",
    type=click.Choice(["plain", "json"]),
    default="plain",
    envvar="GUICHET_LOG",
    show_default=True,
    help="How logs are written on the error stream.",
)
@click.option(
    "--log-level",
    type=click.Choice(["debug", "info", "warning", "error"]),
    default="info",
    envvar="GUICHET_LOG_LEVEL",
    show_default=True,
)
@click.version_option(package_name="guichet", prog_name="guichet")
def cli(style: str, log_level: str) -> None:
    """Guichet, the open hub of France's local public services."""
    configure("json" if style == "json" else "plain", log_level)


def run(arguments: list[str] | None = None) -> int:
    """Run one command line; the exit code. Expected failures are said in one sentence."""
    try:
        code = cli.main(arguments, prog_name="guichet", standalone_mode=False)
    except click.Abort:
        click.echo("guichet: interrupted; the same command carries on.", err=True)
        return INTERRUPTED
    except KeyboardInterrupt:
        click.echo("\nguichet: interrupted; the same command carries on.", err=True)
        return INTERRUPTED
    except click.ClickException as error:
        error.show()
        return error.exit_code
    except Invalid as error:
        click.echo(f"guichet: {error}", err=True)
        return USAGE
    except GuichetError as error:
        click.echo(f"guichet: {error}", err=True)
        return FAILED
    return code if isinstance(code, int) else 0


def main() -> None:
    """The entry point of the `guichet` script."""
    sys.exit(run())


if __name__ == "__main__":
    main()
