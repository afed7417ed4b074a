"""The private cluster survives what happens to real machines."""

import os
import shutil
import signal
import stat
import tempfile
import threading
import time
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from catalog.database import address
from catalog.database.cluster import Cluster, may_enter, programs, server_user
from config.errors import Unavailable
from config.settings import Settings, load


@pytest.fixture
def own() -> Iterator[Cluster]:
    """A durable cluster of this test alone."""
    folder = Path(tempfile.mkdtemp(prefix="guichet-own-"))
    folder.chmod(0o711)
    cluster = Cluster(load({"GUICHET_VAR": str(folder)}))
    yield cluster
    cluster.stop()
    shutil.rmtree(cluster.home, ignore_errors=True)
    shutil.rmtree(folder, ignore_errors=True)


def ask(settings: Settings, question: str) -> object:
    with psycopg.connect(address.conninfo(settings)) as conn:
        row = conn.execute(question.encode()).fetchone()
        assert row is not None
        return row[0]


def test_a_cluster_is_made_started_asked_and_stopped(own: Cluster) -> None:
    assert own.status().state == "absent"
    assert own.start().state == "running"
    settings = own.settings
    assert ask(settings, "show data_checksums") == "on"
    assert ask(settings, "show fsync") == "on"
    assert ask(settings, "show listen_addresses") == ""
    assert ask(settings, "show port") != "5432"
    assert stat.S_IMODE(own.socket.stat().st_mode) == 0o700
    assert own.socket.stat().st_uid == server_user().uid
    assert own.start().state == "running", "starting what runs is no error"
    assert own.stop().state == "stopped"
    assert own.stop().state == "stopped", "stopping what is stopped is no error"


def test_a_killed_postmaster_is_started_again_and_nothing_is_lost(own: Cluster) -> None:
    own.start()
    settings = own.settings
    pid_file = own.data / "postmaster.pid"
    with psycopg.connect(address.conninfo(settings)) as conn:
        conn.execute("create table kept as select generate_series(1, 1000) as id")
    # A backend at work when its postmaster dies: it holds the shared memory for a while.
    busy = psycopg.connect(address.conninfo(settings), autocommit=True)
    worker = threading.Thread(target=sleep_in_database, args=(busy,))
    worker.start()
    time.sleep(0.2)
    killed = own.status().pid
    assert killed is not None
    os.kill(killed, signal.SIGKILL)
    assert pid_file.exists(), "a killed postmaster leaves its file"
    assert own.start().state == "running"
    worker.join(30)
    busy.close()
    assert own.status().pid != killed
    assert ask(settings, "select count(*) from kept") == 1000


def sleep_in_database(conn: psycopg.Connection) -> None:
    try:
        conn.execute("select pg_sleep(3)")
    except psycopg.Error:
        return


def test_no_code_removes_postmaster_pid() -> None:
    text = Path(__file__).resolve().parents[2].joinpath("catalog/database/cluster.py").read_text()
    assert "unlink" not in text


def test_two_processes_that_start_together_make_one_cluster(own: Cluster) -> None:
    states: list[str] = []
    clusters = [Cluster(own.settings) for _ in range(3)]
    threads = [
        threading.Thread(target=lambda one=one: states.append(one.start().state))
        for one in clusters
    ]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join(90)
    assert states == ["running"] * 3
    assert len({one.status().pid for one in clusters}) == 1


def test_an_interrupted_initdb_leaves_no_half_cluster(own: Cluster) -> None:
    own.start()
    own.stop()
    # What a kill during initdb leaves: data.new, and no data.
    own.data.rename(own.home / "data.new")
    (own.home / "data.new" / "PG_VERSION").unlink()
    assert own.status().state == "absent"
    assert own.start().state == "running"


def test_a_long_path_gets_a_short_private_socket(own: Cluster) -> None:
    deep = own.settings.paths.var / ("a" * 60) / ("b" * 60)
    far = Cluster(load({"GUICHET_VAR": str(deep)}))
    try:
        for folder in (deep.parent, deep):
            folder.mkdir(exist_ok=True)
            folder.chmod(0o711)
        far.start()
        assert len(str(far.socket / address.SOCKET_FILE).encode()) <= 107
        assert far.socket.parent == Path("/tmp")
        assert stat.S_IMODE(far.socket.stat().st_mode) == 0o700
        assert ask(far.settings, "select 1") == 1
    finally:
        far.stop()
        shutil.rmtree(far.socket, ignore_errors=True)


def test_somebody_elses_socket_folder_is_refused(own: Cluster) -> None:
    deep = own.settings.paths.var / ("c" * 60) / ("d" * 60)
    far = Cluster(load({"GUICHET_VAR": str(deep)}))
    for folder in (deep.parent, deep):
        folder.mkdir(exist_ok=True)
        folder.chmod(0o711)
    far.socket.symlink_to("/tmp")
    try:
        with pytest.raises(Unavailable, match="remove it and try again"):
            far.start()
    finally:
        far.socket.unlink()


@pytest.mark.skipif(os.geteuid() != 0, reason="only root runs PostgreSQL as somebody else")
def test_root_in_a_private_folder_still_gets_a_cluster() -> None:
    """A clone below /root: PostgreSQL's user may not enter it."""
    folder = Path(tempfile.mkdtemp(prefix="guichet-private-"))
    assert stat.S_IMODE(folder.stat().st_mode) == 0o700
    cluster = Cluster(load({"GUICHET_VAR": str(folder / "var")}))
    assert not may_enter(cluster.settings.paths.cluster, server_user())
    try:
        assert cluster.start().state == "running"
        assert cluster.settings.paths.cluster.is_symlink()
        assert ask(cluster.settings, "select 1") == 1
        home = cluster.home
        cluster.stop()
        # Deleting var/ starts afresh, and what it left elsewhere does not stay for ever.
        shutil.rmtree(folder / "var")
        assert cluster.start().state == "running"
        assert cluster.home != home
        assert not home.exists()
    finally:
        cluster.stop()
        shutil.rmtree(cluster.home, ignore_errors=True)
        shutil.rmtree(folder, ignore_errors=True)


def test_a_cluster_of_a_removed_version_says_what_to_install(own: Cluster) -> None:
    with pytest.raises(Unavailable, match="postgresql-7-postgis-3"):
        programs("7")


def test_what_does_not_start_says_why(own: Cluster) -> None:
    own.start()
    own.stop()
    settings = own.settings.model_copy(
        update={"cluster": own.settings.cluster.model_copy(update={"start_attempts": 1})}
    )
    (own.data / "postgresql.auto.conf").write_text("no_such_setting = 1\n")
    with pytest.raises(Unavailable, match="no_such_setting"):
        Cluster(settings).start()
