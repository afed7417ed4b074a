"""What is kept of people, why, and how long: one table, shown to everybody and enforced.

The register page shows `register`; the worker runs `sweep`, which erases by the same numbers.
"""

from dataclasses import dataclass
from typing import Any

import psycopg

from catalog import outbox, webhooks
from catalog.database.queries import query
from config.settings import Settings
from crowd import accounts, mandates
from crowd.drafts import KEPT_HOURS

ORIGIN_HOURS = 24


@dataclass(frozen=True, slots=True)
class Kept:
    """One kind of personal data; its words are `register.<id>` of the interface's texts."""

    id: str
    hours: int | None  # None: until its owner asks, or for as long as the fact stands


def register(settings: Settings) -> tuple[Kept, ...]:
    """Every kind of personal data that contributions make us keep."""
    crowd = settings.crowd
    return (
        Kept("origin", ORIGIN_HOURS),
        Kept("draft", KEPT_HOURS),
        Kept("letter", settings.mail.keep_letters_days * 24),
        Kept("contact", crowd.keep_contacts_days * 24),
        Kept("words", crowd.keep_words_days * 24),
        Kept("voice_origin", ORIGIN_HOURS),
        Kept("difficulty", crowd.keep_words_days * 24),
        Kept("practice_origin", ORIGIN_HOURS),
        Kept("practice_owner", settings.practices.keep_contacts_days * 24),
        Kept("practice_words", crowd.keep_words_days * 24),
        Kept("login", ORIGIN_HOURS),
        Kept("session", settings.accounts.longest_seconds // 3600),
        Kept("mandate", settings.mandates.mandate_days * 24),
        Kept("agent", settings.mandates.mandate_days * 24),
        Kept("agent_code", ORIGIN_HOURS),
        Kept("invitation", settings.mandates.invitation_days * 24),
        Kept("desk_draft", settings.mandates.keep_drafts_days * 24),
        Kept("webhook", settings.webhooks.keep_ended_days * 24),
        Kept("mail_stop", None),
        Kept("contest", None),
        Kept("thanks", None),
        Kept("fact", None),
        Kept("audit", None),
    )


def sweep(conn: psycopg.Connection[Any], settings: Settings) -> None:
    """Erase what was kept long enough, and commit."""
    crowd = settings.crowd
    conn.execute(query("crowd", "sweep_origins"), {"hours": ORIGIN_HOURS})
    conn.execute(query("crowd", "sweep_drafts"), {"hours": KEPT_HOURS})
    conn.execute(query("crowd", "sweep_draft_photos"), {"hours": KEPT_HOURS})
    conn.execute(query("crowd", "sweep_contacts"), {"days": crowd.keep_contacts_days})
    conn.execute(query("crowd", "sweep_words"), {"days": crowd.keep_words_days})
    conn.execute(query("crowd", "sweep_photos"), {"days": crowd.keep_words_days})
    conn.execute(query("crowd", "sweep_decision_texts"), {"days": crowd.keep_words_days})
    conn.execute(query("crowd", "sweep_voice_origins"), {"hours": ORIGIN_HOURS})
    conn.execute(query("crowd", "sweep_difficulty_words"), {"days": crowd.keep_words_days})
    conn.execute(query("crowd", "sweep_practice_origins"), {"hours": ORIGIN_HOURS})
    owners = {"days": settings.practices.keep_contacts_days}
    conn.execute(query("crowd", "sweep_practice_contacts"), owners)
    conn.execute(query("crowd", "sweep_practice_words"), {"days": crowd.keep_words_days})
    accounts.sweep(conn, settings.accounts)
    mandates.sweep(conn, settings.mandates)
    webhooks.sweep(conn, settings.webhooks)
    outbox.sweep(conn, settings.mail.keep_letters_days)
    conn.commit()
