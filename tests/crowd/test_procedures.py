"""Procedures: not verified until somebody checks, hidden for a reason, their button looked for."""

import asyncio
import http.server
import json
import re
import threading
import zlib
from collections.abc import Iterator
from typing import Any
from xml.etree import ElementTree

import psycopg
import pytest

from api import button_worker, poster
from config.errors import NotFound
from crowd import buttons, mandates, procedures
from crowd.buttons import Outcome
from harvest.outbound_guard import Guard


def ask(running: Any, question: str, *values: Any) -> list[tuple[Any, ...]]:
    with psycopg.connect(running.site.settings.database.url) as conn:
        return conn.execute(question.encode(), values).fetchall()


async def register(running: Any, hidden: Any, url: str = "https://www.ville-x.fr/creche") -> str:
    """The address of the owner's page."""
    page = await running.browser.get("/fr/demarches")
    sent = {"jeton": hidden(page.text, "jeton"), "name": "Inscription à la crèche",
            "owner": "Ville de X", "url": url}  # fmt: skip
    answer = await running.browser.post("/fr/demarches", data=sent)
    assert answer.status_code == 303, answer.text
    return str(answer.headers["Location"])


async def act(running: Any, hidden: Any, owner: str, **fields: str) -> Any:
    page = await running.browser.get(owner)
    sent = {"jeton": hidden(page.text, "jeton"), **fields}
    return await running.browser.post(owner, data=sent)


async def decide(running: Any, hidden: Any, id_: str, **fields: str) -> Any:
    desk = f"/fr/moderation/demarches/{id_}"
    page = await running.browser.get(desk)
    assert page.status_code == 200, page.text
    return await running.browser.post(desk, data={"jeton": hidden(page.text, "jeton"), **fields})


def the_id(running: Any) -> str:
    ((found,),) = ask(running, "select id from crowd.procedure where kind = 'registered'")
    return str(found)


async def test_a_moderator_hides_for_a_reason_and_shows_again(
    empty_site: Any, hidden: Any, staff_login: Any
) -> None:
    owner = await register(empty_site, hidden)
    id_ = the_id(empty_site)
    assert (
        await act(empty_site, hidden, owner, action="answer", reponse="Achetez !")
    ).status_code == 303
    public = [f"/fr/demarches/{id_}", f"/fr/avis/{id_}", f"/fr/demarches/{id_}/affiche",
              f"/fr/demarches/{id_}/affiche.pdf", f"/fr/difficulte?procedure={id_}"]  # fmt: skip
    for address in public:
        assert (await empty_site.browser.get(address)).status_code == 200, address
    assert "Non vérifiée" in (await empty_site.browser.get(public[0])).text
    assert "Non vérifiée" in (await empty_site.browser.get("/fr/demarches")).text
    desk = f"/fr/moderation/demarches/{id_}"
    assert (await empty_site.browser.get(desk)).status_code == 403
    assert (await empty_site.browser.get("/fr/moderation/demarches")).status_code == 403
    await staff_login(empty_site)
    assert (
        "Inscription à la crèche" in (await empty_site.browser.get("/fr/moderation/demarches")).text
    )
    # One answer first.
    ((answer,),) = ask(empty_site, "select id from crowd.procedure_answer")
    done = await decide(
        empty_site, hidden, id_, action="hide-answer", id=str(answer), motif="advertising"
    )
    assert done.status_code == 303
    assert "Achetez" not in (await empty_site.browser.get(public[0])).text
    assert "c’est de la publicité" in (await empty_site.browser.get(owner)).text
    # Then the whole of it.
    assert (
        await decide(empty_site, hidden, id_, action="hide", motif="nonsense")
    ).status_code == 400
    assert (await decide(empty_site, hidden, id_, action="hide", motif="abuse")).status_code == 303
    assert (await decide(empty_site, hidden, id_, action="hide", motif="abuse")).status_code == 409
    for address in public:
        assert (await empty_site.browser.get(address)).status_code == 404, address
    assert "Inscription" not in (await empty_site.browser.get("/fr/demarches")).text
    voice = {"once": "0123456789abcdef0123", "face": 5}
    sent = await empty_site.browser.post(f"/api/v1/procedures/{id_}/voices", json=voice)
    assert sent.status_code == 404
    told = (await empty_site.browser.get(owner)).text
    assert "Masquée par un modérateur" in told
    assert "c’est un abus" in told
    assert (await decide(empty_site, hidden, id_, action="show")).status_code == 303
    assert (await empty_site.browser.get(public[0])).status_code == 200
    kept = ask(
        empty_site,
        "select action, actor like 'account:%%', details ->> 'reason' from crowd.audit "
        "where subject = %s order by id", f"procedure:{id_}",
    )  # fmt: skip
    assert kept == [
        ("answer-hide", True, "advertising"), ("procedure-hide", True, "abuse"),
        ("procedure-show", True, None),
    ]  # fmt: skip


async def test_a_form_from_elsewhere_hides_nothing(
    empty_site: Any, hidden: Any, staff_login: Any
) -> None:
    await register(empty_site, hidden)
    id_ = the_id(empty_site)
    await staff_login(empty_site)
    sent = {"jeton": "x", "action": "hide", "motif": "abuse"}
    answer = await empty_site.browser.post(f"/fr/moderation/demarches/{id_}", data=sent)
    assert answer.status_code == 403
    assert ask(empty_site, "select hidden_at from crowd.procedure where id = %s", id_) == [(None,)]


async def test_a_private_link_is_replaced_by_its_holder_and_ended_by_a_moderator(
    empty_site: Any, hidden: Any, staff_login: Any
) -> None:
    owner = await register(empty_site, hidden)
    fresh = str((await act(empty_site, hidden, owner, action="replace")).headers["Location"])
    assert fresh != owner
    assert (await empty_site.browser.get(owner)).status_code == 404
    assert (await empty_site.browser.get(fresh)).status_code == 200
    token = fresh.rsplit("/", 1)[1]
    assert token not in str(ask(empty_site, "select * from crowd.procedure"))
    await staff_login(empty_site)
    assert (
        await decide(empty_site, hidden, the_id(empty_site), action="end-link")
    ).status_code == 303
    assert (await empty_site.browser.get(fresh)).status_code == 404


async def test_the_mandate_of_a_commune_verifies_the_owner(france_site: Any, hidden: Any) -> None:
    owner = await register(france_site, hidden)
    assert (await act(france_site, hidden, owner, action="verify")).status_code == 403
    with psycopg.connect(france_site.site.settings.database.url) as conn:
        link = mandates.invite(conn, france_site.site.settings.mandates, "69143", "vu en mairie")
        conn.commit()
    page = await france_site.browser.get(f"/fr/mairie/69143/lien/{link}")
    entered = await france_site.browser.post(
        f"/fr/mairie/69143/lien/{link}", data={"jeton": hidden(page.text, "jeton")}
    )
    assert entered.status_code == 303, entered.text
    assert "Neuville-sur-Saône" in (await france_site.browser.get(owner)).text
    assert (await act(france_site, hidden, owner, action="verify")).status_code == 303
    async with france_site.another_browser() as anybody:
        told = (await anybody.get(f"/fr/demarches/{the_id(france_site)}")).text
    assert "La mairie de Neuville-sur-Saône, par son mandat" in told
    assert "Non vérifiée" not in told


# ------------------------------------------------------------------------------ the button


@pytest.mark.parametrize(
    ("page", "there"),
    [
        ('<script type="module" src="{o}/embed/avis.js"></script><guichet-avis procedure="p1">', True),
        ('<SCRIPT SRC="{o}/embed/avis.js"></SCRIPT><GUICHET-AVIS PROCEDURE="p1"/>', True),
        ('<guichet-avis procedure="p1"></guichet-avis>', False),
        ('<script src="{o}/embed/avis.js"></script><guichet-avis procedure="p2">', False),
        ('<script src="{o}/embed/avis.js"></script>', False),
        ('<script src="https://evil.example/embed/avis.js"></script><guichet-avis procedure="p1">', False),
        ('<!-- <script src="{o}/embed/avis.js"></script><guichet-avis procedure="p1"> -->', False),
        ('<script>"<script src={o}/embed/avis.js></script>', False),
        ('<script src="{o}/embed/avis.js"></script><script>x = "<guichet-avis procedure=p1>"</script>', False),
        ("", False),
        ("<" * 100_000, False),
        ('<script src="http://[bad"></script><guichet-avis procedure="p1">', False),
    ],
)  # fmt: skip
def test_what_a_button_is(page: str, there: bool) -> None:
    ours = "https://hub.example"
    found = buttons.button_is_on(page.replace("{o}", ours), "https://x.fr/a", "p1", ours)
    assert found is there


class _Town(http.server.BaseHTTPRequestHandler):
    body, status = b"", 200

    def do_GET(self) -> None:
        self.send_response(self.status)
        self.send_header("Content-Type", "text/html; charset=utf-8")
        self.send_header("Content-Length", str(len(self.body)))
        self.end_headers()
        self.wfile.write(self.body)

    def log_message(self, *_: object) -> None:
        pass


@pytest.fixture
def town() -> Iterator[tuple[type[_Town], str, Guard]]:
    """A site that a test changes, its address, and a guard that lets us reach that server alone."""
    handler = type("Town", (_Town,), {})
    server = http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    guard = Guard(lambda *_: ["127.0.0.1"], frozenset({("127.0.0.1", server.server_port)}))
    yield handler, f"http://town.example:{server.server_port}/creche", guard
    server.shutdown()
    thread.join()
    server.server_close()


async def test_seen_is_said_of_what_was_fetched_and_of_nothing_else(
    empty_site: Any, hidden: Any, town: Any
) -> None:
    handler, url, guard = town
    owner = await register(empty_site, hidden)
    id_ = the_id(empty_site)
    with psycopg.connect(empty_site.site.settings.database.url) as conn:
        conn.execute("update crowd.procedure set url = %s", [url])
        conn.execute("insert into crowd.procedure (id, kind, name, owner) values ('c', 'commune', 'c', 'c')")  # fmt: skip
    settings = empty_site.site.settings

    async def public() -> str:
        text = (await empty_site.browser.get(f"/fr/demarches/{id_}")).text
        return " ".join(re.sub(r"<[^>]+>", " ", text).split())

    assert "personne n’a encore regardé" in await public()
    # A page of a town that is not on the internet: the guard of production refuses it.
    assert await asyncio.to_thread(button_worker.look, settings, id_) is Outcome.UNREACHABLE
    assert "page injoignable" in await public()
    assert "Vu pour la dernière fois" not in await public()
    handler.body = b"<h1>Rien</h1>"
    assert await asyncio.to_thread(button_worker.look, settings, id_, guard) is Outcome.NOT_SEEN
    assert "pas vu le" in await public()
    handler.body = (
        '<script src="http://hub.example/embed/avis.js"></script>'
        f'<guichet-avis procedure="{id_}"></guichet-avis>'
    ).encode()
    assert await asyncio.to_thread(button_worker.look, settings, id_, guard) is Outcome.SEEN
    assert re.search(r"Bouton sur la page : vu le \d", await public())
    handler.status = 503
    assert await asyncio.to_thread(button_worker.look, settings, id_, guard) is Outcome.UNREACHABLE
    assert "page injoignable" in await public()
    assert "Vu pour la dernière fois" in await public()
    assert "page injoignable" in re.sub(r"\s+", " ", (await empty_site.browser.get(owner)).text)
    assert await asyncio.to_thread(button_worker.look, settings, "c", guard) is None
    assert [one for (one,) in ask(empty_site, "select outcome from crowd.button_look order by id")] == [
        "unreachable", "not-seen", "seen", "unreachable"
    ]  # fmt: skip
    with psycopg.connect(settings.database.url) as conn:
        assert buttons.due(conn, 168, 10) == []
        conn.execute("update crowd.button_look set at = at - interval '8 days'")
        assert buttons.due(conn, 168, 10) == [id_], "registered ones only"


async def test_an_owner_asks_for_a_look_once_in_a_while(empty_site: Any, hidden: Any) -> None:
    owner = await register(empty_site, hidden)
    jobs = "select args ->> 'procedure' from procrastinate.procrastinate_jobs where task_name = 'look_for_button'"  # fmt: skip
    for _ in range(2):
        assert (await act(empty_site, hidden, owner, action="look")).status_code == 303
    assert ask(empty_site, jobs) == [(the_id(empty_site),)]


# ------------------------------------------------------------------------------ live results


async def test_results_are_told_as_they_come(empty_site: Any, hidden: Any) -> None:
    owner = await register(empty_site, hidden)
    id_ = the_id(empty_site)
    seen: list[Any] = []
    async with empty_site.browser.stream(
        "GET", f"{owner}/direct", headers={"Accept": "text/event-stream"}
    ) as stream:
        assert stream.headers["Cache-Control"] == "no-store"
        async with asyncio.timeout(30):
            async for line in stream.aiter_lines():
                if not line.startswith("data: "):
                    continue
                seen.append(json.loads(line.removeprefix("data: ")))
                if len(seen) == 1:
                    body = {"once": "0123456789abcdef0123", "kind": "idea", "comment": "mieux"}
                    async with empty_site.another_browser() as other:
                        answer = await other.post(
                            f"/api/v1/procedures/{id_}/voices", json=body,
                            headers={"Origin": "https://www.ville-x.fr"},
                        )  # fmt: skip
                    assert answer.status_code == 201, answer.text
                else:
                    break
    assert (seen[0]["kind-idea"], seen[1]["kind-idea"]) == ("0", "1")
    assert seen[1]["latest"] == answer.json()["reference"]
    assert "mieux" not in json.dumps(seen)
    quiet = (await empty_site.browser.get(f"{owner}/direct")).json()
    assert quiet == seen[1]
    assert (
        await empty_site.browser.get(f"/fr/demarches/gerer/{'0' * 43}/direct")
    ).status_code == 404


# ------------------------------------------------------------------------------ posters


async def test_a_poster_for_each_counter(empty_site: Any, hidden: Any) -> None:
    await register(empty_site, hidden)
    id_ = the_id(empty_site)
    for language, where in (
        ("fr", f"/fr/demarches/{id_}/affiche"),
        ("en", f"/en/procedures/{id_}/poster"),
    ):
        drawn = await empty_site.browser.get(f"{where}.svg", params={"guichet": "Accueil n° 2"})
        root = ElementTree.fromstring(drawn.content)
        assert (root.get("width"), root.get("height"), root.get("lang")) == (
            "210mm",
            "297mm",
            language,
        )
        texts = " ".join("".join(root.itertext()).split())
        assert "Inscription à la crèche" in texts
        assert "Accueil n° 2" in texts
        assert f"/{language}/" in texts
        made = (
            await empty_site.browser.get(f"{where}.pdf", params={"guichet": "Accueil n° 2"})
        ).content
        assert b"/MediaBox [0 0 595 842]" in made
        page = zlib.decompress(made.split(b"stream\n", 1)[1].split(b"\nendstream", 1)[0])
        assert "Inscription à la crèche".encode("cp1252") in page
        assert page.count(b" re") > 200, "the code is drawn"
    page = await empty_site.browser.get(
        f"/fr/avis/{id_}", params={"canal": "poster", "guichet": "Accueil n° 2"}
    )
    sent = {"jeton": hidden(page.text, "jeton"), "canal": hidden(page.text, "canal"),
            "guichet": hidden(page.text, "guichet"), "niveau": "4"}  # fmt: skip
    assert (await empty_site.browser.post(f"/fr/avis/{id_}", data=sent)).status_code == 303
    assert ask(empty_site, "select channel, screen, level from crowd.face") == [
        ("poster", "Accueil n° 2", 4)
    ]
    assert (await empty_site.browser.get(f"/fr/demarches/{id_}/affiche.exe")).status_code == 404


def test_a_pdf_is_whole_and_its_texts_cannot_end_it() -> None:
    sly = poster.Poster(
        "a) Tj ET (", "\\", "œ’…\u202f中", "x" * 900, "https://x.fr/", "y" * 300, "fr"
    )
    made = poster.pdf(sly)
    places = [int(one) for one in re.findall(rb"^(\d{10}) 00000 n", made, re.M)]
    for number, place in enumerate(places, start=1):
        assert made[place:].startswith(b"%d 0 obj" % number)
    start = int(made.rsplit(b"startxref\n", 1)[1].split(b"\n", 1)[0])
    assert made[start:].startswith(b"xref")
    page = zlib.decompress(made.split(b"stream\n", 1)[1].split(b"\nendstream", 1)[0])
    assert rb"(a\) Tj ET \() Tj ET" in page
    assert rb"(\\) Tj ET" in page
    ElementTree.fromstring(poster.svg(sly))
    for line in poster.wrapped("x" * 900, 16, 400):
        assert poster.width(line, 16) <= 400


async def test_the_satisfaction_table_leaves_hidden_ones_out(aconn: Any) -> None:
    await aconn.execute(
        "insert into crowd.procedure (id, kind, name, owner, hidden_at, hidden_why) "
        "values ('h', 'registered', 'h', 'h', now(), 'abuse')"
    )
    assert "h" not in {one.id for one in await procedures.every(aconn)}
    assert [one.id for one in await procedures.every(aconn, hidden=True)] == ["h"]
    with pytest.raises(NotFound):
        await procedures.shown(aconn, "h")
