"""`looply expression`: Adaptive Expressions outside of a workflow."""

from typing import Final

from cyclopts import App

from looply.cli.authoring.lines import answer_lines, evaluation
from looply.cli.terminal.terminal import Here
from looply.errors import BadRequest
from looply.expressions import parse_expression
from looply.jsontext import Json

APP: Final = App(name="expression", help="Adaptive Expressions outside of a workflow.")


@APP.command(name="eval")
def evaluate(*, terminal: Here) -> None:
    """Evaluate expressions from standard input.

    Each input line is a JSON object {"expression", "data"}; write the expression without ${}. For each the command
    writes a line {"value"} or {"error"}, in order. A path that does not exist is null.
    """

    def value_of(fields: dict[str, Json]) -> Json:
        expression, data = fields["expression"], fields.get("data")
        if not isinstance(expression, str):
            raise BadRequest("expression must be a text")
        if data is not None and not isinstance(data, dict):
            raise BadRequest("data must be an object")
        return parse_expression(expression).evaluate(evaluation(terminal, data or {}))

    answer_lines(terminal, "expression", value_of)
