"""`/fr/simulateurs`: the simulators for people, with and without scripts.

What somebody types travels in the body of a POST and comes back in the page: it is in no address,
no log and no cache. A link to a result exists only when it is asked for.
"""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import msgspec
import psycopg
import psycopg_pool
from tornado.web import HTTPError

from api.handlers.base import PageHandler, page_routes
from api.parameters import choice, read_all
from api.simulator_forms import Form
from api.simulator_result import Answered
from api.simulator_words import Words, simulator_of, slug_of
from config.errors import Invalid, NotFound, Unavailable
from simulators import calendar, kept_answers, validation
from simulators.contract.faults import Fault, Faulty
from simulators.contract.fields import Number, Wrong
from simulators.contract.results import Result
from simulators.contract.simulator import Call, Model, Simulator
from simulators.contract.texts import Text
from simulators.curves import Curve, curve
from simulators.inverse import solve

PART = choice("part", "Only the result, for scripts.", lambda: ("result",))
CURVE_POINTS = 31
RETRY_SECONDS = 5
_IDENTIFIER = re.compile(r"[A-Za-z0-9_-]{22}", re.ASCII)
_AWAY = (psycopg.Error, psycopg_pool.PoolTimeout)


@dataclass
class Said:
    """What a page tells of one request: nothing yet, a result, faults, or that engines are away."""

    typed: dict[str, str]
    faults: tuple[Fault, ...] = ()
    answered: Answered | None = None
    away: bool = False
    kept_url: str | None = None
    not_kept: bool = False
    options: dict[str, str] = field(default_factory=dict)


class SimulatorPages(PageHandler):
    """What they share: the words, and the same page in the other language."""

    def initialize(self, page: str | None = None, language: str | None = None) -> None:
        super().initialize(page, language)
        self.say = Words(self.t, self.fmt)

    def url_for_lang(self, language: str) -> str:
        slug = self.path_kwargs.get("simulator")
        if slug is None:
            return super().url_for_lang(language)
        try:
            one = simulator_of(slug, self.site.simulators.by_id)
        except NotFound:
            return self.url("simulators", language)
        values = {**self.path_kwargs, "simulator": slug_of(one.id, language)}
        return self.url(self.page or "simulators", language, **values)

    def context(self) -> dict[str, Any]:
        known = self.site.simulators.by_id
        return {
            **super().context(),
            "say": self.say,
            "simulators": tuple(known.values()),
            "simulator_url": lambda one: self.url(
                "simulator", simulator=slug_of(one.id, self.language)
            ),
        }

    def private(self) -> None:
        """Nothing of what one person asked stays in a cache, or follows to another site."""
        self.set_header("Cache-Control", "no-store")
        self.set_header("Referrer-Policy", "no-referrer")


class SimulatorList(SimulatorPages):
    def get(self) -> None:
        self.render_page("simulators.html")


class SimulatorWidget(SimulatorPages):
    """How to put a simulator on another site, with the thing itself at work."""

    def get(self) -> None:
        self.render_page("simulator_widget.html", code=_EMBED.format(origin=self.origin))


class SimulatorMethod(SimulatorPages):
    """What was tried, against whom, and what differs: read from the file that the tests write."""

    def get(self) -> None:
        found = validation.published()
        titles = {
            one.id: one.title.in_language(self.language)
            for one in self.site.simulators.by_id.values()
        }
        self.render_page(
            "simulator_method.html",
            validation=found,
            title_of=lambda name: titles.get(name, name),
            tier_of=self._tier,
            source_of=lambda name: name,
            by_simulator=validation.counted((one.simulator, one) for one in found.cases),
            by_tier=validation.counted((one.tier, one) for one in found.cases),
            by_source=validation.counted((one.source, one) for one in found.cases),
            calendar=[
                period
                for period in calendar.published().values()
                if period.sunset is not None or period.version in self._offered()
            ],
            others=[one for one in found.cases if one.state != "agrees"],
        )

    def _offered(self) -> set[str]:
        known = self.site.simulators.by_id.values()
        return {model.version for one in known for model in one.models}

    def _tier(self, tier: str) -> str:
        key = f"simulator.method.tiers.{tier}"
        return str(self.t(key)) if self.t.has(key) else tier


class SimulatorPage(SimulatorPages):
    """A form, and under it what was answered."""

    parameters = (PART,)

    async def prepare(self) -> None:
        await super().prepare()
        if self.request.method == "POST":
            self.asked = read_all(self.parameters, self.request.query_arguments, strict=False)
            said = self.request.headers.get("Content-Type", "").split(";", 1)[0].strip().lower()
            if said not in ("application/x-www-form-urlencoded", "multipart/form-data"):
                raise HTTPError(415)

    def get(self, simulator: str) -> None:
        one = simulator_of(simulator, self.site.simulators.by_id)
        if simulator != slug_of(one.id, self.language):
            self.redirect(self.url("simulator", simulator=slug_of(one.id, self.language)))
            return
        form = Form(one, self.say)
        self._show(form, Said(form.defaults()))

    async def post(self, simulator: str) -> None:
        one = simulator_of(simulator, self.site.simulators.by_id)
        form = Form(one, self.say)
        typed, options = self._sent(form)
        said = Said(typed, options=options)
        self.private()
        try:
            with self.site.admission.enter():
                await self._answer(one, form, said)
        except Faulty as refusal:
            said.faults = refusal.faults
            self.set_status(422)
        except Unavailable:
            said.away = True
            self.set_status(503)
            self.set_header("Retry-After", str(RETRY_SECONDS))
        self._show(form, said)

    def _sent(self, form: Form) -> tuple[dict[str, str], dict[str, str]]:
        """The inputs that were typed, and what begins with `_`: everything about the question.

        A name that is sent twice counts once, the last: a box that is ticked follows its `false`.
        """
        typed = dict.fromkeys(form.properties, "")
        options: dict[str, str] = {}
        for name, sent in self.request.body_arguments.items():
            try:
                text = sent[-1].decode("utf-8")
            except UnicodeDecodeError:
                raise Invalid("The form is not valid UTF-8.") from None
            if "\x00" in text:
                raise Invalid("The form holds the character NUL.")
            if name.startswith("_"):
                options[name.removeprefix("_")] = text.strip()
            else:
                typed[name] = text
        return typed, options

    async def _answer(self, one: Simulator, form: Form, said: Said) -> None:
        """Compute what was asked. Raises Faulty and Unavailable."""
        law_date, model = self._pinned(one, said.options)
        call, result = await self._computed(one, model, form, said, law_date)
        drawn, faults = await self._curve(one, model, call, said.options)
        said.faults = faults
        said.answered = Answered(one, result, drawn, self.say)
        if said.options.get("action") == "keep":
            await self._keep(one, result, said)

    async def _computed(
        self, one: Simulator, model: Model, form: Form, said: Said, law_date: date | None
    ) -> tuple[Call, Result]:
        given = form.given(said.typed)
        action, wanted = said.options.get("action"), said.options.get("wanted", "")
        # Enter in the field of the wanted figure presses the form's first button, not its own.
        backwards = action == "inverse" or (
            wanted and not said.typed.get(one.principal, "").strip()
        )
        if not (one.invertible and backwards):
            call = one.read_texts(given, law_date)
            outcome = (await model.compute([call]))[0]
        else:
            figure = said.options.get("figure", one.invertible[0])
            if figure not in one.invertible:
                raise Faulty([_fault("figure", "not-a-choice")])
            given[one.principal] = form.written(one.by_name[one.principal].example)
            call = one.read_texts(given, law_date)
            call, outcome = await solve(one, model, call, figure, _wanted(wanted))
            said.typed[one.principal] = form.written(call.values[one.principal])
            said.options["wanted"] = ""  # answered: the form is that of the salary found
        if isinstance(outcome, Faulty):
            raise outcome
        return call, one.result(call, outcome, model.version)

    def _pinned(self, one: Simulator, options: Mapping[str, str]) -> tuple[date | None, Model]:
        model = one.model(options.get("model") or None)
        if not (text := options.get("law_date", "")):
            return None, model
        try:
            return date.fromisoformat(text), model
        except ValueError:
            raise Faulty([_fault("law_date", "not-a-date")]) from None

    async def _curve(
        self, one: Simulator, model: Model, call: Call, options: Mapping[str, str]
    ) -> tuple[Curve | None, tuple[Fault, ...]]:
        """What changes with one input; by default the principal one, to twice what was typed."""
        name = options.get("variable") or one.principal
        varied = one.by_name.get(name)
        if not isinstance(varied, Number):
            return None, (_fault("variable", "not-a-choice"),) if name != one.principal else ()
        low, high = max(varied.minimum, 0.0), _twice(call, varied)
        faults = []
        for key, default in (("min", low), ("max", high)):
            if text := options.get(key, ""):
                try:
                    default = _number(varied, text)
                except Wrong as refusal:
                    faults.append(_fault(key, refusal.code))
            if key == "min":
                low = default
            else:
                high = default
        if faults:
            return None, tuple(faults)
        try:
            one.settle({**call.values, name: varied.read(high)}, call.given | {name}, call.law_date)
            return await curve(one, model, call, name, low, high, CURVE_POINTS), ()
        except Faulty as refusal:
            fault = refusal.faults[0]
            pointer = fault.pointer if fault.pointer in ("/min", "/max") else "/variable"
            return None, (msgspec.structs.replace(fault, pointer=pointer),)
        except Unavailable:
            return None, ()

    async def _keep(self, one: Simulator, result: Result, said: Said) -> None:
        self.spend(self.site.keeping, self.peer)
        try:
            async with self.connection() as conn:
                kept = await kept_answers.keep(
                    conn, one.id, result.model, msgspec.json.encode(result)
                )
        except _AWAY:
            said.not_kept = True
            return
        slug = slug_of(one.id, self.language)
        said.kept_url = self.origin + self.url("simulator-answer", simulator=slug, answer=kept)

    def _show(self, form: Form, said: Said) -> None:
        one = form.simulator
        mistakes = form.mistakes(said.faults)
        titles = {name: property_["title"] for name, property_ in form.properties.items()} | {
            name: self.t(f"simulator.options.{name}") for name in _OPTIONS
        }
        values = {
            "simulator": one,
            "form": form,
            "said": said,
            "groups": form.groups(said.typed, said.faults),
            "mistakes": mistakes,
            "errors": [
                (f"input-{name}" if name in titles else None, titles.get(name, name), words)
                for name, words in mistakes.items()
            ],
            "variables": [
                field for field in one.fields
                if isinstance(field, Number) and field.unit != "year"
            ],
            "retry": RETRY_SECONDS,
            "kept": None,
        }  # fmt: skip
        whole = self.asked.get("part") is None
        values["asked_whole"] = whole
        self.write_page("simulator.html" if whole else "simulator_result.html", values)


class SimulatorAnswer(SimulatorPages):
    """An answer that somebody asked to keep, for whoever has its address."""

    secret_slots = ("answer",)

    async def get(self, simulator: str, answer: str) -> None:
        one = simulator_of(simulator, self.site.simulators.by_id)
        if not _IDENTIFIER.fullmatch(answer):
            raise NotFound("No answer was kept under this identifier.")
        async with self.connection() as conn:
            body = await kept_answers.kept(conn, one.id, answer)
        self.private()
        self.set_header("X-Robots-Tag", "noindex")
        result = msgspec.json.decode(body, type=Result)
        self.render_page(
            "simulator_answer.html",
            simulator=one,
            said=Said({}, answered=Answered(one, result, None, self.say)),
            errors=[],
            asked_whole=False,
            kept=f"/api/v1/simulators/{one.id}/answers/{answer}",
            retry=RETRY_SECONDS,
        )


_EMBED = """<script type="module" src="{origin}/embed/simulateur.js"></script>
<guichet-simulateur name="hiring-cost" lang="fr"></guichet-simulateur>"""
_OPTIONS = ("law_date", "model", "figure", "wanted", "variable", "min", "max")
_WANTED = Number(
    name="wanted", title=Text("Montant voulu", "Wanted amount"), description=Text("", ""),
    example=2000, unit="EUR/month", minimum=0.01, maximum=1e9,
)  # fmt: skip


def _fault(name: str, code: str) -> Fault:
    """A fault of what is asked about the inputs; its words are those of its code."""
    return Fault(pointer=f"/{name}", code=code, message=Text(code, code))


def _wanted(text: str) -> float:
    """The wanted figure. Raises Faulty."""
    try:
        return _number(_WANTED, text)
    except Wrong as wrong:
        raise Faulty([_fault("wanted", wrong.code if text else "missing")]) from None


def _number(read_by: Number, text: str) -> float:
    """A number as people type it. Raises Wrong."""
    found = read_by.read_text(text)
    assert isinstance(found, int | float)  # noqa: S101 (what a Number reads)
    return float(found)


def _twice(call: Call, varied: Number) -> float:
    """Where a curve ends when nobody says: far enough to see what comes next."""
    here = call.values[varied.name]
    example = varied.example if isinstance(varied.example, int | float) else 0.0
    wide = max(2.0 * float(here) if isinstance(here, int | float) else 0.0, 2.0 * example)
    return min(varied.maximum, wide or varied.maximum)


ROUTES = [
    *page_routes("simulators", SimulatorList),
    *page_routes("simulator-widget", SimulatorWidget),
    *page_routes("simulator-method", SimulatorMethod),
    *page_routes("simulator-answer", SimulatorAnswer),
    *page_routes("simulator", SimulatorPage),
]
