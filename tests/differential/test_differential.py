"""Our expressions against Microsoft's own packages, case by case: equal, or a documented difference."""

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from comparing import is_equal, ours
from expression_cases import DATA, ExpressionCases
from known_differences import KNOWN_DIFFERENCES, Case, difference_of
from microsoft import Microsoft, missing

from suite.tiers import shards

SHARDS = 8
SEED = 20261124
DIFFERENCES = Path(__file__).parents[2] / "docs" / "explanation" / "expression-differences.md"


@pytest.mark.timeout(0)
@pytest.mark.parametrize("shard", shards(SHARDS))
def test_expressions_have_the_values_of_microsofts(
    shard: int, repetitions: Callable[..., int], record_property: Callable[[str, object], None]
) -> None:
    if absent := missing():
        pytest.skip(absent)
    count = repetitions(20_000, 200_000) // SHARDS
    cases = ExpressionCases(SEED)
    sources = [cases.case(number) for number in range(shard, count * SHARDS, SHARDS)]
    known: Counter[str] = Counter()
    wrong: list[Case] = []
    with Microsoft() as asked, Microsoft() as once_more:

        def ask(expression: str, data: Mapping[str, Any]) -> dict[str, Any]:
            (answer,) = once_more.answers([{"expression": expression, "data": data}])
            return answer

        answers = asked.answers([{"expression": source, "data": DATA} for source in sources])
        for source, theirs in zip(sources, answers, strict=True):
            mine = ours(source, dict(DATA))
            if is_equal(mine, theirs):
                continue
            case = Case(expression=source, data=DATA, ours=mine, theirs=theirs)
            if name := difference_of(case, ask):
                known[name] += 1
            else:
                wrong.append(case)
    record_property("differential", {"cases": count, "known": dict(known), "wrong": len(wrong)})
    assert not wrong, "\n".join(
        f"{each.expression}\n  ours   {each.ours}\n  theirs {each.theirs}" for each in wrong[:20]
    )
    # A generator that makes only errors, or known differences that cover everything, would prove nothing.
    assert sum(known.values()) < count * 0.1


def test_each_known_difference_is_explained() -> None:
    text = DIFFERENCES.read_text("utf-8")
    assert [difference.name for difference in KNOWN_DIFFERENCES if f"## {difference.name}\n" not in text] == []


@pytest.mark.parametrize(
    "expression",
    [
        "12345678901234567.125 + 0.5",
        "12345678901234567.125 == 12345678901234567.126",
        "12345678901234567.125 > 12345678901234567.124",
        "max(12345678901234567.125, 12345678901234567.126)",
        "string(123.12345678901234567)",
        "float('123.12345678901234567')",
    ],
)
def test_digits_that_a_double_does_not_have_are_a_difference_and_nothing_else_is(expression: str) -> None:
    if absent := missing():
        pytest.skip(absent)
    with Microsoft() as asked:

        def ask(source: str, data: Mapping[str, Any]) -> dict[str, Any]:
            (answer,) = asked.answers([{"expression": source, "data": data}])
            return answer

        case = Case(expression=expression, data=DATA, ours=ours(expression, dict(DATA)), theirs=ask(expression, DATA))
        assert not is_equal(case.ours, case.theirs)
        assert difference_of(case, ask) == "Decimals are exact"
