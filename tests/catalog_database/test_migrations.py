"""The schema: what migrations make is what tables.py says, and history cannot be rewritten."""

import threading
from pathlib import Path

import psycopg
import pytest
from procrastinate.schema import SchemaManager
from psycopg import errors, sql

from catalog.database import migrate, queries
from config.errors import Conflict, NotFound, Unavailable
from config.settings import Settings

APPEND_ONLY = ("observation", "office_version", "record_version")


def test_tables_py_and_the_migrations_make_the_same_schema(database_settings: Settings) -> None:
    assert migrate.drift(database_settings) == []


def test_migrating_again_changes_nothing(database_settings: Settings) -> None:
    assert migrate.current(database_settings) == migrate.expected()
    assert migrate.upgrade(database_settings) is False


def test_a_newer_database_is_refused_with_what_to_do(
    database_settings: Settings, database: str
) -> None:
    with psycopg.connect(database) as conn:
        conn.execute("update catalog.alembic_version set version_num = '9999'")
    with pytest.raises(Conflict, match=r"9999.*Update the code"):
        migrate.upgrade(database_settings)


def test_two_migrations_at_once_take_turns(settings: Settings, database: str) -> None:
    """On an empty database: one of the two migrates, the other finds nothing to do."""
    name = psycopg.conninfo.conninfo_to_dict(database)["dbname"] + "_empty"
    with psycopg.connect(database, autocommit=True) as conn:
        conn.execute(sql.SQL("create database {}").format(sql.Identifier(str(name))))
    url = psycopg.conninfo.make_conninfo(database, dbname=name)
    here = settings.model_copy(
        update={"database": settings.database.model_copy(update={"url": url})}
    )
    changed: list[bool | BaseException] = []

    def run() -> None:
        try:
            changed.append(migrate.upgrade(here))
        except BaseException as error:
            changed.append(error)

    threads = [threading.Thread(target=run) for _ in range(3)]
    try:
        for thread in threads:
            thread.start()
        for thread in threads:
            thread.join(60)
        assert sorted(changed, key=str) == [False, False, True]
        assert migrate.current(here) == migrate.expected()
    finally:
        with psycopg.connect(database, autocommit=True) as conn:
            drop = sql.SQL("drop database {} with (force)")
            conn.execute(drop.format(sql.Identifier(str(name))))


def test_a_failed_migration_leaves_nothing(
    settings: Settings, database: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """One transaction: when the second migration breaks, the first is undone with it."""
    from alembic import command

    with psycopg.connect(database, autocommit=True) as conn:
        for schema in ("catalog", "harvest", "tiles", "crowd", "simulators", "procrastinate"):
            conn.execute(sql.SQL("drop schema {} cascade").format(sql.Identifier(schema)))
    here = settings.model_copy(
        update={"database": settings.database.model_copy(update={"url": database})}
    )
    real = command.upgrade

    def broken(config: object, revision: str) -> None:
        real(config, revision)  # type: ignore[arg-type]
        raise RuntimeError("power cut")

    monkeypatch.setattr(command, "upgrade", broken)
    with pytest.raises(RuntimeError, match="power cut"):
        migrate.upgrade(here)
    assert migrate.current(here) is None
    monkeypatch.undo()
    assert migrate.upgrade(here) is True


@pytest.mark.parametrize("table", APPEND_ONLY)
@pytest.mark.parametrize(
    "statement",
    ["update catalog.{t} set id = id", "delete from catalog.{t}", "truncate catalog.{t}"],
)
def test_history_is_append_only(conn: psycopg.Connection, table: str, statement: str) -> None:
    with pytest.raises(errors.IntegrityConstraintViolation, match="append-only"):
        conn.execute(statement.format(t=table))


def test_the_frozen_job_queue_is_the_installed_one() -> None:
    frozen = Path(migrate.MIGRATIONS) / "procrastinate_3_10_0.sql"
    assert frozen.read_text(encoding="utf-8") == SchemaManager.get_schema(), (
        "procrastinate changed its schema: add its migration as a new file of versions/"
    )


def test_a_database_that_is_away_says_what_to_do(settings: Settings, tmp_path: Path) -> None:
    lost = settings.model_copy(
        update={
            "database": settings.database.model_copy(update={"url": f"host={tmp_path} dbname=x"})
        }
    )
    with pytest.raises(Unavailable, match="GUICHET_DATABASE_URL"):
        migrate.upgrade(lost)


def test_unknown_questions_are_refused() -> None:
    with pytest.raises(NotFound):
        queries.query("catalog", "no_such_question")
    with pytest.raises(NotFound):
        queries.query("catalog", "../../pyproject")
