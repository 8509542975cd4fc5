"""Verification of a whole catalog: damaged records, and breaks in the chains of the audit log."""

from sqlalchemy import Connection

from looply.catalog.storage.damage import find_damaged_rows
from looply.catalog.trail.audit import find_breaks


def find_problems(connection: Connection) -> list[str]:
    """Returns a line for each damaged record and each break in an audit, none for an intact catalog. Reads it all."""
    return [*find_damaged_rows(connection), *find_breaks(connection)]
