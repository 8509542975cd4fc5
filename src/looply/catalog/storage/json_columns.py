"""Columns of JSON texts, and the placeholder for a text that cannot be read."""

from typing import NamedTuple

from sqlalchemy import Dialect, Text, TypeDecorator

from looply.jsontext import Json, encode_stored, parse_stored


class Unreadable(NamedTuple):
    """Placeholder for a JSON value whose stored text cannot be read. It is never stored."""

    reason: str


class JsonText(TypeDecorator[Json]):
    """A JSON value as text: preserves key order and integers of any size, which the databases' own types do not.

    A text that cannot be read becomes `Unreadable`, so that one damaged row does not make a whole list fail.
    """

    impl = Text
    cache_ok = True

    def process_bind_param(self, value: Json, dialect: Dialect) -> str:  # noqa: ARG002
        """Returns the compact JSON text of the value; None is `null`, never an SQL NULL.

        Raises: ValueError for a value that could not be read back.
        """
        if isinstance(value, Unreadable):
            raise ValueError(f"it is a placeholder for a value that cannot be read: {value.reason}")
        return encode_stored(value).decode()

    def process_result_value(self, value: str | None, dialect: Dialect) -> Json:  # noqa: ARG002
        """Returns the value of the stored text, exactly as it was given, or `Unreadable`."""
        try:
            return None if value is None else parse_stored(value.encode())
        except ValueError as error:
            return Unreadable(str(error))
