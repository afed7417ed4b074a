"""How many requests one network address may make: a token bucket per peer and process."""

import ipaddress
import logging
import time
from collections import OrderedDict
from collections.abc import Callable, Collection

log = logging.getLogger("guichet.web")
_MOST_PEERS = 50_000  # about 10 MB; the peer seen longest ago is forgotten first


class RateBudget:
    """`per_second` tokens a second, at most `burst` saved; 0 per second lets all through."""

    def __init__(
        self, per_second: float, burst: float, clock: Callable[[], float] = time.monotonic
    ) -> None:
        self._rate, self._burst, self._clock = per_second, burst, clock
        self._peers: OrderedDict[str, tuple[float, float]] = OrderedDict()

    def wait(self, peer: str) -> float:
        """Spend one token. 0.0: go on; otherwise the seconds until there is one."""
        if self._rate <= 0:
            return 0.0
        now = self._clock()
        tokens, then = self._peers.pop(peer, (self._burst, now))
        tokens = min(self._burst, tokens + (now - then) * self._rate)
        missing = max(0.0, 1.0 - tokens)
        self._peers[peer] = (tokens if missing else tokens - 1.0, now)
        if len(self._peers) > _MOST_PEERS:
            self._peers.popitem(last=False)
        return missing / self._rate

    def left(self, peer: str) -> tuple[int, int, int]:
        """Tokens left to a peer, the most it may save, and the seconds in which those come back.

        Three zeros when there is no budget.
        """
        if self._rate <= 0:
            return (0, 0, 0)
        tokens, then = self._peers.get(peer, (self._burst, self._clock()))
        now = min(self._burst, tokens + (self._clock() - then) * self._rate)
        return (int(now), int(self._burst), max(1, round(self._burst / self._rate)))


def wait_or_pass(budget: RateBudget, peer: str) -> float:
    """`budget.wait(peer)`; a budget that fails refuses nobody."""
    try:
        return budget.wait(peer)
    except Exception:
        log.exception("a rate budget failed")
        return 0.0


def told(budget: RateBudget, peer: str) -> dict[str, str]:
    """What is left to a peer, as headers; none without a budget, or when it fails."""
    try:
        left, most, seconds = budget.left(peer)
    except Exception:  # told by the limiter's own check, which let this request through
        return {}
    if not most:
        return {}
    return {
        "RateLimit-Policy": f'"address";q={most};w={seconds}',
        "RateLimit": f'"address";r={left};t={seconds}',
    }


def peer_of(socket_peer: str, forwarded_for: str | None, trusted: Collection[str]) -> str:
    """Whose budget a request spends: the socket's peer, or what a *listed* proxy says.

    From the right, the first address of X-Forwarded-For that is not itself a listed proxy.
    An IPv6 visitor is counted by /64, since one subscriber owns that many addresses.
    """
    found = socket_peer
    if socket_peer in trusted and forwarded_for and len(forwarded_for) <= 1000:
        for text in reversed(forwarded_for.split(",")):
            candidate = text.strip()
            try:
                ipaddress.ip_address(candidate)
            except ValueError:
                break
            found = candidate
            if candidate not in trusted:
                break
    if ":" not in found:
        return found  # IPv4, as it is written: nothing to read
    try:
        address = ipaddress.ip_address(found)
    except ValueError:
        return found
    if address.version == 6 and address.ipv4_mapped is None:
        return str(ipaddress.ip_network((address, 64), strict=False))
    return str(address)
