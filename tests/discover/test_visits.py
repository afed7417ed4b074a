"""A polite visit, what it writes, what it takes back, and who is blamed when a door is shut."""

from collections.abc import Callable
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import psycopg
import pytest
from click.testing import CliRunner

from catalog import editors, status
from catalog.observations import Nature, Observation
from catalog.referential import current
from catalog.states import State
from config.errors import GuichetError, Invalid, NotFound
from harvest.discover import editor_doors, observe, runs, words
from harvest.discover.recognise import Commune, Finding
from harvest.discover.robots import Robots
from harvest.discover.visit import Budget, visit
from harvest.remote import Remote

TODAY = date(2026, 11, 25)
NOW = datetime(2026, 11, 25, tzinfo=UTC)
COMMUNE = Commune("42998", "valbois", frozenset({"trois vallons"}), frozenset({"grandville"}))
BUDGET = Budget(pages=10, depth=3, seconds=60, pause=0)


def links(*paths: str) -> str:
    return "".join(f'<p><a href="{path}">{path.strip("/")}</a></p>' for path in paths)


CANTEEN = '<title>Cantine</title><h1>Cantine</h1><p>Tarifs, horaires, contact.</p><p><a href="{door}">Portail famille</a></p>'


# ----------------------------------------------------------------------------------- politeness


def test_the_pages_that_speak_of_services_come_first(
    web: Any, remote: Callable[..., Remote]
) -> None:
    web.page("/", links("/histoire", "/photos", "/cantine", "/contact", "/marche-de-noel"))
    web.page("/cantine", CANTEEN.format(door="https://www.espace-citoyens.net/valbois/"))
    for path in ("/histoire", "/photos", "/contact", "/marche-de-noel"):
        web.page(path, "<h1>x</h1>")
    made = visit(remote(), web.url(), COMMUNE, Budget(3, 3, 60, 0), TODAY)
    assert web.paths()[:4] == ["/robots.txt", "/", "/cantine", "/contact"]
    assert (len(made.read), made.ended) == (3, "the budget of 3 pages is spent")
    assert made.findings()["canteen"].editor == "espace-citoyens"


def test_robots_are_obeyed(web: Any, remote: Callable[..., Remote]) -> None:
    web.page("/robots.txt", "User-agent: Guichet\nDisallow: /prive\nCrawl-delay: 7\n")
    web.page("/", links("/prive", "/cantine"))
    web.page("/cantine", "<h1>x</h1>")
    web.page("/prive", CANTEEN)
    waited: list[float] = []
    made = visit(remote(sleep=waited.append), web.url(), COMMUNE, BUDGET, TODAY)
    assert "/prive" not in web.paths()
    assert made.forbidden == 1
    assert max(waited) > 6


@pytest.mark.parametrize(
    ("status", "allowed"),
    [
        (200, False),
        (404, True),
        (410, True),
        (401, False),
        (403, False),
        (429, False),
        (500, False),
        (503, False),
    ],
)
def test_what_a_robots_txt_that_is_not_there_means(
    status: int, allowed: bool, web: Any, remote: Callable[..., Remote]
) -> None:
    web.page("/robots.txt", "User-agent: *\nDisallow: /", status=status)
    assert Robots(remote()).allow(web.url("/x")) is allowed


def test_a_delay_without_end_is_cut(web: Any, remote: Callable[..., Remote]) -> None:
    web.page("/robots.txt", "User-agent: *\nCrawl-delay: 99999\n")
    assert Robots(remote()).delay(web.url("/x")) == 30


def test_a_site_that_wants_no_robot_is_left(web: Any, remote: Callable[..., Remote]) -> None:
    web.page("/robots.txt", "User-agent: *\nDisallow: /\n")
    made = visit(remote(), web.url(), COMMUNE, BUDGET, TODAY)
    assert (web.paths(), made.read) == (["/robots.txt"], [])
    assert "stay away" in made.ended


def test_three_failures_in_a_row_end_the_visit(web: Any, remote: Callable[..., Remote]) -> None:
    web.page("/", links(*(f"/p{n}" for n in range(9))))
    for n in range(9):
        web.page(f"/p{n}", "", status=500)
    made = visit(remote(), web.url(), COMMUNE, BUDGET, TODAY)
    assert len(web.paths()) == 2 + 3
    assert "left alone" in made.ended


def test_dead_links_are_no_sign_of_distress(web: Any, remote: Callable[..., Remote]) -> None:
    web.page("/", links(*(f"/p{n}" for n in range(6))))
    made = visit(remote(), web.url(), COMMUNE, BUDGET, TODAY)
    assert len(made.gone) == 6
    assert made.ended == "every page that was found was read"


def test_a_site_without_an_end_ends(web: Any, remote: Callable[..., Remote]) -> None:
    class Endless(dict[Any, Any]):
        def get(self, key: tuple[str, str], default: Any = None) -> Any:
            if key[1] == "/robots.txt":
                return (404, "", {})
            return (200, links(f"{key[1]}/x", f"{key[1]}?page=1#top"), {})

    web.answers = Endless()
    made = visit(remote(), web.url(), COMMUNE, Budget(8, 50, 60, 0), TODAY)
    assert len(made.read) == 8
    now = iter(range(1000))
    late = visit(
        remote(), web.url(), COMMUNE, Budget(100, 50, 5, 0), TODAY, clock=lambda: next(now)
    )
    assert "5 s is spent" in late.ended
    shallow = visit(remote(), web.url(), COMMUNE, Budget(100, 1, 60, 0), TODAY)
    assert len(shallow.read) == 2


def test_a_site_that_leads_elsewhere_is_not_read(web: Any, remote: Callable[..., Remote]) -> None:
    web.page("/", "", status=302, Location=web.url("/", host="parking.example"))
    web.page("/", CANTEEN, host="parking.example")
    with pytest.raises(Invalid, match="another site"):
        visit(remote(), web.url(), COMMUNE, BUDGET, TODAY)


def test_other_hosts_files_and_loops_are_not_followed(
    web: Any, remote: Callable[..., Remote]
) -> None:
    web.page(
        "/",
        links(
            "/",
            "/#haut",
            "/?utm_source=x",
            "/fichier.pdf",
            web.url("/x", host="autre.example"),
            "mailto:a@b.fr",
            "javascript:x()",
        ),
    )
    visit(remote(), web.url(), COMMUNE, BUDGET, TODAY)
    assert web.paths() == ["/robots.txt", "/"]
    assert web.paths("autre.example") == []


def test_a_site_that_is_away_is_an_error(
    web: Any, remote: Callable[..., Remote], free_port: Any
) -> None:
    with pytest.raises(GuichetError):
        visit(remote(), web.url(), COMMUNE, BUDGET, TODAY)  # 404 on the first page


# --------------------------------------------------------------------------------- what is said


def finding(service: str = "canteen", kind: str = "online", **values: Any) -> Finding:
    given = {
        "how": "editor",
        "page": "https://v.example/cantine",
        "url": "https://e.example/v",
        "text": "Portail",
    }
    return Finding(service, kind, **{**given, **values})


@pytest.mark.parametrize("service", [one.service for one in words.lexicon().subjects])
@pytest.mark.parametrize("kind", ["information", "document", "online"])
def test_a_probe_never_claims_more_than_level_2(service: str, kind: str) -> None:
    one = finding(service, kind)
    said = Observation(
        service=service, state=one.state, nature=Nature.PROBE, source_id="discovery", evidence_id=1,
        seen="x", observed_at=NOW, commune_number=1, attributes=one.attributes, url=one.url,
    )  # fmt: skip
    scored = status.score(current().services[service], [said], NOW)
    assert scored.level == one.level <= 2
    assert scored.state in (State.INFORMATION, State.ONE_WAY)


def test_a_person_is_heard_before_a_probe() -> None:
    probe = Observation(
        service="canteen", state=State.ONE_WAY, nature=Nature.PROBE, source_id="discovery", evidence_id=1,
        seen="x", observed_at=NOW, commune_number=1,
    )  # fmt: skip
    agent = Observation(
        service="canteen", state=State.ABSENT, nature=Nature.AGENT, source_id="crowd", evidence_id=2,
        seen="x", observed_at=NOW - timedelta(days=9), commune_number=1,
    )  # fmt: skip
    assert status.score(current().services["canteen"], [probe, agent], NOW).state is State.ABSENT


def known(level: int = 2, days: int = 1, **values: Any) -> observe.Known:
    given = {
        "id": 1,
        "withdrawn": False,
        "url": "https://e.example/v",
        "page": "https://v.example/cantine",
    }
    return observe.Known(
        **{**given, "level": level, "observed_at": NOW - timedelta(days=days), **values}
    )


@pytest.mark.parametrize(
    ("before", "found", "read", "gone", "what"),
    [
        (None, True, False, False, "new"),
        (known(), True, True, False, "unchanged"),
        (known(days=31), True, True, False, "renewed"),
        (known(level=1), True, True, False, "changed"),
        (known(url="https://other.example"), True, True, False, "changed"),
        (known(withdrawn=True), True, True, False, "new"),
        (known(), False, True, False, "withdrawn"),
        (known(), False, False, True, "withdrawn"),
        (known(), False, False, False, "kept"),
        (known(page=None), False, True, False, "kept"),
        (known(withdrawn=True), False, True, False, None),
    ],
)
def test_the_plan_of_a_visit(
    before: Any, found: bool, read: bool, gone: bool, what: str | None
) -> None:
    made = observe.plan(
        {"canteen": before} if before else {}, {"canteen": finding()} if found else {},
        lambda page: read, lambda page: gone, NOW,
    )  # fmt: skip
    assert {name for name, count in made.counts().items() if count} == ({what} if what else set())


# ----------------------------------------------------------------------------- from end to end


@pytest.fixture
def town(place: SimpleNamespace, web: Any, monkeypatch: pytest.MonkeyPatch) -> SimpleNamespace:
    """Valbois on its site, with a canteen portal of an editor that is the fake web too."""
    monkeypatch.setattr(runs, "GUARD", web.guard)
    real = runs._remote
    monkeypatch.setattr(runs, "_remote", lambda settings, name: _quick(real(settings, name)))
    editor = editors.Editor("fake", "Fake", ("portail.editeur.example",), ("canteen",))
    monkeypatch.setattr(editors, "editors", lambda: (editor,))
    door = web.url("/valbois", host="portail.editeur.example")
    web.page("/", links("/cantine"))
    web.page("/cantine", CANTEEN.format(door=door))
    web.page("/valbois", "ok", host="portail.editeur.example")
    return place


def _quick(remote: Remote) -> Remote:
    remote._sleep = lambda _: None
    remote._breaker = runs.Remote.__init__.__kwdefaults__["breaker"].__class__()
    return remote


def go(town: SimpleNamespace, **values: Any) -> runs.Discovered:
    (one,) = runs.discover(town.settings, ["42998"], **values)
    return one


def test_a_visit_is_written_with_its_proof_and_scored(town: SimpleNamespace, web: Any) -> None:
    done = go(town)
    assert (done.report.state, done.report.counts["new"]) == ("done", 1)
    ((state, seen, url, nature, page, sha256),) = town.ask(
        "select o.state, o.seen, o.url, o.nature, o.attributes ->> 'page', e.sha256"
        " from catalog.observation o join catalog.evidence e on e.id = o.evidence_id"
        " where o.source_id = 'discovery'"
    )
    assert (state, seen, nature) == (4, "Portail famille", "probe")
    assert url == web.url("/valbois", host="portail.editeur.example")
    assert page == web.url("/cantine")
    manifest = (town.settings.paths.raw / sha256[:2] / sha256).read_text()
    (kept,) = [
        one
        for one in (town.settings.paths.raw).rglob("*")
        if one.is_file() and b"Tarifs, horaires" in one.read_bytes()
    ]
    assert kept.name in manifest
    assert town.ask(
        "select state, level from catalog.status where service = 'canteen' and commune_number = 1 and now() >= valid_from and now() < valid_to"
    ) == [(4, 2)]
    assert web.agents == {
        "Guichet/0.1 (visits communes' sites to list their online services; https://guichet.example/contact)"
    }
    assert web.most_at_once == 1


def test_the_same_visit_again_writes_nothing(town: SimpleNamespace) -> None:
    go(town)
    assert go(town).report.counts["unchanged"] == 1
    assert town.ask("select count(*) from catalog.observation where source_id = 'discovery'") == [
        (1,)
    ]


def test_what_its_page_no_longer_shows_is_taken_back_and_is_unknown(
    town: SimpleNamespace, web: Any
) -> None:
    go(town)
    web.page("/cantine", "<h1>Histoire</h1>")
    assert go(town).report.counts["withdrawn"] == 1
    row = town.ask(
        "select state, reason from catalog.status where service = 'canteen' and now() >= valid_from and now() < valid_to"
    )
    assert row in ([], [(0, "withdrawn")])


def test_a_page_that_was_not_reached_takes_nothing_back(town: SimpleNamespace, web: Any) -> None:
    go(town)
    web.page("/cantine", "", status=503)
    assert go(town).report.counts["kept"] == 1
    web.page("/", "<h1>Nouveau site</h1>")
    assert go(town).report.counts["kept"] == 1
    assert town.ask(
        "select state from catalog.status where service = 'canteen' and now() >= valid_from and now() < valid_to"
    ) == [(4,)]


def test_a_site_that_is_down_is_a_report_and_takes_nothing_back(
    town: SimpleNamespace, web: Any
) -> None:
    go(town)
    web.page("/", "", status=500)
    assert go(town).report.state == "failed"
    assert town.ask(
        "select state from catalog.status where service = 'canteen' and now() >= valid_from and now() < valid_to"
    ) == [(4,)]


def test_one_broken_editor_is_one_incident_and_no_red_commune(
    town: SimpleNamespace, web: Any
) -> None:
    web.page("/valbois", "", status=502, host="portail.editeur.example")
    done = go(town)
    assert done.report.counts["new"] == 1, "the commune's page shows its door all the same"
    go(town)
    assert town.ask("select editor, closed_at from harvest.editor_incident") == [("fake", None)]
    web.page("/valbois", "ok", host="portail.editeur.example")
    go(town)
    assert town.ask("select count(*) from harvest.editor_incident where closed_at is null") == [
        (0,)
    ]


def test_a_broken_editor_is_asked_once_in_a_run(web: Any, remote: Callable[..., Remote]) -> None:
    doors = editor_doors.EditorDoors(remote())
    for n in range(5):
        url = web.url(f"/c{n}", host="portail.editeur.example")
        web.page(f"/c{n}", "", status=503, host="portail.editeur.example")
        assert doors.closed({"canteen": finding(url=url, editor="fake")}) == set()
    assert web.paths("portail.editeur.example") == ["/robots.txt", "/c0"]
    assert list(doors.failed) == ["fake"]


def test_a_door_that_the_editor_does_not_know_is_not_claimed(
    town: SimpleNamespace, web: Any
) -> None:
    web.page("/valbois", "", status=404, host="portail.editeur.example")
    go(town)
    assert town.ask(
        "select count(*) from catalog.observation where source_id = 'discovery' and state = 4"
    ) == [(0,)]
    assert town.ask("select count(*) from harvest.editor_incident") == [(0,)]


def test_a_dry_run_writes_nothing(town: SimpleNamespace) -> None:
    done = go(town, dry_run=True)
    assert (done.report.state, len(done.findings)) == ("planned", 1)
    assert town.ask("select count(*) from catalog.observation where source_id = 'discovery'") == [
        (0,)
    ]


def test_a_commune_without_a_known_site_is_skipped(town: SimpleNamespace, web: Any) -> None:
    (one,) = runs.discover(town.settings, ["42999"])
    assert one.report.state == "skipped"
    assert web.asked == []
    with pytest.raises(NotFound):
        runs.discover(town.settings, ["99999"])


def test_nobody_is_visited_without_a_contact(town: SimpleNamespace, web: Any) -> None:
    own = town.settings.discover.model_copy(update={"contact": " "})
    with pytest.raises(Invalid, match="GUICHET_DISCOVER__CONTACT"):
        runs.discover(town.settings.model_copy(update={"discover": own}), ["42998"])
    assert web.asked == []


def test_those_never_visited_come_first(town: SimpleNamespace) -> None:
    with psycopg.connect(town.settings.database.url) as conn:
        conn.execute(
            "insert into catalog.observation (commune_number, service, state, url, nature, source_id, evidence_id, seen, observed_at)"
            " select 2, service, state, 'https://grandville.example/', nature, source_id, evidence_id, seen, observed_at from catalog.observation"
        )
        conn.commit()
    go(town)
    assert runs.next_codes(town.settings, 9) == ["42999", "42998"]


def test_a_commune_is_read_with_its_names_and_its_neighbours(town: SimpleNamespace) -> None:
    with psycopg.connect(town.settings.database.url) as conn:
        commune = runs.commune_of(runs._place(conn, "42998"))
    assert commune.names == {"valbois", "trois vallons"}
    assert commune.others == {"grandville"}


def test_the_command_says_what_is_missing(tmp_path: Path) -> None:
    from api.cli.discover import command

    done = CliRunner().invoke(command, [])
    assert done.exit_code == 2
    assert "INSEE codes" in done.output
