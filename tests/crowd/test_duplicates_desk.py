"""The desk of duplicates: pairs with their reasons, decided and undone by people, written down."""

import csv
import io
from collections.abc import Callable
from typing import Any

import psycopg
import pytest

from catalog import merges
from crowd.accounts import Role

type Hidden = Callable[[str, str], str]

SETUP = """
insert into catalog.source (id, title, publisher, licence, url, nature) values
  ('a', 'Liste A <b>', 'Ville', 'LO 2.0', 'https://a.example/', 'directory'),
  ('b', 'Liste B', 'Département', 'LO 2.0', 'https://b.example/', 'directory');
insert into catalog.evidence (source_id, release, published_on, sha256, bytes, url)
select id, '1', '2026-01-03', repeat('a', 64), 10, 'https://example.test/' from catalog.source;
insert into catalog.office (source_id, remote_id, kind, name, address, phone, siret, timezone, fingerprint,
                            evidence_id, observed_at, point)
select s, s || n, k, name, adr, tel, siret, 'Europe/Paris', 'x', 1, now(), st_setsrid(st_makepoint(lon, 46), 4326)
from (values
  ('a', 1, 'library', 'Médiathèque Jean-Macé', '3 rue du Parc', '+33 4 00 00 00 01', null, 2.0),
  ('b', 1, 'library', 'MEDIATHEQUE JEAN MACE', '3 Rue du Parc', '+33 4 00 00 00 01', null, 2.0001),
  ('a', 2, 'library', 'Bibliothèque <script>', '8 place Neuve', null, null, 3.0),
  ('b', 2, 'library', 'Biblio Neuve', '8 place Neuve', null, null, 3.0005),
  ('a', 3, 'library', '=cmd|calc', '1 rue Haute', null, '21000000000011', 4.0),
  ('b', 3, 'france-services', 'France services', '1 rue Haute', null, '21000000000011', 4.0)
) v (s, n, k, name, adr, tel, siret, lon);
"""


@pytest.fixture
def doubled(empty_site: Any) -> Any:
    """Six offices: one pair that the machine merges, two that wait for people."""
    with psycopg.connect(empty_site.site.settings.database.url) as conn:
        conn.execute(SETUP)
        looked = merges.look(conn, "b")
    assert (looked.candidates, looked.merged) == (3, 1)
    return empty_site


def ask(site: Any, question: str) -> list[tuple[Any, ...]]:
    with psycopg.connect(site.site.settings.database.url) as conn:
        return conn.execute(question.encode()).fetchall()


async def decide(site: Any, hidden: Hidden, pair: str, decision: str, reason: str = "vu") -> Any:
    page = await site.browser.get(f"/fr/admin/doublons/{pair}")
    sent = {"jeton": hidden(page.text, "jeton"), "decision": decision, "reason": reason}
    return await site.browser.post(f"/fr/admin/doublons/{pair}", data=sent)


@pytest.mark.parametrize("path", ["", ".csv", "/1-2"])
async def test_nobody_enters_without_a_role(doubled: Any, path: str) -> None:
    assert (await doubled.browser.get(f"/fr/admin/doublons{path}")).status_code == 403
    assert (
        await doubled.browser.post(f"/fr/admin/doublons{path}", data={"x": "y"})
    ).status_code in (403, 405)


async def test_pairs_are_listed_with_what_brings_them_together(
    doubled: Any, staff_login: Any
) -> None:
    await staff_login(doubled)
    page = (await doubled.browser.get("/fr/admin/doublons")).text.replace("\u202f", " ")
    assert "À décider (2)" in page
    assert "Réunis (1)" in page
    assert "Bibliothèque &lt;script&gt;" in page
    assert "SIRET 100" in page.replace("\xa0", " ")
    merged = (await doubled.browser.get("/en/admin/duplicates?etat=merged")).text
    assert "the machine" in merged
    assert "Jean-Macé" in merged
    for wrong in ("etat=x", "apres=1", "apres=0.5-1-2-3"):
        assert (await doubled.browser.get(f"/fr/admin/doublons?{wrong}")).status_code == 400


async def test_the_list_goes_on_where_it_stopped(
    doubled: Any, staff_login: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    from api.handlers import page_duplicates

    monkeypatch.setattr(page_duplicates, "PAGE", 1)
    await staff_login(doubled)
    first = (await doubled.browser.get("/fr/admin/doublons")).text
    assert first.count("/fr/admin/doublons/") == 1
    following = first.split("apres=")[1].split('"')[0]
    second = (await doubled.browser.get(f"/fr/admin/doublons?apres={following}")).text
    assert second.count("/fr/admin/doublons/") == 1
    assert "etat=open&amp;apres=" not in second
    assert ("=cmd" in first) != ("=cmd" in second)


async def test_the_table_says_the_same_and_runs_nothing(doubled: Any, staff_login: Any) -> None:
    await staff_login(doubled)
    answer = await doubled.browser.get("/fr/admin/doublons.csv")
    rows = list(csv.DictReader(io.StringIO(answer.text)))
    assert len(rows) == 2
    (one,) = [row for row in rows if row["a_remote_id"] == "a3"]
    assert one["a_name"] == "'=cmd|calc"
    assert (one["siret_alike"], one["b_kind"]) == ("1.0", "france-services")
    assert float(rows[0]["score"]) >= float(rows[1]["score"])


async def test_a_pair_shows_how_its_score_is_made(doubled: Any, staff_login: Any) -> None:
    await staff_login(doubled)
    page = (await doubled.browser.get("/fr/admin/doublons/5-6")).text
    assert "Multipliée par 0,8" in page
    assert "21000000000011 / 21000000000011" in page
    assert "Réunir, afficher le 5" in page
    assert "Séparer" not in page.split("<form")[-1].split("</form>")[0].split("<p class")[0]


async def test_people_merge_and_split_with_a_reason_and_all_is_as_before(
    doubled: Any, staff_login: Any, hidden: Hidden
) -> None:
    await staff_login(doubled)
    before = ask(doubled, "select t::text from catalog.pub_office t order by id")
    missing = await decide(doubled, hidden, "3-4", "keep-second", " ")
    assert missing.status_code == 422
    assert "Dites pourquoi" in missing.text
    done = await decide(doubled, hidden, "3-4", "keep-second", "même salle <i>")
    assert done.status_code == 303
    assert ask(doubled, "select old_id, new_id from catalog.office_redirect order by 1")[-1] == (
        3,
        4,
    )
    page = (await doubled.browser.get("/fr/admin/doublons/3-4")).text
    assert "Le guichet 4 est affiché pour les deux." in page
    assert "même salle &lt;i&gt;" in page
    again = await decide(doubled, hidden, "3-4", "keep-first")
    assert again.status_code == 409
    assert "entre-temps" in again.text
    assert (await decide(doubled, hidden, "3-4", "split", "deux étages")).status_code == 303
    assert ask(doubled, "select t::text from catalog.pub_office t order by id") == before
    assert [row[0] for row in ask(doubled, "select action from crowd.audit order by id")][-2:] == [
        "office-keep-second", "office-split",
    ]  # fmt: skip
    with psycopg.connect(doubled.site.settings.database.url) as conn:
        assert merges.look(conn, "b").merged == 0, "a person's word is not undone"


async def test_two_places_and_back(doubled: Any, staff_login: Any, hidden: Hidden) -> None:
    await staff_login(doubled)
    assert (await decide(doubled, hidden, "5-6", "apart", "deux services")).status_code == 303
    assert (await decide(doubled, hidden, "5-6", "apart", "encore")).status_code == 409
    listed = (await doubled.browser.get("/fr/admin/doublons?etat=apart")).text
    assert "deux services" in listed
    assert (await decide(doubled, hidden, "5-6", "reopen", "erreur")).status_code == 303
    assert (await decide(doubled, hidden, "5-6", "reopen", "erreur")).status_code == 409
    assert "Distincts (0)" in (await doubled.browser.get("/fr/admin/doublons")).text
    assert ask(doubled, "select action from catalog.office_merge order by id") == [
        ("merge",), ("apart",), ("reopen",),
    ]  # fmt: skip


async def test_only_from_the_form_of_the_session(
    doubled: Any, staff_login: Any, hidden: Hidden
) -> None:
    await staff_login(doubled, role=Role.ADMINISTRATOR)
    page = await doubled.browser.get("/fr/admin/doublons/5-6")
    sent = {"jeton": hidden(page.text, "jeton"), "decision": "apart", "reason": "x"}
    forged = await doubled.browser.post("/fr/admin/doublons/5-6", data={**sent, "jeton": "0" * 64})
    elsewhere = await doubled.browser.post(
        "/fr/admin/doublons/5-6", data=sent, headers={"Origin": "https://evil.example"}
    )
    assert (forged.status_code, elsewhere.status_code) == (403, 403)
    wrong = await doubled.browser.post("/fr/admin/doublons/5-6", data={**sent, "decision": "drop"})
    assert wrong.status_code == 400
    for path in ("6-5", "5-5", "1-99", "0-1", "x", "1-2-3"):
        assert (await doubled.browser.get(f"/fr/admin/doublons/{path}")).status_code == 404
