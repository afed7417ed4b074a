"""What Alembic runs for each upgrade: on the connection and in the transaction that
`catalog.database.migrate` opened, which hold the lock and the refusals."""

from alembic import context

from catalog.database.migrate import VERSION_TABLE

connection = context.config.attributes.get("connection")
if connection is None:
    raise SystemExit("Migrate with `guichet migrate`, not with `alembic`.")
context.configure(connection=connection, transaction_per_migration=False, **VERSION_TABLE)
context.run_migrations()
