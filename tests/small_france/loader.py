"""Harvest the small real France: the real harvest, given the files of `raw/`."""

import hashlib
import shutil
import tempfile
from pathlib import Path
from unittest import mock

from config.settings import Settings
from harvest import runs
from harvest.raw import RawStore
from harvest.source_files import Release, SourceFile, all_sources

RAW = Path(__file__).parent / "raw"


def load(settings: Settings) -> None:
    """Fill the migrated, empty database of `settings`. Needs no network: what is only on the
    internet is left out."""
    sources = tuple(
        _small(source, RawStore(settings.paths.raw))
        for source in all_sources()
        if source.address is None and source.portal is None and not source.given
    )

    def chosen(ids: list[str] | None) -> tuple[SourceFile, ...]:
        return tuple(source for source in sources if ids is None or source.id in ids)

    with mock.patch.object(runs, "chosen", chosen):
        reports = runs.harvest(settings)
    unread = [str(report) for report in reports if report.state not in ("done", "skipped")]
    assert not unread, unread


def _small(source: SourceFile, store: RawStore) -> SourceFile:
    """The same source, whose releases are the files of RAW; they are put where a fetch looks."""
    releases = tuple(_small_release(source, release, store) for release in source.releases)
    return source.model_copy(update={"releases": releases})


def _small_release(source: SourceFile, release: Release, store: RawStore) -> Release:
    suffix = "tgz" if source.registry == "npm" else "whl"
    file = RAW / f"{source.id}-{release.version}.{suffix}"
    sha256 = hashlib.sha256(file.read_bytes()).hexdigest()
    if not store.holds(sha256):
        with tempfile.TemporaryDirectory() as folder:
            store.keep(Path(shutil.copy(file, folder)), sha256)
    return release.model_copy(update={"sha256": sha256})
