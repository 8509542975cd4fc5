"""What is wrong with a catalog as a whole: records that cannot be read, and chains of the audit that are broken."""

from sqlalchemy import Connection

from looply.catalog.storage.damage import find_damaged_rows
from looply.catalog.trail.audit import find_breaks


def find_problems(connection: Connection) -> list[str]:
    """Returns a line for each damaged record and each break in an audit; none for a sound catalog. Reads all of it."""
    return [*find_damaged_rows(connection), *find_breaks(connection)]
