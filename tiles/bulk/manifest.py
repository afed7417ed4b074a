"""What a folder of bulk files holds, as readers see it: the part that the web reads."""

import json
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import date
from pathlib import Path

from config.errors import NotFound
from config.settings import Settings

MANIFEST = "manifest.json"


@dataclass(frozen=True, slots=True)
class BulkFile:
    """One file, as the manifest names it. `rows` is None for tiles and rasters."""

    name: str
    table: str
    format: str
    media_type: str
    bytes: int
    sha256: str
    rows: int | None


@dataclass(frozen=True, slots=True)
class Manifest:
    """What a folder of bulk files holds, of which facts."""

    version: str  # day, last change and publication: the folder's name
    day: date
    revision: int
    referential: str
    files: tuple[BulkFile, ...]

    def file(self, name: str) -> BulkFile:
        """Raises NotFound naming the file."""
        for one in self.files:
            if one.name == name:
                return one
        raise NotFound(f"There is no bulk file {name[:80]!r}; see /api/v1/bulk.")


def root_of(settings: Settings) -> Path:
    return settings.paths.var / "bulk"


def newest(settings: Settings) -> tuple[Path, Manifest]:
    """The folder that readers see. Raises NotFound before the first."""
    for folder in made(root_of(settings)):
        return folder, read(folder)
    raise NotFound("Bulk files were not made yet; run `guichet bulk`.")


def read(folder: Path) -> Manifest:
    held = json.loads((folder / MANIFEST).read_bytes())
    return Manifest(
        held["version"], date.fromisoformat(held["day"]), held["revision"], held["referential"],
        tuple(BulkFile(**one) for one in held["files"]),
    )  # fmt: skip


def made(root: Path) -> Iterator[Path]:
    """Whole folders, the newest first."""
    if root.is_dir():
        whole = [one for one in root.iterdir() if (one / MANIFEST).exists() and "." not in one.name]
        yield from sorted(whole, key=lambda one: (one / MANIFEST).stat().st_mtime_ns, reverse=True)


def hidden_upto(name: str) -> int:
    """How far the hidden telephones of a folder's files are."""
    parts = name.split("-")
    return int(parts[5]) if len(parts) > 5 else 0
