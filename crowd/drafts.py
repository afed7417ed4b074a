"""Drafts: what somebody wrote and has not sent. Forgotten after two days.

The address of a draft holds 256 random bits and is known to its author alone; the database holds
their hash.
"""

import json
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import psycopg

from catalog.database.queries import query
from config.errors import NotFound
from crowd.contributions import token_hash
from crowd.photos import Photo

KEPT_HOURS = 48


@dataclass(frozen=True, slots=True)
class Draft:
    """What was written: the fields of the form, when that form was shown, how many photos."""

    fields: Mapping[str, str]
    opened_at: datetime
    created_at: datetime
    photos: int


def new_secret() -> str:
    return secrets.token_urlsafe(32)


async def keep(
    aconn: psycopg.AsyncConnection[Any],
    secret: str,
    fields: Mapping[str, str],
    opened_at: datetime,
) -> None:
    """Keep a draft under its secret."""
    text = json.dumps(dict(fields), ensure_ascii=False)
    values = {"token_hash": token_hash(secret), "fields": text, "opened_at": opened_at}
    await aconn.execute(query("crowd", "draft_keep"), values)


async def read(aconn: psycopg.AsyncConnection[Any], secret: str) -> Draft:
    """Raises NotFound: never kept, sent since, or forgotten."""
    values = {"token_hash": token_hash(secret), "hours": KEPT_HOURS}
    row = await (await aconn.execute(query("crowd", "draft_read"), values)).fetchone()
    if row is None:
        raise NotFound("This draft is not kept any more: it was sent, or is older than two days.")
    return Draft(*row)


async def attach(aconn: psycopg.AsyncConnection[Any], secret: str, photo: Photo) -> None:
    """Put a photo with a draft; a draft has one photo, the last one."""
    values = {"token_hash": token_hash(secret), "body": photo.body, "width": photo.width,
              "height": photo.height}  # fmt: skip
    async with aconn.transaction():
        await aconn.execute(query("crowd", "draft_photo_drop"), {"token_hash": token_hash(secret)})
        await aconn.execute(query("crowd", "draft_photo_add"), values)


async def detach(aconn: psycopg.AsyncConnection[Any], secret: str) -> None:
    await aconn.execute(query("crowd", "draft_photo_drop"), {"token_hash": token_hash(secret)})


async def photo_of(aconn: psycopg.AsyncConnection[Any], secret: str) -> bytes:
    """The photo of a draft. Raises NotFound."""
    values = {"token_hash": token_hash(secret)}
    row = await (await aconn.execute(query("crowd", "draft_photo"), values)).fetchone()
    if row is None:
        raise NotFound("This draft has no photo.")
    return bytes(row[0])
