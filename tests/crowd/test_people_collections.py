"""`/ogc/collections`: what people brought, once public, and nothing of who; merged offices."""

from typing import Any

import psycopg
import pytest

CODE = "69143"
FORMATS = ("json", "html", "jsonfg", "jsonld", "csv", "geojsonseq", "fgb", "parquet")
SECRET = "Madame Secrète, 06 12 34 56 78"


@pytest.fixture
def write(france_site: Any) -> Any:
    """A function: write to this test's own database."""

    def done(statement: str, *values: Any) -> list[tuple[Any, ...]]:
        with psycopg.connect(france_site.site.settings.database.url) as conn:
            cursor = conn.execute(statement, values)  # type: ignore[arg-type]
            return cursor.fetchall() if cursor.description else []

    return done


@pytest.fixture
def difficulties(write: Any) -> None:
    """One of each state, of a commune's services and of this site."""
    write(
        "insert into crowd.procedure (id, kind, name, owner) values "
        "('commune-69143', 'commune', 'Neuville', 'Neuville') on conflict do nothing"
    )
    write("insert into crowd.procedure (id, kind, name, owner) "
          "values ('guichet', 'site', 'Guichet', 'Guichet') on conflict do nothing")  # fmt: skip
    for n, (procedure, state) in enumerate(
        (one, state)
        for one in ("commune-69143", "guichet") for state in ("new", "held", "seen", "done")
    ):  # fmt: skip
        write(
            "insert into crowd.difficulty (reference, once, procedure_id, kind, page, screen, "
            "language, comment, scrubbed, channel, state, at) values "
            "(%s, %s, %s, 'broken', %s, %s, 'fr', %s, '{}', 'page', %s, '2026-03-01 23:30+00')",
            f"REF-{n}", bytes([n]), procedure, f"/fr/suivi/jeton-{n}", SECRET, SECRET, state,
        )  # fmt: skip


async def items(site: Any, collection: str, **params: str) -> Any:
    answer = await site.browser.get(f"/ogc/collections/{collection}/items", params=params)
    assert answer.status_code == 200, answer.text
    return answer.json()


async def test_difficulties_are_public_once_they_are_read(
    france_site: Any, difficulties: None
) -> None:
    page = await items(france_site, "difficulties")
    assert page["numberMatched"] == 4
    assert {one["properties"]["state"] for one in page["features"]} == {"seen", "done"}
    first = page["features"][0]["properties"]
    assert set(first) == {
        "id", "kind", "procedure", "commune", "channel", "state", "reported_on",
    }  # fmt: skip
    assert first["reported_on"] == "2026-03-02"  # the day in Paris, never the instant
    placed = {one["properties"]["procedure"]: one["geometry"] for one in page["features"]}
    assert placed["guichet"] is None
    assert placed["commune-69143"]["type"] == "Point"
    found = await items(france_site, "difficulties", commune=CODE, state="done")
    assert found["numberMatched"] == 1
    hidden = await france_site.browser.get("/ogc/collections/difficulties/items/1")
    assert hidden.status_code == 404, "C31: its number opens nothing before it is read"


@pytest.mark.parametrize("format", FORMATS)
async def test_no_difficulty_says_words_or_pages(
    france_site: Any, difficulties: None, format: str
) -> None:
    for path in ("items", "items/3", "queryables", ""):
        if path != "items" and format not in ("json", "html"):
            continue
        answer = await france_site.browser.get(
            f"/ogc/collections/difficulties/{path}".rstrip("/"), params={"f": format}
        )
        assert answer.status_code == 200, answer.text
        for secret in ("Secrète", "06 12", "jeton-", "REF-"):
            assert secret.encode() not in answer.content, (path, secret)


async def test_a_merged_office_leads_to_the_one_that_it_is(france_site: Any, write: Any) -> None:
    (old,), (new,) = write("select id from catalog.pub_office order by id limit 2")
    write("insert into catalog.office_redirect (old_id, new_id, reason) values (%s, %s, 'test')",
          old, new)  # fmt: skip
    where = f"/ogc/collections/offices/items/{old}"
    answer = await france_site.browser.get(where, params={"f": "json", "lang": "en"})
    assert answer.status_code == 307
    assert answer.headers["Location"] == f"/ogc/collections/offices/items/{new}?f=json&lang=en"
    assert (await france_site.browser.get(answer.headers["Location"])).json()["id"] == str(new)
    assert str(old) not in [one["id"] for one in (await items(france_site, "offices"))["features"]]
    # A merge can be undone: the redirect is not for ever.
    write("delete from catalog.office_redirect where old_id = %s", old)
    assert (await france_site.browser.get(where)).json()["id"] == str(old)
    assert (await france_site.browser.get("/ogc/collections/offices/items/9999")).status_code == 404


async def test_items_lead_to_their_commune(france_site: Any) -> None:
    office = (await items(france_site, "offices", limit="1", commune=CODE))["features"][0]["id"]
    for item in (f"communes/items/{CODE}", f"services/items/{CODE}.nursery",
                 f"offices/items/{office}"):  # fmt: skip
        document = (await france_site.browser.get(f"/ogc/collections/{item}")).json()
        related = [one for one in document["links"] if one["rel"] == "related"]
        assert {"text/html", "application/json", "application/atom+xml"} <= {
            one["type"] for one in related
        }
        for one in related:
            path = one["href"].split("/", 3)[3]
            answer = await france_site.browser.get(f"/{path}")
            assert answer.status_code == 200, one
            assert answer.headers["Content-Type"].startswith(one["type"].split(";")[0])
