"""Writing what a plan says, in the transaction of one release, journal included."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from typing import Any

import psycopg

from catalog.database.queries import query
from catalog.ingest import EvidenceRow, Rejection, save_evidence
from catalog.observations import Observation, append
from catalog.referential import current
from config.errors import Conflict
from config.settings import Settings
from harvest import holds, journal
from harvest.brake import Brake
from harvest.facts import Fact, Unread
from harvest.journal import RunReport
from harvest.plan import Key, Known, Offered, Plan, plan_facts
from harvest.raw import RawStore
from harvest.source_files import Release, SourceFile

LINES = 20  # of each sort of change, in the printed plan of a dry run


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
        return not self.source.releases or self.release == self.source.releases[-1]

    def evidence(self) -> int:
        """The id of the evidence of this release's file."""
        release = self.published
        file = RawStore(self.settings.paths.raw).path(release.sha256)
        package = f"pkg:{self.source.registry}/{self.source.package}@{release.version}"
        return save_evidence(
            self.conn,
            EvidenceRow(
                self.source.id, release.version, release.published_on, release.sha256,
                file.stat().st_size if file.exists() else 0, release.url or package,
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

    def reject(self, rejections: Iterable[Rejection]) -> None:
        journal.reject(self.conn, self.run_id, rejections)

    def report(
        self, held: bool, counts: Mapping[str, int], message: str = "", details: Iterable[str] = ()
    ) -> RunReport:
        """The report of a release that was applied; `held` when the brake kept something."""
        return RunReport(
            self.source.id,
            self.release.version if self.release else None,
            "held" if held else "done",
            counts,
            message,
            tuple(details),
        )


@dataclass(frozen=True, slots=True)
class Said:
    """What came of the statements of one release."""

    plan: Plan
    valid: int
    details: tuple[str, ...]

    @property
    def held(self) -> bool:
        return bool(self.plan.held)

    @property
    def message(self) -> str:
        held = len(self.plan.held)
        if not held:
            return ""
        return (
            f"{held} statements would be withdrawn and are kept: look at them ({self.plan.cause})"
        )


def brake(context: Context) -> Brake:
    """The brake of the settings."""
    own = context.settings.harvest
    return Brake(own.brake_share, own.brake_rows, own.brake_days)


def say(
    context: Context,
    evidence_id: int,
    numbers: Mapping[str, int],
    facts: Iterable[tuple[str, str, Offered]],
    unread: Unread = frozenset(),
) -> Said:
    """Plan the (commune code, service, statement) of a release, then append what the plan says.

    Statements about communes that we do not know are left out: the caller lists their codes.
    """
    offered = {
        (numbers[code], service): statement for code, service, statement in facts if code in numbers
    }
    days = context.source.renew_after_days
    known = _known(context)
    plan = plan_facts(
        known,
        offered,
        context.observed_at,
        renew_after=timedelta(
            days=context.settings.harvest.renew_after_days if days is None else days
        ),
        brake=brake(context),
        unread={(numbers[code], service) for code, service in unread if code in numbers},
        since=holds.looked_at(context.conn, context.source.id, "facts"),
    )
    holds.keep(
        context.conn, context.run_id, context.source.id, "facts",
        observed_at=context.observed_at, evidence_id=evidence_id, cause=plan.cause,
        items=[
            {
                "observation": known[key].observation_id, "commune": key[0], "service": key[1],
                "seen": known[key].seen,
            }
            for key in sorted(plan.held)
        ],
    )  # fmt: skip
    append(context.conn, _observations(context, evidence_id, plan, known, offered))
    codes = {number: code for code, number in numbers.items()}
    return Said(plan, len(offered), tuple(plan.lines(known, offered, codes.__getitem__, LINES)))


def statements(facts: Iterable[Fact]) -> Iterable[tuple[str, str, Offered]]:
    """The facts of a directory as `say` takes them."""
    for fact in facts:
        yield fact.code, fact.service, Offered({fact.attribute: True}, fact.seen, fact.url)


def _known(context: Context) -> dict[Key, Known]:
    rows = context.conn.execute(
        query("catalog", "apply_known_facts"),
        {"source": context.source.id, "at": context.observed_at},
    )
    return {
        (number, service): Known(identifier, withdrawn, seen, observed_at)
        for number, service, identifier, withdrawn, seen, observed_at in rows
    }


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
