"""Our cards against Microsoft's own package, template by template: equal, or a documented difference."""

import json
from collections import Counter
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

import pytest
from card_cases import DOCUMENT, CardCases
from card_comparing import CARD_DIFFERENCES, CardCase, Judge, our_card
from comparing import is_equal
from known_differences import Answer
from microsoft import Microsoft, missing
from shrinking import shrink

from suite.tiers import shards

SHARDS = 8
SEED = 20261124
_CONTAINERS = "Objects and lists within texts are JSON"
DIFFERENCES = Path(__file__).parents[2] / "docs" / "explanation" / "expression-differences.md"


@pytest.mark.timeout(0)
@pytest.mark.parametrize("shard", shards(SHARDS))
def test_cards_are_equal_to_microsofts(
    shard: int, repetitions: Callable[..., int], record_property: Callable[[str, object], None]
) -> None:
    if absent := missing():
        pytest.skip(absent)
    count = repetitions(6_000, 60_000) // SHARDS
    stream = CardCases(SEED)
    cases = [stream.case(number) for number in range(shard, count * SHARDS, SHARDS)]
    known: Counter[str] = Counter()
    covered, failed, wrong = 0, 0, []
    with Microsoft() as asked, Microsoft() as once_more:
        judge = _judge(once_more)
        for case, theirs in zip(cases, asked.answers(cases), strict=True):
            failed += "error" in theirs
            if is_equal(our_card(case), theirs):
                continue
            names, unlike = judge.reasons(case)
            if unlike is None:
                known.update(names)
                covered += 1
            else:
                wrong.append(f"{_shown(unlike)}\n  ours   {our_card(unlike)}\n  theirs {_answer(once_more, unlike)}")
    found = {"cases": count, "known": dict(known), "covered": covered, "wrong": len(wrong)}
    record_property("differential cards", found)
    assert not wrong, "\n".join(wrong[:20])
    # A generator that makes only errors, or known differences that cover everything, would prove nothing.
    assert covered < count * 0.15
    assert failed < count * 0.35


def test_a_difference_is_shrunk_and_not_hidden_by_a_known_one() -> None:
    if absent := missing():
        pytest.skip(absent)
    card = {"body": [{"$data": "${people}", "text": "${name} ${$root.list}"}, {"items": ["a", {"n": "${n}"}]}]}

    def faulty(case: CardCase) -> Answer:
        made = json.dumps(our_card(case))
        answer: Answer = json.loads(made.replace(": 7", ": 8"))
        return answer

    with Microsoft() as asked:
        names, unlike = Judge(*_asks(asked), faulty).reasons({"card": card, "data": DOCUMENT})
        assert _judge(asked).reasons({"card": card, "data": DOCUMENT}) == ({_CONTAINERS}, None)
    assert unlike is not None
    assert unlike["card"] == "${n}"
    assert names <= {_CONTAINERS}


def test_shrinking_finds_the_smallest_part_that_fails() -> None:
    value = {"a": [1, {"b": "x", "c": [5]}], "d": {"e": 5}}
    assert shrink(value, lambda part: "5" in json.dumps(part)) == 5
    assert shrink([3, 1, 2], lambda part: isinstance(part, list) and len(part) > 1) == [1, 2]
    assert shrink(value, lambda part: part == value) == value


def test_each_difference_of_a_card_is_explained() -> None:
    text = DIFFERENCES.read_text("utf-8")
    assert [name for name in CARD_DIFFERENCES if f"## {name}\n" not in text] == []


def _judge(asked: Microsoft) -> Judge:
    return Judge(*_asks(asked))


def _asks(asked: Microsoft) -> tuple[Callable[[CardCase], Answer], Callable[[str, Mapping[str, Any]], Answer]]:
    return (
        lambda case: _answer(asked, case),
        lambda expression, data: _answer(asked, {"expression": expression, "data": data}),
    )


def _answer(asked: Microsoft, case: Mapping[str, Any]) -> Answer:
    (answer,) = asked.answers([dict(case)])
    return answer


def _shown(case: CardCase) -> str:
    return f"{json.dumps(case['card'], ensure_ascii=False)}\n  data   {json.dumps(case['data'], ensure_ascii=False)}"
