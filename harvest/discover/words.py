"""The lexicon and the editors, read once from their TOML files."""

import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

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


@dataclass(frozen=True, slots=True)
class Editor:
    """A software editor or platform, recognised by the address of its doors."""

    id: str
    name: str
    hosts: tuple[str, ...]
    services: tuple[str, ...] = ()
    paths: tuple[str, ...] = ()
    of: str | None = None
    national: bool = False

    def serves(self, url: str) -> bool:
        parts = urlsplit(url)
        host = (parts.hostname or "").lower()
        return any(
            host == one or (one.startswith(".") and host.endswith(one)) for one in self.hosts
        ) and (not self.paths or parts.path.startswith(self.paths))

    def customer(self, url: str) -> str:
        """The name of the customer in an address, folded; empty: the address names none."""
        if self.of is None:
            return ""
        parts = urlsplit(url)
        found = re.search(self.of, f"{parts.hostname or ''}{unquote(parts.path)}", re.IGNORECASE)
        return fold(found[1]) if found else ""


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


@cache
def editors() -> tuple[Editor, ...]:
    """The editors. Raises Invalid naming what is wrong in their file."""
    raw: dict[str, Any] = tomllib.loads((FOLDER / "editors.toml").read_text(encoding="utf-8"))
    found = []
    for one in raw["editors"]:
        given: dict[str, Any] = {
            key: tuple(value) if isinstance(value, list) else value for key, value in one.items()
        }
        editor = Editor(**given)
        if set(editor.services) - current().services.keys():
            raise Invalid(f"editors.toml: {editor.id} serves unknown services.")
        if editor.of is not None:
            re.compile(editor.of)
        found.append(editor)
    return tuple(found)


def editor_of(url: str) -> Editor | None:
    return next((one for one in editors() if one.serves(url)), None)
