"""A commune with a site of its own on the loopback, and an editor beside it."""

import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest

from config.settings import Settings
from harvest.fetch import Limits
from harvest.outbound_guard import Guard
from harvest.raw import RawStore
from harvest.remote import Breaker, Patience, Remote


@dataclass
class FakeWeb:
    """Answers (host, path) with a status, a body and headers of the test's own making."""

    port: int
    answers: dict[tuple[str, str], tuple[int, str, dict[str, str]]] = field(default_factory=dict)
    asked: list[tuple[str, str]] = field(default_factory=list)
    agents: set[str] = field(default_factory=set)
    at_once: int = 0
    most_at_once: int = 0

    @property
    def guard(self) -> Guard:
        return Guard(lambda host, port: ["127.0.0.1"], frozenset({("127.0.0.1", self.port)}))

    def url(self, path: str = "/", host: str = "www.valbois.example") -> str:
        return f"http://{host}:{self.port}{path}"

    def page(
        self,
        path: str,
        body: str,
        status: int = 200,
        host: str = "www.valbois.example",
        **headers: str,
    ) -> None:
        self.answers[host, path] = (status, body, headers)

    def paths(self, host: str = "www.valbois.example") -> list[str]:
        return [path for one, path in self.asked if one == host]


@pytest.fixture
def web() -> Iterator[FakeWeb]:
    lock = threading.Lock()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            host = self.headers["Host"].split(":")[0]
            with lock:
                made.asked.append((host, self.path))
                made.agents.add(self.headers["User-Agent"])
                made.at_once += 1
                made.most_at_once = max(made.most_at_once, made.at_once)
            status, body, headers = made.answers.get((host, self.path), (404, "", {}))
            data = body.encode()
            self.send_response(status)
            kind = "text/plain" if self.path == "/robots.txt" else "text/html; charset=utf-8"
            for name, value in {
                "Content-Type": kind,
                "Content-Length": str(len(data)),
                **headers,
            }.items():
                self.send_header(name, value)
            self.end_headers()
            self.wfile.write(data)
            with lock:
                made.at_once -= 1

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    made = FakeWeb(server.server_address[1])
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    yield made
    server.shutdown()
    server.server_close()
    thread.join(5)


@pytest.fixture
def remote(web: FakeWeb, tmp_path: Path) -> Callable[..., Remote]:
    def one(**values: Any) -> Remote:
        return Remote(
            RawStore(tmp_path / "raw"), web.guard, Limits(connect=2, silence=3, total=6),
            Patience(pause=0, attempts=1),
            **({"breaker": Breaker(), "sleep": lambda _: None} | values),
        )  # fmt: skip

    return one


@pytest.fixture
def place(database_settings: Settings, web: FakeWeb, tmp_path: Path) -> SimpleNamespace:
    """A hub that knows one commune, Valbois, its site, its EPCI and a neighbour."""
    paths = database_settings.paths.model_copy(update={"var": tmp_path})
    own = database_settings.discover.model_copy(
        update={"contact": "https://guichet.example/contact", "pause_seconds": 0.0}
    )
    settings = database_settings.model_copy(update={"paths": paths, "discover": own})
    with psycopg.connect(settings.database.url) as conn:
        conn.execute("insert into catalog.region values ('84', 'R')")
        conn.execute("insert into catalog.departement values ('42', 'D', '84')")
        conn.execute("insert into catalog.epci values ('200000001', 'CC des Trois Vallons', 'CC')")
        for number, code, name in ((1, "42998", "Valbois"), (2, "42999", "Grandville")):
            conn.execute(
                "insert into catalog.commune (number, code, name, search_name, departement_code,"
                " region_code, epci_code, timezone, fingerprint)"
                " values (%s, %s, %s, lower(%s), '42', '84', '200000001', 'Europe/Paris', '')",
                (number, code, name, name),
            )
        conn.execute(
            "insert into catalog.source values ('annuaire', 'A', 'P', 'L', null, 'https://x.fr', 'directory')"
        )
        conn.execute(
            "insert into catalog.evidence (source_id, release, published_on, sha256, bytes, url)"
            " values ('annuaire', '1', '2026-01-01', 'x', 1, 'https://x.fr')"
        )
        conn.execute(
            "insert into catalog.observation (commune_number, service, state, url, nature, source_id,"
            " evidence_id, seen, observed_at) select 1, 'official-site', 3, %s, 'directory',"
            " 'annuaire', max(id), 'x', '2026-01-01' from catalog.evidence",
            (web.url("/"),),
        )
        conn.commit()

    def ask(question: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(settings.database.url) as conn:
            return conn.execute(question.encode()).fetchall()

    return SimpleNamespace(settings=settings, ask=ask)
