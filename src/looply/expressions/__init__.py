"""Adaptive Expressions, the one expression language of workflows and cards.

Pure and bounded: an expression sees JSON values and what `Evaluation` holds, nothing else; it ends after a bounded
amount of work; it raises `ExpressionError` or gives a JSON value.
"""

from looply.expressions.cards import CardTemplate, parse_card
from looply.expressions.completion import Completion, completions
from looply.expressions.errors import ExpressionError, ExpressionLimit, ExpressionSyntaxError
from looply.expressions.evaluation import Evaluation
from looply.expressions.expression import Expression, parse_expression
from looply.expressions.findings import Finding
from looply.expressions.functions.declaration import Argument, Function
from looply.expressions.functions.table import FUNCTIONS
from looply.expressions.inference import Inferred, infer_expression
from looply.expressions.schema_shapes import shape_of_schema
from looply.expressions.shapes import Shape, shape_of_value
from looply.expressions.templates import Escape, Everywhere, Template, parse_template

__all__ = [
    "FUNCTIONS",
    "Argument",
    "CardTemplate",
    "Completion",
    "Escape",
    "Evaluation",
    "Everywhere",
    "Expression",
    "ExpressionError",
    "ExpressionLimit",
    "ExpressionSyntaxError",
    "Finding",
    "Function",
    "Inferred",
    "Shape",
    "Template",
    "completions",
    "infer_expression",
    "parse_card",
    "parse_expression",
    "parse_template",
    "shape_of_schema",
    "shape_of_value",
]
