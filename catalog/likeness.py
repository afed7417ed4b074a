"""How alike two descriptions of a place are, with the reasons: pure, and the same everywhere.

It recognises an office whose source changed its id, and the same place in two sources. Only what
both descriptions say is compared; a machine decides alone only where `sure` says so.
"""

import math
import re
from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

from rapidfuzz import fuzz

from catalog.naming import fold

NEAR_M = 150.0  # at this distance the positions say half of what the same position says
# What each comparison weighs. A SIRET is one establishment at one address; a name alone, or a
# switchboard's number alone, is shared by many.
WEIGHTS = {"siret": 1.5, "name": 0.4, "address": 0.4, "distance": 0.4, "phone": 0.25, "email": 0.15}
LEAST_WEIGHT = 0.75  # two comparisons at least, or a SIRET: less is no ground for anything
RENAMED = 0.75  # the same source lists the same place under another id
CANDIDATE = 0.60  # shown to people
SURE = 0.90  # merged without asking, when the kind is the same
SURE_NAME = 0.88  # « CLIC Mauges Communauté » is not « Mauges Communauté »
NUMBER = re.compile(r"\b\d+\b")
POSTCODE = re.compile(r"\b\d{5}\b")


@dataclass(frozen=True, slots=True)
class Place:
    """What is compared of an office."""

    kind: str
    name: str
    commune: str | None
    address: str | None = None
    phone: str | None = None
    email: str | None = None
    siret: str | None = None
    point: tuple[float, float] | None = None  # longitude, latitude


@dataclass(frozen=True, slots=True)
class Part:
    """One comparison: 1 is the same, 0 is something else."""

    what: str
    value: float
    said: str


@dataclass(frozen=True, slots=True)
class Likeness:
    """A score from 0 to 1, and every comparison that made it."""

    score: float
    parts: tuple[Part, ...]

    def __str__(self) -> str:
        return f"{self.score:.2f}: " + ", ".join(f"{p.what} {p.value:.2f}" for p in self.parts)

    def json(self) -> list[dict[str, Any]]:
        return [
            {"what": part.what, "value": round(part.value, 3), "said": part.said}
            for part in self.parts
        ]

    def of(self, what: str) -> float | None:
        """One comparison's value; None: one of the two does not say."""
        return next((part.value for part in self.parts if part.what == what), None)


def likeness(a: Place, b: Place) -> Likeness:
    """How alike two places are. Symmetric; a place is like itself as far as it says anything."""
    parts = tuple(
        part
        for compare in (_siret, _name, _address, _distance, _phone, _email)
        if (part := compare(a, b)) is not None
    )
    weight = sum(WEIGHTS[part.what] for part in parts)
    score = sum(WEIGHTS[part.what] * part.value for part in parts) / weight if weight else 0.0
    if weight < LEAST_WEIGHT:
        score = min(score, CANDIDATE - 0.01)
    return Likeness(round(score, 4), parts)


def sure(a: Place, b: Place, found: Likeness) -> bool:
    """The machine may merge them: the same kind, a high score, and nothing that speaks against."""
    name, siret, distance = found.of("name"), found.of("siret"), found.of("distance")
    return (
        a.kind == b.kind
        and found.score >= SURE
        and (name or 0) >= SURE_NAME
        and siret != 0
        and (distance is None or distance >= 0.5)
        and (siret == 1 or distance is not None or found.of("address") is not None)
    )


def _siret(a: Place, b: Place) -> Part | None:
    one, other = _digits(a.siret), _digits(b.siret)
    if not one or not other:
        return None
    return Part("siret", float(one == other), f"{one} / {other}")


def _name(a: Place, b: Place) -> Part | None:
    one, other = fold(a.name), fold(b.name)
    if not one or not other:
        return None
    value = fuzz.token_sort_ratio(one, other) / 100
    if NUMBER.findall(one) != NUMBER.findall(other):  # "Annexe 1" is not "Annexe 2"
        value = min(value, 0.5)
    return Part("name", value, f"{a.name} / {b.name}")


def _address(a: Place, b: Place) -> Part | None:
    one, other = _street(a.address), _street(b.address)
    if not one or not other:
        return None
    value = fuzz.token_set_ratio(one, other) / 100
    if _numbers(one) != _numbers(other):
        value = min(value, 0.5)
    return Part("address", value, f"{a.address} / {b.address}")


def _street(text: str | None) -> str:
    """The part of an address that differs inside a commune."""
    return POSTCODE.split(fold(text))[0].strip() if text else ""


def _numbers(text: str) -> list[str]:
    return [number.lstrip("0") for number in NUMBER.findall(text)]


def _distance(a: Place, b: Place) -> Part | None:
    if a.point is None or b.point is None:
        return None
    metres = metres_between(a.point, b.point)
    return Part("distance", 0.5 ** (metres / NEAR_M), f"{metres:.0f} m")


def metres_between(a: tuple[float, float], b: tuple[float, float]) -> float:
    """The distance of two points (longitude, latitude) on a sphere: enough to compare."""
    (lon_a, lat_a), (lon_b, lat_b) = a, b
    half = math.sin(math.radians(lat_b - lat_a) / 2) ** 2 + math.cos(math.radians(lat_a)) * (
        math.cos(math.radians(lat_b)) * math.sin(math.radians(lon_b - lon_a) / 2) ** 2
    )
    return 2 * 6_371_000 * math.asin(min(1.0, math.sqrt(half)))


def _phone(a: Place, b: Place) -> Part | None:
    return _same("phone", a.phone, b.phone, lambda text: _digits(text)[-9:])


def _email(a: Place, b: Place) -> Part | None:
    return _same("email", a.email, b.email, lambda text: text.strip().casefold())


def _same(what: str, a: str | None, b: str | None, key: Callable[[str], str]) -> Part | None:
    one, other = key(a or ""), key(b or "")
    if not one or not other:
        return None
    return Part(what, float(one == other), f"{a} / {b}")


def _digits(text: str | None) -> str:
    return "".join(c for c in text or "" if c.isdecimal())
