"""pygeoapi's configuration, made of our collections: a value, not a file."""

from collections.abc import Sequence
from datetime import UTC, date, datetime, time
from typing import Any

from catalog.collections import COLLECTIONS, Collection
from catalog.items import MOST
from geo.ogc_crs import CRS84, URIS

# Where pygeoapi believes that it is; replaced in its answers by the address that was asked.
# A name that no network has: nothing could be fetched there by mistake.
PLACE = "http://guichet.invalid"
LICENCE = {"name": "Licence Ouverte 2.0", "url": "https://spdx.org/licenses/etalab-2.0.html"}
TITLE = {"fr": "Guichet : les services publics locaux en ligne, commune par commune",
         "en": "Guichet: local public services online, commune by commune"}  # fmt: skip
DESCRIPTION = {
    "fr": "Quels services publics locaux sont utilisables en ligne dans chaque commune de France, "
          "jusqu'où va chacun, qui le rend et d'où on le sait. Site indépendant, non officiel. Ce "
          "qu'aucune source ne prouve est inconnu.",
    "en": "Which local public services can be used online in each commune of France, how far each "
          "goes, who provides it and how we know. An independent site, not an official one. What "
          "no source proves is unknown.",
}  # fmt: skip


def configuration(breakpoints: Sequence[date], until: date | None) -> dict[str, Any]:
    """`breakpoints`: the days on which anything changes, oldest first; `until`: newest evidence."""
    return {
        "server": {
            "bind": {"host": "127.0.0.1", "port": 0},
            "url": f"{PLACE}/ogc",
            "mimetype": "application/json; charset=UTF-8",
            "encoding": "utf-8",
            "gzip": False,
            "languages": ["fr", "en"],
            "pretty_print": False,
            "limits": {"default_items": 10, "max_items": MOST, "on_exceed": "throttle"},
            "map": {"url": "", "attribution": ""},
        },
        "logging": {"level": "CRITICAL"},
        "metadata": {
            "identification": {
                "title": TITLE,
                "description": DESCRIPTION,
                "keywords": {"fr": ["communes", "services publics", "administration numérique"],
                             "en": ["communes", "public services", "e-government"]},
                "keywords_type": "theme",
                "terms_of_service": LICENCE["url"],
                "url": f"{PLACE}/fr/",
            },
            "license": LICENCE,
            "provider": {"name": "Guichet", "url": f"{PLACE}/fr/"},
            "contact": {"name": "Guichet", "url": f"{PLACE}/fr/contribuer"},
        },
        "resources": {
            one.id: _resource(one, breakpoints[0] if breakpoints else None, until)
            for one in COLLECTIONS.values()
        },
    }  # fmt: skip


def _resource(of: Collection, first: date | None, until: date | None) -> dict[str, Any]:
    extents: dict[str, Any] = {"spatial": {"bbox": list(of.bounds), "crs": CRS84}}
    if of.time == "state" and first is not None and until is not None and first <= until:
        # What the evidence covers: beyond, states are believed until something else is seen. The
        # suite of OGC reads no open end (docs/conformance.md).
        extents["temporal"] = {
            "begin": datetime.combine(first, time(0, tzinfo=UTC)),
            "end": datetime.combine(until, time(23, 59, 59, tzinfo=UTC)),
            "trs": "http://www.opengis.net/def/uom/ISO-8601/0/Gregorian",
        }
    return {
        "type": "collection",
        "title": {"fr": of.title[0], "en": of.title[1]},
        "description": {"fr": of.description[0], "en": of.description[1]},
        "keywords": {"fr": [of.id], "en": [of.id]},
        "links": [],
        "extents": extents,
        "providers": [
            {
                "type": "feature",
                "name": "api.ogc.provider.CatalogueProvider",
                "data": of.id,
                "id_field": "id",
                "title_field": next(
                    one for one in ("name", "commune_name", "title", "id") if one in of.by_name
                ),
                "crs": list(URIS),
                "storage_crs": CRS84,
            }
        ],
    }
