"""A portal as a source, from its TOML file to the catalogue: whole, partial, held, unreachable."""

import json
import time
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

import psycopg
import pytest

from catalog.observations import Nature
from harvest import holds, portals, runs, source_files
from harvest.remote import Patience
from harvest.source_files import Portal, SourceFile


class FakeCkan(dict[str, Any]):
    """A CKAN whose datasets the test changes."""

    def __init__(self, datasets: list[str]) -> None:
        super().__init__()
        self.datasets = datasets
        self.asked: list[dict[str, str]] = []
        self.broken_from: int | None = None
        self.announced: list[int] = []

    def __getitem__(self, path: str) -> Any:
        query = {name: values[0] for name, values in parse_qs(urlsplit(path).query).items()}
        self.asked.append(query)
        start, rows = int(query["start"]), int(query["rows"])
        found = [
            {"id": one, "name": one, "title": f"Jeu {one}", "state": "active", "url": f"https://a.fr/{one}",
             "resources": [{"url": f"https://a.fr/{one}.csv", "format": "CSV"}]}
            for one in self.datasets[start : start + rows]
        ]  # fmt: skip
        total = self.announced.pop(0) if self.announced else len(self.datasets)
        body = json.dumps({"success": True, "result": {"count": total, "results": found}}).encode()
        status = "200 OK"
        if self.broken_from is not None and start >= self.broken_from:
            status, body = "404 Gone", b""
        head = f"HTTP/1.1 {status}\r\nContent-Length: {len(body)}\r\n\r\n".encode()
        return lambda connection: connection.sendall(head + body)


@pytest.fixture
def portal(world: Any, fake: Any, monkeypatch: pytest.MonkeyPatch) -> FakeCkan:
    monkeypatch.setattr(portals, "GUARD", fake.guard)
    monkeypatch.setattr(portals, "PATIENCE", Patience(pause=0, attempts=1))
    fake.answers = FakeCkan([f"d{n:03}" for n in range(50)])
    world.sources["portail"] = SourceFile(
        id="portail", kind="ckan", order=90, title="Portail", publisher="Ville", licence="LO",
        url="https://x.fr", nature=Nature.DIRECTORY, every_days=0,
        portal=Portal(url=fake.url(""), page_size=10),
    )  # fmt: skip
    return fake.answers


def harvest(world: Any) -> runs.RunReport:
    (report,) = world.harvest("portail")
    return report


def records(world: Any, where: str = "true") -> int:
    return int(world.one(f"select count(*) from catalog.record where {where}"))


def test_a_portal_is_read_kept_and_read_again_without_a_double(
    portal: FakeCkan, world: Any
) -> None:
    first = harvest(world)
    assert (first.state, first.counts["records_new"], first.counts["read"]) == ("done", 50, 50)
    again = harvest(world)
    assert again.counts["records_unchanged"] == 50
    assert records(world) == 50
    # Each record leads to the raw answer that held it, and to the manifest of the reading.
    for sha256, manifest in world.ask(
        "select distinct page_sha256, e.sha256 from catalog.record r join catalog.evidence e on e.id = r.evidence_id"
    ):
        assert (
            b"d00" in world.store.path(sha256).read_bytes()
            or b"d0" in world.store.path(sha256).read_bytes()
        )
        assert sha256 in [
            page["sha256"] for page in json.loads(world.store.path(manifest).read_bytes())["pages"]
        ]


def test_between_two_whole_readings_only_changes_are_asked_for(
    portal: FakeCkan, world: Any
) -> None:
    harvest(world)
    portal.asked.clear()
    report = harvest(world)
    assert all("metadata_modified:[" in one["fq"] for one in portal.asked)
    assert "only what changed" in report.message
    portal.datasets = portal.datasets[:1]  # what a search since yesterday gives
    assert harvest(world).counts["records_unseen"] == 49
    assert records(world, "orphan_since is not null or withdrawn_at is not null") == 0


def whole_each_time(world: Any) -> None:
    source = world.sources["portail"]
    always = source.portal.model_copy(update={"whole_every_days": 0})
    world.sources["portail"] = source.model_copy(update={"portal": always})


def test_a_page_that_fails_publishes_nothing(portal: FakeCkan, world: Any) -> None:
    whole_each_time(world)
    portal.broken_from = 20
    assert harvest(world).state == "failed"
    assert records(world) == 0
    portal.broken_from = None
    harvest(world)
    portal.datasets = [*portal.datasets[:30], "another"]
    portal.broken_from = 30
    assert harvest(world).state == "failed"
    assert records(world, "remote_id = 'another'") == 0
    assert records(world, "orphan_since is not null") == 0


def test_a_total_that_goes_on_changing_is_partial_and_withdraws_nothing(
    portal: FakeCkan, world: Any
) -> None:
    whole_each_time(world)
    harvest(world)
    portal.datasets = portal.datasets[:48]
    portal.announced = [50, 49, 50, 49, 48, 48, 48]
    report = harvest(world)
    assert report.state == "partial"
    assert "changed while it was read" in report.message
    assert records(world, "orphan_since is not null") == 0


def test_an_empty_portal_is_held(portal: FakeCkan, world: Any) -> None:
    whole_each_time(world)
    harvest(world)
    portal.datasets = []
    report = harvest(world)
    assert (report.state, report.counts["records_held_back"]) == ("held", 50)
    assert "are kept: look at them" in report.message
    assert records(world, "orphan_since is null") == 50


def test_a_person_releases_what_is_held_and_is_not_asked_again(
    portal: FakeCkan, world: Any
) -> None:
    whole_each_time(world)
    harvest(world)
    portal.datasets = portal.datasets[:20]
    assert harvest(world).counts["records_held_back"] == 30
    with psycopg.connect(world.settings.database.url) as conn:
        (hold,) = holds.waiting(conn)
        assert (hold.subject, len(hold.items)) == ("records", 30)
        assert hold.cause == "30 of 50 would be lost (60%)"
        done = holds.decide(conn, hold.run_id, "released", "Ada", "The region left the portal.")
    assert done == ["30 of 30 records no longer listed"]
    assert records(world, "orphan_since is not null") == 30
    report = harvest(world)
    assert (report.state, report.counts["records_waiting"]) == ("done", 30)


def test_one_dataset_that_goes_is_marked_and_comes_back(portal: FakeCkan, world: Any) -> None:
    whole_each_time(world)
    harvest(world)
    portal.datasets = portal.datasets[1:]
    assert harvest(world).counts["records_orphans"] == 1
    portal.datasets = ["d000", *portal.datasets]
    assert harvest(world).counts["records_back"] == 1
    assert records(world, "orphan_since is null") == 50


def test_a_portal_that_cannot_be_reached_is_one_quick_failure(
    world: Any, portal: FakeCkan, free_port: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    port = free_port()
    source = world.sources["portail"]
    away = source.portal.model_copy(update={"url": f"http://nobody.example:{port}"})
    world.sources["portail"] = source.model_copy(update={"portal": away})
    guard = portals.Guard(lambda host, p: ["127.0.0.1"], frozenset({("127.0.0.1", port)}))
    monkeypatch.setattr(portals, "GUARD", guard)
    began = time.monotonic()
    report = harvest(world)
    assert report.state == "failed"
    assert time.monotonic() - began < 3


def test_what_is_recent_is_not_asked_for(portal: FakeCkan, world: Any) -> None:
    harvest(world)
    world.sources["portail"] = world.sources["portail"].model_copy(update={"every_days": 1})
    asked = len(portal.asked)
    assert harvest(world).state == "skipped"
    assert len(portal.asked) == asked


def test_a_dry_run_prints_the_plan_and_writes_nothing(portal: FakeCkan, world: Any) -> None:
    (report,) = world.harvest("portail", dry_run=True)
    assert report.state == "planned"
    assert "new: d000: Jeu d000" in report.details
    assert records(world) == 0


def test_records_ask_for_no_new_scoring(portal: FakeCkan, world: Any) -> None:
    before = world.one("select max(run_id) from harvest.run_event")
    harvest(world)
    assert world.one("select max(run_id) from harvest.run_event") == before


def test_a_new_portal_is_a_toml_file(tmp_path: Path) -> None:
    file = tmp_path / "x.toml"
    file.write_text(
        'kind = "csw"\norder = 9\ntitle = "X"\npublisher = "X"\nlicence = "X"\nurl = "https://x.fr"\n'
        'nature = "directory"\n[portal]\nurl = "https://x.fr/csw"\nquery = { modified = "apiso:Modified" }\n'
    )
    source = source_files.read(file)
    assert source.portal is not None
    assert portals.CONNECTORS["csw"].incremental(source.portal)
    for one in source_files.all_sources():
        assert (one.kind in portals.CONNECTORS) == (one.portal is not None)
