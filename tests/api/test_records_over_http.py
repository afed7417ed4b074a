"""Records over HTTP: the page and the API answer the same question in the same way."""

import json
import re
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from typing import Any

import httpx
import psycopg
import pytest

from catalog import records
from catalog.ingest import EvidenceRow, SourceRow, save_evidence, save_source
from catalog.record_rows import Distribution, RecordRow
from config.settings import Settings

HOSTILE = "<img src=x onerror=alert(1)>"
KINDS = ("https://a.fr/{n}.csv", "CSV")


def row(number: int, **values: Any) -> RecordRow:
    return RecordRow(
        **{"remote_id": f"d{number}", "type": "dataset", "title": f"Cantines de la ville {number}",
           "page_sha256": "a" * 64, "publisher": f"Ville {number % 3}",
           "updated": datetime(2026, 1, 1, tzinfo=UTC) + timedelta(days=number),
           "distributions": (Distribution(f"https://a.fr/{number}.csv", format="CSV"),)} | values
    )  # fmt: skip


def fill(conn: psycopg.Connection[Any]) -> None:
    for source, rows in (
        ("un", [row(n) for n in range(45)]
         + [row(99, title=HOSTILE, description=f"{HOSTILE} [x](javascript:alert(1))", type="service",
                publisher=HOSTILE, keywords=(HOSTILE,), extent=(4.7, 45.5, 5.1, 45.9))]),
        ("deux", [row(3)]),
    ):  # fmt: skip
        save_source(conn, SourceRow(source, source, "P", "L", None, "https://x.fr", "directory"))
        evidence = save_evidence(
            conn, EvidenceRow(source, "r", date(2026, 11, 1), "0" * 64, 1, "https://x.fr/")
        )
        records.save_records(
            conn, rows, source_id=source, evidence_id=evidence, now=datetime.now(UTC), whole=True,
            grace=timedelta(days=30), brake=lambda known, lost: None,
        )  # fmt: skip


@pytest.fixture(scope="module")
def base(site: str, small_france_settings: Settings) -> Iterator[httpx.Client]:
    """The shared site, with records of our own that are taken away again."""
    with psycopg.connect(small_france_settings.database.url) as conn:
        fill(conn)
        conn.commit()
        with httpx.Client(base_url=site, timeout=20) as client:
            yield client
        conn.execute("alter table catalog.record_version disable trigger append_only")
        for table in ("record_version", "record_key", "record_alias", "record"):
            conn.execute(f"delete from catalog.{table}".encode())
        conn.execute("alter table catalog.record_version enable trigger append_only")
        conn.execute("delete from catalog.evidence where source_id in ('un', 'deux')")
        conn.execute("delete from catalog.source where id in ('un', 'deux')")
        conn.commit()


def test_pages_of_the_api_hold_each_record_once(base: httpx.Client) -> None:
    seen: list[int] = []
    cursor: str | None = ""
    while cursor is not None:
        answer = base.get("/api/v1/records", params={"limit": 7, "cursor": cursor}).json()
        seen += [one["id"] for one in answer["records"]]
        cursor = answer["next"]
    assert answer["total"] == 46
    assert len(seen) == len(set(seen)) == 46


def test_facets_sum_to_the_total_and_lead_to_their_count(base: httpx.Client) -> None:
    answer = base.get("/api/v1/records", params={"q": "cantines"}).json()
    assert answer["total"] == 45
    for name in ("type", "publisher", "licence", "source"):
        facet = answer["facets"][name]
        assert (
            sum(one["count"] for one in facet["values"]) + facet["other"] + facet["missing"] == 45
        )
    for one in answer["facets"]["publisher"]["values"]:
        there = base.get(
            "/api/v1/records", params={"q": "cantines", "publisher": one["value"]}
        ).json()
        assert there["total"] == one["count"]


def test_the_page_counts_what_the_api_counts(base: httpx.Client) -> None:
    for query in (
        {},
        {"q": "cantine"},
        {"publisher": "Ville 1"},
        {"q": "xyzzy"},
        {"type": "service"},
    ):
        total = base.get("/api/v1/records", params=query).json()["total"]
        page = base.get("/fr/jeux-de-donnees", params=query).text
        assert re.search(rf'id="results">{total} fiches?<', page), query


@pytest.mark.parametrize(
    ("query", "parameter"),
    [
        ({"bbox": "nan,nan,nan,nan"}, "bbox"), ({"bbox": "-inf,-inf,inf,inf"}, "bbox"), ({"bbox": "1,2,3"}, "bbox"),
        ({"bbox": "0,5,1,4"}, "bbox"), ({"bbox": "1e308,1,1e309,2"}, "bbox"), ({"updated": "hier"}, "updated"),
        ({"updated": "2025-01-01/2024-01-01"}, "updated"), ({"updated": "../.."}, "updated"), ({"type": "map"}, "type"),
        ({"cursor": "1;drop"}, "cursor"), ({"cursor": "9" * 30}, "cursor"), ({"q": "x" * 201}, "q"), ({"limit": "0"}, "limit"),
        ({"source": "../x"}, "source"), ({"nope": "1"}, "nope"),
    ],
)  # fmt: skip
def test_questions_that_cannot_be_understood(
    base: httpx.Client, query: dict[str, str], parameter: str
) -> None:
    answer = base.get("/api/v1/records", params=query)
    assert (answer.status_code, answer.json()["parameter"]) == (400, parameter)


@pytest.mark.parametrize(
    ("query", "total"),
    [({"bbox": "4,45,6,46"}, 1), ({"bbox": "170,-10,-170,10"}, 0), ({"updated": "2026-01-03"}, 1), ({"updated": "2026-02-01/.."}, 15),
     ({"updated": "../2026-01-02"}, 2), ({"limit": "1000000"}, 46), ({"format": "CSV"}, 46), ({"q": "' OR 1=1 --"}, 0), ({"keyword": HOSTILE}, 1)],
)  # fmt: skip
def test_filters(base: httpx.Client, query: dict[str, str], total: int) -> None:
    assert base.get("/api/v1/records", params=query).json()["total"] == total


def test_a_hostile_record_is_text_everywhere(base: httpx.Client) -> None:
    (found,) = base.get("/api/v1/records", params={"type": "service"}).json()["records"]
    assert found["title"] == HOSTILE
    for path in ("/fr/jeux-de-donnees", f"/fr/jeux-de-donnees/{found['id']}", "/fr/jeux-de-donnees?type=service",
                 f"/en/datasets/{found['id']}", "/en/datasets"):  # fmt: skip
        page = base.get(path, params={"q": ""} if "?" not in path else None).text
        assert "<img src=x" not in page
        assert 'href="javascript' not in page
    assert "&lt;img src=x" in base.get(f"/fr/jeux-de-donnees/{found['id']}").text


def test_one_record_says_who_else_describes_it(base: httpx.Client) -> None:
    (found,) = base.get("/api/v1/records", params={"source": "deux"}).json()["records"]
    assert [one["source"] for one in found["same_as"]] == ["un"]
    answer = base.get(f"/api/v1/records/{found['id']}").json()
    assert answer["record"] == found
    assert answer["licence"]
    page = base.get(f"/fr/jeux-de-donnees/{found['id']}").text
    assert "La même chose sur d’autres portails" in page
    assert "Site indépendant" in page


@pytest.mark.parametrize("record", ["0", "999999999999", "x", "-1", "1e3", "٣", "9" * 40])
def test_a_record_that_does_not_exist(base: httpx.Client, record: str) -> None:
    for path in (f"/api/v1/records/{record}", f"/fr/jeux-de-donnees/{record}"):
        assert base.get(path).status_code == 404


def test_an_empty_hub_says_that_nothing_was_read(site: str, base: httpx.Client) -> None:
    page = base.get("/fr/jeux-de-donnees", params={"q": "xyzzy"}).text
    assert "Aucune fiche ne correspond" in page


def test_the_answer_is_json_of_its_schema(base: httpx.Client) -> None:
    document = base.get("/api/v1/openapi.json").json()
    schema = document["components"]["schemas"]["RecordEntry"]
    (one, *_) = base.get("/api/v1/records", params={"limit": 1}).json()["records"]
    assert set(one) == set(schema["properties"])
    assert json.dumps(one)
