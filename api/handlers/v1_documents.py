"""What the hub is made of: services, states, legend, dates, sources, geography, OpenAPI."""

import json
from datetime import date
from importlib.metadata import version

import msgspec

from api.handlers.base import ApiHandler
from api.openapi import Answer, Operation, TemplateRoute, document
from catalog.states import State
from geo.frames import FRAMES


class ServiceEntry(msgspec.Struct):
    id: str
    domain: str
    title: dict[str, str]
    question: dict[str, str]
    evidence: dict[str, str]
    competent: list[str]
    valid_for_days: int
    full_level: int
    levels: list["LevelEntry"]
    in_bundle: bool


class LevelEntry(msgspec.Struct):
    """All of these attributes together prove the level."""

    level: int
    all_of: list[str]


class NamedEntry(msgspec.Struct):
    id: str
    title: dict[str, str]


class ServicesAnswer(Answer, kw_only=True):
    version: str
    published: date
    bundle: list[str]
    domains: list[NamedEntry]
    attributes: list[NamedEntry]
    services: list[ServiceEntry]


class StateEntry(msgspec.Struct):
    """`code` is the byte in status arrays."""

    code: int
    id: str
    level: int | None
    title: dict[str, str]
    meaning: dict[str, str]


class StatesAnswer(Answer, kw_only=True):
    states: list[StateEntry]


class LegendEntry(msgspec.Struct):
    """Colours are #RRGGBB; an ink is what is read on the colour; `hatch`: drawn with lines."""

    code: int
    id: str
    title: dict[str, str]
    light: str
    dark: str
    ink_light: str
    ink_dark: str
    mark: str
    hatch: bool


class FrameEntry(msgspec.Struct):
    """Where an id raster lies: `bounds` in metres of `epsg`; `departements` empty: the rest."""

    id: str
    title: dict[str, str]
    departements: list[str]
    epsg: int
    bounds: list[float]
    width: int
    height: int
    url: str


class LegendAnswer(Answer, kw_only=True):
    states: list[LegendEntry]
    frames: list[FrameEntry]


class BreakpointsAnswer(Answer, kw_only=True):
    dates: list[date]


class SourceEntry(msgspec.Struct):
    id: str
    title: str
    publisher: str
    licence: str
    licence_url: str | None
    url: str
    nature: str
    first_evidence: date | None
    last_evidence: date | None
    releases: int
    observations: int


class SourcesAnswer(Answer, kw_only=True):
    sources: list[SourceEntry]


def in_both(read: object) -> dict[str, str]:
    """A text of both languages, from a function of the language."""
    return {language: read(language) for language in ("fr", "en")}  # type: ignore[operator]


class Services(ApiHandler):
    operation = Operation(
        "services", "The referential of local public services", "Referential", ServicesAnswer
    )

    def get(self) -> None:
        held = self.site.referential
        self.reply(
            ServicesAnswer,
            version=held.version,
            published=held.published,
            bundle=list(held.bundle),
            domains=[NamedEntry(one.id, in_both(one.title)) for one in held.domains],
            attributes=[
                NamedEntry(key, in_both(one.title)) for key, one in held.attributes.items()
            ],
            services=[
                ServiceEntry(
                    id=one.id,
                    domain=one.domain,
                    title=in_both(one.title),
                    question=in_both(one.question),
                    evidence=in_both(one.evidence),
                    competent=list(one.competent),
                    valid_for_days=one.valid_for_days,
                    full_level=one.full_level,
                    levels=[LevelEntry(rule.level, sorted(rule.all_of)) for rule in one.rules],
                    in_bundle=one.in_bundle,
                )
                for one in held.services.values()
            ],
        )


class States(ApiHandler):
    operation = Operation(
        "states", "The eight states, and the byte of each", "Referential", StatesAnswer
    )

    def get(self) -> None:
        self.reply(
            StatesAnswer,
            states=[
                StateEntry(
                    int(state),
                    state.slug,
                    state.level,
                    in_both(state.title),
                    in_both(state.meaning),
                )
                for state in State
            ],
        )


class Legend(ApiHandler):
    operation = Operation(
        "legend", "Colours and marks of the states, and the map frames", "Map", LegendAnswer
    )

    def get(self) -> None:
        edition = self.site.edition
        self.reply(
            LegendAnswer,
            states=[
                LegendEntry(
                    code=int(state),
                    id=state.slug,
                    title=in_both(state.title),
                    light=state.look.light,
                    dark=state.look.dark,
                    ink_light=state.look.ink_light,
                    ink_dark=state.look.ink_dark,
                    mark=state.look.mark,
                    hatch=state.look.hatch,
                )
                for state in State
            ],
            frames=[
                FrameEntry(
                    id=frame.id,
                    title={"fr": frame.name_fr, "en": frame.name_en},
                    departements=list(frame.departements),
                    epsg=frame.epsg,
                    bounds=[float(side) for side in frame.bounds],
                    width=frame.width,
                    height=frame.height,
                    url=f"/ids/{edition.id}/{frame.id}.webp",
                )
                for frame in FRAMES
            ],
        )


class Breakpoints(ApiHandler):
    operation = Operation(
        "breakpoints", "The days on which something we know changed", "Time", BreakpointsAnswer
    )

    def get(self) -> None:
        self.reply(BreakpointsAnswer, dates=list(self.site.edition.breakpoints))


class Sources(ApiHandler):
    operation = Operation(
        "sources", "Where every fact comes from, with its licence", "Referential", SourcesAnswer
    )

    def get(self) -> None:
        self.reply(
            SourcesAnswer,
            sources=[
                SourceEntry(
                    id=one.id,
                    title=one.title,
                    publisher=one.publisher,
                    licence=one.licence,
                    licence_url=one.licence_url,
                    url=one.url,
                    nature=str(one.nature),
                    first_evidence=one.first_evidence,
                    last_evidence=one.last_evidence,
                    releases=one.releases,
                    observations=one.observations,
                )
                for one in self.site.edition.sources
            ],
        )


class OpenApi(ApiHandler):
    def get(self) -> None:
        from api.app import routes  # the wiring knows the routes; it imports this module

        found = document(routes(), version("guichet"), self.origin)
        self.send(
            json.dumps(found, ensure_ascii=False).encode(), "application/vnd.oai.openapi+json"
        )


class GeographyArrays(ApiHandler):
    operation = Operation(
        "geography",
        "Département, region and EPCI of each commune number, for maps in a browser",
        "Map",
        media_type="application/octet-stream",
        description=(
            "A little-endian uint32: the length of a JSON header, padded with spaces to a "
            "multiple of four. Then the header. Then the arrays that it lists, uint16 "
            "little-endian, each of `length` items: item n is for commune number n, and is the "
            "position from 1 in the header's list; 0 means none."
        ),
    )

    async def get(self) -> None:
        edition = self.site.edition
        if self.unchanged("geography", edition.geography.vintage):
            return
        body, encoding = await self.site.packed.of(
            edition.packed_geography,
            self.request.headers.get("Accept-Encoding", ""),
            f"geography-{edition.id}",
        )
        self.add_vary("Accept-Encoding")
        self.set_header("X-Guichet-Geography", edition.geography.vintage)
        self.set_header("X-Guichet-Generation", str(edition.id))
        self.send(body, "application/octet-stream", encoding=encoding)


ROUTES = [
    TemplateRoute("/api/v1/services", Services),
    TemplateRoute("/api/v1/states", States),
    TemplateRoute("/api/v1/legend.json", Legend),
    TemplateRoute("/api/v1/breakpoints", Breakpoints),
    TemplateRoute("/api/v1/sources", Sources),
    TemplateRoute("/api/v1/openapi.json", OpenApi),
    TemplateRoute("/api/v1/geography", GeographyArrays),
]
