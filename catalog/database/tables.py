"""The shape of every table, for Alembic's drift check and for composed queries.

Shapes live here; questions live in `sql/*.sql`. One PostgreSQL schema per package, and a
package writes only in its own. Times are `timestamptz`; `observed_at` is when a thing was
so, `recorded_at` when we learnt it.
"""

from geoalchemy2 import Geometry
from sqlalchemy import (
    ARRAY,
    BigInteger,
    Boolean,
    CheckConstraint,
    Column,
    Date,
    DateTime,
    ForeignKey,
    Identity,
    Index,
    Integer,
    LargeBinary,
    MetaData,
    SmallInteger,
    Table,
    Text,
    UniqueConstraint,
    text,
)
from sqlalchemy.dialects.postgresql import JSONB

metadata = MetaData(
    naming_convention={
        "ix": "ix_%(table_name)s_%(column_0_N_name)s",
        "uq": "uq_%(table_name)s_%(column_0_N_name)s",
        "ck": "ck_%(table_name)s_%(constraint_name)s",
        "fk": "fk_%(table_name)s_%(column_0_N_name)s",
        "pk": "pk_%(table_name)s",
    }
)
NOW = text("now()")
MOMENT = DateTime(timezone=True)

# ---------------------------------------------------------------- catalog: the territory

region = Table(
    "region",
    metadata,
    Column("code", Text, primary_key=True),
    Column("name", Text, nullable=False),
    schema="catalog",
)
departement = Table(
    "departement",
    metadata,
    Column("code", Text, primary_key=True),
    Column("name", Text, nullable=False),
    Column("region_code", Text, ForeignKey("catalog.region.code"), nullable=False, index=True),
    schema="catalog",
)
epci = Table(
    "epci",
    metadata,
    Column("code", Text, primary_key=True, comment="SIREN"),
    Column("name", Text, nullable=False),
    Column("kind", Text, nullable=False, comment="CC, CA, CU, METRO, MET69..."),
    schema="catalog",
)
# `number` is the commune's position in every status array and the pixel value of the id
# rasters. It starts at 1 (0 is sea, and tile tools refuse id 0), is never reused, and a
# commune that disappears keeps its number.
commune = Table(
    "commune",
    metadata,
    Column("number", Integer, primary_key=True, autoincrement=False),
    Column("code", Text, nullable=False, unique=True, comment="COG code, current vintage"),
    Column("name", Text, nullable=False, comment="with its article, as people write it"),
    Column("search_name", Text, nullable=False, comment="catalog.search.fold(name)"),
    Column("departement_code", Text, ForeignKey("catalog.departement.code"), nullable=False),
    Column("region_code", Text, ForeignKey("catalog.region.code"), nullable=False),
    Column("epci_code", Text, ForeignKey("catalog.epci.code")),
    Column("population", Integer, comment="inhabitants; null: not published"),
    Column("siren", Text),
    Column("postal_codes", ARRAY(Text), nullable=False, server_default=text("'{}'")),
    Column("timezone", Text, nullable=False, comment="IANA name"),
    Column("fingerprint", Text, nullable=False, comment="of the harvested row"),
    Column("valid_from", Date),
    Column("valid_to", Date),
    Index(
        "ix_commune_search_name",
        "search_name",
        postgresql_using="gin",
        postgresql_ops={"search_name": "gin_trgm_ops"},
    ),
    Index("ix_commune_postal_codes", "postal_codes", postgresql_using="gin"),
    Index("ix_commune_departement_code", "departement_code"),
    Index("ix_commune_region_code", "region_code"),
    Index("ix_commune_epci_code", "epci_code"),
    CheckConstraint("number >= 1", name="number_from_one"),
    schema="catalog",
)
# Codes and names that are not a current commune, and the commune that answers for them.
former_code = Table(
    "former_code",
    metadata,
    Column("code", Text, primary_key=True),
    Column("kind", Text, primary_key=True, comment="merged|delegated|associated|district|sector"),
    Column("name", Text, nullable=False, comment="'': no source says it"),
    Column("search_name", Text, nullable=False),
    Column("commune_number", Integer, ForeignKey("catalog.commune.number"), nullable=False),
    Column("last_seen", Date, comment="last vintage in which it was a commune; null: unknown"),
    Column("gone_by", Date, comment="first vintage without it; null: unknown"),
    Column("source_id", Text, nullable=False),
    Index(
        "ix_former_code_search_name",
        "search_name",
        postgresql_using="gin",
        postgresql_ops={"search_name": "gin_trgm_ops"},
    ),
    Index("ix_former_code_commune_number", "commune_number"),
    schema="catalog",
)

# ------------------------------------------------------------- catalog: what we know, how

source = Table(
    "source",
    metadata,
    Column("id", Text, primary_key=True, comment="slug, as in harvest/sources/*.toml"),
    Column("title", Text, nullable=False),
    Column("publisher", Text, nullable=False),
    Column("licence", Text, nullable=False),
    Column("licence_url", Text),
    Column("url", Text, nullable=False, comment="a page for people"),
    Column("nature", Text, nullable=False, comment="see catalog.observations.Nature"),
    schema="catalog",
)
# One fetched file or statement. Its raw bytes are var/raw/<sha256>.
evidence = Table(
    "evidence",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("source_id", Text, ForeignKey("catalog.source.id"), nullable=False),
    Column("release", Text, nullable=False, comment="the publisher's own version name"),
    Column("published_on", Date, nullable=False, comment="when the publisher released it"),
    Column("retrieved_at", MOMENT, nullable=False, server_default=NOW),
    Column("sha256", Text, nullable=False),
    Column("bytes", BigInteger, nullable=False),
    Column("url", Text, nullable=False),
    UniqueConstraint("source_id", "release", "sha256"),
    schema="catalog",
)
# Append-only (a trigger refuses UPDATE and DELETE). A withdrawal is a row whose state is null.
observation = Table(
    "observation",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("commune_number", Integer, comment="null: the statement covers all of France"),
    Column("service", Text, nullable=False),
    Column("state", SmallInteger, comment="0..7, catalog.states; null: the source withdrew it"),
    Column("attributes", JSONB, nullable=False, server_default=text("'{}'")),
    Column("url", Text, comment="where a resident goes"),
    Column("provider", Text, comment="commune|epci|departement|region|state, or a name"),
    Column("nature", Text, nullable=False),
    Column("source_id", Text, ForeignKey("catalog.source.id"), nullable=False),
    Column("evidence_id", BigInteger, ForeignKey("catalog.evidence.id"), nullable=False),
    Column("seen", Text, nullable=False, comment="what was seen, verbatim"),
    Column("observed_at", MOMENT, nullable=False),
    Column("recorded_at", MOMENT, nullable=False, server_default=NOW),
    Column("valid_until", MOMENT, comment="after it the fact decays to unknown; null: never"),
    Column("supersedes", BigInteger),
    Index("ix_observation_subject", "commune_number", "service", "observed_at"),
    Index("ix_observation_source", "source_id", "commune_number", "service"),
    CheckConstraint("state between 0 and 7", name="state_code"),
    schema="catalog",
)
# The score of each (commune, service) as intervals [valid_from, valid_to): materialised by
# catalog.status from the observations, and recomputable bit for bit. No row: unknown.
status = Table(
    "status",
    metadata,
    Column("service", Text, primary_key=True),
    Column("commune_number", Integer, primary_key=True),
    Column("valid_from", MOMENT, primary_key=True),
    Column("valid_to", MOMENT, nullable=False, comment="'infinity' while it stands"),
    Column("state", SmallInteger, nullable=False),
    Column("level", SmallInteger, comment="1..5, also when another body provides; null: none"),
    Column("reason", Text, nullable=False, comment="catalog.status.Reason"),
    Column("provider", Text),
    Column("url", Text),
    Column("observation_id", BigInteger, comment="the observation that decided"),
    Index("ix_status_commune", "commune_number", "service"),
    CheckConstraint("state between 0 and 7", name="state_code"),
    schema="catalog",
)

# What a refresh of `status` touched: one row for each service and refresh. Each (service, commune)
# pair has a position: 1, 2, 3... without gaps, given under the lock that refreshes share, so that
# their order is the order in which readers could see them.
change = Table(
    "change",
    metadata,
    Column("first", BigInteger, nullable=False, comment="position of its first pair"),
    Column(
        "upto",
        BigInteger,
        primary_key=True,
        autoincrement=False,
        comment="position of its last pair",
    ),
    Column("service", Text, nullable=False),
    Column("communes", ARRAY(Integer), nullable=False, comment="their numbers, in order"),
    Column("recorded_at", MOMENT, nullable=False, server_default=NOW),
    schema="catalog",
)
# Pairs whose observations were appended one by one and are not scored yet. Rows are written in
# the transaction of the statement, so that a process killed after it loses nothing.
unscored = Table(
    "unscored",
    metadata,
    Column("service", Text, primary_key=True),
    Column("commune_number", Integer, primary_key=True),
    Column("recorded_at", MOMENT, nullable=False, server_default=NOW),
    schema="catalog",
)

# ------------------------------------------------------------------- catalog: the offices

office = Table(
    "office",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True, comment="stable hub id"),
    Column("source_id", Text, ForeignKey("catalog.source.id"), nullable=False),
    Column("remote_id", Text, nullable=False, comment="the source's own id"),
    Column("kind", Text, nullable=False, comment="mairie|france-services|library|..."),
    Column("name", Text, nullable=False),
    Column("commune_number", Integer, ForeignKey("catalog.commune.number"), index=True),
    Column("address", Text),
    Column("email", Text),
    Column("phone", Text),
    Column("website", Text),
    Column("hours", JSONB, comment="geo.opening_hours form; null: unknown"),
    Column("accessibility", Text, comment="ACC|DEM|NAC as published; null: unknown"),
    Column("accessibility_details", Text),
    Column("timezone", Text, nullable=False),
    Column("point", Geometry("POINT", srid=4326, spatial_index=False)),
    Column("siret", Text, comment="as published; null: unknown"),
    Column(
        "identifiers",
        JSONB,
        nullable=False,
        server_default=text("'{}'"),
        comment="scheme: id in other registers (osm, dila, data-inclusion...)",
    ),
    Column(
        "helps_with",
        ARRAY(Text),
        nullable=False,
        server_default=text("'{}'"),
        comment="what people come for, in the source's words",
    ),
    Column("withdrawn_at", MOMENT),
    Column("fingerprint", Text, nullable=False),
    Column("evidence_id", BigInteger, ForeignKey("catalog.evidence.id"), nullable=False),
    Column("observed_at", MOMENT, nullable=False),
    Column(
        "read_as",
        Text,
        comment="digest of the cells and rules it was read from; null: read it again",
    ),
    UniqueConstraint("source_id", "remote_id"),
    Index("ix_office_point", "point", postgresql_using="gist"),
    Index("ix_office_unplaced", "id", postgresql_where=text("point is null")),
    schema="catalog",
)
office_redirect = Table(
    "office_redirect",
    metadata,
    Column("old_id", BigInteger, primary_key=True),
    Column("new_id", BigInteger, ForeignKey("catalog.office.id"), nullable=False, index=True),
    Column("reason", Text, nullable=False),
    Column("recorded_at", MOMENT, nullable=False, server_default=NOW),
    schema="catalog",
)
# What each source said of each office, each time it said something new. Append-only.
office_version = Table(
    "office_version",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("office_id", BigInteger, nullable=False, index=True),
    Column("fields", JSONB, nullable=False),
    Column("evidence_id", BigInteger, ForeignKey("catalog.evidence.id"), nullable=False),
    Column("observed_at", MOMENT, nullable=False),
    Column("recorded_at", MOMENT, nullable=False, server_default=NOW),
    schema="catalog",
)

# --------------------------------------------------------------- catalog: what readers see

# A generation is what readers see as one whole. It is made by `guichet publish`; URLs that
# name it are immutable.
generation = Table(
    "generation",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("geography", Text, nullable=False, comment="hash of numbers and geometries"),
    Column("facts", BigInteger, nullable=False, comment="highest observation id that it holds"),
    Column("started_at", MOMENT, nullable=False, server_default=NOW),
    Column("published_at", MOMENT, comment="null: being made, or abandoned"),
    Column("files", JSONB, nullable=False, server_default=text("'{}'"), comment="name: sha256"),
    schema="catalog",
)

# --------------------------------------------------------------------------------- harvest

run = Table(
    "run",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("source_id", Text, nullable=False),
    Column("release", Text),
    Column("state", Text, nullable=False, comment="running|done|partial|held|failed|interrupted"),
    Column("started_at", MOMENT, nullable=False, server_default=NOW),
    Column("ended_at", MOMENT),
    Column("heartbeat_at", MOMENT, nullable=False, server_default=NOW),
    Column("counts", JSONB, nullable=False, server_default=text("'{}'")),
    Column("message", Text),
    Column("dry_run", Boolean, nullable=False, server_default=text("false")),
    Index("ix_run_source_id", "source_id", "started_at"),
    schema="harvest",
)
rejected = Table(
    "rejected",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("run_id", BigInteger, ForeignKey("harvest.run.id"), nullable=False, index=True),
    Column("remote_id", Text, nullable=False),
    Column("field", Text),
    Column("reason", Text, nullable=False),
    Column("value", Text),
    schema="harvest",
)
run_event = Table(
    "run_event",
    metadata,
    Column("id", BigInteger, Identity(), primary_key=True),
    Column("run_id", BigInteger, ForeignKey("harvest.run.id"), nullable=False, index=True),
    Column("at", MOMENT, nullable=False, server_default=NOW),
    Column("level", Text, nullable=False),
    Column("message", Text, nullable=False),
    schema="harvest",
)

# ----------------------------------------------------------------------------------- tiles

# The outlines that a published geography was drawn from: what the catalogue says later must not
# change the deep tiles of a former generation. About 20 MB for each vintage of the communes.
outline = Table(
    "outline",
    metadata,
    Column("geography", Text, primary_key=True, comment="catalog.generation.geography"),
    Column("number", Integer, primary_key=True, comment="catalog.commune.number"),
    Column("code", Text, nullable=False),
    Column("name", Text, nullable=False),
    Column(
        "geometry_3857", Geometry("MULTIPOLYGON", srid=3857, spatial_index=False), nullable=False
    ),
    Index("ix_outline_geometry_3857", "geometry_3857", postgresql_using="gist"),
    schema="tiles",
)
# Borders of départements, régions and EPCI, made from those outlines at publication.
area = Table(
    "area",
    metadata,
    Column("kind", Text, primary_key=True, comment="departements|regions|epci"),
    Column("code", Text, primary_key=True),
    Column(
        "border_3857", Geometry("MULTILINESTRING", srid=3857, spatial_index=False), nullable=False
    ),
    Column("geography", Text, primary_key=True),
    Index("ix_area_border_3857", "border_3857", postgresql_using="gist"),
    schema="tiles",
)

# ------------------------------------------------------------------------------ simulators

# Answers that somebody asked to keep. They hold what was asked: the identifier is the only key.
answer = Table(
    "answer",
    metadata,
    Column("id", Text, primary_key=True, comment="128 random bits, base64url"),
    Column("simulator", Text, nullable=False),
    Column("model", Text, nullable=False),
    Column("body", LargeBinary, nullable=False, comment="the JSON answer, gzip"),
    Column("recorded_at", MOMENT, nullable=False, server_default=NOW),
    schema="simulators",
)
