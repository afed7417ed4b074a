"""What a source says about communes, in the words of the referential."""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class Fact:
    """One thing that a source publishes about a commune."""

    code: str
    service: str  # id in the referential
    attribute: str  # what it proves, in the referential's words
    seen: str  # word for word
    url: str | None = None


type Unread = frozenset[tuple[str, str]]
"""(commune code, service) whose published field is there and cannot be read. It is not gone:
what was known of it stays until it is too old, and the field is listed among the rejected."""
