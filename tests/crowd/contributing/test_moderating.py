"""What moderators decide of contributions, and what becomes of it."""

import asyncio
import re
from typing import Any

import psycopg
import pytest

from catalog import live
from catalog.states import State as Fact

CODE, SERVICE = "69143", "nursery"  # Neuville-sur-Saône: nothing is known of its crèche
SITE = "https://www.mairie-neuvillesursaone.fr"
OGC_FORMATS = ("json", "html", "jsonfg", "jsonld", "csv", "geojsonseq")


async def test_two_moderators_at_once(france_site: Any, visit: Any, staff_login: Any) -> None:
    """C25: the first wins, the second is shown what is so now."""
    await visit().contribute(url=f"{SITE}/creche")
    await staff_login(france_site)
    async with france_site.another_browser() as other:
        await staff_login(france_site, "deux@hub.example", browser=other)
        page = await other.get("/fr/moderation/cas/1")
        answers = await asyncio.gather(
            france_site.decide(1, action="accept", outcome="as-said"),
            france_site.decide(1, other, action="refuse", reason="not-found", version="1"),
        )
        assert page.status_code == 200
        assert sorted(one.status_code for one in answers) == [303, 409]
        loser = next(one for one in answers if one.status_code == 409)
        assert "Quelqu’un a décidé entre-temps" in loser.text
    assert france_site.rows(
        "select count(*) from crowd.audit where subject = 'contribution:1'"
    ) == [(1,)]


async def test_nobody_decides_on_their_own(france_site: Any, visit: Any, staff_login: Any) -> None:
    """C28: sent while logged in, or with the account's own address."""
    await staff_login(france_site)
    resident = visit()
    resident.browser.cookies.update(france_site.browser.cookies)
    await resident.contribute(url=f"{SITE}/creche")
    await visit("198.51.100.9").contribute(url=f"{SITE}/autre", email="MODO@hub.example")
    for number in (1, 2):
        answer = await france_site.decide(number, action="refuse", reason="not-found")
        assert answer.status_code == 403
    async with france_site.another_browser() as other:
        await staff_login(france_site, "deux@hub.example", browser=other)
        for number in (1, 2):
            assert (
                await france_site.decide(number, other, action="refuse", reason="not-found")
            ).status_code == 303


async def test_killed_between_accept_and_score_loses_nothing(
    france_site: Any, visit: Any, staff_login: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """kill -9 after the commit: the worker scores it. Before: nothing was decided."""
    await visit().contribute(url=f"{SITE}/creche")
    await staff_login(france_site)
    monkeypatch.setattr(live, "settle", lambda settings: 0)
    await france_site.decide(1, action="accept", outcome="as-said")
    assert await france_site.known() is Fact.UNKNOWN
    monkeypatch.undo()
    assert await asyncio.to_thread(live.settle, france_site.site.settings) == 1
    assert await france_site.known() is Fact.INFORMATION


async def test_what_is_accepted_is_taken_back_and_stays_in_history(
    france_site: Any, visit: Any, staff_login: Any
) -> None:
    await visit().contribute(url=f"{SITE}/creche")
    await staff_login(france_site)
    await france_site.decide(1, action="accept", outcome="as-said")
    assert await france_site.known() is Fact.INFORMATION
    answer = await france_site.decide(1, action="revert", reason="was-wrong")
    assert answer.status_code == 303
    assert await france_site.known() is Fact.UNKNOWN
    assert france_site.rows(
        "select count(*) from catalog.observation where nature = 'resident'"
    ) == [(4,)]


async def test_an_absence_is_confirmed_by_the_moderator(
    france_site: Any, visit: Any, staff_login: Any
) -> None:
    await visit().contribute("wrong", wrong="absent")
    assert await france_site.known() is Fact.UNKNOWN
    await staff_login(france_site)
    await france_site.decide(1, action="accept", outcome="as-said")
    assert await france_site.known() is Fact.ABSENT


async def test_similar_reports_are_decided_together(
    france_site: Any, visit: Any, staff_login: Any
) -> None:
    for n in range(3):
        await visit(f"198.51.{n}.1").contribute("dead-link", comment=f"mort {n}")
    await staff_login(france_site)
    page = (await france_site.browser.get("/fr/moderation")).text
    assert page.count('<td class="n">2</td>') == 3
    answer = await france_site.decide(1, action="refuse", reason="duplicate", avec=["2", "3"])
    assert answer.status_code == 303
    assert france_site.rows("select distinct state from crowd.contribution") == [("refused",)]
    assert france_site.rows("select count(*) from crowd.audit where action = 'refuse'") == [(3,)]


async def test_an_author_is_dropped_in_one_go(
    france_site: Any, visit: Any, staff_login: Any
) -> None:
    resident = visit()
    for service in ("nursery", "canteen", "library"):
        await resident.contribute(service=service, url=f"{SITE}/{service}")
    honest = visit("198.51.100.9")
    await honest.contribute(service="cemetery", url=f"{SITE}/cimetiere")
    await staff_login(france_site)
    await france_site.decide(1, action="accept", outcome="as-said")
    assert await france_site.known() is Fact.INFORMATION
    page = (await france_site.browser.get("/fr/moderation/cas/1")).text
    voice = re.search(r"/fr/moderation/auteur/(\d+)", page)
    proof = re.search(r'name="jeton" value="([0-9a-f]{64})"', page)
    assert voice
    assert proof
    for reason in ("", "because"):
        sent = {"jeton": proof[1], "reason": reason}
        assert (await france_site.browser.post(voice[0], data=sent)).status_code == 400
    assert await france_site.known() is Fact.INFORMATION, "nothing without a reason"
    sent = {"jeton": proof[1], "reason": "was-wrong"}
    answer = await france_site.browser.post(voice[0], data=sent)
    assert answer.status_code == 303
    assert await france_site.known() is Fact.UNKNOWN
    assert france_site.rows(
        "select details ->> 'reason' from crowd.audit where action = 'drop-author'"
    ) == [("was-wrong",)]
    assert france_site.rows("select state from crowd.contribution order by id") == [
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
    assert france_site.rows("select state from crowd.contribution order by id") == [
        ("refused",), ("refused",), ("refused",), ("waiting",), ("held",)]  # fmt: skip
    assert france_site.rows(
        "select details ->> 'refused' from crowd.audit where action = 'drop-held'"
    ) == [("3",)]


async def test_delays_are_said_with_enough_decisions_only(
    france_site: Any, visit: Any, staff_login: Any
) -> None:
    resident = visit()
    link = await resident.contribute(url=f"{SITE}/creche")
    await staff_login(france_site)
    await france_site.decide(1, action="accept", outcome="as-said")
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
    await france_site.decide(1, action="ask", reason="which-page", text="Quelle rubrique ?")
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
    mails = france_site.rows("select purpose from catalog.outbox order by id")
    assert mails == [("contribution-received",), ("contribution-asked",)]
