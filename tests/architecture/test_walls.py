"""The house checks its own walls: storeys, doors to the outside, and rules that matter."""

import ast
import re
import subprocess
import sys
import tomllib
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text())
OURS = {path.parent.name for path in ROOT.glob("*/__init__.py")}

# Who may import what. `urllib.request` is allowed in api/cli, which asks our own server
# whether it is ready; nothing there takes an address from outside.
OUTBOUND = {
    "httpx",
    "requests",
    "urllib3",
    "aiohttp",
    "urllib.request",
    "http.client",
    "ftplib",
    "smtplib",
}
OUTBOUND_DOORS = {"harvest/fetch.py", "api/cli/demo.py", "api/mail.py"}
WEB_ONLY = {"tornado", "jinja2"}


def sources() -> Iterator[Path]:
    for package in sorted(OURS):
        yield from sorted((ROOT / package).rglob("*.py"))


def imports(path: Path) -> set[str]:
    """Every module that a file imports, as written, wherever in the file."""
    found: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            found.update(alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module and not node.level:
            found.add(node.module)
            found.update(f"{node.module}.{alias.name}" for alias in node.names)
    return found


def comes_from(module: str, names: set[str]) -> bool:
    return any(module == name or module.startswith(f"{name}.") for name in names)


def test_every_package_has_a_storey() -> None:
    contract = PROJECT["tool"]["importlinter"]
    layers = {
        name.strip() for layer in contract["contracts"][0]["layers"] for name in layer.split("|")
    }
    assert OURS == set(contract["root_packages"]) == layers


def test_every_package_is_installed_and_typed() -> None:
    assert set(PROJECT["tool"]["hatch"]["build"]["targets"]["wheel"]["packages"]) == OURS
    assert set(PROJECT["tool"]["mypy"]["packages"]) == OURS


def test_the_layers_hold() -> None:
    lint = Path(sys.executable).with_name("lint-imports")
    done = subprocess.run([lint], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_foreign_doors(path: Path) -> None:
    where = str(path.relative_to(ROOT))
    wanted = imports(path)
    if where not in OUTBOUND_DOORS:
        outbound = {module for module in wanted if comes_from(module, OUTBOUND)}
        assert not outbound, f"{where} reaches outside: only harvest/fetch.py may"
    if not where.startswith("api/"):
        web = {module for module in wanted if comes_from(module, WEB_ONLY)}
        assert not web, f"{where} knows the web: only api may"
    if not where.startswith("api/ogc/"):
        assert not {module for module in wanted if comes_from(module, {"pygeoapi"})}


@pytest.mark.parametrize("path", sources(), ids=lambda path: str(path.relative_to(ROOT)))
def test_modules_say_what_they_are_and_stay_readable(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    if text.strip():
        assert ast.get_docstring(ast.parse(text)), f"{path} has no docstring"
    if "migrations/versions" not in str(path):
        assert len(text.splitlines()) <= 520, f"{path} is too long to be read"
    assert path.stem not in {"utils", "helpers", "common", "manager", "misc"}


def tracked(*patterns: str) -> list[Path]:
    """Files of the repository, also those not yet committed, without what is ignored."""
    done = subprocess.run(
        ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--", *patterns],
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )
    if done.returncode:
        pytest.skip("not a git checkout")
    return [ROOT / name for name in done.stdout.splitlines() if (ROOT / name).is_file()]


def test_nothing_is_left_for_later() -> None:
    marks = re.compile(r"\b(TO" r"DO|FIX" r"ME|XX" r"X|HA" r"CK)\b")
    left = []
    for path in tracked("*.py", "*.sql", "*.toml", "*.html", "*.js", "*.mjs", "*.css", "*.sh"):
        for number, line in enumerate(path.read_text("utf-8", "replace").splitlines(), 1):
            if marks.search(line):
                left.append(f"{path.relative_to(ROOT)}:{number}")
    assert not left


def test_locks_name_no_registry() -> None:
    """A lock is for everybody: hashes and integrity, never the address of one registry."""
    for name in ("requirements.txt", "requirements-dev.txt", "setup/requirements-uv.txt"):
        text = (ROOT / name).read_text()
        assert "index-url" not in text
        assert "find-links" not in text
        assert not re.search(r"^[^#\n]*https?://", text, re.M)
    lock = (ROOT / "package-lock.json").read_text()
    assert '"resolved"' not in lock


def test_every_requirement_is_hashed() -> None:
    for name in ("requirements.txt", "requirements-dev.txt", "setup/requirements-uv.txt"):
        entries = re.split(r"\n(?=[a-zA-Z0-9])", (ROOT / name).read_text())
        unhashed = [
            entry.split()[0]
            for entry in entries
            if re.match(r"[a-zA-Z0-9]", entry) and "--hash=sha256:" not in entry
        ]
        assert not unhashed, name


def test_the_lock_holds_what_the_project_asks_for() -> None:
    """A dependency added to pyproject.toml without `make lock` breaks a fresh clone."""
    locked = set(re.findall(r"^([a-z0-9-]+)==", (ROOT / "requirements.txt").read_text(), re.M))
    asked = {
        re.split(r"[\[<>=!~; ]", name, maxsplit=1)[0].lower()
        for name in PROJECT["project"]["dependencies"]
    }
    assert asked <= locked, f"run `make lock`: {sorted(asked - locked)}"


def second_connections(source: str) -> list[int]:
    """The lines where a handler waits for one of its own methods while it holds a connection, and
    does not hand it over: the method takes a second one."""
    found = []
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.AsyncWith) or not any(
            ast.unparse(one.context_expr) in ("self.connection()", "handler.connection()")
            for one in node.items
        ):
            continue
        for inner in (part for line in node.body for part in ast.walk(line)):
            if isinstance(inner, ast.AsyncWith) and "connection()" in ast.unparse(inner.items[0]):
                found.append(inner.lineno)
            if isinstance(inner, ast.Await) and isinstance(inner.value, ast.Call):
                asked = ast.unparse(inner.value.func)
                handed = {ast.unparse(one) for one in inner.value.args}
                if asked.startswith("self.") and "conn" not in handed:
                    found.append(inner.lineno)
    return found


def test_a_visitor_holds_one_connection_at_a_time() -> None:
    """A process has a few: visitors who each hold one and wait for a second would all wait."""
    wrong = """
async def post(self):
    async with self.connection() as conn:
        await practices.revise(conn)
        await self.show()
"""
    assert second_connections(wrong) == [5]
    found = {
        f"{path.relative_to(ROOT)}:{line}"
        for path in sorted((ROOT / "api").rglob("*.py"))
        for line in second_connections(path.read_text(encoding="utf-8"))
    }
    assert found == set()
