"""Names of API keys and people, for people: logs and lists have the ids of those who made a call."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from looply.cli.terminal.client import ApiClient
from looply.cli.terminal.failures import ApiRefused


class KeyNames:
    """The names beside the ids in an answer; else those of the keys of a server, read when an unknown id first occurs.

    An id stays as it is where this key may not list keys, and where it is that of no key.
    """

    def __init__(self, client: ApiClient) -> None:
        self._client = client
        self._names: dict[str, str] = {}

    async def replace_ids(self, items: Sequence[Mapping[str, Any]], *fields: str) -> list[dict[str, Any]]:
        """Returns the objects with names in place of the ids of keys in these fields."""
        for item in items:
            self._names |= {item[field]: item[f"{field}_name"] for field in fields if f"{field}_name" in item}
        await self._read(str(item[field]) for item in items for field in fields if item.get(field))
        return [{**item, **{field: self._name(item[field]) for field in fields if field in item}} for item in items]

    def _name(self, value: Any) -> Any:
        return self._names.get(value) or value if isinstance(value, str) else value

    async def _read(self, ids: Iterable[str]) -> None:
        unknown = [each for each in ids if each not in self._names and _is_id(each)]
        if not unknown:
            return
        self._names |= dict.fromkeys(unknown, "")
        try:
            keys = await self._client.items("getKeys")
        except ApiRefused:
            return
        self._names |= {key["key_id"]: key["name"] for key in keys}


def _is_id(text: str) -> bool:
    try:
        UUID(text)
    except ValueError:
        return False
    return True
