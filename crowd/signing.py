"""Signed form tokens: when a form was opened, and a number that makes its submission one.

The keys are in the database, made at random by the first process that needs one, so that all
processes and machines sign alike and nothing secret is in a file.
"""

import base64
import hashlib
import hmac
import secrets
import struct
import time
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

import psycopg

from catalog.database.queries import query
from config.errors import Refused

REREAD_SECONDS = 60.0  # a rotated key is known to every process within this
NONCE_BYTES = 16
_HEAD = struct.Struct(">QQ")  # key id, issued at (milliseconds)
_SIZE = _HEAD.size + NONCE_BYTES + hashlib.sha256().digest_size


class BadToken(Refused):
    """The form's token is not ours, is too old, or is of another form."""


@dataclass(frozen=True, slots=True)
class FormToken:
    """A form that we sent: `nonce` is its own, whoever sends it back and however often."""

    issued_at: datetime
    nonce: bytes


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys that are believed now, by id; `current` signs."""

    current: int
    by_id: dict[int, bytes]

    def issue(self, purpose: str, now: datetime) -> str:
        """A token for one form of this purpose."""
        head = _HEAD.pack(self.current, int(now.timestamp() * 1000))
        body = head + secrets.token_bytes(NONCE_BYTES)
        return base64.urlsafe_b64encode(body + self._mac(self.current, purpose, body)).decode()

    def read(self, token: str, purpose: str, now: datetime, longest: timedelta) -> FormToken:
        """What a token says. Raises BadToken; one is too old after `longest`."""
        try:
            data = base64.urlsafe_b64decode(token.encode("ascii"))
        except (ValueError, UnicodeEncodeError):
            raise BadToken("The form's token cannot be read: open the form again.") from None
        if len(data) != _SIZE or base64.urlsafe_b64encode(data).decode() != token:
            raise BadToken("The form's token cannot be read: open the form again.")
        key_id, milliseconds = _HEAD.unpack_from(data)
        body, mac = data[: -hashlib.sha256().digest_size], data[-hashlib.sha256().digest_size :]
        if key_id not in self.by_id or not hmac.compare_digest(
            mac, self._mac(key_id, purpose, body)
        ):
            raise BadToken("The form's token is not one of ours: open the form again.")
        issued = datetime.fromtimestamp(milliseconds / 1000, UTC)
        if not timedelta(0) <= now - issued <= longest:
            raise BadToken("The form was open for too long: open it again.")
        return FormToken(issued, body[_HEAD.size :])

    def seal(self, purpose: str, number: int) -> str:
        """A number that only comes back to us from somebody whom we gave it."""
        body = _HEAD.pack(self.current, number)
        return base64.urlsafe_b64encode(body + self._mac(self.current, purpose, body)).decode()

    def unseal(self, purpose: str, text: str) -> int | None:
        """The number that was sealed; None when it was not by us, or for something else."""
        try:
            data = base64.urlsafe_b64decode(text.encode("ascii"))
        except (ValueError, UnicodeEncodeError):
            return None
        if len(data) != _HEAD.size + hashlib.sha256().digest_size:
            return None
        body, mac = data[: _HEAD.size], data[_HEAD.size :]
        key_id, number = _HEAD.unpack(body)
        if key_id not in self.by_id:
            return None
        same = hmac.compare_digest(mac, self._mac(key_id, purpose, body))
        return int(number) if same else None

    def keyed(self, purpose: str, text: str) -> bytes:
        """A hash of something personal that only we can make again, with the current key."""
        said = f"{purpose}\x00{text}".encode()
        return hmac.digest(self.by_id[self.current], said, "sha256")

    def _mac(self, key_id: int, purpose: str, body: bytes) -> bytes:
        return hmac.digest(self.by_id[key_id], purpose.encode() + b"\x00" + body, "sha256")


class Keyring:
    """The keys of the database, read again every minute."""

    def __init__(self) -> None:
        self._keys: Keys | None = None
        self._read_at = 0.0

    @property
    def held(self) -> Keys | None:
        """The keys, when they were read within the minute: no question to the database."""
        fresh = time.monotonic() - self._read_at <= REREAD_SECONDS
        return self._keys if fresh else None

    async def keys(self, aconn: psycopg.AsyncConnection[Any]) -> Keys:
        if (held := self.held) is not None:
            return held
        self._keys = await believed(aconn)
        self._read_at = time.monotonic()
        return self._keys


async def believed(aconn: psycopg.AsyncConnection[Any]) -> Keys:
    """The keys that are believed now; the first one is made when there is none."""
    for _ in range(2):
        rows = await (await aconn.execute(query("crowd", "signing_keys"))).fetchall()
        current = [id_ for id_, _, ends_at in rows if ends_at is None]
        if current:
            return Keys(current[0], {id_: bytes(key) for id_, key, _ in rows})
        made = {"key": secrets.token_bytes(32)}
        await aconn.execute(query("crowd", "signing_key_add"), made)
    raise BadToken("There is no signing key.")


def rotate(conn: psycopg.Connection[Any], overlap: timedelta) -> None:
    """A new key signs from now on; the former is believed for `overlap`. The caller commits."""
    conn.execute(query("crowd", "signing_key_end"), {"seconds": overlap.total_seconds()})
    conn.execute(query("crowd", "signing_key_add"), {"key": secrets.token_bytes(32)})
