"""Files that are given: in the folder that GUICHET_SOURCES names, or at an address.

What is not given is no failure: the source says so, and the others are read.
"""

import hashlib
import os
import shutil
import tempfile
from pathlib import Path

from config.errors import Invalid
from config.settings import Settings
from harvest import fetch
from harvest.outbound_guard import Guard
from harvest.raw import RawStore
from harvest.source_files import Release, SourceFile

NOT_GIVEN = "not given: set GUICHET_SOURCES to the folder that holds its files"


def not_given(settings: Settings, source: SourceFile) -> str | None:
    """Why the files of a source cannot be read here; None when they can, or are fetched."""
    if not source.given:
        return None
    if not settings.harvest.given_folder:
        return NOT_GIVEN
    missing = [
        release.file
        for release in source.releases
        if release.file and not _path(settings, release.file).is_file()
    ]
    if missing:
        return f"not given: {', '.join(missing)} is not in {settings.harvest.given_folder}"
    return None


def with_sums(settings: Settings, source: SourceFile) -> SourceFile:
    """The same source, whose given files have their sha256 and an address to name them by.

    Raises Invalid when a file is not the one that its source file announces.
    """
    if not source.given:
        return source
    return source.model_copy(
        update={
            "releases": tuple(_summed(settings, source, release) for release in source.releases)
        }
    )


def _summed(settings: Settings, source: SourceFile, release: Release) -> Release:
    if release.file is None:
        return release
    with _path(settings, release.file).open("rb") as file:
        sha256 = hashlib.file_digest(file, "sha256").hexdigest()
    if release.sha256 and release.sha256 != sha256:
        raise Invalid(
            f"{release.file} is not the file that was announced: its sha256 is {sha256}, "
            f"{release.sha256} was expected."
        )
    return release.model_copy(update={"sha256": sha256, "url": release.url or source.url})


def get(settings: Settings, release: Release, store: RawStore, guard: Guard) -> Path:
    """The bytes of a release that no registry serves, kept in the store. Raises Unavailable."""
    if store.holds(release.sha256):
        return store.path(release.sha256)
    store.check_room()
    with tempfile.TemporaryDirectory(prefix="fetch-", dir=store.folder) as folder:
        file = Path(folder) / str(os.getpid())
        if release.file is not None:
            shutil.copyfile(_path(settings, release.file), file)
        else:
            assert release.url is not None  # noqa: S101 source files of this kind have one
            fetched = fetch.fetch(release.url, file, fetch.Limits.of(settings), guard)
            if fetched.gzipped:
                file.write_bytes(fetch.unpacked(file, settings.harvest.fetch_max_bytes))
        store.keep(file, release.sha256)
    return store.path(release.sha256)


def _path(settings: Settings, name: str) -> Path:
    """A file in the given folder. Raises Invalid for a path that leaves it."""
    folder = Path(settings.harvest.given_folder).resolve()
    path = (folder / name).resolve()
    if not path.is_relative_to(folder):
        raise Invalid(f"{name} is outside of the folder of given files.")
    return path
