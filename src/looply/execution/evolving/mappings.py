"""Mappings of a state that are small, because the limits of open work bound them."""

from collections.abc import Mapping
from typing import TypeVar

Key = TypeVar("Key", int, str)
Entry = TypeVar("Entry")


def without(entries: Mapping[Key, Entry], key: Key) -> Mapping[Key, Entry]:
    """Returns a mapping without one key; the same mapping when it does not have the key."""
    if key not in entries:
        return entries
    left = dict(entries)
    del left[key]
    return left
