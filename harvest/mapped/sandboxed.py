"""The child process that opens files made by others: `python -m harvest.mapped.sandboxed`.

It takes its own freedom away before it looks at the file: memory, processor time, file size, and
the network when the system allows it. It hears its job on stdin and says what it finds on stdout,
in the pieces of harvest.mapped.frames.
Exit 3: the file is refused, in one line on stderr. Anything else that is not 0: it was ended.
"""

import contextlib
import ctypes
import gc
import os
import resource
import signal
import sys
from functools import partial
from pathlib import Path
from typing import Literal

import msgspec

from harvest.mapped import frames

REFUSED = 3
PR_SET_PDEATHSIG = 1


# Places: which are known by their marks, for a known source; whether ids are repeated; or nothing.
type First = Literal["marks", "ids", "nothing"]


class Job(msgspec.Struct):
    """What to read, and what it may cost."""

    task: Literal["records", "places", "facts"]
    first: First  # what is said of the rows before any is read
    source: str  # a SourceFile as JSON
    file: str
    work: str
    parent: int
    memory_bytes: int
    cpu_seconds: int
    file_bytes: int


def confine(job: Job) -> None:
    """Give up what reading a file does not need. What the system refuses to take is left."""
    with contextlib.suppress(OSError):
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGKILL)
    if os.getppid() != job.parent:  # it died before the line above
        os._exit(1)
    resource.setrlimit(resource.RLIMIT_CORE, (0, 0))
    resource.setrlimit(resource.RLIMIT_FSIZE, (job.file_bytes, job.file_bytes))
    resource.setrlimit(resource.RLIMIT_CPU, (job.cpu_seconds, job.cpu_seconds))
    resource.setrlimit(resource.RLIMIT_AS, (job.memory_bytes, job.memory_bytes))
    resource.setrlimit(resource.RLIMIT_NOFILE, (128, 128))
    without_network()


def without_network() -> bool:
    """Leave for a network of one's own that leads nowhere; whether the system allowed it."""
    for flags in (os.CLONE_NEWNET, os.CLONE_NEWUSER | os.CLONE_NEWNET):
        with contextlib.suppress(OSError):
            os.unshare(flags)
            return True
    return False


def main() -> int:
    hear, say = sys.stdin.buffer, sys.stdout.buffer
    job = msgspec.json.decode(_heard(frames.JOB), type=Job)
    confine(job)
    # After the limits: what these import counts too.
    from config.errors import GuichetError
    from harvest.mapped import tasks
    from harvest.source_files import SourceFile

    gc.disable()  # rows are made and dropped by the million, and none holds itself
    source = SourceFile.model_validate_json(job.source)
    file, work = Path(job.file), Path(job.work)
    try:
        atlas = b"" if job.task == "records" else _heard(frames.ATLAS)
        match job.task:
            case "records":
                tasks.records(source, file, work, say)
            case "facts":
                tasks.facts(source, file, work, atlas, say)
            case "places":
                known = _pieces(frames.KNOWN) if job.first == "marks" else b""
                tasks.Places(source, file, work, atlas, job.first, say).run(known)
    except GuichetError as error:
        sys.stderr.write(" ".join(str(error).split())[:2000])
        return REFUSED
    except MemoryError:
        sys.stderr.write("The file needs more memory to be read than it is given.")
        return REFUSED
    hear.close()
    return 0


def _heard(kind: bytes) -> bytes:
    """The piece that the parent says now. It says nothing else: another kind is its death."""
    piece = frames.read(sys.stdin.buffer)
    if piece is None or piece[0] != kind:
        os._exit(1)
    return piece[1]


def _pieces(kind: bytes) -> bytes:
    """All that the parent says in pieces of a kind, up to an empty one."""
    return b"".join(iter(partial(_heard, kind), b""))


if __name__ == "__main__":
    sys.exit(main())
