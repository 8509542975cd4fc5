"""Compares our answer to a case with Microsoft's."""

import math
from base64 import b64encode
from datetime import UTC, datetime
from typing import Any

from looply.expressions import Evaluation, ExpressionError, ExpressionSyntaxError, parse_expression

NOW = datetime(2026, 1, 15, 9, 30, tzinfo=UTC)
HALF = bytes([0x80, *([0] * 15)])


def ours(expression: str, data: dict[str, Any]) -> dict[str, Any]:
    """Returns our answer in the shape of Microsoft's: {"value"} or {"error"}."""
    try:
        evaluation = Evaluation(data=data, now=NOW, chance=lambda: HALF)
        return {"value": parse_expression(expression).evaluate(evaluation)}
    except (ExpressionError, ExpressionSyntaxError) as error:
        return {"error": str(error)}


def is_equal(one: dict[str, Any], theirs: dict[str, Any]) -> bool:
    """Returns whether two answers are the same: both errors, or the same value."""
    if "error" in one or "error" in theirs:
        return "error" in one and "error" in theirs
    return same(one["value"], theirs["value"])


def same(one: Any, two: Any) -> bool:
    """Returns whether two values are the same; undefined is null, and whole numbers have no fraction."""
    two = plain(two)
    if isinstance(one, bool) or isinstance(two, bool) or one is None or two is None:
        return one is two
    if isinstance(one, int | float) and isinstance(two, int | float):
        return one == two or math.isclose(one, two, rel_tol=1e-15)
    if isinstance(one, list) and isinstance(two, list):
        return len(one) == len(two) and all(map(same, one, two))
    if isinstance(one, dict) and isinstance(two, dict):
        two = {key: value for key, value in two.items() if value != {"$": "undefined"} or key in one}
        return one.keys() == two.keys() and all(same(one[key], two[key]) for key in one)
    return type(one) is type(two) and one == two


def plain(value: Any) -> Any:
    """Returns the JSON form of a value that is encoded because JSON does not have it."""
    if not isinstance(value, dict) or "$" not in value:
        return value
    match value["$"]:
        case "undefined":
            return None
        case "integer":
            return int(value["v"])
        case "bytes":
            content = b64encode(bytes(value["v"])).decode()
            return {"$content-type": "application/octet-stream", "$content": content}
        case _:
            return value
