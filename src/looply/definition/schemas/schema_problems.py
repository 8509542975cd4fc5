"""Errors of JSON Schema validation as problems for authors: which value, what is wrong, what to do."""

from collections.abc import Callable, Iterable, Iterator, Mapping
from typing import Any, Final, TypeAlias

import jsonschema_rs

from looply.definition.values.pointer import join_pointer
from looply.errors import Problem, Sentence, say, suggest_name
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
Patterns: TypeAlias = Mapping[str, Callable[[str], Sentence]]
"""Regular expression -> what is said about a value that does not match it, given as it is shown."""
_Kind: TypeAlias = Any
"""One of the nested classes of `jsonschema_rs.ValidationErrorKind`, whose fields depend on the keyword."""


def quote_value(value: Json) -> str:
    """Returns a value as short JSON text for a message."""
    text = encode_json(value).decode()
    return text if len(text) <= _SHOWN else f"{text[:_SHOWN]}..."


def type_word(value: Json) -> str:
    """Returns the type of a JSON value in words, with its article."""
    return _TYPE_WORDS[_type_of(value)]


def _type_of(value: Json) -> str:
    """Returns the type of a JSON value as JSON Schema names it."""
    match value:
        case None:
            return "null"
        case bool():
            return "boolean"
        case str():
            return "string"
        case list():
            return "array"
        case dict():
            return "object"
        case _:
            return "number"


def problems_of_error(
    error: jsonschema_rs.ValidationError, base: str, schema: Json, patterns: Patterns | None = None
) -> Iterator[Problem]:
    """Yields the problems of one validation error: which value, what is wrong, what was expected.

    Args: `base` is the pointer of the value in the author's document; `schema` is the schema as plain JSON, for
    suggestions of known fields; `patterns` are those that have a sentence of their own.
    """
    return _Reader(base, schema, patterns or {}).problems_of(error)


class _Reader:
    """Converts the errors of one validation into problems."""

    def __init__(self, base: str, schema: Json, patterns: Patterns) -> None:
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
                    hint = suggest_name(name, known) or _list_fields(known)
                    message = say("FIELD_UNKNOWN", "unknown field {name!r}", name=name)
                    yield Problem.of(join_pointer(path, name), message, hint)
            case "anyOf":
                yield from self._alternatives(error, kind.context)
            case "enum":
                options = [option for option in kind.options if isinstance(option, str)]
                hint = None
                if isinstance(error.instance, str) and len(error.instance) <= _SHOWN and len(options) <= _SUGGESTED:
                    hint = suggest_name(error.instance, options)
                yield Problem.of(path, _not_listed(error.instance, kind.options, is_suggested=hint is not None), hint)
            case "pattern":
                shown, sentence_of = quote_value(error.instance), self._patterns.get(kind.pattern)
                sentence = sentence_of(shown) if sentence_of is not None else _no_match(shown, kind.pattern)
                yield Problem.of(path, sentence)
            case name:
                yield Problem.of(path, _MESSAGES.get(name, _own_message)(error, kind))

    def _alternatives(
        self, error: jsonschema_rs.ValidationError, context: list[list[jsonschema_rs.ValidationError]]
    ) -> Iterator[Problem]:
        """Yields the problems of the most probable alternative, or one problem when none has this type."""
        of_this_type = [found for found in context if not any(_is_type_error(error, item) for item in found)]
        if of_this_type:
            for item in min(of_this_type, key=lambda found: (_has_other_tag(error, found), len(found))):
                yield from self.problems_of(item)
            return
        expected = dict.fromkeys(name for found in context for item in found for name in _expected_types(item))
        found = _must_be(tuple(expected), error.instance)
        yield Problem.of(join_pointer(self._base, *error.instance_path), found)

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
    return list(kind.types) if kind.name == "type" else []


def _join_words(words: Iterable[str], conjunction: str = "and") -> str:
    *head, last = words
    return f"{', '.join(head)} {conjunction} {last}" if head else last


def _not_listed(value: Json, options: list[Json], *, is_suggested: bool) -> Sentence:
    shown = quote_value(value)
    if is_suggested:
        return say("VALUE_UNKNOWN", "{value} is not known here", value=shown)
    if len(options) > _LISTED:
        wording = "{value} is not one of the {count} allowed values"
        return say("VALUE_NOT_ALLOWED", wording, value=shown, count=len(options))
    listed = list(map(quote_value, options))
    # Pages join the values by the word of their language.
    text = f"{shown} is not one of {_join_words(listed, 'or')}"
    return Sentence("VALUE_NOT_LISTED", text, (("value", shown), ("options", ", ".join(listed))))


def _no_match(value: str, pattern: str) -> Sentence:
    return say("NO_MATCH", "{value} is not a text that matches {pattern}", value=value, pattern=pattern)


def _list_fields(known: tuple[str, ...]) -> Sentence | None:
    if not known:
        return None
    return Sentence("KNOWN_FIELDS", f"known fields are {_join_words(known)}", (("names", ", ".join(known)),))


def _must_be(expected: tuple[str, ...], value: Json) -> Sentence:
    text = f"must be {_join_words((_TYPE_WORDS[name] for name in expected), 'or')}, not {type_word(value)}"
    return Sentence("WRONG_TYPE", text, (("expected", ", ".join(expected)), ("found", _type_of(value))))


def _own_message(error: jsonschema_rs.ValidationError, _: _Kind) -> Sentence:
    text = error.message
    return say("SCHEMA_VIOLATED", "{reason}", reason=text if len(text) <= 3 * _SHOWN else f"{text[: 3 * _SHOWN]}...")


def _wrong_type(error: jsonschema_rs.ValidationError, _: _Kind) -> Sentence:
    return _must_be(tuple(_expected_types(error)), error.instance)


def _size(error: jsonschema_rs.ValidationError) -> int:
    value: Any = error.instance
    return len(value)


def _too_short(_: jsonschema_rs.ValidationError, kind: _Kind) -> Sentence:
    if kind.limit == 1:
        return _EMPTY
    return say("TOO_SHORT", "must have at least {limit} characters", limit=kind.limit)


def _too_few(_: jsonschema_rs.ValidationError, kind: _Kind) -> Sentence:
    return _EMPTY if kind.limit == 1 else say("TOO_FEW", "must have at least {limit} items", limit=kind.limit)


def _too_long(error: jsonschema_rs.ValidationError, kind: _Kind) -> Sentence:
    wording = "has {size} characters; at most {limit} are allowed"
    return say("TOO_LONG", wording, size=_size(error), limit=kind.limit)


def _too_many(error: jsonschema_rs.ValidationError, kind: _Kind) -> Sentence:
    return say("TOO_MANY", "has {size} items; at most {limit} are allowed", size=_size(error), limit=kind.limit)


def _too_small(error: jsonschema_rs.ValidationError, kind: _Kind) -> Sentence:
    shown = quote_value(error.instance)
    return say("TOO_SMALL", "{value} is less than {limit}", value=shown, limit=str(kind.limit))


def _too_great(error: jsonschema_rs.ValidationError, kind: _Kind) -> Sentence:
    shown = quote_value(error.instance)
    return say("TOO_GREAT", "{value} is more than {limit}", value=shown, limit=str(kind.limit))


def _missing(_: jsonschema_rs.ValidationError, kind: _Kind) -> Sentence:
    return say("FIELD_MISSING", "the field {name!r} is missing", name=kind.property)


_EMPTY: Final = say("EMPTY", "must not be empty")
_NO_FORM: Final = say("NO_ALLOWED_FORM", "is none of the forms that the schema allows")
_TWICE: Final = say("ITEM_TWICE", "has an item twice")
_MESSAGES: Final[Mapping[str, Callable[[jsonschema_rs.ValidationError, _Kind], Sentence]]] = {
    "required": _missing,
    "type": _wrong_type,
    "minLength": _too_short,
    "minItems": _too_few,
    "maxLength": _too_long,
    "maxItems": _too_many,
    "minimum": _too_small,
    "maximum": _too_great,
    "not": lambda _error, _kind: _NO_FORM,
    "uniqueItems": lambda _error, _kind: _TWICE,
}
