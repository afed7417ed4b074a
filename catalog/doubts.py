"""What is doubtful in published offices: kept as published, and said to whoever reads it."""

from catalog.bulk import Connection
from catalog.database.queries import query
from catalog.ingest import Rejection

FAR = "point loin de sa commune"


def doubt_points(conn: Connection, source_id: str) -> list[Rejection]:
    """Look again at the points of all offices; those of this source that lie far from their
    commune, for its run's list. The point stays in the office: it may be the outline that errs."""
    conn.execute("delete from catalog.office_far")
    return [
        Rejection(remote_id, "point", FAR, f"{metres / 1000:.1f} km")
        for source, remote_id, metres in conn.execute(query("catalog", "office_far_add"))
        if source == source_id
    ]
