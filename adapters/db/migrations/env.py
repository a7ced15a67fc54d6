"""Runs the revisions on the connection that `adapters.db.migrate` hands over; online only, all of them in one transaction."""

from alembic import context

LOCK_TIMEOUT = "5s"  # a migration that waits for a table's lock makes every statement behind it wait too

connection = context.config.attributes["connection"]
context.configure(
    connection=connection,
    target_metadata=context.config.attributes.get("target_metadata"),
    compare_server_default=True,
    include_schemas=True,
)
with context.begin_transaction():
    connection.exec_driver_sql(f"SET LOCAL lock_timeout = '{LOCK_TIMEOUT}'")
    context.run_migrations()
