"""The steps that make the schema of a store, numbered from 1.

Step 1 is the base: the folder `0001_base` with one file per subject, in which each table, view and function is defined
once. A release that changes the schema adds one file, such as `0002_invoices.sql`; what was released is never edited.
"""

from collections.abc import Iterator, Mapping
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Final

from looply.errors import SchemaMismatch

_ENDING: Final = ".sql"


def read_steps(package: str) -> dict[int, str]:
    """Returns the SQL of each step in the folder `schema` of a package, by its number, in their order."""
    folder = files(package).joinpath("schema")
    return {int(entry.name[:4]): _text(entry) for entry in _in_order(folder)}


def missing_steps(steps: Mapping[int, str], stored: int, store: str) -> dict[int, str]:
    """Returns those of the steps that a schema lacks; `stored` is its number, `store` names it.

    Raises: SchemaMismatch.
    """
    if stored > (newest := max(steps)):
        message = f"{store} has schema {stored}, this release knows {newest}; start the release that wrote it"
        raise SchemaMismatch(f"{message}, or a newer one")
    return {number: step for number, step in steps.items() if number > stored}


def _text(entry: Traversable) -> str:
    if entry.is_file():
        return entry.read_text("utf-8")
    return "\n".join(file.read_text("utf-8") for file in _in_order(entry) if file.name.endswith(_ENDING))


def _in_order(folder: Traversable) -> Iterator[Traversable]:
    yield from sorted(folder.iterdir(), key=lambda entry: entry.name)
