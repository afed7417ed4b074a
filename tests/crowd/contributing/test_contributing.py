"""A resident from the first page to the map, and what is refused on the way."""

import asyncio
import re
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from catalog.states import State as Fact

CODE, SERVICE = "69143", "nursery"  # Neuville-sur-Saône: nothing is known of its crèche
SITE = "https://www.mairie-neuvillesursaone.fr"
OGC_FORMATS = ("json", "html", "jsonfg", "jsonld", "csv", "geojsonseq")


async def test_a_resident_alone_waits_for_a_moderator_then_changes_the_map(
    france_site: Any, visit: Any, staff_login: Any
) -> None:
    assert await france_site.known() is Fact.UNKNOWN
    resident = visit()
    link = await resident.contribute(
        url=f"{SITE}/creche", attributes=["downloadable_form"], comment="Vu à l’accueil"
    )
    page = await resident.follow(link)
    assert "en attente d’un modérateur" in page
    assert await france_site.known() is Fact.UNKNOWN, "nothing is believed yet"
    await staff_login(france_site)
    queue = await france_site.browser.get("/fr/moderation")
    number = int(re.findall(r"/fr/moderation/cas/(\d+)", queue.text)[0])
    answer = await france_site.decide(number, action="accept", outcome="as-said")
    assert answer.status_code == 303, answer.text
    assert await france_site.known() is Fact.ONE_WAY
    page = await resident.follow(link)
    assert "oui, voir la page de la commune" in page
    commune = (await resident.browser.get(f"/fr/commune/{CODE}")).text
    assert "Un modérateur, après vérification," in commune or "Un habitant" in commune
    assert f"{SITE}/creche" in commune
    assert "Vu à l’accueil" not in commune, "free words are for moderators"
    assert france_site.rows("select action from crowd.audit order by id") == [
        ("account-add",), ("log-in",), ("accept",)]  # fmt: skip
    thanks = (await resident.browser.get("/fr/grace-a-vous")).text
    assert "un habitant" in thanks


async def test_two_residents_who_agree_publish(france_site: Any, visit: Any) -> None:
    site = france_site.rows("select website from catalog.office o join catalog.commune c "
        "on c.number = o.commune_number where c.code = %s and website is not null", CODE)[0][0]  # fmt: skip
    one, two = visit("203.0.113.7"), visit("198.51.100.9")
    first = await one.contribute(url=f"{site.rstrip('/')}/creche")
    assert await france_site.known() is Fact.UNKNOWN
    second = await two.contribute(url=f"{site.rstrip('/')}/creche/", comment="c’est bien là")
    assert await france_site.known() is Fact.INFORMATION
    for visitor, link in ((one, first), (two, second)):
        page = await visitor.follow(link)
        assert "deux personnes indépendantes disent la même chose" in page
        assert "oui, voir la page de la commune" in page


async def test_one_resident_is_not_two(france_site: Any, visit: Any) -> None:
    site = france_site.rows("select website from catalog.office o join catalog.commune c "
        "on c.number = o.commune_number where c.code = %s and website is not null", CODE)[0][0]  # fmt: skip
    for network in ("203.0.113.7", "203.0.113.8"):  # the same /24
        await visit(network).contribute(url=f"{site}/creche")
    assert await france_site.known() is Fact.UNKNOWN


async def test_the_pair_on_an_unknown_site_waits(france_site: Any, visit: Any) -> None:
    """What floods want is links: two networks do not publish one to their shop."""
    for network in ("203.0.113.7", "198.51.100.9"):
        await visit(network).contribute(url="https://casino.example/creche")
    assert await france_site.known() is Fact.UNKNOWN
    assert france_site.rows("select distinct state, why from crowd.contribution") == [
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
    assert france_site.rows("select count(*) from crowd.contribution") == [(1,)]
    assert france_site.rows("select count(*) from catalog.outbox") == [(1,)]
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
    assert france_site.rows("select state, why from crowd.contribution") == [("held", ["trap"])]


async def test_a_form_sent_at_once_waits_apart(france_site: Any, hidden: Any, visitor: Any) -> None:
    """C9, with the real limit: less than two seconds."""
    await visitor(france_site, hidden).contribute(url=f"{SITE}/creche")
    assert france_site.rows("select state, why from crowd.contribution") == [("held", ["too-fast"])]


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
    await france_site.decide(1, action="accept", outcome="as-said", text=hostile)
    for path in ("/fr/grace-a-vous", f"/fr/commune/{CODE}", link, "/fr/moderation/cas/1"):
        pages.append((await france_site.browser.get(path)).text)
    for page in pages:
        for text in ("<script>alert", "<img src=x", "<svg onload", "<b>Marie"):
            assert text not in page
    assert "&lt;b&gt;Marie" in pages[4]
    mails = france_site.rows("select body from catalog.outbox_letter")
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
