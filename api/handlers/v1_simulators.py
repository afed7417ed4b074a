"""`/api/v1/simulators`: what programs ask of the simulators.

What people tell of themselves is in the body of a POST, never in an address, a log or a metric.
A permalink exists only when it is asked for, and its identifier tells nothing.
"""

import re
from datetime import date
from typing import Any

import msgspec
from tornado.web import HTTPError

from api.addresses import address
from api.curve_picture import draw
from api.handlers.base import IMMUTABLE, ApiHandler
from api.openapi import Answer, Operation, TemplateRoute
from api.parameters import choice, day, limit, number, read_all, text
from config.errors import NotFound
from simulators import batch, calendar, kept_answers
from simulators.calendar import Period
from simulators.contract import strict_json
from simulators.contract.faults import Fault, Faulty, nearest
from simulators.contract.results import Result
from simulators.contract.simulator import Model, Simulator
from simulators.contract.texts import Law, Text
from simulators.curves import MOST_POINTS, Curve, curve
from simulators.inverse import solve
from simulators.registry import described

LAW_DATE = day("law_date", "The day whose law applies. Absent: the last one that is known.")
MODEL = text("model", "The version of the model, pinned. Absent: the current one.", max_length=60,
             pattern=r"[a-z0-9][a-z0-9.-]*")  # fmt: skip
LANGUAGE = choice("lang", "The language of titles.", lambda: ("fr", "en"), default="fr")
VARIABLE = text("variable", "The numeric input that varies. Absent: the principal one.",
                max_length=60, pattern="[a-z0-9_]+")  # fmt: skip
LOW = number("min", "Where the curve begins.", minimum=-1e9, maximum=1e9, required=True,
             example="0")  # fmt: skip
HIGH = number("max", "Where the curve ends.", minimum=-1e9, maximum=1e9, required=True,
              example="100000")  # fmt: skip
POINTS = limit(default=100, maximum=MOST_POINTS, name="points", what="points")
PICTURE = choice("format", "JSON, or an SVG picture.", lambda: ("json", "svg"), default="json")
FIGURE = text("figure", "The figure that is wanted.", max_length=60, required=True,
              pattern="[a-z_]+", example="net_before_tax")  # fmt: skip

_IDENTIFIER = re.compile(r"[A-Za-z0-9_-]{22}", re.ASCII)


def inputs() -> dict[str, Any]:
    """The JSON Schema of a body: the inputs of any of the simulators."""
    return {"anyOf": [one.schema("en") for one in described()]}


def partial_inputs() -> dict[str, Any]:
    """Inputs of which the address asks for one: none is required here."""
    return {"type": "object"}


class SimulatorEntry(msgspec.Struct):
    """`models`: the current version first; a version stays for two years after its successor."""

    id: str
    title: Text
    summary: Text
    models: list[str]
    calendar: list[Period]
    supported: list[str]
    principal: str
    invertible: list[str]
    out_of_scope: list[Text]
    law: list[Law]
    schema: str


class SimulatorsAnswer(Answer, kw_only=True):
    """The simulators, and where the JSON Schema of their inputs is."""

    simulators: list[SimulatorEntry]


class KeptAnswer(msgspec.Struct):
    """`url` replays the same bytes for ever; whoever has it can read what was asked."""

    id: str
    url: str


class SimulatorHandler(ApiHandler):
    """What all of them share: the simulator, the pinned model and law."""

    secret_slots = ("answer",)

    async def prepare(self) -> None:
        await super().prepare()
        if self.request.method == "POST":
            self.asked = read_all(self.parameters, self.request.query_arguments, strict=True)

    def set_default_headers(self) -> None:
        super().set_default_headers()
        exposed = self._headers["Access-Control-Expose-Headers"]
        more = "Deprecation, Link, Location, Preference-Applied, Sunset"
        self.set_header("Access-Control-Expose-Headers", f"{exposed}, {more}")

    def options(self, *args: str, **kwargs: str) -> None:
        self.set_header("Access-Control-Allow-Methods", "GET, HEAD, POST, OPTIONS")
        self.set_header("Access-Control-Allow-Headers", "Content-Type, Prefer")
        self.set_header("Access-Control-Max-Age", "86400")
        self.set_status(204)
        self.finish()

    def simulator(self, name: str) -> Simulator:
        """Raises NotFound, with the name that was probably meant."""
        known = self.site.simulators.by_id
        if name in known:
            return known[name]
        near = nearest(name, known)
        raise NotFound(
            f"There is no such simulator; there are: {', '.join(known)}."
            + (f" Did you mean {near}?" if near else "")
        )

    def pinned(self, simulator: Simulator) -> tuple[Model, date | None]:
        model = simulator.model(self.ask(MODEL))
        if (period := calendar.published().get(model.version)) is not None:
            page = f"{self.origin}{address('simulator-method', 'en')}#versions"
            for name, value in period.headers(page).items():
                self.set_header(name, value)
        return model, self.ask(LAW_DATE)

    def members(self) -> Any:
        """The JSON of the body. Raises Faulty, and 415 for another media type."""
        if self.media_type() != batch.JSON:
            raise HTTPError(415)
        return strict_json.read(self.request.body)

    def media_type(self) -> str:
        said = self.request.headers.get("Content-Type", batch.JSON)
        return said.split(";", 1)[0].strip().lower()

    async def simulated(self, name: str) -> Result:
        """The result of the inputs in the body."""
        simulator = self.simulator(name)
        model, law_date = self.pinned(simulator)
        with self.site.admission.enter():  # first: a refusal must cost nothing
            call = simulator.read(self.members(), law_date)
            outcome = (await model.compute([call]))[0]
        if isinstance(outcome, Faulty):
            raise outcome
        return simulator.result(call, outcome, model.version)

    def private(self, body: bytes, media_type: str = "application/json") -> None:
        """Answer what concerns one person: caches keep nothing of it."""
        self.set_header("Cache-Control", "no-store")
        self.send(body, media_type)


class Simulators(SimulatorHandler):
    operation = Operation(
        "simulators", "The simulators, their models and what they know", "Simulators",
        SimulatorsAnswer,
    )  # fmt: skip

    def get(self) -> None:
        self.reply(
            SimulatorsAnswer,
            simulators=[
                SimulatorEntry(
                    one.id, one.title, one.summary, [model.version for model in one.models],
                    [calendar.published()[model.version] for model in one.models
                     if model.version in calendar.published()],
                    list(one.supported), one.principal, list(one.invertible),
                    list(one.out_of_scope), list(one.law), f"/api/v1/simulators/{one.id}/schema",
                )
                for one in self.site.simulators.by_id.values()
            ],
        )  # fmt: skip


class Schema(SimulatorHandler):
    operation = Operation(
        "simulator_schema", "The JSON Schema of a simulator's inputs", "Simulators",
        media_type="application/schema+json",
    )  # fmt: skip
    parameters = (LANGUAGE,)

    def get(self, simulator: str) -> None:
        schema = self.simulator(simulator).schema(self.ask(LANGUAGE))
        self.send(msgspec.json.encode(schema), "application/schema+json")


class Simulate(SimulatorHandler):
    post_operation = Operation(
        "simulate", "Simulate one case", "Simulators", Result,
        description="The body is an object of inputs; its schema is at `/schema`.", body=inputs,
    )  # fmt: skip
    parameters = (LAW_DATE, MODEL)

    async def post(self, simulator: str) -> None:
        self.private(msgspec.json.encode(await self.simulated(simulator)))


class Keep(SimulatorHandler):
    post_operation = Operation(
        "simulate_and_keep", "Simulate one case and keep the answer for a permalink",
        "Simulators", KeptAnswer, status=201, body=inputs, headers=("Location",),
        description="What was asked is kept with the answer, for whoever has its address.",
    )  # fmt: skip
    parameters = (LAW_DATE, MODEL)

    async def post(self, simulator: str) -> None:
        self.spend(self.site.keeping, self.peer)
        result = await self.simulated(simulator)
        body = msgspec.json.encode(result)
        async with self.connection() as conn:
            kept = await kept_answers.keep(conn, simulator, result.model, body)
        url = f"{self.origin}/api/v1/simulators/{simulator}/answers/{kept}"
        self.set_status(201)
        self.set_header("Location", url)
        self.private(msgspec.json.encode(KeptAnswer(kept, url)))


class Kept(SimulatorHandler):
    operation = Operation(
        "kept_simulation", "An answer that was kept, byte for byte", "Simulators", Result
    )

    async def get(self, simulator: str, answer: str) -> None:
        self.simulator(simulator)
        if not _IDENTIFIER.fullmatch(answer):
            raise NotFound("No answer was kept under this identifier.")
        async with self.connection() as conn:
            body = await kept_answers.kept(conn, simulator, answer)
        self.set_header("Cache-Control", IMMUTABLE.replace("public", "private"))
        self.send(body, "application/json")


class Curves(SimulatorHandler):
    post_operation = Operation(
        "simulate_curve", "The value and its marginal rate along one input", "Simulators", Curve,
        description="The body holds the other inputs.", body=partial_inputs,
    )  # fmt: skip
    parameters = (LAW_DATE, MODEL, VARIABLE, LOW, HIGH, POINTS, PICTURE, LANGUAGE)

    async def post(self, simulator: str) -> None:
        asked = self.simulator(simulator)
        model, law_date = self.pinned(asked)
        members = self.members()
        variable = self.ask(VARIABLE) or asked.principal
        if isinstance(members, dict) and variable in asked.by_name:
            members.setdefault(variable, asked.by_name[variable].example)
        call = asked.read(members, law_date)
        low, high, points = self.ask(LOW), self.ask(HIGH), max(2, self.ask(POINTS))
        with self.site.admission.enter():
            found = await curve(asked, model, call, variable, low, high, points)
        if self.ask(PICTURE) == "svg":
            self.private(draw(found, asked, self.ask(LANGUAGE)), "image/svg+xml")
        else:
            self.private(msgspec.json.encode(found))


class Inverse(SimulatorHandler):
    post_operation = Operation(
        "simulate_inverse", "The principal input that gives a wanted figure", "Simulators", Result,
        description="The body holds `wanted`, and the inputs other than the principal one.",
        body=partial_inputs,
    )  # fmt: skip
    parameters = (LAW_DATE, MODEL, FIGURE)

    async def post(self, simulator: str) -> None:
        asked = self.simulator(simulator)
        figure = self.ask(FIGURE)
        if figure not in asked.invertible:
            known = ", ".join(asked.invertible) or "none"
            raise NotFound(f"This figure cannot be asked for; those that can: {known}.")
        model, law_date = self.pinned(asked)
        members = self.members()
        wanted = _wanted(members)
        members.setdefault(asked.principal, asked.by_name[asked.principal].example)
        call = asked.read(members, law_date)
        with self.site.admission.enter():
            at, outcome = await solve(asked, model, call, figure, wanted)
        self.private(msgspec.json.encode(asked.result(at, outcome, model.version)))


def _wanted(members: Any) -> float:
    """Take `wanted` out of the body. Raises Faulty."""
    found = members.pop("wanted", None) if isinstance(members, dict) else None
    if isinstance(found, bool) or not isinstance(found, int | float) or not 0 < found <= 1e9:
        words = Text("Un nombre positif est attendu.", "A positive number is expected.")
        raise Faulty([Fault(pointer="/wanted", code="not-a-number", message=words)])
    return float(found)


ROUTES = [
    TemplateRoute("/api/v1/simulators", Simulators),
    TemplateRoute("/api/v1/simulators/{simulator}/schema", Schema),
    TemplateRoute("/api/v1/simulators/{simulator}/curve", Curves),
    TemplateRoute("/api/v1/simulators/{simulator}/inverse", Inverse),
    TemplateRoute("/api/v1/simulators/{simulator}/answers", Keep),
    TemplateRoute("/api/v1/simulators/{simulator}/answers/{answer}", Kept),
    TemplateRoute("/api/v1/simulators/{simulator}", Simulate),
]
