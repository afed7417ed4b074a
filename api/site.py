"""What every handler shares in one process: `self.site`.

The parts that change when a generation is published are one frozen `Edition`, swapped as a
whole: a request that began with one edition ends with it.
"""

import asyncio
import hashlib
import logging
import os
from dataclasses import dataclass, field
from datetime import date
from functools import cached_property
from pathlib import Path

import jinja2
import psycopg
import psycopg_pool

from api.assets import Assets
from api.compression import Packed
from api.geography_arrays import pack_geography
from api.metrics import Metrics
from api.rate_budget import RateBudget
from api.templates import environment
from catalog import generations, referential, sources
from catalog.arrays import StatusArrays
from catalog.arrays import breakpoints as read_breakpoints
from catalog.database.pools import web_pool
from catalog.generations import Generation
from catalog.referential import Referential
from catalog.sources import Source
from catalog.territories import Geography
from config.errors import GuichetError, NotFound, Unavailable
from config.settings import Settings
from geo.frames import FRAMES
from simulators.openfisca_france.pool import Limits
from simulators.registry import Simulators, open_simulators
from tiles.server import TileService

ROOT = Path(__file__).parent
WEB = ROOT.parent / "web"
POLL_SECONDS = 1.0  # a publication is seen within this; one indexed row each time
log = logging.getLogger("guichet.site")


@dataclass(frozen=True)
class Edition:
    """What readers see as one whole, until the next publication."""

    generation: Generation
    geography: Geography
    arrays: StatusArrays
    sources: tuple[Source, ...]
    breakpoints: tuple[date, ...]
    data_date: date | None
    folder: Path

    @property
    def id(self) -> int:
        return int(self.generation.id)

    @cached_property
    def packed_geography(self) -> bytes:
        """The body of `/api/v1/geography`; its description is in the OpenAPI document."""
        return pack_geography(self.geography, self.id)


@dataclass
class Site:
    """The process's shared state. Only the edition ever changes, in `refresh`."""

    settings: Settings
    pool: psycopg_pool.AsyncConnectionPool
    referential: Referential
    tiles: TileService
    assets: Assets
    templates: jinja2.Environment
    budget: RateBudget
    simulators: Simulators
    keeping: RateBudget  # of permalinks, which stay for ever
    packed: Packed = field(default_factory=Packed)
    frames: frozenset[str] = frozenset(frame.id for frame in FRAMES)
    metrics: Metrics = field(default_factory=Metrics)
    release: str = ""
    in_flight: int = 0  # requests being answered: a graceful stop waits for zero
    _edition: Edition | None = None
    _away: bool = False

    @property
    def edition(self) -> Edition:
        """The current edition. Raises Unavailable before the first publication."""
        if self._edition is None:
            raise Unavailable("Nothing has been published yet; run `guichet publish`.")
        return self._edition

    @property
    def published(self) -> bool:
        return self._edition is not None

    async def refresh(self) -> None:
        """Load the current generation when it is not the one we hold."""
        async with self.pool.connection() as conn:
            try:
                generation = await generations.current(conn)
            except NotFound:
                return
            if self._edition is not None and generation.id == self._edition.id:
                return
            held = await sources.all(conn)
            dates = [source.last_evidence for source in held]
            self._edition = Edition(
                generation=generation,
                geography=await Geography.load(conn),
                arrays=StatusArrays(self.pool),
                sources=tuple(held),
                breakpoints=tuple(await read_breakpoints(conn)),
                data_date=max((day for day in dates if day), default=None),
                folder=self.settings.paths.publications / str(generation.id),
            )

    async def refresh_or_tell(self) -> None:
        """Refresh; when the database does not answer, keep what we hold and log it once."""
        try:
            await self.refresh()
            self._away = False
        except (psycopg.Error, psycopg_pool.PoolTimeout, OSError, GuichetError):
            if not self._away:
                log.warning("the database does not answer", exc_info=True)
            self._away = True

    async def watch(self) -> None:
        """Follow publications until cancelled."""
        while True:
            await self.refresh_or_tell()
            await asyncio.sleep(POLL_SECONDS)


def open_site(settings: Settings) -> Site:
    """Build the shared state of one process; its pool is not yet open."""
    pool = web_pool(settings)
    return Site(
        settings=settings,
        pool=pool,
        referential=referential.current(),
        tiles=TileService(pool, settings),
        assets=Assets(WEB),
        templates=environment(),
        budget=RateBudget(settings.web.rate_per_second, settings.web.rate_burst),
        simulators=open_simulators(_engine_limits(settings)),
        keeping=RateBudget(settings.simulators.kept_per_second, settings.simulators.kept_burst),
        release=_release(),
    )


def _engine_limits(settings: Settings) -> Limits:
    wanted = settings.simulators
    return Limits(
        workers=wanted.engine_workers or os.cpu_count() or 1,
        memory_bytes=wanted.engine_memory_bytes,
        deadline_seconds=wanted.deadline_seconds,
        most_waiting=wanted.most_waiting_rows,
        most_together=wanted.most_together_rows,
    )


def _release() -> str:
    """A hash of the code and words that make answers: caches are keyed by it."""
    found = hashlib.sha256()
    for package in ("api", "catalog", "config", "geo", "simulators", "tiles"):
        for path in sorted((ROOT.parent / package).rglob("*")):
            if path.suffix in (".py", ".html", ".toml", ".sql"):
                found.update(path.read_bytes())
    return found.hexdigest()[:8]
