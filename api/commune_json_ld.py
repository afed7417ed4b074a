"""schema.org's words for a commune and its town hall: on its page, and to copy on its own site."""

from typing import Any

from api.addresses import address
from catalog.communes import Commune
from catalog.offices import NearOffice
from geo import opening_hours

DAYS = {"mo": "Monday", "tu": "Tuesday", "we": "Wednesday", "th": "Thursday", "fr": "Friday",
        "sa": "Saturday", "su": "Sunday"}  # fmt: skip


def made(commune: Commune, around: list[NearOffice], origin: str, language: str) -> dict[str, Any]:
    """schema.org: the commune and its town hall, with only what is known."""
    graph: list[dict[str, Any]] = [
        _bare(
            {
                "@type": "City",
                "@id": f"{origin}{address('commune', language, code=commune.code)}#commune",
                "name": commune.name,
                "identifier": commune.code,
                "containedInPlace": {
                    "@type": "AdministrativeArea",
                    "name": commune.departement,
                },
                "geo": _geo(commune.latitude, commune.longitude),
            }
        )
    ]
    for office in around:
        if office.kind != "mairie":
            continue
        graph.append(
            _bare(
                {
                    "@type": "GovernmentOffice",
                    "name": office.name,
                    "address": office.address,
                    "telephone": office.phone,
                    "email": office.email,
                    "url": office.website,
                    "geo": _geo(office.lat, office.lon),
                    "openingHoursSpecification": [
                        {
                            "@type": "OpeningHoursSpecification",
                            "dayOfWeek": f"https://schema.org/{name}",
                            "opens": opening_hours.clock(start),
                            "closes": opening_hours.clock(end),
                        }
                        for name, intervals in zip(DAYS.values(), office.hours or (), strict=False)
                        for start, end in intervals
                    ]
                    or None,
                }
            )
        )
    return {"@context": "https://schema.org", "@graph": graph}


def _geo(latitude: float | None, longitude: float | None) -> dict[str, Any] | None:
    if latitude is None or longitude is None:
        return None
    return {"@type": "GeoCoordinates", "latitude": round(latitude, 5),
            "longitude": round(longitude, 5)}  # fmt: skip


def _bare(fields: dict[str, Any]) -> dict[str, Any]:
    """Without what is not known: an empty field would be read as a statement."""
    return {name: value for name, value in fields.items() if value is not None}
