"""Our expressions against Microsoft's own packages, case by case: equal, or excused for a written reason."""

from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from comparing import is_equal, ours
from excuses import EXCUSES, Case, excuse_of
from expression_cases import DATA, ExpressionCases
from microsoft import Microsoft, missing

from suite.tiers import shards

SHARDS = 4
SEED = 20261124
DIFFERENCES = Path(__file__).parents[2] / "docs" / "explanation" / "expression-differences.md"


@pytest.mark.timeout(0)
@pytest.mark.parametrize("shard", shards(SHARDS))
def test_expressions_give_what_microsofts_give(
    shard: int, repetitions: Callable[..., int], record_property: Callable[[str, object], None]
) -> None:
    if absent := missing():
        pytest.skip(absent)
    count = repetitions(20_000, 200_000) // SHARDS
    cases = ExpressionCases(SEED)
    sources = [cases.case(number) for number in range(shard, count * SHARDS, SHARDS)]
    excused: Counter[str] = Counter()
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
            if name := excuse_of(case, ask):
                excused[name] += 1
            else:
                wrong.append(case)
    record_property("differential", {"cases": count, "excused": dict(excused), "wrong": len(wrong)})
    assert not wrong, "\n".join(
        f"{each.expression}\n  ours   {each.ours}\n  theirs {each.theirs}" for each in wrong[:20]
    )
    # A generator that makes only errors, or excuses that cover everything, would prove nothing.
    assert sum(excused.values()) < count * 0.1


def test_each_excuse_is_explained() -> None:
    text = DIFFERENCES.read_text("utf-8")
    assert [excuse.name for excuse in EXCUSES if f"## {excuse.name}\n" not in text] == []
