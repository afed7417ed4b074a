"""How many simulations one process takes at once: beyond, people are told to come back.

What is taken is answered within a second (row D9 of the faults): a queue that grows without end
answers everybody late, and a refusal costs nothing.
"""

from collections.abc import Iterator
from contextlib import contextmanager

from config.errors import Unavailable


class Admission:
    """At most `most` inside together."""

    def __init__(self, most: int) -> None:
        self.most = most
        self.inside = 0

    @contextmanager
    def enter(self) -> Iterator[None]:
        """The length of one simulation. Raises Unavailable when too many are inside."""
        if self.inside >= self.most:
            raise Unavailable("Too many simulations are asked for; try again in a moment.")
        self.inside += 1
        try:
            yield
        finally:
            self.inside -= 1
