-- The revision of the schema. No row: a migration was begun and never ended.
select version_num from catalog.alembic_version
