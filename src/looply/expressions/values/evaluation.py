"""The inputs of one evaluation, and the work that it has used."""

from collections.abc import Callable, Mapping
from datetime import datetime

import msgspec

from looply.expressions.values.errors import ExpressionLimit
from looply.jsontext import Json
from looply.limits import DEFAULT_LIMITS, Limits

MISSING: Json = object()
"""The result of a path without a value, as opposed to a present null. It never leaves `expressions`."""


class Fuel:
    """A budget of units of work. `owner` is the name, in errors, of the owner of the budget, such as `step`."""

    __slots__ = ("left", "most", "owner")

    def __init__(self, most: int, owner: str = "evaluation") -> None:
        self.most = most
        self.left = most
        self.owner = owner

    @property
    def used(self) -> int:
        """The units that were spent, at most the budget."""
        return min(self.most - self.left, self.most)

    def spend(self, units: int) -> None:
        """Takes units of work. Raises: ExpressionLimit when none are left."""
        self.left -= units
        if self.left < 0:
            raise ExpressionLimit("expression_fuel", f"the {self.owner} needs more than {self.most} units of work")


class Evaluation(msgspec.Struct, frozen=True):
    """The inputs of an evaluation. Equal evaluations have equal results.

    `data` is the root document; only `get(name)`, `in` and iteration are used on it, so it may be lazy, while its
    values are plain JSON. `now` is aware and UTC. Each call of `chance` returns the next 16 bytes of a stream; it is
    called from left to right. `fuel` is the budget that several evaluations share, such as those of one visit of a
    step; without it each evaluation has `expression_fuel` units of its own.
    """

    data: Mapping[str, Json]
    now: datetime
    chance: Callable[[], bytes]
    limits: Limits = DEFAULT_LIMITS
    fuel: Fuel | None = None


class Run:
    """One evaluation in progress: the data, the local variables, and the remaining fuel.

    Fuel is charged where work can grow beyond the source: for function calls by the size of the values that they read
    and make, for each round of a loop by the size of its body, and for comparing or printing lists and objects.
    """

    __slots__ = ("data", "evaluation", "fuel", "limits", "spend", "variables")

    def __init__(self, evaluation: Evaluation, slots: int) -> None:
        self.data = evaluation.data
        self.evaluation = evaluation
        self.limits = evaluation.limits
        self.fuel = evaluation.fuel or Fuel(evaluation.limits.expression_fuel)
        # Bound here, so that it is one call: "Takes units of work. Raises: ExpressionLimit when none are left."
        self.spend = self.fuel.spend
        self.variables: list[Json] = [MISSING] * slots if slots else []

    def check_text(self, characters: int) -> None:
        """Checks that a text with this number of characters may be made. Raises: ExpressionLimit."""
        if characters > self.limits.expression_text_characters:
            raise ExpressionLimit(
                "expression_text_characters",
                f"a text of {characters} characters, allowed are {self.limits.expression_text_characters}",
            )

    def check_items(self, items: int) -> None:
        """Checks that a list with this number of items may be made. Raises: ExpressionLimit."""
        if items > self.limits.expression_items:
            raise ExpressionLimit(
                "expression_items", f"a list of {items} items, allowed are {self.limits.expression_items}"
            )


Closure = Callable[[Run], Json]
"""A compiled piece of an expression."""
