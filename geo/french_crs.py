"""Where the coordinates of French files really lie: legal projections, territories, mistakes.

The projections are those of the decree of 26 December 2000 as amended (RGF93, RGAF09, RGFG95,
RGR92, RGM04, RGSPM06) and what EPSG has for the Pacific. Boxes are in degrees, with a margin.
"""

import math
from typing import Literal

from geo import points
from geo.crs import transformer

type Fault = points.Suspicion | Literal["elsewhere"]

# département -> EPSG of its legal projection; Lambert-93 for all others.
LEGAL = {
    "971": 5490, "972": 5490, "973": 2972, "974": 2975, "975": 4467, "976": 4471,
    "977": 5490, "978": 5490, "986": 3296, "987": 3297, "988": 3163,
}  # fmt: skip
# département -> west, south, east, north.
TERRITORIES = {
    "971": (-62.2, 15.6, -60.8, 16.7), "972": (-61.4, 14.2, -60.6, 15.1),
    "973": (-54.8, 2.0, -51.4, 6.0), "974": (55.0, -21.6, 56.0, -20.7),
    "975": (-56.8, 46.5, -55.9, 47.4), "976": (44.8, -13.3, 45.5, -12.4),
    "977": (-63.1, 17.7, -62.6, 18.1), "978": (-63.3, 17.9, -62.9, 18.3),
    "986": (-178.4, -14.6, -176.0, -13.0), "987": (-155.2, -28.2, -134.0, -7.5),
    "988": (158.0, -23.3, 172.5, -17.5),
}  # fmt: skip
FARTHEST = 1e8  # metres: beyond, a pair is in no projection of the earth


def legal(departement: str) -> int:
    """The EPSG code of the legal projection of a département or territory."""
    return LEGAL.get(departement, 2154)


def degrees(x: float, y: float, crs: int | str, departement: str) -> tuple[float, float]:
    """Longitude and latitude of a published pair; `local` is the legal projection there.

    A pair that the projection cannot hold comes back as infinities, which `fault` names.
    """
    epsg = legal(departement) if crs == "local" else int(crs)
    if epsg == 4326 or not (math.isfinite(x) and math.isfinite(y)):
        return x, y
    if max(abs(x), abs(y)) > FARTHEST:
        return math.inf, math.inf  # PROJ gives finite degrees of its own to some of these
    longitude, latitude = transformer(epsg, 4326).transform(x, y, errcheck=False)
    return float(longitude), float(latitude)


def fault(longitude: float, latitude: float, departement: str) -> Fault | None:
    """What is wrong with a point that should be in `departement`; None when nothing shows.

    « swapped » and « lambert-93 » are guesses at the cause, for a person to confirm: nothing is
    corrected here.
    """
    box = TERRITORIES.get(departement, points.METROPOLE)
    if _inside(box, longitude, latitude):  # most are: nothing below could be said of these
        return None
    if points.suspicion(latitude, longitude, departement) == "lambert-93":
        return "lambert-93"
    known = points.suspicion(longitude, latitude, departement)
    if known is not None:
        return known
    return "swapped" if _inside(box, latitude, longitude) else "elsewhere"


def _inside(box: tuple[float, float, float, float], x: float, y: float) -> bool:
    return box[0] <= x <= box[2] and box[1] <= y <= box[3]
