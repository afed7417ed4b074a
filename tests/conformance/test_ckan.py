"""Our CKAN connector against a real CKAN 2.12 over PostgreSQL and Redis.

Its Solr is a small stub (ckan_search_stub.py): pages, counts, filters and the JSON of packages are
CKAN's own; ranking is nobody's. Skipped, and said, when GUICHET_CKAN does not name the Python of an
environment that holds CKAN (`sh tests/conformance/ckan.sh` makes one), or without redis-server.
"""

import json
import os
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from importlib import util
from pathlib import Path
from typing import Any
from urllib.parse import urlencode

import psycopg
import pytest
from psycopg import sql
from psycopg.conninfo import conninfo_to_dict

from catalog.database import address
from catalog.observations import Nature
from config.settings import Settings
from harvest import portals
from harvest.fetch import Limits
from harvest.outbound_guard import Guard
from harvest.raw import RawStore
from harvest.remote import Breaker, Patience, Remote
from harvest.source_files import Portal, SourceFile

PYTHON, REDIS = os.environ.get("GUICHET_CKAN", ""), shutil.which("redis-server")
pytestmark = [
    pytest.mark.skipif(not PYTHON, reason="no CKAN here: GUICHET_CKAN=$(sh tests/conformance/ckan.sh)"),
    pytest.mark.skipif(REDIS is None, reason="no redis-server here: apt-get install redis-server"),
]  # fmt: skip
PACKAGE = Path(__file__).parents[1] / "harvest" / "portals" / "dataset-1.json"  # a real one
PLAIN = 25


def _stub() -> Any:
    spec = util.spec_from_file_location(
        "ckan_search_stub", Path(__file__).with_name("ckan_search_stub.py")
    )
    assert spec is not None
    assert spec.loader is not None
    module = util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module.SearchStub()


@dataclass
class Ckan:
    """A running CKAN, and the token of its administrator."""

    port: int
    token: str

    def does(self, action: str, **what: Any) -> Any:
        request = urllib.request.Request(
            f"http://127.0.0.1:{self.port}/api/3/action/{action}",
            json.dumps(what).encode(),
            {"Content-Type": "application/json", "Authorization": self.token},
        )
        try:
            with urllib.request.urlopen(request, timeout=60) as answer:
                return json.load(answer)["result"]
        except urllib.error.HTTPError as error:
            raise AssertionError(f"{action}: {error.read()[:2000]!r}") from error


def _wait(port: int, process: subprocess.Popen[bytes], log: Path) -> None:
    end = time.monotonic() + 120
    while True:
        try:
            with urllib.request.urlopen(
                f"http://127.0.0.1:{port}/api/3/action/status_show", timeout=30
            ):
                return
        except (urllib.error.URLError, ConnectionError, TimeoutError):
            assert process.poll() is None, log.read_text(errors="replace")[-3000:]
            assert time.monotonic() < end, log.read_text(errors="replace")[-3000:]
            time.sleep(0.5)


@pytest.fixture(scope="module")
def ckan(
    settings: Settings, cluster: Any, free_port: Any, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[Ckan]:
    folder = tmp_path_factory.mktemp("ckan")
    with psycopg.connect(address.conninfo(settings, database="postgres"), autocommit=True) as admin:
        admin.execute(sql.SQL("create database ckan_judge template template0 encoding 'UTF8'"))
    where = conninfo_to_dict(address.conninfo(settings, database="ckan_judge"))
    found = {key: str(where[key]) for key in ("host", "port", "user", "password") if where.get(key)}
    database = f"postgresql:///ckan_judge?{urlencode(found, safe='/')}"
    number, redis_port, stub = free_port(), free_port(), _stub()
    command = [str(Path(PYTHON).with_name("ckan")), "-c", str(folder / "ckan.ini")]
    log = folder / "log"
    started: list[subprocess.Popen[bytes]] = []
    environment = {**os.environ, "PYTHONWARNINGS": "ignore"}

    def run(*words: str) -> str:
        done = subprocess.run([*command, *words], capture_output=True, text=True, timeout=300, env=environment, check=False)  # fmt: skip
        assert done.returncode == 0, done.stdout[-2000:] + done.stderr[-2000:]
        return done.stdout

    def start(*words: str) -> subprocess.Popen[bytes]:
        with log.open("ab") as out:
            started.append(subprocess.Popen(words, stdout=out, stderr=out, env=environment))
        return started[-1]

    try:
        start(str(REDIS), "--port", str(redis_port), "--bind", "127.0.0.1", "--save", "", "--dir", str(folder))  # fmt: skip
        subprocess.run([command[0], "generate", "config", str(folder / "ckan.ini")], check=True, capture_output=True, timeout=120, env=environment)  # fmt: skip
        _set(
            folder / "ckan.ini",
            {
                "sqlalchemy.url": database, "solr_url": stub.base,
                "ckan.redis.url": f"redis://127.0.0.1:{redis_port}/0",
                "ckan.site_url": f"http://ckan.example:{number}", "ckan.plugins": "",
                "ckan.site_id": "essai", "ckan.storage_path": str(folder),
            },
        )  # fmt: skip
        run("db", "init")
        run("user", "add", "judge", "email=judge@ckan.example", "password=une-phrase-longue")
        run("sysadmin", "add", "judge")
        token = run("user", "token", "add", "judge", "essai").split()[-1]
        _wait(number, start(*command, "run", "-H", "127.0.0.1", "-p", str(number), "-r"), log)
        made = Ckan(number, token)
        _fill(made)
        yield made
    finally:
        for one in reversed(started):
            one.terminate()
            one.wait(20)
        stub.stop()
        with psycopg.connect(
            address.conninfo(settings, database="postgres"), autocommit=True
        ) as admin:
            admin.execute("drop database if exists ckan_judge with (force)")


def _set(ini: Path, values: dict[str, str]) -> None:
    """Write settings into CKAN's file (its own tool wants a database before it sets one)."""
    lines = [
        line
        for line in ini.read_text(encoding="utf-8").splitlines()
        if line.partition("=")[0].strip() not in values
    ]
    at = lines.index("use = egg:ckan") + 1
    lines[at:at] = [f"{key} = {value}" for key, value in values.items()]
    ini.write_text("\n".join(lines) + "\n", encoding="utf-8")


def _fill(ckan: Ckan) -> None:
    """One real package, as a portal publishes it; plain ones; and what is not for everybody."""
    ckan.does("organization_create", name="ville", title="Ville de Valbois")
    ckan.does("group_create", name="voirie", title="Voirie")
    real = json.loads(PACKAGE.read_text(encoding="utf-8"))
    real = real.get("result", real)
    ckan.does(
        "package_create", name=real["name"], title=real["title"], notes=real["notes"],
        owner_org="ville", license_id="odc-odbl", groups=[{"name": "voirie"}],
        tags=[{"name": one["name"]} for one in real["tags"]],
        extras=[{"key": one["key"], "value": one["value"]} for one in real["extras"]],
        resources=[{k: one.get(k) for k in ("url", "name", "format", "mimetype")} for one in real["resources"]],
    )  # fmt: skip
    for n in range(PLAIN):
        ckan.does(
            "package_create", name=f"jeu-{n:02}", title=f"Jeu d’essai n° {n}", owner_org="ville"
        )
    ckan.does("package_create", name="secret", title="Secret", owner_org="ville", private=True)
    ckan.does(
        "package_create", name="brouillon", title="Brouillon", owner_org="ville", state="draft"
    )
    ckan.does("package_create", name="jete", title="Jeté", owner_org="ville")
    ckan.does("package_delete", id="jete")


@pytest.fixture
def read(ckan: Ckan, tmp_path: Path) -> Any:
    def one(since: datetime | None = None, page_size: int = 10, **query: str) -> portals.Reading:
        guard = Guard(lambda host, p: ["127.0.0.1"], frozenset({("127.0.0.1", ckan.port)}))
        remote = Remote(
            RawStore(tmp_path / "raw"), guard, Limits(), Patience(pause=0), breaker=Breaker()
        )
        source = SourceFile(
            id="ckan", kind="ckan", order=9, title="C", publisher="P", licence="L", url="https://x.fr",
            nature=Nature.DIRECTORY,
            portal=Portal(url=f"http://ckan.example:{ckan.port}/", page_size=page_size, query=query),
        )  # fmt: skip
        return portals.visit(source, remote, since)

    return one


def test_every_public_package_is_read_page_by_page_and_no_other(read: Any) -> None:
    reading = read()
    assert (len(reading.rows), reading.whole, reading.rejections) == (PLAIN + 1, True, ())
    assert not {"Secret", "Brouillon", "Jeté"} & {row.title for row in reading.rows}
    assert len({row.remote_id for row in reading.rows}) == PLAIN + 1


def test_a_real_package_keeps_what_it_says(read: Any) -> None:
    real = json.loads(PACKAGE.read_text(encoding="utf-8"))
    real = real.get("result", real)
    (row,) = [one for one in read().rows if f"name:{real['name']}" in one.identifiers]
    assert row.title == real["title"]
    assert row.publisher == "Ville de Valbois"
    assert set(row.keywords) == {one["name"] for one in real["tags"]}
    assert row.themes[0] == "Voirie"
    assert len(row.distributions) == len(real["resources"])
    assert row.extent is not None
    assert row.updated is not None


def test_only_what_changed_since_and_only_what_is_asked_for(read: Any, ckan: Ckan) -> None:
    time.sleep(1.1)
    before = datetime.now(UTC)
    time.sleep(1.1)
    ckan.does("package_patch", id="jeu-03", title="Jeu changé")
    late = read(since=before)
    assert [row.title for row in late.rows] == ["Jeu changé"]
    assert not late.whole, "what did not change is not missing"
    assert len(read(since=before, fq="organization:ville").rows) == 1
    assert len(read(fq="organization:nobody").rows) == 0


def test_a_renamed_package_is_the_same_record(read: Any, ckan: Ckan) -> None:
    ids = {row.remote_id for row in read().rows}
    ckan.does("package_patch", id="jeu-04", name="jeu-renomme")
    after = read()
    assert {row.remote_id for row in after.rows} == ids
    assert any("name:jeu-renomme" in row.identifiers for row in after.rows)
