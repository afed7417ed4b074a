"""Every channel tells the same: bytes = JSON = counts = commune page's API, at every date.

And unknown is never counted as anything else; parts sum to their whole.
"""

import json
import struct
from collections import Counter

import httpx
import numpy as np
import pytest

DATES = ["2015-01-01", "2021-12-31", "2023-06-30", "2024-12-31", "2100-12-31", None]


@pytest.fixture(scope="module")
def client(site):
    with httpx.Client(base_url=site, timeout=20) as found:
        yield found


@pytest.fixture(scope="module")
def services(client):
    body = client.get("/api/v1/services").json()
    return [one["id"] for one in body["services"]] + ["minimum-bundle"]


@pytest.fixture(scope="module")
def states(client):
    return {one["code"]: one["id"] for one in client.get("/api/v1/states").json()["states"]}


def at(date):
    return {"datetime": date} if date else {}


@pytest.fixture(scope="module")
def numbers(client):
    """COG code -> number, asked commune by commune: the slow and independent way."""
    codes = client.get("/api/v1/status/official-site.json").json()["states"]
    return {
        code: client.get(f"/api/v1/communes/{code}").json()["commune"]["number"] for code in codes
    }


@pytest.mark.parametrize("date", DATES)
def test_bytes_json_and_counts_agree_for_every_service(client, services, states, numbers, date):
    for service in services:
        answer = client.get(f"/api/v1/status/{service}.bin", params=at(date))
        array = np.frombuffer(answer.content, dtype=np.uint8)
        assert len(array) == int(answer.headers["X-Guichet-Length"])
        assert array[0] == 0
        twin = client.get(f"/api/v1/status/{service}.json", params=at(date)).json()
        assert twin["states"] == {code: states[array[n]] for code, n in numbers.items()}
        summary = client.get(
            "/api/v1/territories/FR/summary", params={"service": service, **at(date)}
        ).json()["whole"]
        counted = Counter(twin["states"].values())
        assert summary["states"] == {name: counted.get(name, 0) for name in states.values()}
        assert summary["communes"] == len(numbers) == sum(summary["states"].values())
        assert sum(summary["simple"].values()) == summary["communes"]
        # Unknown is unknown in both readings, and is known nowhere.
        assert summary["simple"]["unknown"] == summary["states"]["unknown"]
        known = 1 - summary["states"]["unknown"] / summary["communes"]
        assert summary["known_share"] == pytest.approx(known)
        own = summary["communes"] - summary["simple"]["other"]
        bounds = summary["bounds"]
        if own:
            assert bounds["lower"] == pytest.approx(summary["simple"]["present"] / own)
            best = summary["simple"]["present"] + summary["simple"]["unknown"]
            assert bounds["upper"] == pytest.approx(best / own)
        else:
            assert bounds == {"lower": None, "upper": None}


@pytest.mark.parametrize("date", [None, "2023-06-30"])
def test_a_commune_says_what_the_arrays_say(client, services, numbers, date):
    told = {
        service: client.get(f"/api/v1/status/{service}.json", params=at(date)).json()["states"]
        for service in services
    }
    for code in list(numbers)[::7]:
        body = client.get(f"/api/v1/communes/{code}/services", params=at(date)).json()
        found = {one["service"]: one["state"] for one in body["services"]}
        assert set(found) == set(services) - {"minimum-bundle"}  # none is left out
        for service, state in found.items():
            assert state == told[service][code], (code, service)


@pytest.mark.parametrize("date", DATES)
@pytest.mark.parametrize("kind", ["region", "departement", "epci", "commune"])
def test_parts_sum_to_their_whole(client, services, kind, date):
    for service in services[:: 1 if kind == "departement" else 6]:
        body = client.get(
            "/api/v1/territories/FR/summary",
            params={"service": service, "children": kind, **at(date)},
        ).json()
        whole, parts = body["whole"], body["children"]
        assert parts
        assert sum(p["communes"] for p in parts) == whole["communes"]
        for reading in ("states", "simple", "population"):
            total = Counter()
            for part in parts:
                total.update(part[reading])
            assert {k: v for k, v in total.items() if v} == {
                k: v for k, v in whole[reading].items() if v
            }


def test_nothing_is_known_before_anything_was_observed(client, services):
    for service in services:
        body = client.get(
            "/api/v1/territories/FR/summary", params={"service": service, "datetime": "1900-01-01"}
        ).json()
        assert body["whole"]["states"]["unknown"] == body["whole"]["communes"]
        assert body["whole"]["known_share"] == 0
        assert body["whole"]["simple"]["absent"] == 0


def test_periods_of_history_are_what_the_dates_say(client, numbers):
    dates = client.get("/api/v1/breakpoints").json()["dates"]
    assert dates == sorted(dates)
    code = next(iter(numbers))
    periods = client.get(
        f"/api/v1/communes/{code}/history", params={"service": "official-site"}
    ).json()["periods"]
    for date in dates:
        state = client.get("/api/v1/status/official-site.json", params={"datetime": date}).json()[
            "states"
        ][code]
        moment = f"{date}T23:59:59.999999Z"
        inside = [
            one["state"]
            for one in periods
            if one["valid_from"] <= moment and (one["valid_to"] or "9999") > moment
        ]
        assert inside in ([state], [] if state == "unknown" else [state])


def test_geography_arrays_place_each_commune(client, numbers):
    answer = client.get("/api/v1/geography")
    body = answer.content
    (size,) = struct.unpack("<I", body[:4])
    assert size % 4 == 0
    header = json.loads(body[4 : 4 + size])
    assert header["vintage"] == answer.headers["X-Guichet-Geography"]
    arrays = np.frombuffer(body[4 + size :], dtype="<u2").reshape(3, header["length"])
    assert header["arrays"] == ["departement", "region", "epci"]
    for code, number in numbers.items():
        commune = client.get(f"/api/v1/communes/{code}").json()["commune"]
        for row, name in enumerate(header["arrays"]):
            position = int(arrays[row, number])
            listed = header[name]
            assert (listed[position - 1]["code"] if position else None) == commune[name]


def test_old_codes_lead_to_the_commune_that_answers_for_them(client, numbers):
    arrondissement = client.get("/api/v1/communes/75101")
    if arrondissement.status_code == 404:
        pytest.fail("the extract holds Paris and its arrondissements")
    body = arrondissement.json()
    assert body["commune"]["code"] == "75056"
    assert body["asked"]["code"] == "75101"


def test_every_proof_names_its_source(client, numbers):
    sources = {one["id"]: one for one in client.get("/api/v1/sources").json()["sources"]}
    assert all(one["licence"] for one in sources.values())
    for code in list(numbers)[:5]:
        proofs = client.get(f"/api/v1/communes/{code}/proofs").json()["proofs"]
        assert proofs
        for proof in proofs:
            assert proof["source"] in sources
            assert proof["seen"]


def test_changes_can_be_resumed_without_loss_or_repeat(client):
    whole = client.get("/api/v1/changes", params={"limit": 1000}).json()["changes"]
    assert whole
    since, pieces = 0, []
    while len(pieces) < min(len(whole), 60):
        body = client.get("/api/v1/changes", params={"since": since, "limit": 7}).json()
        if not body["changes"]:
            break
        pieces += body["changes"]
        since = body["next"]
    assert pieces == whole[: len(pieces)]
    positions = [one["position"] for one in whole]
    assert positions == list(range(1, len(whole) + 1))


def test_nearby_is_by_distance_and_open_now_only_shows_open_ones(client):
    body = client.get("/api/v1/nearby", params={"lat": 45.76, "lon": 4.83, "limit": 20}).json()[
        "offices"
    ]
    assert body
    distances = [one["distance_m"] for one in body]
    assert distances == sorted(distances)
    for one in body:
        assert one["hours"]["kind"] in ("open", "closed", "unknown")
        if one["hours"]["kind"] == "unknown":
            assert "ermé" not in one["hours"]["sentence"]["fr"]
    only = client.get(
        "/api/v1/nearby",
        params={"lat": 45.76, "lon": 4.83, "open": "now", "datetime": "2026-03-10T09:30:00Z"},
    ).json()["offices"]
    assert all(one["hours"]["kind"] == "open" for one in only)
