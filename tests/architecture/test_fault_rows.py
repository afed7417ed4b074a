"""Every row of the catalogue of harvest faults (group B) is named by a test that tries it."""

import re
from pathlib import Path

TESTS = Path(__file__).parents[1]
ROWS = {
    2: "addresses of our own network in disguise", 3: "link-local, private and shared addresses",
    4: "what the standard library calls global and is not", 6: "DNS rebinding",
    7: "a redirect to the metadata service", 8: "passwords and odd ports in an address",
    10: "a zip that declares 1,000 times its size", 11: "a zip that lies on its size",
    12: "zip members that leave their folder", 14: "XML entities and DTD", 15: "XML without a floor",
    16: "ten gigabytes", 18: "a cut answer", 19: "a cut that still parses", 20: "a byte every ten seconds",
    22: "cp1252 called utf-8", 23: "utf-8 called latin-1, BOM, mojibake", 24: "cells that are formulas",
    26: "coordinates that are no numbers", 27: "swapped coordinates", 28: "Lambert-93 called 4326",
    30: "overseas projections", 31: "polygons that are not valid", 32: "five million vertices",
    34: "a column that moved", 35: "429 and 503", 36: "an empty answer", 38: "a slow bleed",
    39: "page 3 of 5 fails", 40: "404 one day", 42: "ETag that lies", 43: "certificates",
    44: "markup in a title", 46: "two harvests of a source", 47: "columns about persons",
}  # fmt: skip


def test_every_row_is_tried() -> None:
    text = "\n".join(
        path.read_text(encoding="utf-8")
        for path in TESTS.glob("*/test_*.py")
        if path != Path(__file__)
    )
    named = {int(number) for number in re.findall(r"\bB(\d{1,2})\b", text)}
    missing = {f"B{number}: {what}" for number, what in ROWS.items() if number not in named}
    assert missing == set()
