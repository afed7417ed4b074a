"""One execution of a process as OGC API Processes writes it: read, run, and given back.

The same reading and the same run serve who waits for the answer and the worker that computes it
later: a job is refused when it is sent, not when its turn comes.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any, Literal

import msgspec

from config.errors import Invalid
from simulators import echo
from simulators.contract.faults import Faulty
from simulators.contract.simulator import Model, Simulator
from simulators.contract.strict_json import Members

MEMBERS = ("inputs", "outputs", "response", "subscriber")
CALLS = ("successUri", "inProgressUri", "failedUri")
RESULT = "result"  # the one output of a simulator
QUALIFIED = {"value", "mediaType", "encoding", "schema"}
LONGEST_URI = 1000


@dataclass(frozen=True, slots=True)
class Execution:
    """What was asked. `inputs` are those of the process, read already."""

    process: str
    inputs: Mapping[str, Any]
    outputs: tuple[str, ...]
    response: Literal["raw", "document"]
    subscriber: Mapping[str, str]

    def stored(self) -> bytes:
        """What a worker needs; it reads it again with `read`."""
        body: dict[str, Any] = {
            "inputs": dict(self.inputs),
            "outputs": {one: {} for one in self.outputs},
            "response": self.response,
        }
        return msgspec.json.encode(body)


def outputs_of(process: str) -> tuple[str, ...]:
    return tuple(echo.OUTPUTS) if process == echo.ID else (RESULT,)


def read(process: str, body: Any, simulators: Mapping[str, Simulator]) -> Execution:
    """The body of an execution. Raises Invalid and Faulty."""
    if not isinstance(body, dict):
        raise Invalid("The body is an object that holds `inputs`.")
    if repeated := getattr(body, "repeated", ()):
        raise Invalid("Given more than once.", parameter=repeated[0][:80])
    for name in body:
        if name not in MEMBERS:
            raise Invalid(f"Not understood; a body holds {', '.join(MEMBERS)}.",
                          parameter=name[:80])  # fmt: skip
    inputs = body.get("inputs", {})
    if not isinstance(inputs, dict):
        raise Invalid("An object of inputs.", parameter="inputs")
    response = body.get("response", "raw")
    if response not in ("raw", "document"):
        raise Invalid("Either `raw` or `document`.", parameter="response")
    if process == echo.ID:
        values: Mapping[str, Any] = echo.read(_inline(inputs))
    else:
        plain = _inline(inputs)
        simulators[process].read(plain)  # refused now, not when its turn comes
        values = plain
    return Execution(
        process, values, _wanted(process, body.get("outputs", {})), response,
        _subscriber(body.get("subscriber")),
    )  # fmt: skip


def _inline(inputs: Mapping[str, Any]) -> Members:
    """Values that were qualified (`{"value": ..., "mediaType": ...}`) as if they were not.

    Raises Invalid for one that is only referred to: nothing is fetched here.
    """
    found = Members(inputs)
    found.repeated = getattr(inputs, "repeated", ())
    for name, value in inputs.items():
        if not isinstance(value, dict):
            continue
        if "href" in value:
            raise Invalid("A reference inside of a reference is not followed.", parameter=name[:80])
        whole = name == "object" and not isinstance(value.get("value"), dict)
        if "value" in value and set(value) <= QUALIFIED and not whole:
            found[name] = value["value"]
    return found


def _wanted(process: str, outputs: Any) -> tuple[str, ...]:
    """The outputs that are asked for: all of them when none is named."""
    known = outputs_of(process)
    if not isinstance(outputs, dict) or not set(outputs) <= set(known):
        raise Invalid(f"An object whose members are among: {', '.join(known)}.",
                      parameter="outputs")  # fmt: skip
    for one in outputs.values():
        if not isinstance(one, dict) or one.get("transmissionMode", "value") != "value":
            raise Invalid("Outputs are transmitted by `value`.", parameter="outputs")
    return tuple(name for name in known if name in outputs) or known


def _subscriber(found: Any) -> dict[str, str]:
    if found is None:
        return {}
    if not isinstance(found, dict) or not found or not set(found) <= set(CALLS):
        raise Invalid(f"An object of {', '.join(CALLS)}.", parameter="subscriber")
    for uri in found.values():
        if not isinstance(uri, str) or len(uri) > LONGEST_URI:
            raise Invalid("The address of a web server.", parameter="subscriber")
    return dict(found)


async def run(execution: Execution, simulators: Mapping[str, Simulator], model: Model | None
              ) -> dict[str, Any]:  # fmt: skip
    """The outputs by name. Raises Faulty and Unavailable."""
    if execution.process == echo.ID:
        await asyncio.sleep(execution.inputs.get("pause", 0))
        found = echo.outputs(execution.inputs)
    else:
        held = simulators[execution.process]
        using = model or held.model(None)
        call = held.read(dict(execution.inputs))
        outcome = (await using.compute([call]))[0]
        if isinstance(outcome, Faulty):
            raise outcome
        found = {RESULT: msgspec.to_builtins(held.result(call, outcome, using.version))}
    return {name: found[name] for name in execution.outputs if name in found}
