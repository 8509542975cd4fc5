"""Checking a value against an author's JSON Schema has bounded cost and a bounded result."""

from functools import reduce
from typing import Any

import pytest

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
    assert 1 <= SchemaChecker(schema).weight <= MAX_WEIGHT


def test_the_weight_is_that_of_the_heaviest_location() -> None:
    assert schema_weight({"type": "object"}) == 1
    assert schema_weight(listed({"allOf": [{"type": "object"}, {"required": ["a", "b"]}]})) == 1 + 1 + 1 + 2
    assert schema_weight({"enum": ["a", "b"]}) == 1
    assert schema_weight({"enum": [1, 2]}) > schema_weight({"enum": ["a", "b"]})


def test_a_tree_weighs_the_same_at_every_depth() -> None:
    assert schema_weight(NODE) < 10


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
    assert count_values(value) * checker.weight > MAX_CHECKS
    (problem,) = checker.problems_of(value, "/payload")
    assert problem.message.startswith("is too large to be checked: 20001 values")


def test_huge_numbers_are_not_divided_by_the_thousand() -> None:
    checker = SchemaChecker(listed({"multipleOf": 0.01}))
    assert checker.problems_of([12.5, 1e308, 10**63]) == ()
    for number in (1e308, -1e308, 10**63):
        (problem,) = checker.problems_of([number] * 20_000)
        assert problem.message.startswith("is too large to be checked: 20001 values")
    assert SchemaChecker(listed({"type": "number"})).problems_of([1e308] * 20_000) == ()


def test_a_multiple_of_a_fraction_weighs_more_than_that_of_a_whole_number() -> None:
    whole, fraction = (schema_weight(listed({"multipleOf": divisor})) for divisor in (3, 0.01))
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
