"""Taking out of free words what would name somebody: pure, and the same in web/embed/avis.js.

Each kind is replaced by its mark, which says what stood there. A scrubbed text has nothing left
to scrub. Names are not found: no rule can, and the pages say so.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass

MARKS = {
    "email": "[@]",
    "iban": "[IBAN]",
    "nir": "[NIR]",
    "phone": "[tel]",
    "plate": "[plaque]",
}
# In this order: what is longer first, so that a part of it is not taken for something else.
# Written as both languages read them: no look-behind, no named group, ASCII figures.
_EMAIL = re.compile(
    r"[A-Z0-9._%+'-]{1,64}(?:@|\s?\[at\]\s?|\s?\(at\)\s?)[A-Z0-9-]{1,63}(?:\.[A-Z0-9-]{1,63})+",
    re.ASCII | re.IGNORECASE,
)
_IBAN = re.compile(r"\b[A-Z]{2}\d{2}(?:[ .-]?[A-Z0-9]){11,30}\b", re.ASCII | re.IGNORECASE)
_NIR = re.compile(
    r"(^|[^0-9])([1-478][ .-]?\d{2}[ .-]?\d{2}[ .-]?(?:\d{2}|2[AB])[ .-]?\d{3}[ .-]?\d{3}"
    r"(?:[ .-]?\d{2})?)(?![0-9])",
    re.ASCII | re.IGNORECASE,
)
_PHONE = re.compile(
    r"(^|[^0-9])((?:(?:\+|00)[ .-]?\d{2}[ .-]?(?:\(0\))?[ .-]?|0)[1-9](?:[ ./-]?\d{2}){4})"
    r"(?![0-9])",
    re.ASCII,
)
_PLATE = re.compile(
    r"\b(?:[A-HJ-NP-TV-Z]{2}[ .-]?\d{3}[ .-]?[A-HJ-NP-TV-Z]{2}"
    r"|\d{1,4}[ .-][A-HJ-NP-TV-Z]{2,3}[ .-](?:\d{2}|2[AB]))\b",
    re.ASCII | re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Scrubbed:
    """`text` without what was private, and the kinds of what was taken out, each once."""

    text: str
    kinds: tuple[str, ...]


def _iban_is_one(text: str) -> bool:
    """Whether the check figures fit (ISO 13616): else it is some other reference."""
    plain = re.sub(r"[ .-]", "", text).upper()
    turned = plain[4:] + plain[:4]
    return int("".join(str(int(letter, 36)) for letter in turned)) % 97 == 1


def scrub(text: str) -> Scrubbed:
    """Take out e-mail addresses, IBANs, social security numbers, telephones and plates."""
    kinds: list[str] = []

    def taken(kind: str, fits: Callable[[str], bool] | None = None) -> Callable[..., str]:
        def replace(found: re.Match[str]) -> str:
            if fits is not None and not fits(found[0]):
                return found[0]
            kinds.append(kind)
            before = found[1] if found.re.groups == 2 else ""
            return before + MARKS[kind]

        return replace

    # Hard spaces and thin ones separate figures as plain ones do.
    text = re.sub("[\u00a0\u2009\u202f]", " ", text)
    text = _EMAIL.sub(taken("email"), text)
    text = _IBAN.sub(taken("iban", _iban_is_one), text)
    text = _NIR.sub(taken("nir"), text)
    text = _PHONE.sub(taken("phone"), text)
    text = _PLATE.sub(taken("plate"), text)
    return Scrubbed(text, tuple(kind for kind in MARKS if kind in kinds))
