"""What in a file of places may be a person's and not the place's, seen before it is published.

Suspicion only: whoever writes a source file looks, and says in it what was found.
"""

import re
import unicodedata
from collections.abc import Iterable, Mapping
from typing import Any

from catalog.mail_providers import open_to_anybody
from harvest.mapped.tables import cell_text

FIRST_LAST = re.compile(r"^[a-z]{2,}[.][a-z-]{2,}@", re.IGNORECASE)
MOBILE = re.compile(r"^(?:(?:\+|00)\s?33\s?(?:\(0\))?\s?|0)[67]")
ANY_MOBILE = re.compile(r"(?<!\d)(?:(?:\+|00)\s?33\s?(?:\(0\))?\s?|0)[67](?:[\s./-]?\d{2}){4}")
ROLE = re.compile(
    r"(accueil|contact|mairie|info|france-?services|mediatheque|bibliotheque|secretariat|ccas|"
    r"service|espace|maison|bus|msap|mfs)",
    re.IGNORECASE,
)
NAMES = re.compile(
    r"\b(nom|prenom|patronyme|contact|referent|responsable|conseiller|mediateur|directeur|"
    r"naissance|first ?name|last ?name|civilite)\b"
)
# Names of places: « nom_commune », « nom du lieu » hold no person.
OF_PLACES = re.compile(
    r"\b(commune|lieu|structure|site|voie|epci|departement|region|etablissement)"
)
EMAIL = re.compile(r"[^@\s]+@[^@\s]+\.[a-z]{2,}", re.IGNORECASE)


def looks_personal(field: str, value: str) -> bool:
    """Whether a contact may be a person's own."""
    if field == "phone":
        return MOBILE.match(value.strip()) is not None
    local = value.partition("@")[0]
    if ROLE.search(local):
        return False
    # A mairie may have its box at such a provider too, hence "may be".
    return open_to_anybody(value) or FIRST_LAST.match(value) is not None


def holds_mobile(text: str) -> bool:
    """Whether a text holds a mobile number anywhere."""
    return ANY_MOBILE.search(text) is not None


def suspect_columns(rows: Iterable[Mapping[str, Any]], columns: set[str]) -> list[str]:
    """The columns, among those that no mapping reads, that may hold persons' data."""
    texts: dict[str, list[str]] = {name: [] for name in columns}
    for row in rows:
        for name in columns:
            if found := cell_text(row.get(name)):
                texts[name].append(found)
    return sorted(
        name for name, found in texts.items() if found and (_named_so(name) or _filled_so(found))
    )


def _named_so(name: str) -> bool:
    bare = unicodedata.normalize("NFKD", name.casefold().replace("_", " "))
    plain = "".join(letter for letter in bare if not unicodedata.combining(letter))
    return NAMES.search(plain) is not None and OF_PLACES.search(plain) is None


def _filled_so(texts: list[str]) -> bool:
    personal = sum(
        1
        for one in texts
        if MOBILE.match(one) or ((found := EMAIL.search(one)) and looks_personal("email", found[0]))
    )
    return personal > 0.2 * len(texts)
