"""Which commune a row speaks of, and how that was found out.

A code decides. Without one, a name and a postcode or a département do, when exactly one commune
fits; else a point, by the outline that it lies in. What fits two communes fits none.
"""

import re
from collections import Counter, defaultdict
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any, NamedTuple
from urllib.parse import urlsplit

import msgspec
import psycopg

from catalog.database.queries import query
from catalog.naming import fold
from geo.cog import departement_of
from harvest.mapped.records import Said

type Connection = psycopg.Connection[Any]

CEDEX = re.compile(r"\bcedex\b.*$")
DISTRICT = re.compile(r"\b(?:\d{1,2}(?:er|e|eme)?)(?:\s+arrondissement)?$")
ARTICLES = ("l ", "le ", "la ", "les ", "los ", "las ", "lo ")


class Known(NamedTuple):
    """A commune as it is matched."""

    code: str
    number: int
    name: str
    postal_codes: tuple[str, ...]
    longitude: float | None
    latitude: float | None

    @property
    def centre(self) -> tuple[float, float] | None:
        """A point inside it; None: its outline is not known."""
        if self.longitude is None or self.latitude is None:
            return None
        return self.longitude, self.latitude


class Former(NamedTuple):
    """A code or a name of before, and the commune that answers for it."""

    code: str
    name: str
    commune: str


class Atlas(msgspec.Struct):
    """Everything that rows are matched with, in one piece: what the reading process is given."""

    communes: list[Known]
    former: list[Former]
    hosts: dict[str, str] = {}


@dataclass(frozen=True, slots=True)
class Match:
    """A commune, and how it was found: one of HOW. `part`: what was named is only a part of it (an
    arrondissement, a former commune): an office there is in the commune, and a fact of the part
    is no fact of the whole."""

    code: str
    how: str
    part: bool = False


HOW: Mapping[str, str] = {
    "code": "its INSEE code",
    "former-code": "its INSEE code, which is now another commune's",
    "name-postcode": "its name and postcode, which one commune has",
    "name-departement": "its name, which one commune of the département has",
    "postcode": "its postcode, which one commune has",
    "point": "the outline in which its point lies",
    "site-host": "the host name of the site that a directory publishes for one commune",
}


class Gazetteer:
    """The communes of this vintage, by everything that a file may call them."""

    def __init__(self, atlas: Atlas) -> None:
        self.communes = {one.code: one for one in atlas.communes}
        # A current code is never a former one, even where a commune déléguée bears it too.
        self.former = {
            one.code: one.commune for one in atlas.former if one.code not in self.communes
        }
        self.hosts = atlas.hosts
        self._former = atlas.former
        self._sure = {code: Match(code, "code") for code in self.communes}

    # Most files name communes by their codes: names are folded when one is asked for.
    @cached_property
    def _names(self) -> Mapping[str, set[str]]:
        names: defaultdict[str, set[str]] = defaultdict(set)
        said = [(one.name, one.code) for one in self.communes.values()]
        said += [(one.name, one.commune) for one in self._former if one.commune in self.communes]
        for name, code in said:
            for form in _forms(name):
                names[form].add(code)
        return names

    @cached_property
    def _postcodes(self) -> Mapping[str, set[str]]:
        postcodes: defaultdict[str, set[str]] = defaultdict(set)
        for one in self.communes.values():
            for postcode in one.postal_codes:
                postcodes[postcode].add(one.code)
        return postcodes

    def match(self, said: Said) -> Match | str:
        """The commune, or the reason why none is sure."""
        if said.host:
            code = self.hosts.get(said.host)
            return Match(code, "site-host") if code else "no commune is known by this host name"
        if sure := self._sure.get(said.code):
            return sure
        if said.code in self.former:
            return Match(self.former[said.code], "former-code", part=True)
        if said.name:
            return self._by_name(said)
        if said.postcode:
            return self._one(self._postcodes.get(said.postcode, set()), "postcode")
        return f"{said.code!r} is no commune's code" if said.code else "it names no commune"

    def _by_name(self, said: Said) -> Match | str:
        candidates, district = self._called(said.name)
        if not candidates:
            return f"no commune is called {said.name!r}"
        found = self._there(said, candidates)
        if isinstance(found, str):
            return found
        own = _forms(self.communes[found.code].name)
        part = district or not own & {fold(said.name), CEDEX.sub("", fold(said.name)).strip()}
        return replace(found, part=part)

    def _there(self, said: Said, candidates: set[str]) -> Match | str:
        if said.postcode:
            there = candidates & self._postcodes.get(said.postcode, set())
            if there:
                return self._one(there, "name-postcode")
        departement = said.departement or departement_of(said.code or said.postcode)
        if departement in ("20", ""):  # Corsica's postcodes do not tell its départements apart
            there = {code for code in candidates if not departement or code.startswith("2")}
            there -= {code for code in there if code[1].isdigit()} if departement else set()
        else:
            there = {code for code in candidates if departement_of(code) == departement}
        return self._one(there, "name-departement")

    def _called(self, name: str) -> tuple[set[str], bool]:
        """The communes of a name, and whether it was the name of an arrondissement."""
        folded = fold(name)
        bare = CEDEX.sub("", folded).strip()
        for form in (folded, bare, DISTRICT.sub("", bare).strip()):
            if form and (found := self._names.get(form)):
                return set(found), form not in (folded, bare)
        return set(), False

    def _one(self, codes: set[str], how: str) -> Match | str:
        if len(codes) == 1:
            return Match(next(iter(codes)), how)
        if codes:
            return f"several communes fit: {', '.join(sorted(codes)[:5])}"
        return "no commune of that place has this name"


def _forms(name: str) -> set[str]:
    """A name as it is compared, and without its article: « LE PECQ » and « PECQ »."""
    folded = fold(name)
    bare = {folded.removeprefix(article) for article in ARTICLES if folded.startswith(article)}
    return {folded, *bare}


def atlas(conn: Connection, hosts: bool = False) -> Atlas:
    """Everything that rows are matched with; `hosts`: also the sites that directories publish."""
    return Atlas(
        [Known(*row) for row in conn.execute(query("harvest", "gazetteer"))],
        [Former(*row) for row in conn.execute(query("harvest", "gazetteer_former"))],
        _hosts(conn) if hosts else {},
    )


def _hosts(conn: Connection) -> dict[str, str]:
    """Host names that directories gave for exactly one commune, ever."""
    communes: defaultdict[str, set[str]] = defaultdict(set)
    for code, url in conn.execute(query("harvest", "gazetteer_sites")):
        if host := (urlsplit(url).hostname or "").rstrip("."):
            communes[host].add(code)
    return {host: next(iter(codes)) for host, codes in communes.items() if len(codes) == 1}


def by_points(conn: Connection, points: Mapping[str, tuple[float, float]]) -> dict[str, Match]:
    """The commune in whose outline each named point lies; those in none are left out."""
    if not points:
        return {}
    rows = conn.execute(
        query("harvest", "gazetteer_points"),
        {
            "names": list(points),
            "longitudes": [x for x, _ in points.values()],
            "latitudes": [y for _, y in points.values()],
        },
    )
    return {name: Match(code, "point") for name, code in rows}


def explained(counts: Counter[str]) -> str:
    """« 12 by its name and postcode, ... »: how rows were matched, when not by their code."""
    return "; ".join(
        f"{count} rows matched by {HOW[how]}"
        for how, count in counts.most_common()
        if how != "code"
    )
