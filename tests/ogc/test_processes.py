"""Processes at once: the simulators and the echo under OGC's own contract."""

import email
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
        assert document.json() == {
            "result": {"value": theirs.json(), "mediaType": "application/json"}
        }


SHAPES = {
    "message": "é<b>", "number": 2.5, "list": ["test1", "test2"], "object": {"a": {"b": [None, 1]}},
    "box": {"bbox": [51.9, 7, 52, 7.1], "crs": "http://www.opengis.net/def/crs/OGC/1.3/CRS84"},
    "binary": "aGk=", "mixed": 3,
}  # fmt: skip


def test_echo_gives_back_every_shape_and_says_each(ogc):
    described = ogc.get("/processes/echo").json()
    assert set(described["outputs"]) == set(SHAPES)
    assert set(described["inputs"]) == {*SHAPES, "pause"}
    assert next(iter(described["inputs"])) == "message", "suites try the first one alone"
    document = run(ogc, "echo", {"inputs": SHAPES, "response": "document"}).json()
    told = {**SHAPES, "object": {"value": SHAPES["object"], "mediaType": "application/json"}}
    assert document == told
    qualified = {name: {"value": value} for name, value in SHAPES.items()}
    assert run(ogc, "echo", {"inputs": qualified, "response": "document"}).json() == told
    for name, value in SHAPES.items():
        answer = run(ogc, "echo", {"inputs": {name: value}, "outputs": {name: {}}},
                     headers={"Accept": "application/json"})  # fmt: skip
        assert (answer.status_code, answer.json()) == (200, value)


def test_several_raw_outputs_are_parts_or_json_for_who_reads_nothing_else(ogc):
    body = {"inputs": {"message": "x", "number": 1}}
    parts = run(ogc, "echo", body)
    read = email.message_from_bytes(
        b"Content-Type: " + parts.headers["Content-Type"].encode() + b"\r\n\r\n" + parts.content
    )
    assert read.get_content_type() == "multipart/related"
    assert {one["Content-ID"]: one.get_payload() for one in read.get_payload()} == {
        "<message>": "x", "<number>": "1"}  # fmt: skip
    whole = run(ogc, "echo", body, headers={"Accept": "application/json"})
    assert whole.json() == {"message": "x", "number": 1}


def test_the_requests_of_the_official_suite_are_understood(ogc):
    """What ets-ogcapi-processes10 sends (its Jobs.java): the suite itself needs the internet."""
    everything = {one: {"transmissionMode": "value"} for one in SHAPES}
    texts = {"message": "teststring", "binary": "teststring", "mixed": "teststring",
             "box": {"crs": "urn:ogc:def:crs:EPSG:6.6:4326", "bbox": [345345345] * 4}}  # fmt: skip
    accept = {"Accept": "application/json"}
    for inputs, outputs in (
        (texts, everything), (texts, None), ({"box": SHAPES["box"]}, {}),
        ({"list": ["test1", "test2", "test3"]}, {"list": {"transmissionMode": "value"}}),
        ({**texts, "object": {"value": "teststring"}}, everything),
        ({"message": "teststring"}, {"message": {"transmissionMode": "value"}}),
    ):  # fmt: skip
        for more in ({}, {"response": "raw"}, {"response": "document"}):
            body = {"inputs": inputs, **more} | ({} if outputs is None else {"outputs": outputs})
            answer = run(ogc, "echo", body, headers=accept)
            assert answer.status_code == 200, (body, answer.text)
            assert answer.headers["Content-Type"] == "application/json"
            assert "teststring" in answer.text or "teststring" not in str(inputs)
            assert "Link" not in answer.headers  # it would have to be that of a job
    wrong = {**texts, "mixed": {"type": "wrong/type"}}
    for body in ({"inputs": wrong}, {"invalid-execute-request": "true)"}):
        answer = run(ogc, "echo", body, headers=accept)
        assert answer.status_code == 400
        assert answer.headers["Content-Type"] == "application/json"
        assert answer.json()["type"]
    assert len(ogc.get("/processes?limit=1").json()["processes"]) == 1
    rels = {one["rel"] for one in ogc.get("", headers=accept).json()["links"]}
    assert {"processes", "http://www.opengis.net/def/rel/ogc/1.0/job-list"} <= rels
    operations = {one["operationId"] for path in ogc.get("/api").json()["paths"].values()
                  for one in path.values()}  # fmt: skip
    assert {"getProcesses", "getProcessDescription", "execute", "getJobs", "getStatus",
            "getResult"} <= operations  # fmt: skip


def test_a_long_pause_is_for_a_job(ogc):
    answer = run(ogc, "echo", {"inputs": {"message": "x", "pause": 30}})
    assert (answer.status_code, answer.json()["parameter"]) == (400, "pause")


@pytest.mark.parametrize(
    "body",
    [
        [], {}, {"inputs": []}, {"inputs": {"message": 3}}, {"inputs": {"message": "x", "pause": 99}},
        {"inputs": {"message": "x", "pause": True}}, {"inputs": {"message": "x", "nope": 1}},
        {"inputs": {"message": "x" * 10_001}}, {"inputs": {"message": "x"}, "response": "xml"},
        {"inputs": {"message": "x"}, "outputs": {"nope": {}}},
        {"inputs": {"message": "x"}, "outputs": []},
        {"inputs": {"message": "x"}, "outputs": {"message": {"transmissionMode": "reference"}}},
        {"inputs": {"list": ["x"] * 101}}, {"inputs": {"list": [1]}}, {"inputs": {"number": "1"}},
        {"inputs": {"box": {"bbox": [1, 2, 3]}}}, {"inputs": {"binary": "é"}},
        {"inputs": {"mixed": []}}, {"inputs": {"object": {"a": "x" * 10_001}}},
        {"inputs": {"message": {"href": "http://127.0.0.1:8080/"}}}, {"inputs": {"pause": 1}, "x": 1},
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
    assert ogc.post("/jobs", json={}).status_code == 405
    assert run(ogc, "echo", {}, headers={"Content-Type": "text/xml"}).status_code == 415
    assert ogc.post("/processes/echo/execution?x=1", json={}).status_code == 400


def test_owslib_runs_one(site):
    service = Processes(f"{site}/ogc")
    assert {one["id"] for one in service.processes()} >= {"echo", *SIMULATORS}
    assert service.process("echo")["id"] == "echo"
