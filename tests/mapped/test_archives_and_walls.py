"""Archives that attack, and files that cost too much: one refused file each, nothing else."""

import io
import json
import os
import struct
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest

from config.errors import Invalid
from harvest.mapped import archives, sandboxed

MAPPING = """
[file]
format = "csv"
[places]
kind = { value = "library" }
remote_id = "id"
name = "nom"
[places.where]
code = "insee"
"""
CSV = b"id;nom;insee\n1;A;27229\n"


def archive(members: dict[str, bytes], **options: Any) -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w", zipfile.ZIP_DEFLATED, **options) as made:
        for name, content in members.items():
            made.writestr(name, content)
    return out.getvalue()


def test_a_file_in_an_archive(read_as: Callable[..., Any]) -> None:
    assert len(read_as(archive({"a/list.csv": CSV, "readme.txt": b"x"}), MAPPING).places) == 1
    with pytest.raises(Invalid, match="2 files"):
        read_as(archive({"a.csv": CSV, "b.csv": CSV}), MAPPING)
    named = MAPPING.replace('"csv"\n', '"csv"\nmember = "b.csv"\n', 1)
    assert len(read_as(archive({"a.csv": CSV, "b.csv": CSV}), named).places) == 1


def test_a_bomb_is_refused_before_it_is_opened(read_as: Callable[..., Any]) -> None:
    bomb = archive({"list.csv": bytes(209_715_213)}, compresslevel=9)  # B10
    assert len(bomb) < 300_000
    with pytest.raises(Invalid, match="times its size"):
        read_as(bomb, MAPPING, isolated=True)


def test_too_many_members_and_too_many_bytes(tmp_path: Path) -> None:
    file = tmp_path / "a.zip"
    file.write_bytes(archive({str(n): b"" for n in range(1001)}))
    with pytest.raises(Invalid, match="1001 files"):
        archives.check(file)
    file.write_bytes(archive({"a": os.urandom(3000), "b": os.urandom(3000)}))
    with pytest.raises(Invalid, match="6000 bytes"):
        archives.check(file, archives.Caps(total=5000))


def test_sizes_that_lie_are_counted_while_unpacking(tmp_path: Path) -> None:
    honest = archive({"list.csv": bytes(5_000_000)})  # B11
    small = struct.pack("<I", 100)
    file = tmp_path / "a.zip"
    file.write_bytes(honest.replace(struct.pack("<I", 5_000_000), small))
    archives.check(file)
    out = tmp_path / "out"
    with pytest.raises(Invalid):
        archives.unpack(file, out, caps=archives.Caps(ratio_from=1000, ratio=2))
    assert sum(path.stat().st_size for path in out.rglob("*") if path.is_file()) < 100_000


def _link() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        info = zipfile.ZipInfo("list.csv")
        info.external_attr = 0o120777 << 16
        made.writestr(info, "/etc/passwd")
    return out.getvalue()


def _twice() -> bytes:
    out = io.BytesIO()
    with zipfile.ZipFile(out, "w") as made:
        made.writestr("list.csv", CSV)
        made.writestr("tsil.csv", CSV)
    return out.getvalue().replace(b"tsil.csv", b"list.csv")


def _encrypted() -> bytes:
    made = bytearray(archive({"list.csv": CSV}))
    made[6] |= 1
    made[made.index(b"PK\x01\x02") + 8] |= 1
    return bytes(made)


@pytest.mark.parametrize(
    "attack",
    [
        archive({"../../evil.shp": b"x"}), archive({"/abs.dbf": b"x"}), archive({"C:\\x": b"x"}),
        archive({"a/../../b.csv": b"x"}), archive({"..\\evil.csv": b"x"}),
        archive({"inner.zip": archive({"a": b"x"})}), _link(), _twice(), _encrypted(),
        b"PK\x03\x04 and nothing",
    ],
    ids=["up", "absolute", "drive", "inside up", "backslash", "nested", "link", "twice",
         "encrypted", "broken"],
)  # fmt: skip
def test_archives_that_leave_their_folder(
    read_as: Callable[..., Any], tmp_path: Path, attack: bytes
) -> None:
    with pytest.raises(Invalid):  # B12
        read_as(attack, MAPPING)
    assert {path.name for path in tmp_path.iterdir()} <= {"given", "raw"}
    assert not (tmp_path.parent / "evil.shp").exists()


# -------------------------------------------------------------------------------- the sandbox


GEOJSON = """
[file]
format = "geojson"
[places]
kind = { value = "library" }
remote_id = "id"
name = "nom"
[places.where]
code = "insee"
longitude = "@longitude"
latitude = "@latitude"
"""


def test_memory_has_an_end_and_only_this_file_fails(read_as: Callable[..., Any]) -> None:
    ring = [[2 + n / 1e9, 48.0] for n in range(800_000)]
    feature = {"type": "Feature", "properties": {"id": 1, "nom": "A", "insee": "27229"},
               "geometry": {"type": "Polygon", "coordinates": [ring]}}  # fmt: skip
    greedy = json.dumps({"type": "FeatureCollection", "features": [feature]}).encode()
    with pytest.raises(Invalid, match=r"memory|room"):  # F20
        read_as(greedy, GEOJSON, memory_bytes=300 << 20)
    assert len(read_as(CSV, MAPPING).places) == 1


def test_time_has_an_end(read_as: Callable[..., Any]) -> None:
    # A pattern that backtracks for ever, as a careless source file could hold.
    slow = MAPPING.replace('name = "nom"', 'name = { column = "nom", match = "^((a+)+)$" }')
    endless = b"id;nom;insee\n1;" + b"a" * 60 + b"!;27229\n"
    with pytest.raises(Invalid, match="processor"):
        read_as(endless, slow, cpu_seconds=3)
    with pytest.raises(Invalid, match="not read after 4 s"):
        read_as(endless, slow, seconds=4)


def test_the_child_has_no_network() -> None:
    """Where the system allows it; root and most user namespaces do."""
    read, write = os.pipe()
    child = os.fork()
    if child == 0:
        allowed = sandboxed.without_network()
        try:
            import socket

            socket.create_connection(("192.0.2.1", 80), 2)
            word = b"connected"
        except OSError as error:
            word = str(error.errno).encode()
        os.write(write, b"alone " + word if allowed else b"not allowed")
        os._exit(0)
    os.waitpid(child, 0)
    said = os.read(read, 100)
    if said == b"not allowed":
        pytest.skip("this system gives no network namespace")
    assert said == b"alone 101", "network is unreachable"


def test_a_crash_of_the_reader_is_one_refused_file(
    read_as: Callable[..., Any], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sys, "executable", "/bin/false")
    with pytest.raises(Invalid, match="failed"):
        read_as(CSV, MAPPING, isolated=True)
