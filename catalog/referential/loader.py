"""Read a referential file into one frozen value, telling every mistake at once."""

import difflib
import functools
import re
import tomllib
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from types import MappingProxyType
from typing import Any

from catalog.states import LANGUAGES, State
from config.errors import Invalid, NotFound

CURRENT = "2026.1"
BUNDLE_ID = "minimum-bundle"
# The bundle is present when each counted member is present; see catalog.arrays.
BUNDLE_FULL_LEVEL = 3
_FOLDER = Path(__file__).parent
_SLUG = re.compile(r"[a-z0-9]+(-[a-z0-9]+)*")
Words = Mapping[str, str]


@dataclass(frozen=True, slots=True)
class Rule:
    """One way to prove a level: all of these attributes are present."""

    level: int
    all_of: frozenset[str]


@dataclass(frozen=True, slots=True)
class Attribute:
    """Something that can be seen on a page or said of a service."""

    id: str
    words: Words

    def title(self, language: str) -> str:
        return self.words[language]


@dataclass(frozen=True, slots=True)
class Domain:
    """A family of services, for lists and menus."""

    id: str
    words: Words

    def title(self, language: str) -> str:
        return self.words[language]


@dataclass(frozen=True, slots=True)
class Service:
    """One thing a resident does with the commune, with the rules that give its level."""

    id: str
    domain: str
    titles: Words
    questions: Words
    evidences: Words
    competent: tuple[str, ...]  # provider ids, the usual one first
    valid_for_days: int  # a fact older than this decays to unknown
    full_level: int  # 1..5: the level at which the service is complete
    scale: str
    rules: tuple[Rule, ...]
    in_bundle: bool

    def title(self, language: str) -> str:
        """The name of the service in "fr" or "en"."""
        return self.titles[language]

    def question(self, language: str) -> str:
        """What a resident asks, in "fr" or "en"."""
        return self.questions[language]

    def evidence(self, language: str) -> str:
        """What counts as a proof, in "fr" or "en"."""
        return self.evidences[language]

    def level(self, attributes: Mapping[str, object]) -> int | None:
        """The highest level that these attributes prove, 1 to 5, or None.

        Monotone by construction: a rule only asks for presence, so one more attribute never
        lowers the level. An attribute is present when its value is neither false nor empty.
        """
        present = {name for name, value in attributes.items() if value}
        proven = [rule.level for rule in self.rules if rule.all_of <= present]
        return max(proven, default=None)

    def state(self, attributes: Mapping[str, object]) -> State:
        """The state that these attributes prove; UNKNOWN when they prove nothing."""
        level = self.level(attributes)
        return State.UNKNOWN if level is None else State.of_level(level)


@dataclass(frozen=True, slots=True)
class Referential:
    """All services, in the order of display. `services` keeps that order."""

    version: str
    published: date
    services: Mapping[str, Service]
    domains: tuple[Domain, ...]
    attributes: Mapping[str, Attribute]
    providers: Mapping[str, Words]
    bundle: tuple[str, ...]
    bundle_titles: Words
    bundle_notes: Words

    def service(self, service_id: str) -> Service:
        """Raises NotFound, listing the services with a near name."""
        if service_id in self.services:
            return self.services[service_id]
        near = difflib.get_close_matches(service_id, self.services, n=3, cutoff=0.5)
        hint = f"; near names: {', '.join(near)}" if near else ""
        raise NotFound(f"There is no service {service_id!r}{hint}.", parameter="service")

    def of_domain(self, domain_id: str) -> tuple[Service, ...]:
        return tuple(s for s in self.services.values() if s.domain == domain_id)

    def full_level(self, service_id: str) -> int:
        """The full level of a service or of the minimum bundle. Raises NotFound."""
        if service_id == BUNDLE_ID:
            return BUNDLE_FULL_LEVEL
        return self.service(service_id).full_level

    def title(self, service_id: str, language: str) -> str:
        """The name of a service or of the minimum bundle. Raises NotFound."""
        if service_id == BUNDLE_ID:
            return self.bundle_titles[language]
        return self.service(service_id).title(language)

    def provider_title(self, provider: str, language: str) -> str:
        """The words for a provider id; a body's own name is returned as it is."""
        words = self.providers.get(provider)
        return provider if words is None else words[language]


@functools.cache
def current() -> Referential:
    """The referential in force."""
    return read((_FOLDER / f"{CURRENT}.toml").read_text(encoding="utf-8"))


def read(text: str) -> Referential:
    """Read a referential from TOML. Raises Invalid, naming every mistake at once."""
    try:
        raw = tomllib.loads(text)
    except tomllib.TOMLDecodeError as error:
        raise Invalid(f"The referential is not TOML: {error}.") from error
    reading = _Reading(raw)
    value = reading.referential()
    if reading.mistakes:
        listed = "\n- ".join(reading.mistakes)
        raise Invalid(f"The referential has {len(reading.mistakes)} mistake(s):\n- {listed}")
    return value


class _Reading:
    """One reading of one file: builds what it can and gathers every mistake."""

    def __init__(self, raw: Mapping[str, Any]) -> None:
        self.raw = raw
        self.mistakes: list[str] = []

    def referential(self) -> Referential:
        raw = self.raw
        attributes = {
            name: Attribute(name, self.words(value, f"attributes.{name}"))
            for name, value in self.table("attributes").items()
        }
        providers = {
            name: self.words(value, f"providers.{name}")
            for name, value in self.table("providers").items()
        }
        domains = tuple(
            Domain(self.slug(value, f"domains[{i}]"), self.words(value, f"domains[{i}]"))
            for i, value in enumerate(self.rows("domains"))
        )
        scales = {
            name: self.scale(value, name, attributes)
            for name, value in self.table("scales").items()
        }
        bundle = tuple(self.texts(raw.get("bundle"), "bundle"))
        services: dict[str, Service] = {}
        for i, value in enumerate(self.rows("services")):
            service = self.service(value, i, bundle, scales, providers, {d.id for d in domains})
            if service.id in services or service.id == BUNDLE_ID:
                self.mistakes.append(f"services[{i}].id: {service.id!r} is already taken")
            services[service.id] = service
        for member in bundle:
            if member not in services:
                self.mistakes.append(f"bundle: there is no service {member!r}")
        if not services:
            self.mistakes.append("services: at least one is needed")
        version, published = raw.get("version"), raw.get("published")
        if not isinstance(version, str) or not re.fullmatch(r"\d{4}\.\d+", version):
            self.mistakes.append("version: written as 2026.1")
        return Referential(
            version=str(version),
            published=self.day(published),
            services=MappingProxyType(services),
            domains=domains,
            attributes=MappingProxyType(attributes),
            providers=MappingProxyType(providers),
            bundle=bundle,
            bundle_titles=self.words(raw.get("bundle_title"), "bundle_title"),
            bundle_notes=self.words(raw.get("bundle_note"), "bundle_note"),
        )

    def service(
        self,
        value: Mapping[str, Any],
        index: int,
        bundle: Collection[str],
        scales: Mapping[str, tuple[Rule, ...]],
        providers: Mapping[str, Words],
        domains: Collection[str],
    ) -> Service:
        where = f"services[{index}]"
        service_id = self.slug(value, where)
        where = service_id or where
        known = {
            "id", "domain", "scale", "full_level", "valid_for_days", "competent", "title",
            "question", "evidence",
        }  # fmt: skip
        for extra in sorted(value.keys() - known):
            self.mistakes.append(f"{where}.{extra}: not a key of a service")
        scale, domain = value.get("scale"), value.get("domain")
        if scale not in scales:
            self.mistakes.append(f"{where}.scale: there is no scale {scale!r}")
        if domain not in domains:
            self.mistakes.append(f"{where}.domain: there is no domain {domain!r}")
        rules = scales.get(str(scale), ())
        full_level = self.integer(value.get("full_level"), 1, 5, f"{where}.full_level")
        if rules and full_level > max(rule.level for rule in rules):
            self.mistakes.append(f"{where}.full_level: scale {scale!r} never reaches it")
        competent = tuple(self.texts(value.get("competent"), f"{where}.competent"))
        for body in competent:
            if body not in providers:
                self.mistakes.append(f"{where}.competent: there is no provider {body!r}")
        return Service(
            id=service_id,
            domain=str(domain),
            titles=self.words(value.get("title"), f"{where}.title"),
            questions=self.words(value.get("question"), f"{where}.question"),
            evidences=self.words(value.get("evidence"), f"{where}.evidence"),
            competent=competent,
            valid_for_days=self.integer(
                value.get("valid_for_days"), 1, 3660, f"{where}.valid_for_days"
            ),
            full_level=full_level,
            scale=str(scale),
            rules=rules,
            in_bundle=service_id in bundle,
        )

    def scale(
        self, value: object, name: str, attributes: Mapping[str, Attribute]
    ) -> tuple[Rule, ...]:
        where = f"scales.{name}"
        rules: list[Rule] = []
        if not isinstance(value, dict) or not value:
            self.mistakes.append(f"{where}: a table of levels is needed")
            return ()
        for level, alternatives in value.items():
            if level not in {"1", "2", "3", "4", "5"} or not isinstance(alternatives, list):
                self.mistakes.append(f"{where}.{level}: a level 1 to 5 with its alternatives")
                continue
            for alternative in alternatives:
                names = self.texts(alternative, f"{where}.{level}")
                for unknown in sorted(set(names) - attributes.keys()):
                    self.mistakes.append(f"{where}.{level}: there is no attribute {unknown!r}")
                if names:
                    rules.append(Rule(int(level), frozenset(names)))
        return tuple(sorted(rules, key=lambda rule: (rule.level, sorted(rule.all_of))))

    def words(self, value: object, where: str) -> Words:
        table = value if isinstance(value, dict) else {}
        for language in LANGUAGES:
            text = table.get(language)
            if not isinstance(text, str) or not text.strip():
                self.mistakes.append(f"{where}.{language}: words are needed")
        return MappingProxyType({code: str(table.get(code, "")) for code in LANGUAGES})

    def slug(self, value: object, where: str) -> str:
        text = value.get("id") if isinstance(value, dict) else None
        if not isinstance(text, str) or not _SLUG.fullmatch(text):
            self.mistakes.append(f"{where}.id: lower-case words joined by hyphens are needed")
            return ""
        return text

    def texts(self, value: object, where: str) -> list[str]:
        if not isinstance(value, list) or not value or not all(isinstance(t, str) for t in value):
            self.mistakes.append(f"{where}: a list of names is needed")
            return []
        return [str(text) for text in value]

    def integer(self, value: object, low: int, high: int, where: str) -> int:
        if not isinstance(value, int) or isinstance(value, bool) or not low <= value <= high:
            self.mistakes.append(f"{where}: a whole number from {low} to {high} is needed")
            return low
        return value

    def day(self, value: object) -> date:
        try:
            return date.fromisoformat(str(value))
        except ValueError:
            self.mistakes.append("published: written as 2026-01-15")
            return date.min

    def table(self, name: str) -> Mapping[str, Any]:
        value = self.raw.get(name)
        if not isinstance(value, dict):
            self.mistakes.append(f"{name}: a table is needed")
            return {}
        return value

    def rows(self, name: str) -> list[Mapping[str, Any]]:
        value = self.raw.get(name)
        if not isinstance(value, list) or not all(isinstance(row, dict) for row in value):
            self.mistakes.append(f"{name}: a list of tables is needed")
            return []
        return value
