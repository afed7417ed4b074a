"""The eight states of (commune, service), their words, colours and marks, and one simple reading.

The integer value of a state is the byte in status arrays and in vector tiles; it never
changes meaning. Colours are the maturity palette of the project's UX study, checked for
contrast and colour-blind distance; a state is never told by its colour alone.
"""

from dataclasses import dataclass
from enum import IntEnum, StrEnum

from config.errors import NotFound

LANGUAGES = ("fr", "en")


class State(IntEnum):
    """What we say of (commune, service). The value is the byte in status arrays."""

    UNKNOWN = 0
    OTHER_BODY = 1
    ABSENT = 2
    INFORMATION = 3
    ONE_WAY = 4
    TWO_WAY = 5
    TRANSACTION = 6
    PROACTIVE = 7

    @property
    def level(self) -> int | None:
        """The level of maturity, 1 to 5; None when the state is not a level."""
        return self.value - 2 if self.value >= 3 else None

    @property
    def slug(self) -> str:
        """The identifier in URLs and JSON, as `two-way`."""
        return self.name.lower().replace("_", "-")

    @property
    def look(self) -> "Look":
        return _LOOKS[self]

    def title(self, language: str) -> str:
        """A short name for a legend, in "fr" or "en"."""
        return _TITLES[self][LANGUAGES.index(language)]

    def meaning(self, language: str) -> str:
        """One sentence that says when this state is given, in "fr" or "en"."""
        return _MEANINGS[self][LANGUAGES.index(language)]

    @classmethod
    def of_level(cls, level: int) -> "State":
        """The state of a level, 1 to 5. Raises ValueError elsewhere."""
        if not 1 <= level <= 5:
            raise ValueError(f"A level lies between 1 and 5, not {level}.")
        return cls(level + 2)

    @classmethod
    def of_slug(cls, slug: str) -> "State":
        """Raises NotFound, listing the states."""
        for state in cls:
            if state.slug == slug:
                return state
        known = ", ".join(state.slug for state in cls)
        raise NotFound(f"There is no state {slug!r}; the states are: {known}.")


@dataclass(frozen=True, slots=True)
class Look:
    """How a state is drawn. Colours are #RRGGBB; inks are for text written on the colour."""

    light: str
    dark: str
    ink_light: str
    ink_dark: str
    mark: str  # a character that says the state without colour
    hatch: bool  # drawn with 45 degree lines, so that a pale fill is never taken for paper


_LOOKS = {
    State.UNKNOWN: Look("#ECEDEF", "#42464B", "#1B1F24", "#F2F4F7", "?", True),
    State.OTHER_BODY: Look("#B280CB", "#897079", "#000000", "#000000", "↗", False),
    State.ABSENT: Look("#C0390B", "#E6844A", "#FFFFFF", "#000000", "✕", False),
    State.INFORMATION: Look("#F5C63C", "#7145DA", "#1B1F24", "#FFFFFF", "1", False),
    State.ONE_WAY: Look("#A3AA66", "#7286BF", "#1B1F24", "#000000", "2", False),
    State.TWO_WAY: Look("#1C947C", "#2ABBA5", "#000000", "#000000", "3", False),
    State.TRANSACTION: Look("#00606B", "#B4DD36", "#FFFFFF", "#000000", "4", False),
    State.PROACTIVE: Look("#282968", "#FFFFE4", "#FFFFFF", "#000000", "5", False),
}
_TITLES = {
    State.UNKNOWN: ("Inconnu", "Unknown"),
    State.OTHER_BODY: ("Autre organisme compétent", "Another body is competent"),
    State.ABSENT: ("Absence confirmée", "Confirmed absent"),
    State.INFORMATION: ("Niveau 1 : information", "Level 1: information"),
    State.ONE_WAY: ("Niveau 2 : formulaire à télécharger", "Level 2: form to download"),
    State.TWO_WAY: ("Niveau 3 : demande en ligne", "Level 3: online request"),
    State.TRANSACTION: (
        "Niveau 4 : démarche entièrement en ligne",
        "Level 4: wholly online procedure",
    ),
    State.PROACTIVE: ("Niveau 5 : proactif", "Level 5: proactive"),
}
_MEANINGS = {
    State.UNKNOWN: (
        "Aucune source ne le dit, la dernière information a expiré, ou les sources se "
        "contredisent. Cela ne veut pas dire que le service n'existe pas.",
        "No source says so, the last information has expired, or sources contradict each other. "
        "It does not mean that the service does not exist.",
    ),
    State.OTHER_BODY: (
        "La commune n'est pas compétente : un autre organisme, nommé, rend ce service.",
        "The commune is not competent: another body, which is named, provides this service.",
    ),
    State.ABSENT: (
        "L'absence est déclarée par la commune ou constatée par deux observateurs indépendants, "
        "à une date connue.",
        "Absence was declared by the commune or seen by two independent observers, on a known "
        "date.",
    ),
    State.INFORMATION: (
        "L'information est publiée : conditions, pièces à fournir, adresse, horaires ou contact.",
        "Information is published: conditions, documents, address, hours or contact.",
    ),
    State.ONE_WAY: (
        "Un formulaire ou un document peut être téléchargé.",
        "A form or document can be downloaded.",
    ),
    State.TWO_WAY: (
        "La demande est envoyée en ligne et un accusé de réception est donné.",
        "The request is sent online and its receipt is acknowledged.",
    ),
    State.TRANSACTION: (
        "Toute la démarche se fait en ligne, paiement et résultat compris, et se suit en ligne.",
        "The whole procedure is online, payment and result included, and can be followed.",
    ),
    State.PROACTIVE: (
        "La démarche est pré-remplie ou déclenchée par l'administration elle-même.",
        "The procedure is pre-filled or started by the administration itself.",
    ),
}


class Simple(StrEnum):
    """The five-word reading of the eight states."""

    PRESENT = "present"
    PARTIAL = "partial"
    ABSENT = "absent"
    OTHER = "other"
    UNKNOWN = "unknown"

    def words(self, language: str) -> str:
        """A short name for a legend, in "fr" or "en"."""
        return _SIMPLE_TITLES[self][LANGUAGES.index(language)]


_SIMPLE_TITLES = {
    Simple.PRESENT: ("Présent", "Present"),
    Simple.PARTIAL: ("Partiel", "Partial"),
    Simple.ABSENT: ("Absence confirmée", "Confirmed absent"),
    Simple.OTHER: ("Autre organisme", "Another body"),
    Simple.UNKNOWN: ("Inconnu", "Unknown"),
}
PRESENT_FROM = 3  # level from which a service that can go that far is called present


def present_from(full_level: int) -> int:
    """The level from which a service is present: 3, or its full level when that is lower."""
    return min(PRESENT_FROM, full_level)


def simple(state: State, level: int | None, full_level: int) -> Simple:
    """Collapse a state to five words.

    A service is present from level 3, or from the level at which it is complete if that is
    lower: a published e-mail address has nothing more to offer than level 1, and calling it
    partial would be untrue (docs/decisions/simple-reading.md).
    """
    match state:
        case State.UNKNOWN:
            return Simple.UNKNOWN
        case State.OTHER_BODY:
            return Simple.OTHER
        case State.ABSENT:
            return Simple.ABSENT
        case _:
            reached = level if level is not None else state.level or 0
            return Simple.PRESENT if reached >= present_from(full_level) else Simple.PARTIAL
