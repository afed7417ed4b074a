"""The examples of the API guide, run as a reader would run what the page shows."""

import html
import json
import re
import shutil
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path
from xml.etree import ElementTree as ET

import httpx
import pytest

from catalog import webhook_signatures

EXAMPLES = Path(__file__).resolve().parents[2] / "api" / "pages" / "examples"
ATOM = "{http://www.w3.org/2005/Atom}"


@pytest.fixture(scope="module")
def shown(site: str) -> list[str]:
    """The examples of the page, in order, word for word."""
    page = httpx.get(f"{site}/fr/api").text
    english = httpx.get(f"{site}/en/api").text
    found = [
        html.unescape(one) for one in re.findall(r"<pre[^>]*><code>(.*?)</code></pre>", page, re.S)
    ]
    assert len(found) == len(list(EXAMPLES.iterdir()))
    assert found == [
        html.unescape(one)
        for one in re.findall(r"<pre[^>]*><code>(.*?)</code></pre>", english, re.S)
    ]
    assert all(site in one and "guichet.example" not in one for one in found)
    return found


def run(program: list[str], text: str) -> str:
    done = subprocess.run([*program, text], capture_output=True, text=True, timeout=60, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.mark.skipif(not shutil.which("curl"), reason="no curl here")
def test_curl(shown: list[str]) -> None:
    text = next(one for one in shown if one.startswith("# One commune"))
    out = run(["bash", "-ec"], text.replace("curl -s", "echo; curl -sS --fail"))
    answers = [json.loads(line) for line in out.splitlines() if line.strip()]
    assert len(answers) == 4
    assert answers[0]["services"]
    assert answers[1]["proofs"]
    assert sum(answers[2]["whole"]["states"].values()) == answers[2]["whole"]["communes"]
    assert all(one["kind"] == "mairie" for one in answers[3]["offices"])


def test_python_table(shown: list[str], site: str) -> None:
    text = next(one for one in shown if "The whole table" in one)
    out = run([sys.executable, "-c"], text)
    summary = httpx.get(f"{site}/api/v1/territories/FR/summary?service=official-site").json()
    line = next(one for one in out.splitlines() if one.startswith("official-site "))
    for state, count in summary["whole"]["states"].items():
        assert not count or f"'{state}': {count}" in line


def test_python_follows(shown: list[str], site: str) -> None:
    text = next(one for one in shown if "Follow the hub" in one)
    position, pairs = map(int, run([sys.executable, "-c"], text).split())
    assert position >= pairs > 0


def test_python_is_told(
    shown: list[str], site: str, tmp_path: Path, free_port: Callable[[], int]
) -> None:
    """As registered before: this hub could not be told of an address on the loopback."""
    text, port = next(one for one in shown if "Be told of changes" in one), free_port()
    secret = webhook_signatures.new_secret()
    made = {"secret": webhook_signatures.shown(secret)}
    (tmp_path / "webhook.json").write_text(json.dumps(made))
    program = [sys.executable, "-c", text.replace("8021", str(port))]
    receiver = subprocess.Popen(program, cwd=tmp_path, stderr=subprocess.DEVNULL)
    try:
        with httpx.Client(transport=httpx.HTTPTransport(retries=8), timeout=20) as client:

            def post(said: object, key: bytes = secret) -> httpx.Response:
                body = json.dumps(said).encode()
                signed = webhook_signatures.headers([key], "msg_1", int(time.time()), body)
                return client.post(f"http://127.0.0.1:{port}/", content=body, headers=signed)

            assert post({"type": "challenge", "challenge": "abc"}).text == "abc"
            page = httpx.get(f"{site}/api/v1/changes?limit=50").json()
            pairs = {(one["commune"], one["service"]) for one in page["changes"]}
            told = post({"type": "changes", "changes": page["changes"]})
            assert (told.status_code, told.text) == (200, str(len(pairs)))
            assert post({"type": "changes", "changes": []}, b"another").status_code == 401
    finally:
        receiver.terminate()
        receiver.wait()


@pytest.mark.skipif(not shutil.which("node"), reason="no node here")
def test_javascript(shown: list[str], site: str) -> None:
    text = next(one for one in shown if "One byte per commune" in one)
    out = run(["node", "--input-type=module", "-e"], text)
    counts = {line.split()[0]: int(line.split()[1]) for line in out.splitlines()}
    whole = httpx.get(f"{site}/api/v1/territories/FR/summary?service=official-site").json()["whole"]
    assert {state: counts[state] for state in whole["states"]} == whole["states"]


def test_a_commune_can_be_followed_in_a_feed_reader(site: str) -> None:
    answer = httpx.get(f"{site}/api/v1/communes/69123/changes.atom")
    assert answer.headers["Content-Type"].startswith("application/atom+xml")
    feed = ET.fromstring(answer.content)
    entries = feed.findall(f"{ATOM}entry")
    assert entries
    ids = [one.findtext(f"{ATOM}id") for one in entries]
    assert len(set(ids)) == len(ids)
    updated = [one.findtext(f"{ATOM}updated") or "" for one in entries]
    assert updated == sorted(updated, reverse=True)
    assert feed.findtext(f"{ATOM}updated") == updated[0]
    page = httpx.get(f"{site}/fr/commune/69123").text
    assert "/api/v1/communes/69123/changes.atom" in page
    assert httpx.get(f"{site}/api/v1/communes/01999/changes.atom").status_code == 404
