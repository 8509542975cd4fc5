"""The cases of `looply bench expressions`: the same sources and the same data on both sides."""

import json
from collections.abc import Callable
from datetime import UTC, datetime
from pathlib import Path
from typing import Final, NamedTuple

from looply.expressions import Evaluation, parse_card, parse_expression
from looply.jsontext import Json

_CARD: Final = Path(__file__).with_name("bench_card.json")
_DATA: Final[Json] = {
    "total": 12345.5,
    "approver": {"limit": 10_000, "name": "Mia Falk"},
    "order": {"number": "4500017", "supplier": {"name": "Nordwind", "country": "DE"}},
    "lines": [{"material": f"M-{1000 + number}", "quantity": number + 1} for number in range(20)],
}


class Case(NamedTuple):
    """One expression or card template with its data; `is_held` says that its speed has a goal."""

    name: str
    source: Json
    data: Json
    is_held: bool = True

    @property
    def field(self) -> str:
        """The kind of the source: `expression`, which is a text, or `template`, a card."""
        return "expression" if isinstance(self.source, str) else "template"

    def compile(self) -> Callable[[], Json]:
        """Returns a function that evaluates the case once: already parsed, with its data at each call."""
        data, now = self.data, datetime(2026, 1, 15, 9, 30, tzinfo=UTC)
        if isinstance(self.source, str):
            evaluate = parse_expression(self.source).evaluate
            return lambda: evaluate(Evaluation(data, now, _chance))
        expand = parse_card(self.source).expand
        return lambda: expand(Evaluation(data, now, _chance))


def _chance() -> bytes:
    return bytes(16)


def cases() -> tuple[Case, ...]:
    """Returns all cases."""
    card = json.loads(_CARD.read_text("utf-8"))
    size = len(json.dumps(card["template"], separators=(",", ":")))
    return (
        Case("a path of 1 name", "total", _DATA),
        Case("a path of 3 names", "order.supplier.name", _DATA),
        Case("a path and a number compared", "total > 10000", _DATA),
        Case("a path and a text compared", "order.supplier.country == 'DE'", _DATA),
        Case(
            "two comparisons with &&",
            "total > approver.limit && order.supplier.country == 'DE'",
            _DATA,
        ),
        Case(
            "3 paths in a text",
            "`Order ${order.number} of ${order.supplier.name} waits for ${approver.name}`",
            _DATA,
        ),
        Case("two functions", "toUpper(concat(order.supplier.name, ' ', order.number))", _DATA, is_held=False),
        Case("a loop over 20 items", "foreach(lines, line, line.material)", _DATA, is_held=False),
        Case(f"a card of {size / 1000:.1f} KB, 10 lines", card["template"], card["data"]),
    )
