"""What portals publish, as values that can be kept: plain text, links, dates, boxes, licences.

Nothing is guessed: what cannot be read is None. A text stays text whatever it holds; pages
escape it. Only http(s) links are kept.
"""

import html
import json
import math
import re
from collections.abc import Iterable, Iterator
from datetime import UTC, date, datetime
from html.parser import HTMLParser
from typing import Any

from catalog.record_rows import LONGEST_DESCRIPTION, LONGEST_TITLE, MOST_WORDS, UNREADABLE, is_link
from config.errors import Invalid

BLOCKS = frozenset(
    "p br div li ul ol h1 h2 h3 h4 h5 h6 tr table section article hr".split()  # noqa: SIM905
)
SILENT = frozenset({"script", "style", "template", "noscript", "svg", "iframe", "object"})
TAG = re.compile(r"</?[a-zA-Z][^<>]*>|<!--|&[a-zA-Z]{2,8};|&#\d")
FRENCH_DAY = re.compile(r"\b(\d{2})/(\d{2})/((?:19|20)\d{2})\b")
YEAR = re.compile(r"(?:1[5-9]|20|21)\d{2}")
LONGEST_WORD = 100
LONGEST_LABEL = 300
LANGUAGES = {
    "fr": "fr",
    "fre": "fr",
    "fra": "fr",
    "french": "fr",
    "français": "fr",
    "en": "en",
    "eng": "en",
    "english": "en",
    "de": "de",
    "ger": "de",
    "deu": "de",
    "es": "es",
    "spa": "es",
    "it": "it",
    "ita": "it",
    "nl": "nl",
    "dut": "nl",
    "nld": "nl",
    "br": "br",
    "bre": "br",
    "oc": "oc",
    "oci": "oc",
    "ca": "ca",
    "cat": "ca",
    "eu": "eu",
    "baq": "eu",
    "eus": "eu",
    "co": "co",
    "cos": "co",
    "pt": "pt",
    "por": "pt",
    "sv": "sv",
    "swe": "sv",
}
LO1, LO2 = "Licence Ouverte 1.0", "Licence Ouverte 2.0"
LICENCES = {
    "lov1": LO1,
    "lov2": LO2,
    "fr-lo": "Licence Ouverte",
    "licence-ouverte-v2": LO2,
    "etalab-2.0": LO2,
    "licence ouverte v2.0": LO2,
    "licence ouverte / open licence": "Licence Ouverte",
    "licence ouverte v2.0 (etalab)": LO2,
    "licence ouverte / open licence version 2.0": LO2,
    "http://www.etalab.gouv.fr/pages/licence_ouverte_open_licence-5899923.html": LO1,
    "https://www.etalab.gouv.fr/licence-ouverte-open-licence": LO2,
    "https://www.etalab.gouv.fr/wp-content/uploads/2014/05/licence_ouverte.pdf": LO1,
    "odc-odbl": "ODbL 1.0",
    "odbl": "ODbL 1.0",
    "open database license (odbl)": "ODbL 1.0",
    "http://opendatacommons.org/licenses/odbl": "ODbL 1.0",
    "http://opendatacommons.org/licenses/odbl/summary": "ODbL 1.0",
    "cc-by": "CC BY",
    "cc-by-sa": "CC BY-SA",
    "cc-zero": "CC0",
    "cc0-1.0": "CC0",
    "creative commons attribution": "CC BY",
    "notspecified": "",
    "other-open": "",
    "license not specified": "",
    "licence not specified": "",
}
FORMATS = {
    "text/csv": "CSV",
    "application/json": "JSON",
    "application/geo+json": "GEOJSON",
    "application/vnd.geo+json": "GEOJSON",
    "application/xml": "XML",
    "text/xml": "XML",
    "application/zip": "ZIP",
    "application/pdf": "PDF",
    "text/html": "HTML",
    "text/plain": "TXT",
    "application/vnd.ms-excel": "XLS",
    "application/x-shapefile": "SHP",
    "shapefile": "SHP",
    "esri shapefile": "SHP",
    "shape-zip": "SHP",
    "shp-zip": "SHP",
    "geo json": "GEOJSON",
    "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet": "XLSX",
    "application/geopackage+sqlite3": "GPKG",
    "ogc:wms": "WMS",
    "ogc:wfs": "WFS",
    "web page": "HTML",
    "application/rdf+xml": "RDF",
    "text/turtle": "TTL",
    "application/ld+json": "JSON-LD",
    "application/gml+xml": "GML",
    "application/atom+xml": "ATOM",
    "application/geo+json-seq": "GEOJSON",
    "application/octet-stream": "",
}


class _Text(HTMLParser):
    def __init__(self) -> None:
        super().__init__(convert_charrefs=True)
        self.parts: list[str] = []
        self.silent = 0

    def handle_starttag(self, tag: str, attrs: Any) -> None:
        if tag in SILENT:
            self.silent += 1
        elif tag in BLOCKS:
            self.parts.append("\n")

    def handle_endtag(self, tag: str) -> None:
        if tag in SILENT:
            self.silent = max(0, self.silent - 1)
        elif tag in BLOCKS:
            self.parts.append("\n")

    def handle_data(self, data: str) -> None:
        if not self.silent:
            self.parts.append(data)


def line(text: object, most: int = LONGEST_LABEL) -> str | None:
    """One line of text, cut at `most` characters; None when there is none."""
    if not isinstance(text, str):
        return None
    found = " ".join(UNREADABLE.sub(" ", text[: most * 4]).split())
    return _cut(found, most) or None


def title(text: object) -> str:
    """A title, word for word; empty when there is none (and then there is no record)."""
    return line(text, LONGEST_TITLE) or ""


def plain(text: object, most: int = LONGEST_DESCRIPTION) -> str | None:
    """A description as plain text: markup taken off, lines kept, cut. Markdown is left as it is."""
    if not isinstance(text, str):
        return None
    text = text[: most * 4]
    if TAG.search(text):
        reader = _Text()
        reader.feed(text)
        reader.close()
        text = "".join(reader.parts)
    lines = (" ".join(one.split()) for one in UNREADABLE.sub(" ", text).splitlines())
    found = re.sub(r"\n{3,}", "\n\n", "\n".join(lines)).strip()
    return _cut(found, most) or None


def _cut(text: str, most: int) -> str:
    return text if len(text) <= most else text[: most - 1].rstrip() + "…"


def link(text: object) -> str | None:
    """A web address; None for anything else (javascript:, a path, a sentence)."""
    if not isinstance(text, str):
        return None
    found = text.strip().replace(" ", "%20")
    return found if is_link(found) else None


def words(texts: Iterable[object]) -> tuple[str, ...]:
    """Keywords, each once, in their order."""
    found = (line(text, LONGEST_WORD) for text in texts)
    return tuple(dict.fromkeys(one for one in found if one))[:MOST_WORDS]


def moment(text: object) -> datetime | None:
    """An instant; without an offset it is read as UTC, a day as its beginning."""
    if isinstance(text, datetime):
        return text if text.tzinfo else text.replace(tzinfo=UTC)
    if isinstance(text, date):
        return datetime(text.year, text.month, text.day, tzinfo=UTC)
    if not isinstance(text, str):
        return None
    text = text.strip()
    try:
        found = datetime.fromisoformat(text)
    except ValueError:
        if french := FRENCH_DAY.search(text):
            return moment(f"{french[3]}-{french[2]}-{french[1]}")
        return None
    if not 1500 <= found.year <= 2200:
        return None
    return found if found.tzinfo else found.replace(tzinfo=UTC)


def day(text: object) -> date | None:
    """A day; of a bare year or month, the first one."""
    if isinstance(text, str) and YEAR.fullmatch(text.strip()):
        return date(int(text.strip()), 1, 1)
    if isinstance(text, str) and re.fullmatch(r"\d{4}-(0[1-9]|1[0-2])", text.strip()):
        return date.fromisoformat(f"{text.strip()}-01")
    found = moment(text)
    return None if found is None else found.date()


def language(text: object) -> str | None:
    """Two letters, from a code, a locale or the address of an authority's entry."""
    if not isinstance(text, str):
        return None
    found = re.split(r"[/#]", text.strip().lower())[-1].split(";")[0]
    return LANGUAGES.get(found) or LANGUAGES.get(re.split(r"[-_]", found)[0])


def licence(*texts: object) -> str | None:
    """The first licence that is given, under its usual name when it is a known one."""
    for text in texts:
        found = line(text)
        if found is None:
            continue
        known = LICENCES.get(found.lower().rstrip("/"))
        if known != "":
            return known or found
    return None


def file_format(*texts: object) -> str | None:
    """The first format that is given, in capitals, as short as it is usually written."""
    for text in texts:
        found = line(text, 100)
        if found is None:
            continue
        found = re.split(r"[/#]", found)[-1] if found.startswith("http") else found
        known = FORMATS.get(found.lower().split(";")[0].strip())
        if known:
            return known
        if known is None and len(found) <= 30 and "/" not in found:
            return found.upper().lstrip(".")
    return None


def media_type(text: object) -> str | None:
    found = line(text, 120)
    if found and (authority := re.search(r"media-types/([\w.+-]+/[\w.+-]+)$", found)):
        found = authority[1]
    return found if found and re.fullmatch(r"[\w.+-]+/[\w.+-]+", found) else None


def size(value: object) -> int | None:
    """A number of bytes; « 12 Mo » is not one."""
    text = str(value).strip() if isinstance(value, str | int | float) else ""
    if not re.fullmatch(r"\d{1,15}(\.0)?", text) or isinstance(value, bool):
        return None
    return int(float(text)) or None


def box(west: object, south: object, east: object, north: object) -> Any:
    """A box in degrees; None when it is not one, or when it would be the whole earth by default."""
    try:
        found = tuple(float(str(one)) for one in (west, south, east, north))
    except ValueError:
        return None
    w, s, e, n = found
    if not all(map(math.isfinite, found)) or not (-180 <= w <= e <= 180 and -90 <= s <= n <= 90):
        return None
    return None if (w, s, e, n) == (-180, -90, 180, 90) else found


def box_of(geometry: object) -> Any:
    """The box of a GeoJSON geometry."""
    if not isinstance(geometry, dict):
        return None
    points = list(_points(geometry.get("coordinates"), 0))
    if not points:
        return None
    xs, ys = [x for x, _ in points], [y for _, y in points]
    return box(min(xs), min(ys), max(xs), max(ys))


def _points(value: object, depth: int) -> Iterator[tuple[float, float]]:
    if not isinstance(value, list) or depth > 5:
        return
    numbers = [one for one in value[:2] if isinstance(one, int | float)]
    if len(numbers) == 2:
        yield float(numbers[0]), float(numbers[1])
        return
    for one in value:
        yield from _points(one, depth + 1)


def unescaped(text: str) -> str:
    """Text that was escaped for HTML once too often."""
    return html.unescape(text)


def json_object(body: bytes, url: str) -> dict[str, Any]:
    """A JSON object of an answer. Raises Invalid for anything else."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError) as error:
        raise Invalid(f"{url} does not answer with JSON: {str(error)[:100]}") from error
    if not isinstance(found, dict):
        raise Invalid(f"{url} answers with JSON that is not an object")
    return found


def listed(value: object) -> list[Any]:
    """A list; what is none is an empty one."""
    return value if isinstance(value, list) else []


def page_of(template: str, identifier: str, name: str = "") -> str | None:
    """Where people read a record: `{id}` and `{name}` of a portal's template filled."""
    return link(template.replace("{id}", identifier).replace("{name}", name or identifier))
