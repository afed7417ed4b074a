"""Good practices over HTTP: shared, read by a moderator, adopted, followed up, taken away.

All sheets here are of the tests; the hub itself ships none.
"""

import csv
import io
import json
import re
from typing import Any

import httpx
import psycopg
import pytest

from api import practice_mails, worker
from crowd import mandates, practice_lists, retention
from crowd.practices import read

CODE, OTHER = "69143", "69123"
SHEET = {
    "title": "Essai : rendez-vous en ligne partagé",
    "what": "Une fiche écrite pour les tests.",
    "partners": "Avec deux communes voisines.",
    "wrong": "Le premier prestataire a fermé.",
    "cost": "1 200",
    "months": "8",
    "url": "https://www.example.org/rendez-vous",
}
NASTY = ("<script>alert(1)</script>", '"><img src=x onerror=alert(1)>', "{{7*7}}",
         "=cmd|' /C calc'!A0", "javascript:alert(1)")  # fmt: skip


def rows(site: Any, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with psycopg.connect(site.site.settings.database.url) as conn:
        cursor = conn.execute(statement, values)  # type: ignore[arg-type]
        return cursor.fetchall() if cursor.description else []


async def enter(site: Any, hidden: Any, code: str, browser: httpx.AsyncClient) -> None:
    """Open a mandate, as a person who checked it may."""
    with psycopg.connect(site.site.settings.database.url) as conn:
        link = mandates.invite(conn, site.site.settings.mandates, code, "carte vue")
    path = f"/fr/mairie/{code}/lien/{link}"
    page = await browser.get(path)
    assert (await browser.post(path, data={"jeton": hidden(page.text, "jeton")})).status_code == 303


async def draft(site: Any, hidden: Any, code: str = CODE, **fields: str) -> httpx.Response:
    path = f"/fr/proposer-une-pratique?commune={code}&service=nursery"
    page = await site.browser.get(path)
    sent = {"jeton": hidden(page.text, "jeton"), "commune": code, "service": "nursery",
            **SHEET, **fields}  # fmt: skip
    answer: httpx.Response = await site.browser.post("/fr/proposer-une-pratique", data=sent)
    return answer


async def send(
    site: Any, hidden: Any, code: str = CODE, email: str = "", clicks: int = 1,
    seconds: int = 60, **fields: str,
) -> str:  # fmt: skip
    """Share a sheet; the address of its owner's page."""
    kept = await draft(site, hidden, code, **fields)
    assert kept.status_code == 303, kept.text
    where = kept.headers["Location"]
    slow = json.dumps({"seconds": str(seconds)})  # as a person takes to write
    rows(site, "update crowd.draft set fields = fields || %s::jsonb", slow)
    page = await site.browser.get(where)
    assert page.status_code == 200
    sent = {"jeton": hidden(page.text, "jeton"), "email": email}
    for _ in range(clicks):
        done = await site.browser.post(where, data=sent)
        assert done.status_code == 303, done.text
    return str(done.headers["Location"])


async def decide(site: Any, hidden: Any, moderator: Any, action: str, **fields: str) -> Any:
    queue = await moderator.get("/fr/moderation/pratiques")
    found = re.search(r'href="(/fr/moderation/pratiques/\d+)"', queue.text)
    assert found, queue.text
    page = (await moderator.get(found[1])).text
    sent = {"jeton": hidden(page, "jeton"), "version": hidden(page, "version"), "action": action,
            **fields}  # fmt: skip
    return await moderator.post(found[1], data=sent)


@pytest.fixture
async def moderator(france_site: Any, staff_login: Any) -> Any:
    async with france_site.another_browser() as browser:
        await staff_login(france_site, browser=browser)
        yield browser


async def listed(site: Any, query: str = "") -> list[dict[str, Any]]:
    answer = await site.browser.get(f"/api/v1/practices{query}")
    assert answer.status_code == 200, answer.text
    found: list[dict[str, Any]] = answer.json()["practices"]
    return found


async def test_the_list_begins_empty_and_invites(france_site: Any) -> None:
    assert await listed(france_site) == []
    page = (await france_site.browser.get("/fr/bonnes-pratiques")).text
    assert "nous n’inventons rien" in page
    assert "/fr/proposer-une-pratique" in page
    table = await france_site.browser.get("/fr/bonnes-pratiques.csv")
    assert len(table.text.splitlines()) == 1


async def test_from_the_form_to_readers(france_site: Any, hidden: Any, moderator: Any) -> None:
    owner = await send(france_site, hidden, clicks=3, email="auteur@exemple.org")
    assert rows(france_site, "select count(*) from crowd.practice") == [(1,)], "three clicks"
    assert await listed(france_site) == [], "nobody has read it"
    assert (await france_site.browser.get("/fr/bonnes-pratiques/1")).status_code == 404
    assert "Attend un modérateur" in (await france_site.browser.get(owner)).text
    done = await decide(france_site, hidden, moderator, "publish")
    assert done.status_code == 303, done.text
    (one,) = await listed(france_site)
    assert one["title"] == SHEET["title"]
    assert (one["cost_euros"], one["months"]) == (1200, 8)
    assert one["went_wrong"] == SHEET["wrong"]
    assert one["said_by"] == "resident"
    assert not one["stale"]
    page = (await france_site.browser.get(f"/fr/bonnes-pratiques/{one['id']}")).text
    assert "sans mandat de Neuville-sur-Saône" in page
    assert SHEET["wrong"] in page
    assert "Publiée" in (await france_site.browser.get(owner)).text
    for path in ("/fr/bonnes-pratiques", f"/fr/commune/{CODE}", "/en/good-practices"):
        assert SHEET["title"] in (await france_site.browser.get(path)).text
    service = (await france_site.browser.get("/fr/services/nursery")).text
    assert "/fr/bonnes-pratiques?service=nursery" in service
    purposes = [
        one[0] for one in rows(france_site, "select purpose from catalog.outbox order by id")
    ]
    assert purposes == ["practice-received", "practice-publish"]
    trail = rows(france_site, "select actor, action from crowd.audit order by id desc limit 1")
    assert trail[0][1] == "practice-publish"
    assert trail[0][0].startswith("account:")
    items = await france_site.browser.get("/ogc/collections/practices/items")
    (feature,) = items.json()["features"]
    assert feature["properties"]["cost_euros"] == 1200
    assert feature["geometry"]["type"] == "Point"
    assert items.json()["numberMatched"] == 1
    public = items.text + "".join(
        [(await france_site.browser.get(path)).text for path in (
            "/api/v1/practices", f"/api/v1/practices/{one['id']}", "/fr/bonnes-pratiques.csv",
            f"/fr/bonnes-pratiques/{one['id']}")]
    )  # fmt: skip
    assert "auteur@exemple.org" not in public


async def test_filters_sum_and_refuse(france_site: Any, hidden: Any, moderator: Any) -> None:
    for code, cost in ((CODE, "0"), (OTHER, "60000"), (CODE, "")):
        await send(france_site, hidden, code, cost=cost, title=f"Essai {code} {cost}")
        await decide(france_site, hidden, moderator, "publish")
    every = await listed(france_site)
    assert len(every) == 3
    by_cost = {
        cost: len(await listed(france_site, f"?cost={cost}")) for cost in practice_lists.COSTS
    }
    assert sum(by_cost.values()) == 3
    assert (by_cost["free"], by_cost["more"], by_cost["unsaid"]) == (1, 1, 1), "unsaid is not free"
    by_size = [len(await listed(france_site, f"?size={one}")) for one in practice_lists.SIZES]
    assert sum(by_size) == 3
    assert len(await listed(france_site, "?q=60000")) == 1
    assert await listed(france_site, "?service=library") == []
    first = await france_site.browser.get("/api/v1/practices?limit=2")
    then = await listed(france_site, f"?limit=2&before={first.json()['next']}")
    assert [one["id"] for one in first.json()["practices"] + then] == [one["id"] for one in every]
    for query, parameter in (("?service=no", "service"), ("?size=9", "size"), ("?cost=x", "cost"),
                             ("?commune=99999", "commune"), ("?before=-1", "before"),
                             ("?nope=1", "nope"), ("?q=" + "a" * 101, "q")):  # fmt: skip
        answer = await france_site.browser.get(f"/api/v1/practices{query}")
        assert answer.status_code in (400, 404), query
        assert answer.json()["parameter"] == parameter
    table = await france_site.browser.get("/fr/bonnes-pratiques.csv?cost=unsaid")
    (row,) = csv.DictReader(io.StringIO(table.text.removeprefix("\ufeff")))
    assert row["cost_euros"] == "", "not said is an empty cell"


async def test_a_correction_supersedes_and_both_are_kept(
    france_site: Any, hidden: Any, moderator: Any
) -> None:
    owner = await send(france_site, hidden)
    await decide(france_site, hidden, moderator, "publish")
    page = (await france_site.browser.get(f"{owner}/corriger")).text
    assert SHEET["what"] in page
    sent = {"jeton": hidden(page, "jeton"), "base": hidden(page, "base"), **SHEET,
            "what": "Deuxième version."}  # fmt: skip
    for _ in range(2):
        done = await france_site.browser.post(f"{owner}/corriger", data=sent)
        assert done.status_code == 303, done.text
    (one,) = await listed(france_site)
    assert one["what"] == SHEET["what"], "readers keep the published version"
    other = (await france_site.browser.get(f"{owner}/corriger")).text
    late = {**sent, "jeton": hidden(other, "jeton"), "what": "Troisième, de la même page."}
    conflict = await france_site.browser.post(f"{owner}/corriger", data=late)
    assert conflict.status_code == 409
    assert "Deuxième version." in conflict.text
    assert "Troisième, de la même page." in conflict.text, "both texts are shown"
    refused = await decide(france_site, hidden, moderator, "refuse", reason="advertising")
    assert refused.status_code == 303
    assert (await listed(france_site))[0]["what"] == SHEET["what"]
    again = (await france_site.browser.get(f"{owner}/corriger")).text
    await france_site.browser.post(
        f"{owner}/corriger",
        data={**sent, "jeton": hidden(again, "jeton"), "base": hidden(again, "base"),
              "what": "Quatrième."},
    )  # fmt: skip
    await decide(france_site, hidden, moderator, "publish")
    (one,) = await listed(france_site)
    assert one["what"] == "Quatrième."
    told = (await france_site.browser.get(f"/api/v1/practices/{one['id']}")).json()
    assert [version["what"] for version in told["versions"]] == ["Quatrième.", SHEET["what"]]
    with pytest.raises(psycopg.errors.IntegrityConstraintViolation):
        rows(france_site, "update crowd.practice_version set cost = 0")


async def test_two_moderators_and_ones_own(
    france_site: Any, hidden: Any, moderator: Any, staff_login: Any
) -> None:
    await send(france_site, hidden, email="modo2@hub.example")
    async with france_site.another_browser() as second:
        await staff_login(france_site, email="modo2@hub.example", browser=second)
        case = (await second.get("/fr/moderation/pratiques/1")).text
        assert 'name="version"' not in case, "no button for one's own"
        token = hidden((await second.get("/fr/deconnexion")).text, "jeton")
        forced = {"jeton": token, "version": "2", "action": "publish"}
        own = await second.post("/fr/moderation/pratiques/1", data=forced)
        assert own.status_code == 403
    page = (await moderator.get("/fr/moderation/pratiques/1")).text
    sent = {"jeton": hidden(page, "jeton"), "version": hidden(page, "version")}
    first = await moderator.post(
        "/fr/moderation/pratiques/1", data={**sent, "action": "refuse", "reason": "abuse"}
    )
    assert first.status_code == 303
    late = await moderator.post("/fr/moderation/pratiques/1", data={**sent, "action": "publish"})
    assert late.status_code == 409
    assert await listed(france_site) == []
    for action, fields in (("publish", {"reason": "abuse"}), ("refuse", {}), ("ask", {}),
                           ("eat", {})):  # fmt: skip
        wrong = await moderator.post(
            "/fr/moderation/pratiques/1", data={**sent, "action": action, **fields}
        )
        assert wrong.status_code == 400, action
    async with france_site.another_browser() as stranger:
        for path in ("/fr/moderation/pratiques", "/fr/moderation/pratiques/1"):
            assert (await stranger.get(path)).status_code == 403


async def test_a_moderator_asks_and_takes_back(
    france_site: Any, hidden: Any, moderator: Any
) -> None:
    owner = await send(france_site, hidden, email="auteur@exemple.org")
    await decide(france_site, hidden, moderator, "ask", reason="say-more", text="Quel coût ?")
    page = (await france_site.browser.get(owner)).text
    assert "Quel coût ?" in page
    assert "demande une correction" in page
    form = (await france_site.browser.get(f"{owner}/corriger")).text
    await france_site.browser.post(
        f"{owner}/corriger",
        data={"jeton": hidden(form, "jeton"), "base": hidden(form, "base"), **SHEET,
              "cost": "50"},
    )  # fmt: skip
    assert "Attend un modérateur" in (await france_site.browser.get(owner)).text
    await decide(france_site, hidden, moderator, "publish")
    assert (await listed(france_site))[0]["cost_euros"] == 50
    page = (await moderator.get("/fr/moderation/pratiques/1")).text
    sent = {"jeton": hidden(page, "jeton"), "version": hidden(page, "version"),
            "action": "take-back", "reason": "was-wrong"}  # fmt: skip
    assert (await moderator.post("/fr/moderation/pratiques/1", data=sent)).status_code == 303
    assert await listed(france_site) == []


async def test_adopting_needs_a_mandate_and_is_kept(
    france_site: Any, hidden: Any, moderator: Any
) -> None:
    await send(france_site, hidden)
    await decide(france_site, hidden, moderator, "publish")
    async with france_site.another_browser() as agent:
        path = f"/fr/mairie/{OTHER}/pratiques"
        assert (await agent.get(path)).status_code == 303
        assert (await agent.post(path, data={"id": "1", "action": "adopt"})).status_code == 403
        await enter(france_site, hidden, OTHER, agent)
        page = (await agent.get(f"{path}?pratique=1")).text
        sent = {"jeton": hidden(page, "jeton"), "id": "1", "action": "adopt"}
        for _ in range(2):
            assert (await agent.post(path, data=sent)).status_code == 303
        assert (await listed(france_site))[0]["adopted"] == 1
        told = (await france_site.browser.get("/api/v1/practices/1")).json()
        assert [one["commune"] for one in told["adopters"]] == [OTHER]
        assert "Lyon" in (await france_site.browser.get("/fr/bonnes-pratiques/1")).text
        for _ in range(2):
            gone = await agent.post(path, data={**sent, "action": "give-up"})
            assert gone.status_code == 303
        assert (await listed(france_site))[0]["adopted"] == 0
        await agent.post(path, data=sent)
        assert (await agent.post(path, data={**sent, "id": "99"})).status_code == 404
    history = rows(
        france_site, "select given_up, supersedes from crowd.practice_adoption order by id"
    )
    assert [one[0] for one in history] == [False, True, False], "superseded, kept"
    actions = [one[0] for one in rows(france_site, "select action from crowd.audit order by id")]
    assert actions[-3:] == ["practice-adopt", "practice-give-up", "practice-adopt"]
    async with france_site.another_browser() as owner:
        await enter(france_site, hidden, CODE, owner)
        page = (await owner.get(f"/fr/mairie/{CODE}/pratiques")).text
        assert "Votre commune n’a adopté aucune fiche" in page
        form = await owner.get(f"/fr/mairie/{CODE}/pratiques?pratique=1")
        assert "C’est une fiche de votre commune" in form.text


async def test_communes_like_mine(france_site: Any, hidden: Any, moderator: Any) -> None:
    """« Communes like mine that have it » are those that the commune's page calls alike."""
    alike = rows(
        france_site,
        "select code from catalog.commune where valid_to is null and code like '69%%' "
        "and population between 5000 and 9999 order by code",
    )
    assert len(alike) >= 2, "small France has communes of one size"
    mine, theirs = alike[0][0], alike[1][0]
    page = (await france_site.browser.get(f"/fr/commune/{mine}")).text
    assert f"/fr/commune/{theirs}" in page
    await send(france_site, hidden, theirs)
    await decide(france_site, hidden, moderator, "publish")
    assert [one["commune"] for one in await listed(france_site, f"?commune={mine}")] == [theirs]
    assert SHEET["title"] in (await france_site.browser.get(f"/fr/commune/{mine}")).text
    sheet = await france_site.browser.get(f"/fr/bonnes-pratiques/1?commune={mine}")
    assert "Parmi les communes semblables" in sheet.text
    assert await listed(france_site, f"?commune={OTHER}") == []


async def test_an_agent_speaks_for_the_commune(
    france_site: Any, hidden: Any, moderator: Any
) -> None:
    await enter(france_site, hidden, CODE, france_site.browser)
    await send(france_site, hidden)
    await decide(france_site, hidden, moderator, "publish")
    (one,) = await listed(france_site)
    assert one["said_by"] == "agent"
    page = (await france_site.browser.get("/fr/bonnes-pratiques/1")).text
    assert "Fiche de la mairie de Neuville-sur-Saône" in page


async def test_six_months_later(france_site: Any, hidden: Any, moderator: Any) -> None:
    owner = await send(france_site, hidden, email="auteur@exemple.org")
    await decide(france_site, hidden, moderator, "publish")
    settings = france_site.site.settings.practices

    async def asked() -> int:
        async with await psycopg.AsyncConnection.connect(
            france_site.site.settings.database.url
        ) as conn:
            return await practice_lists.ask_owners(
                conn,
                settings,
                lambda due, link: practice_mails.news(due, "https://hub.example", link),
            )

    assert await asked() == 0
    rows(
        france_site,
        "update crowd.practice set published_at = now() - make_interval(days => %s) returning 1",
        settings.ask_after_days - 1,
    )
    assert await asked() == 0
    rows(
        france_site,
        "update crowd.practice set published_at = now() - make_interval(days => %s) returning 1",
        settings.stale_days + 1,
    )
    assert (await listed(france_site))[0]["stale"] is True
    assert "Sans nouvelles" in (await france_site.browser.get("/fr/bonnes-pratiques/1")).text
    assert await asked() == 1
    assert await asked() == 0, "asked once"
    to, body = rows(
        france_site,
        "select recipient, body from catalog.outbox_letter order by mail_id desc limit 1",
    )[0]
    assert to == "auteur@exemple.org"
    assert SHEET["title"] in body
    link = re.search(r"https://hub\.example(/fr/\S+)", body)
    assert link
    page = (await france_site.browser.get(link[1])).text
    sent = {"jeton": hidden(page, "jeton"), "action": "outcome", "outcome": "grown"}
    assert (await france_site.browser.post(link[1], data=sent)).status_code == 303
    (one,) = await listed(france_site)
    assert (one["outcome"], one["stale"]) == ("grown", False)
    wrong = await france_site.browser.post(link[1], data={**sent, "outcome": "no"})
    assert wrong.status_code == 400
    assert (await france_site.browser.get(owner)).status_code == 200


async def test_the_task_of_the_worker_asks_the_owners(
    france_site: Any, hidden: Any, moderator: Any
) -> None:
    await send(france_site, hidden, email="auteur@exemple.org")
    await decide(france_site, hidden, moderator, "publish")
    rows(
        france_site,
        "update crowd.practice set published_at = now() - interval '1 year' returning 1",
    )
    settings = france_site.site.settings
    news = "select count(*) from catalog.outbox where purpose = 'practice-news'"
    for public_url, count in (("", 0), ("https://hub.example/", 1), ("https://hub.example/", 1)):
        web = settings.web.model_copy(update={"public_url": public_url})
        app = worker.make_app(settings.model_copy(update={"web": web}))
        await app.tasks["practice_news"].func(timestamp=0)
        assert rows(france_site, news) == [(count,)], public_url
    body = rows(france_site, "select body from catalog.outbox_letter order by mail_id desc limit 1")
    assert "https://hub.example/fr/proposer-une-pratique/suivi/m." in body[0][0]


async def test_export_and_erasure(france_site: Any, hidden: Any, moderator: Any) -> None:
    owner = await send(france_site, hidden, email="auteur@exemple.org")
    await decide(france_site, hidden, moderator, "publish")
    kept = json.loads((await france_site.browser.get(f"{owner}/export.json")).text)
    assert kept["email"] == "auteur@exemple.org"
    assert kept["what"] == SHEET["what"]
    assert kept["what_happened"][0]["action"] == "publish"
    page = (await france_site.browser.get(owner)).text
    sent = {"jeton": hidden(page, "jeton"), "action": "withdraw"}
    assert (await france_site.browser.post(owner, data=sent)).status_code == 303
    assert await listed(france_site) == []
    assert (await france_site.browser.get("/fr/bonnes-pratiques/1")).status_code == 404
    for table in ("practice_words", "practice_contact", "practice_origin"):
        assert rows(france_site, f"select count(*) from crowd.{table}") == [(0,)], table
    held = rows(france_site, "select recipient from catalog.outbox_letter")
    assert ("auteur@exemple.org",) not in held
    assert rows(france_site, "select count(*) from crowd.practice_version") == [(1,)], (
        "names nobody"
    )
    assert (await france_site.browser.get(f"{owner}/corriger")).status_code == 200
    assert "Retirée par son auteur" in (await france_site.browser.get(owner)).text


def test_the_sweep_forgets_in_time(conn: psycopg.Connection, settings: Any) -> None:
    conn.execute(
        "with p as (insert into crowd.practice (reference, once, token_hash, commune_number, service,"
        " speaker, language, state, created_at) values ('R', 'o', 't', 1, 'nursery', 'resident', 'fr',"
        " 'refused', '2020-01-01') returning id), v as (insert into crowd.practice_version"
        " (practice_id, once, sha256, written_at) select id, 'o', 's', '2020-01-01' from p returning id),"
        " w as (insert into crowd.practice_words select id, 't', 'w', 'p', 'x' from v),"
        " k as (insert into crowd.practice_contact select id, 'a@b.fr' from p)"
        " insert into crowd.practice_origin (practice_id, network, at) select id, 'n', '2020-01-01' from p"
    )
    retention.sweep(conn, settings)
    for table in ("practice_words", "practice_contact", "practice_origin"):
        assert conn.execute(f"select count(*) from crowd.{table}").fetchone() == (0,), table


@pytest.mark.parametrize(
    ("fields", "mistakes"),
    [
        ({"title": ""}, {"title": "needed"}),
        ({"what": "x" * 3001}, {"what": "too-long"}),
        ({"wrong": "appelez Paul au 06 12 34 56 78"}, {"wrong": "private"}),
        ({"partners": "ecrire@exemple.org"}, {"partners": "private"}),
        ({"cost": "-1"}, {"cost": "not-a-number"}),
        ({"cost": "1e9"}, {"cost": "not-a-number"}),
        ({"cost": "999999999"}, {"cost": "not-a-number"}),
        ({"months": "241"}, {"months": "not-a-number"}),
        ({"url": "javascript:alert(1)"}, {"url": "not-a-link"}),
        ({"title": "", "what": "", "cost": "x"},
         {"title": "needed", "what": "needed", "cost": "not-a-number"}),
        ({"cost": "1\u202f200 €"}, {}),
        ({"cost": "", "months": "", "url": ""}, {}),
    ],
)  # fmt: skip
def test_all_mistakes_at_once(fields: dict[str, str], mistakes: dict[str, str]) -> None:
    found = read({**SHEET, **fields})
    assert dict(found.mistakes) == mistakes
    assert (found.words is None) is bool(mistakes)


@pytest.mark.parametrize("nasty", NASTY)
async def test_words_stay_words(france_site: Any, hidden: Any, moderator: Any, nasty: str) -> None:
    fields = dict.fromkeys(("title", "what", "partners", "wrong"), nasty)
    owner = await send(france_site, hidden, **fields)
    texts = [(await moderator.get("/fr/moderation/pratiques")).text,
             (await moderator.get("/fr/moderation/pratiques/1")).text]  # fmt: skip
    await decide(france_site, hidden, moderator, "publish")
    for path in ("/fr/bonnes-pratiques", "/fr/bonnes-pratiques/1", "/en/good-practices/1", owner,
                 f"{owner}/corriger", f"/fr/commune/{CODE}"):  # fmt: skip
        texts.append((await france_site.browser.get(path)).text)
    for text in texts:
        assert "<script>alert" not in text
        assert "<img src=x" not in text
        assert ">49<" not in text
        assert 'href="javascript' not in text
    table = (await france_site.browser.get("/fr/bonnes-pratiques.csv")).text
    if nasty.startswith("="):
        assert "\"'=cmd" in table


async def test_floods_robots_and_forged_forms(france_site: Any, hidden: Any) -> None:
    for n in range(7):
        await send(france_site, hidden, title=f"Essai {n}", seconds=1 if n == 0 else 60)
    # Nobody writes a sheet within a second, nor more than five of them in a day.
    states = [one[0] for one in rows(france_site, "select state from crowd.practice order by id")]
    assert states == ["held", *["waiting"] * 4, "held", "held"]
    forged = await france_site.browser.post(
        "/fr/proposer-une-pratique", data=SHEET, headers={"Origin": "https://evil.example"}
    )
    assert forged.status_code == 403
    assert (await draft(france_site, hidden, jeton="x")).status_code == 403
    for path in ("/fr/proposer-une-pratique/suivi/inconnu", "/fr/proposer-une-pratique/relire/inconnu",
                 "/fr/proposer-une-pratique/suivi/m.inconnu", "/fr/bonnes-pratiques/abc",
                 "/api/v1/practices/99999999999999999999"):  # fmt: skip
        assert (await france_site.browser.get(path)).status_code == 404, path
    mistaken = await draft(france_site, hidden, title="", cost="x")
    assert mistaken.status_code == 422
    assert 'href="#title"' in mistaken.text
    assert SHEET["what"] in mistaken.text, "nothing written is lost"
