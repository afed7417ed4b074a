"""Registering a webhook: nobody is told who did not ask."""

import json
from typing import Any

import pytest

from api import webhook_delivery
from api.openapi import document
from api.rate_budget import RateBudget
from harvest.outbound_guard import Guard

HOST = "receiver.example"
CODE = "69143"


async def test_one_network_registers_so_many_in_a_day(hub: Any, receiver: Any) -> None:
    hub.site.hooking = RateBudget(2 / 86400, 2)
    for _ in range(2):
        await hub.register(receiver.url)
    refused = await hub.client.post("/api/v1/webhooks", json={"url": receiver.url})
    assert refused.status_code == 429
    assert 40_000 < int(refused.headers["Retry-After"]) <= 43_200


async def test_nothing_is_told_until_the_challenge_is_answered(hub: Any, receiver: Any) -> None:
    receiver.answer = lambda body: (200, {}, json.dumps(body).encode())  # an echo is no answer
    made = await hub.register(receiver.url, since=0)
    assert made["state"] == "pending"
    await hub.deliver()
    assert {body["type"] for _, body, _ in receiver.heard} == {"challenge"}
    assert 1 <= len(receiver.heard) <= 5
    state = await hub.state(made)
    assert (state["state"], state["position"], state["testing"]) == ("pending", 0, False)
    assert "challenge" in state["last_error"]
    assert receiver.url not in state["last_error"]

    receiver.answer = receiver.polite
    asked = await hub.client.post(f"{made['manage']}/test", headers=hub.bearer(made))
    assert (asked.status_code, asked.json()["testing"]) == (202, True)
    await hub.deliver()
    state = await hub.state(made)
    assert (state["state"], state["last_error"]) == ("active", None)
    assert receiver.deliveries()[0]["since"] == 0


@pytest.mark.parametrize(
    ("url", "words"),
    [
        ("http://receiver.example/", "/url"),
        ("https://127.0.0.1/", "public internet"),
        ("https://[::1]/", "public internet"),
        ("https://169.254.169.254/latest", "public internet"),
        ("https://inside.example/", "public internet"),
        ("https://user:word@receiver.example/", "user name"),
        ("https://receiver.example:22/", "Port 22"),
        ("https://2130706433/", ""),
    ],
)
async def test_only_https_on_the_public_internet(
    hub: Any, monkeypatch: pytest.MonkeyPatch, url: str, words: str
) -> None:
    monkeypatch.setattr(webhook_delivery, "GUARD", Guard(lambda host, port: ["10.0.0.7"]))
    answer = await hub.client.post("/api/v1/webhooks", json={"url": url})
    assert answer.status_code == 422
    assert answer.headers["Content-Type"] == "application/problem+json"
    (fault,) = answer.json()["errors"]
    assert fault["pointer"] == "/url"
    assert words in answer.text
    assert hub.sql("select count(*) from catalog.webhook") == [(0,)]


@pytest.mark.parametrize(
    ("body", "status", "pointers"),
    [
        (b"{", 400, None),
        (b"[]", 422, [""]),
        (b"{}", 422, ["/url"]),
        (b'{"url": 3}', 422, ["/url"]),
        (b'{"url": "https://a.example/", "colour": 1}', 422, ["/colour"]),
        (b'{"url": "https://a.example/", "services": ["nursery", 2]}', 422, ["/services/1"]),
        (b'{"url": "https://a.example/", "services": []}', 422, ["/services"]),
        (b'{"url": "https://a.example/", "since": -1}', 422, ["/since"]),
        (b'{"url": "https://a.example/", "since": 99999999999, "services": ["nursery", "nurserie"],'
         b' "territory": "DEP-00"}', 422, ["/services/1", "/since", "/territory"]),
        (b'{"url": "https://a.example/", "territory": "\\u0000"}', 422, ["/territory"]),
    ],
)  # fmt: skip
async def test_a_body_that_is_wrong_is_told_where(
    hub: Any, body: bytes, status: int, pointers: list[str] | None
) -> None:
    answer = await hub.client.post(
        "/api/v1/webhooks", content=body, headers={"Content-Type": "application/json"}
    )
    assert answer.status_code == status, answer.text
    if pointers is not None:
        assert [one["pointer"] for one in answer.json()["errors"]] == pointers


async def test_other_ways_to_ask_wrongly(hub: Any) -> None:
    post = hub.client.post
    assert (await post("/api/v1/webhooks", content=b"{}")).status_code == 415
    large = {"url": "https://a.example/", "x": "y" * 20_000}
    assert (await post("/api/v1/webhooks", json=large)).status_code == 413
    assert (await post("/api/v1/webhooks?a=b", json={})).status_code == 400
    assert (await hub.client.get("/api/v1/webhooks")).status_code == 405
    preflight = await hub.client.options("/api/v1/webhooks")
    assert preflight.headers["Access-Control-Allow-Origin"] == "*"
    assert "Authorization" in preflight.headers["Access-Control-Allow-Headers"]


async def test_only_its_token_manages_a_webhook(hub: Any, receiver: Any) -> None:
    made, other = await hub.register(receiver.url), await hub.register(receiver.url)
    for method, path in (("GET", ""), ("DELETE", ""), ("POST", "/test"), ("POST", "/rotate")):
        without = await hub.client.request(method, made["manage"] + path)
        assert without.status_code == 401
        assert without.headers["WWW-Authenticate"].startswith("Bearer")
        wrong = await hub.client.request(method, made["manage"] + path, headers=hub.bearer(other))
        assert wrong.status_code == 404, (method, path)
    stored = hub.sql("select w::text from catalog.webhook w")
    assert all(made["token"] not in row[0] for row in stored)
    gone = await hub.client.delete(made["manage"], headers=hub.bearer(made))
    assert (gone.status_code, gone.content) == (204, b"")
    assert (await hub.client.get(made["manage"], headers=hub.bearer(made))).status_code == 404
    assert hub.sql("select id from catalog.webhook") == [(other["id"],)]


async def test_there_are_limits(hub: Any, receiver: Any) -> None:
    hooks = hub.settings.webhooks
    for _ in range(hooks.most_per_host):
        await hub.register(receiver.url)
    refused = await hub.client.post("/api/v1/webhooks", json={"url": receiver.url})
    assert (refused.status_code, refused.json()["parameter"]) == (409, "url")
    hub.sql(
        "insert into catalog.webhook (id, token_hash, url, host, position, secret) "
        f"select i::text, '', 'u', i::text, 0, '' from generate_series(1, {hooks.most}) i"
    )
    full = await hub.client.post(
        "/api/v1/webhooks", json={"url": receiver.url.replace(HOST, "other.example")}
    )
    assert full.status_code == 503


def test_every_answer_is_declared() -> None:
    from api.app import routes

    paths = document(routes(), "0", "http://localhost")["paths"]
    base = "/api/v1/webhooks"
    made = paths[base]["post"]["responses"]
    assert {"201", "400", "409", "413", "415", "422", "429", "503"} <= set(made)
    one = f"{base}/{{webhook}}"
    for path, method, status in ((one, "get", "200"), (one, "delete", "204"),
                                 (f"{one}/test", "post", "202"),
                                 (f"{one}/rotate", "post", "200")):  # fmt: skip
        found = paths[path][method]
        assert found["security"] == [{"token": []}]
        assert {status, "401", "404", "429"} <= set(found["responses"])
        assert "requestBody" not in found
    assert set(paths[base]["post"]["callbacks"]) == {"challenge", "changes"}
