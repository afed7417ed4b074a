"""The one guarded outbound client: nothing else in the project opens a connection to the world.

Each answer is written to a file as it came, under caps on its size (as sent and as unpacked), on
its total time and on its slowness; a cut answer is an error, never a smaller file. Redirects are
followed by hand, each one judged again. No proxy, cookie or password of the environment is used.
"""

import email.utils
import re
import ssl
import time
import zlib
from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import Any
from urllib.parse import urljoin

import httpcore
import httpx

from config.errors import Invalid, Refused, Unavailable
from config.settings import Settings
from harvest.outbound_guard import Guard

REDIRECTS = 5
AGENT = "Guichet/0.1 (independent hub of French local public services; harvester)"
BROKEN = (
    httpx.HTTPError,
    httpx.InvalidURL,
    httpcore.NetworkError,
    httpcore.TimeoutException,
    httpcore.ProtocolError,
    httpcore.UnsupportedProtocol,
)
LONGEST_WAIT = 24 * 3600  # seconds: what a server may ask of us with Retry-After
TELL_EVERY = 1 << 20  # bytes between two words on progress

type Told = Callable[[int, int | None], None]


@dataclass(frozen=True, slots=True)
class Limits:
    """What one request may cost. Seconds and bytes; bytes per second over `window` seconds."""

    connect: float = 10
    silence: float = 60
    total: float = 1800
    sent: int = 1 << 30
    unpacked: int = 4 << 30
    ratio: int = 100  # unpacked over sent, once past `ratio_from` unpacked bytes
    ratio_from: int = 10 << 20
    rate: float = 1000
    window: float = 60

    @classmethod
    def of(cls, settings: Settings) -> "Limits":
        own = settings.harvest
        return cls(
            silence=own.fetch_timeout_seconds,
            total=own.fetch_total_seconds,
            sent=own.fetch_max_bytes,
            unpacked=own.fetch_max_bytes,
        )


@dataclass(frozen=True, slots=True)
class Fetched:
    """An answer, in a file as it was sent. `gzipped`: as the server packed it for the way."""

    url: str  # where the last redirect led
    status: int  # 200, or 304 when what we hold is still good
    headers: dict[str, str] = field(default_factory=dict)
    size: int = 0
    gzipped: bool = False


class Answered(Unavailable):
    """The server answers with a status that is not a success."""

    def __init__(self, url: str, status: int) -> None:
        super().__init__(f"{url} answers {status}.")
        self.status = status


class TryLater(Unavailable):
    """The server asks us to come back in `seconds`."""

    def __init__(self, message: str, seconds: int, status: int | None = None) -> None:
        super().__init__(message)
        self.seconds = seconds
        self.status = status


def fetch(
    url: str,
    into: Path,
    limits: Limits,
    guard: Guard | None = None,
    *,
    known_etag: str | None = None,
    known_modified: str | None = None,
    accept: str = "*/*",
    agent: str = AGENT,
    tell: Told | None = None,
) -> Fetched:
    """GET `url` into the file `into`, which is removed again when anything goes wrong.

    `known_etag` and `known_modified` are what the server said of the copy that we hold: without
    one, a 304 makes no sense and the whole is asked for once more.

    `tell(bytes so far, bytes in all or None)` hears of the progress. Raises Refused when the
    address or a redirect is not for us to follow, Invalid when the answer breaks a cap or its
    own announcement, Unavailable when the server does not answer well (TryLater when it names a
    time).
    """
    guard = guard or Guard()
    headers = {"Accept": accept, "Accept-Encoding": "gzip", "User-Agent": agent}
    if known_etag:
        headers["If-None-Match"] = known_etag
    if known_modified and _past(known_modified):  # a date to come would never change again
        headers["If-Modified-Since"] = known_modified
    held = "If-None-Match" in headers or "If-Modified-Since" in headers
    watch = _Watch(limits)
    try:
        for _ in range(REDIRECTS + 1):
            guard.target(url)
            with (
                _Transport(guard, watch, limits) as transport,
                httpx.Client(transport=transport, trust_env=False, timeout=None) as client,  # noqa: S113 _Watch times every read
                client.stream("GET", url, headers=headers) as answer,
            ):
                if answer.has_redirect_location:
                    url = _redirect(url, answer)
                    continue
                if answer.status_code == 304 and not held and "Cache-Control" not in headers:
                    headers |= {"Cache-Control": "no-cache", "Pragma": "no-cache"}
                    continue
                return _receive(url, answer, into, limits, held, tell)
        raise Refused(f"{url} redirects more than {REDIRECTS} times.")
    except BROKEN as error:
        into.unlink(missing_ok=True)
        reason = str(error) or type(error).__name__
        raise Unavailable(f"{url} did not answer to the end: {reason}.") from error
    except BaseException:
        into.unlink(missing_ok=True)
        raise


def post(
    url: str,
    body: bytes,
    media_type: str,
    limits: Limits,
    guard: Guard | None = None,
    *,
    headers: Mapping[str, str] | None = None,
    agent: str = AGENT,
    keep: int = 0,
) -> bytes:
    """POST `body` to somebody who asked to be told, and read nothing of the answer but its status,
    and its bytes when some are to be kept: `keep` are the most that it may have.

    A redirect is not followed: who is told is who was named. Raises Refused when the address is
    not for us, Unavailable when it does not answer 2xx (Answered with its status, TryLater when it
    names a time), Invalid when it says more than `keep`.
    """
    guard = guard or Guard()
    guard.target(url)
    watch = _Watch(limits)
    sent = {"Content-Type": media_type, "User-Agent": agent, "Accept-Encoding": "identity"}
    sent |= headers or {}
    try:
        with (
            _Transport(guard, watch, limits) as transport,
            httpx.Client(transport=transport, trust_env=False, timeout=None) as client,  # noqa: S113 _Watch times every read
            client.stream("POST", url, content=body, headers=sent) as answer,
        ):
            status = answer.status_code
            if status in (429, 503) and "retry-after" in answer.headers:
                seconds = _seconds(answer.headers["retry-after"])
                raise TryLater(f"{url} answers {status}: later, in {seconds} s.", seconds, status)
            if not 200 <= status < 300:
                raise Answered(url, status)
            kept = b""
            for chunk in answer.iter_raw() if keep else ():
                kept += chunk
                if len(kept) > keep:
                    raise Invalid(f"{url} answers more than {keep} bytes.")
            return kept
    except BROKEN as error:
        reason = str(error) or type(error).__name__
        raise Unavailable(f"{url} could not be told: {reason}.") from error


def _redirect(url: str, answer: httpx.Response) -> str:
    there = str(urljoin(url, answer.headers.get("location", "")))
    if url.startswith("https:") and not there.startswith("https:"):
        raise Refused(f"{url} redirects to a place without encryption.")
    return there


def _receive(
    url: str,
    answer: httpx.Response,
    into: Path,
    limits: Limits,
    held: bool,
    tell: Told | None,
) -> Fetched:
    if answer.status_code == 304 and held:
        return Fetched(url, 304)
    if answer.status_code in (429, 503) and "retry-after" in answer.headers:
        seconds = _seconds(answer.headers["retry-after"])
        raise TryLater(f"{url} asks to come back in {seconds} s.", seconds)
    if answer.status_code != 200:
        raise Answered(url, answer.status_code)
    packing = answer.headers.get("content-encoding", "identity").strip().lower()
    if packing not in ("identity", "gzip", ""):
        raise Invalid(f"{url} is packed as {packing!r}, which was not asked for.")
    announced = answer.headers.get("content-length", "")
    total = int(announced) if re.fullmatch(r"\d{1,15}", announced) else None
    if total is not None and total > limits.sent:
        raise Invalid(f"{url} announces {total} bytes; {limits.sent} are the most that is read.")
    gzipped = packing == "gzip"
    size = _write(url, answer.iter_raw(1 << 16), into, limits, gzipped, total, tell)
    headers = {name: value for name, value in answer.headers.items() if len(value) < 1000}
    return Fetched(url, 200, headers, size, gzipped)


def _write(
    url: str,
    chunks: Iterable[bytes],
    into: Path,
    limits: Limits,
    gzipped: bool,
    total: int | None,
    tell: Told | None,
) -> int:
    size = told = 0
    unpacked = Unpacked(limits) if gzipped else None
    with into.open("wb") as file:
        for chunk in chunks:
            size += len(chunk)
            if size > limits.sent:
                raise Invalid(f"{url} goes on after {limits.sent} bytes: it is not read.")
            if unpacked is not None:
                unpacked.feed(chunk, size)
            file.write(chunk)
            if tell is not None and size - told >= TELL_EVERY:
                told = size
                tell(size, total)
    if unpacked is not None and not unpacked.whole:
        raise Unavailable(f"{url} was cut before its end.")
    return size


class Unpacked:
    """Measures what gzip bytes unpack to, without keeping it."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.size = 0
        self._inflate = zlib.decompressobj(31)

    @property
    def whole(self) -> bool:
        """Whether the end of the last member was reached."""
        return self._inflate.eof

    def feed(self, chunk: bytes, sent: int) -> None:
        """Count one more chunk. Raises Invalid past a cap, or for bytes that are not gzip."""
        while chunk:
            if self._inflate.eof:  # a file of several members
                self._inflate = zlib.decompressobj(31)
            try:
                piece = self._inflate.decompress(chunk, 1 << 20)
            except zlib.error as error:
                raise Invalid(f"The answer is not the gzip that it says: {error}.") from error
            self.size += len(piece)
            limits = self.limits
            if self.size > limits.unpacked or (
                self.size > limits.ratio_from and self.size > limits.ratio * sent
            ):
                raise Invalid(f"The answer unpacks to more than is read ({self.size} bytes).")
            chunk = (
                self._inflate.unused_data if self._inflate.eof else self._inflate.unconsumed_tail
            )


def unpacked(file: Path, most: int) -> bytes:
    """What a gzip file holds. Raises Invalid past `most` bytes, or when it was cut."""
    inflate = zlib.decompressobj(31)
    try:
        data = inflate.decompress(file.read_bytes(), most + 1)
    except zlib.error as error:
        raise Invalid(f"This is not gzip: {error}.") from error
    if len(data) > most or not inflate.eof:
        raise Invalid(f"This does not end within {most} bytes.")
    return data


def _past(text: str) -> bool:
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return False
    return moment.tzinfo is not None and moment <= datetime.now(UTC)


def _seconds(text: str) -> int:
    """Retry-After, as seconds from now; nonsense waits a minute, the longest wait is a day."""
    if re.fullmatch(r"\d{1,12}", text.strip()):
        return min(int(text), LONGEST_WAIT)
    try:
        moment = email.utils.parsedate_to_datetime(text)
    except ValueError:
        return 60
    if moment.tzinfo is None:
        return 60
    return max(0, min(int((moment - datetime.now(UTC)).total_seconds()), LONGEST_WAIT))


# ------------------------------------------------------------------------------ the connection


class _Watch:
    """The clock of one fetch, redirects included: it ends what is late or too slow."""

    def __init__(self, limits: Limits) -> None:
        self.limits = limits
        self.end = time.monotonic() + limits.total
        self.window = time.monotonic()
        self.received = 0

    def allowance(self, most: float) -> float:
        """Seconds that the next step may take. Raises ReadTimeout when there are none."""
        left = self.end - time.monotonic()
        if left <= 0:
            raise httpcore.ReadTimeout(f"it took more than {self.limits.total:g} s")
        return min(left, most)

    def count(self, size: int) -> None:
        self.received += size
        now = time.monotonic()
        if now - self.window >= self.limits.window:
            if self.received < self.limits.rate * (now - self.window):
                raise httpcore.ReadTimeout(f"it came at less than {self.limits.rate:g} bytes/s")
            self.window, self.received = now, 0


class _Stream(httpcore.NetworkStream):
    """A connection under the watch, also once it is encrypted."""

    def __init__(self, stream: httpcore.NetworkStream, watch: _Watch) -> None:
        self._stream = stream
        self._watch = watch

    def read(self, max_bytes: int, timeout: float | None = None) -> bytes:
        data = self._stream.read(max_bytes, self._watch.allowance(self._watch.limits.silence))
        self._watch.count(len(data))
        return data

    def write(self, buffer: bytes, timeout: float | None = None) -> None:
        self._stream.write(buffer, self._watch.allowance(self._watch.limits.silence))

    def close(self) -> None:
        self._stream.close()

    def start_tls(
        self,
        ssl_context: ssl.SSLContext,
        server_hostname: str | None = None,
        timeout: float | None = None,
    ) -> httpcore.NetworkStream:
        patience = self._watch.allowance(self._watch.limits.connect)
        return _Stream(self._stream.start_tls(ssl_context, server_hostname, patience), self._watch)

    def get_extra_info(self, info: str) -> Any:
        return self._stream.get_extra_info(info)


class _Backend(httpcore.SyncBackend):
    """Connects to the address that the guard judged, and to no other."""

    def __init__(self, guard: Guard, watch: _Watch) -> None:
        self._guard = guard
        self._watch = watch

    def connect_tcp(
        self,
        host: str,
        port: int,
        timeout: float | None = None,
        local_address: str | None = None,
        socket_options: Any = None,
    ) -> httpcore.NetworkStream:
        addresses = self._guard.addresses(host, port)
        failure: Exception | None = None
        for address in addresses:
            try:
                patience = self._watch.allowance(self._watch.limits.connect)
                return _Stream(super().connect_tcp(address, port, patience), self._watch)
            except (httpcore.ConnectError, httpcore.ConnectTimeout) as error:
                failure = error
        raise httpcore.ConnectError(f"no answer from {host}: {failure}")

    def connect_unix_socket(
        self, path: str, timeout: float | None = None, socket_options: Any = None
    ) -> httpcore.NetworkStream:
        raise Refused("A local socket is not the outside world.")


class _Transport(httpx.BaseTransport):
    """httpx over a pool whose every connection goes through the guard."""

    def __init__(self, guard: Guard, watch: _Watch, limits: Limits) -> None:
        context = ssl.create_default_context()
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        self._pool = httpcore.ConnectionPool(
            ssl_context=context, network_backend=_Backend(guard, watch), max_connections=1
        )

    def handle_request(self, request: httpx.Request) -> httpx.Response:
        asked = httpcore.Request(
            method=request.method,
            url=httpcore.URL(
                scheme=request.url.raw_scheme,
                host=request.url.raw_host,
                port=request.url.port,
                target=request.url.raw_path,
            ),
            headers=request.headers.raw,
            content=request.stream if request.method == "POST" else None,
        )
        answer = self._pool.handle_request(asked)
        return httpx.Response(
            answer.status, headers=answer.headers, stream=_Body(answer), request=request
        )

    def close(self) -> None:
        self._pool.close()


class _Body(httpx.SyncByteStream):
    def __init__(self, answer: httpcore.Response) -> None:
        self._answer = answer

    def __iter__(self) -> Iterator[bytes]:
        return self._answer.iter_stream()

    def close(self) -> None:
        self._answer.close()
