"""A mail when a run fails or is held: to the source's contact and to whoever runs this hub.

Put in the outbox in the transaction of the run itself, so that none is sent for what did not
happen. One mail per source, sort of fault and week: a site that is away all night is one news.
"""

import logging
from datetime import datetime
from typing import Any

import psycopg

from catalog.outbox import Mail, put_now
from config.errors import Invalid
from config.settings import Settings
from harvest.journal import RunReport
from harvest.source_files import SourceFile

log = logging.getLogger("guichet.harvest")

LONGEST_LINE = 200  # of the subject
WORDS = {
    "failed": ("n’a pas pu être lue", "could not be read"),
    "held": (
        "a perdu beaucoup d’éléments : rien n’a été retiré",
        "has lost many items: nothing was withdrawn",
    ),
}


def put(
    conn: psycopg.Connection[Any],
    settings: Settings,
    source: SourceFile,
    report: RunReport,
    now: datetime,
) -> int:
    """Put the mails about one run in the outbox, in the caller's transaction. How many."""
    if report.state not in WORDS:
        return 0
    year, week, _ = now.isocalendar()
    count = 0
    # By role and not by address: what is kept of a mail after it was sent names nobody.
    people = {"contact": source.contact, "hub": settings.harvest.report_to}
    if people["contact"] == people["hub"]:
        del people["hub"]
    for role, to in people.items():
        if not to:
            continue
        try:
            mail = Mail(to, _subject(source, report), _text(settings, source, report), "harvest")
        except Invalid:  # an address that cannot be one must not undo the run
            log.warning("%s cannot be written to about %s", to, source.id)
            continue
        key = f"harvest {source.id} {report.state} {year}-{week} {role}"
        count += put_now(conn, mail, key)
    return count


def _subject(source: SourceFile, report: RunReport) -> str:
    french, _ = WORDS[report.state]
    return " ".join(f"Guichet : la source {source.id} {french}".split())[:LONGEST_LINE]


def _text(settings: Settings, source: SourceFile, report: RunReport) -> str:
    french, english = WORDS[report.state]
    site = settings.web.public_url.rstrip("/")
    page = f"{site}/fr/sources/{source.id}" if site else "(adresse du site non configurée)"
    release = f" ({report.release})" if report.release else ""
    counts = ", ".join(f"{name} {count}" for name, count in report.counts.items() if count)
    return "\n".join(
        (
            "Bonjour,",
            "",
            f"La source « {source.title} »{release} {french}.",
            f"Message : {report.message}",
            *((f"Comptes : {counts}",) if counts else ()),
            f"Ce que nous en savons, et les valeurs rejetées : {page}",
            "",
            "Les informations déjà connues restent affichées. Vous recevez au plus un message de",
            "cette sorte par semaine. Guichet est un site indépendant, qui n’est pas un service de",
            "l’État.",
            "",
            f"In English: the source {source.id} {english}.",
        )
    )
