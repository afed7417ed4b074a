"""Signatures of webhooks, in the form of Standard Webhooks: whoever holds the secret can check.

What is signed is the message's id, its time and its very bytes, so that neither an old message
nor another one's can be sent again by somebody who saw it.
"""

import base64
import hmac
import secrets
from collections.abc import Iterable

SECRET_BYTES = 32
PREFIX = "whsec_"


def new_secret() -> bytes:
    return secrets.token_bytes(SECRET_BYTES)


def shown(secret: bytes) -> str:
    """A secret as it is told, once."""
    return PREFIX + base64.b64encode(secret).decode()


def headers(held: Iterable[bytes], message: str, seconds: int, body: bytes) -> dict[str, str]:
    """The three headers of a message, with one signature for each secret, the newest first."""
    signed = f"{message}.{seconds}.".encode() + body
    signatures = [
        "v1," + base64.b64encode(hmac.digest(secret, signed, "sha256")).decode() for secret in held
    ]
    return {
        "Webhook-Id": message,
        "Webhook-Timestamp": str(seconds),
        "Webhook-Signature": " ".join(signatures),
    }
