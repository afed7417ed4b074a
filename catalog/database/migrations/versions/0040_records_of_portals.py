"""Records: what portals publish about datasets and services, with their search."""

from collections.abc import Sequence

import sqlalchemy as sa
from alembic import op
from geoalchemy2 import Geometry
from sqlalchemy.dialects.postgresql import ARRAY, JSONB, TSVECTOR

revision: str = "0040"
down_revision: str | None = "0036"
branch_labels: str | Sequence[str] | None = None
depends_on: str | Sequence[str] | None = None

MOMENT = sa.DateTime(timezone=True)
NOW = sa.text("now()")


def upgrade() -> None:
    _words()
    _tables()
    op.execute(
        "create trigger append_only before update or delete or truncate on catalog.record_version "
        "for each statement execute function catalog.refuse_change()"
    )


def _words() -> None:
    """Words without accents: French stems, and the words themselves for names and other tongues."""
    for name, parent, stem in (("french", "french", "french_stem"), ("plain", "simple", "simple")):
        op.execute(f"create text search configuration catalog.{name} (copy = pg_catalog.{parent})")
        op.execute(
            f"alter text search configuration catalog.{name} "
            "alter mapping for hword, hword_part, word, asciihword, hword_asciipart, asciiword "
            f"with public.unaccent, pg_catalog.{stem}"
        )


def _tables() -> None:
    op.create_table(
        "record",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), comment="stable hub id"),
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("remote_id", sa.Text(), nullable=False, comment="the portal's own id, as of now"),
        sa.Column("type", sa.Text(), nullable=False, comment="dataset|service"),
        sa.Column("title", sa.Text(), nullable=False),
        sa.Column("description", sa.Text(), comment="plain text; null: none published"),
        sa.Column("keywords", ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("themes", ARRAY(sa.Text()), server_default=sa.text("'{}'"), nullable=False),
        sa.Column("publisher", sa.Text()),
        sa.Column("licence", sa.Text()),
        sa.Column("language", sa.Text(), comment="two letters where it could be read"),
        sa.Column("landing_page", sa.Text()),
        sa.Column("distributions", JSONB(), server_default=sa.text("'[]'"), nullable=False),
        sa.Column(
            "extent",
            Geometry("POLYGON", srid=4326, spatial_index=False),
            comment="null: unknown",
        ),
        sa.Column("temporal_start", sa.Date()),
        sa.Column("temporal_end", sa.Date()),
        sa.Column("source_created", MOMENT, comment="as the portal says"),
        sa.Column("source_updated", MOMENT, comment="as the portal says"),
        sa.Column(
            "group_id", sa.BigInteger(), nullable=False, comment="smallest id among its duplicates"
        ),
        sa.Column("fingerprint", sa.Text(), nullable=False),
        sa.Column("evidence_id", sa.BigInteger(), nullable=False),
        sa.Column("page_sha256", sa.Text(), nullable=False, comment="the raw answer that holds it"),
        sa.Column("first_seen", MOMENT, server_default=NOW, nullable=False),
        sa.Column("observed_at", MOMENT, nullable=False, comment="when it last said something new"),
        sa.Column("orphan_since", MOMENT, comment="missing from whole readings since; null: there"),
        sa.Column("withdrawn_at", MOMENT, comment="missing for too long; null: published"),
        sa.Column("words", TSVECTOR(), nullable=False),
        sa.CheckConstraint("type in ('dataset', 'service')", name="ck_record_type_known"),
        sa.ForeignKeyConstraint(["source_id"], ["catalog.source.id"], name="fk_record_source_id"),
        sa.ForeignKeyConstraint(
            ["evidence_id"], ["catalog.evidence.id"], name="fk_record_evidence_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_record"),
        sa.UniqueConstraint("source_id", "remote_id", name="uq_record_source_id_remote_id"),
        schema="catalog",
    )
    for name, column, using in (
        ("words", "words", "gin"),
        ("extent", "extent", "gist"),
        ("keywords", "keywords", "gin"),
        ("group_id", "group_id", "btree"),
    ):
        op.create_index(
            f"ix_record_{name}", "record", [column], schema="catalog", postgresql_using=using
        )
    op.create_table(
        "record_alias",
        sa.Column("source_id", sa.Text(), nullable=False),
        sa.Column("name", sa.Text(), nullable=False, comment="remote id, DOI, URI, landing page"),
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.Column("recorded_at", MOMENT, server_default=NOW, nullable=False),
        sa.ForeignKeyConstraint(
            ["record_id"], ["catalog.record.id"], name="fk_record_alias_record_id"
        ),
        sa.PrimaryKeyConstraint("source_id", "name", name="pk_record_alias"),
        schema="catalog",
    )
    op.create_index("ix_record_alias_record_id", "record_alias", ["record_id"], schema="catalog")
    op.create_table(
        "record_key",
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.Column("key", sa.Text(), nullable=False, comment="doi:, uri:, page:, same:"),
        sa.ForeignKeyConstraint(
            ["record_id"], ["catalog.record.id"], name="fk_record_key_record_id"
        ),
        sa.PrimaryKeyConstraint("record_id", "key", name="pk_record_key"),
        schema="catalog",
    )
    op.create_index("ix_record_key_key", "record_key", ["key"], schema="catalog")
    op.create_table(
        "record_version",
        sa.Column("id", sa.BigInteger(), sa.Identity(always=False), nullable=False),
        sa.Column("record_id", sa.BigInteger(), nullable=False),
        sa.Column(
            "event",
            sa.Text(),
            nullable=False,
            comment="new|changed|renamed|orphan|withdrawn|back",
        ),
        sa.Column("fields", JSONB(), comment="null: nothing was said, it is missing"),
        sa.Column("evidence_id", sa.BigInteger(), nullable=False),
        sa.Column("observed_at", MOMENT, nullable=False),
        sa.Column("recorded_at", MOMENT, server_default=NOW, nullable=False),
        sa.ForeignKeyConstraint(
            ["evidence_id"], ["catalog.evidence.id"], name="fk_record_version_evidence_id"
        ),
        sa.PrimaryKeyConstraint("id", name="pk_record_version"),
        schema="catalog",
    )
    op.create_index(
        "ix_record_version_record_id", "record_version", ["record_id"], schema="catalog"
    )
