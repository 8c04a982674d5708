"""Alembic runs this for each upgrade; the connection comes from `popcam.storage.migrate`."""

from alembic import context

from popcam.storage.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, render_as_batch=True)
with context.begin_transaction():
    context.run_migrations()
