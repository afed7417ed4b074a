"""A walk through a collection while another client inserts, changes and deletes.

What was there from the beginning to the end is given once, neither twice nor never, whatever
comes and goes meanwhile; and the total is true on every page.
"""

import random
import threading
import time

import httpx
import psycopg
import pytest

ADD = """
insert into catalog.office (source_id, remote_id, kind, name, commune_number, timezone, point,
                            fingerprint, evidence_id, observed_at)
select source_id, %(key)s, kind, name || ' (test)', commune_number, timezone, point, %(key)s,
       evidence_id, observed_at
from   catalog.office
order  by random() limit 3
"""


@pytest.fixture(scope="module")
def moving(copied_france, serve):
    """(base URL, conninfo) of a server over a small_france of its own, which may be written."""
    with copied_france() as here, serve(here) as base:
        yield base, here.database.url


class Writer(threading.Thread):
    """Inserts, renames, withdraws and deletes offices of its own, until told to stop."""

    def __init__(self, conninfo):
        super().__init__()
        self.conninfo, self.stopped, self.writes = conninfo, threading.Event(), 0
        self.failure = None

    def run(self):
        chance = random.Random(7)
        try:
            with psycopg.connect(self.conninfo, autocommit=True) as conn:
                while not self.stopped.is_set():
                    self.writes += 1
                    conn.execute(ADD.replace("%(key)s", f"'{self.writes}-' || id::text"))
                    conn.execute(
                        "update catalog.office set name = name || '.' where name like '%(test)%'"
                    )
                    act = chance.choice(("delete", "withdraw", "neither"))
                    if act == "delete":
                        conn.execute("delete from catalog.office where name like '%(test)%'")
                    elif act == "withdraw":
                        conn.execute(
                            "update catalog.office set withdrawn_at = now() "
                            "where name like '%(test)%' and withdrawn_at is null"
                        )
        except Exception as error:
            self.failure = error


@pytest.mark.parametrize("order", [None, "name", "-name,kind"])
def test_what_stays_is_given_once(moving, order):
    base, conninfo = moving
    with psycopg.connect(conninfo, autocommit=True) as conn:
        conn.execute("delete from catalog.office where name like '%(test)%'")
        stays = {str(row[0]) for row in conn.execute(
            "select id from catalog.pub_office")}  # fmt: skip
    writer = Writer(conninfo)
    writer.start()
    found, walks = [], 0
    try:
        with httpx.Client(timeout=20) as client:
            end = time.monotonic() + 20
            while walks < 3 and time.monotonic() < end:
                seen = []
                url = f"{base}/ogc/collections/offices/items?limit=5&skipGeometry=true"
                url += f"&sortby={order}" if order else ""
                while url:
                    body = client.get(url).json()
                    seen += [one["id"] for one in body["features"]]
                    nexts = [one["href"] for one in body["links"] if one["rel"] == "next"]
                    url = nexts[0] if nexts else None
                found.append(seen)
                walks += 1
    finally:
        writer.stopped.set()
        writer.join(20)
    assert writer.failure is None
    assert writer.writes > 5, "nothing moved: the test proves nothing"
    assert walks >= 1
    for seen in found:
        # One that is renamed behind the walk, and so moves ahead of it, may come again: only when
        # the order is by what the writer changes, and only its own.
        fixed = [one for one in seen if order is None or one in stays]
        assert len(fixed) == len(set(fixed)), "an item was given twice"
        assert stays <= set(seen), "an item that never moved was not given"


def test_the_total_is_true_through_everything_that_moves(moving):
    base, conninfo = moving
    url = f"{base}/ogc/collections/offices/items?limit=1"

    def told():
        return httpx.get(url).json()["numberMatched"]

    with psycopg.connect(conninfo, autocommit=True) as conn:

        def counted():
            return conn.execute("select count(*) from catalog.pub_office").fetchone()[0]

        assert told() == counted()
        for statement in (
            ADD.replace("%(key)s", "'t-' || id::text"),
            "update catalog.office set withdrawn_at = now() where name like '%(test)%'",
            "update catalog.office set withdrawn_at = null where name like '%(test)%'",
            "update catalog.office set name = name",
            "delete from catalog.office where name like '%(test)%'",
        ):
            conn.execute(statement)
            assert told() == counted(), statement
        with conn.transaction(force_rollback=True):
            conn.execute(ADD.replace("%(key)s", "'u-' || id::text"))
        assert told() == counted()


def test_an_edit_shows_at_once_and_changes_the_tag(moving):
    base, conninfo = moving
    with psycopg.connect(conninfo, autocommit=True) as conn:
        id, name = conn.execute(
            "select id, name from catalog.pub_office order by id limit 1"
        ).fetchone()
        url = f"{base}/ogc/collections/offices/items/{id}"
        before = httpx.get(url)
        assert before.json()["properties"]["name"] == name
        same = httpx.get(url, headers={"If-None-Match": before.headers["Etag"]})
        assert same.status_code == 304
        conn.execute("update catalog.office set name = %s where id = %s", ("Autre nom", id))
        try:
            after = httpx.get(url, headers={"If-None-Match": before.headers["Etag"]})
            assert after.status_code == 200
            assert after.json()["properties"]["name"] == "Autre nom"
        finally:
            conn.execute("update catalog.office set name = %s where id = %s", (name, id))
