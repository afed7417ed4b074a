"""The first shape: territory, offices, observations, status, generations, runs.

Frozen: written by Alembic's autogenerate from `catalog/database/tables.py`, reviewed, and
never edited once released. Later changes are later files.
"""

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects import postgresql

revision = "0001"
down_revision = None
branch_labels = None
depends_on = None

EXTENSIONS = ("postgis", "pg_trgm", "unaccent")
SCHEMAS = ("catalog", "harvest", "tiles")
APPEND_ONLY = ("catalog.observation", "catalog.office_version")


def upgrade() -> None:
    for extension in EXTENSIONS:
        op.execute(f"create extension if not exists {extension} schema public")
    for schema in SCHEMAS:
        op.execute(f"create schema if not exists {schema}")
    _tables()
    _append_only()


def _append_only() -> None:
    """History is the product: no one rewrites it by accident, not even a superuser's script."""
    op.execute(
        """
        create function catalog.refuse_change() returns trigger language plpgsql as $body$
        begin
            raise exception '%.% is append-only: withdraw by adding a row, never by %',
                tg_table_schema, tg_table_name, lower(tg_op)
                using errcode = 'integrity_constraint_violation';
        end
        $body$
        """
    )
    for table in APPEND_ONLY:
        op.execute(
            f"create trigger append_only before update or delete or truncate on {table} "
            "for each statement execute function catalog.refuse_change()"
        )


def _tables() -> None:
    op.create_table(
        "epci",
        sa.Column("code", sa.Text(), nullable=False, comment="SIREN"),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("kind", sa.Text(), nullable=False, comment="CC, CA, CU, METRO, MET69..."),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_epci")),
        schema="catalog",
    )
    op.create_table(
        "generation",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("geography", sa.Text(), nullable=False, comment="hash of numbers and geometries"),
        sa.Column(
            "facts", sa.BigInteger(), nullable=False, comment="highest observation id that it holds"
        ),
        sa.Column(
            "started_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "published_at",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="null: being made, or abandoned",
        ),
        sa.Column(
            "files",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
            comment="name: sha256",
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_generation")),
        schema="catalog",
    )
    op.create_table(
        "region",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_region")),
        schema="catalog",
    )
    op.create_table(
        "source",
        sa.Column("id", sa.Text(), nullable=False, comment="slug, as in harvest/sources/*.toml"),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("publisher", sa.Text(), nullable=False),
        sa.Column("licence", sa.Text(), nullable=False),
        sa.Column("licence_url", sa.Text(), nullable=True),
        sa.Column("url", sa.Text(), nullable=False, comment="a page for people"),
        sa.Column("nature", sa.Text(), nullable=False, comment="see catalog.observations.Nature"),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_source")),
        schema="catalog",
    )
    op.create_table(
        "status",
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column("commune_number", sa.Integer(), nullable=False),
        sa.Column("valid_from", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "valid_to",
            sa.DateTime(timezone=True),
            nullable=False,
            comment="'infinity' while it stands",
        ),
        sa.Column("state", sa.SmallInteger(), nullable=False),
        sa.Column(
            "level",
            sa.SmallInteger(),
            nullable=True,
            comment="1..5, also when another body provides; null: none",
        ),
        sa.Column("reason", sa.Text(), nullable=False, comment="catalog.status.Reason"),
        sa.Column("provider", sa.Text(), nullable=True),
        sa.Column("url", sa.Text(), nullable=True),
        sa.Column(
            "observation_id", sa.BigInteger(), nullable=True, comment="the observation that decided"
        ),
        sa.CheckConstraint("state between 0 and 7", name=op.f("ck_status_state_code")),
        sa.PrimaryKeyConstraint("service", "commune_number", "valid_from", name=op.f("pk_status")),
        schema="catalog",
    )
    op.create_index(
        "ix_status_commune", "status", ["commune_number", "service"], unique=False, schema="catalog"
    )
    op.create_table(
        "run",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("release", sa.Text(), nullable=True),
        sa.Column(
            "state",
            sa.Text(),
            nullable=False,
            comment="running|done|partial|held|failed|interrupted",
        ),
        sa.Column(
            "started_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("ended_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column(
            "heartbeat_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "counts",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("message", sa.Text(), nullable=True),
        sa.Column("dry_run", sa.Boolean(), server_default=sa.text("false"), nullable=False),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run")),
        schema="harvest",
    )
    op.create_index(
        "ix_run_source_id", "run", ["source_id", "started_at"], unique=False, schema="harvest"
    )
    op.create_table(
        "departement",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("region_code", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["region_code"], ["catalog.region.code"], name=op.f("fk_departement_region_code")
        ),
        sa.PrimaryKeyConstraint("code", name=op.f("pk_departement")),
        schema="catalog",
    )
    op.create_index(
        op.f("ix_departement_region_code"),
        "departement",
        ["region_code"],
        unique=False,
        schema="catalog",
    )
    op.create_table(
        "evidence",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("release", sa.Text(), nullable=False, comment="the publisher's own version name"),
        sa.Column(
            "published_on", sa.Date(), nullable=False, comment="when the publisher released it"
        ),
        sa.Column(
            "retrieved_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column("sha256", sa.Text(), nullable=False),
        sa.Column("bytes", sa.BigInteger(), nullable=False),
        sa.Column("url", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["source_id"], ["catalog.source.id"], name=op.f("fk_evidence_source_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_evidence")),
        sa.UniqueConstraint(
            "source_id", "release", "sha256", name=op.f("uq_evidence_source_id_release_sha256")
        ),
        schema="catalog",
    )
    op.create_table(
        "rejected",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column("remote_id", sa.Text(), nullable=False),
        sa.Column("field", sa.Text(), nullable=True),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column("value", sa.Text(), nullable=True),
        sa.ForeignKeyConstraint(["run_id"], ["harvest.run.id"], name=op.f("fk_rejected_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_rejected")),
        schema="harvest",
    )
    op.create_index(
        op.f("ix_rejected_run_id"), "rejected", ["run_id"], unique=False, schema="harvest"
    )
    op.create_table(
        "run_event",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("run_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "at", sa.DateTime(timezone=True), server_default=sa.text("now()"), nullable=False
        ),
        sa.Column("level", sa.Text(), nullable=False),
        sa.Column("message", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(["run_id"], ["harvest.run.id"], name=op.f("fk_run_event_run_id")),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_run_event")),
        schema="harvest",
    )
    op.create_index(
        op.f("ix_run_event_run_id"), "run_event", ["run_id"], unique=False, schema="harvest"
    )
    op.create_table(
        "commune",
        sa.Column("number", sa.Integer(), autoincrement=False, nullable=False),
        sa.Column("code", sa.Text(), nullable=False, comment="COG code, current vintage"),
        sa.Column(
            "name", sa.Text(), nullable=False, comment="with its article, as people write it"
        ),
        sa.Column("search_name", sa.Text(), nullable=False, comment="catalog.search.fold(name)"),
        sa.Column("departement_code", sa.Text(), nullable=False),
        sa.Column("region_code", sa.Text(), nullable=False),
        sa.Column("epci_code", sa.Text(), nullable=True),
        sa.Column(
            "population", sa.Integer(), nullable=True, comment="inhabitants; null: not published"
        ),
        sa.Column("siren", sa.Text(), nullable=True),
        sa.Column(
            "postal_codes", sa.ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False
        ),
        sa.Column("timezone", sa.Text(), nullable=False, comment="IANA name"),
        sa.Column(
            "geometry",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
        ),
        sa.Column(
            "geometry_3857",
            Geometry(
                geometry_type="MULTIPOLYGON",
                srid=3857,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
        ),
        sa.Column(
            "centre",
            Geometry(
                geometry_type="POINT",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
            comment="inside it",
        ),
        sa.Column("area_km2", sa.Double(), nullable=True),
        sa.Column("fingerprint", sa.Text(), nullable=False, comment="of the harvested row"),
        sa.Column("valid_from", sa.Date(), nullable=True),
        sa.Column("valid_to", sa.Date(), nullable=True),
        sa.CheckConstraint("number >= 1", name=op.f("ck_commune_number_from_one")),
        sa.ForeignKeyConstraint(
            ["departement_code"],
            ["catalog.departement.code"],
            name=op.f("fk_commune_departement_code"),
        ),
        sa.ForeignKeyConstraint(
            ["epci_code"], ["catalog.epci.code"], name=op.f("fk_commune_epci_code")
        ),
        sa.ForeignKeyConstraint(
            ["region_code"], ["catalog.region.code"], name=op.f("fk_commune_region_code")
        ),
        sa.PrimaryKeyConstraint("number", name=op.f("pk_commune")),
        sa.UniqueConstraint("code", name=op.f("uq_commune_code")),
        schema="catalog",
    )
    op.create_index(
        "ix_commune_departement_code",
        "commune",
        ["departement_code"],
        unique=False,
        schema="catalog",
    )
    op.create_index(
        "ix_commune_epci_code", "commune", ["epci_code"], unique=False, schema="catalog"
    )
    op.create_index(
        "ix_commune_geometry",
        "commune",
        ["geometry"],
        unique=False,
        schema="catalog",
        postgresql_using="gist",
    )
    op.create_index(
        "ix_commune_geometry_3857",
        "commune",
        ["geometry_3857"],
        unique=False,
        schema="catalog",
        postgresql_using="gist",
    )
    op.create_index(
        "ix_commune_postal_codes",
        "commune",
        ["postal_codes"],
        unique=False,
        schema="catalog",
        postgresql_using="gin",
    )
    op.create_index(
        "ix_commune_region_code", "commune", ["region_code"], unique=False, schema="catalog"
    )
    op.create_index(
        "ix_commune_search_name",
        "commune",
        ["search_name"],
        unique=False,
        schema="catalog",
        postgresql_using="gin",
        postgresql_ops={"search_name": "gin_trgm_ops"},
    )
    op.create_table(
        "observation",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column(
            "commune_number",
            sa.Integer(),
            nullable=True,
            comment="null: the statement covers all of France",
        ),
        sa.Column("service", sa.Text(), nullable=False),
        sa.Column(
            "state",
            sa.SmallInteger(),
            nullable=True,
            comment="0..7, catalog.states; null: the source withdrew it",
        ),
        sa.Column(
            "attributes",
            postgresql.JSONB(astext_type=sa.Text()),
            server_default=sa.text("'{}'"),
            nullable=False,
        ),
        sa.Column("url", sa.Text(), nullable=True, comment="where a resident goes"),
        sa.Column(
            "provider",
            sa.Text(),
            nullable=True,
            comment="commune|epci|departement|region|state, or a name",
        ),
        sa.Column("nature", sa.Text(), nullable=False),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("evidence_id", sa.BigInteger(), nullable=False),
        sa.Column("seen", sa.Text(), nullable=False, comment="what was seen, verbatim"),
        sa.Column("observed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "recorded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.Column(
            "valid_until",
            sa.DateTime(timezone=True),
            nullable=True,
            comment="after it the fact decays to unknown; null: never",
        ),
        sa.Column("supersedes", sa.BigInteger(), nullable=True),
        sa.CheckConstraint("state between 0 and 7", name=op.f("ck_observation_state_code")),
        sa.ForeignKeyConstraint(
            ["evidence_id"], ["catalog.evidence.id"], name=op.f("fk_observation_evidence_id")
        ),
        sa.ForeignKeyConstraint(
            ["source_id"], ["catalog.source.id"], name=op.f("fk_observation_source_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_observation")),
        schema="catalog",
    )
    op.create_index(
        "ix_observation_source",
        "observation",
        ["source_id", "commune_number", "service"],
        unique=False,
        schema="catalog",
    )
    op.create_index(
        "ix_observation_subject",
        "observation",
        ["commune_number", "service", "observed_at"],
        unique=False,
        schema="catalog",
    )
    op.create_table(
        "office_version",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("office_id", sa.BigInteger(), nullable=False),
        sa.Column("fields", postgresql.JSONB(astext_type=sa.Text()), nullable=False),
        sa.Column("evidence_id", sa.BigInteger(), nullable=False),
        sa.Column("observed_at", sa.DateTime(timezone=True), nullable=False),
        sa.Column(
            "recorded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["evidence_id"], ["catalog.evidence.id"], name=op.f("fk_office_version_evidence_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_office_version")),
        schema="catalog",
    )
    op.create_index(
        op.f("ix_office_version_office_id"),
        "office_version",
        ["office_id"],
        unique=False,
        schema="catalog",
    )
    op.create_table(
        "former_code",
        sa.Column("code", sa.Text(), nullable=False),
        sa.Column(
            "kind", sa.Text(), nullable=False, comment="merged|delegated|associated|district|sector"
        ),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("search_name", sa.Text(), nullable=False),
        sa.Column("commune_number", sa.Integer(), nullable=False),
        sa.Column(
            "last_seen",
            sa.Date(),
            nullable=True,
            comment="last vintage in which it was a commune; null: unknown",
        ),
        sa.Column(
            "gone_by", sa.Date(), nullable=True, comment="first vintage without it; null: unknown"
        ),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.ForeignKeyConstraint(
            ["commune_number"],
            ["catalog.commune.number"],
            name=op.f("fk_former_code_commune_number"),
        ),
        sa.PrimaryKeyConstraint("code", "kind", name=op.f("pk_former_code")),
        schema="catalog",
    )
    op.create_index(
        "ix_former_code_commune_number",
        "former_code",
        ["commune_number"],
        unique=False,
        schema="catalog",
    )
    op.create_index(
        "ix_former_code_search_name",
        "former_code",
        ["search_name"],
        unique=False,
        schema="catalog",
        postgresql_using="gin",
        postgresql_ops={"search_name": "gin_trgm_ops"},
    )
    op.create_table(
        "office",
        sa.Column(
            "id",
            sa.BigInteger(),
            sa.Identity(always=False),
            nullable=False,
            comment="stable hub id",
        ),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("remote_id", sa.Text(), nullable=False, comment="the source's own id"),
        sa.Column("kind", sa.Text(), nullable=False, comment="mairie|france-services|library|..."),
        sa.Column("name", sa.Text(), nullable=False),
        sa.Column("commune_number", sa.Integer(), nullable=True),
        sa.Column("address", sa.Text(), nullable=True),
        sa.Column("email", sa.Text(), nullable=True),
        sa.Column("phone", sa.Text(), nullable=True),
        sa.Column("website", sa.Text(), nullable=True),
        sa.Column(
            "hours",
            postgresql.JSONB(astext_type=sa.Text()),
            nullable=True,
            comment="geo.opening_hours form; null: unknown",
        ),
        sa.Column(
            "accessibility",
            sa.Text(),
            nullable=True,
            comment="ACC|DEM|NAC as published; null: unknown",
        ),
        sa.Column("accessibility_details", sa.Text(), nullable=True),
        sa.Column("timezone", sa.Text(), nullable=False),
        sa.Column(
            "point",
            Geometry(
                geometry_type="POINT",
                srid=4326,
                dimension=2,
                spatial_index=False,
                from_text="ST_GeomFromEWKT",
                name="geometry",
            ),
            nullable=True,
        ),
        sa.Column("withdrawn_at", sa.DateTime(timezone=True), nullable=True),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("evidence_id", sa.BigInteger(), nullable=False),
        sa.Column("observed_at", sa.DateTime(timezone=True), nullable=False),
        sa.ForeignKeyConstraint(
            ["commune_number"], ["catalog.commune.number"], name=op.f("fk_office_commune_number")
        ),
        sa.ForeignKeyConstraint(
            ["evidence_id"], ["catalog.evidence.id"], name=op.f("fk_office_evidence_id")
        ),
        sa.ForeignKeyConstraint(
            ["source_id"], ["catalog.source.id"], name=op.f("fk_office_source_id")
        ),
        sa.PrimaryKeyConstraint("id", name=op.f("pk_office")),
        sa.UniqueConstraint("source_id", "remote_id", name=op.f("uq_office_source_id_remote_id")),
        schema="catalog",
    )
    op.create_index(
        op.f("ix_office_commune_number"),
        "office",
        ["commune_number"],
        unique=False,
        schema="catalog",
    )
    op.create_index(
        "ix_office_point",
        "office",
        ["point"],
        unique=False,
        schema="catalog",
        postgresql_using="gist",
    )
    op.create_table(
        "office_redirect",
        sa.Column("old_id", sa.BigInteger(), nullable=False),
        sa.Column("new_id", sa.BigInteger(), nullable=False),
        sa.Column("reason", sa.Text(), nullable=False),
        sa.Column(
            "recorded_at",
            sa.DateTime(timezone=True),
            server_default=sa.text("now()"),
            nullable=False,
        ),
        sa.ForeignKeyConstraint(
            ["new_id"], ["catalog.office.id"], name=op.f("fk_office_redirect_new_id")
        ),
        sa.PrimaryKeyConstraint("old_id", name=op.f("pk_office_redirect")),
        schema="catalog",
    )
