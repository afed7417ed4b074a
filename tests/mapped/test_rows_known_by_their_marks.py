"""A list of which the catalogue knows rows by their marks gives what reading all of it would give,
whatever its letters, its line ends, its order, its repeats and its broken rows."""

import csv
import io
import tempfile
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import msgspec
import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from catalog import office_lines
from harvest.mapped import frames, marks, tables, tasks
from harvest.mapped.communes import Atlas, Former, Known
from harvest.mapped.records import Refused, Told
from harvest.source_files import SourceFile

COLUMNS = ("id", "nom", "tel", "insee", "vu")
MAPPING = """
[file]
format = "csv"
[places]
kind = { value = "library" }
remote_id = "id"
name = "nom"
phone = "tel"
[places.where]
code = "insee"
"""
ATLAS = Atlas(
    [
        Known("69123", 1, "Lyon", ("69001",), None, None),
        Known("2A004", 2, "Ajaccio", (), 8.7, 41.9),
    ],
    [Former("69999", "Vaise", "69123")],
)
OTHER_ATLAS = Atlas([*ATLAS.communes, Known("75056", 3, "Paris", (), None, None)], ATLAS.former)


@dataclass
class Heard:
    """What a reading process says of a list."""

    offices: dict[str, tuple[str, str | None]] = field(default_factory=dict)  # line, mark
    refused: Counter[tuple[str, str, str, str]] = field(default_factory=Counter)
    unread: set[str] = field(default_factory=set)
    listed: bytes = b""
    told: Told = field(default_factory=lambda: Told(0, [], {}, False))


def pieces(stream: io.BytesIO) -> Iterator[tuple[bytes, bytes]]:
    stream.seek(0)
    while (piece := frames.read(stream)) is not None:
        yield piece


def heard(
    source: SourceFile, content: bytes, first: Any, known: bytes = b"", atlas: Atlas = ATLAS
) -> Heard:
    out, said = io.BytesIO(), Heard()
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder, "list")
        file.write_bytes(content)
        tasks.Places(source, file, Path(folder), msgspec.json.encode(atlas), first, out).run(known)
    lines: list[str] = []
    for kind, piece in pieces(out):
        match kind:
            case frames.OFFICES:
                lines = piece.decode().split("\n")
            case frames.VERSIONS:
                for line, version in zip(lines, piece.decode().split("\n"), strict=True):
                    bare, _, mark = line.rpartition("\t")
                    remote_id = bare.partition("\t")[0]
                    assert remote_id not in said.offices
                    said.offices[remote_id] = (
                        f"{bare}\t{version}", None if mark == "\\N" else mark
                    )  # fmt: skip
            case frames.REFUSED:
                said.refused.update(
                    (one.remote_id, one.field, one.reason, one.value)
                    for one in msgspec.json.decode(piece, type=list[Refused])
                )
            case frames.UNREAD:
                said.unread.update(msgspec.json.decode(piece, type=list[str]))
            case frames.LISTED:
                said.listed = piece
            case frames.END:
                said.told = msgspec.json.decode(piece, type=Told)
    return said


def known_of(said: Heard) -> tuple[list[str], bytes]:
    """The ids of offices, and their marks as the catalogue gives them: none is all zeros."""
    ids = list(said.offices)
    return ids, b"".join(bytes.fromhex(said.offices[one][1] or "0" * 32) for one in ids)


def whole(before: Heard, ids: list[str], fast: Heard) -> tuple[dict[str, str], int]:
    """What a list says of every office: those that were read, and those that were recognised."""
    bits = np.unpackbits(np.frombuffer(fast.listed, np.uint8), count=len(ids)).astype(bool)
    passed = [one for one, is_listed in zip(ids, bits, strict=True) if is_listed]
    assert not fast.offices.keys() & set(passed), "what is recognised is not read"
    offices = {one: line for one, (line, _) in fast.offices.items()}
    return offices | {one: before.offices[one][0] for one in passed}, len(passed)


cell = st.text(st.sampled_from('ab é"\n,;'), max_size=5)
row = st.tuples(
    st.sampled_from(["", "a", "b", " b", "c", "d\ne", 'f"', "g\t", "h", "i"]),
    st.sampled_from(["", "Lieu", "l'Été", "deux\nlignes", "deux\r\nlignes", '"', "Ã‰vreux"]),
    st.sampled_from(["", "04 00 00 00 00", "rien", "06 00 00 00 00"]),
    st.sampled_from(["69123", "2A004", "2a004", "69999", "75056", ""]),
    cell,
)
rows = st.lists(row | st.just(("trop", "court")) | st.just(("", "", "", "", "")), max_size=12)
forms = st.tuples(
    st.sampled_from(["utf-8", "utf-8-sig", "utf-16", "cp1252"]),
    st.sampled_from(["\n", "\r\n"]),
    st.sampled_from(",;"),
    st.sampled_from([csv.QUOTE_MINIMAL, csv.QUOTE_ALL]),
)


def written(some: list[tuple[str, ...]], form: tuple[str, str, str, Any]) -> bytes:
    encoding, end, delimiter, quoting = form
    text = io.StringIO(newline="")
    out = csv.writer(text, lineterminator=end, delimiter=delimiter, quoting=quoting)
    out.writerows([COLUMNS, *some])
    return text.getvalue().encode(encoding)


ALWAYS = ("always", "Lieu sûr", "04 11 11 11 11", "69123", "")


@settings(max_examples=150, deadline=None)
@given(data=st.data(), first_rows=rows, block=st.integers(1, 5))
def test_what_is_recognised_is_what_would_be_read(
    made_source: Callable[[str], SourceFile],
    data: st.DataObject,
    first_rows: list[tuple[str, ...]],
    block: int,
) -> None:
    source = made_source(MAPPING)
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(tables, "BLOCK", block)
        patched.setattr(tasks, "CHUNK", block)
        before = heard(source, written([ALWAYS, *first_rows], data.draw(forms)), "ids")
        edited = [*data.draw(st.permutations(first_rows)), *data.draw(rows)]
        del edited[: data.draw(st.integers(0, 3))]
        content = written([*edited, ALWAYS], data.draw(forms))
        ids, known = known_of(before)
        fast = heard(source, content, "marks", known)
        slow = heard(source, content, "ids")
    found, passed = whole(before, ids, fast)
    assert found == {one: line for one, (line, _) in slow.offices.items()}
    assert (fast.refused, fast.unread) == (slow.refused, slow.unread)
    assert Counter(fast.told.how) + Counter(code=passed) == Counter(slow.told.how)
    assert (fast.told.read, fast.told.notes) == (slow.told.read, slow.told.notes)
    assert fast.told.complete == slow.told.complete
    if "always" not in [one[0] for one in first_rows + edited]:
        assert "always" not in fast.offices  # the test would pass if all were always read


@pytest.mark.parametrize("what", ["mapping", "communes", "nothing"])
def test_another_mapping_or_other_communes_know_no_row(
    made_source: Callable[[str], SourceFile], what: str
) -> None:
    content = written(
        [(f"p{n}", "Lieu", "", "69123", "") for n in range(9)], ("utf-8", "\n", ",", 0)
    )
    ids, known = known_of(heard(made_source(MAPPING), content, "ids"))
    words = MAPPING.replace('phone = "tel"', 'address = "tel"') if what == "mapping" else MAPPING
    atlas = OTHER_ATLAS if what == "communes" else ATLAS
    said = heard(made_source(words), content, "marks", known, atlas)
    assert len(said.offices) == (0 if what == "nothing" else len(ids))
    assert any(said.listed) == (what == "nothing")


def test_a_choice_of_rows_and_a_made_id_are_recognised_too(
    made_source: Callable[[str], SourceFile],
) -> None:
    words = MAPPING.replace('remote_id = "id"', 'remote_id = ["id", "nom"]').replace(
        "[places.where]", 'only = [{ value = "tel", never = ["rien"] }]\n[places.where]'
    )
    source = made_source(words)
    some = [
        ("a", "x", "", "69123", ""),
        ("a", "y", "", "69123", ""),
        ("b", "z", "rien", "69123", ""),
    ]
    before = heard(source, written(some, ("utf-8", "\n", ",", 0)), "ids")
    ids, known = known_of(before)
    assert sorted(ids) == ["a, x", "a, y"]
    changed = [some[0], ("a", "y", "04 00 00 00 00", "69123", ""), some[2]]
    fast = heard(source, written(changed, ("utf-8", "\n", ",", 0)), "marks", known)
    assert list(fast.offices) == ["a, y"]
    assert whole(before, ids, fast)[1] == 1


@given(st.lists(st.binary(min_size=16, max_size=16), unique_by=lambda one: one[:8]))
def test_a_mark_is_found_where_it_is(known: list[bytes]) -> None:
    found = marks.Known(b"".join(known))
    asked = [*known, b"\xff" * 8 + b"unknown!", *(one[:8] + b"another!" for one in known)]
    assert found.find(asked).tolist() == [
        known.index(one) if one in known else -1 for one in asked
    ]  # fmt: skip


def test_a_mark_of_cells_is_that_of_their_row() -> None:
    header = ("b", "c", "a")
    for used in (["a", "b"], ["c"], []):
        of_row = marks.marker(used, b"salt")(dict(zip(header, "xyz", strict=True)))
        assert marks.cells_marker(used, header, b"salt")(list("xyz")).hex() == of_row


def test_a_line_holds_as_many_cells_as_a_place_has_columns() -> None:
    """`heard` above takes the mark for the last cell of a line."""
    assert list(office_lines.COLUMNS)[-1] == "read_as"
