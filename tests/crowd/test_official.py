"""Official sites and accounts over HTTP: declared by a mairie, asked by anybody, kept by nobody."""

import re
from datetime import datetime, timedelta
from typing import Any
from urllib.parse import quote

import psycopg
import pytest

from crowd import mandates

CODE = "69143"
SITE = "https://www.mairie-neuvillesursaone.fr/"
NASTY = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{7*7}}",
    "=cmd|' /C calc'!A0",
)


def rows(site: Any, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with psycopg.connect(site.site.settings.database.url) as conn:
        cursor = conn.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


async def enter(site: Any, hidden: Any, code: str = CODE) -> None:
    """Open a mandate, as a person who checked it may."""
    with psycopg.connect(site.site.settings.database.url) as conn:
        link = mandates.invite(conn, site.site.settings.mandates, code, "carte vue")
    path = f"/fr/mairie/{code}/lien/{link}"
    page = await site.browser.get(path)
    opened = await site.browser.post(path, data={"jeton": hidden(page.text, "jeton")})
    assert opened.status_code == 303, opened.text


async def declare(site: Any, hidden: Any, page: str = "", **fields: str) -> Any:
    page = page or (await site.browser.get(f"/fr/mairie/{CODE}/espaces")).text
    sent = {"jeton": hidden(page, "jeton"), "numero": hidden(page, "numero"), "action": "declare",
            "label": "Page Facebook", **fields}  # fmt: skip
    return await site.browser.post(f"/fr/mairie/{CODE}/espaces", data=sent)


async def ask(site: Any, url: str) -> dict[str, Any]:
    found: dict[str, Any] = (
        await site.browser.get(f"/api/v1/official?url={quote(url, safe='')}")
    ).json()
    return found


async def test_the_directory_is_a_chain_and_visits_are_not(france_site: Any) -> None:
    found = await ask(france_site, SITE)
    assert found["verdict"] == "declared"
    (space,) = found["declared_by"]
    assert space["commune"] == CODE
    assert {one["kind"] for one in space["proofs"]} == {"directory"}
    page = await france_site.browser.get(f"/fr/est-ce-officiel?url={quote(SITE)}")
    assert "Adresse déclarée" in page.text
    assert "Neuville-sur-Saône" in page.text


@pytest.mark.parametrize(
    ("url", "verdict", "trick"),
    [
        ("https://www.lyon.fr@evil.example/", "look-alike", "userinfo"),
        ("https://www.lyon.fr.evil.example/", "look-alike", "subdomain"),
        ("https://www.1yon.fr/", "look-alike", "homograph"),
        ("https://www.mairie-neuvillesursaone.com/", "look-alike", "tld"),
        ("https://www.espace-citoyens.net/lyon", "provider", None),
        ("https://www.lemonde.fr/", "unknown", None),
    ],
)
async def test_the_four_answers(
    france_site: Any, url: str, verdict: str, trick: str | None
) -> None:
    found = await ask(france_site, url)
    assert found["verdict"] == verdict
    assert found["tricks"] == ([trick] if trick else [])
    assert found["declared_by"] == []
    for language in ("fr/est-ce-officiel", "en/is-it-official"):
        page = await france_site.browser.get(f"/{language}?url={quote(url, safe='')}")
        assert page.status_code == 200
        assert f'href="{url}"' not in page.text, "what nobody declared is not a link"
        assert "Adresse déclarée" not in page.text


async def test_what_is_asked_is_kept_nowhere(france_site: Any, caplog: Any) -> None:
    secret = "https://jeton-secret-8471.example/dossier"
    caplog.set_level("DEBUG")
    page = await france_site.browser.get(f"/fr/est-ce-officiel?url={quote(secret, safe='')}")
    answer = await france_site.browser.get(f"/api/v1/official?url={quote(secret, safe='')}")
    wrong = await france_site.browser.get("/api/v1/official?url=jeton-secret-8471")
    for one in (page, answer):
        assert one.headers["Cache-Control"] == "private, no-store"
        assert one.headers["Referrer-Policy"] == "no-referrer"
    assert wrong.status_code == 400
    assert "8471" not in wrong.text
    assert not [one for one in caplog.records if "8471" in one.getMessage()
                and not one.name.startswith(("httpx", "httpcore"))]  # fmt: skip
    tables = rows(
        france_site,
        "select schemaname || '.' || tablename from pg_tables "
        "where schemaname not in ('pg_catalog', 'information_schema')",
    )
    assert len(tables) > 50
    for (table,) in tables:
        held = rows(
            france_site,
            f"select 1 from {table} t where t::text like '%%jeton-secret-8471%%' limit 1",
        )
        assert held == [], table


@pytest.mark.parametrize(
    "query", ["", "?url=", "?url=lyon", "?url=javascript:alert(1)", "?url=a.fr&url=b.fr",
              "?url=" + "a" * 2001, "?url=%ff", "?url=a%00b.fr"],
)  # fmt: skip
async def test_bad_questions_name_the_parameter(france_site: Any, query: str) -> None:
    answer = await france_site.browser.get(f"/api/v1/official{query}")
    assert answer.status_code == 400
    assert answer.json()["parameter"] == "url"
    page = await france_site.browser.get(f"/fr/est-ce-officiel{query}")
    assert page.status_code in (200, 400)


async def test_a_mairie_declares_and_withdraws(france_site: Any, hidden: Any) -> None:
    account = "https://www.facebook.com/NeuvilleSurSaone"
    asked = "https://fr-fr.facebook.com/neuvillesursaone/photos"
    await enter(france_site, hidden)
    assert (await ask(france_site, asked))["verdict"] == "unknown"
    page = (await france_site.browser.get(f"/fr/mairie/{CODE}/espaces")).text
    for _ in range(2):  # sent twice: one statement
        done = await declare(france_site, hidden, page, url=account,
                             certified="https://www.example.org/label")  # fmt: skip
        assert done.status_code == 303, done.text
    found = await ask(france_site, asked)
    assert found["verdict"] == "declared", "at once"
    assert found["match"] == "account"
    proof = found["declared_by"][0]["proofs"][0]
    assert proof["kind"] == "mandate"
    assert proof["certified_url"] == "https://www.example.org/label"
    public = (await france_site.browser.get(f"/fr/commune/{CODE}/espaces-officiels")).text
    assert account in public
    assert "Déclaré par la mairie de Neuville-sur-Saône" in public
    assert account in (await france_site.browser.get(f"/fr/commune/{CODE}")).text
    desk = (await france_site.browser.get(f"/fr/mairie/{CODE}/espaces")).text
    id_ = re.search(r'name="id" value="(\d+)"', desk)
    assert id_
    sent = {"jeton": hidden(desk, "jeton"), "numero": hidden(desk, "numero"),
            "action": "withdraw", "id": id_[1]}  # fmt: skip
    gone = await france_site.browser.post(f"/fr/mairie/{CODE}/espaces", data=sent)
    assert gone.status_code == 303, gone.text
    assert (await ask(france_site, asked))["verdict"] == "unknown"
    told = (await france_site.browser.get(f"/api/v1/communes/{CODE}/official-spaces")).json()
    assert [one["withdrawn"] for one in told["history"]] == [True, False], "superseded, kept"
    assert told["history"][0]["supersedes"] == told["history"][1]["id"]
    trail = [one[0] for one in rows(france_site, "select action from crowd.audit order by id")]
    assert trail[-2:] == ["official-declare", "official-withdraw"]
    with pytest.raises(psycopg.errors.IntegrityConstraintViolation):
        rows(france_site, "update crowd.official_space set withdrawn = true")


@pytest.mark.parametrize(
    ("fields", "field", "mistake"),
    [
        ({"url": "javascript:alert(1)"}, "url", "page publique"),
        ({"url": "https://a:b@lyon.fr/"}, "url", "page publique"),
        ({"url": "https://www.facebook.com/"}, "url", "aucun compte"),
        ({"url": "https://wordpress.com/"}, "url", "hébergeur"),
        ({"url": SITE, "label": ""}, "label", "à remplir"),
        ({"url": SITE, "label": "x" * 81}, "label", "trop long"),
        ({"url": SITE, "label": "appelez le 06 12 34 56 78"}, "label", "personnel"),
        ({"url": SITE, "certified": "pas une adresse"}, "certified", "page publique"),
    ],
)
async def test_mistakes_are_told(
    france_site: Any, hidden: Any, fields: dict[str, str], field: str, mistake: str
) -> None:
    await enter(france_site, hidden)
    answer = await declare(france_site, hidden, **fields)
    assert answer.status_code == 422
    assert f'href="#{field}"' in answer.text
    assert mistake in answer.text
    assert rows(france_site, "select count(*) from crowd.official_space") == [(0,)]


async def test_only_a_mandate_of_that_commune_declares(france_site: Any, hidden: Any) -> None:
    await enter(france_site, hidden)
    page = (await france_site.browser.get(f"/fr/mairie/{CODE}/espaces")).text
    sent = {"jeton": hidden(page, "jeton"), "numero": "1", "action": "declare", "url": SITE,
            "label": "x"}  # fmt: skip
    for path, headers in (
        ("/fr/mairie/69123/espaces", {}),
        (f"/fr/mairie/{CODE}/espaces", {"Origin": "https://evil.example"}),
    ):
        refused = await france_site.browser.post(path, data=sent, headers=headers)
        assert refused.status_code == 403
    async with france_site.another_browser() as other:
        assert (await other.post(f"/fr/mairie/{CODE}/espaces", data=sent)).status_code == 403
        assert (await other.get(f"/fr/mairie/{CODE}/espaces")).status_code == 303
        assert (await other.get("/fr/moderation/espaces")).status_code == 403
    assert rows(france_site, "select count(*) from crowd.official_space") == [(0,)]


async def test_a_moderator_withdraws_an_abuse(
    france_site: Any, hidden: Any, staff_login: Any
) -> None:
    await enter(france_site, hidden)
    await declare(france_site, hidden, url="https://abus.example.org/", label="Abus")
    async with france_site.another_browser() as moderator:
        await staff_login(france_site, browser=moderator)
        page = (await moderator.get("/fr/moderation/espaces")).text
        assert "https://abus.example.org/" in page
        sent = {"jeton": hidden(page, "jeton"), "numero": hidden(page, "numero"),
                "id": hidden(page, "id")}  # fmt: skip
        done = await moderator.post("/fr/moderation/espaces", data=sent)
        assert done.status_code == 303, done.text
    assert (await ask(france_site, "https://abus.example.org/"))["verdict"] == "unknown"
    last = rows(france_site, "select actor, action from crowd.audit order by id desc limit 1")[0]
    assert last[0].startswith("account:")
    assert last[1] == "official-withdraw"


@pytest.mark.parametrize("nasty", NASTY)
async def test_words_stay_words(france_site: Any, hidden: Any, nasty: str) -> None:
    await enter(france_site, hidden)
    done = await declare(france_site, hidden, url="https://a.example.org/", label=nasty)
    assert done.status_code == 303, done.text
    for path in (f"/fr/commune/{CODE}", f"/fr/commune/{CODE}/espaces-officiels",
                 f"/fr/mairie/{CODE}/espaces", f"/fr/est-ce-officiel?url={quote(nasty)}",
                 "/fr/est-ce-officiel?url=" + quote("https://a.example.org/" + nasty)):  # fmt: skip
        text = (await france_site.browser.get(path)).text
        assert "<script>alert" not in text
        assert "<img src=x" not in text
        assert ">49<" not in text


async def test_an_old_statement_counts_no_more(france_site: Any, hidden: Any) -> None:
    await enter(france_site, hidden)
    await declare(france_site, hidden, url="https://vieux.example.org/", label="Vieux")
    assert (await ask(france_site, "https://vieux.example.org/"))["verdict"] == "declared"
    with psycopg.connect(france_site.site.settings.database.url) as conn:
        conn.execute("alter table crowd.official_space disable trigger append_only")
        conn.execute("update crowd.official_space set declared_at = now() - interval '731 days'")
    await declare(france_site, hidden, url="https://autre.example.org/", label="Autre")
    assert (await ask(france_site, "https://vieux.example.org/"))["verdict"] != "declared"
    desk = (await france_site.browser.get(f"/fr/mairie/{CODE}/espaces")).text
    assert "ne compte plus" in desk


async def test_a_statement_outlives_its_mandate_and_says_so(
    france_site: Any, hidden: Any, staff_login: Any
) -> None:
    """By whom, until when, and that the mandate has ended since, in the answer that is cached."""
    await enter(france_site, hidden)
    url = "https://apres.example.org/"
    await declare(france_site, hidden, url=url, label="Site")
    (proof,) = (await ask(france_site, url))["declared_by"][0]["proofs"]
    assert (proof["role"], proof["mandate_ended_at"]) == ("mairie", None)
    days = datetime.fromisoformat(proof["until"]) - datetime.fromisoformat(proof["at"])
    assert days == timedelta(days=france_site.site.settings.official.valid_days)
    page = (await france_site.browser.get(f"/fr/est-ce-officiel?url={quote(url)}")).text
    assert "compte jusqu’au" in page
    assert "a pris fin" not in page
    leave = f"/fr/mairie/{CODE}/quitter"
    sent = {"jeton": hidden((await france_site.browser.get(leave)).text, "jeton"), "fin": "mandat"}
    assert (await france_site.browser.post(leave, data=sent)).status_code == 303
    found = await ask(france_site, url)
    assert found["verdict"] == "declared"
    assert found["declared_by"][0]["proofs"][0]["mandate_ended_at"] is not None
    for path in (f"/fr/est-ce-officiel?url={quote(url)}", f"/fr/commune/{CODE}/espaces-officiels"):
        assert "Ce mandat a pris fin le" in (await france_site.browser.get(path)).text
    async with france_site.another_browser() as moderator:
        await staff_login(france_site, browser=moderator)
        assert "Ce mandat a pris fin le" in (await moderator.get("/fr/moderation/espaces")).text
    # Whoever speaks for the commune next may take it back.
    await enter(france_site, hidden)
    desk = (await france_site.browser.get(f"/fr/mairie/{CODE}/espaces")).text
    assert "Ce mandat a pris fin le" in desk
    id_ = re.search(r'name="id" value="(\d+)"', desk)
    assert id_
    gone = {"jeton": hidden(desk, "jeton"), "numero": hidden(desk, "numero"),
            "action": "withdraw", "id": id_[1]}  # fmt: skip
    await france_site.browser.post(f"/fr/mairie/{CODE}/espaces", data=gone)
    assert (await ask(france_site, url))["verdict"] == "unknown"


async def test_a_delegates_statement_does_not_speak_as_the_mairie(
    france_site: Any, hidden: Any
) -> None:
    await enter(france_site, hidden)
    rows(
        france_site,
        "insert into crowd.mandate (commune_number, commune_code, proof, expires_at, parent_id, role)"
        " select commune_number, commune_code, 'delegated', now() + interval '1 day', id, 'provider'"
        " from crowd.mandate",
    )
    rows(
        france_site,
        "update crowd.session_mandate set mandate_id = (select max(id) from crowd.mandate)",
    )
    url = "https://prestataire.example.org/"
    done = await declare(france_site, hidden, url=url, label="Portail")
    assert done.status_code == 303, done.text
    (proof,) = (await ask(france_site, url))["declared_by"][0]["proofs"]
    assert proof["role"] == "provider"
    for language, said in (("fr/est-ce-officiel", "Déclaré par un prestataire, à qui la mairie"),
                           ("en/is-it-official", "Declared by a provider, to whom")):  # fmt: skip
        page = (await france_site.browser.get(f"/{language}?url={quote(url)}")).text
        assert said in page
        assert "Déclaré par la mairie" not in page


async def test_a_statement_that_passes_its_time_leaves_the_book_by_itself(
    france_site: Any, hidden: Any
) -> None:
    """Nobody declares anything meanwhile: the book that is kept in memory sees it all the same."""
    await enter(france_site, hidden)
    url = "https://seul.example.org/"
    await declare(france_site, hidden, url=url, label="Seul")
    assert (await ask(france_site, url))["verdict"] == "declared"
    with psycopg.connect(france_site.site.settings.database.url) as conn:
        conn.execute("alter table crowd.official_space disable trigger append_only")
        conn.execute("update crowd.official_space set declared_at = now() - interval '731 days'")
    assert (await ask(france_site, url))["verdict"] != "declared"
