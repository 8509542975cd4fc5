"""Adaptive Expressions, the one expression language of workflows and cards.

Pure and bounded: an expression reads only JSON values and the fields of `Evaluation`; it ends after a bounded amount
of work; it returns a JSON value or raises `ExpressionError`.
"""

from looply.expressions.compiling.expression import Expression, parse_expression
from looply.expressions.editing.completion import Completion, completions
from looply.expressions.functions.declaring.declaration import Argument, Function
from looply.expressions.functions.table import FUNCTIONS
from looply.expressions.inference.expressions import InferenceResult, infer_expression
from looply.expressions.inference.findings import Finding
from looply.expressions.shapes.schemas import shape_of_schema
from looply.expressions.shapes.shape import Shape, shape_of_value
from looply.expressions.templating.cards import CardTemplate, parse_card
from looply.expressions.templating.templates import (
    Escape,
    Placement,
    Template,
    escape_by_quotes,
    escape_everywhere,
    parse_template,
    split_template,
)
from looply.expressions.values.errors import ExpressionError, ExpressionLimit, ExpressionSyntaxError
from looply.expressions.values.evaluation import Evaluation, Fuel

__all__ = [
    "FUNCTIONS",
    "Argument",
    "CardTemplate",
    "Completion",
    "Escape",
    "Evaluation",
    "Expression",
    "ExpressionError",
    "ExpressionLimit",
    "ExpressionSyntaxError",
    "Finding",
    "Fuel",
    "Function",
    "InferenceResult",
    "Placement",
    "Shape",
    "Template",
    "completions",
    "escape_by_quotes",
    "escape_everywhere",
    "infer_expression",
    "parse_card",
    "parse_expression",
    "parse_template",
    "shape_of_schema",
    "shape_of_value",
    "split_template",
]
