"""Passwords: argon2id, in two threads at most, so that guesses never take the machine.

A guess at an account that does not exist costs the same time as another: nobody learns by the
clock who moderates.
"""

import asyncio
from concurrent.futures import ThreadPoolExecutor

from argon2 import PasswordHasher
from argon2.exceptions import InvalidHashError, VerificationError

from config.errors import Invalid, Unavailable

SHORTEST, LONGEST = 12, 200  # characters; no rule of composition, as ANSSI and NIST advise
MOST_WAITING = 20  # verifications: 10 s of two cores; more are told to come back
# RFC 9106's second choice: 64 MiB, 3 passes. One lane: the two threads are the lanes.
_HASHER = PasswordHasher(time_cost=3, memory_cost=65536, parallelism=1)


def hashed(password: str, email: str) -> str:
    """The hash to keep. Raises Invalid when the password is too short, or is the address."""
    if not SHORTEST <= len(password) <= LONGEST:
        raise Invalid(f"A password has {SHORTEST} to {LONGEST} characters.", parameter="password")
    if len(set(password)) < 5 or password.strip().lower() == email.strip().lower():
        raise Invalid("This password would be guessed at once.", parameter="password")
    return _HASHER.hash(password)


def matches(password_hash: str, password: str) -> bool:
    try:
        return _HASHER.verify(password_hash, password)
    except (VerificationError, InvalidHashError):
        return False


class Verifier:
    """Verifies without holding the event loop, two at a time."""

    def __init__(self, threads: int = 2) -> None:
        self._pool = ThreadPoolExecutor(threads, thread_name_prefix="argon2")
        self._waiting = 0
        self._nobody: str | None = None

    async def verify(self, password_hash: str | None, password: str) -> bool:
        """Whether the password is the one; None costs the same time and is False.

        Raises Unavailable when too many wait already.
        """
        if self._waiting >= MOST_WAITING:
            raise Unavailable("Too many people are logging in at this moment; try again.")
        self._waiting += 1
        try:
            loop = asyncio.get_running_loop()
            return await loop.run_in_executor(self._pool, self._verify, password_hash, password)
        finally:
            self._waiting -= 1

    def _verify(self, password_hash: str | None, password: str) -> bool:
        if len(password) > LONGEST:
            password = password[:LONGEST] + "\x00"  # never right, and costs no more than another
        if password_hash is None:
            if self._nobody is None:
                self._nobody = _HASHER.hash("the account that nobody has")
            matches(self._nobody, password)
            return False
        return matches(password_hash, password)

    def close(self) -> None:
        self._pool.shutdown(wait=False, cancel_futures=True)
