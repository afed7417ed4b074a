"""What is personal in contributions: kept apart, shown to nobody else, forgotten on demand."""

import contextlib
import hashlib
import re
from typing import Any
from urllib.parse import urlencode

import psycopg

from api.addresses import PAGES
from api.app import routes
from catalog.states import State as Fact
from crowd import accounts, contributions

CODE, SERVICE = "69143", "nursery"  # Neuville-sur-Saône: nothing is known of its crèche
SITE = "https://www.mairie-neuvillesursaone.fr"
OGC_FORMATS = ("json", "html", "jsonfg", "jsonld", "csv", "geojsonseq")


async def test_the_link_of_a_mail_follows_confirms_and_erases(
    france_site: Any, visit: Any, staff_login: Any
) -> None:
    resident = visit()
    link = await resident.contribute(
        url=f"{SITE}/creche", email="marie@exemple.fr", nom="Marie", comment="Je suis là"
    )
    assert "Confirmer mon adresse" not in await resident.follow(link), "only the mail proves it"
    (body,) = france_site.rows("select body from catalog.outbox_letter")[0]
    found = re.search(r"http://[^/]+(/fr/suivi/m\.\S+)", body)
    assert found
    mailed = found[1]
    page = await resident.follow(mailed)
    assert "Confirmer mon adresse" in page
    assert france_site.rows("select confirmed_at from crowd.contact") == [(None,)], (
        "a GET confirms nothing (C21)"
    )
    token = resident.hidden(page, "jeton")
    await resident.browser.post(mailed, data={"jeton": token, "action": "confirm"})
    assert france_site.rows("select confirmed_at is not null from crowd.contact") == [(True,)]
    export = (await resident.browser.get(f"{link}/export.json")).json()
    assert (export["email"], export["comment"], export["thanks_name"]) == (
        "marie@exemple.fr",
        "Je suis là",
        "Marie",
    )
    await staff_login(france_site)
    await france_site.decide(1, action="accept", outcome="as-said")
    assert "Marie" in (await resident.browser.get("/fr/grace-a-vous")).text
    await resident.browser.post(link, data={"jeton": token, "action": "erase"})
    after = (await resident.browser.get(f"{link}/export.json")).json()
    assert (after["email"], after["comment"], after["thanks_name"]) == (None, None, None)
    assert await france_site.known() is Fact.INFORMATION, "the fact stays, anonymous (C29)"
    everything = dump(france_site)
    for secret in ("marie@exemple.fr", "Marie", "Je suis là"):
        assert secret not in everything


def dump(site: Any) -> str:
    """Every text of every table that people fill, as a thief would read it."""
    found = []
    with psycopg.connect(site.site.settings.database.url) as conn:
        tables = conn.execute(
            "select format('%I.%I', table_schema, table_name) from information_schema.tables "
            "where table_schema in ('crowd') or table_name in ('outbox', 'outbox_letter', 'observation')"
        ).fetchall()
        for (table,) in tables:
            found += [str(row) for row in conn.execute(f"select * from {table}")]
    return "\n".join(found)


def every_public_address(office: str) -> list[str]:
    """Each GET of the API and each page whose slots are public, from the routes themselves: a new
    one is scanned without anybody thinking of it."""
    slots = {"code": CODE, "service": SERVICE, "office": office, "simulator": "income-tax",
             "territory": "france", "number": "1", "practice": "1", "record": "1"}  # fmt: skip
    asked = {getattr(route, "template", ""): route.handler_class.parameters for route in routes()
             if getattr(route, "template", "").startswith("/api/")}  # fmt: skip
    pages = [path for both in PAGES.values() for path in both]
    found = []
    for template in (*asked, *pages):
        names = re.findall(r"{(\w+)", template)
        if set(names) <= set(slots):
            path = re.sub(r"{(\w+)[^}]*}", lambda slot: slots[slot[1]], template)
            needed = [one for one in asked.get(template, ()) if one.required]
            found.append(path + "?" + urlencode({one.name: one.example for one in needed}))
    return found


async def test_no_public_answer_holds_an_address(
    france_site: Any, visit: Any, staff_login: Any
) -> None:
    """Every public page and API answer about contributions, scanned for the seeded addresses."""
    seeds = ("marie.seed@exemple.fr", "paroles semées", "203.0.113")
    resident = visit()
    link = await resident.contribute(url=f"{SITE}/creche", email=seeds[0], comment=seeds[1])
    await staff_login(france_site)
    await france_site.decide(1, action="accept", outcome="as-said")
    await france_site.site.refresh()
    ((reference,),) = france_site.rows("select reference from crowd.contribution")
    reader = visit("198.51.100.9")
    for path in (
        "/fr/grace-a-vous", "/fr/contribuer/regles", "/fr/registre-des-donnees", "/fr/sources", "/fr/methode",
        f"/fr/commune/{CODE}", "/fr/carte?service=nursery", "/fr/carte.csv?service=nursery",
        f"/api/v1/communes/{CODE}", f"/api/v1/communes/{CODE}/services", "/api/v1/changes?limit=1000",
        "/api/v1/status/nursery.bin", "/api/v1/sources", "/fr/services/nursery", "/fr/", "/fr/connexion",
        *(f"/ogc/collections/contributions/items?f={one}" for one in OGC_FORMATS),
        "/ogc/collections/contributions/items/1", "/ogc/collections/contributions/items/1?f=html",
        f"/ogc/collections/services/items/{CODE}.{SERVICE}",
    ):  # fmt: skip
        answer = await reader.browser.get(path)
        for seed in seeds:
            assert seed not in answer.text, path
        assert reference not in answer.text, f"{path}: who holds it is its author"
    ((office,),) = france_site.rows("select min(id)::text from catalog.office")
    paths = every_public_address(office)
    read = 0
    for path in paths:
        async with reader.browser.stream("GET", path) as answer:
            if answer.headers.get("Content-Type", "").startswith("text/event-stream"):
                continue  # it never ends
            text = (await answer.aread()).decode("utf-8", "replace")
        read += answer.status_code == 200
        for seed in (*seeds, reference):
            assert seed not in text, path
    assert read > 60, f"{read} of {len(paths)} were read"
    page = (await reader.browser.get("/ogc/collections/contributions/items")).json()
    (published,) = page["features"]
    assert published["properties"]["commune"] == CODE
    assert published["properties"]["speaker"] == "resident"
    assert published["geometry"]["type"] == "Point"
    observations = france_site.rows("select observation_id::text from crowd.publication")
    assert [(one,) for one in published["properties"]["observations"]] == observations != []
    proofs = (await reader.browser.get(published["properties"]["proof"].split("/", 3)[3])).text
    assert f"{SITE}/creche" in proofs
    assert seeds[0] not in await resident.follow(link), "not even on its own page"
    assert "203.0.113" not in dump(france_site)


async def test_no_whole_address_is_kept(france_site: Any, visit: Any) -> None:
    await visit("203.0.113.7").contribute(url=f"{SITE}/creche")
    assert "203.0.113" not in dump(france_site)
    with contextlib.closing(psycopg.connect(france_site.site.settings.database.url)) as conn:
        conn.execute("update crowd.origin set at = now() - interval '25 hours'")
        from crowd import retention

        retention.sweep(conn, france_site.site.settings)
        assert conn.execute("select count(*) from crowd.origin").fetchone() == (0,)


async def test_private_words_are_warned_about(visit: Any) -> None:
    """C13."""
    resident = visit()
    kept = await resident.draft(
        "dead-link", comment="appelez le 06 12 34 56 78 ou a@b.fr, AB-123-CD"
    )
    page = await resident.review(kept.headers["Location"])
    for words in ("un numéro de téléphone", "une adresse électronique", "une plaque"):
        assert words in page


async def test_a_wrong_address_is_said_and_nothing_is_injected(
    france_site: Any, visit: Any
) -> None:
    """C16."""
    resident = visit()
    kept = await resident.draft(url=f"{SITE}/creche")
    for bad in ("a@b", "a@b.fr\r\nBcc: x@y.fr", "a@b.fr, c@d.fr"):
        answer = await resident.send(kept.headers["Location"], email=bad)
        assert answer.status_code == 422
    assert france_site.rows("select count(*) from crowd.contribution") == [(0,)]


async def test_offline_drafts_are_sent_once_each(france_site: Any, visit: Any) -> None:
    resident = visit()
    token = (await resident.browser.get("/fr/contribuer/envoi")).json()["jeton"]
    sent = {
        "jeton": token,
        "commune": CODE,
        "service": SERVICE,
        "sujet": "exists",
        "url": SITE + "/creche",
        "cle": "a" * 36,
    }
    first, again = [
        await resident.browser.post("/fr/contribuer/envoi", data=sent) for _ in range(2)
    ]
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json() == again.json()
    other = await resident.browser.post("/fr/contribuer/envoi", data={**sent, "cle": "b" * 36})
    assert other.status_code == 201
    assert france_site.rows("select count(*) from crowd.contribution") == [(2,)]


def test_private_links_are_not_in_the_database() -> None:
    token = contributions.follow_token("secret")
    assert contributions.token_hash(token) != token.encode()
    assert contributions.token_hash(token) == hashlib.sha256(token.encode()).digest()
    assert accounts.TOKEN_BYTES == 32


async def test_the_desk_cannot_be_framed_nor_driven_from_elsewhere(
    france_site: Any, visit: Any, staff_login: Any
) -> None:
    """E4 and C3: with the moderator's own cookie and a proof that was stolen."""
    await visit().contribute(url=f"{SITE}/creche")
    await staff_login(france_site)
    page = await france_site.browser.get("/fr/moderation/cas/1")
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
    assert page.headers["X-Frame-Options"] == "DENY"
    assert page.headers["Cache-Control"] == "no-store"
    proof = re.search(r'name="jeton" value="([0-9a-f]{64})"', page.text)
    assert proof
    sent = {"jeton": proof[1], "version": "1", "action": "accept", "outcome": "as-said"}
    evil = {"Origin": "https://evil.example"}
    for fields, headers in (
        (sent, evil),
        ({**sent, "jeton": "0" * 64}, {}),
        ({**sent, "jeton": ""}, {}),
    ):
        answer = await france_site.browser.post(
            "/fr/moderation/cas/1", data=fields, headers=headers
        )
        assert answer.status_code == 403
    assert france_site.rows("select state from crowd.contribution") == [("waiting",)]
    assert (await france_site.browser.post("/fr/moderation/cas/1", data=sent)).status_code == 303
