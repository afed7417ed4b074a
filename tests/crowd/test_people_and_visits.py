"""What a visit of a commune's site found, confirmed or refuted by people, from end to end: the page
says that nobody checked it, a person speaks, and the next visit does not undo the person."""

import re
from collections.abc import Callable
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg
import pytest

from catalog import live
from catalog.states import State as Fact
from harvest.discover import observe
from harvest.discover.recognise import Finding
from harvest.discover.visit import Visit, Visited
from harvest.raw import RawStore

CODE, SERVICE = "69143", "nursery"
SITE = "https://www.mairie-neuvillesursaone.fr"
PAGE = f"{SITE}/creche"
FOUND = Finding(
    SERVICE, "document", "words", PAGE, f"{SITE}/dossier.pdf", "Dossier de préinscription"
)


@pytest.fixture
def visit_finds(france_site: Any) -> Callable[..., None]:
    """A function: what a visit writes, after so many days, when it sees the document or nothing."""

    def write(days: int = 0, found: bool = True) -> None:
        at = datetime.now(UTC) + timedelta(days=days)
        findings = (FOUND,) if found else ()
        made = Visit(SITE, [Visited(PAGE, "c" * 64, at, findings)])
        settings = france_site.site.settings
        with psycopg.connect(settings.database.url) as conn:
            row = conn.execute(
                "select number from catalog.commune where code = %s", (CODE,)
            ).fetchone()
            assert row is not None
            observe.observe(
                conn, RawStore(settings.paths.raw), row[0], CODE, made, made.findings(), at
            )
        live.settle(settings)

    return write


async def known(site: Any) -> Fact:
    await site.site.refresh()
    number = (await site.browser.get(f"/api/v1/communes/{CODE}")).json()["commune"]["number"]
    return Fact((await site.browser.get(f"/api/v1/status/{SERVICE}.bin")).content[number])


async def contribute(site: Any, hidden: Any, sujet: str, **fields: Any) -> None:
    """A resident without an account, from the commune's page to the end."""
    browser = site.another_browser()
    commune = (await browser.get(f"/fr/commune/{CODE}")).text
    link = f"/fr/contribuer?commune={CODE}&amp;service={SERVICE}&amp;sujet={sujet}"
    assert link in commune, "the page leads there"
    page = await browser.get(link.replace("&amp;", "&"))
    sent = {
        "jeton": hidden(page.text, "jeton"),
        "commune": CODE,
        "service": SERVICE,
        "sujet": sujet,
    }
    kept = await browser.post("/fr/contribuer", data={**sent, **fields})
    assert kept.status_code == 303, kept.text
    review = await browser.get(kept.headers["Location"])
    done = await browser.post(
        kept.headers["Location"],
        data={"jeton": hidden(review.text, "jeton"), "email": "", "nom": ""},
    )
    assert done.status_code == 303, done.text
    await browser.aclose()


async def accept(site: Any) -> None:
    page = await site.browser.get("/fr/moderation/cas/1")
    gate = (await site.browser.get("/fr/deconnexion")).text
    proof = re.search(r'name="jeton" value="([0-9a-f]{64})"', gate)
    version = re.search(r'name="version" value="(\d+)"', page.text)
    assert proof is not None
    assert version is not None
    sent = {"jeton": proof[1], "version": version[1], "action": "accept", "outcome": "as-said"}
    answer = await site.browser.post("/fr/moderation/cas/1", data=sent)
    assert answer.status_code == 303, answer.text


@pytest.fixture(autouse=True)
def patient(monkeypatch: pytest.MonkeyPatch) -> None:
    """These forms are filled in milliseconds; test_policy tries the real limit."""
    from dataclasses import replace

    from crowd import policy

    limits = (replace(policy.LIMITS, fastest_seconds=0.0),)
    monkeypatch.setattr(policy.decide, "__defaults__", limits)


async def test_what_a_visit_found_is_refuted_for_good(
    france_site: Any, staff_login: Any, hidden: Any, visit_finds: Callable[..., None]
) -> None:
    visit_finds()
    assert await known(france_site) is Fact.ONE_WAY
    page = (await france_site.browser.get(f"/fr/commune/{CODE}")).text
    assert "Une visite automatique l’a vu ; personne ne l’a encore vérifié." in page
    await contribute(france_site, hidden, "wrong", wrong="absent")
    assert await known(france_site) is Fact.ONE_WAY, "one voice waits for a moderator"
    await staff_login(france_site)
    await accept(france_site)
    assert await known(france_site) is Fact.ABSENT
    visit_finds(days=40)
    assert await known(france_site) is Fact.ABSENT, "a person is heard before a probe"
    with psycopg.connect(france_site.site.settings.database.url) as conn:
        natures = conn.execute(
            "select nature from catalog.observation where service = %s order by id", (SERVICE,)
        ).fetchall()
    assert {"probe", "resident"} <= {one for (one,) in natures}


async def test_what_a_visit_found_is_confirmed_and_outlives_the_page(
    france_site: Any, staff_login: Any, hidden: Any, visit_finds: Callable[..., None]
) -> None:
    visit_finds()
    await contribute(
        france_site, hidden, "exists", url=f"{SITE}/creche", attributes=["downloadable_form"]
    )
    await staff_login(france_site)
    await accept(france_site)
    assert await known(france_site) is Fact.ONE_WAY
    page = (await france_site.browser.get(f"/fr/commune/{CODE}")).text
    assert "Une visite automatique l’a vu" not in page
    visit_finds(days=40, found=False)
    assert await known(france_site) is Fact.ONE_WAY, "the probe takes back its own word only"
