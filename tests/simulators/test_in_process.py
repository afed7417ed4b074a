"""A model of our own arithmetic: answered from a thread, refused when too many wait."""

import asyncio
import threading
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import date

import pytest

from config.errors import Unavailable
from simulators import in_process
from simulators.contract.results import Outcome
from simulators.contract.simulator import Call

CALL = Call({"x": 1.0}, frozenset({"x"}), date(2025, 1, 1))


def outcomes(calls: Sequence[Call]) -> list[Outcome]:
    assert threading.current_thread() is not threading.main_thread()
    return [
        Outcome(value=1, unit="EUR", figures=(), breakdown=(), marginal_rate=None) for _ in calls
    ]


async def test_it_answers_from_a_thread_in_order() -> None:
    with ThreadPoolExecutor(1) as executor:
        found = await in_process.InProcess("own-1", outcomes, executor).compute([CALL, CALL])
    assert [one.value for one in found if isinstance(one, Outcome)] == [1, 1]


async def test_too_many_and_too_long_are_unavailable(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(in_process, "DEADLINE_SECONDS", 0.2)
    monkeypatch.setattr(in_process, "MOST_WAITING", 2)
    release = threading.Event()

    def slow(calls: Sequence[Call]) -> list[Outcome]:
        release.wait(5)
        return outcomes(calls)

    with ThreadPoolExecutor(1) as executor:
        model = in_process.InProcess("own-1", slow, executor)
        found = await asyncio.gather(
            *[model.compute([CALL]) for _ in range(4)], return_exceptions=True
        )
        release.set()
    assert [type(one) for one in found] == [Unavailable] * 4
    assert {"Too many", "The simul"} == {str(one)[:9].strip() for one in found}
    assert model.waiting == 0
