"""Answers that somebody asked to keep. What is kept is the answer's bytes, not a way to make it
again: a permalink replays the same bytes after any upgrade of a model, or its removal.
"""

import gzip
import secrets
from typing import Any

from psycopg import AsyncConnection

from catalog.database.queries import query
from config.errors import NotFound

IDENTIFIER_BYTES = 16  # 128 random bits: nobody finds what somebody else simulated


async def keep(conn: AsyncConnection[Any], simulator: str, model: str, body: bytes) -> str:
    """Keep an answer; its identifier, which is the only way to it."""
    identifier = secrets.token_urlsafe(IDENTIFIER_BYTES)
    packed = gzip.compress(body, mtime=0)
    values = {"id": identifier, "simulator": simulator, "model": model, "body": packed}
    await conn.execute(query("simulators", "keep_answer"), values)
    return identifier


async def kept(conn: AsyncConnection[Any], simulator: str, identifier: str) -> bytes:
    """The very bytes that were kept. Raises NotFound."""
    values = {"id": identifier, "simulator": simulator}
    cursor = await conn.execute(query("simulators", "kept_answer"), values)
    row = await cursor.fetchone()
    if row is None:
        raise NotFound("No answer was kept under this identifier.")
    return gzip.decompress(row[0])
