"""Processes: the simulators under OGC's own contract; nobody is called back, nothing is kept."""

import time

import httpx
import pytest
from owslib.ogcapi.processes import Processes

SIMULATORS = ("income-tax", "hiring-cost")


def run(ogc, process, body, **more):
    return ogc.post(f"/processes/{process}/execution", json=body, **more)


def test_each_process_describes_itself(ogc, site):
    found = ogc.get("/processes").json()["processes"]
    known = httpx.get(f"{site}/api/v1/simulators").json()["simulators"]
    assert {one["id"] for one in known} >= set(SIMULATORS)
    assert [one["id"] for one in found] == ["echo", *(one["id"] for one in known)]
    for one in found:
        links = {link["rel"]: link["href"] for link in one["links"]}
        alone = ogc.get(links["self"]).json()
        assert {name: alone[name] for name in ("id", "title", "version", "jobControlOptions")} == {
            name: one[name] for name in ("id", "title", "version", "jobControlOptions")
        }
        assert alone["inputs"]
        assert alone["outputs"]
        for described in alone["inputs"].values():
            assert described["schema"]
        for language in ("fr", "en"):
            page = ogc.get(f"/processes/{one['id']}", params={"f": "html", "lang": language})
            assert page.status_code == 200


def test_echo_gives_back_and_pauses(ogc):
    answer = run(ogc, "echo", {"inputs": {"message": "é<b>"}})
    assert answer.text == "é<b>"
    assert answer.headers["Content-Type"] == "text/plain; charset=utf-8"
    assert answer.headers["Cache-Control"] == "no-store"
    body = {"inputs": {"message": "x", "pause": 0.4}, "response": "document"}
    begun = time.monotonic()
    assert run(ogc, "echo", body).json() == {"message": "x"}
    assert time.monotonic() - begun >= 0.4


@pytest.mark.parametrize("process", SIMULATORS)
def test_a_simulator_says_what_its_own_api_says(ogc, site, process):
    required = {name: one["schema"] for name, one in
                ogc.get(f"/processes/{process}").json()["inputs"].items()
                if one["minOccurs"]}  # fmt: skip
    inputs = {name: schema.get("example", (schema.get("examples") or [None])[0])
              for name, schema in required.items()}  # fmt: skip
    if any(value is None for value in inputs.values()):
        inputs = httpx.get(f"{site}/api/v1/simulators").json() and {
            "income-tax": {"salaries": [30000]}, "hiring-cost": {"gross_monthly_salary": 2500}
        }[process]  # fmt: skip
    end = time.monotonic() + 60
    while True:  # the engines start after the server
        ours = run(ogc, process, {"inputs": inputs})
        if ours.status_code != 503 or time.monotonic() > end:
            break
        time.sleep(1)
    theirs = httpx.post(f"{site}/api/v1/simulators/{process}", json=inputs, timeout=20)
    assert ours.status_code == theirs.status_code, ours.text
    if theirs.status_code == 200:
        assert ours.json() == theirs.json()
    else:
        assert ours.json()["errors"] == theirs.json()["errors"]
    document = run(ogc, process, {"inputs": inputs, "response": "document"})
    if theirs.status_code == 200:
        assert document.json() == {"result": theirs.json()}


def test_a29_nobody_is_called_back(ogc):
    body = {"inputs": {"message": "x"}, "subscriber": {"successUri": "http://127.0.0.1:9977/"}}
    answer = run(ogc, "echo", body)
    assert answer.status_code == 400
    assert answer.json()["parameter"] == "subscriber"


@pytest.mark.parametrize(
    "body",
    [
        [], {}, {"inputs": []}, {"inputs": {"message": 3}}, {"inputs": {"message": "x", "pause": 99}},
        {"inputs": {"message": "x", "pause": True}}, {"inputs": {"message": "x", "nope": 1}},
        {"inputs": {"message": "x" * 10_001}}, {"inputs": {"message": "x"}, "response": "xml"},
        {"inputs": {"message": "x"}, "outputs": {"nope": {}}},
        {"inputs": {"message": "x"}, "outputs": []},
    ],
)  # fmt: skip
def test_what_cannot_be_run_is_refused(ogc, body):
    answer = run(ogc, "echo", body)
    assert answer.status_code == 400, answer.text
    assert answer.headers["Content-Type"] == "application/problem+json"


@pytest.mark.parametrize(
    "body", [b"", b"{", b'{"inputs":{"message":"x","pause":NaN}}', b"[" * 90_000, b"\xff",
             b'{"inputs":{"message":"x","pause":1e999}}']
)  # fmt: skip
def test_a44_bodies_that_are_not_json(ogc, body):
    answer = ogc.post("/processes/echo/execution", content=body,
                      headers={"Content-Type": "application/json"})  # fmt: skip
    assert answer.status_code in (400, 422), answer.text


def test_what_is_not_there(ogc):
    for answer in (ogc.get("/processes/nope"), run(ogc, "nope", {"inputs": {}})):
        assert answer.status_code == 404
        assert answer.json()["type"] == (
            "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0/no-such-process"
        )
    assert ogc.get("/processes/echo/execution").status_code == 405
    assert ogc.get("/jobs").status_code == 404
    assert run(ogc, "echo", {}, headers={"Content-Type": "text/xml"}).status_code == 415
    assert ogc.post("/processes/echo/execution?x=1", json={}).status_code == 400


def test_owslib_runs_one(site):
    service = Processes(f"{site}/ogc")
    assert {one["id"] for one in service.processes()} >= {"echo", *SIMULATORS}
    assert service.process("echo")["id"] == "echo"
