"""The files of batches that are computed later: rows waiting, answers kept for a while.

A file is named by the batch's number, which opens nothing, in a folder that only we may read. Rows
are read one by one: a million of them take no more memory than a thousand.
"""

import contextlib
from collections.abc import Iterator
from pathlib import Path

from simulators import batch
from simulators.batch import Rows

LONGEST_LINE = 100_000  # characters of one row: what is longer is no row of ours
BLOCK = 1 << 20


def folder(var: Path) -> Path:
    """Where the files of batches are."""
    found = var / "batches"
    found.mkdir(mode=0o700, parents=True, exist_ok=True)
    return found


def asked(where: Path, number: int) -> Path:
    return where / f"{number}.asked"


def answers(where: Path, number: int) -> Path:
    return where / f"{number}.answers"


def unfinished(where: Path, number: int, attempt: int) -> Path:
    """What one attempt writes: a worker that lost its lease spoils nothing of the next one's."""
    return where / f"{number}.{attempt}.unfinished"


def erase(where: Path, number: int) -> None:
    """Remove every file of a batch. Whoever reads one reads it to its end."""
    for path in (asked(where, number), answers(where, number), *where.glob(f"{number}.*")):
        path.unlink(missing_ok=True)


def erase_others(where: Path, living: set[int], older_than: float) -> list[int]:
    """Remove the files of batches that are not among `living`, last written before `older_than`
    (seconds of the epoch: the file of a batch may be there a moment before the batch is)."""
    gone = []
    for path in where.iterdir():
        name = path.name.split(".", 1)[0]
        with contextlib.suppress(FileNotFoundError):
            if name.isdecimal() and int(name) not in living and path.stat().st_mtime < older_than:
                path.unlink()
                gone.append(int(name))
    return gone


def count(path: Path, media_type: str) -> int:
    """How many rows a file announces; empty lines count here, and are not rows when it is read.

    Raises Faulty when it is not of its media type.
    """
    if media_type == batch.ARROW:
        import pyarrow as pa

        with batch.reading_arrow(), pa.ipc.open_stream(pa.memory_map(str(path))) as reader:
            return sum(one.num_rows for one in reader)
    if media_type == batch.JSON:
        return len(batch.array(_whole(path)))
    lines, last = 0, b"\n"
    with path.open("rb") as file:
        while block := file.read(BLOCK):
            lines += block.count(b"\n")
            last = block[-1:]
    lines += last != b"\n"
    return max(0, lines - (media_type == batch.CSV))


def rows(path: Path, media_type: str) -> Rows:
    """The rows of a file, read while they are computed. Raises Faulty, then or now."""
    if media_type == batch.ARROW:
        import pyarrow as pa

        return Rows(batch.arrow_rows(pa.memory_map(str(path))))
    if media_type == batch.JSON:
        return Rows(batch.array(_whole(path)))
    if media_type == batch.CSV:
        return Rows(batch.csv_rows(_lines(path)), texts=True)
    return Rows(line for line in _lines(path) if line.strip())


def _whole(path: Path) -> str:
    try:
        return path.read_text(encoding="utf-8-sig")
    except UnicodeDecodeError:
        raise batch.whole("Le texte n'est pas en UTF-8.", "The text is not UTF-8.") from None


def _lines(path: Path) -> Iterator[str]:
    with path.open(encoding="utf-8-sig", newline="\n") as file:
        try:
            while line := file.readline(LONGEST_LINE):
                if len(line) == LONGEST_LINE and not line.endswith("\n"):
                    raise batch.whole("Une ligne est trop longue.", "A line is too long.")
                yield line
        except UnicodeDecodeError:
            raise batch.whole("Le texte n'est pas en UTF-8.", "The text is not UTF-8.") from None
