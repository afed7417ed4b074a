"""The private PostgreSQL cluster in var/cluster: made, started, stopped, asked how it is.

It listens on a Unix socket only, in a folder that only its own user enters; checksums and
fsync are on. It is supervised with `pg_ctl`, and postmaster.pid is never touched: PostgreSQL
alone knows when an old one may be replaced.
"""

import contextlib
import fcntl
import hashlib
import os
import pwd
import secrets
import shutil
import stat
import subprocess
import time
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import psycopg
from psycopg import sql

from catalog.database import address
from config.errors import Unavailable
from config.settings import Settings

State = Literal["absent", "stopped", "starting", "running"]
PROGRAMS = Path("/usr/lib/postgresql")
CONTROL_FILE = "/usr/share/postgresql/{version}/extension/postgis.control"
# When the machine's root runs Guichet from a folder that the server's user may not enter
# (for example below /root), the cluster lives here and var/cluster is a link to it.
SHELTER = Path("/var/lib/guichet")
PIDFILE_STATUS_LINE = 7  # src/include/utils/pidfile.h: LOCK_FILE_LINE_PM_STATUS, from 0


@dataclass(frozen=True, slots=True)
class ClusterStatus:
    """How the private cluster is. `pid` is the postmaster's, None unless it lives."""

    state: State
    pid: int | None
    home: Path
    socket: Path
    version: str | None

    def __str__(self) -> str:
        if self.state == "absent":
            return f"no cluster yet in {self.home}"
        process = "" if self.pid is None else f", process {self.pid}"
        return f"PostgreSQL {self.version} {self.state}{process}, in {self.home}"


@dataclass(frozen=True, slots=True)
class Owner:
    """The user whose processes and files the cluster's are."""

    uid: int
    gid: int
    name: str


def programs(version: str | None = None) -> Path:
    """The folder of PostgreSQL's server programs.

    With a `version` (that of an existing cluster), that one; else the newest that has PostGIS.
    Raises Unavailable, saying what to install.
    """
    found = {
        folder.parent.name: folder
        for folder in PROGRAMS.glob("*/bin")
        if (folder / "initdb").exists() and folder.parent.name.isdigit()
    }
    if version is not None and found:
        if version not in found:
            raise Unavailable(
                f"The cluster was made by PostgreSQL {version}, which is no longer installed: "
                f"install the package postgresql-{version}-postgis-3, or remove var/ to start "
                "afresh (it holds the catalogue)."
            )
        return found[version]
    spatial = [name for name in found if Path(CONTROL_FILE.format(version=name)).exists()] or list(
        found
    )
    if spatial:
        return found[max(spatial, key=int)]
    initdb = shutil.which("initdb")
    if initdb is None:
        raise Unavailable(
            "PostgreSQL is not installed: run `make setup`, "
            "or give a server with GUICHET_DATABASE_URL."
        )
    return Path(initdb).resolve().parent


def server_user() -> Owner:
    """Ourselves; for root, who may not run PostgreSQL, the user `guichet` or `postgres`."""
    if os.geteuid() != 0:
        return Owner(os.geteuid(), os.getegid(), pwd.getpwuid(os.geteuid()).pw_name)
    for name in ("guichet", "postgres"):
        with contextlib.suppress(KeyError):
            entry = pwd.getpwnam(name)
            return Owner(entry.pw_uid, entry.pw_gid, name)
    raise Unavailable(
        "PostgreSQL refuses to run as root and there is no user `guichet` nor `postgres`: "
        "create one with `useradd --system guichet`."
    )


def may_enter(folder: Path, owner: Owner) -> bool:
    """Whether `owner` can traverse every parent of `folder` (read from the mode bits)."""
    for parent in folder.resolve().parents:
        if not parent.exists():
            continue
        about = parent.stat()
        bit = stat.S_IXOTH
        if about.st_uid == owner.uid:
            bit = stat.S_IXUSR
        elif about.st_gid == owner.gid:
            bit = stat.S_IXGRP
        if not about.st_mode & bit:
            return False
    return True


class Cluster:
    """The private cluster of one var/ folder. Every method can be called at any time."""

    def __init__(self, settings: Settings, *, durable: bool = True) -> None:
        """`durable=False` turns fsync off, for the throw-away clusters of tests only."""
        self.settings = settings
        self.durable = durable

    @property
    def home(self) -> Path:
        return address.home(self.settings)

    @property
    def data(self) -> Path:
        return self.home / "data"

    @property
    def socket(self) -> Path:
        return address.socket_directory(self.settings)

    @property
    def log(self) -> Path:
        return self.home / "server.log"

    # ------------------------------------------------------------------ questions

    def status(self) -> ClusterStatus:
        """Ask the files and the process table; nothing is changed."""
        version = None
        with contextlib.suppress(OSError):
            version = (self.data / "PG_VERSION").read_text().strip()
        if version is None:
            return ClusterStatus("absent", None, self.home, self.socket, None)
        pid, ready = self._postmaster()
        state: State = "stopped" if pid is None else "running" if ready else "starting"
        return ClusterStatus(state, pid, self.home, self.socket, version)

    def _postmaster(self) -> tuple[int | None, bool]:
        """(pid of the living postmaster or None, whether it accepts connections)."""
        try:
            lines = (self.data / "postmaster.pid").read_text().splitlines()
            pid = int(lines[0])
        except (OSError, ValueError, IndexError):
            return None, False
        try:
            # A postmaster works in its data folder: a recycled pid does not.
            if Path(f"/proc/{pid}/cwd").readlink() != self.data:
                return None, False
        except OSError:
            return None, False
        ready = len(lines) > PIDFILE_STATUS_LINE and lines[PIDFILE_STATUS_LINE].strip() == "ready"
        return pid, ready

    # -------------------------------------------------------------------- actions

    def start(self) -> ClusterStatus:
        """Make the cluster if there is none, start it if it is down, wait until it answers.

        Retries with growing pauses while the backends of a killed postmaster still hold its
        shared memory. Raises Unavailable with the end of the server's log.
        """
        with self._alone():
            if self.status().state == "absent":
                self._create()
            self._configure()
            self._launch()
        return self.status()

    def stop(self) -> ClusterStatus:
        """Fast shutdown: sessions are ended, everything committed is on the disc."""
        if self.status().state == "absent":
            return self.status()
        with self._alone():
            if self.status().pid is not None:
                seconds = str(self.settings.cluster.start_timeout_seconds)
                self._run("pg_ctl", "stop", "-D", str(self.data), "-m", "fast", "-w", "-t", seconds)
        return self.status()

    # --------------------------------------------------------------- how it is done

    @contextlib.contextmanager
    def _alone(self) -> Iterator[None]:
        """One process at a time makes, starts or stops this cluster; others wait."""
        self.settings.paths.var.mkdir(parents=True, exist_ok=True)
        with (self.settings.paths.var / ".cluster.lock").open("w") as lock:
            fcntl.flock(lock, fcntl.LOCK_EX)
            yield

    def _owner(self) -> Owner:
        """Who owns the existing cluster, or who will own the new one."""
        try:
            uid = self.data.stat().st_uid
        except OSError:
            return server_user()
        entry = pwd.getpwuid(uid)
        if os.geteuid() not in (0, uid):
            raise Unavailable(
                f"The cluster in {self.home} belongs to the user {entry.pw_name}: "
                "run the command as that user or as root, or choose another GUICHET_VAR."
            )
        return Owner(uid, entry.pw_gid, entry.pw_name)

    def _run(self, program: str, *arguments: str) -> subprocess.CompletedProcess[str]:
        """Run a PostgreSQL program as the cluster's user, apart from the terminal's Ctrl-C."""
        owner = self._owner()
        root = os.geteuid() == 0
        return subprocess.run(  # noqa: S603 (our own arguments, no shell)
            [str(programs(self.status().version) / program), *arguments],
            cwd=self.home,
            stdin=subprocess.DEVNULL,
            capture_output=True,
            text=True,
            check=False,
            start_new_session=True,
            env={"PATH": os.defpath, "LC_ALL": "C.UTF-8", "TZ": "UTC"},
            user=owner.uid if root else None,
            group=owner.gid if root else None,
            extra_groups=[owner.gid] if root else None,
        )

    def _create(self) -> None:
        """initdb beside, then one rename: a kill at any moment leaves no half cluster."""
        owner = server_user()
        self._make_home(owner)
        fresh = self.home / "data.new"
        if fresh.exists():
            shutil.rmtree(fresh)
        done = self._run(
            "initdb",
            f"--pgdata={fresh}",
            f"--username={address.USER}",
            "--auth-local=peer",
            "--auth-host=reject",
            "--data-checksums",
            "--encoding=UTF8",
            "--locale=C.UTF-8",
            *(() if self.durable else ("--no-sync",)),
        )
        if done.returncode:
            raise Unavailable(f"initdb could not make the cluster: {done.stderr.strip()}")
        # Only the cluster's user, root, and whoever shares its uid can be `guichet`.
        (fresh / "pg_hba.conf").write_text("local all all peer map=guichet\n")
        (fresh / "pg_ident.conf").write_text(
            f"guichet root {address.USER}\nguichet {owner.name} {address.USER}\n"
        )
        with (fresh / "postgresql.conf").open("a") as conf:
            conf.write("\ninclude 'guichet.conf'\n")
        (fresh / "guichet.conf").touch()
        self._give(fresh / "guichet.conf", owner)
        fresh.rename(self.data)

    def _make_home(self, owner: Owner) -> None:
        """var/cluster, or a link to a folder of SHELTER when `owner` may not enter var/."""
        path = self.settings.paths.cluster
        if not path.is_symlink() and not path.exists() and not may_enter(path, owner):
            path.symlink_to(self._shelter(path, owner))
        home = self.home
        home.mkdir(parents=True, exist_ok=True)
        home.chmod(0o711)
        self._give(home, owner)

    def _shelter(self, path: Path, owner: Owner) -> Path:
        """A new folder of SHELTER for this var/; stopped ones that var/ forgot are removed."""
        key = hashlib.sha256(str(path.absolute()).encode()).hexdigest()[:12]
        SHELTER.mkdir(parents=True, exist_ok=True)
        for forgotten in SHELTER.glob(f"{key}-*"):
            if not (forgotten / "data" / "postmaster.pid").exists():
                shutil.rmtree(forgotten)
        folder = SHELTER / f"{key}-{secrets.token_hex(4)}"
        if not may_enter(folder, owner):
            raise Unavailable(
                f"The user {owner.name} may not enter {path.parent} nor {SHELTER}: "
                "set GUICHET_VAR to a folder that everybody may enter."
            )
        return folder

    @staticmethod
    def _give(path: Path, owner: Owner) -> None:
        if os.geteuid() == 0:
            os.chown(path, owner.uid, owner.gid)

    def _configure(self) -> None:
        """Write guichet.conf from the settings and make the socket's private folder."""
        owner = self._owner()
        numbers = self.settings.cluster
        # Containers often have a tiny /dev/shm, on which parallel queries would fail.
        shm = Path("/dev/shm")  # noqa: S108
        roomy = shm.exists() and shutil.disk_usage(shm).total >= 256 * 1024 * 1024
        lines = {
            "listen_addresses": "''",
            "port": str(address.PORT),
            "unix_socket_directories": "'" + str(self.socket).replace("'", "''") + "'",
            "unix_socket_permissions": "0700",
            "max_connections": str(numbers.max_connections),
            "shared_buffers": f"{numbers.shared_buffers_mb}MB",
            "dynamic_shared_memory_type": "posix" if roomy else "mmap",
            "work_mem": "16MB",
            "maintenance_work_mem": "128MB",
            "max_wal_size": "2GB",
            "checkpoint_timeout": "15min",
            "random_page_cost": "1.1",
            "jit": "off",
            "timezone": "'UTC'",
            "log_timezone": "'UTC'",
            "fsync": "on" if self.durable else "off",
            "full_page_writes": "on" if self.durable else "off",
            "synchronous_commit": "on" if self.durable else "off",
        }
        conf = self.data / "guichet.conf"
        text = "".join(f"{name} = {value}\n" for name, value in lines.items())
        fresh = conf.with_suffix(".new")
        fresh.write_text(text)
        self._give(fresh, owner)
        fresh.rename(conf)
        with contextlib.suppress(FileExistsError):
            self.socket.mkdir(mode=0o700)
            self._give(self.socket, owner)
        about = self.socket.lstat()
        if not stat.S_ISDIR(about.st_mode) or about.st_uid != owner.uid:
            raise Unavailable(
                f"{self.socket} is not a folder of the user {owner.name}: remove it and try again."
            )
        self.socket.chmod(0o700)

    def _launch(self) -> None:
        """Start until the server really answers: its files may describe one that just died."""
        numbers = self.settings.cluster
        seconds = str(numbers.start_timeout_seconds)
        said = ""
        for attempt in range(numbers.start_attempts):
            state = self.status().state
            if state == "stopped":
                where = ["-D", str(self.data), "-l", str(self.log), "-w", "-t", seconds]
                done = self._run("pg_ctl", "start", *where)
                said = done.stderr.strip() or done.stdout.strip()
            elif state == "starting":
                self._answers(numbers.start_timeout_seconds)
            try:
                self._create_database()
            except psycopg.OperationalError as error:
                said = said or str(error).strip()
            else:
                return
            time.sleep(min(2**attempt, 8))
        raise Unavailable(
            f"PostgreSQL does not start after {numbers.start_attempts} attempts ({said}). "
            f"The end of {self.log} says:\n{self._end_of_log()}"
        )

    def _answers(self, seconds: float) -> bool:
        """Wait for a starting server (recovery after a crash) to accept connections."""
        end = time.monotonic() + seconds
        while time.monotonic() < end:
            state = self.status().state
            if state == "running":
                return True
            if state == "stopped":
                return False
            time.sleep(0.1)
        return False

    def _end_of_log(self, lines: int = 12) -> str:
        try:
            return "\n".join(self.log.read_text(errors="replace").splitlines()[-lines:])
        except OSError:
            return "(nothing)"

    def _create_database(self) -> None:
        inside = address.conninfo(
            self.settings.model_copy(
                update={"database": self.settings.database.model_copy(update={"url": ""})}
            ),
            database="postgres",
        )
        with psycopg.connect(inside, autocommit=True, connect_timeout=10) as conn:
            known = conn.execute(
                "select 1 from pg_database where datname = %s", [address.DATABASE]
            ).fetchone()
            if known is None:
                conn.execute(sql.SQL("create database {}").format(sql.Identifier(address.DATABASE)))
