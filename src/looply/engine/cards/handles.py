"""The handles of copies: a channel's own JSON, of which the engine reads only the ids of messages, in the member `a`.

Several messages may show one copy: when the answer of a first send was lost, the card is sent again, and the first
message may turn up later. Its id is joined with the others, so that each message gets every later look of the card.
"""

from collections.abc import Mapping
from typing import Final

from looply.jsontext import Json, encode_json, parse_stored

_IDS: Final = "a"


def message_ids(handle: str) -> tuple[str, ...]:
    """Returns the ids of the messages of a handle; none when it is empty, or not in the form of handles."""
    return _ids_of(_read(handle))


def is_handle(handle: str) -> bool:
    """Returns whether a text is a handle: a JSON object whose `a`, if there is one, is a list of texts."""
    value = _read(handle)
    return value is not None and len(_ids_of(value)) == len(_list_of(value))


def join_handles(newer: str, stored: str, known: str = "") -> str:
    """Returns the newer handle with those ids of the stored one that are not in `known`.

    `known` is the handle from which the newer one was made: an id that it has and the newer one lacks is gone.
    """
    value, others = _read(newer), _ids_of(_read(stored))
    if value is None:
        return stored
    gone, own = _ids_of(_read(known)), _ids_of(value)
    learned = [one for one in others if one not in gone and one not in own]
    return encode_json({**value, _IDS: [*own, *learned]}).decode() if learned else newer


def _read(handle: str) -> Mapping[str, Json] | None:
    if not handle:
        return None
    try:
        value = parse_stored(handle.encode())
    except ValueError:
        return None
    return value if isinstance(value, dict) else None


def _list_of(value: Mapping[str, Json] | None) -> list[Json]:
    ids = value.get(_IDS, []) if value is not None else []
    return ids if isinstance(ids, list) else [ids]


def _ids_of(value: Mapping[str, Json] | None) -> tuple[str, ...]:
    return tuple(one for one in _list_of(value) if isinstance(one, str))
