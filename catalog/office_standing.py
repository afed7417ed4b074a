"""Whether an office still stands: listed, no longer listed (an orphan), or withdrawn.

A source that stops listing an office proves little: the office is shown with the date until a
grace period is over, then withdrawn. It keeps its row, its id and its versions for ever, and
has the same id when it is listed again.
"""

from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from catalog.database.queries import query

type Connection = psycopg.Connection[Any]


@dataclass(frozen=True, slots=True)
class KnownOffice:
    """An office that a source listed once, as the catalogue holds it."""

    id: int
    mark: str  # fingerprint of what was said last
    kind: str
    observed_at: datetime
    withdrawn_at: datetime | None = None
    unlisted_since: datetime | None = None  # in the source's time
    noticed_at: datetime | None = None  # when we learnt that

    @property
    def listed(self) -> bool:
        """Its source lists it, as far as we know."""
        return self.withdrawn_at is None and self.unlisted_since is None

    def gone_since(self, when: datetime) -> bool:
        """It stopped being listed, or was withdrawn, after `when`."""
        ends = (self.unlisted_since, self.withdrawn_at)
        return any(end is not None and end > when for end in ends)


@dataclass(frozen=True, slots=True)
class Said:
    """The fields of an office as its source said them last, corrections left out."""

    remote_id: str
    fields: Mapping[str, Any]
    commune_code: str | None


def known(conn: Connection, source_id: str) -> dict[str, KnownOffice]:
    """Every office of a source, by the source's own id."""
    rows = conn.execute(query("catalog", "office_known"), {"source": source_id})
    return {remote_id: KnownOffice(*values) for remote_id, *values in rows}


def said(conn: Connection, ids: Collection[int]) -> dict[int, Said]:
    """What was said last of each office, by our id."""
    rows = conn.execute(query("catalog", "office_said"), {"ids": list(ids)})
    return {id_: Said(remote_id, fields, code) for id_, remote_id, fields, code in rows}


def orphan(conn: Connection, ids: Collection[int], at: datetime, evidence_id: int) -> int:
    """Note that offices are no longer listed since `at`. How many became orphans."""
    return _count(conn, "office_orphan_add", ids=list(ids), at=at, evidence=evidence_id)


def back(
    conn: Connection,
    ids: Collection[int],
    silent: Collection[int],
    at: datetime,
    evidence_id: int,
) -> int:
    """Note that orphans are listed again; `silent` are those that say what they said before."""
    return _count(
        conn, "office_orphan_back", ids=list(ids), silent=list(silent), at=at, evidence=evidence_id
    )


def withdraw(conn: Connection, ids: Collection[int], at: datetime) -> int:
    """Withdraw offices, with a last version that says so. How many were not yet withdrawn."""
    return _count(conn, "office_withdraw", ids=list(ids), at=at)


def withdraw_due(conn: Connection, source_id: str, before: datetime, at: datetime) -> int:
    """Withdraw the orphans of a source whose grace period is over. How many."""
    rows = conn.execute(
        query("catalog", "office_orphan_due"), {"source": source_id, "before": before}
    )
    ids = [id_ for (id_,) in rows]
    return withdraw(conn, ids, at) if ids else 0


def _count(conn: Connection, name: str, **parameters: Any) -> int:
    row = conn.execute(query("catalog", name), parameters).fetchone()
    assert row is not None  # noqa: S101 a count always returns its row
    return int(row[0])
