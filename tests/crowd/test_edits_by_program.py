"""OGC API Features, part 4: a commune's program declares and corrects, by a token of its mandate."""

import asyncio
import time
from typing import Any

import httpx
import psycopg
import pytest

from catalog.states import State
from config.errors import Conflict
from crowd import mandate_sessions, mandates, tokens
from crowd.mandate_sessions import Mandate

CODE, OTHER = "69143", "01001"
ITEM = f"/ogc/collections/services/items/{CODE}.nursery"
LINK = "https://www.mairie-neuvillesursaone.fr/creche"
GEOJSON = {"Content-Type": "application/geo+json"}
MERGE = {"Content-Type": "application/merge-patch+json"}


def rows(site: Any, statement: str, *values: Any) -> list[tuple[Any, ...]]:
    with psycopg.connect(site.site.settings.database.url, autocommit=True) as conn:
        cursor = conn.execute(statement, values)
        return cursor.fetchall() if cursor.description else []


async def mandate_for(site: Any, code: str = CODE) -> Mandate:
    ((number,),) = rows(site, "select number from catalog.commune where code = %s", code)
    ((made, expires),) = rows(
        site, "insert into crowd.mandate (commune_number, commune_code, proof, expires_at) values "
        "(%s, %s, 'person', now() + interval '1 day') returning id, expires_at", number, code,
    )  # fmt: skip
    return Mandate(made, number, expires)


async def token_for(site: Any, code: str = CODE) -> str:
    mandate = await mandate_for(site, code)
    async with site.site.pool.connection() as conn:
        return await tokens.issue(conn, mandate, "logiciel de la mairie")


def bearer(token: str, tag: str | None = None, **more: str) -> dict[str, str]:
    found = {"Authorization": f"Bearer {token}", **GEOJSON, **more}
    return found | ({"If-Match": tag} if tag else {})


def feature(**properties: Any) -> dict[str, Any]:
    return {"type": "Feature", "geometry": None, "properties": properties}


async def byte(site: Any, service: str = "nursery") -> State:
    number = (await site.browser.get(f"/api/v1/communes/{CODE}")).json()["commune"]["number"]
    return State((await site.browser.get(f"/api/v1/status/{service}.bin")).content[number])


@pytest.mark.alone
async def test_a_service_is_replaced_patched_and_taken_back(france_site: Any) -> None:
    token = await token_for(france_site)
    client: httpx.AsyncClient = france_site.browser
    first = await client.get(ITEM)
    assert first.json()["properties"]["state"] == "unknown"
    watching = asyncio.create_task(france_site.site.watch())
    try:
        sent = feature(state="information", url=LINK)
        began = time.monotonic()
        put = await client.put(ITEM, json=sent, headers=bearer(token, first.headers["ETag"]))
        assert put.status_code == 204, put.text
        after = await client.get(ITEM)
        assert after.headers["ETag"] == put.headers["ETag"] != first.headers["ETag"]
        assert after.json()["properties"]["state"] == "information"
        assert after.json()["properties"]["url"] == LINK
        while await byte(france_site) is not State.INFORMATION:
            assert time.monotonic() - began < 3
            await asyncio.sleep(0.02)
    finally:
        watching.cancel()
    # What was read may be sent back: what a commune cannot change is there, unchanged.
    whole = after.json()
    whole["properties"]["url"] = LINK + "/2"
    again = await client.put(ITEM, json=whole, headers=bearer(token, after.headers["ETag"]))
    assert again.status_code == 204, again.text
    patch = await client.patch(
        ITEM, json={"properties": {"url": LINK + "/3"}},
        headers=bearer(token, again.headers["ETag"], **MERGE),
    )  # fmt: skip
    assert patch.status_code == 204, patch.text
    assert (await client.get(ITEM)).json()["properties"]["url"] == LINK + "/3"
    gone = await client.delete(ITEM, headers=bearer(token, patch.headers["ETag"]))
    assert gone.status_code == 204, gone.text
    assert (await client.get(ITEM)).json()["properties"]["state"] == "unknown"
    # Nothing was overwritten: each word is there, superseded by the next one.
    said = rows(france_site, "select state, url, supersedes is not null from catalog.observation "
                "where source_id = 'communes' and service = 'nursery' order by id")  # fmt: skip
    assert said == [
        (State.INFORMATION, LINK, False), (State.INFORMATION, LINK + "/2", True),
        (State.INFORMATION, LINK + "/3", True), (None, None, True),
    ]  # fmt: skip
    audited = rows(france_site, "select action from crowd.audit order by id")
    assert [one for (one,) in audited] == ["token-issue", *["declare"] * 3, "withdraw"]
    proofs = (await client.get(f"/api/v1/communes/{CODE}/proofs?service=nursery")).text
    assert "La commune retire ce qu" in proofs


async def test_a_service_is_created_once(france_site: Any) -> None:
    token = await token_for(france_site)
    items = "/ogc/collections/services/items"
    sent = feature(commune=CODE, service="nursery", state="absent")
    made = await france_site.browser.post(items, json=sent, headers=bearer(token))
    assert made.status_code == 201, made.text
    assert made.headers["Location"].endswith(ITEM)
    found = await france_site.browser.get(made.headers["Location"])
    assert found.json()["properties"]["state"] == "absent"
    twice = await france_site.browser.post(items, json=sent, headers=bearer(token))
    assert twice.status_code == 409
    # Taken back, it can be said again.
    taken = await france_site.browser.delete(ITEM, headers=bearer(token, found.headers["ETag"]))
    assert taken.status_code == 204
    back = await france_site.browser.post(items, json=sent, headers=bearer(token))
    assert back.status_code == 201, back.text
    nothing = feature(commune=CODE, service="nope", state="absent")
    assert (
        await france_site.browser.post(items, json=nothing, headers=bearer(token))
    ).status_code == 404


async def test_who_may_change_what(france_site: Any) -> None:
    client = france_site.browser
    token, stranger = await token_for(france_site), await token_for(france_site, OTHER)
    tag = (await client.get(ITEM)).headers["ETag"]
    sent = feature(state="information", url=LINK)

    async def status(item: str = ITEM, **headers: str) -> int:
        answer = await client.put(item, json=sent, headers={**GEOJSON, **headers})
        assert answer.headers["Content-Type"] == "application/problem+json"
        if answer.status_code == 401:
            assert answer.headers["WWW-Authenticate"].startswith("Bearer")
        return int(answer.status_code)

    assert await status(**{"If-Match": tag}) == 401
    for wrong in (
        "Bearer",
        "Bearer x",
        "Bearer gm_" + "A" * 43,
        f"Basic {token}",
        "Bearer " + "x" * 3000,
    ):
        assert await status(Authorization=wrong, **{"If-Match": tag}) == 401
    assert await status(**bearer(stranger, tag)) == 403
    assert await status(**bearer(token)) == 428
    assert await status(**bearer(token, 'W/"000"')) == 412
    assert await status(ITEM + "x", **bearer(token, tag)) == 404
    # A browser's session is no token: a page of another site cannot use it.
    mandate = await mandate_for(france_site)
    async with france_site.site.pool.connection() as conn:
        cookie = await mandate_sessions.begin(conn, None, mandate_id=mandate.id)
    assert await status(Authorization=f"Bearer {cookie}", **{"If-Match": tag}) == 401
    assert rows(france_site, "select count(*) from crowd.declaration") == [(0,)]
    for method in ("PUT", "PATCH", "DELETE"):
        answer = await client.request(
            method, f"/ogc/collections/communes/items/{CODE}", headers=bearer(token, tag)
        )
        assert answer.status_code == 405
        assert answer.headers["Allow"] == "GET, HEAD, OPTIONS"
    allowed = await client.options(ITEM)
    assert allowed.headers["Allow"] == "GET, HEAD, OPTIONS, PUT, PATCH, DELETE"
    assert "Authorization" in allowed.headers["Access-Control-Allow-Headers"]


@pytest.mark.parametrize(
    ("change", "pointer"),
    [
        ({"state": "two-wya", "url": LINK}, "/properties/state"),
        ({"state": "unknown"}, "/properties/state"),
        ({"state": "two-way", "url": LINK}, "/properties/state"),  # nothing proves it
        ({"state": "information"}, "/properties/url"),
        ({"state": "information", "url": "javascript:alert(1)"}, "/properties/url"),
        ({"state": "information", "url": 3}, "/properties/url"),
        ({"state": "information", "url": LINK, "attributes": ["nope"]}, "/properties/attributes"),
        ({"state": "information", "url": LINK, "population": 3}, "/properties/population"),
        ({"state": "information", "url": LINK, "level": 4}, "/properties/level"),
        ({"state": "information", "url": LINK, "colour": "red"}, "/properties/colour"),
        ({"url": LINK}, "/properties/state"),
    ],
)
async def test_what_cannot_be_declared_is_refused_by_name(
    france_site: Any, change: dict[str, Any], pointer: str
) -> None:
    token = await token_for(france_site)
    tag = (await france_site.browser.get(ITEM)).headers["ETag"]
    answer = await france_site.browser.put(ITEM, json=feature(**change), headers=bearer(token, tag))
    assert answer.status_code == 422, answer.text
    (fault,) = answer.json()["errors"]
    assert fault["pointer"] == pointer
    assert fault["message"]["fr"]
    assert fault["message"]["en"]
    assert rows(france_site, "select count(*) from crowd.declaration") == [(0,)]


@pytest.mark.parametrize(
    "body", [b"", b"{", b"[]", b'{"type":"Feature","properties":[]}', b'{"type":"Feature"}',
             b'{"type":"Feature","properties":{"state":"absent","state":"absent"}}',
             b'{"type":"Feature","properties":{"state":"absent"},"x":1}', b"[" * 50_000,
             b'{"type":"Feature","properties":{"state":"absent"},"geometry":{"type":"Point",'
             b'"coordinates":[NaN,1]}}']
)  # fmt: skip
async def test_what_is_no_feature_is_refused(france_site: Any, body: bytes) -> None:
    token = await token_for(france_site)
    tag = (await france_site.browser.get(ITEM)).headers["ETag"]
    answer = await france_site.browser.put(ITEM, content=body, headers=bearer(token, tag))
    assert answer.status_code == 422, answer.text
    wrong = {**bearer(token, tag), "Content-Type": "text/xml"}
    assert (await france_site.browser.put(ITEM, content=body, headers=wrong)).status_code == 415


async def test_of_two_programs_at_once_one_is_told_to_read_again(france_site: Any) -> None:
    token = await token_for(france_site)
    tag = (await france_site.browser.get(ITEM)).headers["ETag"]
    answers = await asyncio.gather(
        *[
            france_site.browser.put(
                ITEM, json=feature(state="information", url=f"{LINK}/{n}"),
                headers=bearer(token, tag),
            )
            for n in range(6)
        ]
    )  # fmt: skip
    assert sorted(one.status_code for one in answers) == [204, *[412] * 5]
    assert rows(france_site, "select count(*) from crowd.declaration") == [(1,)]


async def test_an_office_is_corrected_and_the_source_keeps_its_words(france_site: Any) -> None:
    token, stranger = await token_for(france_site), await token_for(france_site, OTHER)
    ((office,),) = rows(
        france_site, "select o.id from catalog.pub_office o join catalog.commune c on "
        "c.number = o.commune_number where c.code = %s and o.kind = 'mairie' limit 1", CODE,
    )  # fmt: skip
    where = f"/ogc/collections/offices/items/{office}"
    client = france_site.browser
    before = await client.get(where)
    tag = before.headers["ETag"]
    change = {"properties": {"phone": "04 78 00 00 00", "accessibility": "ACC"}}
    headers = bearer(token, tag, **MERGE)
    refused = await client.patch(where, json=change, headers={**headers, **bearer(stranger, tag)})
    assert refused.status_code == 403
    done = await client.patch(where, json=change, headers=headers)
    assert done.status_code == 204, done.text
    after = (await client.get(where)).json()
    assert after["properties"]["phone"] == "04 78 00 00 00"
    assert after["properties"]["name"] == before.json()["properties"]["name"]
    kept = rows(france_site, "select field, value->>'value', nature, decided_by like 'mandate:%%' "
                "from catalog.office_correction order by field")  # fmt: skip
    assert kept == [("accessibility", "ACC", "agent", True), ("phone", "04 78 00 00 00", "agent",
                                                             True)]  # fmt: skip
    assert (await client.patch(where, json=change, headers=headers)).status_code == 412
    for wrong, pointer in (
        ({"accessibility": "YES"}, "/properties/accessibility"),
        ({"website": "ftp://x"}, "/properties/website"), ({"kind": "x"}, "/properties/kind"),
        ({"name": None}, "/properties/name"), ({"phone": "04 78 00 00 00"}, "/properties"),
    ):  # fmt: skip
        now = bearer(token, (await client.get(where)).headers["ETag"], **MERGE)
        answer = await client.patch(where, json={"properties": wrong}, headers=now)
        assert answer.status_code == 422, (wrong, answer.text)
        assert answer.json()["errors"][0]["pointer"] == pointer
    now = bearer(token, (await client.get(where)).headers["ETag"])
    assert (await client.delete(where, headers=now)).status_code == 405


async def test_a_token_is_a_hash_lapses_with_its_mandate_and_can_be_revoked(
    france_site: Any,
) -> None:
    mandate = await mandate_for(france_site)
    settings = france_site.site.settings.mandates
    async with france_site.site.pool.connection() as conn:

        async def holds(text: str) -> int | None:
            found = await tokens.mandate_of(conn, text, settings)
            return None if found is None else found.id

        token = await tokens.issue(conn, mandate, "  un   logiciel ")
        other = await tokens.issue(conn, mandate, "autre")
        assert await holds(token) == mandate.id
        assert [one.label for one in await tokens.listed(conn, mandate.commune_number)] == [
            "un logiciel", "autre"]  # fmt: skip
        for _ in range(3):
            await tokens.issue(conn, mandate, "x")
        with pytest.raises(Conflict):
            await tokens.issue(conn, mandate, "x")
        # It does not end by idling, as a browser's session does.
        rows(france_site, "update crowd.mandate_session set created_at = now() - interval '9 days'")
        with psycopg.connect(france_site.site.settings.database.url) as plain:
            mandates.sweep(plain, settings)
        assert await holds(token) == mandate.id
        first = (await tokens.listed(conn, mandate.commune_number))[0]
        await tokens.revoke(conn, mandate, first.id)
        assert await holds(token) is None
        assert await holds(other) == mandate.id
        await mandates.revoke(conn, mandate.id, "x")
        assert await holds(other) is None
    dump = rows(france_site, "select s::text from crowd.mandate_session s") + rows(
        france_site, "select t::text from crowd.mandate_token t")  # fmt: skip
    assert token not in str(dump)


async def test_an_agent_makes_a_token_on_a_page_and_sees_it_once(
    france_site: Any, hidden: Any
) -> None:
    mandate = await mandate_for(france_site)
    async with france_site.site.pool.connection() as conn:
        cookie = await mandate_sessions.begin(conn, None, mandate_id=mandate.id)
    where = f"/fr/mairie/{CODE}/jetons"
    strangers = await france_site.browser.get(where)
    assert strangers.status_code == 303
    france_site.browser.cookies.set("guichet_mairie", cookie)
    page = await france_site.browser.get(where)
    assert page.status_code == 200, page.text
    sent = {"jeton": hidden(page.text, "jeton"), "nom": "Logiciel <b>"}
    made = await france_site.browser.post(where, data=sent)
    assert made.status_code == 200
    assert made.headers["Cache-Control"] == "no-store"
    token = made.text.partition('value="gm_')[2].partition('"')[0]
    assert len(token) == 43
    assert "Logiciel &lt;b&gt;" in made.text
    assert "gm_" + token not in (await france_site.browser.get(where)).text
    tag = (await france_site.browser.get(ITEM)).headers["ETag"]
    put = await france_site.browser.put(
        ITEM, json=feature(state="absent"), headers=bearer("gm_" + token, tag)
    )
    assert put.status_code == 204, put.text
    number = made.text.partition('name="revoquer" value="')[2].partition('"')[0]
    ended = await france_site.browser.post(where, data={**sent, "nom": "", "revoquer": number})
    assert ended.status_code == 303
    gone = await france_site.browser.put(
        ITEM, json=feature(state="absent"), headers=bearer("gm_" + token, put.headers["ETag"])
    )
    assert gone.status_code == 401
    other = await france_site.browser.post(where, data={"jeton": "x", "nom": "y"})
    assert other.status_code == 403
    unnamed = await france_site.browser.post(where, data={**sent, "nom": " "})
    assert unnamed.status_code == 422


async def test_a_mandate_for_some_services_changes_nothing_else(france_site: Any) -> None:
    token = await token_for(france_site)
    rows(france_site, "update crowd.mandate set services = array['canteen-registration']")
    tag = (await france_site.browser.get(ITEM)).headers["ETag"]
    for method, body in (("PUT", feature(state="absent")), ("DELETE", None)):
        answer = await france_site.browser.request(
            method, ITEM, json=body, headers=bearer(token, tag)
        )
        assert answer.status_code in (403, 409), answer.text
    assert rows(france_site, "select count(*) from crowd.declaration") == [(0,)]
