"""A resident from the first page to the map, and what is refused on the way."""

import asyncio
import contextlib
import hashlib
import re
from collections.abc import AsyncIterator
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

import httpx
import psycopg
import pytest

from api.addresses import PAGES
from api.app import routes
from catalog import live
from catalog.states import State as Fact
from crowd import accounts, contributions

CODE, SERVICE = "69143", "nursery"  # Neuville-sur-Saône: nothing is known of its crèche
SITE = "https://www.mairie-neuvillesursaone.fr"
OGC_FORMATS = ("json", "html", "jsonfg", "jsonld", "csv", "geojsonseq")


class Visitor:
    """A browser on one network, which fills the form as a person would."""

    def __init__(self, running: Any, hidden: Any, network: str = "203.0.113.7") -> None:
        self.running, self.hidden = running, hidden
        self.browser: httpx.AsyncClient = running.another_browser()
        self.browser.headers["X-Forwarded-For"] = network

    async def draft(
        self, sujet: str = "exists", code: str = CODE, service: str = SERVICE, **fields: Any
    ) -> httpx.Response:
        page = await self.browser.get(
            "/fr/contribuer", params={"commune": code, "service": service, "sujet": sujet}
        )
        assert page.status_code == 200, page.text
        sent = {"jeton": self.hidden(page.text, "jeton"), "commune": code, "service": service,
                "sujet": sujet, **fields}  # fmt: skip
        return await self.browser.post("/fr/contribuer", data=sent)

    async def review(self, address: str) -> str:
        page = await self.browser.get(address)
        assert page.status_code == 200, page.text
        return page.text

    async def send(self, address: str, **fields: str) -> httpx.Response:
        token = self.hidden(await self.review(address), "jeton")
        return await self.browser.post(address, data={"jeton": token, **fields})

    async def contribute(
        self,
        sujet: str = "exists",
        code: str = CODE,
        service: str = SERVICE,
        email: str = "",
        nom: str = "",
        **fields: Any,
    ) -> str:
        """The address of the follow-up page."""
        kept = await self.draft(sujet, code, service, **fields)
        assert kept.status_code == 303, kept.text
        done = await self.send(kept.headers["Location"], email=email, nom=nom)
        assert done.status_code == 303, done.text
        return done.headers["Location"]

    async def follow(self, address: str) -> str:
        return (await self.browser.get(address)).text


@pytest.fixture
async def visit(france_site: Any, hidden: Any) -> AsyncIterator[Any]:
    """A function (network): a visitor. The form is read in more than the fastest time."""
    from dataclasses import replace

    from crowd import policy

    # The tests fill forms in milliseconds; test_policy tries the real limit.
    policy_limits = replace(policy.LIMITS, fastest_seconds=0.0)
    opened: list[Visitor] = []

    def make(network: str = "203.0.113.7") -> Visitor:
        opened.append(Visitor(france_site, hidden, network))
        return opened[-1]

    before = policy.decide.__defaults__
    policy.decide.__defaults__ = (policy_limits,)
    yield make
    policy.decide.__defaults__ = before
    for one in opened:
        await one.browser.aclose()


def rows(site: Any, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with psycopg.connect(site.site.settings.database.url) as conn:
        return conn.execute(statement, values).fetchall()


async def known(site: Any, service: str = SERVICE, code: str = CODE) -> Fact:
    """What the map's byte says, as a reader gets it."""
    await site.site.refresh()
    number = (await site.browser.get(f"/api/v1/communes/{code}")).json()["commune"]["number"]
    return Fact((await site.browser.get(f"/api/v1/status/{service}.bin")).content[number])


async def decide(
    site: Any, number: int, browser: httpx.AsyncClient | None = None, **fields: Any
) -> httpx.Response:
    browser = browser or site.browser
    page = await browser.get(f"/fr/moderation/cas/{number}")
    assert page.status_code == 200, page.text
    gate = (
        await browser.get("/fr/deconnexion")
    ).text  # of the session, also where no form is shown
    proof = re.search(r'name="jeton" value="([0-9a-f]{64})"', gate)
    version = re.search(r'name="version" value="(\d+)"', page.text)
    assert proof
    sent = {"jeton": proof[1], "version": version[1] if version else "1", **fields}
    return await browser.post(f"/fr/moderation/cas/{number}", data=sent)


async def test_a_resident_alone_waits_for_a_moderator_then_changes_the_map(
    france_site: Any, visit: Any, staff_login: Any
) -> None:
    assert await known(france_site) is Fact.UNKNOWN
    resident = visit()
    link = await resident.contribute(
        url=f"{SITE}/creche", attributes=["downloadable_form"], comment="Vu à l’accueil"
    )
    page = await resident.follow(link)
    assert "en attente d’un modérateur" in page
    assert await known(france_site) is Fact.UNKNOWN, "nothing is believed yet"
    await staff_login(france_site)
    queue = await france_site.browser.get("/fr/moderation")
    number = int(re.findall(r"/fr/moderation/cas/(\d+)", queue.text)[0])
    answer = await decide(france_site, number, action="accept", outcome="as-said")
    assert answer.status_code == 303, answer.text
    assert await known(france_site) is Fact.ONE_WAY
    page = await resident.follow(link)
    assert "oui, voir la page de la commune" in page
    commune = (await resident.browser.get(f"/fr/commune/{CODE}")).text
    assert "Un modérateur, après vérification," in commune or "Un habitant" in commune
    assert f"{SITE}/creche" in commune
    assert "Vu à l’accueil" not in commune, "free words are for moderators"
    assert rows(france_site, "select action from crowd.audit order by id") == [
        ("account-add",), ("log-in",), ("accept",)]  # fmt: skip
    thanks = (await resident.browser.get("/fr/grace-a-vous")).text
    assert "un habitant" in thanks


async def test_two_residents_who_agree_publish(france_site: Any, visit: Any) -> None:
    site = rows(
        france_site, "select website from catalog.office o join catalog.commune c "
        "on c.number = o.commune_number where c.code = %s and website is not null", CODE)[0][0]  # fmt: skip
    one, two = visit("203.0.113.7"), visit("198.51.100.9")
    first = await one.contribute(url=f"{site.rstrip('/')}/creche")
    assert await known(france_site) is Fact.UNKNOWN
    second = await two.contribute(url=f"{site.rstrip('/')}/creche/", comment="c’est bien là")
    assert await known(france_site) is Fact.INFORMATION
    for visitor, link in ((one, first), (two, second)):
        page = await visitor.follow(link)
        assert "deux personnes indépendantes disent la même chose" in page
        assert "oui, voir la page de la commune" in page


async def test_one_resident_is_not_two(france_site: Any, visit: Any) -> None:
    site = rows(
        france_site, "select website from catalog.office o join catalog.commune c "
        "on c.number = o.commune_number where c.code = %s and website is not null", CODE)[0][0]  # fmt: skip
    for network in ("203.0.113.7", "203.0.113.8"):  # the same /24
        await visit(network).contribute(url=f"{site}/creche")
    assert await known(france_site) is Fact.UNKNOWN


async def test_the_pair_on_an_unknown_site_waits(france_site: Any, visit: Any) -> None:
    """What floods want is links: two networks do not publish one to their shop."""
    for network in ("203.0.113.7", "198.51.100.9"):
        await visit(network).contribute(url="https://casino.example/creche")
    assert await known(france_site) is Fact.UNKNOWN
    assert rows(france_site, "select distinct state, why from crowd.contribution") == [
        ("waiting", ["unknown-host"])]  # fmt: skip


async def test_mistakes_are_told_together_and_nothing_is_lost(visit: Any) -> None:
    answer = await visit().draft("wrong", url="pas un lien", comment="é" * 1001)
    assert answer.status_code == 422
    for name in ("url", "comment", "wrong"):
        assert f'href="#{name}"' in answer.text
    assert 'value="pas un lien"' in answer.text
    assert "é" * 1001 in answer.text
    assert answer.text.count('aria-invalid="true"') == 3


@pytest.mark.parametrize("clicks", [50])
async def test_fifty_clicks_make_one_contribution(
    france_site: Any, visit: Any, clicks: int
) -> None:
    """C5."""
    resident = visit()
    kept = await resident.draft(url=f"{SITE}/creche")
    address = kept.headers["Location"]
    token = resident.hidden(await resident.review(address), "jeton")
    answers = await asyncio.gather(
        *(
            resident.browser.post(address, data={"jeton": token, "email": "m@exemple.fr"})
            for _ in range(clicks)
        )
    )
    assert {one.status_code for one in answers} == {303}
    assert len({one.headers["Location"] for one in answers}) == 1
    assert rows(france_site, "select count(*) from crowd.contribution") == [(1,)]
    assert rows(france_site, "select count(*) from catalog.outbox") == [(1,)]
    # The Back button, later.
    again = await resident.browser.get(address)
    assert (again.status_code, again.headers["Location"]) == (303, answers[0].headers["Location"])


async def test_what_was_captured_is_not_replayed_a_day_later(france_site: Any, visit: Any) -> None:
    """C8."""
    resident = visit()
    async with france_site.site.pool.connection() as conn:
        keys = await france_site.site.keyring.keys(conn)
    old = keys.issue("contribute", datetime.now(UTC) - timedelta(hours=24, seconds=1))
    sent = {"jeton": old, "commune": CODE, "service": SERVICE, "sujet": "exists", "url": SITE}
    assert (await resident.browser.post("/fr/contribuer", data=sent)).status_code == 403
    sent["cle"] = "k" * 40
    assert (await resident.browser.post("/fr/contribuer/envoi", data=sent)).status_code == 403


async def test_a_robot_sees_the_same_page_and_waits_apart(france_site: Any, visit: Any) -> None:
    """C9: the hidden field."""
    page = await visit().follow(await visit().contribute(url=f"{SITE}/creche", site_web="spam"))
    assert "en attente" in page
    assert rows(france_site, "select state, why from crowd.contribution") == [("held", ["trap"])]


async def test_a_form_sent_at_once_waits_apart(france_site: Any, hidden: Any) -> None:
    """C9, with the real limit: less than two seconds."""
    await Visitor(france_site, hidden).contribute(url=f"{SITE}/creche")
    assert rows(france_site, "select state, why from crowd.contribution") == [
        ("held", ["too-fast"])
    ]


async def test_a_thousand_a_minute_from_one_network_are_refused(
    france_site: Any, visit: Any
) -> None:
    """C4."""
    resident = visit()
    answers = [await resident.draft(url=f"{SITE}/{n}") for n in range(45)]
    codes = [one.status_code for one in answers]
    assert codes[:40] == [303] * 40
    assert set(codes[41:]) == {429}
    assert int(answers[-1].headers["Retry-After"]) >= 1


HOSTILE = (
    "<script>alert(1)</script>",
    '"><img src=x onerror=alert(1)>',
    "{{7*7}}",
    "<svg onload=alert(1)>",
)


async def test_what_people_write_is_shown_as_text(
    france_site: Any, visit: Any, staff_login: Any
) -> None:
    """C1: review, follow-up, desk, export, mail, public pages."""
    resident = visit()
    for wrong in (
        "javascript:alert(1)",
        "data:text/html,x",
        "https://a b.fr/",
        "https://u:p@x.fr/",
        'https://x.fr/"><script>',
        "https://127.0.0.1/",
        "https://x.fr:8080/",
    ):
        assert (await resident.draft(url=wrong)).status_code == 422
    hostile = " ".join(HOSTILE)
    kept = await resident.draft("hours", hours=hostile, comment=hostile)
    address = kept.headers["Location"]
    pages = [await resident.review(address)]
    done = await resident.send(address, email="m@exemple.fr", nom="<b>Marie</b>")
    link = done.headers["Location"]
    pages.append(await resident.follow(link))
    await staff_login(france_site)
    pages.append((await france_site.browser.get("/fr/moderation")).text)
    pages.append((await france_site.browser.get("/fr/moderation/cas/1")).text)
    await decide(france_site, 1, action="accept", outcome="as-said", text=hostile)
    for path in ("/fr/grace-a-vous", f"/fr/commune/{CODE}", link, "/fr/moderation/cas/1"):
        pages.append((await france_site.browser.get(path)).text)
    for page in pages:
        for text in ("<script>alert", "<img src=x", "<svg onload", "<b>Marie"):
            assert text not in page
    assert "&lt;b&gt;Marie" in pages[4]
    mails = rows(france_site, "select body from catalog.outbox_letter")
    assert any(HOSTILE[0] in body for (body,) in mails), "a mail is plain text"


async def test_cells_of_the_export_are_not_run(
    france_site: Any, visit: Any, staff_login: Any
) -> None:
    """C33."""
    await visit().contribute("wrong", wrong="other", comment='=cmd|"/c calc"!A1')
    await staff_login(france_site)
    text = (await france_site.browser.get("/fr/moderation.csv")).text
    assert "\"'=cmd" in text


async def test_nobody_else_finds_a_contribution(france_site: Any, visit: Any) -> None:
    """C31."""
    link = await visit().contribute(url=f"{SITE}/creche")
    stranger = visit("198.51.100.9")
    for path in (
        "/fr/suivi/1",
        "/fr/suivi/" + "0" * 43,
        "/fr/suivi/m.AAAA",
        link[:-1] + "x" if link[-1] != "x" else link[:-1] + "y",
        "/fr/contribuer/relire/" + "A" * 43,
        "/fr/contribuer/relire/1/photo",
    ):
        assert (await stranger.browser.get(path)).status_code == 404
    for path in (
        "/fr/moderation",
        "/fr/moderation/cas/1",
        "/fr/moderation/cas/1/photo",
        "/fr/moderation/journal",
        "/fr/moderation.csv",
    ):
        assert (await stranger.browser.get(path)).status_code == 403
        stranger.browser.cookies.set("guichet_session", "altered")
        assert (await stranger.browser.get(path)).status_code == 401
        stranger.browser.cookies.clear()
    assert (await stranger.browser.get(link)).headers["Cache-Control"] == "no-store"


# ------------------------------------------------------------------------------ moderation


async def test_two_moderators_at_once(france_site: Any, visit: Any, staff_login: Any) -> None:
    """C25: the first wins, the second is shown what is so now."""
    await visit().contribute(url=f"{SITE}/creche")
    await staff_login(france_site)
    async with france_site.another_browser() as other:
        await staff_login(france_site, "deux@hub.example", browser=other)
        page = await other.get("/fr/moderation/cas/1")
        answers = await asyncio.gather(
            decide(france_site, 1, action="accept", outcome="as-said"),
            decide(france_site, 1, other, action="refuse", reason="not-found", version="1"),
        )
        assert page.status_code == 200
        assert sorted(one.status_code for one in answers) == [303, 409]
        loser = next(one for one in answers if one.status_code == 409)
        assert "Quelqu’un a décidé entre-temps" in loser.text
    assert rows(
        france_site, "select count(*) from crowd.audit where subject = 'contribution:1'"
    ) == [(1,)]


async def test_nobody_decides_on_their_own(france_site: Any, visit: Any, staff_login: Any) -> None:
    """C28: sent while logged in, or with the account's own address."""
    await staff_login(france_site)
    resident = visit()
    resident.browser.cookies.update(france_site.browser.cookies)
    await resident.contribute(url=f"{SITE}/creche")
    await visit("198.51.100.9").contribute(url=f"{SITE}/autre", email="MODO@hub.example")
    for number in (1, 2):
        answer = await decide(france_site, number, action="refuse", reason="not-found")
        assert answer.status_code == 403
    async with france_site.another_browser() as other:
        await staff_login(france_site, "deux@hub.example", browser=other)
        for number in (1, 2):
            assert (
                await decide(france_site, number, other, action="refuse", reason="not-found")
            ).status_code == 303


async def test_killed_between_accept_and_score_loses_nothing(
    france_site: Any, visit: Any, staff_login: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """kill -9 after the commit: the worker scores it. Before: nothing was decided."""
    await visit().contribute(url=f"{SITE}/creche")
    await staff_login(france_site)
    monkeypatch.setattr(live, "settle", lambda settings: 0)
    await decide(france_site, 1, action="accept", outcome="as-said")
    assert await known(france_site) is Fact.UNKNOWN
    monkeypatch.undo()
    assert await asyncio.to_thread(live.settle, france_site.site.settings) == 1
    assert await known(france_site) is Fact.INFORMATION


async def test_what_is_accepted_is_taken_back_and_stays_in_history(
    france_site: Any, visit: Any, staff_login: Any
) -> None:
    await visit().contribute(url=f"{SITE}/creche")
    await staff_login(france_site)
    await decide(france_site, 1, action="accept", outcome="as-said")
    assert await known(france_site) is Fact.INFORMATION
    answer = await decide(france_site, 1, action="revert", reason="was-wrong")
    assert answer.status_code == 303
    assert await known(france_site) is Fact.UNKNOWN
    assert rows(
        france_site, "select count(*) from catalog.observation where nature = 'resident'"
    ) == [(4,)]


async def test_an_absence_is_confirmed_by_the_moderator(
    france_site: Any, visit: Any, staff_login: Any
) -> None:
    await visit().contribute("wrong", wrong="absent")
    assert await known(france_site) is Fact.UNKNOWN
    await staff_login(france_site)
    await decide(france_site, 1, action="accept", outcome="as-said")
    assert await known(france_site) is Fact.ABSENT


async def test_similar_reports_are_decided_together(
    france_site: Any, visit: Any, staff_login: Any
) -> None:
    for n in range(3):
        await visit(f"198.51.{n}.1").contribute("dead-link", comment=f"mort {n}")
    await staff_login(france_site)
    page = (await france_site.browser.get("/fr/moderation")).text
    assert page.count('<td class="n">2</td>') == 3
    answer = await decide(france_site, 1, action="refuse", reason="duplicate", avec=["2", "3"])
    assert answer.status_code == 303
    assert rows(france_site, "select distinct state from crowd.contribution") == [("refused",)]
    assert rows(france_site, "select count(*) from crowd.audit where action = 'refuse'") == [(3,)]


async def test_an_author_is_dropped_in_one_go(
    france_site: Any, visit: Any, staff_login: Any
) -> None:
    resident = visit()
    for service in ("nursery", "canteen", "library"):
        await resident.contribute(service=service, url=f"{SITE}/{service}")
    honest = visit("198.51.100.9")
    await honest.contribute(service="cemetery", url=f"{SITE}/cimetiere")
    await staff_login(france_site)
    await decide(france_site, 1, action="accept", outcome="as-said")
    assert await known(france_site) is Fact.INFORMATION
    page = (await france_site.browser.get("/fr/moderation/cas/1")).text
    voice = re.search(r"/fr/moderation/auteur/(\d+)", page)
    proof = re.search(r'name="jeton" value="([0-9a-f]{64})"', page)
    assert voice
    assert proof
    for reason in ("", "because"):
        sent = {"jeton": proof[1], "reason": reason}
        assert (await france_site.browser.post(voice[0], data=sent)).status_code == 400
    assert await known(france_site) is Fact.INFORMATION, "nothing without a reason"
    sent = {"jeton": proof[1], "reason": "was-wrong"}
    answer = await france_site.browser.post(voice[0], data=sent)
    assert answer.status_code == 303
    assert await known(france_site) is Fact.UNKNOWN
    assert rows(
        france_site, "select details ->> 'reason' from crowd.audit where action = 'drop-author'"
    ) == [("was-wrong",)]
    assert rows(france_site, "select state from crowd.contribution order by id") == [
        ("reverted",), ("refused",), ("refused",), ("waiting",)]  # fmt: skip


async def test_what_is_held_is_dropped_in_one_go(
    france_site: Any, visit: Any, staff_login: Any
) -> None:
    """C4: moderators can drop a batch; what waits in the queue is not touched."""
    for n in range(3):
        await visit(f"198.51.{n}.1").contribute(url=f"{SITE}/{n}", site_web="spam")
    await visit().contribute(url=f"{SITE}/creche")
    await staff_login(france_site)
    page = (await france_site.browser.get("/fr/moderation?etat=held")).text
    found = dict(re.findall(r'<input type="hidden" name="(jeton|upto)" value="([^"]+)"', page))
    late = visit("192.0.2.1")
    await late.contribute(url=f"{SITE}/late", site_web="spam")
    done = await france_site.browser.post("/fr/moderation/mises-a-part", data=found)
    assert done.status_code == 303
    assert rows(france_site, "select state from crowd.contribution order by id") == [
        ("refused",), ("refused",), ("refused",), ("waiting",), ("held",)]  # fmt: skip
    assert rows(
        france_site, "select details ->> 'refused' from crowd.audit where action = 'drop-held'"
    ) == [("3",)]


async def test_delays_are_said_with_enough_decisions_only(
    france_site: Any, visit: Any, staff_login: Any
) -> None:
    resident = visit()
    link = await resident.contribute(url=f"{SITE}/creche")
    await staff_login(france_site)
    await decide(france_site, 1, action="accept", outcome="as-said")
    page = (await resident.browser.get(f"/fr/grace-a-vous?commune={CODE}")).text
    assert "trop peu de décisions pour donner un délai (1)" in page
    with psycopg.connect(france_site.site.settings.database.url) as conn:
        for n in range(4):
            conn.execute(
                "insert into crowd.contribution (reference, once, token_hash, voice_id, speaker, language, kind, "
                "commune_number, service, claim, print, before, state, created_at, decided_at) "
                "select %s, %s, %s, voice_id, speaker, language, kind, commune_number, service, claim, print, before, "
                "'refused', now() - interval '3 hours', now() from crowd.contribution limit 1",
                [f"X{n}", f"x{n}".encode(), f"y{n}".encode()],
            )
    for path in (f"/fr/grace-a-vous?commune={CODE}", "/fr/grace-a-vous", link):
        assert "moins de 3 h (5 décisions sur un an)" in (await resident.browser.get(path)).text
    table = (await resident.browser.get("/fr/grace-a-vous")).text
    assert re.search(
        rf'commune={CODE}">[^<]+</a></th><td class="n">3,0</td><td class="n">5</td>', table
    )
    assert re.search(r"Visible.*?\d{4} <a ", await resident.follow(link), re.DOTALL)


async def test_a_question_and_its_answer(france_site: Any, visit: Any, staff_login: Any) -> None:
    resident = visit()
    link = await resident.contribute(url=f"{SITE}/creche", email="m@exemple.fr")
    await staff_login(france_site)
    await decide(france_site, 1, action="ask", reason="which-page", text="Quelle rubrique ?")
    page = await resident.follow(link)
    assert "Quelle rubrique ?" in page
    token = resident.hidden(page, "jeton")
    answer = await resident.browser.post(
        link, data={"jeton": token, "action": "answer", "answer": "Enfance"}
    )
    assert answer.status_code == 303
    assert (
        await resident.browser.post(
            link, data={"jeton": token, "action": "answer", "answer": "bis"}
        )
    ).status_code == 409
    assert "Enfance" in (await france_site.browser.get("/fr/moderation/cas/1")).text
    mails = rows(france_site, "select purpose from catalog.outbox order by id")
    assert mails == [("contribution-received",), ("contribution-asked",)]


# ------------------------------------------------------------------------------ privacy


async def test_the_link_of_a_mail_follows_confirms_and_erases(
    france_site: Any, visit: Any, staff_login: Any
) -> None:
    resident = visit()
    link = await resident.contribute(
        url=f"{SITE}/creche", email="marie@exemple.fr", nom="Marie", comment="Je suis là"
    )
    assert "Confirmer mon adresse" not in await resident.follow(link), "only the mail proves it"
    (body,) = rows(france_site, "select body from catalog.outbox_letter")[0]
    found = re.search(r"http://[^/]+(/fr/suivi/m\.\S+)", body)
    assert found
    mailed = found[1]
    page = await resident.follow(mailed)
    assert "Confirmer mon adresse" in page
    assert rows(france_site, "select confirmed_at from crowd.contact") == [(None,)], (
        "a GET confirms nothing (C21)"
    )
    token = resident.hidden(page, "jeton")
    await resident.browser.post(mailed, data={"jeton": token, "action": "confirm"})
    assert rows(france_site, "select confirmed_at is not null from crowd.contact") == [(True,)]
    export = (await resident.browser.get(f"{link}/export.json")).json()
    assert (export["email"], export["comment"], export["thanks_name"]) == (
        "marie@exemple.fr",
        "Je suis là",
        "Marie",
    )
    await staff_login(france_site)
    await decide(france_site, 1, action="accept", outcome="as-said")
    assert "Marie" in (await resident.browser.get("/fr/grace-a-vous")).text
    await resident.browser.post(link, data={"jeton": token, "action": "erase"})
    after = (await resident.browser.get(f"{link}/export.json")).json()
    assert (after["email"], after["comment"], after["thanks_name"]) == (None, None, None)
    assert await known(france_site) is Fact.INFORMATION, "the fact stays, anonymous (C29)"
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
    await decide(france_site, 1, action="accept", outcome="as-said")
    await france_site.site.refresh()
    ((reference,),) = rows(france_site, "select reference from crowd.contribution")
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
    ((office,),) = rows(france_site, "select min(id)::text from catalog.office")
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
    observations = rows(france_site, "select observation_id::text from crowd.publication")
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
    assert rows(france_site, "select count(*) from crowd.contribution") == [(0,)]


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
    assert rows(france_site, "select count(*) from crowd.contribution") == [(2,)]


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
    assert rows(france_site, "select state from crowd.contribution") == [("waiting",)]
    assert (await france_site.browser.post("/fr/moderation/cas/1", data=sent)).status_code == 303
