"""The moderators' queue with 100,000 contributions waiting: each of its pages in under 100 ms.

    python -P tests/benchmarks/moderation_queue.py BASE_URL

Over the database of the running site (GUICHET_VAR or GUICHET_DATABASE_URL as it has them): 130,000
contributions of 5,000 people on its communes are put beside what is there, of which 100,000 wait
and more are held apart or decided, and a moderator's account logs in. Both are removed at the end.

The peer is the same page when nothing waits (the tab « asked », empty): what a page costs without a
queue. Rounds alternate, so that what else the machine does weighs on both.
"""

import re
import secrets
import statistics
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import httpx
import psycopg

from catalog.database import address
from config.settings import load
from crowd import accounts
from crowd.accounts import Role

ROUNDS, GOAL_MS = 20, 100
EMAIL, MARK = "banc-d-essai@moderation.example", "BENCH"
FILL = """
with voices as (
  insert into crowd.voice select from generate_series(1, 5000) returning id
), numbered as (select id, row_number() over () as n from voices),
places as (select number, row_number() over () as n from catalog.commune where valid_to is null)
insert into crowd.contribution
  (reference, once, token_hash, voice_id, speaker, language, kind, commune_number, service, claim,
   print, before, state, why)
select %(mark)s || i, sha256(convert_to(%(mark)s || i, 'utf8')),
       sha256(convert_to(%(mark)s || -i, 'utf8')), v.id, 'resident', 'fr', 'exists', p.number,
       (array['nursery', 'canteen', 'library', 'cemetery'])[1 + i %% 4],
       '{"kind": "exists", "url": "https://banc-d-essai.example/"}', %(mark)s || i,
       '{"state": 0}',
       case when i <= 100000 then 'waiting' when i <= 115000 then 'held' else 'accepted' end,
       '["alone"]'
from   generate_series(1::bigint, 130000) as i
join   numbered v on v.n = 1 + i %% 5000
join   places p on p.n = 1 + i %% (select count(*) from places)
"""


@contextmanager
def full_queue(conn: psycopg.Connection[Any]) -> Iterator[None]:
    try:
        conn.execute(FILL, {"mark": MARK})
        conn.execute("analyze crowd.contribution")
        yield
    finally:
        voices = conn.execute(
            "select distinct voice_id from crowd.contribution where reference like %s || '%%'",
            (MARK,),
        ).fetchall()
        conn.execute("delete from crowd.contribution where reference like %s || '%%'", (MARK,))
        conn.execute("delete from crowd.voice where id = any(%s)", ([one[0] for one in voices],))
        conn.execute("vacuum analyze crowd.contribution")


@contextmanager
def moderator(conn: psycopg.Connection[Any], base: str) -> Iterator[httpx.Client]:
    word = secrets.token_urlsafe(24)
    number = accounts.add(conn, EMAIL, Role.MODERATOR, word)
    try:
        with httpx.Client(base_url=base, headers={"Origin": base}, timeout=60) as client:
            page = client.get("/fr/connexion").text
            token = re.search(r'name="jeton" value="([^"]*)"', page)
            sent = {"jeton": token[1] if token else "", "email": EMAIL, "password": word}
            if client.post("/fr/connexion", data=sent).status_code != 303:
                raise SystemExit("The account of the benchmark cannot log in.")
            yield client
    finally:
        conn.execute("delete from crowd.session where account_id = %s", (number,))
        conn.execute("delete from crowd.account where id = %s", (number,))


def milliseconds(client: httpx.Client, path: str) -> float:
    began = time.perf_counter()
    answer = client.get(path)
    spent = (time.perf_counter() - began) * 1000
    if answer.status_code != 200:
        raise SystemExit(f"{path}: {answer.status_code}")
    return spent


def main(base: str) -> int:
    with (
        psycopg.connect(address.conninfo(load()), autocommit=True) as conn,
        full_queue(conn),
        moderator(conn, base) as client,
    ):
        row = conn.execute(
            "select count(*), max(id), (array_agg(id order by id))[50000] "
            "from crowd.contribution where state = 'waiting'"
        ).fetchone()
        assert row is not None
        waiting, last, middle = row
        paths = {
            "first page": "/fr/moderation",
            "page in the middle": f"/fr/moderation?apres={middle}",
            "last page": f"/fr/moderation?apres={last - 51}",
            "held apart": "/fr/moderation?etat=held",
            "one case": f"/fr/moderation/cas/{middle}",
        }
        empty = "/fr/moderation?etat=asked"
        for path in (empty, *paths.values()):
            milliseconds(client, path)  # templates and plans are warm
        spent: dict[str, list[float]] = {name: [] for name in paths}
        peer = []
        for _ in range(ROUNDS):
            peer.append(milliseconds(client, empty))
            for name, path in paths.items():
                spent[name].append(milliseconds(client, path))
    without = statistics.median(peer)
    print(f"{waiting} wait; the page of an empty queue: {without:.0f} ms")
    missed = False
    for name, values in spent.items():
        median = statistics.median(values)
        missed |= median >= GOAL_MS
        print(f"{'met   ' if median < GOAL_MS else 'MISSED'} {name}: {median:.0f} ms "
              f"(goal {GOAL_MS}), {median / without:.1f} times the empty one")  # fmt: skip
    return int(missed)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1].rstrip("/")))
