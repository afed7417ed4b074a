"""`guichet bulk`: every bulk file made anew, then shown as a whole.

The files are those of one picture of the database, at the end of one day (UTC): made again from
the same facts on the same day, they are the same bytes. They are made in a folder aside, flushed,
and renamed; the manifest is written last. Readers see the newest folder that has one.
"""

import hashlib
import json
import shutil
from collections.abc import Callable
from dataclasses import asdict
from datetime import UTC, date, datetime, time, timedelta
from pathlib import Path
from typing import Any

import psycopg

from catalog.database import pools
from catalog.database.queries import query
from catalog.referential import Referential, current
from catalog.states import State
from config.errors import NotFound
from config.settings import Settings
from tiles import distance_files, sealed
from tiles.bulk.manifest import MANIFEST, BulkFile, Manifest, hidden_upto, made, read, root_of
from tiles.bulk.tables import Table, tables
from tiles.bulk.writers import MEDIA_TYPES, dated, open_writer

type Tell = Callable[[str, int, int | None], None]

BATCH = 5_000  # rows held at once: communes with outlines are 1.5 kB each
KEPT = 2  # folders: a download that began goes on after the next one is made
# The slugs of today's names, in the order of their codes.
SLUGS = [state.slug for state in State]


def rebuild(settings: Settings, tell: Tell, day: date | None = None) -> Manifest:
    """Make the bulk files of a day (None: today), unless those of these facts are there.

    Raises NotFound when nothing was harvested, Unavailable when the database is away.
    """
    book = current()
    root = root_of(settings)
    root.mkdir(parents=True, exist_ok=True)
    for left_over in root.glob("*.making"):
        shutil.rmtree(left_over)
    day = day or datetime.now(UTC).date()
    with pools.connect(settings, "publish") as conn:
        conn.isolation_level = psycopg.IsolationLevel.REPEATABLE_READ
        revision = _one(conn, query("catalog", "change_latest"))
        if not revision:
            raise NotFound("There is nothing to write; run `guichet harvest` first.")
        hidden = _one(conn, query("catalog", "withholding_latest"))
        # A telephone that is hidden or shown again changes no fact, and changes the files.
        version = f"{day.isoformat()}-{revision}-{_generation(settings)}" + (
            f"-{hidden}" if hidden else ""
        )
        target = root / version
        if (target / MANIFEST).exists():
            return read(target)
        folder = root / f"{version}.making"
        folder.mkdir()
        files: list[BulkFile] = []
        with dated(day):
            for table in tables(book):
                files += _table(conn, book, table, folder, day, tell)
    files += _tiles(settings, folder)
    files += _rasters(settings, folder)
    files.append(_dictionary(book, folder))
    manifest = Manifest(version, day, revision, book.version, tuple(files))
    (folder / MANIFEST).write_text(
        json.dumps(asdict(manifest), default=str, ensure_ascii=False, indent=1), encoding="utf-8"
    )
    for file in folder.iterdir():
        sealed.flush(file)
    folder.rename(target)
    sealed.flush(root)
    for number, old in enumerate(list(made(root))[1:], 1):
        # A number that was hidden since must not stay in a file that is still there.
        if number >= KEPT or hidden_upto(old.name) != hidden:
            shutil.rmtree(old)
    return manifest


def _one(conn: psycopg.Connection[Any], question: Any) -> int:
    row = conn.execute(question).fetchone()
    return int(row[0] or 0) if row else 0


def _table(
    conn: psycopg.Connection[Any], book: Referential, table: Table, folder: Path, day: date,
    tell: Tell,
) -> list[BulkFile]:  # fmt: skip
    """Write one table in all its formats, in one walk over its rows."""
    names = {format: f"{table.id}.{format}" for format in table.formats}
    writers = [open_writer(format, folder / name, table) for format, name in names.items()]
    end = datetime.combine(day + timedelta(days=1), time(), UTC) - timedelta(microseconds=1)
    parameters = {"services": list(book.services), "at": end}
    count = 0
    try:
        with conn.cursor(name="bulk", binary=True) as cursor:
            cursor.itersize = BATCH
            cursor.execute(query("tiles", table.question), parameters)
            while rows := cursor.fetchmany(BATCH):
                shown = [_shown(table, row) for row in rows]
                for writer in writers:
                    writer.write(shown)
                count += len(rows)
                tell(f"Writing {table.id}", count, None)
    finally:
        for writer in writers:
            writer.close()
    tell(f"Writing {table.id}", count, count)
    return [_described(folder / name, table.id, format, count) for format, name in names.items()]


def _shown(table: Table, row: tuple[Any, ...]) -> tuple[Any, ...]:
    """A row with its states in words."""
    match table.id:
        case "matrix":
            return (row[0], *(SLUGS[code] for code in row[1]))
        case "status" | "history":
            return (*row[:2], SLUGS[row[2]], *row[3:])
        case _:
            return row


def _generation(settings: Settings) -> int:
    """The newest publication of this machine; 0 when there is none."""
    folder = settings.paths.publications
    numbers = [one.name for one in folder.iterdir()] if folder.is_dir() else []
    return max((int(name) for name in numbers if name.isdecimal()), default=0)


def _tiles(settings: Settings, folder: Path) -> list[BulkFile]:
    """The archive of tiles of the newest publication, as it is served."""
    found = []
    publication = settings.paths.publications / str(_generation(settings))
    for archive in sorted(publication.glob("*.pmtiles")):
        copy = folder / archive.name
        copy.hardlink_to(archive)
        found.append(_described(copy, "tiles", "pmtiles", None))
    return found


def _rasters(settings: Settings, folder: Path) -> list[BulkFile]:
    """The rasters of distances of the newest publication, as they are served."""
    found = []
    publication = settings.paths.publications / str(_generation(settings))
    for held in distance_files.read(publication).held:
        if held.file is not None:
            copy = folder / held.file
            copy.hardlink_to(publication / distance_files.FOLDER / held.file)
            found.append(_described(copy, "distances", "tif", None))
    return found


def _dictionary(book: Referential, folder: Path) -> BulkFile:
    """The data dictionary: each table and column, in French and in English."""
    described = [
        {
            "table": table.id, "fr": table.fr, "en": table.en,
            "columns": [asdict(column) for column in table.columns],
        }
        for table in tables(book)
    ]  # fmt: skip
    file = folder / "dictionary.json"
    file.write_text(json.dumps(described, ensure_ascii=False, indent=1), encoding="utf-8")
    return _described(file, "dictionary", "json", None)


def _described(file: Path, table: str, format: str, rows: int | None) -> BulkFile:
    with file.open("rb") as stream:
        sha256 = hashlib.file_digest(stream, "sha256").hexdigest()
    media_type = MEDIA_TYPES.get(format, "application/json")
    return BulkFile(file.name, table, format, media_type, file.stat().st_size, sha256, rows)
