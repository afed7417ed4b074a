"""The kinds of office: one declared list, with their names in both languages."""

import tomllib
from collections.abc import Mapping
from functools import cache
from pathlib import Path

FILE = Path(__file__).with_name("office_kinds.toml")


@cache
def office_kinds() -> Mapping[str, Mapping[str, str]]:
    """Kind -> language -> name, in the order of display."""
    found: dict[str, dict[str, str]] = tomllib.loads(FILE.read_text(encoding="utf-8"))
    return found


def kind_name(kind: str, language: str) -> str:
    """The name of a kind for people; a kind that left the list is shown as it is stored."""
    names = office_kinds().get(kind)
    return kind if names is None else names[language]
