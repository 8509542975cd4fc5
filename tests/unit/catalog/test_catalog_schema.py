from pathlib import Path

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import text
from sqlalchemy.dialects import postgresql
from sqlalchemy.schema import CreateIndex, CreateTable

from looply.catalog.storage import schema
from looply.catalog.storage.database import CatalogDatabase
from looply.catalog.storage.sqlite import SqliteFile, sqlite_engine
from looply.catalog.storage.tables import metadata
from looply.errors import SchemaMismatch


def _schema_text(connection):
    rows = connection.execute(text("SELECT name, sql FROM sqlite_master WHERE sql IS NOT NULL"))
    return {name: " ".join(sql.split()) for name, sql in rows if name != "alembic_version"}


def _parts(sql):
    """The definitions inside a CREATE statement, as a set."""
    return sorted(part.strip(" ,()") for part in sql.replace(", ", ",\n").splitlines())


def test_the_migrations_give_exactly_the_tables_of_the_metadata(empty_catalog: Path, tmp_path: Path) -> None:
    migrated, made = sqlite_engine(empty_catalog), sqlite_engine(tmp_path / "made.db")
    with migrated.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)
        migrated_text = _schema_text(connection)
    with made.begin() as connection:
        metadata.create_all(connection)
        made_text = _schema_text(connection)
    migrated.dispose()
    made.dispose()

    assert differences == []
    assert migrated_text.keys() == made_text.keys()
    assert {name: _parts(sql) for name, sql in migrated_text.items()} == {
        name: _parts(sql) for name, sql in made_text.items()
    }


def test_the_list_of_revisions_is_that_of_the_migrations() -> None:
    scripts = ScriptDirectory(str(Path(schema.__file__).parent / "migrations"))

    assert [script.revision for script in reversed(list(scripts.walk_revisions()))] == list(schema.REVISIONS)
    assert scripts.get_heads() == [schema.HEAD]


def test_the_tables_can_be_written_for_postgresql_too() -> None:
    dialect = postgresql.dialect()
    for table in metadata.sorted_tables:
        assert str(CreateTable(table).compile(dialect=dialect))
        for index in table.indexes:
            assert str(CreateIndex(index).compile(dialect=dialect))


def test_no_name_is_too_long_for_postgresql() -> None:
    names = [index.name for table in metadata.tables.values() for index in table.indexes]
    names += [constraint.name for table in metadata.tables.values() for constraint in table.constraints]

    assert all(len(str(name)) <= 63 for name in names)


async def test_upgrading_twice_changes_nothing(database: CatalogDatabase) -> None:
    before = await database.read(_schema_text)
    await database.write(schema.upgrade)

    assert await database.read(_schema_text) == before
    assert await database.read(schema.read_revision) == schema.HEAD


async def test_a_catalog_of_a_newer_release_is_not_opened(open_catalog, database: CatalogDatabase, path: Path) -> None:
    await database.write(lambda connection: connection.execute(text("UPDATE alembic_version SET version_num = '9999'")))

    with pytest.raises(SchemaMismatch, match="9999"):
        await open_catalog(path)


async def test_a_database_of_another_application_is_not_touched(open_catalog, tmp_path: Path) -> None:
    path = tmp_path / "other.db"
    engine = sqlite_engine(path)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE invoices (number INTEGER)"))
    engine.dispose()

    with pytest.raises(SchemaMismatch, match="tables of another application"):
        await open_catalog(path)


async def test_an_upgrade_that_is_rolled_back_leaves_nothing(tmp_path: Path) -> None:
    database = CatalogDatabase(SqliteFile(tmp_path / "catalog.db"))

    def interrupted(connection):
        schema.upgrade(connection)
        raise SchemaMismatch("interrupted")

    with pytest.raises(SchemaMismatch):
        await database.write(interrupted)

    assert await database.read(schema.read_revision) is None
    await database.close()
