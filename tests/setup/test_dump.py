"""A hub is made again from its dump: the same database, the same bulk files, or it says no."""

import contextlib
import json
from pathlib import Path

import psycopg
import pytest
from click.testing import CliRunner

from api.cli import dump, rebuild
from config.settings import Settings


def run(settings: Settings, command: object, folder: Path, monkeypatch: pytest.MonkeyPatch):
    for module in (dump, rebuild):
        monkeypatch.setattr(module, "load", lambda: settings)
    return CliRunner().invoke(command, [str(folder)], standalone_mode=False)


@contextlib.contextmanager
def empty_database(settings: Settings, name: str):
    """The settings of a database that holds nothing, dropped at the end."""
    from catalog.database import address

    with psycopg.connect(address.conninfo(settings, database="postgres"), autocommit=True) as conn:
        conn.execute(f"create database {name}")
        try:
            yield address.conninfo(settings, database=name)
        finally:
            conn.execute(f"drop database {name} with (force)")


def at(settings: Settings, url: str, var: Path) -> Settings:
    return settings.model_copy(
        update={
            "database": settings.database.model_copy(update={"url": url}),
            "paths": settings.paths.model_copy(update={"var": var}),
        }
    )


def test_a_site_is_made_again_from_its_dump(
    small_france_settings: Settings, site: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "dump"
    done = run(small_france_settings, dump.command, folder, monkeypatch)
    assert done.exception is None, done.output
    assert (folder / "guichet.dump").stat().st_size > 100_000
    assert folder.stat().st_mode & 0o077 == 0
    again = run(small_france_settings, dump.command, folder, monkeypatch)
    assert "never written over" in str(again.exception)
    with empty_database(small_france_settings, "rebuilt") as url:
        there = at(small_france_settings, url, tmp_path / "var")
        done = run(there, rebuild.command, folder, monkeypatch)
        assert done.exception is None, done.output
        assert done.return_value == 0, done.output
        sums = json.loads((folder / "bulk.json").read_text())["files"]
        assert f"{len(sums)} of {len(sums)} bulk files are the same." in done.output
        full = run(there, rebuild.command, folder, monkeypatch)
        assert "not empty" in str(full.exception)


def test_a_difference_is_told(
    small_france_settings: Settings, site: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    folder = tmp_path / "dump"
    run(small_france_settings, dump.command, folder, monkeypatch)
    said = json.loads((folder / "bulk.json").read_text())
    said["files"]["communes.csv"] = "0" * 64
    (folder / "bulk.json").write_text(json.dumps(said))
    with empty_database(small_france_settings, "rebuilt_other") as url:
        there = at(small_france_settings, url, tmp_path / "var")
        done = run(there, rebuild.command, folder, monkeypatch)
    assert done.return_value == 1
    assert "communes.csv is not what the dump says" in done.output


def test_what_is_no_dump_is_refused_before_anything_is_touched(
    database_settings: Settings, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    done = run(database_settings, rebuild.command, tmp_path, monkeypatch)
    assert "not a dump" in str(done.exception)
