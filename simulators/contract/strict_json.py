"""JSON, read more strictly than the standard library does.

`json` accepts NaN, Infinity, 1e999 (as infinity), repeated members and lone surrogates. Here a
number that is not finite, or has more digits than any amount, becomes `NOT_FINITE`, which no
field accepts, so that the fault is told at its own place.
"""

import json
from collections import Counter
from collections.abc import Mapping
from typing import Any, Final

from simulators.contract.faults import Fault, Faulty, nearest, pointer
from simulators.contract.texts import Text

MOST_DIGITS = 25  # an amount has at most 15; int() of 5,000 digits costs, of 5 million more


class NotFinite:
    """NaN, an infinity, or a number too long to be an amount."""


NOT_FINITE: Final = NotFinite()


class Members(dict[str, Any]):
    """A JSON object which remembers the members that were written more than once."""

    repeated: tuple[str, ...] = ()


def _members(pairs: list[tuple[str, Any]]) -> Members:
    found = Members(pairs)
    if len(found) != len(pairs):
        counts = Counter(name for name, _ in pairs)
        found.repeated = tuple(name for name, count in counts.items() if count > 1)
    return found


def _integer(text: str) -> int | NotFinite:
    return int(text) if len(text) <= MOST_DIGITS else NOT_FINITE


def _real(text: str) -> float | NotFinite:
    found = float(text)
    return found if abs(found) < 1e300 else NOT_FINITE


_DECODER = json.JSONDecoder(
    object_pairs_hook=_members,
    parse_int=_integer,
    parse_float=_real,
    parse_constant=lambda _: NOT_FINITE,
)


def read(body: bytes | str) -> Any:
    """The value of one JSON document. Raises Faulty: not UTF-8, not JSON, nested beyond reason."""
    try:
        text = body.decode("utf-8") if isinstance(body, bytes) else body
        return _DECODER.decode(text)
    except UnicodeDecodeError:
        raise _not_json("Le texte n'est pas en UTF-8.", "The text is not UTF-8.") from None
    except json.JSONDecodeError as error:
        place = f"ligne {error.lineno}, colonne {error.colno}"
        raise _not_json(
            f"Ceci n'est pas du JSON ({place}).",
            f"This is not JSON (line {error.lineno}, column {error.colno}: {error.msg}).",
        ) from None
    except RecursionError:
        raise _not_json("Le JSON est trop imbriqué.", "The JSON is nested too deeply.") from None


def _not_json(fr: str, en: str) -> Faulty:
    return Faulty([Fault(pointer="", code="not-json", message=Text(fr, en))])


def readable(text: str) -> bool:
    """Whether text can be shown and stored: no NUL and no lone surrogate."""
    return "\x00" not in text and not any("\ud800" <= letter <= "\udfff" for letter in text)


def member_faults(found: object, known: Mapping[str, object]) -> list[Fault]:
    """What is wrong with the members of an object, whatever their values."""
    if not isinstance(found, dict):
        message = Text("Un objet JSON est attendu.", "A JSON object is expected.")
        return [Fault(pointer="", code="not-json", message=message)]
    faults = []
    for name in getattr(found, "repeated", ()):
        message = Text("Donné plusieurs fois.", "Given more than once.")
        faults.append(Fault(pointer=_place(name), code="repeated", message=message))
    for name in found:
        if name not in known:
            near = nearest(name, known)
            faults.append(
                Fault(
                    pointer=_place(name),
                    code="unknown",
                    message=Text(
                        "Entrée inconnue." + (f" Vouliez-vous dire « {near} » ?" if near else ""),
                        "Unknown input." + (f" Did you mean “{near}”?" if near else ""),
                    ),
                    suggestion=near,
                )
            )
    return faults


def _place(name: str) -> str:
    shown = name[:80] if readable(name) else "".join(c for c in name[:80] if readable(c))
    return pointer(shown)
