"""Software editors and public platforms, recognised by the address of their doors.

Their list is `editors.toml`. Discovery follows their doors; « est-ce officiel ? » names them.
"""

import re
import tomllib
from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any
from urllib.parse import unquote, urlsplit

from catalog.naming import fold
from catalog.referential import current
from config.errors import Invalid

FILE = Path(__file__).with_name("editors.toml")


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
def editors() -> tuple[Editor, ...]:
    """The editors. Raises Invalid naming what is wrong in their file."""
    raw: dict[str, Any] = tomllib.loads(FILE.read_text(encoding="utf-8"))
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
