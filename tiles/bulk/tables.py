"""What bulk files hold: the tables, their columns in words, and the question behind each.

The data dictionary, the CSV, the Parquet and the geographic files are made from these values, so
that a column means the same thing in each.
"""

from dataclasses import dataclass
from typing import Literal

from catalog.referential import Referential

Kind = Literal["text", "integer", "number", "moment", "day", "list"]


@dataclass(frozen=True, slots=True)
class Column:
    """`fr` and `en` say what it holds, and what an empty cell means."""

    name: str
    kind: Kind
    fr: str
    en: str


@dataclass(frozen=True, slots=True)
class Table:
    """One table. `question` is its file in tiles/sql; `shape` is that of its geometry, which the
    question gives last, as WKB in EPSG:4326."""

    id: str
    fr: str
    en: str
    question: str
    columns: tuple[Column, ...]
    shape: Literal["MultiPolygon", "Point"] | None = None
    formats: tuple[str, ...] = ("csv", "parquet")


def text(name: str, fr: str, en: str) -> Column:
    return Column(name, "text", fr, en)


_CODE = text("code", "Code officiel géographique (COG) de la commune.", "COG code of the commune.")
_STATE = text(
    "state",
    "État, un de ceux de states.csv ; unknown : rien ne le prouve.",
    "State, one of states.csv; unknown: nothing proves it.",
)
_LEVEL = Column(
    "level", "integer", "Niveau de 1 à 5 ; vide : aucun.", "Level from 1 to 5; empty: none."
)
_REASON = text("reason", "Pourquoi cet état.", "Why this state.")
_PROVIDER = text(
    "provider", "Qui rend le service ; vide : non dit.", "Who provides it; empty: not said."
)
_URL = text("url", "Où va un habitant ; vide : non publié.", "Where a resident goes; empty: none.")
_SERVICE = text("service", "Identifiant du service.", "Identifier of the service.")
_SOURCE = text(
    "source", "Source qui a décidé ; vide : aucune.", "Source that decided; empty: none."
)
_PACKED = ("csv.gz", "parquet")  # a million rows
_GEO = ("csv", "parquet", "geojson", "gpkg", "fgb")


def tables(referential: Referential) -> tuple[Table, ...]:
    """Every table, in the order of the page."""
    return (
        Table(
            "communes", "Communes, avec leurs contours", "Communes, with their outlines",
            "bulk_communes",
            (
                _CODE,
                text("name", "Nom.", "Name."),
                text("departement", "Code du département.", "Code of the département."),
                text("region", "Code de la région.", "Code of the région."),
                text("epci", "SIREN de l'EPCI ; vide : aucun.", "SIREN of the EPCI; empty: none."),
                text("siren", "SIREN ; vide : non publié.", "SIREN; empty: not published."),
                Column("population", "integer", "Habitants ; vide : non publié.",
                       "Inhabitants; empty: not published."),
                Column("postal_codes", "list", "Codes postaux, séparés par « | ».",
                       "Postal codes, separated by “|”."),
                Column("area_km2", "number", "Surface en km² ; vide : pas de contour publié.",
                       "Area in km²; empty: no published outline."),
                Column("longitude", "number", "D'un point intérieur, en degrés (WGS 84).",
                       "Of a point inside, in degrees (WGS 84)."),
                Column("latitude", "number", "D'un point intérieur, en degrés (WGS 84).",
                       "Of a point inside, in degrees (WGS 84)."),
                Column("number", "integer", "Rang dans les tableaux d'états et les tuiles.",
                       "Position in the status arrays and in tiles."),
            ),
            "MultiPolygon", _GEO,
        ),
        Table(
            "offices", "Guichets : mairies et autres lieux d'accueil",
            "Offices: town halls and other places open to the public", "bulk_offices",
            (
                Column("id", "integer", "Identifiant stable.", "Stable identifier."),
                text("kind", "Sorte de guichet.", "Kind of office."),
                text("name", "Nom.", "Name."),
                text("commune", "Code COG de sa commune.", "COG code of its commune."),
                text("address", "Adresse ; vide : non publiée.", "Address; empty: none published."),
                text("email", "Courriel publié.", "Published e-mail."),
                text("phone", "Téléphone publié.", "Published telephone."),
                text("website", "Site publié.", "Published site."),
                text("hours", "Horaires de chaque jour, en JSON ; vide : inconnus.",
                     "Hours of each day, as JSON; empty: unknown."),
                text("timezone", "Fuseau horaire de ces horaires.", "Time zone of these hours."),
                text("accessibility", "ACC, DEM ou NAC comme publié ; vide : inconnu.",
                     "ACC, DEM or NAC as published; empty: unknown."),
                Column("helps_with", "list", "Ce pour quoi on y vient, séparé par « | ».",
                       "What people come for, separated by “|”."),
                Column("longitude", "number", "Degrés (WGS 84) ; vide : non publiée.",
                       "Degrees (WGS 84); empty: not published."),
                Column("latitude", "number", "Degrés (WGS 84) ; vide : non publiée.",
                       "Degrees (WGS 84); empty: not published."),
                Column("sources", "list", "Sources qui décrivent ce lieu, séparées par « | ».",
                       "Sources that describe this place, separated by “|”."),
                Column("observed_at", "moment", "Quand la source le disait (UTC).",
                       "When the source said so (UTC)."),
                Column("unlisted_since", "moment",
                       "Depuis quand aucune source ne le liste plus ; vide : il est listé.",
                       "Since when no source lists it any more; empty: it is listed."),
                Column("phone_withheld_since", "moment",
                       "Depuis quand la commune souhaite cacher ce téléphone ; vide : elle ne le "
                       "souhaite pas.",
                       "Since when the commune wants this telephone hidden; empty: it does not."),
            ),
            "Point", _GEO,
        ),
        Table(
            "matrix", "Le tableau : une ligne par commune, une colonne par service",
            "The table: a row per commune, a column per service", "bulk_matrix",
            (
                _CODE,
                *(
                    text(one, f"{service.title('fr')} : état.", f"{service.title('en')}: state.")
                    for one, service in referential.services.items()
                ),
            ),
        ),
        Table(
            "status", "Les états d'aujourd'hui, avec leur preuve : chaque commune et service",
            "Today's states, with their proof: every commune and service", "bulk_status",
            (
                _CODE, _SERVICE, _STATE, _LEVEL, _REASON, _PROVIDER, _URL,
                Column("since", "moment", "Début de cet état (UTC) ; vide : jamais observé.",
                       "When it began (UTC); empty: never observed."),
                Column("until", "moment",
                       "Quand il cessera d'être cru (UTC) ; vide : pas de terme.",
                       "When it ceases to be believed (UTC); empty: no end."),
                _SOURCE,
                text("seen", "Ce qui a été vu, mot pour mot.", "What was seen, word for word."),
                Column("observation", "integer", "Identifiant de la preuve.",
                       "Identifier of the proof."),
            ),
            None, _PACKED,
        ),
        Table(
            "history", "L'histoire : chaque période de chaque état",
            "History: every period of every state", "bulk_history",
            (
                _CODE, _SERVICE, _STATE, _LEVEL, _REASON, _PROVIDER, _URL,
                Column("valid_from", "moment", "Début (UTC), compris.", "Start (UTC), included."),
                Column("valid_to", "moment", "Fin (UTC), non comprise ; vide : en cours.",
                       "End (UTC), not included; empty: it still holds."),
            ),
            None, _PACKED,
        ),
        Table(
            "sources", "Sources et licences", "Sources and licences", "bulk_sources",
            (
                text("id", "Identifiant.", "Identifier."),
                text("title", "Titre.", "Title."),
                text("publisher", "Qui la publie.", "Who publishes it."),
                text("licence", "Licence.", "Licence."),
                text("licence_url", "Texte de la licence.", "Text of the licence."),
                text("url", "Sa page.", "Its page."),
                text("nature", "Ce que cette source peut prouver.", "What it can prove."),
                Column("last_evidence", "day", "Jour de la dernière version lue.",
                       "Day of the last version that was read."),
            ),
        ),
    )  # fmt: skip
