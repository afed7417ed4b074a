"""What the offices of a source were read from: the marks by which a list is recognised unread.

A mark is a digest of the cells of a row and of the rules that read it; the row's id is among the
cells, so that a mark says which office it is of. A million of them leave the database as 24 bytes
each and are looked up outside: what does not change does not travel back.
"""

from collections.abc import Iterator

import numpy as np

from catalog.bulk import Connection

PIECE = 1 << 16  # offices
# One that must be read whatever its row says, because it is withdrawn or was not wholly believed,
# has a mark that no row has: a digest is never all zeros.
KNOWN = f"""
select string_agg(int8send(id) || mark, '')
from (
  select id, (row_number() over () - 1) / {PIECE} as piece,
         uuid_send(case when withdrawn_at is null and read_as ~ '^[0-9a-f]{{32}}$' then read_as
                        else '00000000000000000000000000000000' end::uuid) as mark
  from   catalog.office
  where  source_id = %(source)s
) o
group  by piece
"""  # noqa: S608 a constant
OFFICE = np.dtype([("id", ">i8"), ("mark", "V16")])


def known(conn: Connection, source_id: str) -> Iterator[tuple[bytes, bytes]]:
    """The ids of a source's offices, eight bytes each as this machine writes them, and the marks of
    the same, sixteen bytes each: piece by piece, because memory is not theirs."""
    with conn.cursor("office_marks", binary=True) as cursor:
        cursor.itersize = 1
        cursor.execute(KNOWN.encode(), {"source": source_id})
        for (piece,) in cursor:
            offices = np.frombuffer(piece, OFFICE)
            yield offices["id"].astype(np.int64).tobytes(), offices["mark"].tobytes()
