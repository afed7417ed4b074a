"""What every handler shares in one process: `self.site`.

The parts that change when a generation is published are one frozen `Edition`, swapped as a
whole: a request that began with one edition ends with it.
"""

import asyncio
import hashlib
import logging
from collections.abc import Iterable
from dataclasses import dataclass, field, replace
from datetime import date
from functools import cached_property
from pathlib import Path
from typing import Any

import jinja2
import psycopg
import psycopg_pool

from api.admission import Admission
from api.assets import Assets
from api.compression import Packed
from api.engine_limits import engine_limits
from api.geography_arrays import pack_geography
from api.intake import Intake
from api.metrics import Metrics
from api.ogc.door import Door
from api.rate_budget import RateBudget
from api.templates import environment
from catalog import generations, live, referential, sources
from catalog.arrays import StatusArrays
from catalog.arrays import breakpoints as read_breakpoints
from catalog.database.pools import web_pool
from catalog.generations import Generation
from catalog.referential import Referential
from catalog.sources import Source
from catalog.territories import Geography
from config.errors import GuichetError, NotFound, Unavailable
from config.settings import Settings
from crowd.official_spaces import Shelf
from crowd.passwords import Verifier
from crowd.photos import Darkroom
from crowd.signing import Keyring
from geo.frames import FRAMES
from simulators.registry import Simulators, open_simulators
from tiles.server import TileService

ROOT = Path(__file__).parent
WEB = ROOT.parent / "web"
POLL_SECONDS = 0.4  # an edit is seen within this; two indexed rows each time
FEW_COMMUNES = 500  # an edit of more of them has all the days of changes read again
log = logging.getLogger("guichet.site")


@dataclass(frozen=True)
class Edition:
    """What readers see as one whole, until the next publication or the next edit.

    `revision` is the latest of the edits it holds: with the generation's id, `version` names what
    may be kept for ever.
    """

    generation: Generation
    revision: int
    geography: Geography
    arrays: StatusArrays
    sources: tuple[Source, ...]
    breakpoints: tuple[date, ...]
    data_date: date | None
    folder: Path

    @property
    def id(self) -> int:
        return int(self.generation.id)

    @property
    def version(self) -> str:
        return f"{self.id}.{self.revision}"

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
    ogc: Door  # pygeoapi, and the threads of synchronous work
    contributing: RateBudget  # of contributions, by network
    voicing: RateBudget  # of faces and difficulties, by network
    keeping: RateBudget  # of permalinks, which stay for ever, and of batches for later
    jobs: RateBudget  # of jobs of processes
    hooking: RateBudget  # of webhooks that are registered, by network
    admission: Admission  # of simulations, so that those inside are answered in time
    packed: Packed = field(default_factory=Packed)
    intake: Intake = field(init=False)
    darkroom: Darkroom = field(default_factory=Darkroom)
    keyring: Keyring = field(default_factory=Keyring)
    official: Shelf = field(default_factory=Shelf)  # what communes declared as theirs
    verifier: Verifier = field(default_factory=Verifier)
    frames: frozenset[str] = frozenset(frame.id for frame in FRAMES)
    metrics: Metrics = field(default_factory=Metrics)
    release: str = ""
    in_flight: int = 0  # requests being answered: a graceful stop waits for zero
    _edition: Edition | None = None
    _away: bool = False

    def __post_init__(self) -> None:
        self.intake = Intake(self.settings)

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
        """Load the current generation, or the edits since, when they are not what we hold."""
        async with self.pool.connection() as conn:
            try:
                generation = await generations.current(conn)
            except NotFound:
                return
            # Before anything else is read: what is committed meanwhile is the next edit's.
            revision = await live.latest(conn)
            held = self._edition
            if held is None or generation.id != held.id:
                self._edition = await self._load(conn, generation, revision)
            elif revision != held.revision:
                self._edition = await self._edited(conn, held, revision)

    async def _load(
        self, conn: psycopg.AsyncConnection[Any], generation: Generation, revision: int
    ) -> Edition:
        known = await sources.all(conn)
        return Edition(
            generation=generation,
            revision=revision,
            geography=await Geography.load(conn),
            arrays=StatusArrays(self.pool),
            sources=tuple(known),
            breakpoints=tuple(await read_breakpoints(conn)),
            data_date=_data_date(known),
            folder=self.settings.paths.publications / str(generation.id),
        )

    async def _edited(
        self, conn: psycopg.AsyncConnection[Any], held: Edition, revision: int
    ) -> Edition:
        """The same edition after edits: what they did not touch is kept."""
        touched = await live.between(conn, held.revision, revision)
        known = await sources.all(conn)
        if len(touched.communes) > FEW_COMMUNES:
            days = await read_breakpoints(conn)
        else:
            fresh = await read_breakpoints(conn, sorted(touched.communes))
            days = sorted({*held.breakpoints, *fresh})
        return replace(
            held,
            revision=revision,
            arrays=held.arrays.without(touched.services),
            sources=tuple(known),
            breakpoints=tuple(days),
            data_date=_data_date(known),
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


def _data_date(known: Iterable[Source]) -> date | None:
    return max((one.last_evidence for one in known if one.last_evidence), default=None)


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
        simulators=open_simulators(engine_limits(settings)),
        ogc=Door(settings),
        keeping=RateBudget(settings.simulators.kept_per_second, settings.simulators.kept_burst),
        jobs=RateBudget(settings.jobs.sent_per_second, settings.jobs.sent_burst),
        contributing=RateBudget(settings.crowd.sent_per_second, settings.crowd.sent_burst),
        voicing=RateBudget(settings.voices.sent_per_second, settings.voices.sent_burst),
        hooking=RateBudget(
            settings.webhooks.registered_per_day / 86400, settings.webhooks.registered_per_day
        ),
        admission=Admission(settings.simulators.most_at_once),
        release=_release(),
    )


def _release() -> str:
    """A hash of the code and words that make answers: caches are keyed by it."""
    found = hashlib.sha256()
    for package in ("api", "catalog", "config", "crowd", "geo", "simulators", "tiles"):
        for path in sorted((ROOT.parent / package).rglob("*")):
            if path.suffix in (".py", ".html", ".toml", ".sql"):
                found.update(path.read_bytes())
    return found.hexdigest()[:8]
