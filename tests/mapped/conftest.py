"""Source files made by a test, read in the real sandbox; and the real files, where they are."""

import tempfile
import tomllib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import msgspec
import pytest

from harvest.mapped import frames, reading, sandbox
from harvest.mapped.records import Place, Record, Refused, Summary
from harvest.source_files import SourceFile

ROOT = Path(__file__).resolve().parents[2]
# CI and developers have the real files beside the clone; a worktree is one folder deeper.
GIVEN = next(
    (
        path
        for path in (ROOT.parent / "shared/data", ROOT.parents[1] / "shared/data")
        if path.is_dir()
    ),
    None,
)
BASE = """
kind = "places-file"
order = 50
title = "A list"
publisher = "Somebody"
licence = "Licence Ouverte 2.0"
url = "https://example.org/"
nature = "register"
[[releases]]
version = "1"
published_on = 2026-01-01
file = "list"
"""


@dataclass(frozen=True)
class Reading:
    """What the sandbox said of a file."""

    records: list[Record]
    notes: list[str]

    @property
    def places(self) -> list[Place]:
        return [one for one in self.records if isinstance(one, Place)]

    @property
    def refused(self) -> list[Refused]:
        return [one for one in self.records if isinstance(one, Refused)]


def source_of(mapping: str) -> SourceFile:
    return SourceFile.model_validate({"id": "made-up", **tomllib.loads(BASE + mapping)})


@pytest.fixture(scope="session")
def made_source() -> Callable[[str], SourceFile]:
    """A function: the source that the words of a mapping make."""
    return source_of


@pytest.fixture
def read_as(tmp_path: Path) -> Callable[..., Reading]:
    """A function: read bytes, or a file, by the words of a mapping. In this process, which is ten
    times sooner; in the real sandbox when its limits are given, or when it is `isolated`."""

    def read(content: bytes | Path, mapping: str, isolated: bool = False, **limits: Any) -> Reading:
        file = tmp_path / "given"
        if isinstance(content, Path):
            file = content
        else:
            file.write_bytes(content)
        folder = tmp_path / "raw"
        folder.mkdir(exist_ok=True)
        if not (isolated or limits):
            with tempfile.TemporaryDirectory(dir=folder) as work:
                made = list(reading.read(source_of(mapping), file, Path(work)))
            said = [one for one in made if not isinstance(one, Summary)]
            return Reading(
                said, [note for one in made if isinstance(one, Summary) for note in one.notes]
            )
        decoder = msgspec.json.Decoder(list[Record])
        with sandbox.reader(
            "records", source_of(mapping), file, folder, limits=sandbox.Limits(**limits)
        ) as reader:
            found = [
                record
                for kind, piece in reader.pieces()
                if kind == frames.RECORDS
                for record in decoder.decode(piece)
            ]
        assert not list(folder.iterdir()), "the sandbox cleans up behind itself"
        return Reading(found, reader.told.notes)

    return read


@pytest.fixture(scope="session")
def given() -> Path:
    """The folder of real files."""
    if GIVEN is None:
        pytest.skip("the real files are not beside this clone (../shared/data)")
    return GIVEN
