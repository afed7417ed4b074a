"""What a published pair of coordinates probably is, before anyone believes it.

Three mistakes fill public files: numbers that are not finite, latitude and longitude swapped,
and Lambert-93 metres labelled as degrees. The original is kept by the caller; nothing is
corrected here, only named.
"""

import math
from typing import Literal

type Suspicion = Literal["not-finite", "out-of-range", "swapped", "lambert-93"]

# Where the communes of each département group lie, in degrees, with a generous margin.
METROPOLE = (-5.6, 41.0, 10.0, 51.5)
LAMBERT_93 = (0.0, 6_000_000.0, 1_300_000.0, 7_200_000.0)


def _inside(box: tuple[float, float, float, float], x: float, y: float) -> bool:
    return box[0] <= x <= box[2] and box[1] <= y <= box[3]


def suspicion(longitude: float, latitude: float, departement: str) -> Suspicion | None:
    """What is wrong with a point that should be in `departement`; None when nothing shows."""
    if not (math.isfinite(longitude) and math.isfinite(latitude)):
        return "not-finite"
    if _inside(LAMBERT_93, longitude, latitude):
        return "lambert-93"
    if not (-180 <= longitude <= 180 and -90 <= latitude <= 90):
        return "out-of-range"
    metropolitan = not departement.startswith(("97", "98"))
    if (
        metropolitan
        and not _inside(METROPOLE, longitude, latitude)
        and _inside(METROPOLE, latitude, longitude)
    ):
        return "swapped"
    return None
