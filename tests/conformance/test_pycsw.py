"""Our CSW connector against a real pycsw 2.6.2, loaded with real ISO 19139 records.

Skipped, and said, when GUICHET_PYCSW does not name the Python of an environment that holds it:
`sh tests/conformance/pycsw.sh` makes one.
"""

import os
import shutil
import subprocess
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from catalog.observations import Nature
from harvest import portals
from harvest.fetch import Limits
from harvest.outbound_guard import Guard
from harvest.raw import RawStore
from harvest.remote import Breaker, Patience, Remote
from harvest.source_files import Portal, SourceFile

PYTHON = os.environ.get("GUICHET_PYCSW", "")
pytestmark = pytest.mark.skipif(
    not PYTHON, reason="no pycsw here: GUICHET_PYCSW=$(sh tests/conformance/pycsw.sh)"
)
RECORDS = Path(__file__).parents[1] / "harvest" / "portals"
NAMES = (
    "rennes-metropole-referentiel-adresse.xml",
    "geobretagne-service-coupled.xml",
    "siglr-malformed.xml",
)
CONFIGURATION = """
[server]
home={home}
url=http://csw.example:{port}/
mimetype=application/xml; charset=UTF-8
encoding=UTF-8
language=fr-FR
maxrecords=10
profiles=apiso
[manager]
transactions=false
[metadata:main]
identification_title=Essai
identification_abstract=Essai
identification_keywords=Essai
identification_keywords_type=Essai
identification_fees=Essai
identification_accessconstraints=Essai
provider_name=Essai
contact_name=Essai
contact_position=Essai
contact_address=Essai
contact_city=Essai
contact_stateorprovince=Essai
contact_postalcode=Essai
contact_country=Essai
contact_phone=Essai
contact_fax=Essai
contact_hours=Essai
contact_instructions=Essai
contact_role=Essai
provider_url=http://csw.example/
contact_url=http://csw.example/
contact_email=essai@csw.example
[metadata:inspire]
enabled=false
[repository]
database=sqlite:///{folder}/records.db
table=records
"""


@pytest.fixture(scope="module")
def port(tmp_path_factory: pytest.TempPathFactory, free_port: Any) -> Iterator[int]:
    folder = tmp_path_factory.mktemp("pycsw")
    (folder / "xml").mkdir()
    for name in NAMES:
        shutil.copy(RECORDS / name, folder / "xml" / name)
    where = "import os, pycsw; print(os.path.dirname(pycsw.__file__))"
    home = subprocess.run(
        [PYTHON, "-W", "ignore", "-c", where], capture_output=True, text=True, check=True
    )
    number = free_port()
    package = Path(home.stdout.strip())
    configuration = folder / "pycsw.cfg"
    configuration.write_text(CONFIGURATION.format(home=package, port=number, folder=folder))
    admin = Path(PYTHON).with_name("pycsw-admin.py")
    for words in (["-c", "setup_db"], ["-c", "load_records", "-p", str(folder / "xml")]):
        subprocess.run(
            [PYTHON, "-W", "ignore", str(admin), *words, "-f", str(configuration)],
            capture_output=True, check=True, timeout=60,
        )  # fmt: skip
    server = subprocess.Popen(
        [PYTHON, "-W", "ignore", str(package / "wsgi.py"), str(number)],
        env={**os.environ, "PYCSW_CONFIG": str(configuration)},
        stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL,
    )  # fmt: skip
    try:
        end = time.monotonic() + 30
        while True:
            try:
                with urllib.request.urlopen(
                    f"http://127.0.0.1:{number}/?service=CSW&request=GetCapabilities", timeout=10
                ):
                    break
            except (urllib.error.URLError, ConnectionError):
                assert time.monotonic() < end, "pycsw did not start"
                assert server.poll() is None, "pycsw ended by itself"
                time.sleep(0.2)
        yield number
    finally:
        server.terminate()
        server.wait(10)


@pytest.fixture
def read(port: int, tmp_path: Path) -> Any:
    def one(since: datetime | None = None, **query: str) -> portals.Reading:
        guard = Guard(lambda host, p: ["127.0.0.1"], frozenset({("127.0.0.1", port)}))
        remote = Remote(
            RawStore(tmp_path / "raw"), guard, Limits(), Patience(pause=0), breaker=Breaker()
        )
        source = SourceFile(
            id="csw", kind="csw", order=9, title="C", publisher="P", licence="L", url="https://x.fr",
            nature=Nature.DIRECTORY,
            portal=Portal(url=f"http://csw.example:{port}/", page_size=2, query=query),
        )  # fmt: skip
        return portals.visit(source, remote, since)

    return one


def test_iso_19139_is_read_page_by_page(read: Any) -> None:
    reading = read()
    assert (len(reading.rows), reading.whole, reading.rejections) == (3, True, ())
    by_title = {row.title: row for row in reading.rows}
    rennes = by_title["Référentiel voies et adresses de Rennes Métropole (diffusion)"]
    assert rennes.publisher == "Rennes Métropole - SIG"
    assert rennes.extent is not None
    assert sorted(row.type for row in reading.rows) == ["dataset", "dataset", "service"]


def test_dublin_core_is_read_too(read: Any) -> None:
    reading = read(
        typeNames="csw:Record",
        outputSchema="http://www.opengis.net/cat/csw/2.0.2",
        namespace="xmlns(csw=http://www.opengis.net/cat/csw/2.0.2)",
    )
    assert len(reading.rows) == 3
    assert {row.remote_id for row in reading.rows} == {row.remote_id for row in read().rows}


def test_only_what_changed_since(read: Any) -> None:
    """One of the three was changed in August 2015 or later; all of them after 1990."""
    assert len(read(since=datetime(1990, 1, 1, tzinfo=UTC), modified="apiso:Modified").rows) == 3
    late = read(since=datetime(2016, 1, 1, tzinfo=UTC), modified="apiso:Modified")
    assert len(late.rows) < 3
    assert not late.whole
