"""Folders of published files: sealed once, never changed, told apart from unfinished ones.

`publication.json` is written last: it names the geography and the recipe that the files were
made from, and the sha256 of each. A folder whose files are not those is not a publication.
"""

import hashlib
import json
import os
import shutil
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

SEAL = "publication.json"


@dataclass(frozen=True, slots=True)
class Seal:
    """What a folder holds: `files` are sha256 by name, relative to the folder."""

    geography: str
    recipe: str
    files: Mapping[str, str]

    @property
    def edition(self) -> str:
        """A short name of these files: equal for every generation that shares them."""
        return f"{self.geography[:12]}{self.recipe[:6]}"


def claimed(folder: Path) -> Seal | None:
    """What a folder says that it holds, unchecked; None when it is not sealed."""
    try:
        described = json.loads((folder / SEAL).read_bytes())
        return Seal(described["geography"], described["recipe"], described["files"])
    except (FileNotFoundError, NotADirectoryError, ValueError, KeyError):
        return None


def read(folder: Path) -> Seal | None:
    """What a folder holds; None when it is not sealed or a file is not what the seal says.

    Hashing the 20 MB of France takes about 20 ms.
    """
    seal = claimed(folder)
    return seal if seal is not None and _hashes(folder) == seal.files else None


def find(root: Path, geography: str, recipe: str) -> Path | None:
    """The newest whole folder made of this geography by this recipe, or None.

    It may be one that was never published: a publication killed at its very end loses nothing.
    """
    numbered = [folder for folder in root.iterdir() if folder.name.isdecimal()]
    for folder in sorted(numbered, key=lambda folder: -int(folder.name)):
        seal = claimed(folder)
        if seal is None or (seal.geography, seal.recipe) != (geography, recipe):
            continue
        if read(folder) is not None:
            return folder
    return None


def link(former: Path, folder: Path) -> None:
    """Give an empty folder the files of a former publication as hard links: no byte is copied."""
    shutil.copytree(former, folder, copy_function=os.link, dirs_exist_ok=True)
    (folder / SEAL).unlink()


def seal(folder: Path, geography: str, recipe: str) -> dict[str, str]:
    """Flush every file of a folder to the disk and seal it; the sha256 of each by name."""
    files = _hashes(folder)
    for name in files:
        flush(folder / name)
    for inner in folder.rglob("*"):
        if inner.is_dir():
            flush(inner)
    with (folder / SEAL).open("w", encoding="utf-8") as out:
        json.dump({"geography": geography, "recipe": recipe, "files": files}, out, indent=1)
    flush(folder / SEAL)
    flush(folder)
    return files


def flush(path: Path) -> None:
    """Return when a file, or the names in a folder, are on the disk."""
    handle = os.open(path, os.O_RDONLY)
    try:
        os.fsync(handle)
    finally:
        os.close(handle)


def _hashes(folder: Path) -> dict[str, str]:
    found: dict[str, str] = {}
    for path in sorted(folder.rglob("*")):
        if path.is_file() and path != folder / SEAL:
            with path.open("rb") as opened:
                digest = hashlib.file_digest(opened, "sha256").hexdigest()
            found[str(path.relative_to(folder))] = digest
    return found
