"""Checking a value against an author's JSON Schema has bounded cost and a bounded result."""

from collections import Counter
from decimal import Decimal
from functools import reduce
from typing import Any

import pytest

from kit.calls import calls_within
from looply.definition.schemas.document_check import MAX_PROBLEMS as MAX_DOCUMENT_PROBLEMS
from looply.definition.schemas.document_check import document_problems
from looply.definition.schemas.schema_checker import MAX_CHECKS, MAX_PROBLEMS, SchemaChecker, count_values
from looply.definition.schemas.schema_weight import MAX_WEIGHT, schema_weight
from looply.errors import Problem, say
from looply.jsontext import Json, encode_json


def listed(items: Json) -> dict[str, Any]:
    return {"type": "array", "items": items}


def doubled(levels: int, keyword: str) -> dict[str, Any]:
    """Returns a schema in which each level names the next one twice."""
    defs: dict[str, Any] = {f"s{level}": {keyword: [{"$ref": f"#/$defs/s{level + 1}"}] * 2} for level in range(levels)}
    return {"$defs": {**defs, f"s{levels}": {"type": "integer"}}, "$ref": "#/$defs/s0"}


RULE = {"variable": "${payload}", "operator": "StringEquals", "value": "a"}
NODE = {"properties": {"left": {"$ref": "#"}, "right": {"$ref": "#"}, "label": {"type": "string"}}, "type": "object"}
COMPOSED = {
    "$defs": {"base": {"properties": {"id": {"type": "string"}}, "required": ["id"]}},
    "allOf": [{"$ref": "#/$defs/base"}, {"properties": {"rows": {"items": {"$ref": "#/$defs/base"}}}}],
}

REFUSED: dict[str, Json] = {
    **{f"{keyword} doubled": doubled(29, keyword) for keyword in ("allOf", "anyOf", "oneOf")},
    "doubled below": {"allOf": [{"properties": {"a": {"$ref": "#"}}}, {"properties": {"a": {"$ref": "#"}}}]},
    "doubled in items": {"items": {"$ref": "#"}, "contains": {"$ref": "#"}},
    "doubled in patterns": {"patternProperties": {"^a": {"$ref": "#"}, "a$": {"$ref": "#"}}},
    "doubled by one more": {"items": {"$ref": "#/$defs/a"}, "$defs": {"a": {"allOf": [{"$ref": "#"}, {"$ref": "#"}]}}},
    "itself": {"$ref": "#"},
    "in a circle": {"$ref": "#/$defs/a", "$defs": {"a": {"not": {"$ref": "#/$defs/b"}}, "b": {"$ref": "#/$defs/a"}}},
    "many alternatives": {"oneOf": [{"const": [index]} for index in range(20_000)]},
    "a long list of objects": {"enum": [{"a": index} for index in range(5000)]},
    "dynamic": {"$dynamicRef": "#node"},
    "large": {"enum": [f"code {index:030}" for index in range(8000)]},
    "multiples of next to nothing": listed({"multipleOf": 1e-300}),
    "a large program": {"pattern": "(\\w{1,100}-){1,20}x"},
}


@pytest.mark.parametrize("schema", REFUSED.values(), ids=REFUSED.keys())
def test_a_schema_whose_work_has_no_bound_is_refused(schema: Json) -> None:
    with pytest.raises(ValueError, match=r"."):
        SchemaChecker(schema)


ORDINARY: dict[str, Json] = {
    "anything": True,
    "a tree": NODE,
    "composed": COMPOSED,
    "codes": listed({"enum": [f"C{index}" for index in range(5000)]}),
    "alternatives": {"oneOf": [{"properties": {"kind": {"const": f"k{index}"}}} for index in range(200)]},
    "anchored": {"$ref": "#row", "$defs": {"row": {"$anchor": "row", "type": "object"}}},
    "wide": {"properties": {f"field_{index}": {"type": "string"} for index in range(2000)}},
    "deep": reduce(lambda inner, _: {"properties": {"a": inner}}, range(90), {}),
}


@pytest.mark.parametrize("schema", ORDINARY.values(), ids=ORDINARY.keys())
def test_an_ordinary_schema_is_taken(schema: Json) -> None:
    assert 1 <= SchemaChecker(schema).weights.values <= MAX_WEIGHT


def test_the_weight_is_that_of_the_heaviest_location() -> None:
    assert schema_weight({"type": "object"}).values == 1
    assert schema_weight(listed({"allOf": [{"type": "object"}, {"required": ["a", "b"]}]})).values == 1 + 1 + 1 + 2
    assert schema_weight({"enum": ["a", "b"]}).values == 1
    assert schema_weight({"enum": [1, 2]}).values > schema_weight({"enum": ["a", "b"]}).values


def test_a_tree_weighs_the_same_at_every_depth() -> None:
    assert schema_weight(NODE).values < 10


LARGE: dict[str, tuple[Json, Json]] = {
    "codes": (listed({"enum": [f"C{index:04}" for index in range(250)]}), ["X1234"] * 125_000),
    "texts": (listed({"type": "string"}), [0] * 400_000),
    "objects": (listed({"type": "object", "required": ["a", "b"]}), [{}] * 300_000),
    "alternatives": ({"anyOf": [listed({"type": "string"}), listed({"type": "null"})]}, [0] * 400_000),
    "one of": ({"oneOf": [listed({"type": "string"}), listed({"type": "null"})]}, [0] * 400_000),
    "many codes": (listed({"enum": [f"C{index:04}" for index in range(5000)]}), ["X"] * 9000),
    "one long text": ({"allOf": [{"minLength": 2**30}] * 1000}, "x" * 1_000_000),
    "unknown fields": ({"additionalProperties": False}, {f"n{index}": 1 for index in range(100_000)}),
}


@pytest.mark.parametrize(("schema", "value"), LARGE.values(), ids=LARGE.keys())
def test_of_a_large_value_little_is_said(schema: Json, value: Json) -> None:
    problems = SchemaChecker(schema).problems_of(value, "/payload")
    assert 1 <= len(problems) <= MAX_PROBLEMS
    assert all(problem.path.startswith("/payload") for problem in problems)
    assert len(encode_json([[problem.path, problem.message, problem.hint] for problem in problems])) < 8000


def test_of_a_small_value_every_break_is_named_up_to_a_count() -> None:
    checker = SchemaChecker(listed({"type": "string"}))
    assert [problem.path for problem in checker.problems_of([1, "a", 2], "/payload")] == ["/payload/0", "/payload/2"]
    assert len(checker.problems_of([1] * 100)) == MAX_PROBLEMS


def test_the_options_of_a_long_list_are_not_repeated() -> None:
    (problem,) = SchemaChecker({"enum": [f"C{index}" for index in range(250)]}).problems_of("zzz")
    assert problem.message == '"zzz" is not one of the 250 allowed values'
    (short,) = SchemaChecker({"enum": ["a", "b"]}).problems_of(3)
    assert short.message == '3 is not one of "a" or "b"'


def test_what_would_take_too_many_checks_is_refused_unseen() -> None:
    checker = SchemaChecker(listed({"enum": [[index] for index in range(500)]}))
    value = [[499]] * 10_000
    assert count_values(value) * checker.weights.values > MAX_CHECKS
    (problem,) = checker.problems_of(value, "/payload")
    assert problem.message.startswith("is too large to be checked: 20001 values")


DEAR: dict[str, tuple[Json, Json]] = {
    "a pattern of many values": (listed({"allOf": [{"pattern": "^(a|b|c)*x?$"}] * 90}), ["a" * 8] * 99_000),
    "a pattern of a long text": ({"allOf": [{"pattern": "^a*$"}] * 100}, "a" * 1_000_000),
    "a large pattern of a long text": ({"pattern": "(?:a{1,50}b?){1,40}$"}, "a" * 1_000_000),
    "a pattern of long names": ({"patternProperties": {"(?:a{1,50}b?){1,40}$": True}}, {"a" * 1_000_000: 1}),
    "a format of many values": (listed({"allOf": [{"format": "email"}] * 90}), ["a@b.example"] * 90_000),
    "a format of a long text": ({"format": "idn-hostname"}, "ä" * 1_000_000),
    "dependencies of many objects": (
        listed({"dependentRequired": {f"p{index}": ["x"] for index in range(2000)}}),
        [{}] * 90_000,
    ),
    "options that are large integers": (listed({"enum": [10**30 + index for index in range(60)]}), [10**30] * 2000),
    "a maximum of decimals": (listed({"maximum": 1.5}), [Decimal("0.1234567890123456789")] * 20_000),
    "unique, several times": ({"allOf": [{"uniqueItems": True}] * 90}, list(range(99_000))),
    "unique at every level": (
        {"uniqueItems": True, "items": {"$ref": "#"}},
        reduce(lambda inner, _: [inner, 0], range(190), list(range(90_000))),
    ),
    "unique large integers": ({"uniqueItems": True}, [10**30 + index for index in range(2000)]),
    "unique large integers within": ({"uniqueItems": True}, [{"a": [10**400 + index]} for index in range(2000)]),
    "fractions": (listed({"multipleOf": 0.000000001}), [1234567.25] * 99_000),
}
"""Values of a schema of which a check takes much longer than one of its type, as many as a body may have."""


@pytest.mark.parametrize(("schema", "value"), DEAR.values(), ids=DEAR.keys())
def test_dear_checks_of_many_values_or_long_texts_are_refused_unseen(schema: Json, value: Json) -> None:
    checker = SchemaChecker(schema)
    with calls_within("looply.definition.schemas.schema_checker") as calls:
        (problem,) = checker.problems_of(value, "/payload")
    assert problem.message.startswith("is too large to be checked: ")
    assert calls["is_valid"] == 0


FEWER: dict[str, tuple[Json, Json]] = {
    "patterns": (
        listed({"properties": {"code": {"pattern": "^[A-Z]{2}[0-9]{4,10}$"}}}),
        [{"code": "AB12345"}] * 20_000,
    ),
    "formats": (listed({"format": "date-time"}), ["2026-01-01T00:00:00Z"] * 20_000),
    "long texts": ({"pattern": "^data:"}, "data:" + "x" * 900_000),
    "wide objects": (
        listed({"properties": {f"p{index}": {} for index in range(300)}}),
        [dict.fromkeys(map(str, range(300)))] * 300,
    ),
    "unique codes": ({"uniqueItems": True}, [f"C{index}" for index in range(50_000)]),
    "unique numbers of documents": ({"uniqueItems": True}, [2**62 + 1024 * index for index in range(20_000)]),
}
"""The same in the numbers that business has."""


@pytest.mark.parametrize(("schema", "value"), FEWER.values(), ids=FEWER.keys())
def test_ordinary_numbers_of_dear_checks_are_made(schema: Json, value: Json) -> None:
    assert SchemaChecker(schema).problems_of(value) == ()


@pytest.mark.parametrize(
    ("pattern", "states"),
    [
        ("^abc$", 3),
        (r"[a-z]\d\p{L}.", 4),
        ("(?:ab){1,50}", 100),
        (r"(?<n>[)]\))?", 2),
        ("a{3}b{2,}", 5),
        ("((a{9}){9}){9}", 729),
        ("", 1),
    ],
)
def test_a_pattern_weighs_its_parts_as_often_as_they_are_repeated(pattern: str, states: int) -> None:
    assert schema_weight({"pattern": pattern}).characters == 2 + states


@pytest.mark.parametrize("schema", [{"pattern": "a"}, {"patternProperties": {"a": {}}}])
def test_a_pattern_weighs_more_than_a_length_however_short_the_texts_are(schema: Json) -> None:
    assert schema_weight(schema).values >= schema_weight({"minLength": 1}).values + 10


VALID = [{"id": f"{index}"} for index in range(10)]


@pytest.mark.parametrize(
    ("value", "expected"),
    [
        (VALID, Counter(is_valid=1)),
        ([0] * 10, Counter(is_valid=1, iter_errors=1)),
        ([0] * 90_000, Counter(is_valid=1, validate=1)),
    ],
    ids=["valid", "few errors", "many errors"],
)
def test_errors_are_listed_of_values_that_have_some_and_few_only(value: Json, expected: Counter[str]) -> None:
    checker = SchemaChecker(listed({"type": "object", "required": ["id"]}))
    with calls_within("looply.definition.schemas.schema_checker") as calls:
        problems = checker.problems_of(value)
    assert bool(problems) is (value is not VALID)
    assert Counter({name: calls[name] for name in ("is_valid", "iter_errors", "validate") if calls[name]}) == expected


def test_huge_numbers_are_not_divided_by_the_thousand() -> None:
    checker = SchemaChecker(listed({"multipleOf": 0.01}))
    assert checker.problems_of([12.5, 1e308, 10**63]) == ()
    for number in (1e308, -1e308, 10**63):
        (problem,) = checker.problems_of([number] * 20_000)
        assert problem.message.startswith("is too large to be checked: 20001 values")
    assert SchemaChecker(listed({"type": "number"})).problems_of([1e308] * 20_000) == ()


def test_a_multiple_of_a_fraction_weighs_more_than_that_of_a_whole_number() -> None:
    whole, fraction = (schema_weight(listed({"multipleOf": divisor})).values for divisor in (3, 0.01))
    assert fraction > 20 * whole
    assert SchemaChecker(listed({"multipleOf": 0.01})).problems_of([0.25] * 20_000) == ()


def test_a_reference_into_an_alternative_leaves_the_answer_short() -> None:
    schema = {
        "properties": {
            "a": {"anyOf": [listed({"type": "string"}), {"type": "null"}]},
            "b": {"$ref": "#/properties/a/anyOf/0"},
        }
    }
    (problem,) = SchemaChecker(schema).problems_of({"a": [], "b": [0] * 200_000}, "/payload")
    assert problem == Problem.of("/payload", say("NO_ALLOWED_FORM", "is none of the forms that the schema allows"))


def test_a_definition_with_many_broken_steps_has_a_thousand_reported_problems() -> None:
    steps = [{"id": f"s{index}", "type": "wait", "settings": [], "x": 1} for index in range(1500)]
    document = {"workflow_name": "Broken", "workflow_steps": steps, "workflow_connections": [{}] * 10}
    assert len(document_problems(document, {})) == MAX_DOCUMENT_PROBLEMS


def test_of_one_huge_broken_step_the_first_problem_is_reported() -> None:
    rules = [{"variable": 1, "operator": "None", "value": []}] * 5000
    step = {"id": "c", "type": "conditional", "settings": {"rules": rules}}
    document = {"workflow_name": "Broken", "workflow_steps": [step], "workflow_connections": []}
    (problem,) = document_problems(document, {})
    assert problem.path.startswith("/workflow_steps/0/settings/rules/0")


def test_a_definition_with_many_large_integers_is_refused_unseen() -> None:
    secret = [10**19 + index for index in range(1000)]
    steps = [{"id": f"s{index}", "type": "wait", "settings": {}, "secret": secret} for index in range(20)]
    document = {"workflow_name": "Large", "workflow_steps": steps, "workflow_connections": []}
    with calls_within("looply.definition.schemas.document_check") as calls:
        (problem,) = document_problems(document, {})
    assert "too many large integers" in problem.message
    assert calls["is_valid"] == 0


@pytest.mark.parametrize(("count", "lists"), [(0, 0), (10, 2), (5000, 0)], ids=["valid", "few errors", "many errors"])
def test_errors_of_a_step_are_listed_where_they_are_few(count: int, lists: int) -> None:
    """The first step is checked twice: as the first item of its list, too."""
    rules = [{"variable": "${payload}", "operator": "None", "value": []}] * count
    step = {"id": "c", "type": "conditional", "settings": {"rules": rules or [RULE]}}
    document = {"workflow_name": "Broken", "workflow_steps": [step], "workflow_connections": []}
    with calls_within("looply.definition.schemas.document_check") as calls:
        problems = document_problems(document, {})
    assert bool(problems) is bool(count)
    assert calls["iter_errors"] == lists
