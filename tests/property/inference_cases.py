"""Documents and expressions for tests of the inference of shapes.

A case is a function of its seed: documents in which different values are missing or of another kind, the shape that
fits all of them, and an expression on them.
"""

import random
import sys
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime
from functools import partial
from pathlib import Path
from typing import Any

from genson import SchemaBuilder

from looply.expressions import (
    Evaluation,
    ExpressionError,
    ExpressionSyntaxError,
    InferenceResult,
    Shape,
    parse_expression,
    parse_template,
    shape_of_schema,
    shape_of_value,
)
from looply.expressions.inference.expressions import infer
from looply.expressions.inference.visible import visible_in_step
from looply.expressions.shapes.shape import fits, union_of
from looply.limits import Limits

sys.path.append(str(Path(__file__).parent.parent / "differential"))

from expression_cases import DATA, ExpressionCases  # the path of that folder must be added first

LIMITS = Limits(expression_fuel=20_000, expression_text_characters=20_000, expression_items=2000)
_NOW = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)
_ODD: tuple[Any, ...] = (None, 1, 2.5, "x", True, [], {}, [1, "a"], {"a": 1, "name": "n"})
# A name that differs only in case from a listed one is that name for a schema's shape, and another for a schema.
_SAME = {**DATA, "o": {name: value for name, value in DATA["o"].items() if name != "A"}}

_NAMES = ("a", "b", "c d", "é")
_TYPES = ("null", "boolean", "number", "integer", "string", "array", "object")
_SCALARS: tuple[Any, ...] = (None, True, False, 0, 1, -2, 1.0, 1.5, "", "x", "yes")

_PATHS = ("n", "s", "list", "people", "people[0].city", "people[1].city", "o.b", "o.b.c", "nothing", "missing", "uri")
_GUARDS = (
    *("exists({p})", "{p} != null", "!empty({p})", "!({p} == null)", "{p} > 1", "isString({p})", "{p} == 'x'", "{p}"),
    *("not(empty({p}))", "and(exists({p}), exists({q}))", "exists({p}) && {q}", "!(empty({p}) || empty({q}))"),
    *("{p} == null", "empty({p})", "!exists({p})", "or({p} == null, empty({q}))", "less({p}, 'z')", "null <> {p}"),
)
_USES = (
    "uriHost({p})",
    "{p} + 1",
    "{p} - 1",
    "{p}.name",
    "{p}[0].a",
    "count({p})",
    "{p}.b['c']",
    "-{p}",
    *("{p}",) * 4,
)
_FORMS = (
    *("if({g}, {u}, {v})", "{g} ? {u} : {v}", "{g} && ({u} == 1)", "{g} || {u}", "[{g} ? {v} : {u}, {u}]"),
    *("foreach(people, x, if({g}, {u}, x.age - 1))", "where(people, s, {g} && {u})", "{u} ?? {v}", "`${{{u}}} {v}`"),
    *("foreach(people, x, exists(x.city) ? x.city.zip : 'none')", "first(people).city.zip + {u}", "{u} < {v}"),
    *("setProperty(o, 'k', {u}).k", "merge(o, {{a: {u}}}).a", "union(list, createArray({u}))[0]", "[{u}, {v}][1]"),
)


@dataclass(frozen=True, slots=True)
class InferenceCase:
    """An expression, its documents and their shape, and the inferred shape of its value."""

    source: str
    documents: tuple[dict[str, Any], ...]
    shape: Shape
    inferred: InferenceResult

    @property
    def is_refused(self) -> bool:
        """Whether the inference reports that it always fails."""
        return any(finding.severity == "error" for finding in self.inferred.findings)

    def values(self) -> Iterator[Any]:
        """Yields its values, as in a template, on the documents on which it has one."""
        template = parse_template(f"${{{self.source}}}", LIMITS)
        for document in self.documents:
            chance = partial(random.Random(5).randbytes, 16)
            try:
                yield template.evaluate(Evaluation(document, _NOW, chance, LIMITS))
            except ExpressionError:
                continue

    def problems(self) -> Iterator[str]:
        """Yields the errors of the inference about it."""
        shape = self.inferred.shape
        if self.is_refused is not (not shape.kinds):
            yield f"{self.source}: an error, and the shape is {shape}"
        for value in self.values():
            if self.is_refused:
                yield f"{self.source}: is found to fail always, and gives {value!r}"
            elif not fits(shape, value):
                yield f"{self.source}: is found to be {shape}, and gives {value!r}"


def generate_cases(seed: int, count: int, *, guarded: bool = False) -> Iterator[InferenceCase]:
    """Yields so many cases, without expressions that do not parse."""
    chance = random.Random(seed)
    cases = ExpressionCases(seed)
    for number in range(count):
        source = _guarded(chance) if guarded else cases.case(number)
        try:
            tree = parse_expression(source, LIMITS).tree
        except ExpressionSyntaxError:
            continue
        documents, shape = _documents(chance)
        yield InferenceCase(source, documents, shape, infer(tree, visible_in_step(shape), source))


def _guarded(chance: random.Random) -> str:
    p, q = chance.sample(_PATHS, 2)
    guard = chance.choice(_GUARDS).format(p=p, q=q)
    uses = {"u": chance.choice(_USES).format(p=p), "v": chance.choice(_USES).format(p=chance.choice((p, q)))}
    return chance.choice(_FORMS).format(g=guard, **uses)


def _documents(chance: random.Random) -> tuple[tuple[dict[str, Any], ...], Shape]:
    if chance.random() < 0.6:
        samples = (DATA, *(_changed(chance, DATA) for _ in range(chance.choice((0, 0, 1, 2)))))
        return samples, union_of(map(shape_of_value, samples))
    samples = (_SAME, *(_changed(chance, _SAME) for _ in range(chance.choice((0, 1, 2)))))
    builder = SchemaBuilder()
    for sample in samples:
        builder.add_object(sample)
    return samples, shape_of_schema(builder.to_schema())


def _changed(chance: random.Random, value: Any, level: int = 0) -> Any:
    """Returns the value with some members and items missing, and some of another kind."""
    if level and chance.random() < 0.08:
        return chance.choice(_ODD)
    if isinstance(value, dict):
        return {name: _changed(chance, item, level + 1) for name, item in value.items() if chance.random() > 0.07}
    if isinstance(value, list):
        return [_changed(chance, item, level + 1) for item in value if chance.random() > 0.1]
    return value


def schema_and_value(seed: int) -> tuple[Any, Any]:
    """Returns a JSON Schema and a value that fits it often enough."""
    chance = random.Random(seed)
    schema = _schema(chance, 3)
    if isinstance(schema, dict):
        schema["$defs"] = {"one": _schema(chance, 1)}
    return schema, _value(chance, 2)


def _value(chance: random.Random, levels: int) -> Any:
    kind = chance.random() if levels else 1
    if kind < 0.3:
        return [_value(chance, levels - 1) for _ in range(chance.randrange(3))]
    if kind < 0.75:
        return {name: _value(chance, levels - 1) for name in chance.sample(_NAMES, chance.randrange(4))}
    return chance.choice(_SCALARS)


def _schema(chance: random.Random, levels: int) -> Any:
    if levels == 0 or chance.random() < 0.2:
        return chance.choice((True, {}, {"type": chance.choice(_TYPES)}, {"type": "object"}, False))

    def inner() -> Any:
        return _schema(chance, levels - 1)

    def some() -> list[Any]:
        return [inner() for _ in range(chance.randint(1, 3))]

    makers: dict[str, Any] = {
        "type": lambda: chance.choice((chance.choice(_TYPES), chance.sample(_TYPES, 3), "object")),
        "properties": lambda: {name: inner() for name in chance.sample(_NAMES, chance.randrange(4))},
        "required": lambda: chance.sample(_NAMES, chance.randrange(3)),
        "additionalProperties": inner,
        "patternProperties": lambda: {chance.choice(("^a", "x")): inner()},
        "items": inner,
        "prefixItems": some,
        "enum": lambda: [_value(chance, 1) for _ in range(3)],
        "const": lambda: _value(chance, 1),
        "anyOf": some,
        "oneOf": some,
        "allOf": some,
        "not": inner,
        "$ref": lambda: chance.choice(("#/$defs/one", "#/properties/a")),
    }
    weights = [5, 5, 3, 2, 1, 3, 1, 1, 1, 2, 2, 2, 1, 1]
    return {name: makers[name]() for name in chance.choices(list(makers), weights, k=chance.randint(1, 4))}
