"""`guichet discover`: visit communes one after the other, look at the doors, write, score."""

from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import psycopg
from psycopg.rows import dict_row

from catalog import live
from catalog.database import pools
from catalog.database.queries import query
from catalog.naming import fold
from config.errors import GuichetError, Invalid, NotFound
from config.settings import Settings
from harvest import fetch, journal, turns
from harvest.discover import observe
from harvest.discover.editor_doors import EditorDoors
from harvest.discover.recognise import Commune, Finding
from harvest.discover.visit import Budget, visit
from harvest.journal import RunReport
from harvest.outbound_guard import Guard
from harvest.raw import RawStore
from harvest.remote import Patience, Remote

GUARD = Guard()
PAGE_BYTES = 5 << 20
FEWEST_LETTERS = 4  # of a name that may be looked for in addresses
# Words of an EPCI's name that every EPCI has.
VAGUE = frozenset(
    {"saint", "communaute", "communes", "commune", "cc", "ca", "de", "du", "des", "la", "le", "les"}
    | {"et", "d", "l", "pays", "agglomeration", "metropole", "agglo"}
)

type Connection = psycopg.Connection[Any]


@dataclass(frozen=True, slots=True)
class Discovered:
    """What a visit of one commune gave, for people."""

    report: RunReport
    findings: tuple[Finding, ...] = ()
    incidents: tuple[str, ...] = field(default=())

    def __str__(self) -> str:
        lines = [str(self.report)]
        lines += [
            f"    {one.service}: level {one.level}, {one.kind} by {one.how}: {one.text} "
            f"<{one.url}> on {one.page}"
            for one in self.findings
        ]
        lines += [f"    incident: {text}" for text in self.incidents]
        return "\n".join(lines)


def agent(settings: Settings) -> str:
    """Who we say we are. Raises Invalid without a contact: nobody is visited anonymously."""
    contact = settings.discover.contact.strip()
    if not contact or any(ord(letter) < 32 for letter in contact):
        raise Invalid(
            "Sites are visited under a name that can be answered: set GUICHET_DISCOVER__CONTACT "
            "to a page or an e-mail address of yours."
        )
    return f"Guichet/0.1 (visits communes' sites to list their online services; {contact})"


def discover(settings: Settings, codes: Iterable[str], dry_run: bool = False) -> list[Discovered]:
    """Visit the sites of communes, one after the other. A site at fault is a report.

    Raises Invalid without a contact, NotFound for an unknown commune, Conflict when another
    process is visiting.
    """
    name = agent(settings)
    done: list[Discovered] = []
    with pools.connect(settings, "harvest") as conn:
        places = [_place(conn, code) for code in codes]
        conn.commit()
        with turns.alone(conn, observe.SOURCE.id):
            remote = _remote(settings, name)
            doors = EditorDoors(_remote(settings, name))
            for place in places:
                done.append(_one(settings, conn, remote, doors, place, dry_run))
            if not dry_run:
                live.score(conn)
    return done


def next_codes(settings: Settings, most: int) -> list[str]:
    """The communes to visit next: those not seen for longest."""
    with pools.connect(settings, "harvest") as conn:
        return [row[0] for row in conn.execute(query("harvest", "discover_next"), {"most": most})]


def _remote(settings: Settings, name: str) -> Remote:
    limits = fetch.Limits(connect=10, silence=20, total=60, sent=PAGE_BYTES, unpacked=PAGE_BYTES)
    return Remote(
        RawStore(settings.paths.raw), GUARD, limits,
        Patience(pause=settings.discover.pause_seconds, attempts=2), agent=name,
    )  # fmt: skip


def _place(conn: Connection, code: str) -> dict[str, Any]:
    with conn.cursor(row_factory=dict_row) as cursor:
        row = cursor.execute(query("harvest", "discover_site"), {"code": code}).fetchone()
    if row is None:
        raise NotFound(f"There is no commune {code}.")
    return row


def commune_of(place: dict[str, Any]) -> Commune:
    """A commune as its pages are read: its names, and those of the others around."""
    name = fold(place["name"])
    own = {name, *(fold(one) for one in place["former"])}
    if place["epci"]:
        words = [one for one in fold(place["epci"]).split() if one not in VAGUE]
        if words:
            own.add(" ".join(words))
    others = {fold(one) for one in place["others"]} - own
    return Commune(
        place["code"], name, frozenset(own),
        frozenset(one for one in others if len(one) >= FEWEST_LETTERS),
    )  # fmt: skip


def _one(
    settings: Settings,
    conn: Connection,
    remote: Remote,
    doors: EditorDoors,
    place: dict[str, Any],
    dry_run: bool,
) -> Discovered:
    code = place["code"]
    if place["url"] is None:
        message = "no source knows a site of this commune"
        return Discovered(RunReport(observe.SOURCE.id, code, "skipped", message=message))
    now = datetime.now(UTC)
    with _run(settings, conn, code, dry_run) as run_id:
        try:
            made = visit(remote, place["url"], commune_of(place), Budget.of(settings), now.date())
            findings = made.findings(doors.closed(made.findings()))
            store = RawStore(settings.paths.raw)
            written = observe.observe(conn, store, place["number"], code, made, findings, now)
            doors.note(conn)
        except GuichetError as error:
            conn.rollback()
            report = RunReport(observe.SOURCE.id, code, "failed", message=str(error))
            journal.end(conn, run_id, report)
            conn.commit()
            return Discovered(report)
        counts = {"pages": len(made.read), **written.counts(), "forbidden": made.forbidden}
        counts["failures"] = len(made.failures)
        state = "partial" if "left alone" in made.ended else "done"
        if dry_run:
            conn.rollback()
        report = RunReport(
            observe.SOURCE.id, code, "planned" if dry_run else state, counts,  # type: ignore[arg-type]
            made.ended + ("; nothing was written" if dry_run else ""),
        )  # fmt: skip
        journal.end(conn, run_id, report)
        conn.commit()
    incidents = tuple(f"{name}: {text}" for name, text in sorted(doors.failed.items()))
    return Discovered(report, tuple(findings.values()), incidents)


@contextmanager
def _run(settings: Settings, conn: Connection, code: str, dry_run: bool) -> Iterator[int]:
    run_id = journal.start(conn, observe.SOURCE.id, code, dry_run)
    with journal.Heartbeat(settings, run_id):
        try:
            yield run_id
        except BaseException:
            conn.rollback()
            journal.interrupt(conn, observe.SOURCE.id)
            raise
