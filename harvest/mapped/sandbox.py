"""Reading a file in a process of its own that cannot harm: see harvest/mapped/sandboxed.py.

The parent only ever decodes plain JSON that the child wrote, and takes lines of office as text for
COPY; a child that runs out of memory, time or luck is one refused file, and nothing else.
"""

import contextlib
import os
import select
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import IO, Literal

import msgspec

from config.errors import Invalid
from harvest.mapped import frames
from harvest.mapped.records import Told
from harvest.mapped.sandboxed import REFUSED, First, Job
from harvest.source_files import SourceFile


@dataclass(frozen=True, slots=True)
class Limits:
    """What reading one file may cost. A national file of 100 MB takes 0.3 GB and 30 s."""

    memory_bytes: int = 1 << 30  # address space
    cpu_seconds: int = 300
    seconds: int = 600  # in which we wait for it; it may wait for us as long as it takes
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


type Task = Literal["records", "places", "facts"]
type Piece = tuple[bytes, bytes]


class Reader:
    """A reading process at work. Its pieces are heard one by one; `told` is its last word."""

    def __init__(self, process: subprocess.Popen[bytes], complaint: IO[bytes], limits: Limits):
        self.told = Told(0, [], {}, False)
        self._process = process
        self._complaint = complaint
        self._limits = limits
        self._waited = 0.0
        self._heard = bytearray()

    def say(self, kind: bytes, payload: bytes) -> None:
        """Give the process what it waits for."""
        assert self._process.stdin is not None  # noqa: S101 it was made with a pipe
        with contextlib.suppress(BrokenPipeError):  # it is dead: the next piece tells why
            frames.write(self._process.stdin, kind, payload)  # type: ignore[arg-type]

    def pieces(self, until: bytes = frames.END) -> Iterator[Piece]:
        """What it finds, piece by piece, up to one of the kind `until`, which comes last.

        Raises Invalid when the file is refused, or costs more than it may.
        """
        while True:
            kind, length = frames.HEADER.unpack(self._bytes(frames.HEADER.size))
            if length > frames.LARGEST:
                raise Invalid("The reader of the file says too much at once.")
            payload = self._bytes(length)
            if kind == frames.END:
                self.told = msgspec.json.decode(payload, type=Told)
                self._process.wait(self._limits.seconds)
                return
            yield kind, payload
            if kind == until:
                return

    def _bytes(self, count: int) -> bytes:
        assert self._process.stdout is not None  # noqa: S101 it was made with a pipe
        pipe = self._process.stdout.fileno()
        while len(self._heard) < count:
            began = time.monotonic()
            ready, _, _ = select.select(
                [pipe], [], [], max(0.0, self._limits.seconds - self._waited)
            )
            self._waited += time.monotonic() - began
            if not ready:
                raise Invalid(
                    f"The file is not read after {self._limits.seconds} s: it is refused."
                )
            some = os.read(pipe, 1 << 20)
            if not some:
                raise Invalid(self._why())
            self._heard += some
        taken = bytes(self._heard[:count])
        del self._heard[:count]
        return taken

    def _why(self) -> str:
        """Why a process ended before its last word."""
        code = self._process.wait()
        self._complaint.seek(0)
        words = self._complaint.read(1 << 16).decode("utf-8", "replace").strip()
        if code == REFUSED:
            return words
        if code in (-signal.SIGXCPU, -signal.SIGKILL):
            return f"Reading the file took more than {self._limits.cpu_seconds} s of processor."
        if code == -signal.SIGXFSZ or any(sign in words for sign in WITHOUT_ROOM):
            return "The file needs more room to be read than it is given."
        if code < 0:
            return f"The reader of the file crashed (signal {-code})."
        last = words.splitlines()[-1] if words else "no reason given"
        return f"The file breaks its reader, which failed: {last}"


@contextmanager
def reader(
    task: Task,
    source: SourceFile,
    file: Path,
    folder: Path,
    *,
    atlas: bytes = b"",
    first: First = "nothing",
    limits: Limits = LIMITS,
) -> Iterator[Reader]:
    """Read `file` by the mapping of `source` in a process that ends with the block.

    `atlas` is what rows are matched with, `first` what is said of places before any is read.
    """
    if str(file).startswith("/vsi"):
        raise Invalid("A file is a file.")
    with (
        tempfile.TemporaryDirectory(prefix="fetch-", dir=folder) as work,
        tempfile.TemporaryFile(dir=folder) as complaint,
    ):
        job = Job(
            task=task, first=first, source=source.model_dump_json(), file=str(file.resolve()),
            work=work, parent=os.getpid(), memory_bytes=limits.memory_bytes,
            cpu_seconds=limits.cpu_seconds, file_bytes=limits.file_bytes,
        )  # fmt: skip
        process = subprocess.Popen(
            [sys.executable, "-m", "harvest.mapped.sandboxed"],
            stdin=subprocess.PIPE, stdout=subprocess.PIPE, stderr=complaint,
            cwd=work, env={**ENVIRONMENT, "HOME": work, "TMPDIR": work}, start_new_session=True,
        )  # fmt: skip
        made = Reader(process, complaint, limits)
        try:
            made.say(frames.JOB, msgspec.json.encode(job))
            if task != "records":
                made.say(frames.ATLAS, atlas)
            yield made
        finally:
            if process.poll() is None:
                with contextlib.suppress(ProcessLookupError):
                    os.killpg(process.pid, signal.SIGKILL)
            with contextlib.suppress(BrokenPipeError):
                process.communicate()
