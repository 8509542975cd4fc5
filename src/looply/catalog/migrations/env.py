"""Runs migrations on the connection, and in the transaction, that `looply.catalog.schema.upgrade` hands over."""

from alembic import context

from looply.catalog.tables import metadata

context.configure(connection=context.config.attributes["connection"], target_metadata=metadata, transactional_ddl=True)
with context.begin_transaction():
    context.run_migrations()
