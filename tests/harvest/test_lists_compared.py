"""Lists that are compared in the database: what is known is not read, and nothing slips past."""

import random
import tomllib
from collections.abc import Callable
from dataclasses import astuple
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest
from hypothesis import given
from hypothesis import strategies as st

from catalog import office_lines
from catalog.ingest import OfficeRow
from catalog.office_lines import Placed
from harvest.mapped import marks
from harvest.source_files import SourceFile

WORDS = """
kind = "places-file"
order = 50
title = "A list"
publisher = "Somebody"
licence = "Licence Ouverte 2.0"
url = "https://example.org/"
nature = "register"
[file]
format = "csv"
[places]
kind = { value = "library" }
remote_id = "id"
name = "nom"
phone = "tel"
[places.where]
code = "insee"
"""
HEADER = "id,nom,tel,insee,vu\n"


def rows(*numbers: int, day: str = "1", **more: str) -> str:
    """A list in which `day` is a column that nothing reads: another file, the same places."""
    return HEADER + "".join(
        f"p{n},Lieu {n},{more.get(f'p{n}', '04 00 00 00 00')},69123,{day}\n" for n in numbers
    )


@pytest.fixture
def give(world: Any, tmp_path: Path) -> Callable[..., Any]:
    """A function: harvest one more list of a source; its report."""
    folder = tmp_path / "given"
    folder.mkdir()
    harvest = world.settings.harvest.model_copy(update={"given_folder": str(folder)})
    world.settings = world.settings.model_copy(update={"harvest": harvest})
    listed: list[dict[str, Any]] = []

    def harvested(text: str, words: str = WORDS) -> Any:
        name = f"{len(listed)}.csv"
        (folder / name).write_text(text)
        day = date(2026, 1, 1 + len(listed))
        listed.append({"version": name, "published_on": day, "file": name})
        world.sources["made-up"] = SourceFile.model_validate(
            {"id": "made-up", **tomllib.loads(words), "releases": listed}
        )
        return world.harvest("made-up")[-1]

    return harvested


def offices(world: Any) -> list[tuple[object, ...]]:
    found: list[tuple[object, ...]] = world.ask(
        "select remote_id, phone, read_as is not null from catalog.office"
        " where source_id = 'made-up' order by id"
    )
    return found


def test_what_is_known_is_not_read_again(give: Any, world: Any) -> None:
    assert give(rows(*range(30))).counts["offices_new"] == 30
    assert all(marked for _, _, marked in offices(world))
    # Without their marks, the rows would be read, and found to say something else.
    world_of = psycopg.connect(world.settings.database.url, autocommit=True)
    with world_of:
        world_of.execute("update catalog.office set fingerprint = 'another' where kind = 'library'")
    again = give(rows(*range(30), day="2"))
    assert again.state == "done"
    assert (again.counts["offices_unchanged"], again.counts["valid"]) == (30, 30)
    assert again.counts["offices_changed"] == 0
    assert world.one("select count(*) from catalog.office_version") == 30
    one = give(rows(*range(30), day="3", p7="04 77 77 77 77"))
    assert (one.counts["offices_changed"], one.counts["office_phone"]) == (1, 1)
    assert one.counts["offices_unchanged"] == 29


def test_other_rules_read_everything_again_and_say_nothing_new(
    give: Any, world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A mapping, a commune or the code of the reader may change what a row says."""
    give(rows(1, 2, 3))
    before = world.ask("select read_as from catalog.office order by id")
    other = WORDS.replace('name = "nom"', 'name = { columns = ["nom"] }')
    assert give(rows(1, 2, 3, day="2"), other).counts["offices_unchanged"] == 3
    after = world.ask("select read_as from catalog.office order by id")
    assert len({*before, *after}) == 6
    assert world.one("select count(*) from catalog.office_version") == 3
    shorter = WORDS.replace('name = "nom"', 'name = { column = "nom", match = "Lieu (.)" }')
    assert give(rows(1, 2, 3, day="3"), shorter).counts["offices_changed"] == 3


def test_a_row_that_is_not_wholly_believed_is_listed_each_time(give: Any, world: Any) -> None:
    for day in ("1", "2"):
        report = give(rows(1, 2, day=day, p2="rien"))
        assert report.counts["rejected"] == 1
    assert offices(world) == [("p1", "04 00 00 00 00", True), ("p2", None, False)]
    assert world.one("select count(*) from harvest.rejected where remote_id = 'p2'") == 2


@pytest.mark.parametrize("known", [False, True])
def test_an_id_that_is_listed_twice_is_read_once(give: Any, world: Any, known: bool) -> None:
    if known:
        give(rows(1, 2))
    report = give(rows(1, 2, 1, day="2"))
    assert report.state == "done"
    assert [one for one, *_ in offices(world)] == ["p1", "p2"]
    said = world.ask("select remote_id, reason from harvest.rejected")
    assert said == [("p1", "the same id as line 2")]
    assert report.counts["offices"] == 2


def test_a_few_broken_rows_among_many_known_ones_are_no_drift(give: Any, world: Any) -> None:
    """Only what differs is read: most of that is broken, and little of the whole."""
    give(rows(*range(100)))
    broken = {f"p{n}": "rien" for n in range(25)}
    report = give(rows(*range(100), day="2", **broken))
    assert (report.state, report.counts["rejected"]) == ("done", 25)
    broken = {f"p{n}": "rien" for n in range(60)}
    report = give(rows(*range(100), day="3", **broken))
    assert report.state == "failed"
    assert "60 of the 100 values of phone" in report.message
    assert world.one("select count(*) from catalog.office where phone is null") == 25


def test_a_list_that_loses_much_is_held_however_it_is_read(give: Any, world: Any) -> None:
    give(rows(*range(100)))
    report = give(rows(*range(50), day="2"))
    assert (report.state, report.counts["offices_held_back"]) == ("held", 50)
    assert world.one("select count(*) from catalog.office_orphan") == 0
    assert give(rows(*range(95), 200, day="3")).counts["offices_unlisted"] == 5
    back = give(rows(*range(100), 200, day="4"))
    assert (back.counts["offices_back"], back.counts["offices_unchanged"]) == (5, 96)
    assert world.one("select count(*) from catalog.office_orphan") == 0


def test_a_cut_row_proves_no_absence(give: Any, world: Any) -> None:
    give(rows(1, 2, 3))
    report = give(rows(1, 2, day="2") + "p3,cut\n")
    assert report.counts["offices_kept"] == 1
    assert world.one("select count(*) from catalog.office_orphan") == 0


def told(world: Any, name: str) -> list[list[tuple[object, ...]]]:
    """All that the catalogue and the journal say of a source, under no id of their own."""
    return [
        world.ask(question.format(name))
        for question in (
            "select remote_id, name, phone, commune_number, fingerprint, withdrawn_at is null,"
            " observed_at from catalog.office where source_id = '{}' order by 1",
            "select o.remote_id, v.fields, v.observed_at from catalog.office_version v"
            " join catalog.office o on o.id = v.office_id where o.source_id = '{}' order by 1, v.id",
            "select o.remote_id, p.since from catalog.office_orphan p"
            " join catalog.office o on o.id = p.office_id where o.source_id = '{}' order by 1",
            "select r.release, x.remote_id, x.field, x.reason, x.value from harvest.rejected x"
            " join harvest.run r on r.id = x.run_id where r.source_id = '{}' order by 1, 2, 3, 4, 5",
        )
    ]


def test_lists_end_the_same_whether_rows_are_recognised_or_read(world: Any, tmp_path: Path) -> None:
    """Two sources publish the same lists; of one, all marks are forgotten between them."""
    (tmp_path / "given").mkdir()
    harvest = world.settings.harvest.model_copy(update={"given_folder": str(tmp_path / "given")})
    world.settings = world.settings.model_copy(update={"harvest": harvest})
    draw = random.Random(7)
    places = {f"p{n}": [f"Lieu {n}", "04 00 00 00 00"] for n in range(80)}
    away: dict[str, list[str]] = {}
    reports: dict[str, list[Any]] = {"marked": [], "unmarked": []}
    releases: list[dict[str, Any]] = []
    for round_ in range(4):
        listed = [*places.items()]
        draw.shuffle(listed)
        lines = [f'{one},"{name}",{phone},69123,{round_}' for one, (name, phone) in listed]
        lines[5:5] = [f"{lines[0]}", "cut,row", ",nameless,,69123,", "z,far,,99999,"]
        (tmp_path / "given" / f"{round_}.csv").write_text(HEADER + "\n".join(lines))
        releases.append(
            {
                "version": str(round_),
                "published_on": date(2026, 1, 1 + round_),
                "file": f"{round_}.csv",
            }
        )
        for name, said in reports.items():
            world.sources[name] = SourceFile.model_validate(
                {"id": name, **tomllib.loads(WORDS), "releases": releases}
            )
            said.append(world.harvest(name)[-1])
        with psycopg.connect(world.settings.database.url) as other:
            other.execute("update catalog.office set read_as = null where source_id = 'unmarked'")
        places |= away
        away = {one: places.pop(one) for one in draw.sample(sorted(places), 3)}
        for one in draw.sample(sorted(places), 8):
            places[one] = [
                f'Lieu ""{one}""\nà l\'étage',
                draw.choice(["rien", "04 11 11 11 11", ""]),
            ]
        places[f"new{round_}"] = ["Neuf", ""]
    marked, unmarked = reports.values()
    assert [one.state for one in marked] == [one.state for one in unmarked]
    assert [one.counts for one in marked] == [one.counts for one in unmarked]
    assert marked[-1].counts["offices_unchanged"] > 50
    assert told(world, "marked") == told(world, "unmarked")


# -------------------------------------------------------------------------- lines and marks

texts = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=12)


@given(texts, texts | st.none(), st.lists(texts, max_size=3), st.dictionaries(texts, texts))
def test_an_office_has_one_fingerprint_however_it_is_made(
    name: str, address: str | None, helps: list[str], identifiers: dict[str, str]
) -> None:
    row = OfficeRow(
        "a", "library", name, "69123", address, None, "04", None, {"mo": [["09:00", "12:00"]]},
        None, None, "Europe/Paris", (4.5, 45.0), None, identifiers, tuple(helps),
    )  # fmt: skip
    *most, _ = astuple(row)
    assert Placed(*most, helps).fingerprint == row.fingerprint


@given(st.lists(texts | st.none(), min_size=2, max_size=4))
def test_a_line_holds_one_office_whatever_it_says(values: list[str | None]) -> None:
    made = office_lines.line(*values)
    assert "\n" not in made
    assert "\r" not in made
    assert made.count("\t") == len(values) - 1


def test_what_is_copied_is_what_was_said(give: Any, world: Any) -> None:
    strange = '"a\\b\tc ""d"" {e,f} \\N \\. é"'
    give(HEADER + f"p1,{strange},,69123,1\n" + 'p\\N,"deux\nlignes",,69123,1\n')
    said = world.ask("select remote_id, name from catalog.office order by remote_id")
    assert said == [("p1", 'a\\b\tc "d" {e,f} \\N \\. é'), ("p\\N", "deux\nlignes")]
    kept = world.ask("select fields ->> 'name' from catalog.office_version order by office_id")
    assert sorted(kept) == sorted((name,) for _, name in said)


def test_the_mark_of_a_row_depends_on_what_is_read_alone() -> None:
    mark = marks.marker(frozenset({"a", "b"}), b"salt")
    assert mark({"a": "1", "b": "2", "c": "3"}) == mark({"a": "1", "b": "2", "c": "4"})
    assert mark({"a": "1", "b": "2"}) != mark({"a": "12", "b": ""})
    assert mark({"a": "1", "b": "2"}) != marks.marker(frozenset({"a", "b"}), b"other")(
        {"a": "1", "b": "2"}
    )
    assert len(marks.rules()) == 32
