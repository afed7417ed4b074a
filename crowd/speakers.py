"""Who speaks: a resident, an agent with a mandate for a commune, or a moderator.

The seam between contributions and mandates: whatever proves a mandate makes a Speaker, and the
policy, the publication and the badge read nothing else.
"""

from collections.abc import Collection
from dataclasses import dataclass, field
from enum import StrEnum

from catalog.observations import Nature


class Kind(StrEnum):
    """As what somebody speaks."""

    RESIDENT = "resident"
    AGENT = "agent"
    MODERATOR = "moderator"

    @property
    def nature(self) -> Nature:
        """What an observation of theirs is worth to the scorer."""
        return Nature.AGENT if self is Kind.AGENT else Nature.RESIDENT


@dataclass(frozen=True, slots=True)
class Speaker:
    """Who sends a contribution. `communes` are those that an agent's mandate is valid for now."""

    kind: Kind = Kind.RESIDENT
    mandate: str | None = None
    communes: Collection[int] = field(default_factory=frozenset)
    account_id: int | None = None  # somebody with a role who contributes: they never decide on it

    def has_mandate_for(self, commune_number: int) -> bool:
        return self.kind is Kind.AGENT and commune_number in self.communes


RESIDENT = Speaker()
