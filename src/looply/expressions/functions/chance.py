"""Random functions. Each takes the next 16 bytes of the evaluation's stream, so a replay gives the same result."""

from uuid import UUID

from looply.expressions.functions.declaring.declaration import Argument, Function, Kind, Type
from looply.expressions.values.errors import ExpressionError
from looply.expressions.values.evaluation import Run
from looply.expressions.values.semantics import number
from looply.jsontext import Json


def _new_guid(run: Run) -> str:
    return str(UUID(bytes=run.evaluation.chance(), version=4))


def _rand(run: Run, least: int, bound: int) -> Json:
    if least > bound:
        raise ExpressionError(f"rand() expects a `bound` of at least {least}, found {bound}")
    drawn = int.from_bytes(run.evaluation.chance(), "big")
    return number(run, least + (drawn * (bound - least) >> 128))


CHANCE_FUNCTIONS = (
    Function(
        "newGuid",
        "randomness",
        (),
        Type.TEXT,
        "Returns a new UUID (version 4).",
        ("newGuid()", "00010203-0405-4607-8809-0a0b0c0d0e0f"),
        _new_guid,
    ),
    Function(
        "rand",
        "randomness",
        (Argument("least", Kind.WHOLE), Argument("bound", Kind.WHOLE)),
        Type.NUMBER,
        "Draws a whole number from `least` up to, not including, `bound`.",
        ("rand(1, 7)", 1),
        _rand,
    ),
)
