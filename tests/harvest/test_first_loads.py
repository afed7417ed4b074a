"""Several sources fill an empty catalogue at once: none waits for another for ever."""

import threading
from dataclasses import replace
from typing import Any

import psycopg

from catalog import bulk


def test_first_lists_of_several_sources_at_once_are_all_read(desk: Any) -> None:
    """Met on the real lists: each saw the table empty, and took away the indexes of the others."""
    ready = threading.Barrier(4)
    errors: list[BaseException] = []

    def one(number: int) -> None:
        try:
            with psycopg.connect(desk.settings.database.url) as conn:
                mine = replace(desk, conn=conn, source_id=f"source-{number}")
                rows = mine.rows(*range(number * 300, number * 300 + 300))
                ready.wait(30)
                mine.lists(1, rows)
        except BaseException as error:
            errors.append(error)

    threads = [threading.Thread(target=one, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(120)
    assert errors == []
    assert desk.ask("select count(*), count(distinct source_id) from catalog.office") == [(1200, 4)]
    indexes = {
        name for (name,) in desk.ask("select indexname from pg_indexes where tablename = 'office'")
    }
    assert {"ix_office_point", "ix_office_commune_number"} <= indexes


def test_a_table_that_somebody_uses_keeps_its_indexes(desk: Any) -> None:
    question = (
        "select count(*) from pg_indexes where schemaname = 'catalog' and tablename = 'office'"
    )
    before = desk.ask(question)
    desk.conn.commit()
    with psycopg.connect(desk.settings.database.url) as other:
        other.execute("select count(*) from catalog.evidence")  # a reference of offices
        with bulk.first_load(desk.conn, "catalog.office"):
            assert desk.ask(question) == before, "and it did not wait"
    desk.conn.rollback()
    with bulk.first_load(desk.conn, "catalog.office"):
        assert desk.ask(question) < before
    assert desk.ask(question) == before
