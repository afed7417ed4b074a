"""`/api/v1/geography`: which département, region and EPCI each commune number is in.

A browser that colours a map by area needs these for 35,000 communes: as JSON they weigh more
than the first map may; as three arrays they weigh about as much as a picture.
"""

import json
import struct

import numpy as np

from catalog.territories import Geography

KINDS = ("departement", "region", "epci")


def pack_geography(geography: Geography, generation: int) -> bytes:
    """Header length (uint32), JSON header, then uint16 arrays; all little-endian.

    Item n of an array is for commune number n: the position, from 1, in the header's list of
    the same name; 0 means none (and item 0 is not a commune).
    """
    lists = {}
    bodies = []
    for kind in KINDS:
        index, codes, names = geography.index_of(kind)
        lists[kind] = [
            {"code": code, "name": name} for code, name in zip(codes, names, strict=True)
        ]
        bodies.append(np.ascontiguousarray(index, dtype="<u2").tobytes())
    header = {
        "vintage": geography.vintage,
        "generation": generation,
        "length": geography.length,
        "communes": int(geography.exists.sum()),
        "arrays": KINDS,
        **lists,
    }
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    text += b" " * (-len(text) % 4)
    return b"".join([struct.pack("<I", len(text)), text, *bodies])
