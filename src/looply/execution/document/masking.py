"""Masking of values that are marked secret, and of tokens, which would let a reader answer."""

import re
from collections.abc import Iterable, Iterator
from typing import Final

from looply.definition.values.pointer import split_pointer
from looply.execution.facts.address import parse_token
from looply.execution.facts.events import ExecutionStarted
from looply.jsontext import Json, encode_json, parse_stored

MASK: Final = "***"
"""Replaces a value that readers must not see."""

# A token has 32 bytes and an address of at least three characters: 48 characters of base64url or more.
_LEAST: Final = 48
_MAY_BE_TOKEN: Final = re.compile(rf"(?<![A-Za-z0-9_-])[A-Za-z0-9_-]{{{_LEAST},}}")
_BYTES_OF_ONE: Final = re.compile(_MAY_BE_TOKEN.pattern.encode())
_CHARACTERS: Final = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789_-"
_ALIKE: Final = bytes.maketrans(_CHARACTERS, b"x" * len(_CHARACTERS))


def mask(value: Json, paths: Iterable[tuple[str, ...]]) -> Json:
    """Returns the value with `***` at each path; only the containers on a path are copied.

    Letter case of names is ignored, as in header names. A path that leads into a text hides the whole text, because
    its parts are unknown. A path that leads nowhere changes nothing.
    """
    for path in paths:
        value = _mask(value, path)
    return value


def find_hidden_values(value: Json, path: tuple[str, ...]) -> Iterator[Json]:
    """Yields the values that `mask` hides at a path."""
    if not path or isinstance(value, str):
        yield value
        return
    name, rest = path[0], path[1:]
    if isinstance(value, dict):
        folded = name.casefold()
        found = [item for key, item in value.items() if key.casefold() == folded]
    elif isinstance(value, list):
        found = [item for index, item in enumerate(value) if str(index) == name]
    else:
        found = []
    for item in found:
        yield from find_hidden_values(item, rest)


def mask_pointers(value: Json, pointers: Iterable[str], field: str) -> Json:
    """Returns the value of an event's `field` with `***` wherever the event's `secret` pointers lead into it."""
    paths = [split_pointer(pointer) for pointer in pointers]
    return mask(value, [path[1:] for path in paths if path and path[0] == field])


def mask_body(started: ExecutionStarted) -> Json:
    """Returns the caller's body with `***` wherever the start step's `secret` pointers lead into it."""
    return mask_input(started.body, started.secret)


def mask_input(body: Json, secret: Iterable[str]) -> Json:
    """Returns a caller's body with `***` wherever pointers of a start step lead into it."""
    if isinstance(body, dict):
        return mask_pointers(body, secret, "output")
    return mask_pointers({"body": body}, secret, "output")["body"]


def without_tokens(text: str) -> str:
    """Returns the text with `***` in place of every wait token and card token in it."""
    return _MAY_BE_TOKEN.sub(lambda found: MASK if parse_token(found[0]) is not None else found[0], text)


def without_tokens_in(value: Json) -> Json:
    """Returns a JSON value with `***` in place of every token in its texts and names.

    Takes time in proportion to the value's JSON text, however many parts it has. A value without tokens is not copied.
    """
    text = encode_json(value)
    # Candidates for tokens are rare; this check takes a hundredth of the time of a walk.
    if b"x" * _LEAST not in text.translate(_ALIKE):
        return value
    shown = _BYTES_OF_ONE.sub(lambda found: _shown(found[0]), text)
    return parse_stored(shown) if shown != text else value


def _shown(run: bytes) -> bytes:
    return MASK.encode() if parse_token(run.decode()) is not None else run


def _mask(value: Json, path: tuple[str, ...]) -> Json:
    if not path or isinstance(value, str):
        return MASK
    name, rest = path[0], path[1:]
    if isinstance(value, dict):
        folded = name.casefold()
        return {key: _mask(item, rest) if key.casefold() == folded else item for key, item in value.items()}
    if isinstance(value, list):
        return [_mask(item, rest) if str(index) == name else item for index, item in enumerate(value)]
    return value
