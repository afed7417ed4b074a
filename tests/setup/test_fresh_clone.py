"""The set-up, from a fresh clone in an empty folder. Minutes, so only when it is asked for:
GUICHET_TEST_FRESH_CLONE=1 make test PYTEST=tests/setup/test_fresh_clone.py"""

import os
import shutil
import stat
import subprocess
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
ASKED = os.environ.get("GUICHET_TEST_FRESH_CLONE") == "1"
asked = pytest.mark.skipif(not ASKED, reason="set GUICHET_TEST_FRESH_CLONE=1 to clone and install")


def clean_environment() -> dict[str, str]:
    """Ours without what this test run, its virtual environment or its make put there."""
    dropped = ("GUICHET_", "PYTEST", "MAKE", "MFLAGS", "VIRTUAL_ENV", "PYTHON", "PORT")
    kept = {name: value for name, value in os.environ.items() if not name.startswith(dropped)}
    own = str(ROOT / ".venv")
    kept["PATH"] = os.pathsep.join(
        part for part in kept["PATH"].split(os.pathsep) if not part.startswith(own)
    )
    return kept


@pytest.fixture
def clone(tmp_path: Path) -> Path:
    folder = tmp_path / "a folder with spaces"
    subprocess.run(["git", "clone", "-q", ROOT, folder], check=True)
    return folder


def make(folder: Path, target: str, seconds: int) -> subprocess.CompletedProcess[str]:
    return subprocess.run(
        ["make", target],
        cwd=folder,
        env=clean_environment(),
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
        timeout=seconds,
    )


@asked
def test_a_bare_clone_installs_everything_twice_without_harm(clone: Path) -> None:
    first = make(clone, "setup", 900)
    assert first.returncode == 0, first.stdout + first.stderr
    for name in (
        "maplibre-gl/maplibre-gl.mjs",
        "maplibre-gl/maplibre-gl.css",
        "uplot/uPlot.esm.js",
    ):
        assert (clone / "web" / "vendor" / name).stat().st_size > 1000
    guichet = clone / ".venv" / "bin" / "guichet"
    said = subprocess.run(
        [guichet, "--version"], env=clean_environment(), capture_output=True, text=True, check=True
    )
    assert said.stdout.startswith("guichet, version")
    second = make(clone, "setup", 20)
    assert second.returncode == 0, second.stderr
    assert second.stdout.strip() == "setup: ready for demo", "nothing is installed twice"
    dirt = subprocess.run(
        ["git", "status", "--porcelain"], cwd=clone, capture_output=True, text=True, check=True
    )
    assert dirt.stdout == "", "what the set-up makes is ignored by git"


@asked
def test_an_interrupted_or_moved_installation_is_repaired(clone: Path) -> None:
    assert make(clone, "setup", 900).returncode == 0
    (clone / ".venv" / ".installed-demo").unlink()
    shutil.rmtree(clone / "web" / "vendor" / "uplot")
    moved = clone.with_name("moved")
    clone.rename(moved)
    again = make(moved, "setup", 900)
    assert again.returncode == 0, again.stdout + again.stderr
    assert (moved / "web" / "vendor" / "uplot" / "uPlot.esm.js").exists()
    subprocess.run([moved / ".venv" / "bin" / "guichet", "--help"], check=True, capture_output=True)


def test_what_people_run_is_executable() -> None:
    for name in ("setup/install.sh", "setup/vendor.sh", "setup/engines.sh", ".ci/run"):
        assert (ROOT / name).stat().st_mode & stat.S_IXUSR, name


@pytest.mark.parametrize("name", ["setup/install.sh", "setup/vendor.sh", "setup/engines.sh"])
def test_scripts_are_plain_posix_shell(name: str) -> None:
    shell = shutil.which("dash") or shutil.which("sh")
    assert shell is not None
    subprocess.run([shell, "-n", ROOT / name], check=True)


def test_make_says_what_it_can_do() -> None:
    said = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True)
    for target in ("demo", "test", "lint", "bench", "clean-demo", "lock"):
        assert f"\n{target} " in f"\n{said.stdout}"
