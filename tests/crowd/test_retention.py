"""The register says what is kept; the sweep erases by the same numbers."""

from datetime import timedelta
from typing import Any

import psycopg
import pytest

from api.i18n_texts import texts
from config.settings import Settings
from crowd import retention

AT = {
    "origin": ("crowd.origin", "at"),
    "draft": ("crowd.draft", "created_at"),
    "letter": ("catalog.outbox_letter", None),
    "contact": ("crowd.contact", None),
    "words": ("crowd.words", None),
    "login": ("crowd.login_failure", "at"),
    "session": ("crowd.session", "created_at"),
    "webhook": ("catalog.webhook", "ended_at"),
}
SEED = """
with v as (insert into crowd.voice default values returning id),
c as (insert into crowd.contribution
  (reference, once, token_hash, voice_id, speaker, language, kind, commune_number, service, claim,
   print, before, state, created_at, decided_at)
  select 'R', 'o', 't', id, 'resident', 'fr', 'exists', 1, 'nursery', '{}', 'p', '{}', 'refused',
         %(at)s, %(at)s from v returning id, voice_id),
w as (insert into crowd.words select id, 'mots' from c),
k as (insert into crowd.contact (contribution_id, email, who) select id, 'm@exemple.fr', 'x' from c),
o as (insert into crowd.origin (contribution_id, voice_id, network, at) select id, voice_id, 'n', %(at)s from c),
p as (insert into crowd.photo (contribution_id, body, width, height, created_at) select id, 'b', 1, 1, %(at)s from c),
q as (insert into crowd.photo (draft_hash, body, width, height, created_at) values ('d', 'b', 1, 1, %(at)s)),
d as (insert into crowd.decision (contribution_id, actor, action, reason, text, at) select id, 'author', 'answer', 'answer', 'secret', %(at)s from c),
r as (insert into crowd.draft (token_hash, fields, opened_at, created_at) values ('d', '{}', %(at)s, %(at)s)),
l as (insert into crowd.login_failure (who, network, at) values ('w', '10.0.0.0/24', %(at)s)),
a as (insert into crowd.account (email, role, password_hash) values ('a@b.fr', 'moderator', 'h') returning id),
s as (insert into crowd.session (token_hash, account_id, created_at) select 's', id, %(at)s from a),
h as (insert into catalog.webhook (id, token_hash, url, host, position, secret, state, ended_at)
  values ('i', 'h', 'https://a.example/', 'a.example', 0, 's', 'ended', %(at)s)),
m as (insert into catalog.outbox (purpose, sent_at) values ('p', %(at)s) returning id)
insert into catalog.outbox_letter (mail_id, recipient, subject, body) select id, 'm@exemple.fr', 's', 'b' from m
"""


@pytest.mark.parametrize("language", ["fr", "en"])
def test_the_register_page_has_words_for_each_kind(settings: Settings, language: str) -> None:
    for one in retention.register(settings):
        for part in ("what", "why", *(("long",) if one.hours is None else ())):
            assert texts(language)[f"register.{one.id}.{part}"]


@pytest.mark.parametrize("kind", AT)
@pytest.mark.parametrize("late", [False, True], ids=["before its time", "after it"])
def test_what_the_register_says_is_erased_in_time(
    conn: psycopg.Connection, settings: Settings, kind: str, late: bool
) -> None:
    hours = {one.id: one.hours for one in retention.register(settings)}[kind]
    assert hours is not None
    age = timedelta(hours=hours) + timedelta(minutes=5 if late else -5)
    now = conn.execute("select now()").fetchone()
    assert now is not None
    conn.execute(SEED, {"at": now[0] - age})
    retention.sweep(conn, settings)
    table, _ = AT[kind]
    left = conn.execute(f"select count(*) from {table}").fetchone()
    assert left == (0 if late else 1,)


def test_after_years_nothing_personal_is_left(conn: psycopg.Connection, settings: Settings) -> None:
    conn.execute(SEED, {"at": "2020-01-01"})
    retention.sweep(conn, settings)
    for table in (
        "crowd.origin",
        "crowd.draft",
        "crowd.photo",
        "crowd.words",
        "crowd.contact",
        "catalog.outbox_letter",
        "crowd.session",
        "catalog.webhook",
    ):
        assert conn.execute(f"select count(*) from {table}").fetchone() == (0,), table
    assert conn.execute("select text from crowd.decision").fetchone() == (None,)
    assert conn.execute("select count(*) from crowd.contribution").fetchone() == (1,), (
        "names nobody"
    )


async def test_the_page_shows_the_durations_that_run(empty_site: Any) -> None:
    page = (await empty_site.browser.get("/fr/registre-des-donnees")).text
    crowd = empty_site.site.settings.crowd
    for words in (
        f"{crowd.keep_contacts_days} jours",
        f"{crowd.keep_words_days} jours",
        "24 heures",
        "48 heures",
    ):
        assert words in page
