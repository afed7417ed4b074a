"""What is wrong with an input: every fault at once, each with its place and its remedy."""

from collections.abc import Iterable

import msgspec
from rapidfuzz import fuzz, process

from config.errors import Invalid
from simulators.contract.texts import Text

LIKENESS = 60  # of 100 (rapidfuzz ratio): below, a suggestion would only puzzle


class Fault(msgspec.Struct, frozen=True, kw_only=True, omit_defaults=True):
    """One fault. `pointer` is RFC 6901, "" for the whole document.

    `code` is stable and for programs: not-json, repeated, unknown, missing, not-a-number,
    not-finite, not-whole, too-small, too-large, not-a-choice, not-a-flag, not-a-list, not-a-date,
    not-by-year, not-a-year, too-many, unsupported-date, out-of-scope, inconsistent,
    not-computable, unavailable, unsupported, refused (an address).
    """

    pointer: str
    code: str
    message: Text
    suggestion: str | None = None
    supported: tuple[str, ...] | None = None


class Faulty(Invalid):
    """An input that cannot be simulated (HTTP 422). It holds every fault, never only the first."""

    def __init__(self, faults: Iterable[Fault]) -> None:
        self.faults = tuple(faults)
        first = self.faults[0]
        super().__init__(first.message.en, parameter=first.pointer.removeprefix("/") or None)


def pointer(*steps: str | int) -> str:
    """The JSON pointer (RFC 6901) of a member."""
    return "".join(f"/{str(step).replace('~', '~0').replace('/', '~1')}" for step in steps)


def nearest(written: str, known: Iterable[str]) -> str | None:
    """The known word that somebody probably meant, if one is near enough."""
    found = process.extractOne(
        written[:100].lower(), list(known), scorer=fuzz.ratio, score_cutoff=LIKENESS
    )
    return found[0] if found else None
