"""Opening an archive that nobody here made: judged before anything is written, counted while.

Refused: more than it should hold, a ratio that only a bomb has, names that leave the folder,
links, archives within archives, the same name twice, what is encrypted.
"""

import re
import stat
import zipfile
import zlib
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path, PurePosixPath

from config.errors import Invalid

MAGIC = b"PK\x03\x04"
NESTED = (".zip", ".gz", ".tgz", ".tar", ".bz2", ".xz", ".7z", ".rar", ".kmz")
DRIVE = re.compile(r"^[A-Za-z]:")
CHUNK = 1 << 16


@dataclass(frozen=True, slots=True)
class Caps:
    """What an archive may hold. Bytes are unpacked ones."""

    total: int = 500 << 20
    ratio: int = 100
    ratio_from: int = 1 << 20  # a megabyte of zeros is nobody's bomb
    members: int = 1000


CAPS = Caps()


def is_archive(file: Path) -> bool:
    with file.open("rb") as opened:
        return opened.read(4) == MAGIC


def check(file: Path, caps: Caps = CAPS) -> list[zipfile.ZipInfo]:
    """The files that an archive says it holds. Raises Invalid for one that is not to be opened."""
    try:
        with zipfile.ZipFile(file) as archive:
            members = archive.infolist()
    except (zipfile.BadZipFile, OSError, ValueError, NotImplementedError) as error:
        raise Invalid(f"This is not an archive that can be read: {error}.") from error
    if len(members) > caps.members:
        raise Invalid(f"The archive holds {len(members)} files; {caps.members} are the most.")
    names: set[str] = set()
    for member in members:
        _check_name(member)
        if member.filename.casefold() in names:
            raise Invalid(f"The archive holds {member.filename!r} twice.")
        names.add(member.filename.casefold())
    total = sum(member.file_size for member in members)
    packed = max(file.stat().st_size, 1)
    if total > caps.total:
        raise Invalid(f"The archive unpacks to {total} bytes; {caps.total} are the most.")
    if total > caps.ratio_from and total > caps.ratio * packed:
        raise Invalid(f"The archive unpacks to {total // packed} times its size.")
    return [member for member in members if not member.is_dir()]


def _check_name(member: zipfile.ZipInfo) -> None:
    # `orig_filename` is what the archive really says, before zipfile cleans it.
    name = member.orig_filename
    path = PurePosixPath(name.replace("\\", "/"))
    if path.is_absolute() or ".." in path.parts or DRIVE.match(name) or "\x00" in name:
        raise Invalid(f"The archive holds a file outside of it: {name!r}.")
    if stat.S_ISLNK(member.external_attr >> 16):
        raise Invalid(f"The archive holds a link: {name!r}.")
    if member.flag_bits & 0x1:
        raise Invalid(f"The archive is encrypted: {name!r}.")
    if path.suffix.lower() in NESTED:
        raise Invalid(f"The archive holds another archive: {name!r}.")


def unpack(file: Path, folder: Path, wanted: str = "", caps: Caps = CAPS) -> list[Path]:
    """The files of an archive, written in `folder`; only those whose name fits the glob `wanted`
    and their side files when one is given. Raises Invalid, also when sizes were lied about."""
    members = check(file, caps)
    if wanted:
        stems = {
            PurePosixPath(one.filename).with_suffix("")
            for one in members
            if fnmatch(one.filename, wanted) or fnmatch(PurePosixPath(one.filename).name, wanted)
        }
        members = [one for one in members if PurePosixPath(one.filename).with_suffix("") in stems]
    written: list[Path] = []
    total = 0
    most = min(caps.total, max(caps.ratio_from, caps.ratio * file.stat().st_size))
    try:
        with zipfile.ZipFile(file) as archive:
            for member in members:
                target = folder / PurePosixPath(member.filename.replace("\\", "/"))
                target.parent.mkdir(parents=True, exist_ok=True)
                with archive.open(member) as packed, target.open("xb") as out:
                    while chunk := packed.read(CHUNK):
                        total += len(chunk)
                        if total > most:
                            raise Invalid(f"The archive goes on after {most} bytes.")
                        out.write(chunk)
                written.append(target)
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError) as error:
        raise Invalid(f"The archive cannot be unpacked: {error}.") from error
    return written
