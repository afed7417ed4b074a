"""A file at an https address, asked for on a schedule: cheap when it did not change, and never
believed to be unchanged because a server says something wrong."""

import tomllib
from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest

from config.errors import Invalid
from harvest import polled, runs, source_files
from harvest.source_files import SourceFile

WORDS = """
kind = "places-file"
order = 50
title = "A list"
publisher = "Somebody"
licence = "Licence Ouverte 2.0"
url = "https://example.org/"
nature = "register"
schedule = "every 6 h"
poll = "https://open-data.example/list.csv"
[file]
format = "csv"
[places]
kind = { value = "library" }
remote_id = "id"
name = "nom"
[places.where]
code = "insee"
"""
HEADER = "id,nom,insee\n"
ETAG, DATED = 'ETag: "v1"', "Last-Modified: Mon, 02 Nov 2026 10:00:00 GMT"


@pytest.fixture
def poll(world: Any, fake: Any, monkeypatch: pytest.MonkeyPatch) -> Callable[..., Any]:
    """A function: what the server gives (None: 304), then a harvest of it."""
    monkeypatch.setattr(runs, "GUARD", fake.guard)
    source = SourceFile.model_validate({"id": "polled", **tomllib.loads(WORDS)})
    world.sources["polled"] = source.model_copy(update={"poll": fake.url("/list.csv")})

    def harvested(text: str | None, *headers: str, dry_run: bool = False) -> Any:
        if text is None:
            fake.says("/list.csv", b"HTTP/1.1 304 Not Modified\r\nContent-Length: 0\r\n\r\n")
        else:
            fake.gives("/list.csv", text.encode(), *headers)
        (report,) = world.harvest("polled", dry_run=dry_run)
        return report

    return harvested


def names(world: Any) -> set[Any]:
    return {name for (name,) in world.ask("select name from catalog.office")}


def heard(fake: Any) -> str:
    return str(fake.heard[-1].decode()).casefold()


def test_what_changed_is_applied_and_what_did_not_costs_a_question(
    poll: Any, world: Any, fake: Any
) -> None:
    first = poll(HEADER + "1,A,69123\n", ETAG, DATED)
    assert (first.state, first.counts["offices_new"]) == ("done", 1)
    assert first.release.startswith("2026-11-02."), "the day that the server gives"
    assert "if-none-match" not in heard(fake)
    same = poll(None)
    assert (same.state, same.counts) == ("done", {})
    assert "unchanged since 2026-11-02" in same.message
    assert 'if-none-match: "v1"' in heard(fake)
    assert "if-modified-since: mon, 02 nov 2026 10:00:00 gmt" in heard(fake)
    changed = poll(HEADER + "1,B,69123\n2,C,69123\n", 'ETag: "v2"')
    assert (changed.counts["offices_changed"], changed.counts["offices_new"]) == (1, 1)
    assert names(world) == {"B", "C"}
    poll(None)
    assert 'if-none-match: "v2"' in heard(fake)
    assert "if-modified-since" not in heard(fake)
    (row,) = world.ask("select release, url from catalog.evidence where source_id = 'polled' order by id desc limit 1")  # fmt: skip
    assert row == (changed.release, fake.url("/list.csv")), "the proof names the address"


def test_the_bytes_decide_not_the_etag(poll: Any, world: Any, fake: Any) -> None:
    poll(HEADER + "1,A,69123\n", ETAG)
    assert "the same bytes" in poll(HEADER + "1,A,69123\n", 'ETag: "v9"').message
    poll(None)
    assert 'if-none-match: "v9"' in heard(fake)
    lying = poll(HEADER + "1,B,69123\n", 'ETag: "v9"')
    assert lying.counts["offices_changed"] == 1, "the same ETag over other bytes"
    back = poll(HEADER + "1,A,69123\n", "Last-Modified: Thu, 01 Jan 2026 00:00:00 GMT")
    assert back.counts["offices_changed"] == 1, "an earlier date is no reason to look away"
    assert names(world) == {"A"}


def test_a_304_without_a_copy_asks_for_the_whole(poll: Any, world: Any, fake: Any) -> None:
    poll(HEADER + "1,A,69123\n", ETAG)
    for one in (Path(world.settings.paths.raw)).rglob("*"):
        if one.is_file():
            one.unlink()
    poll(HEADER + "1,B,69123\n", ETAG)
    assert "if-none-match" not in heard(fake), "the bytes were lost: nothing is held"
    assert names(world) == {"B"}
    world.ask("select 1")
    world.sources["polled"] = world.sources["polled"].model_copy(
        update={"poll": fake.url("/moved.csv")}
    )
    fake.gives("/moved.csv", (HEADER + "1,C,69123\n").encode())
    world.harvest("polled")
    assert "if-none-match" not in heard(fake), "what another address said is of no use"
    assert names(world) == {"C"}


@pytest.mark.parametrize(
    ("text", "answer"),
    [
        (None, b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"),
        (None, b"HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n"),
        (None, b"HTTP/1.1 503 Busy\r\nRetry-After: 120\r\nContent-Length: 0\r\n\r\n"),
        (None, b"HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\nid,nom,insee\n1,Z,69123\n"),
        ("<html>Maintenance</html>", b""),
        ("code,libelle\n1,Z\n", b""),
    ],
    ids=["404", "500", "503", "cut", "a page instead", "other columns"],
)
def test_what_fails_leaves_what_was_read_and_is_asked_again(
    poll: Any, world: Any, fake: Any, text: str | None, answer: bytes
) -> None:
    poll(HEADER + "1,A,69123\n", ETAG)
    if text is None:
        fake.says("/list.csv", answer)
        (report,) = world.harvest("polled")
    else:
        report = poll(text, 'ETag: "bad"')
    assert report.state == "failed"
    assert names(world) == {"A"}
    assert world.one("select count(*) from catalog.office_orphan") == 0
    poll(None)
    assert 'if-none-match: "v1"' in heard(fake), "what failed is not what we hold"


def test_an_empty_file_is_held_and_withdraws_nothing(poll: Any, world: Any) -> None:
    rows = "".join(f"{n},Lieu {n},69123\n" for n in range(30))
    poll(HEADER + rows, ETAG)
    report = poll(HEADER, 'ETag: "empty"')
    assert report.state in ("held", "failed")
    assert world.one("select count(*) from catalog.office where withdrawn_at is null") == 30
    assert world.one("select count(*) from catalog.office_orphan") == 0


def test_a_dry_run_remembers_nothing(poll: Any, world: Any, fake: Any) -> None:
    assert poll(HEADER + "1,A,69123\n", ETAG, dry_run=True).state == "planned"
    assert names(world) == set()
    assert world.one("select count(*) from harvest.polled") == 0
    assert poll(HEADER + "1,A,69123\n", ETAG).counts["offices_new"] == 1


def test_what_stays_the_same_is_read_again_before_it_is_too_old(
    poll: Any, world: Any, fake: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    poll(HEADER + "1,A,69123\n", ETAG, DATED)
    later = date(2026, 11, 2) + timedelta(days=world.settings.harvest.renew_after_days + 1)
    monkeypatch.setattr(polled, "today", lambda: later)
    again = poll(None)
    assert again.release.startswith(later.isoformat())
    assert again.counts["offices_unchanged"] == 1
    assert "unchanged since" in poll(None).message


def test_the_schedule_counts_from_the_last_question(
    poll: Any, world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    poll(HEADER + "1,A,69123\n", ETAG)
    poll(None)
    monkeypatch.setattr(runs, "all_sources", lambda: (world.sources["polled"],))
    now = datetime.now(UTC)
    assert "polled" not in runs.due(world.settings, now + timedelta(hours=5))
    assert "polled" in runs.due(world.settings, now + timedelta(hours=7))


@pytest.mark.parametrize(
    ("old", "new", "said"),
    [
        ("https://open-data", "http://open-data", "https"),
        ('kind = "places-file"', 'kind = "ckan"', "one file of places or facts"),
        ("[file]", "[[releases]]\nversion='1'\npublished_on=2026-01-01\nfile='x'\n[file]", "one file"),
    ],
)  # fmt: skip
def test_a_mistake_in_the_source_file_is_said(
    tmp_path: Path, old: str, new: str, said: str
) -> None:
    path = tmp_path / "polled.toml"
    path.write_text(WORDS.replace(old, new, 1), encoding="utf-8")
    with pytest.raises(Invalid, match=said):
        source_files.read(path)


def test_the_example_is_a_source(tmp_path: Path) -> None:
    (tmp_path / "polled.toml").write_text(WORDS, encoding="utf-8")
    source = source_files.read(tmp_path / "polled.toml")
    assert source.host == "open-data.example", "it waits for its turn at that host"
