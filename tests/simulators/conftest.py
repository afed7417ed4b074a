"""The real engines, started once for the session and stopped at its end."""

import asyncio
import importlib.util
from collections.abc import AsyncIterator
from pathlib import Path
from types import ModuleType

import pytest
import pytest_asyncio

from simulators.openfisca_france.model import CURRENT, environment
from simulators.openfisca_france.pool import Limits
from simulators.registry import Simulators, open_simulators

LIMITS = Limits(
    workers=2, memory_bytes=1 << 30, deadline_seconds=20, most_waiting=50_000, most_together=2048
)
HERE = Path(__file__).parent


def beside(name: str) -> ModuleType:
    """A module of this folder, which is not a package."""
    spec = importlib.util.spec_from_file_location(name, HERE / f"{name}.py")
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    return module


@pytest.fixture(scope="session")
def oracle_cases() -> ModuleType:
    found = beside("oracle_cases")
    if not found.ORACLES.exists():
        pytest.skip(f"the real cases are not here: {found.ORACLES}")
    return found


@pytest.fixture(scope="session")
def engine_python() -> str:
    """The Python of the engines' environment."""
    if not (environment(CURRENT) / ".installed").exists():
        pytest.fail("the engines are not installed: run setup/install.sh test")
    return str(environment(CURRENT) / "bin" / "python")


@pytest_asyncio.fixture(scope="session", loop_scope="session")
async def engines(engine_python: str) -> AsyncIterator[Simulators]:
    """The simulators, their engines ready. Tests that use it share the session's event loop."""
    found = open_simulators(LIMITS)
    found.start()
    try:
        async with asyncio.timeout(60):
            while not all(pool.ready for pool in found.pools):  # noqa: ASYNC110 (a test waits)
                await asyncio.sleep(0.05)
        yield found
    finally:
        await found.close()
