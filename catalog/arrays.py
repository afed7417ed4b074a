"""Status arrays: one byte per commune number, for one service at one instant.

The byte is a `catalog.states.State`; item 0 is nobody; what no source proves is 0, unknown.
An array changes only at the instants where an interval begins or ends, so the cache keeps one
per such span of time, and the slider that moves within a span costs nothing.
"""

import asyncio
from bisect import bisect_right
from collections import OrderedDict
from collections.abc import Collection, Sequence
from datetime import UTC, date, datetime
from typing import Any

import numpy as np
import psycopg
from numpy.typing import NDArray
from psycopg_pool import AsyncConnectionPool

from catalog.database.queries import query
from catalog.referential import BUNDLE_ID, Referential, current
from catalog.states import State

Bytes = NDArray[np.uint8]
MAX_ARRAYS = 256  # of some 35 kB each: 9 MB a process
# What `array_send` gives: a header of 20 bytes, then each item as its length and its bytes.
_HEADER = 20
_INT4 = np.dtype([("length", ">i4"), ("value", ">i4")])
_INT2 = np.dtype([("length", ">i4"), ("value", ">i2")])


async def read(
    aconn: psycopg.AsyncConnection[Any],
    service_id: str,
    at: datetime,
    referential: Referential | None = None,
) -> Bytes:
    """State bytes by commune number, as long as the highest number plus one. Read-only.

    `service_id` may be the minimum bundle. Raises NotFound for an unknown service.
    """
    book = referential or current()
    if service_id == BUNDLE_ID:
        members = {one: await read(aconn, one, at, book) for one in book.bundle}
        return bundle(members, book)
    book.service(service_id)
    cursor = await aconn.execute(
        query("catalog", "status_array"), {"service": service_id, "at": at}
    )
    row = await cursor.fetchone()
    length, numbers, states = row if row else (0, None, None)
    array = np.zeros(length + 1, np.uint8)
    if numbers is not None and states is not None:
        array[_items(numbers, _INT4)] = _items(states, _INT2)
    array.flags.writeable = False
    return array


def _items(sent: bytes, kind: np.dtype[Any]) -> NDArray[Any]:
    """The integers of an array as PostgreSQL sends it in binary."""
    found: NDArray[Any] = np.frombuffer(sent, kind, offset=_HEADER)["value"]
    return found


def bundle(members: dict[str, Bytes], referential: Referential) -> Bytes:
    """The minimum bundle of each commune, from the arrays of its services.

    A commune is worth its least advanced service: unknown as soon as one is unknown; services
    of another body are left out (a commune with nothing else gets OTHER_BODY). A service that
    is complete below level 3 counts as level 3, so that the bundle is present exactly when
    each of its services is (docs/decisions/minimum-bundle.md). Read-only.
    """
    lowest = np.full(len(next(iter(members.values()))), 255, np.uint8)
    for service_id, array in members.items():
        full_level = referential.service(service_id).full_level
        worth = array.copy()
        if full_level < 3:
            complete = array >= State.of_level(full_level)
            worth[complete] = np.maximum(worth[complete], State.TWO_WAY)
        worth[array == State.OTHER_BODY] = 255
        np.minimum(lowest, worth, out=lowest)
    lowest[lowest == 255] = State.OTHER_BODY
    lowest[0] = State.UNKNOWN
    lowest.flags.writeable = False
    return lowest


async def known_share(aconn: psycopg.AsyncConnection[Any], service_id: str, at: datetime) -> float:
    """The share of communes whose state is not unknown, 0 to 1. Raises NotFound."""
    cursor = await aconn.execute(query("catalog", "status_commune_count"))
    row = await cursor.fetchone()
    total = row[0] if row else 0
    array = await read(aconn, service_id, at)
    return int(np.count_nonzero(array)) / total if total else 0.0


async def breakpoints(
    aconn: psycopg.AsyncConnection[Any], communes: Sequence[int] | None = None
) -> list[date]:
    """The days (UTC) up to today on which the state of anything changes, oldest first; of these
    communes only, when they are given."""
    cursor = await aconn.execute(
        query("catalog", "status_breakpoints"),
        {"communes": None if communes is None else list(communes)},
    )
    return [row[0] for row in await cursor.fetchall()]


class StatusArrays:
    """The arrays of one publication, read when first asked for and kept within bounds.

    Make a new one for each generation: what an old one holds stays as it was.
    """

    def __init__(
        self,
        pool: AsyncConnectionPool,
        referential: Referential | None = None,
        max_arrays: int = MAX_ARRAYS,
    ) -> None:
        self._pool = pool
        self._referential = referential or current()
        self._max = max_arrays
        self._held: OrderedDict[tuple[str, int], Bytes] = OrderedDict()
        self._reading: dict[tuple[str, int], asyncio.Future[Bytes]] = {}
        self._changes: dict[str, list[datetime]] | None = None
        self._stale: frozenset[str] = frozenset()  # services whose instants are to be read again
        self._changes_lock = asyncio.Lock()

    def without(self, services: Collection[str]) -> "StatusArrays":
        """The arrays after these services changed: the others' are kept, and so is this object,
        which requests that began with it still read."""
        fresh = StatusArrays(self._pool, self._referential, self._max)
        stale = set(services)
        if stale.intersection(self._referential.bundle):
            stale.add(BUNDLE_ID)
        fresh._held.update((key, held) for key, held in self._held.items() if key[0] not in stale)
        if self._changes is not None:
            fresh._changes = {
                one: instants for one, instants in self._changes.items() if one not in stale
            }
            fresh._stale = frozenset(stale)
        return fresh

    async def get(self, service_id: str, at: datetime) -> Bytes:
        """State bytes by commune number; see `read`. Read-only and shared. Raises NotFound."""
        if service_id != BUNDLE_ID:
            self._referential.service(service_id)
        changes = await self._instants(service_id)
        key = (service_id, bisect_right(changes, at))
        if key in self._held:
            self._held.move_to_end(key)
            return self._held[key]
        if key in self._reading:
            # Another request is reading this array: wait for it, and let it live if we leave.
            return await asyncio.shield(self._reading[key])
        future: asyncio.Future[Bytes] = asyncio.get_running_loop().create_future()
        self._reading[key] = future
        try:
            array = await self._read(service_id, at)
        except BaseException as error:
            future.set_exception(
                error if isinstance(error, Exception) else asyncio.CancelledError()
            )
            future.exception()  # seen: nobody may be waiting for it
            raise
        else:
            future.set_result(array)
            self._keep(key, array)
            return array
        finally:
            del self._reading[key]

    async def members(self, at: datetime) -> list[Bytes]:
        """The arrays of the minimum bundle's services, in its order."""
        return [await self.get(one, at) for one in self._referential.bundle]

    async def _read(self, service_id: str, at: datetime) -> Bytes:
        if service_id == BUNDLE_ID:
            members = {one: await self.get(one, at) for one in self._referential.bundle}
            return bundle(members, self._referential)
        async with self._pool.connection() as aconn:
            return await read(aconn, service_id, at, self._referential)

    def _keep(self, key: tuple[str, int], array: Bytes) -> None:
        self._held[key] = array
        while len(self._held) > self._max:
            self._held.popitem(last=False)

    async def _instants(self, service_id: str) -> Sequence[datetime]:
        """When the array of a service changes, in order."""
        if self._changes is None or self._stale:
            async with self._changes_lock:
                if self._changes is None or self._stale:
                    self._changes = await self._read_changes(self._changes)
                    self._stale = frozenset()
        return self._changes.get(service_id, [])

    async def _read_changes(
        self, held: dict[str, list[datetime]] | None
    ) -> dict[str, list[datetime]]:
        """The instants of every service: those we hold, and those of the stale ones anew."""
        services = None if held is None else sorted(self._stale)
        async with self._pool.connection() as aconn:
            cursor = await aconn.execute(query("catalog", "status_changes"), {"services": services})
            read = {
                service: [instant.astimezone(UTC) for instant in instants]
                for service, instants in await cursor.fetchall()
            }
        found = {**(held or {}), **read}
        together = {one for member in self._referential.bundle for one in found.get(member, [])}
        found[BUNDLE_ID] = sorted(together)
        return found
