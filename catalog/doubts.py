"""What is doubtful in published offices: kept as published, and said to whoever reads it."""

from catalog.bulk import Connection
from catalog.database.queries import query
from catalog.ingest import Rejection

FAR = "point loin de sa commune"


def doubt_points(
    conn: Connection, source_id: str, evidence_id: int | None = None
) -> list[Rejection]:
    """Look again at the points of a source's offices, or only of those that one file spoke of
    last; all that lie far from their commune, for its run's list. The point stays in the office:
    it may be the outline that errs."""
    values = {"source": source_id, "evidence": evidence_id}
    for statement in ("office_far_forget", "office_far_add"):
        conn.execute(query("catalog", statement), values)
    found = conn.execute(query("catalog", "office_far_known"), values)
    return [
        Rejection(remote_id, "point", FAR, f"{metres / 1000:.1f} km") for remote_id, metres in found
    ]
