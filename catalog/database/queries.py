"""Questions to the database are files: `<package>/sql/<name>.sql`, read once."""

import re
from functools import cache
from pathlib import Path

from config.errors import NotFound

ROOT = Path(__file__).resolve().parents[2]
NAME = re.compile(r"[a-z][a-z0-9_]*\Z")


@cache
def query(package: str, name: str) -> str:
    """Text of `<package>/sql/<name>.sql`, one statement for psycopg.

    Parameters are written `%(name)s::type` and a literal percent sign `%%`.
    Raises NotFound when there is no such file.
    """
    if not (NAME.match(package) and NAME.match(name)):
        raise NotFound(f"There is no question called {package}/{name}.")
    path = ROOT / package / "sql" / f"{name}.sql"
    try:
        return path.read_text(encoding="utf-8")
    except FileNotFoundError:
        raise NotFound(f"There is no file {package}/sql/{name}.sql.") from None
