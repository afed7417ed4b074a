"""The distance from many points to the nearest of others: exact, in the plane of a projection.

Points are taken by squares of the plane. What is nearest to any point of a square is not farther
from its middle than what is nearest to the middle, plus the square's diagonal: only those are
compared, all at once. The answer does not depend on the order of either list.
"""

import numpy as np
import shapely
from numpy.typing import NDArray

type Numbers = NDArray[np.float64]

SQUARE = 12_000.0  # metres: a few dozen candidates for a thousand points


def nearest(x: Numbers, y: Numbers, to_x: Numbers, to_y: Numbers) -> Numbers:
    """Metres from each (x, y) to the nearest (to_x, to_y). Infinite when there is none."""
    found = np.full(x.shape, np.inf)
    if not len(to_x) or not len(x):
        return found
    columns, rows = np.floor(x / SQUARE), np.floor(y / SQUARE)
    order = np.lexsort((columns, rows))
    starts = np.flatnonzero(
        np.diff(rows[order], prepend=np.nan).astype(bool)
        | np.diff(columns[order], prepend=np.nan).astype(bool)
    )
    ends = np.append(starts[1:], len(order))
    first = order[starts]
    middle_x, middle_y = (columns[first] + 0.5) * SQUARE, (rows[first] + 0.5) * SQUARE
    tree = shapely.STRtree(shapely.points(to_x, to_y))
    middles = shapely.points(middle_x, middle_y)
    closest = tree.nearest(middles)
    # A metre more than needed: roundings cost nobody their nearest one.
    reach = np.hypot(to_x[closest] - middle_x, to_y[closest] - middle_y) + SQUARE * 2**0.5 + 1
    squares, candidates = tree.query(middles, predicate="dwithin", distance=reach)
    cuts = np.searchsorted(squares, np.arange(len(middles) + 1))
    for square, (start, end) in enumerate(zip(starts, ends, strict=True)):
        members = order[start:end]
        near = candidates[cuts[square] : cuts[square + 1]]
        away = (x[members, None] - to_x[near]) ** 2
        away += (y[members, None] - to_y[near]) ** 2
        found[members] = np.sqrt(away.min(axis=1))
    return found
