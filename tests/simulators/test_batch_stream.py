"""The stream of a batch: in order, chunks ahead of the reader, and nothing computed for nobody."""

import asyncio
import json
from collections.abc import Sequence
from contextlib import aclosing
from dataclasses import dataclass

import pytest

from simulators import batch
from simulators.contract.faults import Faulty
from simulators.contract.results import Figure, Outcome
from simulators.contract.simulator import Call
from simulators.contract.texts import Text
from simulators.openfisca_france import income_tax

COUNT = 3 * batch.CHUNK + 7
SALARY = Text("Salaire", "Salary")


@dataclass
class Watched:
    """Gives each salary back; the first chunk is the slowest, and all that happens is noted."""

    pause: float
    version: str = "watched-1"
    within: int = 0
    most_within: int = 0
    begun: int = 0

    async def compute(self, calls: Sequence[Call]) -> Sequence[Outcome | Faulty]:
        self.begun += 1
        self.within += 1
        self.most_within = max(self.most_within, self.within)
        try:
            await asyncio.sleep(self.pause / self.begun)
        finally:
            self.within -= 1
        return [_outcome(float(call.values["salary_1"])) for call in calls]  # type: ignore[arg-type]


def _outcome(salary: float) -> Outcome:
    figure = Figure(id="salary", label=SALARY, value=salary, unit="EUR/year")
    return Outcome(
        value=salary, unit="EUR/year", figures=(figure,), breakdown=(), marginal_rate=None
    )


def _rows() -> batch.Rows:
    written = [json.dumps({"situation": "single", "salary_1": place}) for place in range(COUNT)]
    written[5] = '{"situation": "single", "salary_1": -1}'
    written[batch.CHUNK + 5] = "not JSON"
    return batch.rows_of("\n".join(written).encode(), batch.NDJSON, COUNT)


async def test_answers_keep_the_order_of_their_rows() -> None:
    model = Watched(pause=0.1)
    asked = income_tax.declare((model,))
    found = [one async for chunk in batch.answers(asked, model, _rows(), None) for one in chunk]
    assert [one.row for one in found] == list(range(COUNT))
    wrong = {one.row: one.errors for one in found if one.errors}
    assert {row: faults[0].pointer for row, faults in wrong.items()} == {
        5: "/5/salary_1",
        batch.CHUNK + 5: f"/{batch.CHUNK + 5}",
    }
    assert all(one.value == one.row for one in found if not one.errors)


async def test_engines_have_the_next_chunk_while_one_is_answered() -> None:
    model = Watched(pause=0.05)
    asked = income_tax.declare((model,))
    async for _ in batch.answers(asked, model, _rows(), None):
        pass
    assert model.begun == 4
    assert model.most_within == batch.AHEAD, "never more: memory is bounded"


@pytest.mark.parametrize("read", [0, 1])
async def test_nothing_is_computed_for_a_caller_who_has_gone(read: int) -> None:
    model = Watched(pause=30.0) if read == 0 else Watched(pause=0.01)
    asked = income_tax.declare((model,))

    async def leave() -> None:
        async with aclosing(batch.answers(asked, model, _rows(), None)) as chunks:
            async for _ in chunks:
                if read:
                    model.pause = 30.0
                    await asyncio.sleep(0.01)
                    return

    reading = asyncio.create_task(leave())
    await asyncio.sleep(0.2)
    reading.cancel()
    await asyncio.gather(reading, return_exceptions=True)
    begun = model.begun
    await asyncio.sleep(0.05)
    assert model.within == 0
    assert model.begun == begun < 4
