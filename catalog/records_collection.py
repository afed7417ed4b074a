"""Records of portals as a collection: each thing once, with the members of OGC API Records."""

from typing import Any

from sqlalchemy import (
    ARRAY,
    BigInteger,
    ColumnElement,
    Text,
    and_,
    bindparam,
    case,
    cast,
    exists,
    func,
    literal_column,
    select,
)

from catalog.collection_shapes import Collection, Field, read_number, version_of
from catalog.database.record_tables import record

CORE = "http://www.opengis.net/spec/ogcapi-records-1/1.0/conf/record-core"
_twin = record.alias("twin")
# What can be fetched, as links: `item` is RFC 6573's word for one of several things.
_links = (
    select(
        func.coalesce(
            func.jsonb_agg(
                literal_column(
                    "jsonb_strip_nulls(jsonb_build_object('rel', 'item', "
                    "'href', d.value ->> 'url', 'type', d.value ->> 'media_type', "
                    "'title', d.value ->> 'title'))"
                )
            ),
            literal_column("'[]'::jsonb"),
        )
    )
    .select_from(func.jsonb_array_elements(record.c.distributions).table_valued("value", name="d"))
    .scalar_subquery()
)
# Null when the portal gives no day at all; one end alone leaves the other open.
_open: ColumnElement[str] = literal_column("'..'")
_time = case(
    (
        and_(record.c.temporal_start.is_(None), record.c.temporal_end.is_(None)),
        literal_column("null::jsonb"),
    ),
    else_=func.jsonb_build_object(
        literal_column("'interval'"),
        func.jsonb_build_array(
            func.coalesce(cast(record.c.temporal_start, Text), _open),
            func.coalesce(cast(record.c.temporal_end, Text), _open),
        ),
    ),
)


def _listed(value: ColumnElement[str], name: str, *more: str) -> ColumnElement[Any]:
    """A list of one object that holds `value`; null without it."""
    parts: list[Any] = [literal_column(f"'{name}'"), value]
    parts += [literal_column(f"'{one}'::text") for one in more[:1]]
    parts += [literal_column(one) for one in more[1:]]
    return case(
        (value.is_(None), literal_column("null::jsonb")),
        else_=func.jsonb_build_array(func.jsonb_build_object(*parts)),
    )


_languages = _listed(record.c.language, "code")
_contacts = _listed(record.c.publisher, "organization", "roles", "'[\"publisher\"]'::jsonb")
_external = func.jsonb_build_array(
    func.jsonb_build_object(
        literal_column("'scheme'"),
        record.c.source_id,
        literal_column("'value'"),
        record.c.remote_id,
    )
)
_named = record.alias("named")

RECORDS = Collection(
    id="records",
    title=("Jeux de données et services des portails", "Datasets and services of portals"),
    description=(
        "Ce que décrivent les portails que nous moissonnons, chaque chose une fois, avec les "
        "mots de son portail.",
        "What the portals that we harvest describe, each thing once, in its portal's words.",
    ),
    fields=(
        Field("type", "string", ("Nature", "Type"), record.c.type, enum=("dataset", "service")),
        Field("title", "string", ("Titre", "Title"), record.c.title),
        Field("description", "string", ("Description", "Description"), record.c.description),
        Field("keywords", "array", ("Mots-clés", "Keywords"), record.c.keywords),
        Field("resource_language", "string", ("Langue", "Language"), record.c.language),
        Field("resourceLanguages", "object", ("Langues", "Languages"), _languages,
              queryable=False),
        Field("externalIds", "object", ("Identifiants au portail", "Identifiers at the portal"),
              _external, queryable=False),
        Field("contacts", "object", ("Contacts", "Contacts"), _contacts, queryable=False),
        Field("publisher", "string", ("Éditeur", "Publisher"), record.c.publisher),
        Field("license", "string", ("Licence", "Licence"), record.c.licence),
        Field("created", "date-time", ("Créé le", "Created"), record.c.source_created),
        Field("updated", "date-time", ("Mis à jour le", "Updated"), record.c.source_updated),
        Field("source", "string", ("Portail", "Portal"), record.c.source_id),
        Field("external_id", "string", ("Identifiant au portail", "Identifier at the portal"),
              record.c.remote_id),
        Field("landing_page", "string", ("Page du portail", "Page of the portal"),
              record.c.landing_page),
        Field("temporal_start", "date", ("Couvre depuis", "Covers from"), record.c.temporal_start),
        Field("temporal_end", "date", ("Couvre jusqu'à", "Covers until"), record.c.temporal_end),
    ),
    rows=record,
    details=record,
    listed=and_(
        record.c.withdrawn_at.is_(None),
        ~exists().where(
            and_(
                _twin.c.group_id == record.c.group_id,
                _twin.c.id < record.c.id,
                _twin.c.withdrawn_at.is_(None),
            )
        ),
    ),
    keys=(record.c.id,),
    key_names=("id",),
    item_id=cast(record.c.id, Text),
    identified=record.c.id == bindparam("item", type_=BigInteger),
    read_id=read_number,
    geometry=record.c.extent,
    geometry_type="polygon",
    time="validity",
    validity=(record.c.temporal_start, record.c.temporal_end),
    always_listed=True,
    members=(
        ("time", _time),
        ("conformsTo", literal_column(f"'[\"{CORE}\"]'::jsonb")),
        ("links", _links),
    ),
    words=record.c.words,
    searched=(record.c.title,),
    counted=record,
    version=version_of("records"),
    item_type="record",
    # By any portal's identifier: the thing is shown once, whoever else describes it.
    external=record.c.group_id.in_(
        select(_named.c.group_id).where(
            _named.c.remote_id == func.any(bindparam("external_ids", type_=ARRAY(Text)))
        )
    ),
    facets=("type", "source", "publisher", "license", "keywords"),
    bare=True,
)  # fmt: skip
