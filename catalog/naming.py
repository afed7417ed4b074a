"""How names of places are compared: without accents, hyphens, apostrophes or abbreviations."""

import re
import unicodedata

WORDS = re.compile(r"[^0-9a-z]+")
# What people shorten when they type, and what sign-writers shorten on town halls.
WHOLE = {"st": "saint", "ste": "sainte", "sts": "saints", "stes": "saintes"}
LIGATURES = str.maketrans({"œ": "oe", "æ": "ae", "ß": "ss", "’": "'"})


def fold(text: str) -> str:
    """`St-Étienne` and `saint etienne` as `saint etienne`; `L'Haÿ-les-Roses` as `l hay les roses`.

    The same for every Unicode form of the same text. Only ASCII letters, digits and single
    spaces are left.
    """
    bare = text.casefold()
    if not bare.isascii():
        lowered = unicodedata.normalize("NFKD", bare.translate(LIGATURES))
        bare = "".join(c for c in lowered if not unicodedata.combining(c))
    return " ".join(WHOLE.get(word, word) for word in WORDS.split(bare) if word)
