"""Errors of JSON Schema validation as problems for authors: which value, what is wrong, what to do."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, TypeAlias

import jsonschema_rs

from looply.definition.values.pointer import join_pointer
from looply.errors import Problem, did_you_mean
from looply.jsontext import Json, encode_json

_TYPE_WORDS: Final[Mapping[str, str]] = {
    "object": "an object",
    "array": "a list",
    "string": "a text",
    "integer": "a whole number",
    "number": "a number",
    "boolean": "true or false",
    "null": "null",
}
_SHOWN = 60
_LISTED = 24
_SUGGESTED = 1000
_Kind: TypeAlias = Any
"""One of the nested classes of `jsonschema_rs.ValidationErrorKind`, whose fields depend on the keyword."""


def quote_value(value: Json) -> str:
    """Returns a value as short JSON text for a message."""
    text = encode_json(value).decode()
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def type_word(value: Json) -> str:
    """Returns the type of a JSON value in words, with its article."""
    match value:
        case None:
            return "null"
        case bool():
            return "true or false"
        case str():
            return "a text"
        case list():
            return "a list"
        case dict():
            return "an object"
        case _:
            return "a number"


def problems_of_error(
    error: jsonschema_rs.ValidationError, base: str, schema: Json, patterns: Mapping[str, str] | None = None
) -> Iterator[Problem]:
    """Yields the problems of one validation error: which value, what is wrong, what was expected.

    Args: `base` is the pointer of the value in the author's document; `schema` is the schema as plain JSON, for
    suggestions of known fields; `patterns` maps regular expressions to descriptions.
    """
    return _Reader(base, schema, patterns or {}).problems_of(error)


class _Reader:
    """Converts the errors of one validation into problems."""

    def __init__(self, base: str, schema: Json, patterns: Mapping[str, str]) -> None:
        self._base = base
        self._schema = schema
        self._patterns = patterns

    def problems_of(self, error: jsonschema_rs.ValidationError) -> Iterator[Problem]:
        path = join_pointer(self._base, *error.instance_path)
        kind: _Kind = error.kind
        match kind.name:
            case "additionalProperties":
                known = self._known_fields(error)
                for name in kind.unexpected:
                    hint = did_you_mean(name, known) or (f"known fields are {_join_words(known)}" if known else "")
                    yield Problem(path=join_pointer(path, name), message=f"unknown field {name!r}", hint=hint)
            case "anyOf":
                yield from self._alternatives(error, kind.context)
            case "enum":
                options = [option for option in kind.options if isinstance(option, str)]
                hint = ""
                if isinstance(error.instance, str) and len(error.instance) <= _SHOWN and len(options) <= _SUGGESTED:
                    hint = did_you_mean(error.instance, options)
                listed = "known here" if hint else _list_options(kind.options)
                yield Problem(path=path, message=f"{quote_value(error.instance)} is not {listed}", hint=hint)
            case "pattern":
                expected = self._patterns.get(kind.pattern, f"a text that matches {kind.pattern}")
                yield Problem(path=path, message=f"{quote_value(error.instance)} is not {expected}")
            case name:
                yield Problem(path=path, message=_MESSAGES.get(name, _own_message)(error, kind))

    def _alternatives(
        self, error: jsonschema_rs.ValidationError, context: list[list[jsonschema_rs.ValidationError]]
    ) -> Iterator[Problem]:
        """Yields the problems of the most probable alternative, or one problem when none has this type."""
        of_this_type = [found for found in context if not any(_is_type_error(error, item) for item in found)]
        if of_this_type:
            for item in min(of_this_type, key=lambda found: (_has_other_tag(error, found), len(found))):
                yield from self.problems_of(item)
            return
        expected = dict.fromkeys(word for found in context for item in found for word in _expected_types(item))
        message = f"must be {_join_words(expected, 'or')}, not {type_word(error.instance)}"
        yield Problem(path=join_pointer(self._base, *error.instance_path), message=message)

    def _known_fields(self, error: jsonschema_rs.ValidationError) -> tuple[str, ...]:
        schema = self._schema
        for part in error.schema_path[:-1]:
            schema = schema[part] if schema is not None else None
        return tuple(schema.get("properties", {})) if isinstance(schema, dict) else ()


def _is_type_error(outer: jsonschema_rs.ValidationError, inner: jsonschema_rs.ValidationError) -> bool:
    return inner.kind.name == "type" and inner.instance_path == outer.instance_path


def _has_other_tag(outer: jsonschema_rs.ValidationError, errors: list[jsonschema_rs.ValidationError]) -> bool:
    """Returns whether a member such as `type` says that another alternative is meant."""
    return any(item.kind.name == "enum" and len(item.instance_path) > len(outer.instance_path) for item in errors)


def _expected_types(error: jsonschema_rs.ValidationError) -> list[str]:
    kind: _Kind = error.kind
    return [_TYPE_WORDS[name] for name in kind.types] if kind.name == "type" else []


def _join_words(words: Iterable[str], conjunction: str = "and") -> str:
    *head, last = words
    return f"{', '.join(head)} {conjunction} {last}" if head else last


def _list_options(options: list[Json]) -> str:
    if len(options) > _LISTED:
        return f"one of the {len(options)} allowed values"
    return f"one of {_join_words(map(quote_value, options), 'or')}"


def _own_message(error: jsonschema_rs.ValidationError, _: _Kind) -> str:
    text = error.message
    return text if len(text) <= 3 * _SHOWN else f"{text[: 3 * _SHOWN]}..."


def _wrong_type(error: jsonschema_rs.ValidationError, _: _Kind) -> str:
    return f"must be {_join_words(_expected_types(error), 'or')}, not {type_word(error.instance)}"


def _size(error: jsonschema_rs.ValidationError) -> int:
    value: Any = error.instance
    return len(value)


def _too_short(_: jsonschema_rs.ValidationError, kind: _Kind) -> str:
    return "must not be empty" if kind.limit == 1 else f"must have at least {kind.limit} characters"


def _too_few(_: jsonschema_rs.ValidationError, kind: _Kind) -> str:
    return "must not be empty" if kind.limit == 1 else f"must have at least {kind.limit} items"


_MESSAGES: Final[Mapping[str, Callable[[jsonschema_rs.ValidationError, _Kind], str]]] = {
    "required": lambda _, kind: f"the field {kind.property!r} is missing",
    "type": _wrong_type,
    "minLength": _too_short,
    "minItems": _too_few,
    "maxLength": lambda error, kind: f"has {_size(error)} characters; at most {kind.limit} are allowed",
    "maxItems": lambda error, kind: f"has {_size(error)} items; at most {kind.limit} are allowed",
    "minimum": lambda error, kind: f"{quote_value(error.instance)} is less than {kind.limit}",
    "maximum": lambda error, kind: f"{quote_value(error.instance)} is more than {kind.limit}",
    "not": lambda _error, _kind: "is none of the forms that the schema allows",
    "uniqueItems": lambda _error, _kind: "has an item twice",
}
