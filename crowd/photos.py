"""Photos that people send: made again by us, so that nothing of the file that came remains.

The file never touches our own process's decoders: `crowd.photo_sandbox` opens it in a process with
limits, at most two at once, and gives back a new JPEG without any metadata.
"""

import asyncio
import struct
import sys
from dataclasses import dataclass
from pathlib import Path

from config.errors import Invalid, Unavailable

MOST_BYTES = 12_000_000  # of a file that is sent: what telephones make
SECONDS = 20.0
MOST_WAITING = 10
_SANDBOX = Path(__file__).with_name("photo_sandbox.py")
_HEAD = struct.Struct(">II")


@dataclass(frozen=True, slots=True)
class Photo:
    """A JPEG of ours, upright, without metadata."""

    body: bytes
    width: int
    height: int


class Darkroom:
    """Makes photos again, a few at once."""

    def __init__(self, at_once: int = 2) -> None:
        self._turn = asyncio.Semaphore(at_once)
        self._waiting = 0

    async def develop(self, data: bytes) -> Photo:
        """A new picture of what is seen on the one that was sent.

        Raises Invalid for what is no picture, too large or broken; Unavailable when too many wait.
        """
        if not data or len(data) > MOST_BYTES:
            raise Invalid("too-large" if data else "not-a-picture", parameter="photo")
        if self._waiting >= MOST_WAITING:
            raise Unavailable("Too many photos are being received; send this one in a moment.")
        self._waiting += 1
        try:
            async with self._turn:
                return await self._develop(data)
        finally:
            self._waiting -= 1

    async def _develop(self, data: bytes) -> Photo:
        process = await asyncio.create_subprocess_exec(
            sys.executable,
            "-I",
            str(_SANDBOX),
            stdin=asyncio.subprocess.PIPE,
            stdout=asyncio.subprocess.PIPE,
            stderr=asyncio.subprocess.DEVNULL,
            env={"LC_ALL": "C.UTF-8"},
            cwd="/",
        )
        try:
            async with asyncio.timeout(SECONDS):
                out, _ = await process.communicate(data)
        except TimeoutError:
            raise Invalid("not-a-picture", parameter="photo") from None
        finally:
            if process.returncode is None:
                process.kill()
                await process.wait()
        if process.returncode != 0 or len(out) <= _HEAD.size:
            raise Invalid("not-a-picture", parameter="photo")
        width, height = _HEAD.unpack_from(out)
        return Photo(out[_HEAD.size :], width, height)
