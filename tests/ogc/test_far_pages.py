"""A page far from the first costs what the first costs: it reads its own rows only."""

import json

import psycopg

from catalog.collections import COMMUNES
from catalog.items import Question, statement

MANY = """
insert into catalog.commune (number, code, name, search_name, departement_code, region_code,
                             timezone, fingerprint)
select 1000 + nth, 'far-' || nth, 'Far', 'far', departement_code, region_code, timezone, 'far'
from   generate_series(1, 30000) nth,
       (select departement_code, region_code, timezone from catalog.commune limit 1) one
"""
OUTLINED = """
insert into catalog.commune_outline
select 1000 + nth, geometry, geometry_3857, centre, area_km2, fingerprint
from   generate_series(1, 30000) nth, (select * from catalog.commune_outline limit 1) one
"""


def read(plan: dict) -> int:
    """How many rows the scans of a plan gave and threw away."""
    inner = sum(read(each) for each in plan.get("Plans", []))
    if "Scan" not in plan["Node Type"]:
        return inner
    thrown = plan.get("Rows Removed by Filter", 0)
    return inner + (plan["Actual Rows"] + thrown) * plan["Actual Loops"]


def test_a_page_far_from_the_first_reads_its_own_rows(small_france: str) -> None:
    with psycopg.connect(small_france) as conn:
        conn.execute(MANY)
        conn.execute(OUTLINED)
        conn.execute("analyze catalog.commune")
        conn.execute("analyze catalog.commune_outline")
        context = {"geography": "", "services": [], "full_levels": [], "origin": ""}
        question = Question(of=COMMUNES, context=context, limit=100, after=(20_000,))
        asked = statement(question, "feature")
        explain = b"explain (analyze, format json) "
        (found,) = conn.execute(explain + asked.sql, asked.parameters).fetchone()
        rows = conn.execute(asked.sql, asked.parameters).fetchall()
        conn.rollback()
    assert [json.loads(row[0])["properties"]["number"] for row in rows] == [
        *range(20_001, 20_102)  # one more tells that there is a next page
    ]
    assert read(found[0]["Plan"]) < 1_000
