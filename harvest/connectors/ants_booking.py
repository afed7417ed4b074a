"""Booking connectors for identity documents: PyPI `hubrdvmairie`, published by ANTS.

Until 2.33.0 the hub's code lists the connectors as `Editor(slug, name, api_url, ...)` calls in
`hubrdvmairie/models/editor.py`. The file is parsed, never run. A connector that is one commune
(the `communes` table of the source file) proves that this commune books these appointments
online, with a confirmation: attributes online_request and receipt, level 3. A connector that
serves many town halls says nothing about any one of them. A connector that leaves the list is
a withdrawal.
"""

import ast
import zipfile
import zlib
from dataclasses import dataclass
from pathlib import Path

from config.errors import Invalid
from harvest.source_files import SourceFile

MEMBER = "hubrdvmairie/models/editor.py"


@dataclass(frozen=True, slots=True)
class Connector:
    """One line of the register, word for word."""

    slug: str
    name: str
    api_url: str | None


def read(file: Path) -> tuple[Connector, ...]:
    """The connectors that one release lists. Raises Invalid when it lists none."""
    try:
        with zipfile.ZipFile(file) as wheel:
            tree = ast.parse(wheel.read(MEMBER))
    except (KeyError, EOFError, ValueError, zlib.error, zipfile.BadZipFile, SyntaxError) as error:
        raise Invalid(f"{file.name} is not a release of hubrdvmairie: {error!r}") from error
    found = [
        _connector(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and isinstance(node.func, ast.Name)
        and node.func.id == "Editor"
        and len(node.args) >= 3
    ]
    if not found:
        raise Invalid(f"{file.name} lists no connector: its form has changed.")
    return tuple(found)


def _connector(call: ast.Call) -> Connector:
    texts = [
        argument.value
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
        else None
        for argument in call.args[:3]
    ]
    slug, name, address = texts
    if slug is None or name is None:
        raise Invalid("A connector has no constant name: the form of the register has changed.")
    return Connector(slug, name, address)


def of_communes(source: SourceFile, connectors: tuple[Connector, ...]) -> dict[str, Connector]:
    """The connectors that are one commune, by the commune's code."""
    return {
        source.communes[connector.slug].code: connector
        for connector in connectors
        if connector.slug in source.communes
    }
