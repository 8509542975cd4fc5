"""Other releases to upgrade to: copies of this tree with another version, which may change tables.

Such a release marks its data with its version. It represents any release that may run beside this one.
"""

import re
import shutil
from dataclasses import dataclass
from pathlib import Path
from typing import Final

TREE: Final = Path(__file__).parents[3] / "src" / "looply"
NEXT: Final = ".post1"

_VERSION: Final = re.compile(r'__version__ = "([^"]+)"')
_REVISIONS: Final = re.compile(r"^REVISIONS = \((.*)\)$", re.MULTILINE)
_REVISION: Final = re.compile(r'"(\d+)"')

_MORE_TABLES: Final = """
-- What a release may do to tables while processes of the one before work: columns with a default, a table, an index.
DO $$
DECLARE name text;
BEGIN
  IF to_regclass('public.ends_upgrades') IS NOT NULL THEN
    ALTER TABLE effect ADD COLUMN of_the_next integer NOT NULL DEFAULT 0;
    PERFORM pg_terminate_backend(pg_backend_pid());
  END IF;
  FOR name IN SELECT c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname = 'looply' AND c.relkind IN ('r', 'p') AND NOT c.relispartition ORDER BY c.relname
  LOOP
    EXECUTE format('ALTER TABLE %I ADD COLUMN of_the_next integer NOT NULL DEFAULT 0', name);
  END LOOP;
END $$;
CREATE TABLE of_the_next(n integer PRIMARY KEY);
CREATE INDEX effect_of_the_next ON effect(of_the_next);
"""
_MORE_TABLES_OF_A_FOLDER: Final = """
ALTER TABLE execution ADD COLUMN of_the_next INT NOT NULL DEFAULT 0;
ALTER TABLE effect ADD COLUMN of_the_next INT NOT NULL DEFAULT 0;
ALTER TABLE decision ADD COLUMN of_the_next INT NOT NULL DEFAULT 0;
CREATE TABLE of_the_next(n INTEGER PRIMARY KEY) STRICT;
CREATE INDEX effect_of_the_next ON effect(of_the_next);
"""
_MORE_CATALOG: Final = '''
import sqlalchemy as sa
from alembic import op

revision = "{revision}"
down_revision = "{before}"
branch_labels = None
depends_on = None


def upgrade() -> None:
    """Adds a column with a default to what every call reads."""
    for name in ("api_keys", "workflow_versions", "bulks"):
        op.add_column(name, sa.Column("of_the_next", sa.Integer(), nullable=False, server_default="0"))
'''


@dataclass(frozen=True)
class Release:
    """A copy of this tree: its version, and its environment."""

    version: str
    environment: dict[str, str]


def next_release(folder: Path, *, has_more_tables: bool = False) -> Release:
    """Makes a copy of this tree with another version, and a step further in the schemas when it `has_more_tables`.

    On PostgreSQL its upgrade ends midway, with its session, while there is a table `public.ends_upgrades`.
    """
    tree = folder / "looply"
    shutil.copytree(TREE, tree, ignore=shutil.ignore_patterns("__pycache__"))
    file = tree / "__init__.py"
    text = file.read_text(encoding="utf-8")
    found = _VERSION.search(text)
    assert found, file
    version = found[1] + NEXT
    file.write_text(text.replace(found[0], f'__version__ = "{version}"'), encoding="utf-8")
    if has_more_tables:
        _add_tables(tree)
    return Release(version, {"PYTHONPATH": str(folder)})


def _add_tables(tree: Path) -> None:
    for store, statements in (("postgres", _MORE_TABLES), ("sqlite", _MORE_TABLES_OF_A_FOLDER)):
        schema = tree / "engine" / store / "schema"
        newest = max(int(path.name[:4]) for path in schema.iterdir())
        (schema / f"{newest + 1:04}_next.sql").write_text(statements, encoding="utf-8")
    storage = tree / "catalog" / "storage"
    file = storage / "schema.py"
    text = file.read_text(encoding="utf-8")
    found = _REVISIONS.search(text)
    assert found, file
    known = _REVISION.findall(found[1])
    before, revision = known[-1], f"{int(known[-1]) + 1:04}"
    listed = ", ".join(f'"{each}"' for each in (*known, revision))
    file.write_text(text.replace(found[0], f"REVISIONS = ({listed})"), encoding="utf-8")
    versions = storage / "migrations" / "versions"
    migration = _MORE_CATALOG.format(revision=revision, before=before)
    (versions / f"v{revision}_next.py").write_text(f'"""The next release."""\n{migration}', encoding="utf-8")
