"""Shapes: of samples, of JSON Schemas, unions and intersections."""

from typing import Any

import pytest

from looply.expressions import Shape, shape_of_schema, shape_of_value
from looply.expressions.shapes.schemas import meet
from looply.expressions.shapes.shape import (
    ANY,
    LIST,
    NEVER,
    NOTHING,
    NULL,
    NUMBER,
    NUMERIC,
    OBJECT,
    TEXT,
    TEXTUAL,
    TRUTH,
    WHOLE,
    Field,
    Presence,
    fits,
    kinds_text,
    list_of,
    object_of,
    union,
    union_of,
)

PERSON = {
    "type": "object",
    "properties": {"name": {"type": "string"}, "age": {"type": "integer"}},
    "required": ["name"],
}


def field(shape: Shape, name: str) -> Field:
    assert shape.fields is not None
    return shape.fields[name]


@pytest.mark.parametrize(
    ("value", "words"),
    [
        (None, "null"),
        (True, "boolean"),
        (1, "whole number"),
        (1.0, "whole number"),
        (1.5, "number"),
        ("a", "text"),
        ([], "list"),
        (["a", "b"], "list of text"),
        ([1, "a"], "list of text or whole number"),
        ([None], "list of null"),
        ([None, 1], "list of whole number"),
        ({"a": 1}, "object"),
    ],
)
def test_a_sample_is_shown_in_the_words_of_the_language(value: Any, words: str) -> None:
    shape = shape_of_value(value)
    assert str(shape) == words
    assert fits(shape, value)


def test_any_and_nothing_have_words_too() -> None:
    assert [str(ANY), str(NEVER), str(list_of(ANY)), str(list_of(NEVER))] == ["any", "nothing", "list", "list"]
    assert str(Shape(TEXT, frozenset({"b", "a"}))) == "'a' or 'b'"
    assert str(Shape(TEXT, frozenset(map(str, range(5))))) == "text"
    assert kinds_text(NULL | OBJECT | LIST) == "a list or an object or null"


def test_the_items_of_a_sample_are_united_and_members_that_some_lack_may_be_missing() -> None:
    item = shape_of_value([{"a": 1, "b": "x"}, {"a": 2.5}]).item
    assert item is not None
    assert (str(field(item, "a").shape), field(item, "a").presence) == ("number", Presence.ALWAYS)
    assert (str(field(item, "b").shape), field(item, "b").presence) == ("text", Presence.SOMETIMES)


def test_a_sample_has_no_other_members() -> None:
    shape = shape_of_value({"a": 1})
    assert shape.others is None
    assert not fits(shape, {"a": 1, "b": 2})
    assert not fits(shape, {})
    assert not fits(shape, {"A": 1})
    assert not fits(shape, {"a": "x"})


def test_values_too_deep_in_a_sample_may_be_anything() -> None:
    deep: Any = 1
    for _ in range(20):
        deep = {"a": [deep]}
    shape, levels = shape_of_value(deep), 0
    while shape.fields is not None or shape.item is not None:
        shape = field(shape, "a").shape if shape.fields is not None else shape.item or ANY
        levels += 1
    assert levels == 12
    assert fits(shape_of_value(deep), deep)


def test_values_beyond_five_thousand_of_a_sample_may_be_anything() -> None:
    wide = {"first": [1] * 4000, "list": list(range(4000)), "object": {str(n): n for n in range(4000)}}
    shape = shape_of_value(wide)
    assert str(field(shape, "first").shape) == "list of whole number"
    assert field(shape, "list").shape.item is None
    assert field(shape, "object").shape.fields is None
    assert fits(shape, wide)


def test_fits_checks_every_property_of_a_shape() -> None:
    assert fits(ANY, {"a": [1]})
    assert not fits(NEVER, None)
    assert not fits(Shape(TEXT, frozenset({"a"})), "b")
    assert not fits(list_of(WHOLE), [1, 1.5])
    assert fits(list_of(None), [1, "x"])
    assert fits(NUMERIC, 1.5)
    assert fits(TRUTH, False)
    assert fits(NOTHING, None)
    some = object_of({"a": Field(WHOLE, Presence.SOMETIMES)}, TEXTUAL)
    assert fits(some, {"b": "x"})
    assert not fits(some, {"b": 1})
    assert not fits(some, {"A": "x"})
    assert fits(Shape(OBJECT), {"b": 1})


def test_a_union_is_what_either_may_be() -> None:
    both = union(Shape(TEXT, frozenset({"a"})), Shape(TEXT, frozenset({"b"})))
    assert both.texts == {"a", "b"}
    assert union(both, TEXTUAL).texts is None
    assert union(both, WHOLE).texts == {"a", "b"}
    assert union(WHOLE, TEXTUAL).is_whole
    assert not union(WHOLE, NUMERIC).is_whole
    assert union(list_of(WHOLE), TRUTH).item == WHOLE
    assert union(list_of(WHOLE), list_of(None)).item is None
    assert union(NEVER, TRUTH) is TRUTH
    assert union(TRUTH, NEVER) is TRUTH
    assert union(TRUTH, TRUTH) is TRUTH
    assert union_of([]) is NEVER


def test_a_union_of_many_texts_is_any_text() -> None:
    many = union_of(Shape(TEXT, frozenset({str(number)})) for number in range(60))
    assert many.texts is None


def test_members_of_a_union_are_those_of_either() -> None:
    closed, opened = object_of({"a": Field(WHOLE)}), object_of({"b": Field(TEXTUAL)}, TRUTH, is_listed=False)
    both = union(closed, opened)
    assert field(both, "a") == Field(union(WHOLE, TRUTH), Presence.UNSTATED)
    assert field(both, "b") == Field(TEXTUAL, Presence.SOMETIMES)
    assert both.others == TRUTH
    assert not both.is_listed
    assert union(both, WHOLE).fields == both.fields
    assert union(closed, Shape(OBJECT)).fields is None
    one, two = (object_of({"a": Field(WHOLE, presence)}) for presence in (Presence.ALWAYS, Presence.UNSTATED))
    assert field(union(one, two), "a").presence is Presence.UNSTATED
    three = object_of({"a": Field(WHOLE, Presence.SOMETIMES)})
    assert field(union(two, three), "a").presence is Presence.SOMETIMES


def test_a_union_of_very_large_shapes_drops_their_details() -> None:
    one, two = (shape_of_value({f"{name}{n}": n for n in range(300)}) for name in "ab")
    both = union(one, two.or_null(is_doubtful=True))
    assert both.fields is None
    assert both.kinds == OBJECT | NULL
    assert both.is_doubtful


def test_null_can_be_taken_from_a_shape_and_given_to_it() -> None:
    doubtful = WHOLE.or_null(is_doubtful=True)
    assert doubtful.kinds == NUMBER | NULL
    assert doubtful.is_doubtful
    assert doubtful.or_null() is doubtful
    assert WHOLE.or_null().or_null(is_doubtful=True) == doubtful
    assert doubtful.without(NULL) == WHOLE
    assert doubtful.without(NUMBER).is_doubtful
    assert WHOLE.without(NULL) is WHOLE


@pytest.mark.parametrize(
    ("schema", "words"),
    [
        (True, "any"),
        ({}, "any"),
        (7, "any"),
        (False, "nothing"),
        ({"type": "string"}, "text"),
        ({"type": "number"}, "number"),
        ({"type": "integer"}, "whole number"),
        ({"type": ["integer", "number"]}, "number"),
        ({"type": ["string", "null"]}, "text or null"),
        ({"type": "date"}, "any"),
        ({"type": [7]}, "any"),
        ({"type": 7}, "any"),
        ({"type": "array", "items": {"type": "string"}}, "list of text"),
        ({"type": "array", "prefixItems": [{"type": "string"}]}, "list"),
        ({"type": "array", "prefixItems": [{"type": "string"}], "items": False}, "list of text"),
        ({"enum": ["a", "b"]}, "'a' or 'b'"),
        ({"enum": ["a", 1, None]}, "'a' or whole number or null"),
        ({"enum": [1, 2.5]}, "number"),
        ({"enum": "a"}, "any"),
        ({"const": "x"}, "'x'"),
        ({"const": None, "type": ["null", "string"]}, "null"),
        ({"type": "string", "enum": ["a", 5]}, "'a'"),
        ({"anyOf": [{"type": "string"}, {"type": "integer"}]}, "text or whole number"),
        ({"oneOf": [{"type": "string"}, {"type": "null"}]}, "text or null"),
        ({"oneOf": 5}, "any"),
        ({"allOf": [{"type": ["string", "number"]}, {"type": ["number", "null"]}]}, "number"),
        ({"allOf": 5}, "any"),
        ({"allOf": [{"enum": ["a", "b"]}, {"enum": ["b", "c"]}]}, "'b'"),
        ({"allOf": [{"enum": ["a"]}, {"enum": ["b", 1]}]}, "nothing"),
        ({"$ref": "#/$defs/t", "$defs": {"t": {"type": "string"}}}, "text"),
        ({"$ref": "#/$defs/a~1b~0", "$defs": {"a/b~": {"type": "string"}}}, "text"),
        ({"$ref": "#/$defs/none"}, "any"),
        ({"$ref": "https://example.com/schema"}, "any"),
        ({"$ref": 5}, "any"),
        ({"minLength": 3, "not": {"type": "string"}}, "any"),
    ],
)
def test_a_schema_gives_the_shape_of_the_values_that_fit_it(schema: Any, words: str) -> None:
    assert str(shape_of_schema(schema)) == words


def test_a_member_that_is_not_required_may_be_missing() -> None:
    shape = shape_of_schema(PERSON)
    assert field(shape, "name") == Field(TEXTUAL)
    assert field(shape, "age") == Field(WHOLE, Presence.SOMETIMES)
    assert shape.others == ANY
    assert shape.is_listed


def test_a_schema_without_required_does_not_state_what_may_be_missing() -> None:
    shape = shape_of_schema({"properties": {"a": {"type": "string"}}})
    assert field(shape, "a").presence is Presence.UNSTATED


def test_a_required_member_is_known_even_when_nothing_else_is_said_of_it() -> None:
    shape = shape_of_schema({"type": "object", "required": ["a", 5], "properties": 5})
    assert field(shape, "a") == Field(ANY)
    assert shape.others == ANY
    assert not shape.is_listed
    closed = shape_of_schema({"type": "object", "required": ["a"], "additionalProperties": False})
    assert field(closed, "a") == Field(ANY)


def test_other_members_have_the_shape_that_the_schema_gives_them() -> None:
    def others(**more: Any) -> Shape | None:
        return shape_of_schema({"type": "object", **more}).others

    assert others(additionalProperties=False) is None
    assert others(additionalProperties={"type": "string"}) == TEXTUAL
    assert others(additionalProperties=False, patternProperties={"^x": {}}) == ANY
    assert others(additionalProperties=True) == ANY
    assert shape_of_schema({"type": "object"}).fields is None


def test_a_schema_that_refers_to_itself_ends_somewhere() -> None:
    node = {"properties": {name: {"$ref": "#"} for name in "abcdefghij"}}
    assert shape_of_schema(node).weight < 20_000
    assert str(shape_of_schema({"$ref": "#"})) == "any"


MANY = [f"n{number}" for number in range(50_000)]


@pytest.mark.parametrize(
    "long",
    [
        {"required": MANY[:2000]},
        {"required": MANY, "properties": {name: {} for name in MANY[:1000]}},
        {"enum": MANY},
        {"type": ["string"] * 50_000},
        {"anyOf": [False] * 3000},
        {"properties": dict.fromkeys(MANY[:3000], False)},
    ],
    ids=["required", "required and stated", "enum", "type", "alternatives that are false", "members that are false"],
)
def test_a_long_list_of_a_schema_counts_as_work_each_time_that_it_is_read(long: dict[str, Any]) -> None:
    last = {"properties": {"last": {"type": "string"}}}
    schema = {"allOf": [{"$ref": "#/$defs/long"}, last], "$defs": {"long": long}}
    assert "last" not in (shape_of_schema(schema).fields or {})


def test_the_lists_of_an_ordinary_schema_leave_its_bound_alone() -> None:
    part = {"properties": {name: {"type": "string"} for name in MANY[:30]}, "required": MANY[:30], "type": ["object"]}
    schema = {"properties": dict.fromkeys(MANY[50:100], part), "required": MANY[50:100]}
    assert str(field(field(shape_of_schema(schema), MANY[99]).shape, MANY[29]).shape) == "text"


def test_the_target_of_a_reference_that_is_too_long_may_be_anything() -> None:
    name = "t" * 1000
    assert str(shape_of_schema({"$ref": f"#/$defs/{name}", "$defs": {name: {"type": "string"}}})) == "any"


def test_the_intersection_of_two_shapes_has_the_members_of_both() -> None:
    one = shape_of_schema({"properties": {"a": {"type": ["string", "null"]}, "c": {}}, "additionalProperties": False})
    two = shape_of_schema({**PERSON, "properties": {"a": {"type": "string"}, "b": {}}, "required": ["a", "b"]})
    both = meet(one, two)
    assert field(both, "a") == Field(TEXTUAL)
    assert "b" not in (both.fields or {})
    assert field(both, "c").presence is Presence.UNSTATED
    assert both.others is None
    wide = meet(two, shape_of_schema({"properties": {"b": {}}, "additionalProperties": {"type": "number"}}))
    assert wide.others == NUMERIC
    narrow = shape_of_schema({"properties": {"b": {}}, "additionalProperties": {"type": "string"}})
    assert meet(wide, narrow).others is None


def test_the_intersection_of_two_shapes_has_the_items_of_both() -> None:
    assert meet(list_of(union(WHOLE, TEXTUAL)), list_of(WHOLE)).item == WHOLE
    assert meet(list_of(None), list_of(WHOLE)).item == WHOLE
    assert meet(Shape(OBJECT), object_of({"a": Field(WHOLE)})).fields == {"a": Field(WHOLE)}
    assert meet(ANY, WHOLE) is WHOLE
    assert meet(WHOLE, ANY) is WHOLE
