"""`looply card`: Adaptive Card templates outside of a workflow."""

from typing import Final

from cyclopts import App

from looply.cli.lines import answer_lines, evaluation
from looply.cli.terminal import Here
from looply.expressions import parse_card
from looply.jsontext import Json

APP: Final = App(name="card", help="Adaptive Card templates outside of a workflow.")


@APP.command
def render(*, terminal: Here) -> None:
    """Render card templates from standard input.

    Each line is a JSON object {"template", "data"}, with "host" where the template asks for `$host`. Each is answered
    by a line {"value"}, the card, or {"error"}, in order. What cannot be resolved stays in the card as it is written.
    """

    def card_of(asked: dict[str, Json]) -> Json:
        given = {name: asked[name] for name in ("data", "host") if name in asked}
        return parse_card(asked["template"], allows_unknown=True).expand(evaluation(terminal, {}), **given)

    answer_lines(terminal, "template", card_of)
