"""What is doubtful in published offices: kept as published, and said to whoever reads it."""

from catalog.bulk import Connection
from catalog.database.queries import query
from catalog.ingest import Rejection

FAR = "point loin de sa commune"


def doubt_points(conn: Connection, source_id: str) -> list[Rejection]:
    """Look again at the points of a source's offices; those that lie far from their commune, for
    its run's list. The point stays in the office: it may be the outline that errs."""
    conn.execute(query("catalog", "office_far_forget"), {"source": source_id})
    found = conn.execute(query("catalog", "office_far_add"), {"source": source_id})
    return [
        Rejection(remote_id, "point", FAR, f"{metres / 1000:.1f} km") for remote_id, metres in found
    ]
