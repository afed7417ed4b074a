"""The harvesters' desk in a real browser: live progress over a restart, a loss released with a
reason, duplicates decided and undone, the public page of a source; axe, 320 px, no scripts, keys."""

import re
from collections.abc import Callable, Iterator
from typing import Any

import psycopg
import pytest
from playwright.sync_api import Page, expect

from catalog import merges
from config.settings import Settings
from crowd import accounts
from crowd.accounts import Role

pytestmark = pytest.mark.browser
Opener = Callable[..., tuple[Page, Any]]
WORD, EMAIL = "une phrase assez longue", "admin@hub.example"
WIDER = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
SETUP = """
insert into catalog.source (id, title, publisher, licence, url, nature) values
  ('lib-a', 'Bibliothèques de la région', 'Région', 'LO 2.0', 'https://a.example/', 'directory'),
  ('lib-b', 'Médiathèques du département', 'Département', 'LO 2.0', 'https://b.example/', 'directory');
insert into catalog.evidence (source_id, release, published_on, sha256, bytes, url)
select id, '2026', '2026-01-03', repeat('a', 64), 10, 'https://a.example/'
from   catalog.source where id in ('lib-a', 'lib-b');
insert into catalog.office (source_id, remote_id, kind, name, address, phone, siret, timezone,
                            fingerprint, evidence_id, observed_at, point)
select s, s || '-' || n, 'library', name || ' ' || n, n || ' rue du Parc-Saint-Jean-de-la-Ruelle', tel, siret,
       'Europe/Paris', 'x', e.id, now(), st_setsrid(st_makepoint(2 + n / 10.0, 46), 4326)
from   generate_series(1, 30) n,
       (values ('lib-a', 'Médiathèque municipale', '+33 4 00 00 00 01', '21690001700019'),
               ('lib-b', 'Bibliothèque de quartier', null, '21690001700019')) v (s, name, tel, siret)
join   catalog.evidence e on e.source_id = v.s
where  s = 'lib-a' or n <= 3;
insert into catalog.office_version (office_id, fields, evidence_id, observed_at)
select id, jsonb_build_object('name', name), evidence_id, now()
from   catalog.office where source_id in ('lib-a', 'lib-b');
update catalog.office set siret = '2169000170' || lpad(split_part(remote_id, '-', 3), 4, '0')
where  source_id in ('lib-a', 'lib-b');
insert into harvest.run (source_id, release, state, ended_at, counts, message)
values ('lib-a', '2026', 'held', now(), '{"offices": 70, "offices_held_back": 27}',
        '27 offices are no longer listed and are kept');
insert into harvest.run_plan (run_id, lines)
select max(id), '{"office held back: lib-a-1 with a rather long explanation of what it was"}'
from   harvest.run where source_id = 'lib-a';
insert into harvest.hold (run_id, source_id, subject, cause, evidence_id, observed_at, items)
select r.id, 'lib-a', 'offices', '27 of 97 would be lost (28%)', e.id, '2026-01-03',
       jsonb_agg(jsonb_build_object('office', o.id, 'remote_id', o.remote_id, 'name', o.name,
                                    'closed', false))
from   catalog.office o, harvest.run r, catalog.evidence e
where  o.source_id = 'lib-a' and o.remote_id not in ('lib-a-1', 'lib-a-2', 'lib-a-3')
  and  r.source_id = 'lib-a' and e.source_id = 'lib-a'
group  by r.id, e.id;
insert into harvest.rejected (run_id, remote_id, field, reason, value)
select id, 'lib-a-1', 'website', 'not the address of a site', 'voir la page du bourg'
from   harvest.run where source_id = 'lib-a';
"""


@pytest.fixture(scope="module")
def harvested(own_france: Settings) -> Settings:
    """A published small France with a loss on hold, three pairs to decide and an administrator."""
    with psycopg.connect(own_france.database.url) as conn:
        conn.execute(SETUP)
        assert merges.look(conn, "lib-b").candidates == 3
        accounts.add(conn, EMAIL, Role.ADMINISTRATOR, WORD)
    return own_france


@pytest.fixture(scope="module")
def desk(harvested: Settings, serve: Callable[..., Any]) -> Iterator[str]:
    with serve(harvested) as base:
        yield base


def ask(settings: Settings, question: str, *values: Any) -> list[tuple[Any, ...]]:
    with psycopg.connect(settings.database.url) as conn:
        cursor = conn.execute(question.encode(), values or None)
        return cursor.fetchall() if cursor.description else []


def log_in(page: Page, base: str, path: str) -> None:
    page.goto(f"{base}/fr/connexion?next={path}")
    page.get_by_label("Adresse électronique").fill(EMAIL)
    page.get_by_label("Mot de passe").fill(WORD)
    page.get_by_role("button", name="Se connecter").click()
    page.wait_for_url(f"{base}{path}")


def pairs(settings: Settings) -> list[str]:
    found = ask(settings, "select low_id, high_id from catalog.office_pair order by low_id")
    return [f"{low}-{high}" for low, high in found]


def run(settings: Settings) -> int:
    return int(ask(settings, "select id from harvest.run where source_id = 'lib-a'")[0][0])


@pytest.mark.parametrize(("width", "theme"), [(1280, "light"), (320, "dark")])
@pytest.mark.parametrize("language", ["fr", "en"])
def test_every_page_of_the_desk_is_readable_by_all(
    desk: str,
    harvested: Settings,
    open_page: Opener,
    axe: Any,
    width: int,
    theme: str,
    language: str,
) -> None:
    page, trouble = open_page(width, theme)
    log_in(page, desk, "/fr/admin/moissonnage")
    french = language == "fr"
    harvests = "/fr/admin/moissonnage" if french else "/en/admin/harvests"
    doubles = "/fr/admin/doublons" if french else "/en/admin/duplicates"
    paths = [
        harvests, f"{harvests}/{run(harvested)}", doubles, f"{doubles}?etat=merged",
        f"{doubles}?etat=apart", f"{doubles}/{pairs(harvested)[0]}", f"/{language}/sources/lib-a",
    ]  # fmt: skip
    for path in paths:
        page.goto(desk + path)
        expect(page.get_by_role("heading", level=1)).to_be_visible()
        assert page.evaluate(WIDER) <= 0, f"{path} is wider than {width} px"
        assert axe(page) == [], path
    assert trouble.all() == []


def test_live_progress_survives_a_restart_of_the_server(
    harvested: Settings, open_page: Opener, serve: Callable[..., Any], free_port: Any
) -> None:
    port = free_port()
    page, trouble = open_page()
    row = page.locator('[data-source="lib-b"]')
    progress = (
        "insert into harvest.progress (source_id, what, done, total) values ('lib-b', 'Reading', %s, 10) "
        "on conflict (source_id) do update set done = excluded.done, at = now()"
    )
    ask(
        harvested,
        "insert into harvest.run (source_id, release, state, ended_at) values ('lib-b', '1', 'done', now())",
    )
    with serve(harvested, port=port) as base:
        log_in(page, base, "/fr/admin/moissonnage")
        expect(page.locator("[data-harvests]")).to_have_text("L’avancement s’affiche en direct.")
        expect(row).to_contain_text("terminée")
        ask(harvested, progress, 3)
        expect(row).to_contain_text("Reading 3 / 10")
        expect(row).to_contain_text("en cours")
        assert trouble.all() == []
    ask(harvested, progress, 9)
    with serve(harvested, port=port):
        expect(row).to_contain_text("Reading 9 / 10", timeout=40_000)
        ask(harvested, "delete from harvest.progress where source_id = 'lib-b'")
        expect(row.locator("[data-progress]")).to_have_text("")
        expect(row).to_contain_text("terminée")


def test_when_events_are_refused_the_page_asks(
    desk: str, harvested: Settings, open_page: Opener
) -> None:
    page, _ = open_page()
    log_in(page, desk, "/fr/moderation")
    page.route(
        re.compile("/suivi$"),
        lambda route: (
            route.fulfill(status=502, body="")
            if "event-stream" in (route.request.headers.get("accept") or "")
            else route.continue_()
        ),
    )
    page.goto(f"{desk}/fr/admin/moissonnage")
    expect(page.locator("[data-harvests]")).to_have_text(
        "L’avancement est redemandé toutes les cinq secondes."
    )
    ask(
        harvested,
        "insert into harvest.progress (source_id, what, done, total) values ('lib-a', 'Asking', 4, 5)",
    )
    expect(page.locator('[data-source="lib-a"]')).to_contain_text("Asking 4 / 5", timeout=15_000)
    ask(harvested, "delete from harvest.progress where source_id = 'lib-a'")


def test_a_pair_is_decided_by_keys_without_scripts_and_undone(
    desk: str, harvested: Settings, open_page: Opener
) -> None:
    page, trouble = open_page(320, "light", False)
    log_in(page, desk, "/fr/admin/doublons")
    before = ask(harvested, "select t::text from catalog.pub_office t order by id")
    row = page.get_by_role("row").filter(has_text="Médiathèque municipale 1 ")
    expect(row).to_contain_text("SIRET 100")
    row.get_by_role("link").focus()
    page.keyboard.press("Enter")
    low, high = pairs(harvested)[0].split("-")
    expect(page.get_by_role("heading", level=1)).to_have_text(f"Guichets {low} et {high}")
    page.get_by_label("Pourquoi ?").focus()
    page.keyboard.type("Même adresse, vu sur place")
    page.keyboard.press("Tab")
    page.keyboard.press("Tab")  # the second button: show the other one
    page.keyboard.press("Enter")
    expect(page.get_by_text(f"Le guichet {high} est affiché pour les deux.")).to_be_visible()
    page.goto(f"{desk}/fr/admin/doublons?etat=merged")
    expect(page.get_by_text("Même adresse, vu sur place")).to_be_visible()
    page.goto(f"{desk}/fr/admin/doublons/{low}-{high}")
    page.get_by_label("Pourquoi ?").fill("Deux étages")
    page.get_by_role("button", name="Séparer").click()
    expect(page.get_by_text("Ce sont deux lieux.", exact=True)).to_be_visible()
    assert ask(harvested, "select t::text from catalog.pub_office t order by id") == before
    page.get_by_label("Pourquoi ?").fill("À revoir")
    page.get_by_role("button", name="Remettre à décider").click()
    expect(page.get_by_text("Personne n’a décidé.")).to_be_visible()
    assert trouble.all() == []


@pytest.mark.parametrize("path", ["/fr/sources/lib-a", "/en/sources/lib-a"])
def test_a_source_is_read_without_scripts_and_by_keys(
    desk: str, open_page: Opener, path: str
) -> None:
    page, trouble = open_page(320, "light", False)
    page.goto(desk + path)
    assert page.evaluate(WIDER) <= 0
    link = page.locator("a[download]").first
    for _ in range(60):
        page.keyboard.press("Tab")
        if link.evaluate("one => one === document.activeElement"):
            break
    else:
        pytest.fail("the table of rejected values cannot be reached by keys")
    with page.expect_download() as told:
        page.keyboard.press("Enter")
    assert told.value.suggested_filename == "rejets-lib-a.csv"
    assert trouble.all() == []


@pytest.mark.parametrize("scripts", [False, True])
def test_a_loss_is_released_with_a_reason_once(
    desk: str, harvested: Settings, open_page: Opener, scripts: bool
) -> None:
    """Last of this file: without scripts the form refuses an empty reason, with them it is sent."""
    number = run(harvested)
    page, trouble = open_page(320, "light", scripts)
    log_in(page, desk, f"/fr/admin/moissonnage/{number}")
    standing = (
        "select count(*) from catalog.office where source_id = 'lib-a' and withdrawn_at is null"
    )
    assert ask(harvested, standing) == [(30,)], "a held run withdraws nothing"
    if not scripts:
        page.get_by_label("Pourquoi ?").fill("   ")  # the browser lets it pass: the server does not
        page.get_by_role("button", name="Confirmer la perte").click()
        expect(page.get_by_role("alert")).to_contain_text("Dites pourquoi")
        assert ask(harvested, standing) == [(30,)]
        return
    page.get_by_label("Pourquoi ?").focus()
    page.keyboard.type("27 antennes fermées, lu dans la délibération")
    page.get_by_role("button", name="Confirmer la perte").focus()
    page.keyboard.press("Enter")
    expect(page.get_by_text(re.compile("^Perte confirmée"))).to_be_visible()
    expect(page.get_by_role("button", name="Confirmer la perte")).to_have_count(0)
    waiting = (
        "select count(*) from catalog.office_orphan p join catalog.office o on o.id = p.office_id"
    )
    assert ask(harvested, waiting) == [(27,)], "they wait out their grace, with a date"
    assert ask(harvested, "select reason from harvest.hold") == [
        ("27 antennes fermées, lu dans la délibération",)
    ]
    (action,) = ask(harvested, "select action from crowd.audit where subject like 'run:%%'")
    assert action == ("harvest-released",)
    assert trouble.all() == []
