"""The pool over engines that misbehave: nobody gets a wrong figure, nobody waits for ever."""

import asyncio
import os
import signal
import sys
import time
from collections.abc import AsyncIterator
from pathlib import Path

import numpy as np
import pytest
import pytest_asyncio

from config.errors import Unavailable
from simulators.openfisca_france.pool import EnginePool, Limits, Numbers, Starting, Stuck

FAKE = Path(__file__).with_name("fake_engine.py")
ROOT = Path(__file__).resolve().parents[2]
RUN = f"import runpy, sys; sys.path.append({str(ROOT)!r}); runpy.run_path({str(FAKE)!r}, run_name='__main__')"
DEADLINE = 1.0


def make(workers: int = 2, needs: Path = FAKE, most_waiting: int = 1000) -> EnginePool:
    limits = Limits(workers, 1 << 30, DEADLINE, most_waiting, 256)
    return EnginePool((sys.executable, "-I", "-c", RUN), needs, {1: (1, 1), 2: (1, 1)}, limits)


async def until_ready(pool: EnginePool, seconds: float = 20) -> None:
    async with asyncio.timeout(seconds):
        while not pool.ready:  # noqa: ASYNC110 (a test waits)
            await asyncio.sleep(0.02)


@pytest_asyncio.fixture
async def pool() -> AsyncIterator[EnginePool]:
    found = make()
    found.start()
    await until_ready(found)
    yield found
    await found.close()


def children(pid: int) -> list[int]:
    """The processes that a process has made and that live."""
    return [int(word) for word in Path(f"/proc/{pid}/task/{pid}/children").read_text().split()]


def running(pid: int) -> bool:
    """Whether a process runs; one that nobody has buried yet does not."""
    try:
        return bool(Path(f"/proc/{pid}/cmdline").read_bytes())
    except OSError:
        return False


def rows(*numbers: float) -> Numbers:
    return np.array(numbers, dtype=np.float64).reshape(-1, 1)


async def ask(pool: EnginePool, number: float) -> float | str:
    """The answer of one row, or the name of the refusal."""
    try:
        return float((await pool.run(1, 2025, rows(number)))[0, 0])
    except Unavailable as error:
        return type(error).__name__


async def test_each_caller_gets_the_rows_it_asked_for(pool: EnginePool) -> None:
    asked = [rows(*range(start, start + start % 5 + 1)) for start in range(200)]
    found = await asyncio.gather(*[pool.run(1, 2025, one) for one in asked])
    for sent, got in zip(asked, found, strict=True):
        assert got.tolist() == (sent * 2).tolist()


async def test_calls_that_arrive_together_are_computed_together(pool: EnginePool) -> None:
    found = await asyncio.gather(*[pool.run(2, 2025, rows(1)) for _ in range(64)])
    assert max(float(one[0, 0]) for one in found) >= 32


async def test_different_dates_are_never_mixed(pool: EnginePool) -> None:
    found = await asyncio.gather(*[pool.run(2, year, rows(1)) for year in range(40)])
    assert {float(one[0, 0]) for one in found} == {1.0}


@pytest.mark.parametrize("poison", [666, 669])
async def test_a_row_that_the_engine_fails_on_stands_alone(pool: EnginePool, poison: int) -> None:
    found = await asyncio.gather(*[ask(pool, n) for n in [*range(30), poison, *range(30, 60)]])
    alone = found.pop(30)
    assert alone != alone, "the poisoned row has no figure"
    assert found == [2.0 * n for n in range(60)]


@pytest.mark.alone
@pytest.mark.parametrize("poison", [667, 668])
async def test_a_row_that_takes_its_worker_with_it_is_refused_and_the_others_answered(
    pool: EnginePool, poison: int
) -> None:
    began = time.monotonic()
    found = await asyncio.gather(*[ask(pool, n) for n in [*range(30), poison, *range(30, 60)]])
    assert found.pop(30) == "Stuck"
    assert found == [2.0 * n for n in range(60)]
    assert time.monotonic() - began < 5 * DEADLINE
    # Another worker is there at once.
    assert await ask(pool, 21) == 42


@pytest.mark.alone
async def test_a_stuck_worker_ends_at_its_deadline(pool: EnginePool) -> None:
    began = time.monotonic()
    with pytest.raises(Stuck):
        await pool.run(1, 2025, rows(668))
    assert DEADLINE * 0.9 < time.monotonic() - began < DEADLINE * 2.5


async def test_what_is_not_finite_is_given_as_it_is(pool: EnginePool) -> None:
    assert np.isnan((await pool.run(1, 2025, rows(670)))[0, 0])


async def test_too_many_waiting_are_told_to_come_back() -> None:
    pool = make(most_waiting=10)
    pool.start()
    await until_ready(pool)
    try:
        found = await asyncio.gather(*[ask(pool, n) for n in range(100)])
        answered = [one for one in found if one != "Unavailable"]
        assert 0 < len(answered) < 100
        assert all(one == 2.0 * n for n, one in enumerate(found) if one != "Unavailable")
    finally:
        await pool.close()


async def test_a_program_that_is_killed_is_started_again(pool: EnginePool) -> None:
    assert pool._process is not None
    os.kill(pool._process.pid, signal.SIGKILL)
    async with asyncio.timeout(20):
        while await ask(pool, 4) != 8.0:  # noqa: ASYNC110 (a test waits)
            await asyncio.sleep(0.05)


async def test_before_it_is_ready_callers_are_told_so() -> None:
    pool = make()
    with pytest.raises(Starting):
        await pool.run(1, 2025, rows(1))


async def test_an_engine_that_is_not_installed_yet_is_waited_for(tmp_path: Path) -> None:
    mark = tmp_path / "installed"
    pool = make(needs=mark)
    pool.start()
    try:
        await asyncio.sleep(0.3)
        assert pool._process is None
        mark.touch()
        await until_ready(pool)
        assert await ask(pool, 1) == 2.0
    finally:
        await pool.close()


async def test_closing_leaves_no_process_and_no_socket() -> None:
    pool = make()
    pool.start()
    await until_ready(pool)
    assert pool._process is not None
    assert pool._folder is not None
    workers = children(pool._process.pid)
    assert len(workers) == 2
    await pool.close()
    await asyncio.sleep(0.2)
    assert not pool._folder.exists()
    assert not any(running(pid) for pid in workers)
