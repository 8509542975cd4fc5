"""Functions that are built from the source of their arguments: from a path, or from a text that is an expression."""

import re
from decimal import Decimal

from looply.expressions.closures.paths import walk_names
from looply.expressions.functions.declaring.declaration import Argument, CallCompiler, Function, Type
from looply.expressions.functions.structures.objects import property_name
from looply.expressions.parsing.syntax import Access, Call, Constant, Name, Node
from looply.expressions.values.errors import ExpressionError
from looply.expressions.values.evaluation import MISSING, Closure, Run
from looply.expressions.values.semantics import kind_of
from looply.jsontext import Json

_BETWEEN = re.compile(r"[.\[\]]+")
_SCALARS = frozenset({str, int, float, Decimal, bool})


def _get_property(node: Call, compiling: CallCompiler) -> Closure:
    settled = _or_written if compiling.leaves_unresolved else _or_null
    if len(node.arguments) == 1:
        name, look = compiling.closure(node.arguments[0]), compiling.scope.by_name()

        def find_in_document(run: Run) -> Json:
            path = name(run)
            if type(path) is not str:
                raise ExpressionError(f"getProperty() expects a text as its only argument, found {kind_of(path)}")
            return settled(look(run, names) if (names := _names(run, path)) else MISSING, path)

        return find_in_document
    value, inner = (compiling.closure(argument) for argument in node.arguments)

    def find_in_value(run: Run) -> Json:
        container, path = value(run), inner(run)
        if path is None:
            raise ExpressionError("getProperty() expects a text as `property`, found null")
        name = property_name(run, path)
        names = _names(run, name)
        return settled(walk_names(run, container, names) if names else MISSING, name)

    return find_in_value


def _names(run: Run, path: str) -> tuple[str, ...]:
    run.spend(1 + len(path))
    return tuple(_unquote(name) for name in _BETWEEN.split(path) if name)


def _unquote(name: str) -> str:
    return name[1:-1] if name[0] == name[-1] and name[0] in "'\"" else name


def _or_null(value: Json, _: str) -> Json:
    return None if value is MISSING else value


def _or_written(value: Json, path: str) -> Json:
    return f"${{{path}}}" if value is MISSING else value


def _set_path_to_value(node: Call, compiling: CallCompiler) -> Closure:
    path, given = node.arguments
    value = compiling.closure(given)
    if not isinstance(path, Name | Access) or not isinstance(path if isinstance(path, Name) else path.target, Name):
        compiling.closure(path)  # It is never evaluated, but compiling it reports mistakes.
        return _always_failing("setPathToValue() expects a path such as `order.items[0]` as `path`")
    steps = path.steps if isinstance(path, Access) else ()
    computed = [compiling.closure(step) for step in steps if not isinstance(step, str | int)]
    if compiling.scope.is_in_loop:
        return _always_failing("setPathToValue() cannot be used within a loop")
    container = _container(path, compiling)

    def evaluate(run: Run) -> Json:
        for step in computed:
            if type(key := step(run)) not in {str, int, float, Decimal}:
                raise ExpressionError(f"expected a text or a whole number between `[` and `]`, found {kind_of(key)}")
        made = value(run)
        if container is not None and type(found := container(run)) in _SCALARS:
            raise ExpressionError(f"setPathToValue() expects the path to lead into an object, found {kind_of(found)}")
        return made

    return evaluate


def _container(path: Name | Access, compiling: CallCompiler) -> Closure | None:
    """Returns the closure of the object that has the last name of a path; None for the document, or for an index."""
    if isinstance(path, Name) or not isinstance(path.steps[-1], str):
        return None
    target: Node = Access(path.target, path.steps[:-1], path.position) if path.steps[:-1] else path.target
    return compiling.closure(target)


def _always_failing(reason: str) -> Closure:
    def evaluate(_: Run) -> Json:
        raise ExpressionError(reason)

    return evaluate


def _string_or_value(node: Call, compiling: CallCompiler) -> Closure:
    given = node.arguments[0]
    if not isinstance(given, Constant) or type(given.value) is not str:
        # A text from the data must not be evaluated as an expression.
        raise compiling.error("stringOrValue() expects a text between quotes, not one that is computed", given.position)
    return compiling.text_closure(given.value, given.position)


SOURCE_FUNCTIONS = (
    Function(
        "getProperty",
        "objects",
        (Argument("object"), Argument("property", is_optional=True, type=Type.TEXT)),
        Type.ANY,
        "Returns the property, or the value at a path, of the object; a text alone is a path of the document.",
        ("getProperty(json('{\"a\": {\"b\": 1}}'), 'a.b')", 1),
        build_source=_get_property,
    ),
    Function(
        "setPathToValue",
        "objects",
        (Argument("path"), Argument("value")),
        Type.ANY,
        "Returns the value; the document is never changed.",
        ("setPathToValue(order.total, 5)", 5),
        build_source=_set_path_to_value,
    ),
    Function(
        "stringOrValue",
        "conversion",
        (Argument("template", type=Type.TEXT),),
        Type.ANY,
        "Returns the value of a text that is one `${...}`, else the text with its expressions evaluated.",
        ("stringOrValue('${1 + 1}')", 2),
        build_source=_string_or_value,
    ),
)
