"""OGC API Processes: the simulators, and an echo for those who test their client.

At once, or with `Prefer: respond-async` (RFC 7240) as a job that a worker computes: 201 and its
address, which only whoever asked has (`api.ogc.jobs`).
"""

import asyncio
from collections.abc import Mapping
from typing import Any, ClassVar

import msgspec
from tornado.web import HTTPError

from api import callbacks, worker
from api.ogc import references
from api.ogc.base import HTML, JSON, OgcHandler
from api.ogc.job_answers import encoded, told
from api.parameters import cursor, limit
from api.problems import MEDIA_TYPE, problem_of
from config.errors import Invalid, NotFound
from simulators import batch_files, echo, executions, process_jobs
from simulators.contract import strict_json
from simulators.contract.simulator import Simulator
from simulators.executions import Execution
from simulators.process_jobs import LISTED

EXCEPTION = "http://www.opengis.net/def/exceptions/ogcapi-processes-1/1.0/"
EXECUTE = "http://www.opengis.net/def/rel/ogc/1.0/execute"
VERSION = "1.1.0"
LIMIT = limit(default=10, maximum=100, what="processes")
OFFSET = cursor("offset", "How many to leave out before the first.")


class NoSuchProcess(NotFound):
    """The process asked for does not exist."""

    exception = "no-such-process"


class OfProcesses(OgcHandler):
    """What they share: the descriptions, and the exceptions that the standard names."""

    @property
    def simulators(self) -> Mapping[str, Simulator]:
        return self.site.simulators.by_id

    @property
    def known_processes(self) -> tuple[str, ...]:
        return (echo.ID, *self.simulators)

    def known(self, process: str) -> None:
        """Raises NoSuchProcess, listing those that there are."""
        if process not in self.known_processes:
            there = ", ".join(self.known_processes)
            raise NoSuchProcess(f"There is no process {process[:40]!r}; there are: {there}.")

    def summary(self, process: str) -> dict[str, Any]:
        where = f"{self.base}/processes/{process}"
        if process == echo.ID:
            title, described = echo.TITLE, echo.SUMMARY
        else:
            held = self.simulators[process]
            title, described = held.title, held.summary
        return {
            "id": process,
            "version": VERSION,
            "title": title.in_language(self.language),
            "description": described.in_language(self.language),
            "jobControlOptions": ["sync-execute", "async-execute", "dismiss"],
            "outputTransmission": ["value"],
            "links": [
                self.link("self", JSON, f"{where}?f=json"),
                self.link("alternate", HTML, f"{where}?f=html"),
                self.link(EXECUTE, JSON, f"{where}/execution"),
            ],
        }

    def described(self, process: str) -> dict[str, Any]:
        if process == echo.ID:
            inputs = {
                name: {
                    "title": one.title.in_language(self.language),
                    "minOccurs": 0,
                    "schema": one.schema,
                }
                for name, one in echo.INPUTS.items()
            }
            outputs: dict[str, Any] = {
                name: {"title": one.title.in_language(self.language), "schema": one.schema}
                for name, one in echo.OUTPUTS.items()
            }
        else:
            inputs = {
                one.name: {
                    "title": one.title.in_language(self.language),
                    "minOccurs": 1 if one.required else 0,
                    "schema": one.schema(self.language),
                }
                for one in self.simulators[process].fields
            }
            schema = {"type": "object", "contentMediaType": JSON}
            outputs = {executions.RESULT: {"title": executions.RESULT, "schema": schema}}
        return self.summary(process) | {"inputs": inputs, "outputs": outputs}

    def write_problem(self, status_code: int, error: BaseException | None) -> None:
        """A problem; as plain JSON for who accepts that alone, as the standard has it."""
        body = problem_of(error, status_code, self.request_id).body()
        if name := getattr(error, "exception", None):
            body["type"] = EXCEPTION + name
        accepted = self.request.headers.get("Accept", "")
        plain = JSON in accepted and MEDIA_TYPE not in accepted
        self.set_header("Content-Type", JSON if plain else MEDIA_TYPE)
        self.finish(msgspec.json.encode(body))


class Processes(OfProcesses):
    own: ClassVar = (LIMIT, OFFSET)

    async def get(self) -> None:
        skip, take = self.ask(OFFSET), self.ask(LIMIT)
        here = self.known_processes[skip : skip + take]
        found = [self.summary(one) for one in here]
        if self.format == "html":
            self.show("ogc_processes.html", processes=found)
            return
        links = self.self_links()
        if skip + take < len(self.known_processes):
            links.append(self.link("next", JSON, self.here(offset=skip + take)))
        await self.answer({"processes": found, "links": links})


class ProcessOne(OfProcesses):
    async def get(self, process: str) -> None:
        self.known(process)
        found = self.described(process)
        if self.format == "html":
            self.show("ogc_process.html", found=found, listed=process in LISTED)
            return
        await self.answer(found)


class Execute(OfProcesses):
    """POST: run a process, now or later."""

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
        body = await references.inlined(strict_json.read(self.request.body), self.spend_job)
        asked = executions.read(process, body, self.simulators)
        wanted = ",".join(self.request.headers.get_list("Prefer"))[:200].lower()
        if "respond-async" in [one.split(";")[0].strip() for one in wanted.split(",")]:
            await self.later(asked)
            return
        if asked.subscriber:
            raise Invalid("Only for a job: send `Prefer: respond-async`.", parameter="subscriber")
        if asked.inputs.get("pause", 0) > echo.LONGEST_WAITED and process == echo.ID:
            longest = f"{echo.LONGEST_WAITED:g}"
            raise Invalid(f"More than {longest} seconds: send `Prefer: respond-async`.",
                          parameter="pause")  # fmt: skip
        with self.site.admission.enter():
            outputs = await executions.run(asked, self.simulators, None)
        body, media_type = encoded(outputs, asked.response, self.request.headers.get("Accept", ""))
        await self.send_body(body, media_type)

    def spend_job(self) -> None:
        """One job, or one reference, of the visitor's budget. Raises 429."""
        self.spend(self.site.jobs, self.peer)

    async def later(self, asked: Execution) -> None:
        """Note a job for a worker. Answers 201; raises 429."""
        self.spend_job()
        for uri in asked.subscriber.values():
            await callbacks.judge(uri)
        settings = self.site.settings
        folder = batch_files.folder(settings.paths.var)
        held = self.simulators.get(asked.process)
        hours = settings.jobs.listed_hours if asked.process in LISTED else settings.jobs.hours
        async with self.connection() as conn, conn.transaction():
            number, identifier = await process_jobs.note(
                conn, folder, asked, held.model(None).version if held else VERSION,
                hours=hours, most_waiting=settings.jobs.most_waiting,
            )  # fmt: skip
        await asyncio.to_thread(worker.ask_batch, settings, number, "process")
        async with self.connection() as conn:
            job = await process_jobs.read(conn, identifier)
        self.set_status(201)
        self.set_header("Location", f"{self.base}/jobs/{identifier}")
        self.set_header("Preference-Applied", "respond-async")
        await self.answer(told(self.base, job))

    def options(self, *args: str, **kwargs: str) -> None:
        self.set_header("Access-Control-Allow-Methods", "POST, OPTIONS")
        self.set_header("Access-Control-Allow-Headers", "Content-Type, Prefer")
        self.set_status(204)
        self.finish()
