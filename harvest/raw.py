"""The raw bytes of every harvest, by their sha256: any published fact can be rebuilt from them."""

import contextlib
import hashlib
import os
import shutil
import time
from pathlib import Path

from config.errors import Invalid, Unavailable

# Reads go on when the disk fills; a harvest stops while there is still room for them.
FREE_BYTES_KEPT = 2 * 1024**3
LEFT_SECONDS = 24 * 3600  # no fetch lasts a day: a folder of that age belongs to nobody


class RawStore:
    """A folder of files named by what they hold. Writing the same bytes twice is harmless."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder

    def path(self, sha256: str) -> Path:
        return self.folder / sha256[:2] / sha256

    def holds(self, sha256: str) -> bool:
        return self.path(sha256).is_file()

    def keep(self, file: Path, expected: str | None = None) -> str:
        """Move `file` in; returns its sha256. Raises Invalid when it is not `expected`.

        The rename comes after the fsync: a file under its name is whole, or is not there.
        """
        with file.open("rb") as opened:
            sha256 = hashlib.file_digest(opened, "sha256").hexdigest()
            os.fsync(opened.fileno())
        if expected is not None and sha256 != expected:
            raise Invalid(
                f"{file.name} is not the file that was announced: its sha256 is {sha256}, "
                f"{expected} was expected."
            )
        target = self.path(sha256)
        target.parent.mkdir(parents=True, exist_ok=True)
        if not target.exists():
            aside = target.with_suffix(f".{os.getpid()}")
            shutil.move(file, aside)
            aside.rename(target)
        return sha256

    def check_room(self) -> None:
        """Raises Unavailable when the disk is nearly full. Removes what dead processes left."""
        self.folder.mkdir(parents=True, exist_ok=True)
        for left in self.folder.glob("fetch-*"):
            with contextlib.suppress(FileNotFoundError):  # its own process was faster
                if time.time() - left.stat().st_mtime < LEFT_SECONDS:
                    continue
                if left.is_dir():
                    shutil.rmtree(left, ignore_errors=True)
                else:
                    left.unlink()
        free = shutil.disk_usage(self.folder).free
        if free < FREE_BYTES_KEPT:
            raise Unavailable(
                f"Only {free // 1024**2} MB are free in {self.folder}: the harvest stops while "
                "pages can still be served. Free some space and run it again."
            )
