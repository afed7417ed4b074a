"""What the reading process and its parent say to each other: pieces of a known kind and length.

The parent decodes plain JSON, and hands lines of office to COPY as what they are: text.
"""

import struct
from typing import BinaryIO

HEADER = struct.Struct(">cI")
LARGEST = 64 << 20  # bytes of one piece: a chunk of rows is 3 MB

# From the parent.
JOB, ATLAS = b"J", b"A"
KNOWN = b"K"  # marks that are known of the source, one after the other; an empty piece ends them
# From the reading process.
LISTED = b"l"  # one bit for each mark that was known: the list holds it, once; comes first
OFFICES = b"o"  # lines of catalog.office_lines, without a version
VERSIONS = b"v"  # and the versions of those, line by line
REFUSED = b"r"  # JSON list of Refused
UNREAD = b"u"  # JSON list of ids that are listed, though not published
HOMELESS = b"h"  # JSON list of Homeless
RECORDS = b"j"  # JSON list of records
FACTS = b"f"  # JSON list of FoundFact
AREAS = b"a"  # JSON list of FoundArea
END = b"e"  # JSON Told


def write(stream: BinaryIO, kind: bytes, payload: bytes) -> None:
    stream.write(HEADER.pack(kind, len(payload)))
    stream.write(payload)
    stream.flush()


def read(stream: BinaryIO) -> tuple[bytes, bytes] | None:
    """The next piece of a stream that blocks; None at its end."""
    head = stream.read(HEADER.size)
    if len(head) < HEADER.size:
        return None
    kind, length = HEADER.unpack(head)
    return kind, stream.read(length)
