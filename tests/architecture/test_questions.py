"""The database proofreads our SQL: every file is one statement that it can plan."""

import re
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from pathlib import Path

import psycopg
import pytest

from config.settings import Settings

ROOT = Path(__file__).resolve().parents[2]
FILES = sorted(ROOT.glob("*/sql/*.sql"))
PARAMETER = re.compile(r"%\((\w+)\)s")
UNCAST = re.compile(r"%\(\w+\)s(?!\s*::)")
QUOTED = re.compile(r"'[^']*'")
# What EXPLAIN cannot plan, because it is not a question but an action on the schema.
ACTION = re.compile(
    r"^\s*(create|analyze|truncate|vacuum|cluster|copy|set|lock|drop|alter)\b", re.I
)


def body(path: Path) -> str:
    """The statement without its leading comment."""
    lines = path.read_text(encoding="utf-8").splitlines()
    return "\n".join(line for line in lines if not line.lstrip().startswith("--")).strip()


@pytest.mark.parametrize("path", FILES, ids=lambda path: str(path.relative_to(ROOT)))
def test_a_question_says_what_it_means(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    assert text.lstrip().startswith("--"), "say what the answer, and an empty answer, mean"
    assert not UNCAST.search(body(path)), "a parameter carries its cast: %(name)s::type"
    assert ";" not in QUOTED.sub("", body(path)).rstrip(";"), "one statement in a file"


@pytest.fixture(scope="module")
def planner(
    fresh_database: Callable[[], AbstractContextManager[str]],
) -> Iterator[psycopg.Connection]:
    """One connection to the migrated template's twin for all files: nothing is written."""
    with fresh_database() as conninfo, psycopg.connect(conninfo) as conn:
        yield conn


@pytest.mark.parametrize(
    "path",
    [path for path in FILES if not ACTION.match(body(path))],
    ids=lambda path: str(path.relative_to(ROOT)),
)
def test_the_database_understands(planner: psycopg.Connection, path: Path) -> None:
    statement = path.read_text(encoding="utf-8")
    with planner.transaction(force_rollback=True):
        for table in temporary_tables(path.parent):
            planner.execute(table.encode())
        planner.execute(
            b"explain " + statement.encode(), dict.fromkeys(PARAMETER.findall(statement))
        )


def temporary_tables(folder: Path) -> list[str]:
    """The `create temporary table` files of the same package: others may read those tables."""
    return [
        path.read_text(encoding="utf-8")
        for path in sorted(folder.glob("*.sql"))
        if re.match(r"create\s+(temp|temporary)\s+table", body(path), re.I)
    ]


def test_the_questions_are_found(settings: Settings) -> None:
    assert FILES, "the tests above would pass on nothing"
