"""32 people decide concurrently and the server is killed: one outcome, and all callers get the same answer.

The hypothesis: where the first answer decides, one of them is recorded; each of the others gets the decision, its actor
and time, also after the restart; the path takes one exit once, that of the decision.
"""

import json
import random
from collections import Counter
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import pytest

from blackbox.evidence.arena import Arena, arena
from blackbox.evidence.killing import Repetitions, by_path, created, entries, place_of
from blackbox.evidence.load import SEED, Row, Run
from blackbox.evidence.race import NONE, Reply
from blackbox.evidence.report import FaultReport
from blackbox.harness.client import request_bytes
from blackbox.harness.definitions import Definition, graph, http
from blackbox.harness.sink import Sink

LONGEST_SECONDS = 3 * 3600
PEOPLE = [f"person-{number}@example.com" for number in range(32)]
KILL_EVERY = 2


def _definition(place: str) -> Definition:
    """An approval where the first decision counts; each exit has a call of its own."""
    here = f"{place}/${{payload.output.n}}"
    asking = {"recipients": PEOPLE, "quorum": "any", "veto": True}
    steps = [
        {"id": "approval_1", "type": "approval", "description": "Release?", "settings": asking},
        http(f"{here}/approved", "approved", "PUT", body={"decisions": "${approval_1.output.decisions}"}),
        http(f"{here}/rejected", "rejected", "PUT", body={"decisions": "${approval_1.output.decisions}"}),
    ]
    exits = ("approved", "rejected")
    edges = (("WorkflowStartState", "approval_1"), *(("approval_1", name, name) for name in exits))
    return graph(steps, *edges, name="Approved or not")


def _answers(found: Arena, execution_id: str, chance: random.Random) -> list[bytes]:
    """Returns an answer of each recipient, half of them rejections, in random order."""
    requests = []
    for number, person in enumerate(PEOPLE):
        (card,) = (card for card in found.org.cards(person) if card["workflow_execution_id"] == execution_id)
        body = json.dumps({"data": {"action": ("approve", "reject")[number % 2], "comment": person}}).encode()
        head = {"content-type": "application/json"}
        requests.append(request_bytes("POST", f"/v2/inbox/{card['token']}", head, body, is_last=False))
    return chance.sample(requests, len(requests))


def _decide(found: Arena, number: int, workflow_id: str) -> tuple[str, list[Reply], list[Reply]]:
    """Sends all decisions concurrently; returns the execution, the answers, and the answers to later repetitions."""
    execution_id = found.org.trigger(workflow_id, {"n": number})
    found.executions.add(execution_id)
    requests = _answers(found, execution_id, found.chance)
    first, again = found.race(number, requests)
    answers = [reply for reply in (*first, *again) if reply is not NONE]
    return execution_id, answers, found.racers.race(requests)


def _check(row: Row, answers: Sequence[Reply], later: Sequence[Reply], decisions: Sequence[dict[str, Any]]) -> str:
    """Checks that one decision counted and all answers name it; returns the outcome."""
    (decision,) = decisions
    said = {"answered_by": decision["user"], "answered_on": decision["at"], "decision": decision["action"]}
    already = {"message": "already answered", "answered_as": {"kind": "link"}, **said}
    counts = Counter(reply.said for reply in answers)
    assert counts["recorded"] <= 1, counts
    assert set(counts) <= {"recorded", "already answered"}, answers
    assert all(reply.body == already for reply in (*answers, *later) if reply.said != "recorded"), (
        already,
        answers,
        later,
    )
    assert {reply.said for reply in later} == {"already answered"}, later
    outcome: str = decision["action"]
    assert [entry["user"] for entry in entries(row, "CARD_ANSWERED")] == [decision["user"]], row
    assert row["status"] == "COMPLETED", row
    assert row["workflow_output_payload"]["approval_1"]["output"]["outcome"] == outcome, row
    return outcome


@pytest.mark.timeout(LONGEST_SECONDS)
def test_of_32_concurrent_decisions_one_counts_and_all_callers_learn_which(
    tmp_path: Path, sink: Sink, repetitions: Repetitions
) -> None:
    rounds = repetitions(16, 200)
    options = {"rounds": rounds, "people": len(PEOPLE), "a kill every": f"{KILL_EVERY} rounds"}
    faults = ("requests in one moment", "KILL in the race", "answers lost by a kill")
    report = FaultReport("race_of_decisions", seed=SEED, options=options, faults=faults)
    run = Run(tmp_path / "data", sink, report.name, ())
    with arena(run, report, len(PEOPLE), KILL_EVERY) as found:
        workflow_id = created(run, _definition(place_of(run)))
        for number in range(rounds):
            execution_id, answers, later = _decide(found, number, workflow_id)
            row = found.org.until(workflow_id, execution_id, "COMPLETED", "FAILED")
            records = found.org.get("getDecisions", workflow_execution_id=execution_id).json()["items"]
            outcome = _check(row, answers, later, records)
            made = {path[1] for path in by_path(run) if path[0] == str(number)}
            assert made == {outcome}, f"{execution_id} was {outcome} and called {made}"
            report.checked(f"one outcome, the same for all callers: {outcome}")
        assert set(found.rows()) == found.executions
    report.finish()
