"""ISO 19139 metadata (gmd:MD_Metadata, gmi:MI_Metadata), as CSW catalogues serve it.

| theirs | ours |
|---|---|
| fileIdentifier | remote_id; citation identifiers (MD_Identifier, RS_Identifier) are identifiers |
| hierarchyLevel = service, or srv:SV_ServiceIdentification | type service; else dataset |
| citation/title, abstract | title, description (the French text of a multilingual one) |
| descriptiveKeywords (INSPIRE themes told apart by their thesaurus) | keywords, themes |
| topicCategory | themes |
| pointOfContact organisationName (publisher, owner, then any), else contact | publisher |
| resourceConstraints: useLimitation and otherConstraints that name a licence | licence |
| language | language |
| transferOptions onLine/linkage: URL, name, protocol | distributions |
| containsOperations/connectPoint (services) | distributions |
| EX_GeographicBoundingBox (the smallest box around all) | extent |
| EX_TemporalExtent beginPosition, endPosition | temporal interval |
| citation date creation or publication; dateStamp or revision | created, updated |

Feature catalogues (gfc) and other documents are not records. ISO 19115-3 (mdb) is not read.
"""

import re
from typing import Any

from catalog.records import Distribution
from harvest import published_texts as read
from harvest.safe_xml import Element

NAMESPACES = {
    "gmd": "http://www.isotc211.org/2005/gmd",
    "gco": "http://www.isotc211.org/2005/gco",
    "gmx": "http://www.isotc211.org/2005/gmx",
    "gmi": "http://www.isotc211.org/2005/gmi",
    "srv": "http://www.isotc211.org/2005/srv",
    "xlink": "http://www.w3.org/1999/xlink",
}
ROOTS = {
    "{http://www.isotc211.org/2005/gmd}MD_Metadata",
    "{http://www.isotc211.org/2005/gmi}MI_Metadata",
}
LICENCE = re.compile(
    r"licen[cs]e|etalab|odbl|open database|creative ?commons|\bcc[- ]?(by|0)|domaine public", re.I
)
NO_LICENCE = re.compile(
    r"^(no limitations?|aucune (limitation|condition)|pas de restriction)", re.I
)


def is_metadata(element: Element) -> bool:
    return element.tag in ROOTS


def identifier(element: Element) -> str:
    return _text(element, "gmd:fileIdentifier") or ""


def fields(root: Element) -> dict[str, Any]:
    """The fields of a RecordRow, but its page. What is missing is missing."""
    about = _first(root, "gmd:identificationInfo/*")
    citation = None if about is None else _first(about, "gmd:citation/gmd:CI_Citation")
    level = _code(root, "gmd:hierarchyLevel/gmd:MD_ScopeCode")
    service = level == "service" or (about is not None and "SV_Service" in str(about.tag))
    dates = _dates(citation)
    keywords, themes = _keywords(about)
    created = dates.get("creation") or dates.get("publication")
    stamp = _text(root, "gmd:dateStamp")
    start, end = _interval(about)
    return {
        "remote_id": identifier(root),
        "type": "service" if service else "dataset",
        "title": read.title(_text(citation, "gmd:title")),
        "description": read.plain(_text(about, "gmd:abstract")),
        "keywords": read.words(keywords),
        "themes": read.words(themes),
        "publisher": _publisher(root, about),
        "licence": _licence(about),
        "language": read.language(
            _code(root, "gmd:language/gmd:LanguageCode") or _text(root, "gmd:language")
        ),
        "landing_page": None,
        "distributions": _distributions(root),
        "extent": _extent(about),
        "temporal_start": start,
        "temporal_end": end,
        "created": read.moment(created),
        "updated": read.moment(dates.get("revision")) or read.moment(stamp),
        "identifiers": tuple(
            dict.fromkeys(
                one
                for path in ("gmd:RS_Identifier", "gmd:MD_Identifier")
                for node in _all(citation, f"gmd:identifier/{path}")
                if (one := read.line(_text(node, "gmd:code")))
            )
        ),
    }


def _all(node: Element | None, path: str) -> list[Element]:
    return [] if node is None else list(node.iterfind(path, NAMESPACES))


def _first(node: Element | None, path: str) -> Element | None:
    return None if node is None else node.find(path, NAMESPACES)


def _text(node: Element | None, path: str) -> str | None:
    """The text of a property: its French version, else its main one."""
    found = _first(node, path)
    if found is None:
        return None
    for one in found.iterfind(".//gmd:LocalisedCharacterString", NAMESPACES):
        if "FR" in str(one.get("locale", "")).upper() and one.text and one.text.strip():
            return str(one.text).strip()
    for child in found:
        if child.text and child.text.strip() and "PT_FreeText" not in str(child.tag):
            return str(child.text).strip()
    return str(found.text).strip() or None if found.text else None


def _code(node: Element | None, path: str) -> str | None:
    found = _first(node, path)
    return None if found is None else found.get("codeListValue") or found.text


def _dates(citation: Element | None) -> dict[str, str]:
    found: dict[str, str] = {}
    for one in _all(citation, "gmd:date/gmd:CI_Date"):
        kind = _code(one, "gmd:dateType/gmd:CI_DateTypeCode")
        said = _text(one, "gmd:date")
        if kind and said:
            # Of several revisions the last one counts; of several creations the first.
            held = found.get(kind)
            latest = held is None or (said > held if kind == "revision" else said < held)
            found[kind] = said if latest else str(held)
    return found


def _keywords(about: Element | None) -> tuple[list[Any], list[Any]]:
    keywords: list[Any] = []
    themes: list[Any] = []
    for group in _all(about, "gmd:descriptiveKeywords/gmd:MD_Keywords"):
        thesaurus = _text(group, "gmd:thesaurusName/gmd:CI_Citation/gmd:title") or ""
        inspire = "INSPIRE" in thesaurus.upper() and "REGISTRY" not in thesaurus.upper()
        into = themes if inspire else keywords
        into += [_keyword(one) for one in _all(group, "gmd:keyword")]
    themes += [one.text for one in _all(about, "gmd:topicCategory/gmd:MD_TopicCategoryCode")]
    return keywords, themes


def _keyword(node: Element) -> str | None:
    for one in node.iterfind(".//gmd:LocalisedCharacterString", NAMESPACES):
        if "FR" in str(one.get("locale", "")).upper() and one.text:
            return str(one.text)
    for child in node:
        if child.text and child.text.strip():
            return str(child.text)
    return None


def _publisher(root: Element, about: Element | None) -> str | None:
    parties = [
        *_all(about, "gmd:pointOfContact/gmd:CI_ResponsibleParty"),
        *_all(root, "gmd:contact/gmd:CI_ResponsibleParty"),
    ]
    named = [
        (_code(one, "gmd:role/gmd:CI_RoleCode"), read.line(_text(one, "gmd:organisationName")))
        for one in parties
    ]
    for role in ("publisher", "owner", None):
        for has, name in named:
            if name and (role is None or has == role):
                return name
    return None


def _licence(about: Element | None) -> str | None:
    said: list[str] = []
    for constraint in _all(about, "gmd:resourceConstraints/*"):
        for name in ("gmd:useLimitation", "gmd:otherConstraints"):
            for one in _all(constraint, name):
                said += [
                    str(child.text or child.get(f"{{{NAMESPACES['xlink']}}}href") or "")
                    for child in one
                    if "PT_FreeText" not in str(child.tag)
                ]
    licences = [
        text for text in said if LICENCE.search(text) and not NO_LICENCE.match(text.strip())
    ]
    return read.licence(*licences)


def _distributions(root: Element) -> tuple[Any, ...]:
    found: dict[str, Distribution] = {}
    places = (
        ".//gmd:transferOptions//gmd:CI_OnlineResource",
        ".//srv:connectPoint//gmd:CI_OnlineResource",
    )
    for path in places:
        for one in root.iterfind(path, NAMESPACES):
            url = read.link(_text(one, "gmd:linkage"))
            if url is not None and url not in found:
                protocol = _text(one, "gmd:protocol")
                found[url] = Distribution(
                    url,
                    read.line(_text(one, "gmd:description")) or read.line(_text(one, "gmd:name")),
                    _protocol(protocol),
                )
    return tuple(found.values())[:300]


def _protocol(text: str | None) -> str | None:
    """`OGC:WMS-1.3.0-http-get-map` as WMS; a plain link is no format."""
    found = re.match(r"OGC:([A-Z]{3,5})", text or "")
    if found:
        return found[1]
    return None if not text or text.upper().startswith(("WWW:", "HTTP")) else read.file_format(text)


def _extent(about: Element | None) -> Any:
    boxes = []
    if about is not None:
        for one in about.iterfind(".//gmd:EX_GeographicBoundingBox", NAMESPACES):
            sides = [
                _text(one, f"gmd:{side}")
                for side in (
                    "westBoundLongitude",
                    "southBoundLatitude",
                    "eastBoundLongitude",
                    "northBoundLatitude",
                )
            ]
            if (box := read.box(*(str(side).replace(",", ".") for side in sides))) is not None:
                boxes.append(box)
    if not boxes:
        return None
    return (
        min(one[0] for one in boxes),
        min(one[1] for one in boxes),
        max(one[2] for one in boxes),
        max(one[3] for one in boxes),
    )


def _interval(about: Element | None) -> tuple[Any, Any]:
    if about is None:
        return None, None
    found: dict[str, Any] = {}
    for one in about.iter():
        name = str(one.tag).rpartition("}")[2]
        if name in ("beginPosition", "endPosition") and "/gml" in str(one.tag) and one.text:
            found.setdefault(name, read.day(one.text.strip()))
    return found.get("beginPosition"), found.get("endPosition")
