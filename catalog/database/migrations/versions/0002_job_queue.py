"""The job queue: procrastinate's own tables, in a PostgreSQL schema of their own.

The text is procrastinate 3.10.0's, frozen here so that a database migrated tomorrow has the
shape of one migrated today. A test compares it with the installed version: when that one
changes its schema, procrastinate's own migration becomes a new file here.
"""

from pathlib import Path

from alembic import op

revision = "0002"
down_revision = "0001"
branch_labels = None
depends_on = None

SCHEMA_FILE = Path(__file__).parents[1] / "procrastinate_3_10_0.sql"


def upgrade() -> None:
    op.execute("create schema if not exists procrastinate")
    op.execute("set local search_path to procrastinate, public")
    # Several statements that hold percent signs: the driver itself runs them, unchanged.
    driver = op.get_bind().connection.driver_connection
    if driver is None:
        raise RuntimeError("Alembic gave no connection.")
    driver.execute(SCHEMA_FILE.read_text(encoding="utf-8"))
    op.execute("set local search_path to default")
