"""The lexicon, read once from its TOML file."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path

from catalog.naming import fold
from catalog.referential import current
from config.errors import Invalid

FOLDER = Path(__file__).parent


@dataclass(frozen=True, slots=True)
class Phrases:
    """Phrases that are looked for whole in folded text."""

    pattern: re.Pattern[str] | None

    @classmethod
    def of(cls, phrases: Iterable[str]) -> "Phrases":
        """A phrase is whole words; `inscri*` goes on to the end of its word."""
        parts = []
        for phrase in phrases:
            text = phrase.replace("*", "zzz")
            folded = fold(text).replace("zzz", "*")
            parts.append(re.escape(folded).replace(r"\*", r"\w*").replace(r"\ ", " "))
        if not parts:
            return cls(None)
        return cls(
            re.compile(rf"(?<!\w)(?:{'|'.join(sorted(parts, key=len, reverse=True))})(?!\w)")
        )

    def find(self, text: str) -> str | None:
        """The first phrase that is found."""
        found = self.pattern.search(text) if self.pattern else None
        return found[0] if found else None

    def __contains__(self, text: str) -> bool:
        raise TypeError("ask with `find`: a phrase is looked for in a text")


@dataclass(frozen=True, slots=True)
class Subject:
    """The words of one service: what speaks of it, also only in a title, and what is not it."""

    service: str
    said: Phrases
    titled: Phrases
    excluded: Phrases
    documents: Phrases  # what it also gives to download, besides forms


@dataclass(frozen=True, slots=True)
class Lexicon:
    general: Mapping[str, Phrases]
    subjects: tuple[Subject, ...]


@cache
def lexicon() -> Lexicon:
    """The words. Raises Invalid for a service that the referential does not have."""
    raw = tomllib.loads((FOLDER / "lexicon.toml").read_text(encoding="utf-8"))
    unknown = raw["services"].keys() - current().services.keys()
    if unknown:
        raise Invalid(f"lexicon.toml speaks of unknown services: {', '.join(sorted(unknown))}.")
    return Lexicon(
        {name: Phrases.of(phrases) for name, phrases in raw["general"].items()},
        tuple(
            Subject(
                service, Phrases.of(one["subject"]),
                Phrases.of([*one["subject"], *one.get("page", ())]),
                Phrases.of(one.get("not", ())), Phrases.of(one.get("document", ())),
            )
            for service, one in raw["services"].items()
        ),
    )  # fmt: skip
