"""Records: planned, kept with their history, never wiped, grouped and found."""

import itertools
import json
import random
from collections.abc import Iterable
from dataclasses import replace
from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest

from catalog import records
from catalog.ingest import EvidenceRow, SourceRow, save_evidence, save_source
from catalog.record_plan import KnownRecord, plan_records
from catalog.records import Distribution, RecordRow, Search
from config.errors import Invalid, NotFound

NOW = datetime(2026, 11, 25, tzinfo=UTC)
GRACE = timedelta(days=30)


def brake(known: int, lost: int) -> str | None:
    doubtful = known > 0 and (lost == known or (lost > 20 and lost / known > 0.1))
    return f"{lost} of {known}" if doubtful else None


def row(number: int | str = 1, **values: Any) -> RecordRow:
    return RecordRow(
        **{"remote_id": f"d{number}", "type": "dataset", "title": f"Jeu de données {number}",
           "page_sha256": "0" * 64} | values
    )  # fmt: skip


class Hub:
    def __init__(self, conn: psycopg.Connection[Any]) -> None:
        self.conn = conn
        self.evidence: dict[str, int] = {}

    def source(self, source_id: str) -> int:
        if source_id not in self.evidence:
            save_source(
                self.conn,
                SourceRow(source_id, source_id, "P", "L", None, "https://x.fr", "directory"),
            )
            self.evidence[source_id] = save_evidence(
                self.conn,
                EvidenceRow(source_id, "r", date(2026, 11, 1), "0" * 64, 1, "https://x.fr/"),
            )
        return self.evidence[source_id]

    def save(
        self,
        rows: Iterable[RecordRow],
        source: str = "portal",
        now: datetime = NOW,
        whole: bool = True,
    ) -> records.Saved:
        evidence = self.source(source)
        return records.save_records(
            self.conn, rows, source_id=source, evidence_id=evidence, now=now, whole=whole,
            grace=GRACE, brake=brake,
        )  # fmt: skip

    def ask(self, question: str) -> list[tuple[Any, ...]]:
        return self.conn.execute(question.encode()).fetchall()


@pytest.fixture
def hub(conn: psycopg.Connection[Any]) -> Hub:
    return Hub(conn)


# -------------------------------------------------------------------------------- the value


@pytest.mark.parametrize(
    "wrong",
    [
        {"title": " "}, {"title": "x" * 501}, {"title": "a\x00b"}, {"type": "map"},
        {"landing_page": "javascript:alert(1)"}, {"landing_page": "https://a.fr/\"onload"},
        {"distributions": (Distribution("ftp://a.fr/x"),)}, {"extent": (10, 0, 5, 1)},
        {"extent": (0, 0, float("nan"), 1)}, {"extent": (652000, 6862000, 652001, 6862001)},
        {"keywords": ("k",) * 101}, {"description": "x" * 20001},
    ],
    ids=repr,
)  # fmt: skip
def test_a_record_that_exists_is_valid(wrong: dict[str, Any]) -> None:
    with pytest.raises(Invalid):
        row(1, **wrong)


def test_the_page_that_held_it_and_its_remote_id_do_not_change_what_it_says() -> None:
    assert row(1).fingerprint == row(1, page_sha256="1" * 64, remote_id="z").fingerprint
    assert row(1).fingerprint != row(1, description="x").fingerprint


# -------------------------------------------------------------------------------- the plan


def test_a_reading_that_is_not_whole_withdraws_nothing() -> None:
    known = [KnownRecord(1, "d1", row(1).fingerprint), KnownRecord(2, "d2", "f")]
    plan = plan_records(known, {}, [row(1)], NOW, whole=False, grace=GRACE, brake=brake)
    assert (plan.unchanged, plan.unseen, plan.orphans) == ({1}, {2}, frozenset())


def test_every_known_and_offered_record_is_in_one_set() -> None:
    chance = random.Random(7)
    for _ in range(300):
        known = [
            KnownRecord(
                number, f"d{number}", chance.choice([row(number).fingerprint, "old"]),
                *chance.choice([(None, None), (NOW - GRACE * 2, None), (NOW, None), (NOW - GRACE, NOW)]),
            )
            for number in range(chance.randrange(60))
        ]  # fmt: skip
        offered = [row(n) for n in range(80) if chance.random() < 0.6]
        plan = plan_records(
            known, {}, offered, NOW, whole=chance.random() < 0.7, grace=GRACE, brake=brake
        )
        sets = [
            set(plan.changed), set(plan.renamed), set(plan.back), plan.unchanged, plan.orphans,
            plan.waiting, plan.withdrawn, plan.held, plan.unseen,
        ]  # fmt: skip
        for left, right in itertools.combinations(sets, 2):
            assert not set(left) & set(right)
        gone = {one.id for one in known if one.withdrawn_at} - set(plan.back)
        assert set().union(*sets) == {one.id for one in known} - gone
        assert len(plan.new) + sum(map(len, sets[:4])) == len(offered)


def test_an_empty_answer_and_a_great_loss_withdraw_nothing(hub: Hub) -> None:
    hub.save(map(row, range(300)))
    for left in ([], list(map(row, range(269)))):
        plan = hub.save(left).plan
        assert len(plan.held) == 300 - len(left)
        assert hub.ask("select count(*) from catalog.record where orphan_since is not null") == [
            (0,)
        ]


def test_a_small_loss_waits_and_is_withdrawn_after_the_grace_period(hub: Hub) -> None:
    hub.save(map(row, range(300)))
    rest = list(map(row, range(280)))
    assert len(hub.save(rest).plan.orphans) == 20
    assert len(hub.save(rest, now=NOW + timedelta(days=29)).plan.waiting) == 20
    assert len(hub.save(rest, now=NOW + timedelta(days=30)).plan.withdrawn) == 20
    back = hub.save(map(row, range(281)), now=NOW + timedelta(days=40)).plan
    assert len(back.back) == 1
    assert hub.ask("select count(*) from catalog.record") == [(300,)]
    events = hub.ask("select event, count(*) from catalog.record_version group by 1 order by 1")
    assert events == [("back", 1), ("new", 300), ("orphan", 20), ("withdrawn", 20)]


def test_a_slow_bleed_is_noticed(hub: Hub) -> None:
    """9 % a day for ten days: no day looks bad, and the sum does (B38)."""
    left, held_on = 300, []
    hub.save(map(row, range(left)))
    for day in range(1, 11):
        left = int(left * 0.91)
        plan = hub.save(map(row, range(left)), now=NOW + timedelta(days=day)).plan
        held_on += [day] if plan.held else []
    assert held_on[0] == 2
    marked = hub.ask("select count(*) from catalog.record where orphan_since is not null")
    assert marked == [(27,)], "only the first day's loss was marked"


# ---------------------------------------------------------------------------------- identity


def test_the_same_reading_twice_writes_nothing(hub: Hub) -> None:
    first = hub.save(map(row, range(50)))
    again = hub.save((row(n, page_sha256="1" * 64) for n in range(50)), now=NOW + GRACE)
    assert len(first.plan.new) == 50
    assert len(again.plan.unchanged) == 50
    assert hub.ask("select count(*) from catalog.record_version") == [(50,)]


def test_a_portal_that_renames_its_ids_makes_no_duplicate(hub: Hub) -> None:
    """data.gouv.fr#680 and #1761: the ids of a whole portal changed, thousands of copies."""
    page = "https://data.ville.fr/explore/{}".format
    hub.save(row(n, landing_page=page(n)) for n in range(100))
    before = dict(hub.ask("select landing_page, id from catalog.record"))
    saved = hub.save(row(n, landing_page=page(n), remote_id=f"new-{n}") for n in range(100))
    assert (len(saved.plan.renamed), len(saved.plan.new), len(saved.plan.orphans)) == (100, 0, 0)
    assert dict(hub.ask("select landing_page, id from catalog.record")) == before
    # and back again, by the names that are remembered
    assert len(hub.save(row(n, landing_page=page(n)) for n in range(100)).plan.renamed) == 100
    assert hub.ask("select count(*) from catalog.record") == [(100,)]


def test_an_uncertain_renaming_is_a_new_record(hub: Hub) -> None:
    hub.save([row(1, landing_page="https://a.fr/x")])
    two = [row(2, landing_page="https://a.fr/x"), row(3, landing_page="https://a.fr/x")]
    assert len(hub.save([*two]).plan.new) == 2


def test_a_shared_landing_page_does_not_rename_a_record_that_is_still_there(hub: Hub) -> None:
    hub.save([row(1, landing_page="https://a.fr/x")])
    saved = hub.save([row(1, landing_page="https://a.fr/x"), row(2, landing_page="https://a.fr/x")])
    assert (len(saved.plan.new), len(saved.plan.renamed)) == (1, 0)


def test_changes_are_kept_and_told_field_by_field(hub: Hub) -> None:
    hub.save([row(1)])
    saved = hub.save([row(1, title="Autre titre", licence="lov2")])
    assert saved.changed_fields == {"record_licence": 1, "record_title": 1}
    assert any("Jeu de données 1 -> Autre titre" in line for line in saved.details)
    versions = hub.ask("select event, fields ->> 'title' from catalog.record_version order by id")
    assert versions == [("new", "Jeu de données 1"), ("changed", "Autre titre")]


def test_two_rows_of_one_id_are_told(hub: Hub) -> None:
    saved = hub.save([row(1), row(1, page_sha256="1" * 64), row(1, title="Un autre")])
    assert [one.reason for one in saved.rejections] == ["listed twice, differently"]
    assert hub.ask("select title from catalog.record") == [("Jeu de données 1",)]


# ------------------------------------------------------------------------------------- groups


def grouped(hub: Hub) -> int:
    return hub.ask("select count(distinct group_id) from catalog.record")[0][0]


@pytest.mark.parametrize(
    ("here", "there"),
    [
        ({"identifiers": ("https://doi.org/10.5281/zenodo.1",)}, {"identifiers": ("doi:10.5281/ZENODO.1",)}),
        ({"landing_page": "https://www.a.fr/jeu/1/"}, {"landing_page": "http://a.fr/jeu/1"}),
        ({"landing_page": "https://a.fr/jeu/1"}, {"identifiers": ("https://a.fr/jeu/1",)}),
        ({"identifiers": ("AAFF85F2-3529-4a0e-a263-95ad355acbc3",)}, {"identifiers": ("aaff85f2-3529-4a0e-a263-95ad355acbc3",)}),
        ({"publisher": "Ville de Brest", "distributions": (Distribution("https://a.fr/x.csv"),)},
         {"publisher": "ville de brest", "distributions": (Distribution("http://www.a.fr/x.csv"),)}),
    ],
)  # fmt: skip
def test_two_portals_that_describe_one_thing_are_one_group(
    here: dict[str, Any], there: dict[str, Any], hub: Hub
) -> None:
    hub.save([row(1, **here)], "one")
    hub.save([row(1, **there)], "two")
    assert grouped(hub) == 1
    assert hub.ask("select count(*) from catalog.record") == [(2,)], "nothing is lost"
    # undone when they no longer share anything
    hub.save([row(1, title="Tout autre chose")], "two")
    assert grouped(hub) == 2


def test_what_one_portal_says_twice_groups_nothing(hub: Hub) -> None:
    home = {"landing_page": "https://a.fr/catalogue"}
    hub.save([row(1, **home), row(2, **home)], "one")
    hub.save([row(3, **home)], "two")
    assert grouped(hub) == 3


def test_a_chain_never_joins_two_records_of_one_portal(hub: Hub) -> None:
    hub.save([row(1, identifiers=("10.1234/a",)), row(2, landing_page="https://a.fr/j/2")], "one")
    hub.save([row(3, identifiers=("10.1234/a",), landing_page="https://a.fr/j/2")], "two")
    assert grouped(hub) == 2


# ------------------------------------------------------------------------------------- search


@pytest.fixture
def library(hub: Hub) -> Hub:
    hub.save(
        [
            row(1, title="Cantines scolaires de Brest", keywords=("école", "repas"),
                publisher="Ville de Brest", extent=(-4.6, 48.3, -4.4, 48.5),
                updated=datetime(2024, 1, 1, tzinfo=UTC), licence="lov2",
                distributions=(Distribution("https://a.fr/cantines.csv", format="CSV"),)),
            row(2, title="Menus", description="Les menus des cantines de la ville",
                publisher="Ville de Lyon", updated=datetime(2025, 1, 1, tzinfo=UTC)),
            row(3, title="Bibliothèques", type="service", publisher="Ville de Brest",
                extent=(179, -20, 180, -15), updated=datetime(2026, 1, 1, tzinfo=UTC)),
            row(4, title="<img src=x onerror=alert(1)>", publisher=None),
        ],
        "one",
    )  # fmt: skip
    hub.save([row(9, title="Cantines scolaires de Brest", publisher="Ville de Brest",
                  distributions=(Distribution("https://a.fr/cantines.csv", format="CSV"),))], "two")  # fmt: skip
    hub.conn.commit()
    return hub


@pytest.mark.parametrize(
    ("asked", "titles"),
    [
        ({"q": "cantine"}, ["Cantines scolaires de Brest", "Menus"]),
        ({"q": "ECOLES"}, ["Cantines scolaires de Brest"]),
        ({"q": "bibliotheque"}, ["Bibliothèques"]),
        ({"q": "cantines -brest"}, ["Menus"]),
        ({"q": "cantine", "by_date": True}, ["Menus", "Cantines scolaires de Brest"]),
        ({"type": "service"}, ["Bibliothèques"]),
        ({"keyword": "repas"}, ["Cantines scolaires de Brest"]),
        ({"publisher": "Ville de Lyon"}, ["Menus"]),
        ({"format": "CSV"}, ["Cantines scolaires de Brest"]),
        ({"licence": "lov2"}, ["Cantines scolaires de Brest"]),
        ({"source": "two"}, ["Cantines scolaires de Brest"]),
        ({"bbox": (-5.0, 48.0, -4.0, 49.0)}, ["Cantines scolaires de Brest"]),
        ({"bbox": (170.0, -30.0, -170.0, 0.0)}, ["Bibliothèques"]),
        ({"bbox": (2.0, 48.0, 3.0, 49.0)}, []),
        ({"updated_from": datetime(2025, 6, 1, tzinfo=UTC)}, ["Bibliothèques"]),
        ({"updated_until": datetime(2024, 6, 1, tzinfo=UTC)}, ["Cantines scolaires de Brest"]),
        ({"q": "xyzzy"}, []),
        ({"q": "'; drop table catalog.record --"}, []),
        ({"q": "<>&|!():*"}, None),
    ],
    ids=repr,
)  # fmt: skip
async def test_searching(
    library: Hub, aconn: psycopg.AsyncConnection[Any], asked: Any, titles: Any
) -> None:
    found = await records.search(aconn, Search(**asked))
    if titles is not None:
        assert [one.title for one in found.records] == titles
        assert found.total == len(titles)


async def test_facets_sum_to_the_total_and_pages_to_the_whole(
    library: Hub, aconn: psycopg.AsyncConnection[Any]
) -> None:
    found = await records.search(aconn, Search())
    assert found.total == 4, "five records, of which two are one thing"
    for name in records.SINGLE:
        facet = found.facets[name]
        assert sum(count for _, count in facet.values) + facet.missing + facet.other == found.total
    assert found.facets["publisher"].missing == 1
    seen: list[int] = []
    cursor = None
    while True:
        page = await records.search(aconn, Search(limit=1, cursor=cursor))
        seen += [one.id for one in page.records]
        cursor = page.cursor
        if cursor is None:
            break
    assert seen == [one.id for one in found.records]


async def test_one_record_names_its_duplicates_and_lasts(
    library: Hub, aconn: psycopg.AsyncConnection[Any]
) -> None:
    (first,) = (await records.search(aconn, Search(q="école"))).records
    assert [name for _, name, _ in first.same_as] == ["two"]
    assert first.bbox == (-4.6, 48.3, -4.4, 48.5)
    library.conn.execute(
        "update catalog.record set withdrawn_at = now() where id = %s", (first.id,)
    )
    library.conn.commit()
    assert (await records.one(aconn, first.id)).withdrawn_at is not None
    with pytest.raises(NotFound):
        await records.one(aconn, 10**12)


@pytest.mark.parametrize(
    "wrong",
    [{"q": "x" * 201}, {"limit": 0}, {"limit": 101}, {"cursor": "1;2"}, {"bbox": (0, 5, 1, 4)},
     {"bbox": (0, 0, 200, 1)}, {"updated_from": NOW, "updated_until": NOW - GRACE}],
    ids=repr,
)  # fmt: skip
def test_questions_that_cannot_be_understood(wrong: Any) -> None:
    with pytest.raises(Invalid):
        Search(**wrong)


def test_what_is_stored_is_what_was_said(hub: Hub) -> None:
    said = replace(
        row(1), distributions=(Distribution("https://a.fr/x", "T", "CSV", "text/csv", 12),)
    )
    hub.save([said])
    (stored,) = hub.ask("select distributions from catalog.record")
    assert stored[0] == json.loads(json.dumps([said.fields["distributions"][0]]))
