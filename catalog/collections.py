"""The collections that reusers see: what an item is, its fields, and where they come from.

A collection is data: the OGC handlers, the queryables, the schemas, the OpenAPI document and the
exports all read the same `Collection`, so that they cannot disagree. The expressions are
SQLAlchemy's; `catalog.items` composes questions of them.
"""

from collections.abc import Mapping
from types import MappingProxyType
from typing import Any

from geoalchemy2 import Geometry
from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Integer,
    SmallInteger,
    Text,
    and_,
    bindparam,
    case,
    cast,
    column,
    func,
    literal_column,
    select,
    table,
    true,
)
from sqlalchemy.dialects.postgresql import JSONB

from catalog.collection_shapes import (
    MOMENT,
    SLUGS,
    Collection,
    Field,
    Words,
    jsonable,
    read_number,
    version_of,
)
from catalog.database.ogc_tables import area_shape
from catalog.database.outline_tables import commune_outline as outline
from catalog.database.outline_tables import commune_unplaced
from catalog.database.tables import commune, departement, epci, region, status
from catalog.people_collections import CONTRIBUTIONS, DIFFICULTIES
from catalog.practices_collection import PRACTICES
from catalog.records_collection import RECORDS
from catalog.satisfaction_collection import SATISFACTION
from catalog.states import PRESENT_FROM, Simple, State
from config.errors import NotFound


def _read_code(text: str) -> dict[str, Any] | None:
    return {"item": text}


CODE = ("Code officiel géographique", "Official geographic code")
NAME = ("Nom", "Name")
POPULATION = ("Habitants ; absent si non publié", "Inhabitants; null when not published")
# An array, so that the few are looked up one by one, however many the planner believes there are.
_unplaced = commune.c.number == func.any(func.array(select(commune_unplaced.c.number)
                                                    .scalar_subquery()))  # fmt: skip
_outlined = commune.outerjoin(outline, outline.c.number == commune.c.number)
COMMUNES = Collection(
    id="communes",
    title=("Communes", "Communes"),
    description=(
        "Les communes de France, au dernier millésime connu, avec leur contour. "
        "Celles dont la source ne publie pas le contour sont présentes, sans géométrie.",
        "The communes of France, in the last known vintage, with their outline. "
        "Those whose outline no source publishes are there, without geometry.",
    ),
    fields=(
        Field("code", "string", CODE, commune.c.code, example="69123"),
        Field("name", "string", NAME, commune.c.name, example="Lyon"),
        Field("departement", "string", ("Département", "Département"),
              commune.c.departement_code, example="69"),
        Field("region", "string", ("Région", "Région"), commune.c.region_code, example="84"),
        Field("epci", "string", ("Intercommunalité (SIREN)", "Intercommunality (SIREN)"),
              commune.c.epci_code),
        Field("population", "integer", POPULATION, commune.c.population, example="10000"),
        Field("area_km2", "number", ("Superficie en km²", "Area in km²"), outline.c.area_km2),
        Field("siren", "string", ("SIREN", "SIREN"), commune.c.siren),
        Field("postal_codes", "array", ("Codes postaux", "Postal codes"), commune.c.postal_codes),
        Field("timezone", "string", ("Fuseau horaire", "Time zone"), commune.c.timezone),
        Field("number", "integer",
              ("Rang dans les tableaux d'états et les tuiles", "Place in status arrays and tiles"),
              commune.c.number),
        Field("valid_from", "date",
              ("Existe depuis (absent : toujours)",
              "Exists since (null: always)"), commune.c.valid_from),
        Field("valid_to", "date", ("N'existe plus depuis", "Gone since"), commune.c.valid_to),
    ),
    rows=_outlined,
    details=_outlined,
    listed=commune.c.valid_to.is_(None),
    keys=(commune.c.number,),
    key_names=("number",),
    item_id=commune.c.code,
    identified=commune.c.code == bindparam("item", type_=Text),
    read_id=_read_code,
    geometry=outline.c.geometry,
    unplaced=_unplaced,
    geometry_type="polygon",
    time="validity",
    validity=(commune.c.valid_from, commune.c.valid_to),
    searched=(commune.c.search_name,),
    folded=True,
    counted=commune,
    version=version_of("communes"),
)  # fmt: skip


def _area(
    id: str, kind: str, area: Any, member: ColumnElement[Any], title: Words,
    description: Words, extra: tuple[Field, ...],
) -> Collection:  # fmt: skip
    """A collection of areas: their polygon was made at publication, their sums are today's."""
    sums = (
        select(func.count().label("communes"), func.sum(commune.c.population).label("population"))
        .where(and_(member == area.c.code, commune.c.valid_to.is_(None)))
        .lateral("sums")
    )
    shape = area_shape.alias("shape")
    joined = area.outerjoin(
        shape,
        and_(
            shape.c.geography == bindparam("geography", type_=Text),
            shape.c.kind == kind,
            shape.c.code == area.c.code,
        ),
    )
    return Collection(
        id=id,
        title=title,
        description=description,
        fields=(
            Field("code", "string", CODE, area.c.code),
            Field("name", "string", NAME, area.c.name),
            *extra,
            Field("communes", "integer", ("Nombre de communes", "Number of communes"),
                  sums.c.communes, detail=True),
            Field("population", "integer",
                  ("Habitants des communes dont la population est publiée",
                   "Inhabitants of the communes whose population is published"),
                  cast(sums.c.population, BigInteger), detail=True),
        ),
        rows=joined,
        details=joined.join(sums, true()),
        listed=true(),
        keys=(area.c.code,),
        key_names=("code",),
        item_id=area.c.code,
        identified=area.c.code == bindparam("item", type_=Text),
    read_id=_read_code,
        geometry=shape.c.geometry,
        geometry_type="polygon",
        time="none",
        searched=(area.c.name,),
        counted=area,
        version=None,
    )  # fmt: skip


EPCI = _area(
    "epci", "epci", epci, commune.c.epci_code,
    ("Intercommunalités (EPCI)", "Intercommunalities (EPCI)"),
    ("Les établissements publics de coopération intercommunale à fiscalité propre.",
     "Groupings of communes that raise their own taxes."),
    (Field("kind", "string", ("Nature (CC, CA, CU, ME…)", "Kind (CC, CA, CU, ME...)"),
           epci.c.kind),),
)  # fmt: skip
DEPARTEMENTS = _area(
    "departements", "departements", departement, commune.c.departement_code,
    ("Départements", "Départements"),
    ("Les départements et les collectivités d'outre-mer qui ont des communes.",
     "Départements, and the overseas collectivities that have communes."),
    (Field("region", "string", ("Région", "Région"), departement.c.region_code),),
)  # fmt: skip
REGIONS = _area(
    "regions", "regions", region, commune.c.region_code,
    ("Régions", "Régions"),
    ("Les régions de France.", "The régions of France."),
    (),
)  # fmt: skip


# What readers see of offices: one for each place, whatever the number of sources
# (migration 0031 makes the view). Withdrawn and merged ones are not in it.
office = table(
    "pub_office",
    column("id", BigInteger), column("source_id", Text), column("kind", Text), column("name", Text),
    column("commune_number", Integer), column("address", Text), column("email", Text),
    column("phone", Text), column("website", Text), column("hours", JSONB),
    column("accessibility", Text), column("siret", Text), column("helps_with", ARRAY(Text)),
    column("sources", ARRAY(Text)), column("observed_at", MOMENT), column("unlisted_since", MOMENT),
    column("phone_withheld_since", MOMENT),
    column("point", Geometry("POINT", srid=4326)),
    schema="catalog",
)  # fmt: skip
_of_office = office.outerjoin(commune, commune.c.number == office.c.commune_number)
OFFICES = Collection(
    id="offices",
    title=("Lieux ouverts au public", "Offices open to the public"),
    description=(
        "Mairies et autres lieux d'accueil, tels que leur source les publie. Un champ absent veut "
        "dire que la source ne le dit pas.",
        "Town halls and other places open to the public, as their source publishes them. A null "
        "field means that the source does not say.",
    ),
    fields=(
        Field("id", "integer", ("Identifiant", "Identifier"), office.c.id),
        Field("kind", "string", ("Nature du lieu", "Kind of place"), office.c.kind,
              example="mairie"),
        Field("name", "string", NAME, office.c.name),
        Field("commune", "string", ("Commune (code)", "Commune (code)"), commune.c.code,
              detail=True),
        Field("commune_name", "string", ("Commune", "Commune"), commune.c.name, detail=True),
        Field("departement", "string", ("Département", "Département"),
              commune.c.departement_code, detail=True),
        Field("address", "string", ("Adresse", "Address"), office.c.address),
        Field("email", "string", ("Courriel", "E-mail"), office.c.email),
        Field("phone", "string", ("Téléphone", "Telephone"), office.c.phone),
        Field("phone_withheld_since", "date-time",
              ("Téléphone caché à la demande de la commune depuis (absent : il ne l'est pas)",
               "Telephone hidden at the commune's wish since (null: it is not)"),
              office.c.phone_withheld_since),
        Field("website", "string", ("Site", "Web site"), office.c.website),
        Field("hours", "object", ("Horaires ; absent : inconnus", "Hours; null: unknown"),
              office.c.hours, queryable=False),
        Field("accessibility", "string", ("Accessibilité publiée", "Published accessibility"),
              office.c.accessibility),
        Field("siret", "string", ("SIRET", "SIRET"), office.c.siret),
        Field("helps_with", "array", ("Ce que l'on y fait", "What it helps with"),
              office.c.helps_with),
        Field("source", "string", ("Source", "Source"), office.c.source_id),
        Field("sources", "array", ("Toutes les sources", "All sources"), office.c.sources),
        Field("unlisted_since", "date-time",
              ("Absent de la dernière liste depuis (absent : il y est)",
               "Missing from the last list since (null: it is there)"), office.c.unlisted_since),
        Field("observed_at", "date-time", ("Constaté le", "Observed at"), office.c.observed_at),
    ),
    rows=office,
    details=_of_office,
    listed=true(),
    keys=(office.c.id,),
    key_names=("id",),
    item_id=cast(office.c.id, Text),
    identified=office.c.id == bindparam("item", type_=BigInteger),
    read_id=read_number,
    geometry=office.c.point,
    geometry_type="point",
    time="none",
    searched=(office.c.name,),
    counted=office,
    version=version_of("offices"),
)  # fmt: skip

# One item for each commune and each service of the referential: what nobody has spoken of is
# there too, and is unknown.
_services = (
    func.unnest(
        bindparam("services", type_=ARRAY(Text)), bindparam("full_levels", type_=ARRAY(Integer))
    )
    .table_valued(column("id", Text), column("full_level", Integer), name="service")
    .render_derived()
)
_service = cast(_services.c.id, Text)


def _now(of: Any) -> ColumnElement[bool]:
    at = bindparam("at", type_=MOMENT)
    return and_(of.c.valid_from <= at, of.c.valid_to > at)


_held = (
    select(
        status.c.state, status.c.level, status.c.reason, status.c.provider, status.c.url,
        status.c.observation_id, status.c.valid_from,
    )
    .where(
        and_(
            status.c.service == _services.c.id,
            status.c.commune_number == commune.c.number,
            _now(status),
        )
    )
    .order_by(status.c.valid_from.desc())
    .limit(1)
    .lateral("held")
)  # fmt: skip
_state = func.coalesce(_held.c.state, literal_column("0", SmallInteger))
_slug = case(
    *((_state == literal_column(str(int(state))), literal_column(f"'{state.slug}'"))
      for state in State if state),
    else_=literal_column("'unknown'"),
)  # fmt: skip
# catalog.states.simple, in SQL: a test compares both over every state, level and service.
_reached = func.coalesce(_held.c.level, _state - 2)
_simple = case(
    (_state == literal_column("0"), literal_column(f"'{Simple.UNKNOWN.value}'")),
    (_state == literal_column("1"), literal_column(f"'{Simple.OTHER.value}'")),
    (_state == literal_column("2"), literal_column(f"'{Simple.ABSENT.value}'")),
    (
        _reached >= func.least(PRESENT_FROM, _services.c.full_level),
        literal_column(f"'{Simple.PRESENT.value}'"),
    ),
    else_=literal_column(f"'{Simple.PARTIAL.value}'"),
)


def _read_pair(text: str) -> dict[str, Any] | None:
    code, dot, service = text.partition(".")
    return {"item": code, "item_service": service} if dot else None


_pairs = _outlined.join(_services, true())
SERVICES = Collection(
    id="services",
    title=("Services par commune", "Services of each commune"),
    description=(
        "L'état de chaque service dans chaque commune, à l'instant demandé par `datetime` "
        "(par défaut, maintenant ; pour un intervalle, à sa fin). Ce que personne n'a constaté "
        "est `unknown`, jamais absent. Le point est un point intérieur de la commune.",
        "The state of each service in each commune, at the instant asked by `datetime` (now by "
        "default; the end of an interval). What nobody has seen is `unknown`, never absent. The "
        "point is one inside the commune.",
    ),
    fields=(
        Field("commune", "string", ("Commune (code)", "Commune (code)"), commune.c.code,
              example="69123"),
        Field("commune_name", "string", ("Commune", "Commune"), commune.c.name),
        Field("departement", "string", ("Département", "Département"),
              commune.c.departement_code, example="69"),
        Field("region", "string", ("Région", "Région"), commune.c.region_code),
        Field("epci", "string", ("Intercommunalité", "Intercommunality"), commune.c.epci_code),
        Field("population", "integer", POPULATION, commune.c.population),
        Field("service", "string", ("Service", "Service"), _service, example="official-site"),
        Field("state", "string", ("État", "State"), _slug, detail=True, enum=SLUGS),
        Field("simple", "string", ("État en un mot", "State in one word"), _simple, detail=True,
              enum=tuple(one.value for one in Simple)),
        Field("level", "integer", ("Niveau, de 1 à 5", "Level, 1 to 5"), _held.c.level,
              detail=True),
        Field("reason", "string", ("Pourquoi cet état", "Why this state"),
              func.coalesce(_held.c.reason, literal_column("'no-observation'")), detail=True),
        Field("provider", "string", ("Qui le rend", "Who provides it"), _held.c.provider,
              detail=True),
        Field("url", "string", ("Adresse du service", "Address of the service"), _held.c.url,
              detail=True),
        Field("since", "date-time", ("Dans cet état depuis", "In this state since"),
              _held.c.valid_from, detail=True),
        Field("observation", "integer", ("Constat par lequel cet état a commencé",
                                   "Observation by which this state began"),
              _held.c.observation_id, detail=True),
        Field("proof", "string", ("Preuves", "Proofs"),
              func.concat(bindparam("origin", type_=Text), "/api/v1/communes/", commune.c.code,
                          "/proofs?service=", _services.c.id), queryable=False),
    ),
    rows=_pairs,
    details=_pairs.outerjoin(_held, true()),
    listed=commune.c.valid_to.is_(None),
    keys=(commune.c.number, _service),
    key_names=("number", "service"),
    item_id=func.concat(commune.c.code, ".", _services.c.id),
    identified=and_(
        commune.c.code == bindparam("item", type_=Text),
        _services.c.id == bindparam("item_service", type_=Text),
    ),
    read_id=_read_pair,
    geometry=outline.c.centre,
    unplaced=_unplaced,
    geometry_type="point",
    time="state",
    searched=(commune.c.search_name,),
    folded=True,
    counted=commune,
    version=version_of("communes"),
    per_commune=True,
    looked_up=MappingProxyType(
        {
            "state": status.c.state,
            "level": status.c.level,
            "provider": status.c.provider,
            "reason": status.c.reason,
            "url": status.c.url,
            "since": status.c.valid_from,
            "observation": status.c.observation_id,
        }
    ),
    lookup=select(status.c.commune_number, status.c.service).where(_now(status)),
)  # fmt: skip

_ALL = (
    COMMUNES, EPCI, DEPARTEMENTS, REGIONS, OFFICES, SERVICES, CONTRIBUTIONS, DIFFICULTIES, RECORDS,
    PRACTICES, SATISFACTION,
)  # fmt: skip
COLLECTIONS: Mapping[str, Collection] = MappingProxyType({one.id: one for one in _ALL})


def collection(id: str) -> Collection:
    """Raises NotFound, listing the collections."""
    try:
        return COLLECTIONS[id]
    except KeyError:
        known = ", ".join(COLLECTIONS)
        raise NotFound(f"There is no collection {id[:40]!r}; there are: {known}.") from None


__all__ = ["COLLECTIONS", "COMMUNES", "Collection", "Field", "collection", "jsonable"]
