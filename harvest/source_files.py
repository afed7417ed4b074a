"""A source is a TOML file in `harvest/sources/`: what it is, under which licence, what to read.
Those of `profile/` are read from a folder of files that are given (GUICHET_SOURCES).

Adding a source of a known kind needs no code. Every mistake of a file is told at once.
"""

import tomllib
from collections.abc import Iterator, Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from catalog.observations import Nature
from catalog.outbox import mailbox
from config.errors import Invalid, NotFound
from harvest.mapped.declared import FactsMapping, FileForm, PlacesMapping
from harvest.schedule import Schedule

FOLDER = Path(__file__).with_name("sources")


class Release(BaseModel):
    """One published version of a source: its name, day, and the sha256 of its bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    version: str
    published_on: date
    sha256: str = Field(default="", pattern="^([0-9a-f]{64})?$")  # empty: found out by reading
    url: str | None = None  # where the bytes were read, when no registry served them
    file: str | None = None  # a file that is given: its path in the folder of GUICHET_SOURCES


class MatchedCommune(BaseModel):
    """A remote name that is one commune, and how that was found out."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    code: str
    how: str


class Portal(BaseModel):
    """A catalogue that answers questions: where its interface is, and what to ask it for."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    url: str
    query: Mapping[str, str] = Field(default_factory=dict)  # added to each question, as it is
    page_size: int = Field(default=100, ge=1, le=1000)
    collection: str | None = None  # of an OGC API
    record_page: str | None = None  # where people read a record: `{id}` and `{name}` are filled
    whole_every_days: int = 7  # between two, only what changed is asked for, where that works


class SourceFile(BaseModel):
    """One source, as its file describes it. `releases` are oldest first."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    id: str
    kind: str
    order: int
    title: str
    publisher: str
    licence: str
    licence_url: str | None = None
    url: str
    nature: Nature
    registry: Literal["pypi", "npm"] | None = None
    package: str | None = None
    address: str | None = None  # of the listing that names the files, on the internet
    poll: str | None = None  # the https address of the file itself, asked for on the schedule
    every_days: int = 1  # a file younger than this is not looked for again
    schedule: str = "13 3 * * *"  # `every 6 h`, or cron fields in UTC: when a worker looks again
    contact: str | None = None  # who is told by mail when a run fails or is held; None: nobody
    renew_after_days: int | None = None  # None: as the settings say
    releases: tuple[Release, ...] = ()
    portal: Portal | None = None  # of the kinds that read catalogues
    communes: Mapping[str, MatchedCommune] = Field(default_factory=dict)
    # For the kinds places-file and facts-file: see docs/sources.md.
    file: FileForm | None = None
    places: PlacesMapping | None = None
    facts: FactsMapping | None = None

    @property
    def given(self) -> bool:
        """Whether its files are given by hand, and not fetched."""
        return any(release.file for release in self.releases)

    @property
    def host(self) -> str | None:
        """The host that serves it; None: a package registry, made for crowds, or given files."""
        address = self.portal.url if self.portal else self.address or self.poll
        return urlsplit(address).hostname if address else None


def read(path: Path) -> SourceFile:
    """One source file. Raises Invalid naming the file and everything wrong in it."""
    try:
        values: dict[str, Any] = tomllib.loads(path.read_text(encoding="utf-8"))
        source = SourceFile.model_validate({"id": path.stem, **values})
    except (tomllib.TOMLDecodeError, ValidationError) as error:
        raise Invalid(f"The source file {path.name} cannot be read: {error}") from error
    days = [release.published_on for release in source.releases]
    if days != sorted(days):
        raise Invalid(f"The source file {path.name} must list its releases oldest first.")
    for wrong in _mistakes(source):
        raise Invalid(f"The source file {path.name} {wrong}.")
    return source


def _mistakes(source: SourceFile) -> Iterator[str]:
    try:
        Schedule(source.schedule)
        if source.contact is not None:
            mailbox(source.contact)
    except Invalid as error:
        yield f"cannot be followed: {error}"
    registry = bool(source.registry and source.package)
    if any(not (registry or release.file or release.url) for release in source.releases):
        yield "has releases but no registry and package, nor a file or url for each"
    # A given file is on this machine: its sha256 is only a wish. What is fetched must be known.
    if any(not (release.sha256 or release.file) for release in source.releases):
        yield "has a release without its sha256"
    if source.poll is not None:
        if urlsplit(source.poll).scheme != "https":
            yield "polls what is not an https address"
        if source.releases or source.address or source.kind not in ("places-file", "facts-file"):
            yield "polls one file of places or facts: it has no releases and no other address"
    wants = {"places-file": source.places, "facts-file": source.facts}
    if source.kind in wants:
        if source.file is None or wants[source.kind] is None:
            yield f"needs [file] and [{source.kind.removesuffix('-file')}]"
        if source.places and source.facts:
            yield "has both places and facts: make two sources of it"
    elif source.file or source.places or source.facts:
        yield "has a mapping, which only places-file and facts-file read"


@cache
def all_sources(folder: Path = FOLDER) -> tuple[SourceFile, ...]:
    """Every source, in the order in which they must be read."""
    files = (*folder.glob("*.toml"), *folder.glob("profile/*.toml"))
    return tuple(sorted(map(read, files), key=lambda s: (s.order, s.id)))


def chosen(ids: list[str] | None, folder: Path = FOLDER) -> tuple[SourceFile, ...]:
    """The named sources, in reading order; all of them for None. Raises NotFound."""
    known = {source.id: source for source in all_sources(folder)}
    if ids is None:
        return tuple(known.values())
    for identifier in ids:
        if identifier not in known:
            raise NotFound(
                f"There is no source {identifier!r}; these exist: {', '.join(sorted(known))}."
            )
    return tuple(source for source in known.values() if source.id in set(ids))
