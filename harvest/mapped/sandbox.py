"""Reading a file in a process of its own that cannot harm: see harvest/mapped/sandboxed.py.

The parent only ever decodes lines of plain JSON that the child wrote; a child that runs out of
memory, time or luck is one refused file, and nothing else.
"""

import contextlib
import os
import signal
import subprocess
import sys
import tempfile
from dataclasses import dataclass
from pathlib import Path

import msgspec

from config.errors import Invalid
from harvest.mapped.records import Summary
from harvest.mapped.sandboxed import REFUSED, Job
from harvest.source_files import SourceFile


@dataclass(frozen=True, slots=True)
class Limits:
    """What reading one file may cost. A national file of 100 MB takes 0.3 GB and 30 s."""

    memory_bytes: int = 1 << 30  # address space
    cpu_seconds: int = 300
    seconds: int = 600
    file_bytes: int = 2 << 30  # the largest file that it may write


LIMITS = Limits()
# GDAL: no network, no folder of plug-ins, no driver that reads other places than the file.
ENVIRONMENT = {
    "PATH": "/usr/bin:/bin",
    "LC_ALL": "C.UTF-8",
    "PYTHONDONTWRITEBYTECODE": "1",
    "GDAL_SKIP": "VRT,HTTP,WMS,WCS,WMTS,PLMOSAIC,STACIT",
    "OGR_SKIP": "OGR_VRT,WFS,OAPIF,CSW,PLSCENES,Elasticsearch,CARTO,AmigoCloud,NGW,Idrisi,DXF",
    "GDAL_DRIVER_PATH": "disable",
    "GDAL_DISABLE_READDIR_ON_OPEN": "EMPTY_DIR",
    "CPL_VSIL_CURL_ALLOWED_EXTENSIONS": ".none",
    "CPL_CURL_ENABLE_VSIMEM": "NO",
    "GDAL_HTTP_PROXY": "127.0.0.1:9",
    "PROJ_NETWORK": "OFF",
    "OMP_NUM_THREADS": "1",
    "OPENBLAS_NUM_THREADS": "1",
}


# How Python, C++ and the loader say that there is no memory left.
WITHOUT_ROOM = ("MemoryError", "bad_alloc", "failed to map segment", "Cannot allocate memory")


@dataclass(frozen=True, slots=True)
class Output:
    """What the child wrote: `file` holds records, one a line; whoever takes it removes it."""

    file: Path
    summary: Summary


def read(source: SourceFile, file: Path, folder: Path, limits: Limits = LIMITS) -> Output:
    """Read `file` by the mapping of `source`; the records are left in `folder`.

    Raises Invalid when the file is refused, or costs more than it may.
    """
    if str(file).startswith("/vsi"):
        raise Invalid("A file is a file.")
    handle, name = tempfile.mkstemp(prefix="fetch-", dir=folder)
    os.close(handle)
    output = Path(name)
    try:
        with tempfile.TemporaryDirectory(prefix="fetch-", dir=folder) as work:
            job = Job(
                source=source.model_dump_json(), file=str(file.resolve()), output=str(output),
                work=work, parent=os.getpid(), memory_bytes=limits.memory_bytes,
                cpu_seconds=limits.cpu_seconds, file_bytes=limits.file_bytes,
            )  # fmt: skip
            said = _run(job, work, limits)
        return Output(output, msgspec.json.decode(said, type=Summary))
    except BaseException:
        output.unlink(missing_ok=True)
        raise


def _run(job: Job, work: str, limits: Limits) -> bytes:
    process = subprocess.Popen(
        [sys.executable, "-m", "harvest.mapped.sandboxed"],
        stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=subprocess.PIPE,
        cwd=work, env={**ENVIRONMENT, "HOME": work, "TMPDIR": work}, start_new_session=True,
    )  # fmt: skip
    try:
        said, complaint = process.communicate(msgspec.json.encode(job), limits.seconds)
    except subprocess.TimeoutExpired:
        raise Invalid(f"The file is not read after {limits.seconds} s: it is refused.") from None
    finally:
        if process.poll() is None:
            with contextlib.suppress(ProcessLookupError):
                os.killpg(process.pid, signal.SIGKILL)
            process.communicate()
    if process.returncode == 0:
        return said
    words = complaint.decode("utf-8", "replace").strip()
    if process.returncode == REFUSED:
        raise Invalid(words)
    if process.returncode in (-signal.SIGXCPU, -signal.SIGKILL):
        raise Invalid(f"Reading the file took more than {limits.cpu_seconds} s of processor.")
    if process.returncode == -signal.SIGXFSZ or any(sign in words for sign in WITHOUT_ROOM):
        raise Invalid("The file needs more room to be read than it is given.")
    if process.returncode < 0:
        raise Invalid(f"The reader of the file crashed (signal {-process.returncode}).")
    last = words.splitlines()[-1] if words else "no reason given"
    raise Invalid(f"The file breaks its reader, which failed: {last}")
