"""The grammar of the official geographic code (COG) of INSEE: communes, départements, clocks."""

import re

COMMUNE = re.compile(r"(?:[01345678]\d|2[0-9AB]|9[0-5])\d{3}|9[78]\d{3}", re.ASCII)

TIMEZONES = {
    "971": "America/Guadeloupe",
    "972": "America/Martinique",
    "973": "America/Cayenne",
    "974": "Indian/Reunion",
    "975": "America/Miquelon",
    "976": "Indian/Mayotte",
    "977": "America/St_Barthelemy",
    "978": "America/Marigot",
    "986": "Pacific/Wallis",
    "987": "Pacific/Tahiti",
    "988": "Pacific/Noumea",
}


def is_code(text: str) -> bool:
    """Whether `text` could be the code of a commune: five characters, as INSEE writes them."""
    return COMMUNE.fullmatch(text) is not None


def departement_of(code: str) -> str:
    """The département of a commune's code: 01, 2A, 974... The grammar is not checked here."""
    return code[:3] if code.startswith(("97", "98")) else code[:2]


def timezone_of(code: str) -> str:
    """The IANA time zone of a commune's (or département's) code.

    Polynesia has three legal hours; its communes that do not live on Tahiti's are on the
    Marquesas and Gambier islands, and are not in the data we hold.
    """
    return TIMEZONES.get(departement_of(code), "Europe/Paris")
