"""The harvests as people see them: a public page per source, and the administrators' desk."""

import asyncio
import csv
import io
import json
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from catalog import corrections, merges
from catalog.observations import Nature
from crowd.accounts import Role

type Hidden = Callable[[str, str], str]

SETUP = """
insert into catalog.source (id, title, publisher, licence, url, nature)
values ('libraries', 'Bibliothèques <b>', 'Ministère', 'LO 2.0', 'javascript:alert(1)', 'directory');
insert into catalog.evidence (source_id, release, published_on, sha256, bytes, url)
values ('libraries', '2026', '2026-01-03', repeat('a', 64), 10, 'https://example.test/');
insert into catalog.office (source_id, remote_id, kind, name, timezone, fingerprint, evidence_id,
                            observed_at)
select 'libraries', 'id-' || n, 'library', 'Bibliothèque ' || n, 'Europe/Paris', 'x', 1, now()
from   generate_series(1, 30) n;
insert into catalog.office_version (office_id, fields, evidence_id, observed_at)
select id, jsonb_build_object('name', name), 1, now() from catalog.office;
insert into harvest.run (source_id, release, state, ended_at, counts, message)
values ('libraries', '2026', 'held', now(), '{"offices": 70, "offices_held_back": 30}',
        '30 offices are no longer listed and are kept');
insert into harvest.run_plan (run_id, lines) values (1, '{"office held back: id-1 <script>"}');
insert into harvest.hold (run_id, source_id, subject, cause, evidence_id, observed_at, items)
select 1, 'libraries', 'offices', '30 of 100 would be lost (30%)', 1, '2026-01-03',
       jsonb_agg(jsonb_build_object('office', id, 'remote_id', remote_id, 'name', name,
                                    'closed', false))
from   catalog.office;
insert into harvest.rejected (run_id, remote_id, field, reason, value) values
  (1, 'id-1', 'website', 'not the address of a site', '=HYPERLINK("http://evil")'),
  (1, 'id-2', 'website', 'not the address of a site', '@SUM(1)'),
  (1, 'id-3', 'phone', 'not a telephone', '+33 4 77');
"""


@pytest.fixture
def harvested(empty_site: Any) -> Any:
    """One source, whose last run holds thirty offices back."""
    with psycopg.connect(empty_site.site.settings.database.url) as conn:
        conn.execute(SETUP)
    return empty_site


def ask(site: Any, question: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(site.site.settings.database.url) as conn:
        return conn.execute(question.encode()).fetchall()


# ------------------------------------------------------------------------------ public pages


@pytest.mark.parametrize("language", ["fr", "en"])
async def test_a_source_shows_its_freshness_and_its_faults(harvested: Any, language: str) -> None:
    page = await harvested.browser.get(f"/{language}/sources/libraries")
    assert page.status_code == 200
    said = {
        "fr": ("30 éléments ont disparu", "3 valeurs de la dernière lecture", "3 janvier 2026"),
        "en": ("30 items vanished", "3 values of the last reading", "3 January 2026"),
    }[language]
    for words in said:
        assert words in page.text.replace("\xa0", " ").replace("\u202f", " ")
    assert "Bibliothèques &lt;b&gt;" in page.text
    assert 'href="javascript:' not in page.text
    assert "not the address of a site" in page.text


async def test_rejected_values_are_a_table_that_runs_nothing(harvested: Any) -> None:
    for path in ("/fr/sources/libraries/rejets.csv", "/en/sources/libraries/rejected.csv"):
        answer = await harvested.browser.get(path)
        assert answer.status_code == 200
        rows = list(csv.reader(io.StringIO(answer.text)))
        assert rows[0] == ["source", "release", "id", "field", "reason", "value"]
        assert [row[-1] for row in rows[1:]] == [
            "'=HYPERLINK(\"http://evil\")", "'@SUM(1)", "+33 4 77",
        ]  # fmt: skip
        assert answer.headers["Content-Type"].startswith("text/csv")


@pytest.mark.parametrize("name", ["none", "a%00b", "..%2f..", "x" * 200, "É"])
async def test_a_source_that_does_not_exist_is_not_found(harvested: Any, name: str) -> None:
    for path in (f"/fr/sources/{name}", f"/fr/sources/{name}/rejets.csv"):
        assert (await harvested.browser.get(path)).status_code in (400, 404)


# --------------------------------------------------------------------------------- the desk


@pytest.mark.parametrize(
    "path", ["/fr/admin/moissonnage", "/fr/admin/moissonnage/1", "/fr/admin/moissonnage/suivi"]
)
async def test_the_desk_needs_a_login(harvested: Any, path: str) -> None:
    answer = await harvested.browser.get(path)
    assert answer.status_code == 403
    assert "id-1" not in answer.text
    assert (await harvested.browser.post(path, data={"decision": "released"})).status_code == 403


async def test_an_administrator_sees_the_plan_and_releases_what_is_held(
    harvested: Any, hidden: Hidden, staff_login: Any
) -> None:
    await staff_login(harvested, role=Role.ADMINISTRATOR)
    desk = await harvested.browser.get("/fr/admin/moissonnage")
    assert "retenue" in desk.text
    assert "/fr/admin/moissonnage/1" in desk.text
    page = await harvested.browser.get("/fr/admin/moissonnage/1")
    assert "30 of 100 would be lost" in page.text
    assert "office held back: id-1 &lt;script&gt;" in page.text
    sent = {"jeton": hidden(page.text, "jeton"), "decision": "released"}
    missing = await harvested.browser.post("/fr/admin/moissonnage/1", data=sent)
    assert missing.status_code == 422
    assert "aria-invalid" in missing.text
    assert ask(harvested, "select count(*) from catalog.office_orphan") == [(0,)]
    done = await harvested.browser.post(
        "/fr/admin/moissonnage/1", data={**sent, "reason": "30 antennes fermées"}
    )
    assert done.status_code == 303
    assert ask(harvested, "select count(*) from catalog.office_orphan") == [(30,)]
    assert ask(harvested, "select state, reason from harvest.hold") == [
        ("released", "30 antennes fermées")
    ]
    assert ask(harvested, "select action, subject from crowd.audit order by id desc limit 1") == [
        ("harvest-released", "run:1")
    ]
    again = await harvested.browser.post(
        "/fr/admin/moissonnage/1", data={**sent, "reason": "encore"}
    )
    assert again.status_code == 404, "it waits no more"
    public = await harvested.browser.get("/fr/sources/libraries")
    assert "30 guichets ne sont plus listés" in public.text.replace("\xa0", " ")


async def test_a_moderator_looks_and_does_not_decide(
    harvested: Any, hidden: Hidden, staff_login: Any
) -> None:
    await staff_login(harvested)
    page = await harvested.browser.get("/en/admin/harvests/1")
    assert page.status_code == 200
    assert "An administrator has to decide" in page.text
    proof = hidden((await harvested.browser.get("/fr/deconnexion")).text, "jeton")
    for path, sent in (
        ("/en/admin/harvests/1", {"decision": "released", "reason": "x"}),
        ("/en/admin/harvests", {"source": "national"}),
    ):
        answer = await harvested.browser.post(path, data={"jeton": proof, **sent})
        assert answer.status_code == 403
    assert ask(harvested, "select state from harvest.hold") == [("open",)]


async def test_a_form_from_elsewhere_decides_nothing(
    harvested: Any, hidden: Hidden, staff_login: Any
) -> None:
    await staff_login(harvested, role=Role.ADMINISTRATOR)
    page = await harvested.browser.get("/fr/admin/moissonnage/1")
    sent = {"jeton": hidden(page.text, "jeton"), "decision": "released", "reason": "x"}
    for headers, changed in (({"Origin": "https://evil.example"}, {}), ({}, {"jeton": "0" * 64})):
        answer = await harvested.browser.post(
            "/fr/admin/moissonnage/1", data={**sent, **changed}, headers=headers
        )
        assert answer.status_code == 403
    assert ask(harvested, "select state from harvest.hold") == [("open",)]


async def test_a_harvest_is_asked_for(harvested: Any, hidden: Hidden, staff_login: Any) -> None:
    await staff_login(harvested, role=Role.ADMINISTRATOR)
    page = await harvested.browser.get("/fr/admin/moissonnage")
    sent = {"jeton": hidden(page.text, "jeton"), "source": "national"}
    for _ in range(2):
        done = await harvested.browser.post("/fr/admin/moissonnage", data=sent)
        assert done.status_code == 303
    assert ask(
        harvested, "select args ->> 'source_id', lock from procrastinate.procrastinate_jobs"
    ) == [("national", "harvest_source:national")], "asked twice, it waits once"
    unknown = await harvested.browser.post(
        "/fr/admin/moissonnage", data={**sent, "source": "nowhere"}
    )
    assert unknown.status_code == 404


async def test_progress_is_told_by_events_and_to_those_that_ask(
    harvested: Any, staff_login: Any
) -> None:
    await staff_login(harvested)
    quiet = (await harvested.browser.get("/fr/admin/moissonnage/suivi")).json()
    assert [(one["id"], one["running"], one["state"]) for one in quiet] == [
        ("libraries", False, "retenue")
    ]
    seen: list[Any] = []
    async with harvested.browser.stream(
        "GET", "/fr/admin/moissonnage/suivi", headers={"Accept": "text/event-stream"}
    ) as stream:
        assert stream.headers["Content-Type"].startswith("text/event-stream")
        async with asyncio.timeout(20):
            async for line in stream.aiter_lines():
                if not line.startswith("data: "):
                    continue
                (one,) = json.loads(line.removeprefix("data: "))
                seen.append((one["running"], one["state"], one["what"], one["done"], one["total"]))
                if len(seen) == 1:  # another process goes on with its work
                    with psycopg.connect(harvested.site.settings.database.url) as conn:
                        conn.execute(
                            "insert into harvest.progress (source_id, what, done, total) "
                            "values ('libraries', 'Reading libraries', 7, 10)"
                        )
                else:
                    break
    assert seen == [
        (False, "retenue", None, None, None),
        (True, "en cours", "Reading libraries", 7, 10),
    ]


async def test_the_progress_of_a_dead_process_is_not_shown_as_alive(
    harvested: Any, staff_login: Any
) -> None:
    await staff_login(harvested)
    with psycopg.connect(harvested.site.settings.database.url) as conn:
        conn.execute(
            "insert into harvest.progress values ('libraries', 'x', 1, 2, now() - interval '1 hour')"
        )
        conn.execute(
            "insert into harvest.run (source_id, state, heartbeat_at) "
            "values ('libraries', 'running', now() - interval '1 hour')"
        )
    (one,) = (await harvested.browser.get("/fr/admin/moissonnage/suivi")).json()
    assert (one["running"], one["state"], one["what"]) == (False, "interrompue", None)


async def test_an_office_that_was_merged_redirects_and_keeps_its_own_card(harvested: Any) -> None:
    with psycopg.connect(harvested.site.settings.database.url) as conn:
        merges.merge(conn, 1, 2, "Ada", "vu sur place")
    answer = await harvested.browser.get("/api/v1/offices/2")
    assert (answer.status_code, answer.headers["Location"]) == (307, "/api/v1/offices/1")
    kept = (await harvested.browser.get("/api/v1/offices/1")).json()
    assert [one["id"] for one in kept["merged"]] == [2]
    own = (await harvested.browser.get("/api/v1/offices/2?own=yes")).json()
    assert (own["id"], own["office"]["id"]) == (1, 2)
    with psycopg.connect(harvested.site.settings.database.url) as conn:
        merges.split(conn, 2, "Ada", "non")
    assert (await harvested.browser.get("/api/v1/offices/2")).status_code == 200


async def test_a_correction_and_its_conflict_are_shown_on_the_commune_page(
    france_site: Any,
) -> None:
    with psycopg.connect(france_site.site.settings.database.url) as conn:
        row = conn.execute(
            "select o.id, o.phone, c.code from catalog.office o join catalog.commune c "
            "on c.number = o.commune_number where o.phone is not null order by o.id limit 1"
        ).fetchone()
        assert row is not None
        corrections.correct(
            conn, row[0], "phone", "01 02 03 04 05", "agent-7", Nature.AGENT, seen="vu <b>"
        )
    page = (await france_site.browser.get(f"/fr/commune/{row[2]}")).text
    assert "01 02 03 04 05" in page
    assert "Corrigé par une personne" in page
    assert f'La source dit autre chose : <q lang="fr">{row[1]}</q>' in page
