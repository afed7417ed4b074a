"""OGC API Processes: the simulators, and an echo for those who test their client.

Only at once (`sync-execute`): a simulation takes 20 ms, and a list of jobs would tell what people
asked about their income. Nobody is called back: `subscriber` is refused by name.
"""

import asyncio
import math
from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec
from tornado.web import HTTPError

from api.ogc.base import HTML, JSON, OgcHandler
from api.problems import MEDIA_TYPE, problem_of
from config.errors import Invalid, NotFound
from simulators.contract import strict_json
from simulators.contract.faults import Faulty
from simulators.contract.simulator import Simulator

EXCEPTION = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0/no-such-process"
EXECUTE = "http://www.opengis.net/def/rel/ogc/1.0/execute"
ECHO = "echo"
LONGEST_ECHO = 10_000  # characters
LONGEST_PAUSE = 5.0  # seconds
VERSION = "1.0.0"
MEMBERS = {"inputs", "outputs", "response"}


class NoSuchProcess(NotFound):
    """The process asked for does not exist."""


class _OfProcesses(OgcHandler):
    """What they share: the descriptions, and the exception that the standard names."""

    @property
    def simulators(self) -> Mapping[str, Simulator]:
        return self.site.simulators.by_id

    def known(self, process: str) -> None:
        """Raises NoSuchProcess, listing those that there are."""
        if process != ECHO and process not in self.simulators:
            there = ", ".join([ECHO, *self.simulators])
            raise NoSuchProcess(f"There is no process {process[:40]!r}; there are: {there}.")

    def summary(self, process: str) -> dict[str, Any]:
        where = f"{self.base}/processes/{process}"
        if process == ECHO:
            title = self.words(("Écho", "Echo"))
            described = self.words(
                (
                    "Rend le texte reçu, après une pause si elle est demandée.",
                    "Gives back the text, after a pause when one is asked.",
                )
            )
        else:
            held = self.simulators[process]
            title = held.title.in_language(self.language)
            described = held.summary.in_language(self.language)
        return {
            "id": process,
            "version": VERSION,
            "title": title,
            "description": described,
            "jobControlOptions": ["sync-execute"],
            "outputTransmission": ["value"],
            "links": [
                self.link("self", JSON, f"{where}?f=json"),
                self.link("alternate", HTML, f"{where}?f=html"),
                self.link(EXECUTE, JSON, f"{where}/execution"),
            ],
        }

    def described(self, process: str) -> dict[str, Any]:
        if process == ECHO:
            inputs = {
                "message": {
                    "title": self.words(("Texte", "Text")),
                    "schema": {"type": "string", "maxLength": LONGEST_ECHO},
                },
                "pause": {
                    "title": self.words(("Pause, en secondes", "Pause, in seconds")),
                    "minOccurs": 0,
                    "schema": {"type": "number", "minimum": 0, "maximum": LONGEST_PAUSE},
                },
            }
            output: dict[str, Any] = {"type": "string"}
        else:
            held = self.simulators[process]
            inputs = {
                one.name: {
                    "title": one.title.in_language(self.language),
                    "minOccurs": 1 if one.required else 0,
                    "schema": one.schema(self.language),
                }
                for one in held.fields
            }
            output = {"type": "object", "contentMediaType": JSON}
        name = output_of(process)
        return self.summary(process) | {
            "inputs": inputs,
            "outputs": {name: {"title": name, "schema": output}},
        }

    def write_problem(self, status_code: int, error: BaseException | None) -> None:
        if not isinstance(error, NoSuchProcess):
            super().write_problem(status_code, error)
            return
        problem = problem_of(error, status_code, self.request_id)
        self.set_header("Content-Type", MEDIA_TYPE)
        self.finish(msgspec.json.encode(problem.body() | {"type": EXCEPTION}))


def output_of(process: str) -> str:
    return "message" if process == ECHO else "result"


class Processes(_OfProcesses):
    async def get(self) -> None:
        found = [self.summary(one) for one in (ECHO, *self.simulators)]
        if self.format == "html":
            self.show("ogc_processes.html", processes=found)
            return
        await self.answer({"processes": found, "links": self.self_links()})


class ProcessOne(_OfProcesses):
    async def get(self, process: str) -> None:
        self.known(process)
        found = self.described(process)
        if self.format == "html":
            self.show("ogc_process.html", found=found)
            return
        await self.answer(found)


class Execution(_OfProcesses):
    """POST: run a process now and answer what it gives."""

    formats: ClassVar = {"json": JSON}

    def initialize(self, page: str | None = None, language: str | None = None) -> None:
        super().initialize(page, language)
        self.set_header("Cache-Control", "no-store")  # what one person asked

    async def post(self, process: str) -> None:
        self.known(process)
        for name in self.request.query_arguments:
            raise Invalid("Unknown parameter; everything is in the body.", parameter=name[:80])
        said = self.request.headers.get("Content-Type", JSON).split(";", 1)[0].strip().lower()
        if said != JSON:
            raise HTTPError(415)
        body = strict_json.read(self.request.body)
        if not isinstance(body, dict):
            raise Invalid("The body is an object that holds `inputs`.")
        for name in body:
            if name not in MEMBERS:
                raise Invalid(
                    f"Not understood; a body holds {', '.join(sorted(MEMBERS))}. Nobody is called "
                    "back.", parameter=name[:80],
                )  # fmt: skip
        name = output_of(process)
        wanted = body.get("outputs", {name: {}})
        if not isinstance(wanted, dict) or set(wanted) - {name}:
            raise Invalid(f"The only output is {name}.", parameter="outputs")
        if body.get("response", "raw") not in ("raw", "document"):
            raise Invalid("Either `raw` or `document`.", parameter="response")
        inputs = body.get("inputs", {})
        if not isinstance(inputs, dict):
            raise Invalid("An object of inputs.", parameter="inputs")
        value = await (self.echo(inputs) if process == ECHO else self.simulate(process, inputs))
        if body.get("response", "raw") == "document":
            await self.send_body(msgspec.json.encode({name: value} if wanted else {}), JSON)
        elif not wanted:
            self.set_status(204)
            self.finish()
        elif isinstance(value, str):
            await self.send_body(value.encode(), "text/plain; charset=utf-8")
        else:
            await self.send_body(msgspec.json.encode(value), JSON)

    async def echo(self, inputs: dict[str, Any]) -> str:
        for name in inputs:
            if name not in ("message", "pause"):
                raise Invalid("There is no such input; there are message and pause.",
                              parameter=name[:80])  # fmt: skip
        message, pause = inputs.get("message"), inputs.get("pause", 0)
        if not isinstance(message, str) or len(message) > LONGEST_ECHO:
            raise Invalid(f"A text of at most {LONGEST_ECHO} characters.", parameter="message")
        if (
            isinstance(pause, bool)
            or not isinstance(pause, int | float)
            or not (math.isfinite(pause) and 0 <= pause <= LONGEST_PAUSE)
        ):
            raise Invalid(f"From 0 to {LONGEST_PAUSE:g} seconds.", parameter="pause")
        await asyncio.sleep(pause)
        return message.encode("utf-8", "replace").decode()

    async def simulate(self, process: str, inputs: dict[str, Any]) -> Any:
        held = self.simulators[process]
        model = held.model(None)
        call = held.read(inputs)
        outcome = (await model.compute([call]))[0]
        if isinstance(outcome, Faulty):
            raise outcome
        return held.result(call, outcome, model.version)

    def options(self, *args: str, **kwargs: str) -> None:
        self.set_header("Access-Control-Allow-Methods", "POST, OPTIONS")
        self.set_header("Access-Control-Allow-Headers", "Content-Type")
        self.set_status(204)
        self.finish()
