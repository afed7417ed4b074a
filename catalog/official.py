"""« Est-ce officiel ? »: whether an address is one that a commune declared, or looks like one.

Pure. An address is said to be declared only when a statement stands behind it: the mairie's own,
by its mandate, or that of the directory. All other answers say what is known and claim nothing: a
look-alike is not said to be a fraud, nor an unknown address to be unofficial. Nothing is fetched.
"""

import re
from collections.abc import Iterable
from dataclasses import dataclass, field
from datetime import datetime
from enum import StrEnum
from urllib.parse import parse_qs, unquote, urlsplit

from rapidfuzz import process
from rapidfuzz.distance import OSA

from catalog.editors import Editor, editor_of
from catalog.naming import fold
from catalog.official_address import (
    Address,
    parts,
    read,
    scripts,
    skeleton,
    unaccented,
    without_www,
)
from catalog.web_hosts import BAIT, Network, is_shared, network_at
from config.errors import Invalid

SHORTEST_TYPO, SHORTEST_TWO = 7, 13  # letters of a place, for one and for two slips to be seen
SHORTEST_NAME = 4
MOST_WORDS = 24  # of a host, that are looked through
SHORTEST_PLACE, SHORTEST_GLUED = 4, 5  # letters of a place's name that a look-alike must keep
_HOME = re.compile(r"/?((index|accueil|home|default)(\.\w+)?/?)?", re.IGNORECASE)
_PLACE_WORDS = frozenset(("mairie", "ville", "commune", "mairiede", "villede"))


class Verdict(StrEnum):
    DECLARED = "declared"
    PROVIDER = "provider"
    LOOK_ALIKE = "look-alike"
    UNKNOWN = "unknown"


class Trick(StrEnum):
    """What makes an address resemble a declared one, the plainest first."""

    USERINFO = "userinfo"  # https://www.lyon.fr@elsewhere.example
    PORT = "port"
    SUBDOMAIN = "subdomain"  # www.lyon.fr.elsewhere.example
    HOMOGRAPH = "homograph"  # signs that are taken for each other
    ENDING = "tld"  # the same name under another ending
    WORD = "added-word"
    TYPO = "typo"
    PATH = "path"  # elsewhere.example/www.lyon.fr


@dataclass(frozen=True, slots=True)
class Proof:
    """Who says so. `kind`: mandate (the mairie), directory; `by`: a mandate or a source's id."""

    kind: str
    by: str
    at: datetime
    certified_url: str | None = None  # where somebody else is said to certify it
    role: str | None = None  # as what the mandate spoke: the mairie, or whom it delegated to
    until: datetime | None = None  # it counts so long; None: as long as the catalogue believes it
    ended_at: datetime | None = None  # since when the mandate has ended: it said so before


@dataclass(frozen=True, slots=True)
class Space:
    """One official site or account of a commune, with every statement that stands behind it."""

    commune_number: int
    commune_code: str
    commune: str
    kind: str  # site | account
    url: str
    label: str
    proofs: tuple[Proof, ...]
    id: int | None = None  # of the mairie's own statement

    @property
    def network(self) -> Network | None:
        return network_at(urlsplit(self.url).hostname or "")


class Match(StrEnum):
    """How a declared address covers the one that is asked about."""

    SAME = "same-host"
    BELOW = "subdomain"  # only the holder of a name makes names below it; it bears the commune's
    PAGE = "page"  # on a host that others use too: the page and what is below it
    ACCOUNT = "account"


@dataclass(frozen=True, slots=True)
class Answer:
    """`spaces`: what declares the address, or what it resembles (with `tricks`)."""

    verdict: Verdict
    address: Address
    spaces: tuple[Space, ...] = ()
    match: Match | None = None
    provider: Editor | None = None
    tricks: tuple[Trick, ...] = ()
    notes: tuple[str, ...] = ()  # also true of it: not-encrypted, number, mixed-scripts...


def account_of(network: Network, url: str) -> str | None:
    """What names an account in an address of its network, or None: the address names none."""
    cut = urlsplit(url)
    segments = [unquote(one).casefold() for one in cut.path.split("/") if one]
    if not segments:
        return None
    if segments[0] == "profile.php":
        return next(iter(parse_qs(cut.query).get("id", [])), None)
    if segments[0] in network.deep:
        return "/".join(segments[:2]) if len(segments) > 1 else None
    return segments[0]


@dataclass
class Book:
    """Every official space that is declared, ready to be asked. Built once, read by all."""

    hosts: dict[str, list[Space]] = field(default_factory=dict)
    pages: dict[str, list[tuple[str, Space]]] = field(default_factory=dict)
    accounts: dict[tuple[str, str], list[Space]] = field(default_factory=dict)
    ports: dict[str, set[int]] = field(default_factory=dict)
    _skeletons: dict[str, Space] = field(default_factory=dict)
    _cores: dict[str, Space] = field(default_factory=dict)
    _core_skeletons: dict[str, Space] = field(default_factory=dict)
    _dashed: dict[str, Space] = field(default_factory=dict)
    _places: dict[str, Space] = field(default_factory=dict)
    _squeezed: dict[str, Space] = field(default_factory=dict)
    _names: list[str] = field(default_factory=list)
    _communes: frozenset[str] = frozenset()  # the names of all communes, squeezed

    @classmethod
    def of(cls, spaces: Iterable[Space], communes: Iterable[str] = ()) -> "Book":
        """`communes`: names of real places, none of which is a slip for another one."""
        book = cls(_communes=frozenset(_squeezed(name) for name in communes))
        for space in spaces:
            book._add(space)
        book._names = list(book._cores)
        return book

    def __len__(self) -> int:
        return len(self.hosts) + sum(map(len, self.pages.values())) + len(self.accounts)

    def _add(self, space: Space) -> None:
        try:
            address = read(space.url)
        except Invalid:
            return  # a source's own mistake: it declares nothing that could be asked about
        if (network := network_at(address.name)) is not None:
            account = account_of(network, space.url)
            if account is not None:
                self.accounts.setdefault((network.id, account), []).append(space)
            return
        if editor_of(address.plain) is not None or not self._owns(space, address):
            self.pages.setdefault(address.name, []).append((_folder(address.path), space))
            return
        self.hosts.setdefault(address.name, []).append(space)
        if address.port is not None:
            self.ports.setdefault(address.name, set()).add(address.port)
        self._learn(address, space)

    def _owns(self, space: Space, address: Address) -> bool:
        """Whether the whole host is the commune's: its home was declared, or it bears its name."""
        if is_shared(address.name) or address.is_number:
            return False
        home = _HOME.fullmatch(address.path) is not None
        return home or _bears(address.name, space.commune)

    def _learn(self, address: Address, space: Space) -> None:
        name = address.name
        self._skeletons.setdefault(skeleton(without_www(address.shown)), space)
        self._dashed.setdefault(name.replace(".", "-"), space)
        cut = parts(name)
        if cut.sub:
            return  # a name below somebody else's: its own look-alikes are those above
        shown = parts(without_www(address.shown)).core
        if len(shown) >= SHORTEST_NAME:
            self._cores.setdefault(shown, space)
            self._core_skeletons.setdefault(skeleton(shown), space)
            self._squeezed.setdefault(shown.replace("-", ""), space)
        if len(place := _place(shown)) >= SHORTEST_PLACE:
            self._places.setdefault(place, space)

    # ----------------------------------------------------------------------------- asking

    def judge(self, text: str) -> Answer:
        """What is known of an address. Raises Invalid naming `url` for what is none."""
        address = read(text)
        notes = _notes(address)
        if address.user:
            imitated = self._named_in(address.user)
            if imitated is not None:
                return Answer(Verdict.LOOK_ALIKE, address, (imitated,), tricks=(Trick.USERINFO,),
                              notes=notes)  # fmt: skip
            return Answer(Verdict.UNKNOWN, address, notes=notes)
        spaces, match = self.declared(address, text)
        if match is not None:
            odd = address.port is not None and address.port not in self.ports.get(
                address.name, set()
            )
            if odd:
                return Answer(Verdict.LOOK_ALIKE, address, spaces, tricks=(Trick.PORT,),
                              notes=notes)  # fmt: skip
            return Answer(Verdict.DECLARED, address, spaces, match, notes=notes)
        if address.port is None and (editor := editor_of(address.plain)) is not None:
            return Answer(Verdict.PROVIDER, address, provider=editor, notes=notes)
        if network_at(address.name) is not None:
            return Answer(Verdict.UNKNOWN, address, notes=(*notes, "network"))
        if self._is_below(address):  # a neighbour of a declared page, and no imitation of it
            return Answer(Verdict.UNKNOWN, address, notes=(*notes, "shared-host"))
        for trick, look in (
            (Trick.SUBDOMAIN, self._as_subdomain),
            (Trick.HOMOGRAPH, self._as_homograph),
            (Trick.ENDING, self._as_ending),
            (Trick.WORD, self._as_word),
            (Trick.TYPO, self._as_typo),
            (Trick.PATH, self._as_path),
        ):
            if (imitated := look(address)) is not None:
                return Answer(Verdict.LOOK_ALIKE, address, (imitated,), tricks=(trick,),
                              notes=notes)  # fmt: skip
        if is_shared(_registered(address.name)):
            notes = (*notes, "shared-host")
        return Answer(Verdict.UNKNOWN, address, notes=notes)

    def declared(self, address: Address, text: str) -> tuple[tuple[Space, ...], Match | None]:
        """The spaces that cover an address, and how; nothing when none does."""
        if (network := network_at(address.name)) is not None:
            url = address.plain
            if "profile.php" in address.path:  # the one address whose query names the account
                url += "?" + urlsplit(text.strip()).query
            account = account_of(network, url)
            found = self.accounts.get((network.id, account or ""), [])
            return tuple(found), Match.ACCOUNT if found else None
        if found := self.hosts.get(address.name, []):
            return tuple(found), Match.SAME
        for folder, space in self.pages.get(address.name, []):
            path = address.path.rstrip("/")
            if path == folder or path.startswith(folder + "/"):
                return (space,), Match.PAGE
        labels = address.name.split(".")
        for start in range(1, len(labels) - 1):
            above = ".".join(labels[start:])
            found = [one for one in self.hosts.get(above, []) if _bears(above, one.commune)]
            if found:
                return tuple(found), Match.BELOW
        return (), None

    def _is_below(self, address: Address) -> bool:
        labels = address.name.split(".")
        above = (".".join(labels[start:]) for start in range(len(labels) - 1))
        return any(name in self.hosts or name in self.pages for name in above)

    def _named_in(self, text: str) -> Space | None:
        """The first declared host whose name stands in some text."""
        for word in re.split(r"[^\w.-]+", unquote(text).casefold()):
            name = without_www(word.strip("."))
            if (found := self.hosts.get(name)) is not None:
                return found[0]
            if (one := self._skeletons.get(skeleton(name))) is not None and "." in name:
                return one
        return None

    def _as_subdomain(self, address: Address) -> Space | None:
        labels = address.name.split(".")
        for end in range(len(labels) - 1, 1, -1):
            for start in range(end - 1):
                found = self.hosts.get(without_www(".".join(labels[start:end])))
                if found is not None:
                    return found[0]
        # `www.lyon.fr-elsewhere.example`, `lyon-fr.example`: its words in their order, not its end.
        words = re.split(r"[.-]", address.name)[:MOST_WORDS]
        for start in range(len(words) - 2):
            for end in range(len(words) - 1, start + 1, -1):
                found_one = self._dashed.get("-".join(words[start:end]))
                if found_one is not None:
                    return found_one
        cut = parts(address.name)
        below = (*cut.sub, cut.core) if is_shared(cut.ending) else cut.sub
        for label in below:
            known = self._cores.get(label)
            speaks = _speaks_of_a_town_hall(label) and len(_place(label)) >= SHORTEST_PLACE
            if known is not None and speaks:
                return known
            if (known := self._bait(label)) is not None:
                return known
        return None

    def _as_homograph(self, address: Address) -> Space | None:
        shown = without_www(address.shown)
        if (found := self._skeletons.get(skeleton(shown))) is not None:
            return found
        core = parts(shown).core
        found = self._core_skeletons.get(skeleton(core))
        return found if found is not None and core not in self._cores else None

    def _as_ending(self, address: Address) -> Space | None:
        cut = parts(without_www(address.shown))
        return None if is_shared(cut.ending) else self._cores.get(cut.core)

    def _as_word(self, address: Address) -> Space | None:
        return self._bait(parts(without_www(address.shown)).core)

    def _bait(self, core: str) -> Space | None:
        """The declared name that a name holds besides words that make it look like a town hall."""
        place = _place(core)
        if place == core.replace("-", "") or len(place) < SHORTEST_PLACE:
            return None
        return self._places.get(place)

    def _as_typo(self, address: Address) -> Space | None:
        core = parts(without_www(address.shown)).core
        place = _place(core)
        if len(place) < SHORTEST_TYPO:
            return None
        if (found := self._squeezed.get(core.replace("-", ""))) is not None:
            return found
        if place in self._communes:
            return None  # another commune's name, and no slip
        most = 2 if len(place) >= SHORTEST_TWO else 1
        best = process.extractOne(core, self._names, scorer=OSA.distance, score_cutoff=most)
        if best is None or len(_place(best[0])) < SHORTEST_TYPO or _only_figures(core, best[0]):
            return None
        return self._cores[best[0]]

    def _as_path(self, address: Address) -> Space | None:
        said = unquote(unquote(address.path))
        return self._named_in(said) if "." in said else None


# Words glued to a place; short ones are the ends of too many real names.
_GLUED = "|".join(sorted((word for word in BAIT if len(word) >= 5), key=len, reverse=True))
_BEFORE = re.compile(rf"(?:{_GLUED})(.{{{SHORTEST_GLUED},}})")
_AFTER = re.compile(rf"(.{{{SHORTEST_GLUED},}}?)(?:{_GLUED})")


def _place(core: str) -> str:
    """A name without the words that town halls put beside a place: `mairie-de-lyon` is `lyon`."""
    kept = [
        word
        for word in unaccented(core).split("-")
        if word and word not in BAIT and not word.isdecimal()
    ]
    if len(kept) != 1:
        return "".join(kept)
    found = _BEFORE.fullmatch(kept[0]) or _AFTER.fullmatch(kept[0])
    return found[1] if found else kept[0]


def _squeezed(name: str) -> str:
    return fold(name).replace(" ", "")


def _bears(host: str, commune: str) -> bool:
    """Whether a host bears the name of a commune: `lyon.fr` does; a county's `mairie53.fr` and a
    metropolis's `grandlyon.com` do not, so that what is below them is nobody's by that alone."""
    place = _place(parts(host).core).rstrip("0123456789")
    names = {_squeezed(commune), _place(fold(commune).replace(" ", "-"))}
    return place in names or (len(place) > 3 and any(place in name for name in names))


def _speaks_of_a_town_hall(label: str) -> bool:
    words = label.split("-")
    return any(word in _PLACE_WORDS for word in words) or label.startswith(("mairie", "ville"))


def _only_figures(one: str, other: str) -> bool:
    """Whether two names differ by a number alone: `villers59` is not a slip for `villers80`."""
    return re.sub(r"\d+", "", one) == re.sub(r"\d+", "", other)


def _folder(path: str) -> str:
    """The path that a declared page covers: itself, and what is below it."""
    return re.sub(r"/(index|accueil|home|default)\.\w+$", "", path.rstrip("/"))


def _registered(name: str) -> str:
    return parts(name).ending


def _notes(address: Address) -> tuple[str, ...]:
    notes = []
    if address.scheme == "http":
        notes.append("not-encrypted")
    if address.is_number:
        notes.append("number")
    if address.user:
        notes.append("userinfo")
    if address.port is not None:
        notes.append("port")
    if any(len(scripts(label)) > 1 for label in address.shown.split(".")):
        notes.append("mixed-scripts")
    elif address.shown != address.host:
        notes.append("international")
    return tuple(notes)
