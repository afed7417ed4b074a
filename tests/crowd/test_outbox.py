"""The outbox: nothing is lost, nothing is sent twice for one key, no header is injected."""

import asyncio
import ssl
import subprocess
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from email import message_from_bytes
from pathlib import Path

import psycopg
import pytest
from aiosmtpd.controller import Controller
from aiosmtpd.smtp import SMTP, Envelope, Session

from api import mail
from catalog import outbox
from catalog.outbox import Mail, Waiting
from config.errors import Invalid
from config.settings import Settings

LETTER = Mail("marie@exemple.fr", "Votre signalement", "Bonjour,\nvoici.\n", "test")


@dataclass
class Mailbox:
    """What a local server received, and what it answers to RCPT."""

    port: int = 0
    received: list[Envelope] = field(default_factory=list)
    refuse: dict[str, str] = field(default_factory=dict)

    async def handle_RCPT(  # noqa: N802 (aiosmtpd's name)
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        if address in self.refuse:
            return self.refuse[address]
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(  # noqa: N802
        self, server: SMTP, session: Session, envelope: Envelope
    ) -> str:
        self.received.append(envelope)
        return "250 OK"


@pytest.fixture
def mailbox(free_port: Callable[[], int]) -> Iterator[Mailbox]:
    box = Mailbox()
    controller = Controller(box, hostname="127.0.0.1", port=free_port())
    controller.start()
    box.port = controller.port
    yield box
    controller.stop()


def using(settings: Settings, port: int, **more: object) -> Settings:
    values = {"host": "127.0.0.1", "port": port, "tls": "none", "sender": "guichet@hub.example"}
    return settings.model_copy(update={"mail": settings.mail.model_copy(update={**values, **more})})


def put(settings: Settings, *letters: Mail, key: str | None = None) -> None:
    with psycopg.connect(settings.database.url) as conn:
        for one in letters:
            outbox.put_now(conn, one, key)


def counts(settings: Settings) -> tuple[int, int, int]:
    with psycopg.connect(settings.database.url) as conn:
        found = outbox.counts(conn)
    return found.waiting, found.given_up, found.sent


def due_now(settings: Settings) -> None:
    with psycopg.connect(settings.database.url) as conn:
        conn.execute("update catalog.outbox set next_try_at = now()")


def test_a_mail_arrives_as_it_was_written(database_settings: Settings, mailbox: Mailbox) -> None:
    here = using(database_settings, mailbox.port)
    put(here, Mail("marie@exemple.fr", "Reçu : École", "Ça marche.\n", "test", "rep@hub.example"))
    assert mail.send_waiting(here) == mail.Report(sent=1)
    (envelope,) = mailbox.received
    assert envelope.rcpt_tos == ["marie@exemple.fr"]
    message = message_from_bytes(envelope.content, policy=mail.SMTP)
    assert message["Subject"] == "Reçu : École"
    assert message["From"] == "Guichet <guichet@hub.example>"
    assert message["Reply-To"] == "rep@hub.example"
    assert message.get_content().replace("\r\n", "\n") == "Ça marche.\n"
    assert mail.send_waiting(here) == mail.Report()
    assert counts(here) == (0, 0, 1)


def test_without_a_server_mails_wait(database_settings: Settings) -> None:
    put(database_settings, LETTER)
    assert not mail.ready(database_settings)
    assert mail.send_waiting(database_settings) == mail.Report()
    assert counts(database_settings) == (1, 0, 0)


def test_a_server_that_is_down_loses_nothing(
    database_settings: Settings, free_port: Callable[[], int], mailbox: Mailbox
) -> None:
    away = using(database_settings, free_port(), most_attempts=1)
    put(away, LETTER, Mail("paul@exemple.fr", "Deux", "2", "test"))
    assert mail.send_waiting(away) == mail.Report(later=2)
    assert mail.send_waiting(away) == mail.Report(), "not before its time"
    due_now(away)
    assert mail.send_waiting(away) == mail.Report(later=2), "an outage never gives up"
    due_now(away)
    assert mail.send_waiting(using(database_settings, mailbox.port)) == mail.Report(sent=2)
    assert len(mailbox.received) == 2


def test_one_unknown_mailbox_does_not_hold_the_others(
    database_settings: Settings, mailbox: Mailbox
) -> None:
    mailbox.refuse = {
        "gone@exemple.fr": "550 5.1.1 <gone@exemple.fr> unknown",
        "grey@exemple.fr": "451 4.7.1 later",
    }
    here = using(database_settings, mailbox.port, most_attempts=2)
    put(here, *(Mail(f"{who}@exemple.fr", "s", "t", "test") for who in ("gone", "grey", "fine")))
    assert mail.send_waiting(here) == mail.Report(sent=1, later=1, given_up=1)
    with psycopg.connect(here.database.url) as conn:
        errors = [
            row[0] for row in conn.execute("select last_error from catalog.outbox order by id")
        ]
    assert "550" in errors[0]
    assert "gone@" not in errors[0], "the journal names nobody"
    due_now(here)
    assert mail.send_waiting(here) == mail.Report(given_up=1), "the second of two attempts"
    mailbox.refuse = {}
    with psycopg.connect(here.database.url) as conn:
        assert outbox.retry(conn) == 2
    assert mail.send_waiting(here) == mail.Report(sent=2)


def test_one_key_is_one_mail(database_settings: Settings) -> None:
    put(database_settings, LETTER, LETTER, key="contribution-1-received")
    assert counts(database_settings) == (1, 0, 0)


def test_two_senders_share_the_work(database_settings: Settings) -> None:
    url = database_settings.database.url
    put(database_settings, *(Mail(f"m{i}@exemple.fr", "s", "t", "test") for i in range(6)))
    with psycopg.connect(url) as one, psycopg.connect(url) as two:
        first, second = outbox.take(one, 3), outbox.take(two, 10)
        assert len(first) == len(second) == 3
        assert not {w.id for w in first} & {w.id for w in second}
        one.rollback()  # a sender that dies before its commit took nothing
        two.commit()
        assert len(outbox.take(one, 10)) == 3


def test_a_sender_killed_after_taking_gives_back_after_its_lease(
    database_settings: Settings,
) -> None:
    put(database_settings, LETTER)
    with psycopg.connect(database_settings.database.url) as conn:
        assert len(outbox.take(conn, 5)) == 1
        conn.commit()
        assert outbox.take(conn, 5) == []
    due_now(database_settings)
    with psycopg.connect(database_settings.database.url) as conn:
        (again,) = outbox.take(conn, 5)
    assert again.attempt == 2


def test_the_same_mail_keeps_its_message_id(settings: Settings) -> None:
    here = using(settings, 25).mail
    when = datetime(2026, 1, 2, tzinfo=UTC)
    first, second = (mail.compose(here, Waiting(7, n, when, LETTER)) for n in (1, 2))
    assert first["Message-ID"] == second["Message-ID"]


@pytest.mark.parametrize(
    "address",
    ["", "a@b", "a b@c.fr", "a@b.fr\r\nBcc: x@y.fr", "a@b.fr\nBcc:x@y.fr", "a@b.fr,c@d.fr",
     "<a@b.fr>", "a@b.fr>", '"a b"@c.fr', "a@[127.0.0.1]", "a@-b.fr", "a\x00@b.fr", "é@b.fr",
     "x" * 65 + "@b.fr", "a@" + "b." * 130 + "fr", ".a@b.fr", "a..b@c.fr"],
)  # fmt: skip
def test_what_is_no_address_is_refused(address: str) -> None:
    with pytest.raises(Invalid):
        Mail(address, "s", "t", "test")


@pytest.mark.parametrize("subject", ["a\r\nBcc: x@y.fr", "a\nb", "a\x00", "", "a\x85b", "a\u2028b"])
def test_a_subject_is_one_line(subject: str) -> None:
    with pytest.raises(Invalid):
        Mail("a@b.fr", subject, "t", "test")


def test_a_body_cannot_end_its_mail_early(database_settings: Settings, mailbox: Mailbox) -> None:
    here = using(database_settings, mailbox.port)
    put(here, Mail("a@b.fr", "s", "one\r\n.\r\nMAIL FROM:<x@y.fr>\r\n", "test"))
    assert mail.send_waiting(here) == mail.Report(sent=1)
    assert len(mailbox.received) == 1
    assert b"MAIL FROM" in mailbox.received[0].content


def test_letters_are_erased_and_the_journal_stays(
    database_settings: Settings, mailbox: Mailbox
) -> None:
    here = using(database_settings, mailbox.port)
    put(here, LETTER)
    mail.send_waiting(here)
    assert mail.sweep(here) == 0, "not yet"
    with psycopg.connect(here.database.url) as conn:
        conn.execute("update catalog.outbox set sent_at = now() - interval '8 days'")
    assert mail.sweep(here) == 1
    with psycopg.connect(here.database.url) as conn:
        assert conn.execute("select count(*) from catalog.outbox_letter").fetchone() == (0,)
    assert counts(here) == (0, 0, 1)


async def test_erasing_an_address_stops_what_was_not_sent(
    database_settings: Settings, aconn: psycopg.AsyncConnection
) -> None:
    await outbox.put(aconn, LETTER)
    await outbox.put(aconn, Mail("paul@exemple.fr", "s", "t", "test"))
    await outbox.erase(aconn, "marie@EXEMPLE.fr")
    cursor = await aconn.execute("select recipient from catalog.outbox_letter")
    assert await cursor.fetchall() == [("paul@exemple.fr",)]
    assert (await outbox.acounts(aconn)).given_up == 1


def test_mail_without_tls_never_leaves_the_machine(database_settings: Settings) -> None:
    put(database_settings, LETTER)
    here = using(database_settings, 25, host="mail.example.org")
    assert mail.send_waiting(here) == mail.Report(later=1)
    with psycopg.connect(here.database.url) as conn:
        assert "TLS" in str(outbox.counts(conn).last_error)


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A self-signed certificate for 127.0.0.1, and its key in the same file."""
    folder = tmp_path_factory.mktemp("tls")
    subprocess.run(
        ["openssl", "req", "-x509", "-newkey", "rsa:2048", "-nodes", "-days", "1", "-subj",
         "/CN=127.0.0.1", "-addext", "subjectAltName=IP:127.0.0.1", "-keyout", folder / "key.pem",
         "-out", folder / "cert.pem"],
        check=True, capture_output=True,
    )  # fmt: skip
    return folder


@pytest.mark.parametrize("trusted", [True, False])
def test_the_servers_certificate_is_verified(
    database_settings: Settings, certificate: Path, free_port: Callable[[], int], trusted: bool
) -> None:
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(certificate / "cert.pem", certificate / "key.pem")
    box = Mailbox()
    controller = Controller(
        box, hostname="127.0.0.1", port=free_port(), tls_context=context, require_starttls=True
    )
    controller.start()
    try:
        ca_file = str(certificate / "cert.pem") if trusted else ""
        here = using(database_settings, controller.port, tls="starttls", ca_file=ca_file)
        put(here, LETTER)
        expected = mail.Report(sent=1) if trusted else mail.Report(later=1)
        assert mail.send_waiting(here) == expected
        assert len(box.received) == trusted
    finally:
        controller.stop()


def test_a_server_without_starttls_gets_nothing(
    database_settings: Settings, mailbox: Mailbox
) -> None:
    here = using(database_settings, mailbox.port, tls="starttls")
    put(here, LETTER)
    assert mail.send_waiting(here) == mail.Report(later=1)
    assert mailbox.received == []


async def test_the_worker_sends_what_waits(database_settings: Settings, mailbox: Mailbox) -> None:
    here = using(database_settings, mailbox.port, poll_seconds=1)
    put(here, LETTER)
    sender = asyncio.create_task(mail.run(here))
    try:
        async with asyncio.timeout(20):
            while not mailbox.received:  # noqa: ASYNC110 (what another thread fills)
                await asyncio.sleep(0.05)
    finally:
        sender.cancel()
        await asyncio.gather(sender, return_exceptions=True)
