"""Faces and difficulties over HTTP: once, scrubbed, counted honestly, from the right pages."""

import asyncio
import csv
import io
import re
from typing import Any

import httpx
import psycopg
import pytest

CODE = "69143"
PRIVATE = "Écrivez à jean.dupont@orange.fr ou au 06 12 34 56 78, carte 269054958815780"
NEEDLES = ("jean.dupont", "06 12 34 56 78", "269054958815780")


def rows(running: Any, table: str) -> list[dict[str, Any]]:
    with psycopg.connect(
        running.site.settings.database.url, row_factory=psycopg.rows.dict_row
    ) as conn:
        return conn.execute(f"select * from crowd.{table} order by 1").fetchall()


def registered(running: Any, id_: str = "demo", host: str = "mairie.example") -> None:
    with psycopg.connect(running.site.settings.database.url) as conn:
        conn.execute(
            "insert into crowd.procedure (id, kind, name, owner, url, host) "
            "values (%s, 'registered', 'Démarche', 'Mairie', %s, %s)",
            [id_, f"https://{host}/demarche", host],
        )


async def vote(running: Any, hidden: Any, level: int = 5, network: str = "203.0.113.7") -> None:
    page = await running.browser.get("/fr/avis/guichet")
    sent = {"jeton": hidden(page.text, "jeton"), "niveau": str(level)}
    answer = await running.browser.post(
        "/fr/avis/guichet", data=sent, headers={"X-Forwarded-For": network}
    )
    assert answer.status_code == 303, answer.text


def voice(**fields: Any) -> dict[str, Any]:
    return {"once": "0123456789abcdef0123", **fields}


async def test_a_face_on_the_commune_page_is_one_whatever_is_pressed_twice(
    france_site: Any, hidden: Any
) -> None:
    page = await france_site.browser.get(f"/fr/commune/{CODE}")
    assert page.text.count('name="niveau"') == 5
    sent = {"jeton": hidden(page.text, "jeton"), "niveau": "4", "canal": "page"}
    address = f"/fr/avis/commune-{CODE}"
    answers = await asyncio.gather(
        *(france_site.browser.post(address, data=sent) for _ in range(20))
    )
    assert {one.status_code for one in answers} == {303}
    assert len({one.headers["Location"] for one in answers}) == 1
    (face,) = rows(france_site, "face")
    assert (face["procedure_id"], face["level"], face["held"]) == (f"commune-{CODE}", 4, None)
    assert [(one["level"], one["n"]) for one in rows(france_site, "face_day")] == [(4, 1)]
    thanks = await france_site.browser.get(answers[0].headers["Location"])
    assert "Merci" in thanks.text


async def test_nothing_but_n_is_shown_below_the_threshold_in_every_channel(
    empty_site: Any, hidden: Any
) -> None:
    for place in range(9):
        await vote(empty_site, hidden, 5, f"203.0.{place}.7")
    table = (await empty_site.browser.get("/fr/satisfaction.csv")).content.decode("utf-8-sig")
    (line,) = csv.DictReader(io.StringIO(table))
    assert (line["n"], line["share_satisfied"], line["level_5"]) == ("9", "", "")
    api = (await empty_site.browser.get("/api/v1/satisfaction")).json()["procedures"][0]
    assert (api["n"], api["share"], api["levels"], api["interval"]) == (9, None, None, None)
    page = (await empty_site.browser.get("/fr/demarches/guichet")).text
    assert "9 avis" in page
    assert "% de satisfaits" not in page
    await vote(empty_site, hidden, 1, "203.0.99.7")
    api = (await empty_site.browser.get("/api/v1/satisfaction")).json()["procedures"][0]
    assert (api["n"], api["share"], sum(api["levels"].values())) == (10, 0.9, 10)
    assert api["interval"] == [0.5958, 0.9821]
    table = (await empty_site.browser.get("/fr/satisfaction.csv")).content.decode("utf-8-sig")
    (line,) = csv.DictReader(io.StringIO(table))
    assert (line["n"], line["share_satisfied"], line["wilson95_low"]) == ("10", "0.9", "0.5958")
    page = (await empty_site.browser.get("/fr/satisfaction")).text
    assert "90 % de satisfaits" in page
    assert "entre 60 % et 98 %" in page
    assert "<ol>" not in page  # no table of one


async def test_what_is_stuffed_is_received_told_and_not_counted(
    empty_site: Any, hidden: Any
) -> None:
    most = empty_site.site.settings.voices.most_network_day
    for _ in range(most + 5):
        await vote(empty_site, hidden, 1)
    await vote(empty_site, hidden, 5, "198.51.100.1")
    api = (await empty_site.browser.get("/api/v1/satisfaction")).json()["procedures"][0]
    assert (api["n"], api["held"]) == (most + 1, 5)
    faces = rows(empty_site, "face")
    assert len(faces) == most + 6
    assert {one["held"] for one in faces} == {None, "network"}
    assert sum(one["n"] for one in rows(empty_site, "face_day")) == most + 1


@pytest.mark.parametrize("origin", ["https://evil.example", "null", None])
async def test_forms_of_other_sites_are_refused(
    empty_site: Any, hidden: Any, origin: str | None
) -> None:
    page = await empty_site.browser.get("/fr/avis/guichet")
    sent = {"jeton": hidden(page.text, "jeton"), "niveau": "5", "genre": "idea"}
    browser = httpx.AsyncClient(base_url=empty_site.base)
    headers = {} if origin is None else {"Origin": origin}
    async with browser:
        for address in ("/fr/avis/guichet", "/fr/difficulte", "/fr/demarches"):
            answer = await browser.post(address, data=sent, headers=headers)
            assert answer.status_code == 403, address
    assert rows(empty_site, "face") == []
    assert rows(empty_site, "difficulty") == []


async def test_a_difficulty_is_scrubbed_with_a_warning_then_received_once(
    empty_site: Any, hidden: Any, monkeypatch: pytest.MonkeyPatch, staff_login: Any
) -> None:
    from api.handlers import page_voices

    monkeypatch.setattr(page_voices, "FASTEST_SECONDS", 0.0)
    page = await empty_site.browser.get("/fr/difficulte", params={"page": "/fr/carte?x=1"})
    assert hidden(page.text, "page") == "/fr/carte"
    sent = {"jeton": hidden(page.text, "jeton"), "page": "/fr/carte", "procedure": "guichet",
            "genre": "broken", "commentaire": f"<script>alert(1)</script> {PRIVATE}"}  # fmt: skip
    warned = await empty_site.browser.post("/fr/difficulte", data=sent)
    assert warned.status_code == 200
    assert rows(empty_site, "difficulty") == []
    assert "un numéro de téléphone" in warned.text
    assert "<script>alert" not in warned.text
    assert not any(needle in warned.text for needle in NEEDLES)
    words = re.search(r"<textarea[^>]*>(.*?)</textarea>", warned.text, re.DOTALL)
    assert words is not None
    import html

    sent |= {"jeton": hidden(warned.text, "jeton"), "commentaire": html.unescape(words[1])}
    answers = await asyncio.gather(
        *(empty_site.browser.post("/fr/difficulte", data=sent) for _ in range(20))
    )
    places = {one.headers["Location"] for one in answers}
    assert {one.status_code for one in answers} == {303}
    assert len(places) == 1
    (kept,) = rows(empty_site, "difficulty")
    assert (kept["state"], kept["page"]) == ("new", "/fr/carte")
    assert "[tel]" in kept["comment"]
    assert not any(one in kept["comment"] for one in NEEDLES)
    told = await empty_site.browser.get(places.pop())
    assert kept["reference"] in told.text
    assert "alert(1)" not in told.text
    # Moderators read it, escaped, and say that they did.
    assert (await empty_site.browser.get("/fr/moderation/difficultes")).status_code == 403
    await staff_login(empty_site)
    listed = await empty_site.browser.get("/fr/moderation/difficultes")
    assert "&lt;script&gt;alert(1)" in listed.text
    assert "<script>alert" not in listed.text
    done = {"jeton": hidden(listed.text, "jeton"), "id": str(kept["id"]), "action": "done"}
    assert (
        await empty_site.browser.post("/fr/moderation/difficultes", data={**done, "jeton": "x"})
    ).status_code == 403
    assert (
        await empty_site.browser.post("/fr/moderation/difficultes", data=done)
    ).status_code == 303
    assert rows(empty_site, "difficulty")[0]["state"] == "done"


@pytest.mark.parametrize("how", ["trap", "fast"])
async def test_robots_are_received_apart(empty_site: Any, hidden: Any, how: str) -> None:
    page = await empty_site.browser.get("/fr/difficulte")
    sent = {"jeton": hidden(page.text, "jeton"), "procedure": "guichet", "genre": "idea"}
    if how == "trap":
        sent["site_web"] = "https://spam.example"
    answer = await empty_site.browser.post("/fr/difficulte", data=sent)
    assert answer.status_code == 303  # told as everybody is
    assert [one["state"] for one in rows(empty_site, "difficulty")] == ["held"]


@pytest.mark.parametrize(
    "page", ["https://evil.example/", "//evil.example", "/fr/../x", "javascript:alert(1)", "/api/"]
)
async def test_only_a_path_of_ours_is_prefilled(empty_site: Any, hidden: Any, page: str) -> None:
    found = await empty_site.browser.get("/fr/difficulte", params={"page": page})
    assert found.status_code == 200
    assert hidden(found.text, "page") == ""


async def test_the_footer_names_the_page_but_never_a_private_link(
    empty_site: Any, hidden: Any
) -> None:
    page = await empty_site.browser.get("/fr/demarches")
    assert "/fr/difficulte?page=%2Ffr%2Fdemarches" in page.text
    sent = {"jeton": hidden(page.text, "jeton"), "name": "Inscription à la crèche",
            "owner": "Ville de X", "url": "https://www.ville-x.fr/creche?dossier=42"}  # fmt: skip
    answers = [await empty_site.browser.post("/fr/demarches", data=sent) for _ in range(2)]
    assert answers[0].headers["Location"] == answers[1].headers["Location"]
    owner = answers[0].headers["Location"]
    token = owner.rsplit("/", 1)[1]
    found = await empty_site.browser.get(owner)
    assert found.status_code == 200
    assert found.headers["Cache-Control"] == "no-store"
    footer = re.search(r'/difficulte\?page=[^"]*', found.text)
    assert footer is not None
    assert token not in footer[0]
    procedure = next(one for one in rows(empty_site, "procedure") if one["kind"] == "registered")
    assert procedure["url"] == "https://www.ville-x.fr/creche"
    assert token.encode() not in procedure["owner_hash"]
    # The owner answers publicly, dated.
    said = {"jeton": hidden(found.text, "jeton"), "action": "answer", "reponse": "C’est corrigé."}
    for _ in range(2):
        assert (await empty_site.browser.post(owner, data=said)).status_code == 303
    public = await empty_site.browser.get(f"/fr/demarches/{procedure['id']}")
    assert public.text.count("C’est corrigé.") == 1
    assert token not in public.text
    assert (await empty_site.browser.get("/fr/demarches/gerer/" + "0" * 43)).status_code == 404
    svg = await empty_site.browser.get(f"/fr/demarches/{procedure['id']}/qr.svg")
    pdf = await empty_site.browser.get(f"/fr/demarches/{procedure['id']}/qr.pdf")
    assert svg.headers["Content-Type"] == "image/svg+xml"
    assert b"<svg" in svg.content
    assert pdf.content.startswith(b"%PDF-")


async def test_the_door_of_the_button_is_strict(empty_site: Any) -> None:
    registered(empty_site)
    door = "/api/v1/procedures/demo/voices"
    right = {"Origin": "https://www.mairie.example"}
    wrong: list[tuple[Any, int]] = [
        ({}, 400), (voice(), 400), (voice(face=6), 400), (voice(face=5, kind="idea"), 400),
        (voice(kind="rant"), 400), (voice(face=5, more=1), 400), ({"once": "short", "face": 5}, 400),
        (voice(kind="idea", comment="x" * 1001), 400), (voice(kind="idea", comment="\0"), 400),
        (voice(kind="idea", comment="x" * 20000), 413),
    ]  # fmt: skip
    for body, status in wrong:
        answer = await empty_site.browser.post(door, json=body, headers=right)
        assert answer.status_code == status, body
    text = await empty_site.browser.post(
        door, content="{}", headers={**right, "Content-Type": "text/plain"}
    )
    assert text.status_code == 415
    for origin in ("https://evil.example", "null", "https://mairie.example.evil.example"):
        answer = await empty_site.browser.post(door, json=voice(face=5), headers={"Origin": origin})
        assert answer.status_code == 403, origin
        assert "Access-Control-Allow-Credentials" not in answer.headers
    assert rows(empty_site, "face") == []
    answers = await asyncio.gather(
        *(empty_site.browser.post(door, json=voice(face=2), headers=right) for _ in range(50))
    )
    assert {one.status_code for one in answers} == {201}
    assert len(rows(empty_site, "face")) == 1


async def test_the_server_scrubs_too_and_nothing_private_is_public(empty_site: Any) -> None:
    registered(empty_site)
    answer = await empty_site.browser.post(
        "/api/v1/procedures/demo/voices",
        json=voice(kind="broken", comment=PRIVATE, screen="paiement 06 12 34 56 78"),
        headers={"Origin": "https://mairie.example"},
    )
    assert answer.json()["scrubbed"] == ["email", "nir", "phone"]
    (kept,) = rows(empty_site, "difficulty")
    assert kept["screen"] == "paiement [tel]"
    addresses = ["/fr/satisfaction", "/fr/satisfaction.csv", "/api/v1/satisfaction",
                 "/fr/demarches", "/fr/demarches/demo", "/fr/demarches/demo/affiche",
                 f"/fr/difficulte/{kept['reference']}", "/fr/avis/demo"]  # fmt: skip
    for address in addresses:
        found = await empty_site.browser.get(address)
        assert found.status_code == 200, address
        assert not any(needle in found.text for needle in NEEDLES), address
        assert "[tel]" not in found.text, address  # not even the scrubbed words
    for table in ("difficulty", "face", "procedure", "voice_origin"):
        assert not any(needle in str(rows(empty_site, table)) for needle in NEEDLES)
        assert "127.0.0.1" not in str(rows(empty_site, table))
