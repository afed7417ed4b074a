"""Delegation: offered, accepted by a code, bounded by its parent, revoked with it, erased."""

import asyncio
import contextlib
import re
from typing import Any

import httpx
import psycopg
import pytest

from crowd import mandates
from crowd.roles import Role, chain_of, chain_text

CODE, SECOND = "69143", "01002"
BOX = "accueil@mairie-neuvillesursaone.fr"
SECRETARY, PROVIDER = "secretaire@orange.fr", "support@prestataire-web.example"
LINK = "https://www.mairie-neuvillesursaone.fr/creche"


def rows(site: Any, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with psycopg.connect(site.site.settings.database.url) as conn:
        cursor = conn.execute(statement.encode(), values)
        return cursor.fetchall() if cursor.description else []


def letters(site: Any) -> list[tuple[str, str]]:
    return rows(site, "select recipient, body from catalog.outbox_letter order by mail_id")


@pytest.fixture
def town(france_site: Any) -> Any:
    return france_site


async def enter(
    town: Any, hidden: Any, code: str = CODE, browser: httpx.AsyncClient | None = None
) -> None:
    """Open a commune's own mandate, as an administrator's link does."""
    browser = browser or town.browser
    with psycopg.connect(town.site.settings.database.url) as conn:
        link = mandates.invite(conn, town.site.settings.mandates, code, "vérifié")
    page = await browser.get(f"/fr/mairie/{code}/lien/{link}")
    sent = {"jeton": hidden(page.text, "jeton")}
    assert (await browser.post(f"/fr/mairie/{code}/lien/{link}", data=sent)).status_code == 303


async def by_mailbox(town: Any, hidden: Any, browser: httpx.AsyncClient | None = None) -> None:
    """Open the mandate of CODE by its official mailbox."""
    browser = browser or town.browser
    page = await browser.get(f"/fr/mairie/{CODE}")
    await browser.post(f"/fr/mairie/{CODE}", data={"jeton": hidden(page.text, "jeton")})
    link = re.search(r"https?://[^/]+(/fr/mairie/\S+/lien/\S+)", letters(town)[-1][1])
    assert link
    page = await browser.get(link[1])
    opened = await browser.post(link[1], data={"jeton": hidden(page.text, "jeton")})
    assert opened.status_code == 303


async def invite(
    town: Any,
    hidden: Any,
    email: str,
    browser: httpx.AsyncClient | None = None,
    at: str = CODE,
    **fields: Any,
) -> httpx.Response:
    browser = browser or town.browser
    page = await browser.get(f"/fr/mairie/{at}/delegations")
    assert page.status_code == 200, page.text
    sent = {"jeton": hidden(page.text, "jeton"), "action": "inviter", "email": email,
            "role": "secretary", "communes": at, "days": "90", **fields}  # fmt: skip
    return await browser.post(f"/fr/mairie/{at}/delegations", data=sent)


def invitation(town: Any, to: str) -> tuple[str, str]:
    """(path, code) of the last invitation that was written to an address."""
    body = [text for box, text in letters(town) if box == to and "/fr/delegation/" in text][-1]
    link = re.search(r"https?://[^/]+(/fr/delegation/\S+)", body)
    code = re.search(r"Code : (\w{8})", body)
    assert link
    assert code
    return link[1], code[1]


async def accept(
    town: Any, hidden: Any, browser: httpx.AsyncClient, to: str, code: str = ""
) -> httpx.Response:
    path, right = invitation(town, to)
    page = await browser.get(path)
    sent = {"jeton": hidden(page.text, "jeton"), "code": code or right, "reponse": "accepter"}
    return await browser.post(path, data=sent)


async def desk(town: Any, browser: httpx.AsyncClient, code: str = CODE) -> int:
    return (await browser.get(f"/fr/mairie/{code}/services")).status_code


async def test_a_secretary_publishes_for_two_communes(town: Any, hidden: Any) -> None:
    await by_mailbox(town, hidden)
    await enter(town, hidden, SECOND)
    home = (await town.browser.get("/fr/agent")).text
    assert f"/fr/mairie/{CODE}/services" in home
    assert f"/fr/mairie/{SECOND}/services" in home, "two mailboxes in one browser: both"
    sent = await invite(town, hidden, SECRETARY, communes=[CODE, SECOND])
    assert sent.status_code == 303, sent.text
    async with town.another_browser() as other:
        path, _ = invitation(town, SECRETARY)
        for _ in range(2):  # C21: a scanner follows the link
            page = (await other.get(path)).text
        assert "Neuville" in page
        assert rows(town, "select count(*) from crowd.mandate where parent_id is not null") == [
            (0,)
        ]
        wrong = await accept(town, hidden, other, SECRETARY, "AAAAAAAA")
        assert wrong.status_code == 422
        done = await accept(town, hidden, other, SECRETARY)
        assert done.status_code == 303
        assert done.headers["Location"] == "/fr/agent"
        home = (await other.get("/fr/agent")).text
        assert f"/fr/mairie/{CODE}/services" in home
        assert f"/fr/mairie/{SECOND}/services" in home
        page = await other.get(f"/fr/mairie/{CODE}/services")
        assert f'href="/fr/mairie/{SECOND}/services"' in page.text, "switching is one link"
        fields = {
            "jeton": hidden(page.text, "jeton"),
            "base.nursery": hidden(page.text, "base.nursery"),
            "choice.nursery": "exists", "url.nursery": LINK, "etape": "publier",
        }  # fmt: skip
        published = await other.post(f"/fr/mairie/{CODE}/services", data=fields)
        assert published.status_code == 303, published.text
        assert (await other.get(path)).status_code == 410, "one time"
    await town.site.refresh()
    public = (await town.browser.get(f"/fr/commune/{CODE}")).text
    assert "publié par un secrétariat partagé pour la commune de" in public
    assert "Un secrétariat partagé, pour la commune de" in public, "and so says the proof"
    for path in (
        f"/fr/commune/{CODE}", f"/api/v1/communes/{CODE}/proofs", "/api/v1/changes?limit=1000",
        f"/api/v1/communes/{CODE}/card", f"/api/v1/communes/{CODE}/services", "/fr/sources",
        f"/api/v1/communes/{CODE}/changes.atom", f"/ogc/collections/services/items?commune={CODE}",
    ):  # fmt: skip
        async with town.another_browser() as reader:
            assert SECRETARY not in (await reader.get(path)).text, path
    (document,) = rows(town, "select document from crowd.declaration")
    assert '"role":"secretary"' in document[0]
    assert '"chain":"mairie>secretary"' in document[0]
    assert SECRETARY not in document[0]
    notice = [text for box, text in letters(town) if box == BOX and "délégation" in text]
    assert notice, "the official mailbox is told"
    trail = [one[0] for one in rows(town, "select action from crowd.audit order by id")]
    assert trail.count("delegation-offer") == 2
    assert trail.count("delegation-accept") == 2


async def test_nothing_widens_on_the_way(town: Any, hidden: Any) -> None:
    """Scope, end and depth of a chain; and its parent ends all of it."""
    await by_mailbox(town, hidden)
    epci = "contact@epci.example"
    sent = await invite(town, hidden, epci, role="epci", services=["nursery", "library"], days="30")
    assert sent.status_code == 303
    async with town.another_browser() as second, town.another_browser() as third:
        assert (await accept(town, hidden, second, epci)).status_code == 303
        page = (await second.get(f"/fr/mairie/{CODE}/services")).text
        assert 'name="choice.nursery"' in page
        assert 'name="choice.cemetery"' not in page, "not in its scope"
        beyond = {"jeton": hidden(page, "jeton"), "choice.cemetery": "absent", "etape": "publier"}
        refused = await second.post(f"/fr/mairie/{CODE}/services", data=beyond)
        assert refused.status_code == 422
        assert rows(town, "select count(*) from crowd.declaration") == [(0,)]
        assert (await second.get(f"/fr/mairie/{CODE}/telephones")).status_code == 404
        wider = await invite(town, hidden, PROVIDER, second, role="provider",
                             services=["cemetery"])  # fmt: skip
        assert wider.status_code == 422
        longer = await invite(town, hidden, PROVIDER, second, role="provider",
                              services=["nursery"], days="365")  # fmt: skip
        assert longer.status_code == 303
        assert (await accept(town, hidden, third, PROVIDER)).status_code == 303
        ends = rows(town, "select role, expires_at, services from crowd.mandate order by id")
        assert [one[0] for one in ends] == ["mairie", "epci", "provider"]
        assert ends[2][1] == ends[1][1] < ends[0][1]
        assert ends[2][2] == ["nursery"]
        seen = (await town.browser.get(f"/fr/mairie/{CODE}/delegations")).text
        assert re.search(r"la mairie\s*→\s*l’intercommunalité\s*→\s*un prestataire", seen)
        page = (await third.get(f"/fr/mairie/{CODE}/delegations")).text
        assert "assez longue" in page, "the chain ends here"
        token = hidden((await third.get(f"/fr/mairie/{CODE}/quitter")).text, "jeton")
        sent = {"jeton": token, "action": "inviter", "email": "z@y.example", "role": "provider",
                "communes": CODE, "services": "nursery"}  # fmt: skip
        more = await third.post(f"/fr/mairie/{CODE}/delegations", data=sent)
        assert more.status_code == 422
        # The delegator revokes; what hangs on it ends with it.
        held = (await town.browser.get(f"/fr/mairie/{CODE}/delegations")).text
        gone = {"jeton": hidden(held, "jeton"), "action": "revoquer", "id": "2"}
        done = await town.browser.post(f"/fr/mairie/{CODE}/delegations", data=gone)
        assert done.status_code == 303
        assert [await desk(town, one) for one in (second, third)] == [303, 303]
        assert await desk(town, town.browser) == 200
    ended = rows(town, "select id from crowd.mandate where revoked_at is not null order by id")
    assert ended == [(2,), (3,)]
    trail = rows(town, "select details ->> 'mandate' from crowd.audit "
                       "where action = 'mandate-revoke' order by id")  # fmt: skip
    assert [one[0] for one in trail] == ["2", "3"]


async def test_a_chain_holds_only_as_long_as_every_link(town: Any, hidden: Any) -> None:
    """A parent that ended by other means than revocation opens nothing below."""
    await by_mailbox(town, hidden)
    await invite(town, hidden, SECRETARY)
    async with town.another_browser() as other:
        await accept(town, hidden, other, SECRETARY)
        assert await desk(town, other) == 200
        rows(town, "update crowd.mandate set expires_at = now() where id = 1 returning 1")
        assert await desk(town, other) == 303


async def test_strangers_revoke_nothing(town: Any, hidden: Any) -> None:
    await by_mailbox(town, hidden)
    await invite(town, hidden, SECRETARY)
    async with town.another_browser() as other, town.another_browser() as third:
        await accept(town, hidden, other, SECRETARY)
        await enter(town, hidden, SECOND, third)
        page = (await third.get(f"/fr/mairie/{SECOND}/delegations")).text
        for target in ("1", "2", "99", "x"):
            sent = {"jeton": hidden(page, "jeton"), "action": "revoquer", "id": target}
            answer = await third.post(f"/fr/mairie/{SECOND}/delegations", data=sent)
            assert answer.status_code in (404, 400), answer.text
        # Nor does a delegate end the mandate that it comes from.
        own = (await other.get(f"/fr/mairie/{CODE}/delegations")).text
        sent = {"jeton": hidden(own, "jeton"), "action": "revoquer", "id": "1"}
        assert (await other.post(f"/fr/mairie/{CODE}/delegations", data=sent)).status_code == 404
        evil = {"Origin": "https://evil.example"}
        sent = {"jeton": hidden(own, "jeton"), "action": "inviter", "email": "a@b.fr"}
        crossed = await other.post(f"/fr/mairie/{CODE}/delegations", data=sent, headers=evil)
        assert crossed.status_code == 403
        forged = {**sent, "jeton": "0" * 64}
        assert (await other.post(f"/fr/mairie/{CODE}/delegations", data=forged)).status_code == 403
        assert await desk(town, other) == 200
    assert rows(town, "select count(*) from crowd.mandate where revoked_at is not null") == [(0,)]


async def test_wrong_codes_lock_and_one_tab_wins(town: Any, hidden: Any) -> None:
    """C20 for invitations."""
    await by_mailbox(town, hidden)
    await invite(town, hidden, SECRETARY)
    async with town.another_browser() as other:
        statuses = [
            (await accept(town, hidden, other, SECRETARY, "AAAAAAAA")).status_code for _ in range(5)
        ]
        assert statuses == [422] * 5
        assert (await accept(town, hidden, other, SECRETARY)).status_code == 423
        await invite(town, hidden, "autre@x.example")
        tabs = await asyncio.gather(
            *(accept(town, hidden, other, "autre@x.example") for _ in range(5))
        )
        assert sorted(one.status_code for one in tabs) == [303, 410, 410, 410, 410]
        await invite(town, hidden, "tard@x.example")
        rows(town, "update crowd.invitation set answer_by = now() where email = 'tard@x.example' "
                   "returning 1")  # fmt: skip
        path, code = invitation(town, "tard@x.example")
        assert (await other.get(path)).status_code == 410
        token = hidden((await other.get("/fr/agent")).text, "jeton")
        late = await other.post(path, data={"jeton": token, "code": code})
        assert late.status_code in (403, 410)


async def test_a_delegation_of_many_communes_fits_in_a_mail(town: Any, hidden: Any) -> None:
    codes = [
        one for (one,) in rows(town, "select code from catalog.commune order by code limit 30")
    ]
    with psycopg.connect(town.site.settings.database.url) as conn:
        conn.execute(
            "insert into crowd.mandate (commune_number, commune_code, proof, expires_at) "
            "select number, code, 'person', now() + interval '1 year' from catalog.commune "
            "where code = any(%s) and code <> %s",
            (codes, CODE),
        )
    await enter(town, hidden)
    rows(town, "insert into crowd.session_mandate (token_hash, mandate_id) select s.token_hash, "
               "m.id from crowd.mandate_session s, crowd.mandate m on conflict do nothing "
               "returning 1")  # fmt: skip
    sent = await invite(town, hidden, SECRETARY, communes=[*codes, CODE])
    assert sent.status_code == 303, sent.text
    assert " et " in letters(town)[-1][1]
    async with town.another_browser() as other:
        assert (await accept(town, hidden, other, SECRETARY)).status_code == 303
        home = (await other.get("/fr/agent")).text
        assert all(f"/fr/mairie/{code}/services" in home for code in codes)


async def test_refused_and_taken_back(town: Any, hidden: Any) -> None:
    await by_mailbox(town, hidden)
    await invite(town, hidden, SECRETARY)
    async with town.another_browser() as other:
        path, code = invitation(town, SECRETARY)
        token = hidden((await other.get(path)).text, "jeton")
        refused = await other.post(path, data={"jeton": token, "reponse": "refuser"})
        assert refused.status_code == 303
        late = await other.post(path, data={"jeton": token, "code": code})
        assert late.status_code == 410
        await invite(town, hidden, "autre@x.example")
        page = (await town.browser.get(f"/fr/mairie/{CODE}/delegations")).text
        assert "autre@x.example" in page
        sent = {"jeton": hidden(page, "jeton"), "action": "reprendre", "id": "2"}
        await town.browser.post(f"/fr/mairie/{CODE}/delegations", data=sent)
        assert (await accept_late(town, other, "autre@x.example", token)) == 410
    assert rows(town, "select email from crowd.invitation order by id") == [(None,), (None,)]


async def accept_late(town: Any, browser: httpx.AsyncClient, to: str, token: str) -> int:
    path, code = invitation(town, to)
    return (await browser.post(path, data={"jeton": token, "code": code})).status_code


async def test_an_organisation_has_a_mailbox_of_its_own(town: Any, hidden: Any) -> None:
    await by_mailbox(town, hidden)
    for role in ("epci", "provider"):
        refused = await invite(town, hidden, "quelquun@gmail.com", role=role)
        assert refused.status_code == 422
        assert "son propre domaine" in refused.text
    for bad in ("pas une adresse", "a@b.fr\r\nBcc: c@d.fr", ""):
        assert (await invite(town, hidden, bad)).status_code == 422
    assert (await invite(town, hidden, SECRETARY, role="mairie")).status_code == 422
    assert (await invite(town, hidden, SECRETARY, communes=SECOND)).status_code == 422
    assert (await invite(town, hidden, SECRETARY, days="4000")).status_code == 422
    assert rows(town, "select count(*) from crowd.invitation") == [(0,)]


async def test_a_delegate_comes_back_and_nobody_is_enumerated(town: Any, hidden: Any) -> None:
    """C23: the same page for a known and an unknown address; a code for the first alone."""
    await by_mailbox(town, hidden)
    await invite(town, hidden, SECRETARY)
    async with town.another_browser() as other:
        await accept(town, hidden, other, SECRETARY)
    before = len(letters(town))
    texts = []
    async with town.another_browser() as later:
        where = ""
        for box in ("inconnu@x.example", SECRETARY.upper()):
            token = hidden((await later.get("/fr/agent")).text, "jeton")
            asked = await later.post("/fr/agent", data={"jeton": token, "email": box})
            assert asked.status_code == 303
            where = asked.headers["Location"]
            page = (await later.get(where)).text
            texts.append(re.findall(r"<p[^>]*>([^<]{30,})</p>", page))
        assert texts[0] == texts[1]
        assert len(letters(town)) == before + 1
        code = re.search(r"Code : (\w{8})", letters(town)[-1][1])
        assert code
        token = hidden(page, "jeton")
        wrong = await later.post(where, data={"jeton": token, "code": "AAAAAAAA"})
        assert wrong.status_code == 422
        opened = await later.post(where, data={"jeton": token, "code": code[1]})
        assert opened.status_code == 303
        assert await desk(town, later) == 200
        again = await later.post(where, data={"jeton": token, "code": code[1]})
        assert again.status_code == 410


async def test_export_and_erasure(town: Any, hidden: Any) -> None:
    await by_mailbox(town, hidden)
    await invite(town, hidden, SECRETARY)
    async with town.another_browser() as other:
        await accept(town, hidden, other, SECRETARY)
        page = (await other.get(f"/fr/mairie/{CODE}/services")).text
        draft = {"jeton": hidden(page, "jeton"), "etape": "brouillon", "choice.nursery": "absent"}
        assert (await other.post(f"/fr/mairie/{CODE}/services", data=draft)).status_code == 303
        found = (await other.get("/fr/agent/donnees.json")).json()
        assert found["email"] == SECRETARY
        assert found["mandates"][0]["chain"] == ["mairie", "secretary"]
        assert found["drafts"][0]["service"] == "nursery"
        assert BOX not in str(found), "not somebody else's address"
        home = (await other.get("/fr/agent")).text
        proof = re.search(r'name="jeton" value="([0-9a-f]{64})"', home)
        assert proof
        gone = await other.post("/fr/agent/quitter", data={"jeton": proof[1], "fin": "oubli"})
        assert gone.status_code == 303
        assert await desk(town, other) == 303
        async with town.another_browser() as stranger:
            assert (await stranger.get("/fr/agent/donnees.json")).status_code == 403
    with psycopg.connect(town.site.settings.database.url) as conn:
        tables = conn.execute(
            "select format('%I.%I', table_schema, table_name) from information_schema.tables "
            "where table_schema = 'crowd' or table_name like 'outbox%'"
        ).fetchall()
        for (table,) in tables:
            for row in conn.execute(f"select * from {table}".encode()):
                assert SECRETARY not in str(row), table
    ended = rows(town, "select revoked_at is not null from crowd.mandate order by id")
    assert ended == [(False,), (True,)]


async def test_an_official_mailbox_is_erased_too(town: Any, hidden: Any) -> None:
    await by_mailbox(town, hidden)
    assert (await town.browser.get("/fr/agent/donnees.json")).json()["official_mailboxes"] == [BOX]
    home = (await town.browser.get("/fr/agent")).text
    proof = re.search(r'name="jeton" value="([0-9a-f]{64})"', home)
    assert proof
    await town.browser.post("/fr/agent/quitter", data={"jeton": proof[1], "fin": "oubli"})
    assert rows(town, "select count(*) from crowd.mandate_holder") == [(0,)]
    assert letters(town) == []


async def test_one_mailbox_has_one_mandate(town: Any, hidden: Any) -> None:
    """Coming back with a code goes on with the same mandate: what hangs on it stays."""
    await by_mailbox(town, hidden)
    async with town.another_browser() as other:
        await by_mailbox(town, hidden, other)
        assert await desk(town, other) == 200
    assert rows(town, "select count(*) from crowd.mandate") == [(1,)]


async def test_this_was_not_me(town: Any, hidden: Any) -> None:
    """C24: the link of a mail stops our mails, by its button alone, and can be undone."""
    page = await town.browser.get(f"/fr/mairie/{CODE}")
    asked = await town.browser.post(
        f"/fr/mairie/{CODE}", data={"jeton": hidden(page.text, "jeton")}
    )
    body = letters(town)[0][1]
    stop = re.search(r"https?://[^/]+(/fr/ne-plus-ecrire/\S+)", body)
    code = re.search(r"Code : (\w{8})", body)
    assert stop
    assert code
    assert (await town.browser.get(stop[1])).status_code == 200
    assert (await town.browser.head(stop[1])).status_code == 200
    assert rows(town, "select stopped_at from crowd.mail_stop where stopped_at is not null") == []
    token = hidden((await town.browser.get(stop[1])).text, "jeton")
    done = await town.browser.post(stop[1], data={"jeton": token, "choix": "arreter"})
    assert done.status_code == 303
    typed = hidden((await town.browser.get(asked.headers["Location"])).text, "jeton")
    dead = await town.browser.post(
        asked.headers["Location"], data={"jeton": typed, "code": code[1]}
    )
    assert dead.status_code == 410, "the code that left opens nothing"
    second = await town.browser.post(
        f"/fr/mairie/{CODE}", data={"jeton": hidden(page.text, "jeton")}
    )
    assert second.status_code == 303, "told the same"
    assert len(letters(town)) == 1
    undone = await town.browser.post(stop[1], data={"jeton": token, "choix": "reprendre"})
    assert undone.status_code == 303
    await by_mailbox(town, hidden)
    assert len(letters(town)) == 2
    for bad in ("x", stop[1].rsplit("/", 1)[1][:-4] + "AAAA"):
        assert (await town.browser.get(f"/fr/ne-plus-ecrire/{bad}")).status_code == 404
    actions = rows(town, "select action from crowd.audit where actor = 'mailbox' order by id")
    assert actions == [("mail-stop",), ("mail-again",)]
    assert rows(town, "select count(*) from crowd.audit where subject like %s", f"%{BOX}%") == [
        (0,)
    ]


async def test_an_epci_is_told_what_is_done(town: Any) -> None:
    code = (await town.browser.get(f"/api/v1/communes/{CODE}")).json()["commune"]["epci"]
    page = await town.browser.get(f"/fr/intercommunalite/{code}")
    assert page.status_code == 200
    assert "ne publient pas de boîte officielle" in page.text
    assert f"/fr/mairie/{CODE}" in page.text
    assert "<input" not in page.text[page.text.index("<main") : page.text.index("</main")]
    assert (await town.browser.get("/en/inter-municipal/000000000")).status_code == 404


def test_chains_are_read_back() -> None:
    assert chain_of(chain_text((Role.MAIRIE, Role.EPCI))) == (Role.MAIRIE, Role.EPCI)
    assert chain_of("mairie>intrus") == ()
    assert chain_of(None) == ()


async def test_what_is_late_is_forgotten(town: Any, hidden: Any) -> None:
    await by_mailbox(town, hidden)
    await invite(town, hidden, SECRETARY)
    await invite(town, hidden, "tard@x.example")
    async with town.another_browser() as other:
        await accept(town, hidden, other, SECRETARY)
        token = hidden((await town.browser.get(f"/fr/mairie/{CODE}/delegations")).text, "jeton")
        assert token
    rows(town, "update crowd.invitation set answer_by = now() returning 1")
    rows(town, "update crowd.mandate set expires_at = now() returning 1")
    with contextlib.closing(psycopg.connect(town.site.settings.database.url)) as conn:
        mandates.sweep(conn, town.site.settings.mandates)
        conn.commit()
    assert rows(town, "select count(*) from crowd.agent_contact") == [(0,)]
    assert rows(town, "select count(*) from crowd.invitation where email is not null") == [(0,)]
