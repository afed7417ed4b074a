"""How names of places are compared: without accents, hyphens, apostrophes or abbreviations."""

import re
import unicodedata

OTHERS = re.compile(r"[^0-9a-z]+")
# The marks that the names of our communes bear. U+034F, between them, combines with nothing.
MARKS = re.compile("[\u0300-\u034e\u0350-\u036f]+")
# What people shorten when they type, and what sign-writers shorten on town halls.
WHOLE = {"st": "saint", "ste": "sainte", "sts": "saints", "stes": "saintes"}
SHORTENED = re.compile(r"\bste?s?\b")
LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "ß": "ss", "’": "'"})


def fold(text: str) -> str:
    """`St-Étienne` and `saint etienne` as `saint etienne`; `L'Haÿ-les-Roses` as `l hay les roses`.

    The same for every Unicode form of the same text. Only ASCII letters, digits and single
    spaces are left.
    """
    bare = text.casefold()
    if not bare.isascii():
        bare = MARKS.sub("", unicodedata.normalize("NFKD", bare.translate(LIGATURES)))
    if not bare.isascii():
        bare = "".join(c for c in bare if not unicodedata.combining(c))
    bare = OTHERS.sub(" ", bare).strip()
    return SHORTENED.sub(lambda found: WHOLE[found[0]], bare) if "st" in bare else bare
