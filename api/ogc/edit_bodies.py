"""The bodies of edits: a GeoJSON feature, read strictly, against the item that it would change.

What a commune cannot change may be sent back as it was read, and nothing else.
"""

from collections.abc import Mapping
from typing import Any

from api.i18n_texts import Texts
from catalog.corrections import FIELDS
from catalog.referential import Service
from catalog.states import State
from config.errors import Invalid
from crowd import claims, declarations
from crowd.declarations import Declared
from simulators.contract.faults import Fault, Faulty, nearest
from simulators.contract.strict_json import NotFinite
from simulators.contract.texts import Text

MEMBERS = {"type", "id", "geometry", "properties", "links"}
DECLARED = ("state", "url", "attributes")
DERIVED = {"simple", "level", "reason", "provider", "since", "observation"}
DEEPEST = 30
SAYABLE = tuple(state.slug for state in State if state not in (State.UNKNOWN, State.OTHER_BODY))


def fault(pointer: str, code: str, fr: str, en: str, suggestion: str | None = None) -> Faulty:
    found = Fault(pointer=pointer, code=code, message=Text(fr, en), suggestion=suggestion)
    return Faulty([found])


def feature_of(body: Any) -> dict[str, Any]:
    """A GeoJSON feature whose properties are an object. Raises Faulty."""
    if not isinstance(body, dict) or body.get("type") != "Feature":
        raise fault("/type", "not-a-feature", "Un objet « Feature » de GeoJSON est attendu.",
                    "A GeoJSON Feature is expected.")  # fmt: skip
    _plain(body)
    for name in body:
        if name not in MEMBERS:
            raise fault(f"/{name[:60]}", "unknown", "Membre inconnu.", "Unknown member.")
    if not isinstance(body.get("properties"), dict):
        raise fault("/properties", "not-an-object", "Un objet est attendu.",
                    "An object is expected.")  # fmt: skip
    return body


def _plain(value: Any, depth: int = 0) -> None:
    if isinstance(value, NotFinite) or depth > DEEPEST:
        raise fault("", "not-finite", "Un nombre fini est attendu.", "A finite number is expected.")
    if repeated := getattr(value, "repeated", ()):
        raise fault(f"/{repeated[0][:60]}", "repeated", "Donné plusieurs fois.",
                    "Given more than once.")  # fmt: skip
    for one in value.values() if isinstance(value, dict) else value if isinstance(
            value, list) else ():  # fmt: skip
        _plain(one, depth + 1)


def patched(feature: Mapping[str, Any], patch: Any) -> Any:
    """JSON Merge Patch (RFC 7396) of an item."""
    if not isinstance(patch, dict):
        return patch
    found = dict(feature)
    for name, value in patch.items():
        if value is None and name not in ("geometry",):
            found.pop(name, None)
        elif isinstance(value, dict) and isinstance(found.get(name), dict) and name != "geometry":
            inner = {**found[name], **value}
            # A null takes a value out: what is not said, and what is said to be nothing, are one.
            found[name] = inner
        else:
            found[name] = value
    found.setdefault("type", "Feature")
    return found


def _unchanged(sent: Mapping[str, Any], before: Mapping[str, Any], free: set[str]) -> None:
    """Raises Faulty for a property that is unknown, or changed and not for a commune to change."""
    held = before["properties"]
    for name, value in sent["properties"].items():
        if name in free:
            continue
        if name not in held:
            near = nearest(name, [*held, *free])
            more = (f" Vouliez-vous dire « {near} » ?", f" Did you mean “{near}”?") if near else (
                "", "")  # fmt: skip
            raise fault(f"/properties/{name[:60]}", "unknown", "Propriété inconnue." + more[0],
                        "Unknown property." + more[1], near)  # fmt: skip
        if value != held[name]:
            raise fault(f"/properties/{name}", "read-only", "Cette propriété ne se change pas.",
                        "This property cannot be changed.")  # fmt: skip
    if "id" in sent and str(sent["id"]) != str(before["id"]):
        raise fault("/id", "read-only", "L'identifiant ne se change pas.", "An id is not changed.")


def declared(
    service: Service, sent: Mapping[str, Any], before: Mapping[str, Any], base: int
) -> Declared:
    """What a feature of `services` declares, read as the agents' desk reads it. Raises Faulty."""
    _unchanged(sent, before, {*DECLARED, *DERIVED})
    if sent.get("geometry") not in (None, before["geometry"]):
        raise fault("/geometry", "read-only", "La géométrie est celle de la commune.",
                    "The geometry is that of the commune.")  # fmt: skip
    found = sent["properties"]
    for name in DERIVED:
        if found.get(name) is not None and found[name] != before["properties"][name]:
            raise fault(f"/properties/{name}", "read-only", "Cette propriété se déduit des autres.",
                        "This property is derived from the others.")  # fmt: skip
    state = found.get("state")
    if state not in SAYABLE:
        near = nearest(str(state)[:60], SAYABLE)
        raise fault("/properties/state", "not-a-choice",
                    f"Une valeur parmi : {', '.join(SAYABLE)} ; pour retirer une déclaration, "
                    "DELETE.", f"One of: {', '.join(SAYABLE)}; to take a declaration back, "
                    "DELETE.", near)  # fmt: skip
    attributes = found.get("attributes") or []
    known = claims.choices(service)
    if not isinstance(attributes, list) or not all(one in known for one in attributes):
        raise fault("/properties/attributes", "not-a-choice",
                    f"Une liste parmi : {', '.join(known)}.",
                    f"A list among: {', '.join(known)}.")  # fmt: skip
    url = found.get("url")
    if url is not None and not isinstance(url, str):
        raise fault("/properties/url", "not-a-text", "Un texte est attendu.", "A text is expected.")
    absent = state == State.ABSENT.slug
    choice = "absent" if absent else "exists"
    texts = {"choice": choice, "url": "" if absent else url or "", "base": str(base),
             "attributes": "" if absent else "\n".join(attributes)}  # fmt: skip
    said = declarations.read(service, texts)
    if isinstance(said, Mapping):
        name, code = next(iter(said.items()))
        words = (Texts(one)(f"contribute.mistake.{code.replace('-', '_')}") for one in ("fr", "en"))
        raise fault(f"/properties/{name}", code, *words)
    if said is None or said.state.slug != state:
        told = said.state.slug if said else "unknown"
        raise fault("/properties/state", "not-proved",
                    f"Ces attributs prouvent « {told} » ; il y a : {', '.join(known)}.",
                    f"These attributes prove `{told}`; there are: {', '.join(known)}.")  # fmt: skip
    return said


def corrected(sent: Mapping[str, Any], before: Mapping[str, Any]) -> dict[str, Any]:
    """The fields of an office that a feature changes, each readable. Raises Faulty."""
    held = before["properties"]
    fields = {name for name in FIELDS if name in held}
    _unchanged(sent, before, fields)
    changes = {
        name: sent["properties"].get(name)
        for name in sorted(fields)
        if sent["properties"].get(name) != held[name]
    }
    if "geometry" in sent and sent["geometry"] != before["geometry"]:
        changes["point"] = _point(sent["geometry"])
    for name, value in changes.items():
        try:
            FIELDS[name](value)
        except Invalid as error:
            place = "/geometry" if name == "point" else f"/properties/{name}"
            raise fault(place, "not-readable", "Cette valeur ne se lit pas.", str(error)) from None
    if not changes:
        raise fault("/properties", "nothing", "Rien n'est changé.", "Nothing is changed.")
    return changes


def _point(geometry: Any) -> Any:
    if geometry is None:
        return None
    if not isinstance(geometry, dict) or geometry.get("type") != "Point":
        raise fault("/geometry", "not-a-point", "Un point est attendu.", "A Point is expected.")
    return geometry.get("coordinates")
