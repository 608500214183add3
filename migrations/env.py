"""What Alembic runs first: the caller's connection, inside the caller's transaction."""

from alembic import context

from aggregator.store.migrate import VERSION_TABLE
from aggregator.store.schema import metadata

context.configure(
    connection=context.config.attributes["connection"], target_metadata=metadata, version_table=VERSION_TABLE
)
with context.begin_transaction():
    context.run_migrations()
