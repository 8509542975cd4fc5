"""Queries of documents with JSPath."""

from looply.errors import BadRequest
from looply.expressions.functions.declaring.declaration import Argument, Function, Type
from looply.expressions.functions.texts.regex import check_pattern
from looply.expressions.queries.jspath import select
from looply.expressions.queries.jspath.comparing import text_of
from looply.expressions.values.errors import ExpressionError
from looply.expressions.values.evaluation import Run
from looply.expressions.values.semantics import kind_of
from looply.jsontext import Json, parse_json


def document_of(run: Run, name: str, value: Json) -> Json:
    """Returns the value of a JSON text, and any other value as it is. Raises: ExpressionError."""
    if type(value) is not str:
        return value
    try:
        return parse_json(value.encode("utf-8", "surrogatepass"), run.limits)
    except BadRequest as error:
        raise ExpressionError(f"{name}() expects a JSON text: {error.message}") from error


def _jpath(run: Run, json: Json, path: Json) -> Json:
    if type(json) not in {str, list, dict}:
        raise ExpressionError(f"jPath() expects an object, a list or a JSON text as `json`, found {kind_of(json)}")
    if path is None:
        raise ExpressionError("jPath() expects a text as `jspath`, found null")
    source = text_of(run, path)
    check_pattern(run, source)
    return select(run, document_of(run, "jPath", json), source)


JPATH_FUNCTIONS = (
    Function(
        "jPath",
        "objects",
        (Argument("json"), Argument("jspath", type=Type.TEXT)),
        Type.ANY,
        "Finds values in an object, a list or a JSON text with JSPath, as a list; a path that ends in `[0]` gives one.",
        ('jPath(\'{"lines": [{"net": 5}, {"net": 20}]}\', \'.lines{.net > 10}.net\')', [20]),
        _jpath,
    ),
)
