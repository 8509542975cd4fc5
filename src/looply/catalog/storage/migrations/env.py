"""Runs migrations on the connection, and in the transaction, of `looply.catalog.storage.schema.upgrade`."""

from alembic import context

from looply.catalog.storage.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
