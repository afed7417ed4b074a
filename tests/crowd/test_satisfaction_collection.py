"""The OGC collection says what the page, the CSV and the API say: n, interval, threshold."""

import csv
import io
from typing import Any

import psycopg
import pytest

from crowd import ratings

CASES = {"none": (), "few": (0, 0, 0, 2, 7), "enough": (1, 0, 0, 3, 6), "all": (0, 0, 0, 0, 40),
         "nobody": (25, 5, 3, 0, 0)}  # fmt: skip


@pytest.fixture
def rated(france_site: Any) -> Any:
    with psycopg.connect(france_site.site.settings.database.url) as conn:
        for id_, counts in CASES.items():
            conn.execute(
                "insert into crowd.procedure (id, kind, name, owner) values (%s, 'registered', %s, 'x')",
                [id_, id_],
            )
            for level, n in enumerate(counts, start=1):
                conn.execute(
                    "insert into crowd.face_day values (%s, current_date, %s, %s)", [id_, level, n]
                )
        conn.execute(
            "insert into crowd.face (once, procedure_id, level, channel, held) "
            "values ('x', 'few', 1, 'page', 'network')"
        )
        conn.execute(
            "insert into crowd.procedure (id, kind, name, owner, hidden_at, hidden_why) "
            "values ('hidden', 'registered', 'h', 'x', now(), 'abuse')"
        )
        conn.execute(
            "insert into crowd.procedure (id, kind, name, owner, verified_at, verified_commune) "
            "select 'town', 'registered', 'town', 'x', now(), number from catalog.commune "
            "where code = '69143'"
        )
    return france_site


async def test_it_says_what_ratings_says(rated: Any) -> None:
    page = (await rated.browser.get("/ogc/collections/satisfaction/items?f=json&limit=100")).json()
    items = {one["id"]: one["properties"] for one in page["features"]}
    assert page["numberMatched"] == len(items) == len(CASES) + 1
    threshold = rated.site.settings.voices.threshold
    for id_, counts in CASES.items():
        expected = ratings.rate(dict(enumerate(counts, start=1)), int(id_ == "few"), threshold)
        told = items[id_]
        assert (told["n"], told["held"]) == (expected.n, expected.held), id_
        if expected.interval is None:
            assert told["share_satisfied"] is told["wilson95_low"] is told["level_5"] is None, id_
        else:
            low, high = expected.interval.low, expected.interval.high
            assert told["share_satisfied"] == pytest.approx(expected.share)
            assert (told["wilson95_low"], told["wilson95_high"]) == (
                pytest.approx(low), pytest.approx(high)
            ), id_  # fmt: skip
            assert [told[f"level_{level}"] for level in ratings.LEVELS] == list(counts)
    table = (await rated.browser.get("/fr/satisfaction.csv")).content.decode("utf-8-sig")
    lines = {one["id"]: one for one in csv.DictReader(io.StringIO(table))}
    for id_, line in lines.items():
        share = items[id_]["share_satisfied"]
        assert line["n"] == str(items[id_]["n"])
        assert line["share_satisfied"] == ("" if share is None else str(round(float(share), 4)))


async def test_hidden_ones_are_not_there_and_a_commune_has_a_point(rated: Any) -> None:
    items = "/ogc/collections/satisfaction/items"
    assert (await rated.browser.get(f"{items}/hidden?f=json")).status_code == 404
    town = (await rated.browser.get(f"{items}/town?f=json")).json()
    assert town["geometry"]["type"] == "Point"
    assert town["properties"]["verified_at"]
    none = (await rated.browser.get(f"{items}/none?f=json")).json()
    assert none["geometry"] is None
    asked = (await rated.browser.get(f"{items}?f=json&filter=n>=30")).json()
    assert {one["id"] for one in asked["features"]} == {"all", "nobody"}
    # What is hidden below the threshold cannot be guessed by asking for it.
    for guess in ("share_satisfied>0.5", "level_5=7"):
        assert (await rated.browser.get(f"{items}?f=json&filter={guess}")).status_code == 400
