"""Opening a stored catalog: integrity check, schema revision and migrations.

Alembic is imported for migrations only: an up-to-date catalog is opened without it, which saves start-up time.
"""

import sqlite3
from pathlib import Path

from sqlalchemy import Connection, inspect, text

from looply.catalog.storage import sums
from looply.errors import SchemaMismatch, StoreCorrupt

REVISIONS = ("0001",)
"""Every released schema revision, oldest first: the first is the base, the last is the current one."""

HEAD = REVISIONS[-1]

_MIGRATIONS = Path(__file__).parent / "migrations"
_VERSION_TABLE = "alembic_version"


def read_revision(connection: Connection) -> str | None:
    """Returns the schema revision of the stored tables, None for an empty database.

    Raises: SchemaMismatch when a newer release wrote them, or when they are not a catalog.
    """
    names = inspect(connection).get_table_names()
    if not names:
        return None
    if _VERSION_TABLE not in names:
        raise SchemaMismatch("the catalog's database has tables of another application; use another database")
    revision: str | None = connection.execute(text("SELECT version_num FROM alembic_version")).scalar()
    if revision is not None and revision not in REVISIONS:
        raise SchemaMismatch(
            f"the catalog has revision {revision}, this release knows up to {HEAD}: a newer release wrote it; "
            "run that release, or restore the backup that was made before the upgrade"
        )
    return revision


def upgrade(connection: Connection) -> None:
    """Verifies a file and upgrades its tables to the current form, atomically in the transaction of `connection`.

    A catalog over `sums.LARGEST_BYTES` is not verified; one whose sums were deleted by hand is accepted as it is.
    Raises: StoreCorrupt when its content does not match the sums; SchemaMismatch as `read_revision`.
    """
    file = driver_connection(connection)
    if damage := sums.find_damage_at_start(file):
        raise StoreCorrupt(f"the catalog is damaged: {'; '.join(damage)}; restore it from a backup")
    if read_revision(connection) != HEAD:
        sums.drop_triggers(file)
        migrate(connection)
        sums.store_sums(file)
    elif sums.has_no_sums(file):
        sums.store_sums(file)


def driver_connection(connection: Connection) -> sqlite3.Connection:
    """Returns the connection of the driver, which is in the same transaction."""
    file = connection.connection.driver_connection
    assert isinstance(file, sqlite3.Connection)
    return file


def migrate(connection: Connection) -> None:
    """Runs the missing migrations in the transaction of `connection`."""
    from alembic import command  # noqa: PLC0415 - slow import: only migrations need Alembic
    from alembic.config import Config  # noqa: PLC0415 - slow import: only migrations need Alembic

    config = Config()
    config.set_main_option("script_location", str(_MIGRATIONS).replace("%", "%%"))
    config.attributes["connection"] = connection
    command.upgrade(config, "head")
