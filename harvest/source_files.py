"""A source is a TOML file in `harvest/sources/`: what it is, under which licence, what to read.

Adding a source of a known kind needs no code. Every mistake of a file is told at once.
"""

import tomllib
from collections.abc import Mapping
from datetime import date
from functools import cache
from pathlib import Path
from typing import Any, Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, ValidationError

from catalog.observations import Nature
from catalog.outbox import mailbox
from config.errors import Invalid, NotFound
from harvest.schedule import Schedule

FOLDER = Path(__file__).with_name("sources")


class Release(BaseModel):
    """One published version of a source: its name, day, and the sha256 of its bytes."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    version: str
    published_on: date
    sha256: str = Field(default="", pattern="^([0-9a-f]{64})?$")  # empty: found out by reading
    url: str | None = None  # where the bytes were read, when no registry served them


class MatchedCommune(BaseModel):
    """A remote name that is one commune, and how that was found out."""

    model_config = ConfigDict(frozen=True, extra="forbid")
    code: str
    how: str


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
    every_days: int = 1  # a file younger than this is not looked for again
    schedule: str = "13 3 * * *"  # `every 6 h`, or cron fields in UTC: when a worker looks again
    contact: str | None = None  # who is told by mail when a run fails or is held; None: nobody
    renew_after_days: int | None = None  # None: as the settings say
    releases: tuple[Release, ...] = ()
    communes: Mapping[str, MatchedCommune] = Field(default_factory=dict)

    @property
    def host(self) -> str | None:
        """The host that serves it; None: a package registry does, which is made for crowds."""
        return urlsplit(self.address).hostname if self.address else None


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
    if source.releases and not (source.registry and source.package):
        raise Invalid(f"The source file {path.name} has releases but no registry and package.")
    try:
        Schedule(source.schedule)
        if source.contact is not None:
            mailbox(source.contact)
    except Invalid as error:
        raise Invalid(f"The source file {path.name} cannot be read: {error}") from error
    if not all(release.sha256 for release in source.releases):
        raise Invalid(f"The source file {path.name} has a release without its sha256.")
    return source


@cache
def all_sources(folder: Path = FOLDER) -> tuple[SourceFile, ...]:
    """Every source, in the order in which they must be read."""
    return tuple(sorted(map(read, folder.glob("*.toml")), key=lambda s: (s.order, s.id)))


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
