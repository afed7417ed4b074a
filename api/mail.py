"""Send what waits in the outbox: the only door for mails, run by the worker.

smtplib in a thread, over verified TLS. Delivery is at least once: a mail that was accepted just
before a crash is sent again under the same Message-ID, which mail systems recognise.
"""

import asyncio
import ipaddress
import logging
import re
import smtplib
import ssl
from dataclasses import dataclass
from datetime import UTC
from email.headerregistry import Address
from email.message import EmailMessage
from email.policy import SMTP
from email.utils import format_datetime

import psycopg

from catalog import outbox
from catalog.database import pools
from catalog.outbox import Waiting
from config.errors import GuichetError, Invalid
from config.settings import MailSettings, Settings
from crowd import retention

log = logging.getLogger("guichet.mail")
_ANY_ADDRESS = re.compile(r"[^\s<>]+@[^\s<>]+")
_SWEEP_SECONDS = 3600.0


@dataclass(frozen=True, slots=True)
class Report:
    """What one pass did."""

    sent: int = 0
    later: int = 0
    given_up: int = 0


def ready(settings: Settings) -> bool:
    """Whether a mail server is configured; without one mails wait, and nothing is lost."""
    return bool(settings.mail.host)


def compose(settings: MailSettings, waiting: Waiting) -> EmailMessage:
    """The message of a mail. The policy refuses a header that holds a line break."""
    mail = waiting.mail
    sender = outbox.mailbox(settings.sender, parameter="mail.sender")
    message = EmailMessage(policy=SMTP)
    message["From"] = Address(settings.sender_name, addr_spec=sender)
    message["To"] = Address(addr_spec=mail.to)
    if mail.reply_to:
        message["Reply-To"] = Address(addr_spec=mail.reply_to)
    message["Subject"] = mail.subject
    message["Date"] = format_datetime(waiting.created_at.astimezone(UTC))
    stamp = int(waiting.created_at.timestamp() * 1_000_000)
    message["Message-ID"] = f"<guichet-{waiting.id}-{stamp}@{sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # so that absences are not answered to us
    message.set_content(mail.text)
    return message


def wait_before(settings: MailSettings, attempt: int) -> float:
    """Seconds until the next attempt: doubled each time, up to `longest_wait_seconds`."""
    return float(
        min(settings.longest_wait_seconds, settings.first_wait_seconds * 2 ** (attempt - 1))
    )


def send_waiting(settings: Settings) -> Report:
    """Take what is due, send it over one connection, and write down what became of each."""
    if not ready(settings):
        return Report()
    outbox.mailbox(settings.mail.sender, parameter="mail.sender")  # before any mail is touched
    with pools.connect(settings, "cli") as conn:
        taken = outbox.take(conn, settings.mail.batch)
        conn.commit()  # they are ours for the lease: nobody waits on a mail server for a lock
        if not taken:
            return Report()
        done = Report()
        try:
            with _server(settings.mail) as server:
                for position, one in enumerate(taken):
                    try:
                        server.send_message(compose(settings.mail, one))
                    except smtplib.SMTPServerDisconnected as error:
                        return _all_later(settings, conn, taken[position:], error, done)
                    except (smtplib.SMTPException, ValueError, GuichetError) as error:
                        done = _refused(settings, conn, one, error, done)
                    else:
                        outbox.sent(conn, [one.id])
                        done = Report(done.sent + 1, done.later, done.given_up)
                    conn.commit()  # what was sent stays sent, whatever happens to the next one
        except (smtplib.SMTPException, OSError, Invalid) as error:
            remaining = taken[done.sent + done.later + done.given_up :]
            return _all_later(settings, conn, remaining, error, done)
        return done


def _server(settings: MailSettings) -> smtplib.SMTP:
    """A connection that has said hello, in TLS whose certificate was verified, logged in."""
    context = ssl.create_default_context(cafile=settings.ca_file or None)
    if settings.tls == "none" and not _loopback(settings.host):
        raise Invalid("Mail without TLS is for a server on this very machine.")
    if settings.tls == "implicit":
        server: smtplib.SMTP = smtplib.SMTP_SSL(
            settings.host, settings.port, timeout=settings.timeout_seconds, context=context
        )
    else:
        server = smtplib.SMTP(settings.host, settings.port, timeout=settings.timeout_seconds)
    try:
        if settings.tls == "starttls":
            server.starttls(context=context)  # raises when the server does not offer it
        if settings.user:
            server.login(settings.user, settings.password.get_secret_value())
    except BaseException:
        server.close()
        raise
    return server


def _loopback(host: str) -> bool:
    if host == "localhost":
        return True
    try:
        return ipaddress.ip_address(host).is_loopback
    except ValueError:
        return False


def _refused(
    settings: Settings,
    conn: psycopg.Connection,
    one: Waiting,
    error: Exception,
    done: Report,
) -> Report:
    """One mail was refused: for ever (an unknown mailbox), or for now (greylisting)."""
    give_up = _permanent(error) or one.attempt >= settings.mail.most_attempts
    wait = wait_before(settings.mail, one.attempt)
    outbox.not_sent(conn, one.id, _told(error), wait=wait, give_up=give_up)
    log.warning("mail %s was refused (attempt %s): %s", one.id, one.attempt, _told(error))
    return Report(done.sent, done.later + (not give_up), done.given_up + give_up)


def _all_later(
    settings: Settings,
    conn: psycopg.Connection,
    waiting: list[Waiting],
    error: Exception,
    done: Report,
) -> Report:
    """The server is away: that is nobody's refusal, and no number of attempts gives up."""
    conn.rollback()
    for one in waiting:
        wait = wait_before(settings.mail, one.attempt)
        outbox.not_sent(conn, one.id, _told(error), wait=wait, give_up=False)
    conn.commit()
    log.warning("the mail server does not take mails: %s", _told(error))
    return Report(done.sent, done.later + len(waiting), done.given_up)


def _permanent(error: Exception) -> bool:
    if isinstance(error, smtplib.SMTPRecipientsRefused):
        codes = [code for code, _ in error.recipients.values()]
        return bool(codes) and all(500 <= code < 600 for code in codes)
    if isinstance(error, smtplib.SMTPResponseException):
        return 500 <= error.smtp_code < 600 and not isinstance(error, smtplib.SMTPSenderRefused)
    return isinstance(error, ValueError | GuichetError)


def _told(error: Exception) -> str:
    """The error in one line, without anybody's address."""
    said = " ".join(f"{type(error).__name__}: {error}".split())
    return _ANY_ADDRESS.sub("<address>", said)[:300]


async def run(settings: Settings) -> None:
    """Send what is due every `poll_seconds`, until cancelled; erase old letters every hour."""
    loop = asyncio.get_running_loop()
    swept = -_SWEEP_SECONDS
    while True:
        try:
            await asyncio.to_thread(send_waiting, settings)
            if loop.time() - swept >= _SWEEP_SECONDS:
                swept = loop.time()
                await asyncio.to_thread(sweep, settings)
        except (psycopg.Error, GuichetError, OSError):
            log.warning("mails could not be sent now", exc_info=True)
        await asyncio.sleep(settings.mail.poll_seconds)


def sweep(settings: Settings) -> int:
    """Erase the letters whose time is over, and what else was kept of people long enough."""
    with pools.connect(settings, "cli") as conn:
        erased = outbox.sweep(conn, settings.mail.keep_letters_days)
        retention.sweep(conn, settings)
        return erased
