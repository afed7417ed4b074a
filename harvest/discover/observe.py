"""Findings of a visit as observations of nature PROBE, with their evidence.

What a visit does not find again is not taken back: the page may have moved, the budget may have
been spent. It is taken back when the very page that showed it was read and no longer does, or is
gone; otherwise it ages, and expires to unknown. Never is anything said to be absent.
"""

import hashlib
import json
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg

from catalog.database.queries import query
from catalog.ingest import EvidenceRow, SourceRow, save_evidence, save_source
from catalog.observations import Nature, Observation, append
from catalog.referential import current
from harvest.discover.recognise import Finding
from harvest.discover.visit import Visit
from harvest.raw import RawStore

type Connection = psycopg.Connection[Any]

SOURCE = SourceRow(
    "discovery",
    "Visites automatiques des sites des communes",
    "Guichet",
    "Licence Ouverte 2.0",
    "https://www.etalab.gouv.fr/licence-ouverte-open-licence/",
    "/fr/methode",
    Nature.PROBE.value,
)
LONGEST_BELIEF = timedelta(days=365)  # sites change faster than directories
RENEW = timedelta(days=30)  # the same finding is observed again after this long


@dataclass(frozen=True, slots=True)
class Known:
    """What earlier visits say of a service."""

    id: int
    withdrawn: bool
    url: str | None
    level: int | None
    page: str | None
    observed_at: datetime


@dataclass(slots=True)
class Observed:
    """What is written, decided before it is: findings to append and statements to take back."""

    new: list[Finding] = field(default_factory=list)
    changed: list[Finding] = field(default_factory=list)
    renewed: list[Finding] = field(default_factory=list)
    unchanged: list[Finding] = field(default_factory=list)
    withdrawn: list[str] = field(default_factory=list)
    kept: list[str] = field(default_factory=list)  # not seen this time, and not taken back

    def counts(self) -> dict[str, int]:
        names = ("new", "changed", "renewed", "unchanged", "withdrawn", "kept")
        return {name: len(getattr(self, name)) for name in names}


def plan(
    known: Mapping[str, Known],
    findings: Mapping[str, Finding],
    read: Callable[[str], bool],
    gone: Callable[[str], bool],
    now: datetime,
) -> Observed:
    """Compare a visit with the earlier ones. `read` and `gone` say what became of a page."""
    made = Observed()
    for service, finding in findings.items():
        before = known.get(service)
        if before is None or before.withdrawn:
            made.new.append(finding)
        elif (before.url, before.level) != (finding.url, finding.level):
            made.changed.append(finding)
        elif now - before.observed_at >= RENEW:
            made.renewed.append(finding)
        else:
            made.unchanged.append(finding)
    for service in sorted(known.keys() - findings.keys()):
        before = known[service]
        if before.withdrawn:
            continue
        if before.page is not None and (read(before.page) or gone(before.page)):
            made.withdrawn.append(service)
        else:
            made.kept.append(service)
    return made


def observe(
    conn: Connection,
    store: RawStore,
    number: int,
    code: str,
    visit: Visit,
    findings: Mapping[str, Finding],
    now: datetime,
) -> Observed:
    """Append what a visit found, in the caller's transaction, and note what waits for a score.

    `findings` are those whose doors were not found closed.
    """
    save_source(conn, SOURCE)
    known = _known(conn, number)
    visited = {one.url for one in visit.read}
    made = plan(known, findings, visited.__contains__, visit.gone.__contains__, now)
    evidence_id = _evidence(conn, store, code, visit, findings, now)
    written = [*made.new, *made.changed, *made.renewed]
    append(conn, [_said(one, number, evidence_id, known, now) for one in written])
    append(conn, [_taken_back(one, number, evidence_id, known[one], now) for one in made.withdrawn])
    for service in {*(one.service for one in written), *made.withdrawn}:
        conn.execute(
            query("catalog", "unscored_add"), {"service": service, "commune_number": number}
        )
    return made


def _known(conn: Connection, number: int) -> dict[str, Known]:
    rows = conn.execute(query("harvest", "discover_known"), {"number": number}).fetchall()
    return {
        service: Known(
            identifier, state is None, url, attributes.get("level"), attributes.get("page"), at
        )
        for service, identifier, state, url, attributes, _, at in rows
    }


def _evidence(
    conn: Connection,
    store: RawStore,
    code: str,
    visit: Visit,
    findings: Mapping[str, Finding],
    now: datetime,
) -> int:
    manifest = {
        "site": visit.site,
        "ended": visit.ended,
        "failures": visit.failures,
        "forbidden_by_robots": visit.forbidden,
        "pages": [
            {"url": one.url, "sha256": one.sha256, "at": one.at.isoformat()} for one in visit.read
        ],
        "findings": [
            {
                "service": one.service, "kind": one.kind, "how": one.how, "page": one.page,
                "link": one.url, "text": one.text, "editor": one.editor,
            }
            for one in findings.values()
        ],
    }  # fmt: skip
    text = json.dumps(manifest, ensure_ascii=False, indent=1).encode()
    sha256 = hashlib.sha256(text).hexdigest()
    store.folder.mkdir(parents=True, exist_ok=True)
    with tempfile.TemporaryDirectory(prefix="fetch-", dir=store.folder) as folder:
        file = Path(folder) / "visit"
        file.write_bytes(text)
        store.keep(file, sha256)
    release = f"{code} {now:%Y-%m-%dT%H:%M:%SZ}"
    row = EvidenceRow(SOURCE.id, release, now.date(), sha256, len(text), visit.site)
    return save_evidence(conn, row)


def _said(
    one: Finding, number: int, evidence_id: int, known: Mapping[str, Known], now: datetime
) -> Observation:
    service = current().services[one.service]
    believed = min(LONGEST_BELIEF, timedelta(days=service.valid_for_days))
    before = known.get(one.service)
    return Observation(
        service=one.service, state=one.state, nature=Nature.PROBE, source_id=SOURCE.id,
        evidence_id=evidence_id, commune_number=number, seen=one.text, observed_at=now,
        attributes={**one.attributes, "level": one.level, "page": one.page}, url=one.url,
        provider="commune", supersedes=before.id if before else None, valid_until=now + believed,
    )  # fmt: skip


def _taken_back(
    service: str, number: int, evidence_id: int, before: Known, now: datetime
) -> Observation:
    return Observation(
        service=service, state=None, nature=Nature.PROBE, source_id=SOURCE.id,
        evidence_id=evidence_id, commune_number=number,
        seen=f"The page that showed it no longer does: {before.page}", observed_at=now,
        supersedes=before.id,
    )  # fmt: skip
