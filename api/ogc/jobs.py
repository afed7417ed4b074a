"""Jobs of processes: their list, one's status, its results, and taking it back.

A job's identifier is a secret of whoever asked: the list holds only those of processes that say
so (`simulators.process_jobs.LISTED`, the echo), and no others are ever named to anybody.
"""

import asyncio
import json
import re
from typing import Any, ClassVar

from tornado.web import HTTPError

from api.ogc.base import JSON
from api.ogc.job_answers import RESULTS, STATES, encoded, told
from api.ogc.processes import LIMIT, OFFSET, OfProcesses
from api.ogc.questions import DATETIME
from api.parameters import Parameter, number
from config.errors import Invalid, NotFound
from simulators import batch_files, process_jobs
from simulators.contract.faults import nearest
from simulators.process_jobs import LISTED, Job, Wanted

_IDENTIFIER = re.compile(r"[A-Za-z0-9_-]{22}", re.ASCII)
POLL_SECONDS = 1
MOST_SECONDS = 1e9


class NoSuchJob(NotFound):
    """No job has this identifier."""

    exception = "no-such-job"


class NotReady(NotFound):
    """The job has no results yet."""

    exception = "result-not-ready"


class Failed(Invalid):
    """The job failed: what it says is in the detail."""


def _several(name: str, description: str, choices: tuple[str, ...]) -> Parameter[list[str]]:
    """Values between commas, each of a list."""

    def read(value: str) -> list[str]:
        found = value.split(",")[:20]
        for one in found:
            if one not in choices:
                near = nearest(one, choices)
                more = f" Did you mean {near}?" if near else ""
                raise Invalid(f"Among: {', '.join(choices)}.{more}")
        return found

    def schema() -> dict[str, Any]:
        return {"type": "array", "items": {"type": "string", "enum": list(choices)}}

    return Parameter(name, description, read, schema)


TYPE = _several("type", "The kind of job; there is one.", ("process",))
PROCESS = _several(
    "processID", "The processes, among those whose jobs are listed.", tuple(sorted(LISTED))
)
STATUS = _several("status", "The statuses, between commas.", tuple(STATES))
LEAST = number("minDuration", "Seconds that a job has run at least.", minimum=0,
               maximum=MOST_SECONDS)  # fmt: skip
MOST = number("maxDuration", "Seconds that a job has run at most.", minimum=0,
              maximum=MOST_SECONDS)  # fmt: skip
CREATED = Parameter(
    "datetime", "When it was created: a date-time, or an interval `a/b` where `..` is open.",
    DATETIME.read, DATETIME.schema,
)  # fmt: skip
LIST = (TYPE, PROCESS, STATUS, CREATED, LEAST, MOST, LIMIT, OFFSET)


class OfJobs(OfProcesses):
    secret_slots = ("job",)

    def initialize(self, page: str | None = None, language: str | None = None) -> None:
        super().initialize(page, language)
        self.set_header("Cache-Control", "no-store")

    async def found(self, job: str) -> Job:
        """Raises NoSuchJob."""
        if not _IDENTIFIER.fullmatch(job):
            raise NoSuchJob("There is no job of this identifier.")
        async with self.connection() as conn:
            try:
                return await process_jobs.read(conn, job)
            except NotFound as error:
                raise NoSuchJob(str(error)) from None

    def options(self, *args: str, **kwargs: str) -> None:
        self.set_header("Access-Control-Allow-Methods", "GET, HEAD, DELETE, OPTIONS")
        self.set_header("Access-Control-Max-Age", "86400")
        self.set_status(204)
        self.finish()


class JobList(OfJobs):
    own: ClassVar = LIST

    async def get(self) -> None:
        span, states = self.ask(CREATED), self.ask(STATUS)
        wanted = Wanted(
            processes=self.ask(PROCESS),
            states=[STATES[one] for one in states] if states else None,
            start=span.start if span else None,
            end=span.end if span else None,
            least=self.ask(LEAST),
            most=self.ask(MOST),
        )
        take, skip = self.ask(LIMIT), min(self.ask(OFFSET), 1_000_000)
        async with self.connection() as conn:
            jobs = await process_jobs.listed(conn, wanted, limit=take + 1, offset=skip)
        more = len(jobs) > take
        documents = [told(self.base, one) for one in jobs[:take]]
        if self.format == "html":
            following = self.here(offset=skip + take) if more else None
            self.show("ogc_jobs.html", jobs=documents, next=following)
            return
        links = self.self_links()
        if more:
            links.append(self.link("next", JSON, self.here(offset=skip + take)))
        await self.answer({"jobs": documents, "links": links})


class JobOne(OfJobs):
    async def get(self, job: str) -> None:
        found = await self.found(job)
        document = told(self.base, found)
        if found.state in ("waiting", "running"):
            self.set_header("Retry-After", str(POLL_SECONDS))
        if self.format == "html":
            results = next((one["href"] for one in document["links"] if one["rel"] == RESULTS), "")
            self.show("ogc_job.html", job=document, results=results, erased=found.expires_at)
            return
        await self.answer(document)

    async def delete(self, job: str) -> None:
        await self.found(job)
        folder = batch_files.folder(self.site.settings.paths.var)
        async with self.connection() as conn:
            if not await process_jobs.dismiss(conn, folder, job):
                raise HTTPError(410)
        await self.answer(told(self.base, await self.found(job)))


class JobResults(OfJobs):
    async def get(self, job: str) -> None:
        found = await self.found(job)
        if found.state in ("waiting", "running"):
            raise NotReady("The job has no results yet: ask its status.")
        if found.state == "cancelled":
            raise NoSuchJob("The job was dismissed: its results are erased.")
        if found.state == "failed":
            raise Failed(found.problem or "The job failed.")
        folder = batch_files.folder(self.site.settings.paths.var)
        kept = await asyncio.to_thread(process_jobs.results, folder, found.number)
        if self.format == "html":
            text = json.dumps(kept.outputs, ensure_ascii=False, indent=2)
            self.show("ogc_results.html", job=told(self.base, found), text=text)
            return
        accept = self.request.headers.get("Accept", "")
        if "f" in self.request.query_arguments:
            accept = JSON
        body, media_type = encoded(kept.outputs, kept.response, accept)
        await self.send_body(body, media_type)
