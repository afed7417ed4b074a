"""The test suites of OGC (CITE) against a server: `make cite`, or python tests/conformance/cite.py.

They are Java programs, named by their Maven coordinates: `mvn` fetches them once, Java 17 runs
them, and their testng-results.xml is what counts (they exit with 0 whatever fails). When they cannot
be had here, this says so aloud and exits with 3; it never says that they passed.
"""

import argparse
import json
import re
import shutil
import subprocess
import sys
import tempfile
import urllib.request
import xml.etree.ElementTree as ET
from dataclasses import dataclass
from pathlib import Path
from xml.sax.saxutils import escape

CACHE = Path(tempfile.gettempdir()) / "guichet-cite"
MISSING = 3


@dataclass(frozen=True)
class Suite:
    """One suite and what it is told."""

    artifact: str
    version: str
    settings: dict[str, str]
    path: str = ""  # from our landing page to the one that the suite is for


SUITES = {
    "features": Suite("ets-ogcapi-features10", "1.9", {"noofcollections": "3"}),
    "tiles": Suite(
        "ets-ogcapi-tiles10",
        "1.2",
        {
            "tilematrixsetdefinitionuri": "http://www.opengis.net/def/tilematrixset/OGC/1.0/WebMercatorQuad"
        },
    ),
    "processes": Suite("ets-ogcapi-processes10", "1.3", {"echoprocessid": "echo"}),
    # It expects every collection to answer queries of data: of the rasters alone, that is so.
    "edr": Suite(
        "ets-ogcapi-edr10", "1.3", {"noofcollections": "2", "apiDefinition": "{iut}/api"}, "/edr"
    ),
}


class Unavailable(Exception):
    """The suite cannot be had on this machine."""


@dataclass(frozen=True)
class Result:
    passed: int
    failed: int
    skipped: int
    failures: tuple[str, ...]


def fetch(suite: Suite) -> Path:
    """The suite's jar with all that it needs. Raises Unavailable, saying why."""
    if shutil.which("mvn") is None or shutil.which("java") is None:
        raise Unavailable("mvn and java 17 are needed")
    CACHE.mkdir(exist_ok=True)
    jar = CACHE / f"{suite.artifact}-{suite.version}-aio.jar"
    if not jar.exists():
        done = subprocess.run(
            [
                "mvn", "-q", "-B", "dependency:copy",
                f"-Dartifact=org.opengis.cite:{suite.artifact}:{suite.version}:jar:aio",
                f"-DoutputDirectory={CACHE}",
            ],
            capture_output=True, text=True, timeout=300, check=False, cwd=CACHE,
        )  # fmt: skip
        if done.returncode or not jar.exists():
            told = [line for line in done.stdout.splitlines() if "ERROR" in line]
            why = re.sub(r"\x1b\[\d*m|\bin https?://\S+", "", told[0] if told else "")
            raise Unavailable(" ".join(why.split())[:300] or "mvn found no such artifact")
    return jar


def a_tile(iut: str) -> dict[str, str]:
    """The settings of the suite of tiles: a template and one tile that is not empty."""
    where = f"{iut}/tiles/WebMercatorQuad"
    told = json.loads(ask(where)[1])
    template = next(one["href"] for one in told["links"] if one.get("templated"))
    limits = told["tileMatrixSetLimits"][0]
    z = limits["tileMatrix"]
    for row in range(limits["minTileRow"], limits["maxTileRow"] + 1):
        for column in range(limits["minTileCol"], limits["maxTileCol"] + 1):
            if ask(template.format(tileMatrix=z, tileRow=row, tileCol=column))[0] == 200:
                return {
                    "urltemplatefortiles": template, "tilematrix": z,
                    "mintilerow": str(row), "maxtilerow": str(row),
                    "mintilecol": str(column), "maxtilecol": str(column),
                }  # fmt: skip
    raise Unavailable("every tile of the first zoom is empty")


def ask(url: str) -> tuple[int, bytes]:
    with urllib.request.urlopen(url, timeout=30) as answer:  # the address is the caller's own
        return answer.status, answer.read()


def run(suite: Suite, jar: Path, iut: str) -> Result:
    """Run a suite against the landing page `iut`."""
    with tempfile.TemporaryDirectory() as folder:
        iut += suite.path
        entries = {"iut": iut} | {
            key: value.format(iut=iut) for key, value in suite.settings.items()
        }
        if suite.artifact == SUITES["tiles"].artifact:
            entries |= a_tile(iut)
        properties = Path(folder) / "properties.xml"
        lines = "".join(
            f'<entry key="{key}">{escape(value)}</entry>' for key, value in entries.items()
        )
        # Without its DOCTYPE: the suite would fetch it.
        properties.write_text(
            f'<?xml version="1.0" encoding="UTF-8"?><properties version="1.0">{lines}</properties>'
        )
        subprocess.run(
            ["java", "-jar", str(jar), "-o", folder, "-h", "false", str(properties)],
            capture_output=True, timeout=500, check=False,
        )  # fmt: skip
        results = sorted(Path(folder).rglob("testng-results.xml"))
        if not results:
            raise Unavailable("the suite wrote no results")
        return read(results[-1].read_text())


def read(text: str) -> Result:
    """What a testng-results.xml says; a failed method is named with its message."""
    root = ET.fromstring(text)
    failures = []
    for method in root.iter("test-method"):
        if method.get("status") == "FAIL" and method.get("is-config") != "true":
            message = method.findtext("./exception/message") or ""
            failures.append(f"{method.get('name')}: {' '.join(message.split())[:300]}")
    return Result(
        passed=int(root.get("passed", 0)),
        failed=int(root.get("failed", 0)),
        skipped=int(root.get("skipped", 0)),
        failures=tuple(failures),
    )


def main() -> int:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("iut", help="the landing page, such as http://127.0.0.1:8080/ogc")
    arguments.add_argument("suites", nargs="*", choices=[*SUITES, []], default=[])
    asked = arguments.parse_args()
    worst = 0
    for name in asked.suites or SUITES:
        suite = SUITES[name]
        try:
            found = run(suite, fetch(suite), asked.iut)
        except Unavailable as error:
            print(f"{name}: NOT RUN: {error}")
            worst = max(worst, MISSING)
            continue
        print(f"{name}: {found.passed} passed, {found.failed} failed, {found.skipped} skipped")
        for failure in found.failures:
            print(f"  {failure}")
        worst = max(worst, 1 if found.failed or not found.passed else 0)
    return worst


if __name__ == "__main__":
    sys.exit(main())
