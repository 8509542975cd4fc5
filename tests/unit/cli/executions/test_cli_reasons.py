"""`looply execution why` and `at` against a server."""

import re
from typing import Any

from cli_kit import ID, Command, Looply, row

from looply.app.monitoring.sentences import ADVICE
from looply.cli.command_line import parse
from looply.cli.executions.reasons import COMMANDS_OF

EXPLAINED: dict[str, Any] = {
    "execution": {"workflow_execution_id": ID},
    "verdict": "WAITS_FOR_CHILD",
    "code": "CHILD",
    "text": "It waits at step sub_1 for the execution c-1.",
    "values": {},
    "state": "sub_1",
    "since": 1_700_000_000_000,
    "expected_until": None,
    "who": ["c-1"],
    "evidence": [{"seq": 7, "type": "CHILD_STARTED", "state": "sub_1"}],
    "chain": [
        {"workflow_execution_id": "c-1", "verdict": "INCIDENT", "code": "INCIDENT_FAILED", "text": "It is stopped."}
    ],
    "next": [{"code": "RETRY", "text": "Retry it", "call": "repairExecution", "body": {}, "permission": "repair"}],
    "others": [{"text": "It waits at step delay_1 for a time.", "verdict": "WAITS_FOR_TIME"}],
}


def test_why_shows_the_sentence_its_evidence_and_what_can_be_done(run: Command, looply: Looply) -> None:
    looply.answers["getExecutionRows"] = {"items": [row()]}
    looply.answers["explainExecution"] = {"item": EXPLAINED}
    done = run("execution", "why", "PO-1")
    assert done.status == 0
    text = " ".join(done.out.split())
    for part in (
        "for the execution c-1",
        "CHILD_STARTED",
        "c-1: It is stopped.",
        "delay_1",
        f"Retry it: looply execution repair {ID} retry",
    ):
        assert part in text
    # No call needs the permission to read payloads.
    assert [call[0] for call in looply.calls] == ["getExecutionRows", "explainExecution"]
    assert looply.calls[1][1] == {"workflow_execution_id": ID}


def test_why_names_the_command_of_each_advice_and_the_incident_where_there_are_several(
    run: Command, looply: Looply
) -> None:
    looply.answers["getExecutionRows"] = {"items": [row()]}
    bodies: dict[str, dict[str, str]] = {
        "RETRY": {"incident_id": "i-6"},
        "RELEASE": {"target": "https://s4.example:443"},
        "NEWER": {},
    }
    advice = [{"code": code, "text": code, "call": f"call{code}", "body": body} for code, body in bodies.items()]
    others = [{"text": "Another one stops it.", "verdict": "INCIDENT"}]
    looply.answers["explainExecution"] = {"item": {**EXPLAINED, "next": advice, "others": others}}
    text = " ".join(run("execution", "why", "PO-1").out.split())
    assert f"RETRY: looply execution repair {ID} retry --incident i-6" in text
    assert "RELEASE: looply target release https://s4.example:443" in text
    assert "NEWER: callNEWER" in text


def test_each_advice_has_a_command_that_exists() -> None:
    assert COMMANDS_OF.keys() == ADVICE.keys()
    for command in COMMANDS_OF.values():
        _, *words = re.sub(r"[{}]", "", command).split()
        # Raises where a command, an argument or an option does not exist.
        parse(words)


def test_why_gives_the_whole_answer_as_json(run: Command, looply: Looply) -> None:
    looply.answers["getExecutionRows"] = {"items": [row()]}
    looply.answers["explainExecution"] = {"item": EXPLAINED}
    assert run("execution", "why", "PO-1", "--json").document == EXPLAINED


def test_at_shows_an_execution_as_it_was(run: Command, looply: Looply) -> None:
    looply.answers["searchExecutions"] = {"items": [row()]}
    item = {
        "workflow_execution_id": ID,
        "seq": 4,
        "last_seq": 9,
        "timestamp": 1_700_000_000_000,
        "status": "WAITING",
        "workflow_version": 1,
        "workflow_current_state": "wait_1",
        "paths": [{"scope": "", "state": "wait_1", "visit": 1, "phase": "OPEN"}],
        "document": {"payload": {"output": {"po": "4711"}}, "note_1": None},
    }
    looply.answers["getExecutionAt"] = {"item": item}
    done = run("execution", "at", "PO-1", "4", "--scope", "loop[0]")
    text = " ".join(done.out.split())
    for part in ("4 of 9", "WAITING", "payload", "wait_1 1 OPEN"):
        assert part in text
    assert looply.calls[-1] == ("getExecutionAt", {"workflow_execution_id": ID, "seq": "4", "scope": "loop[0]"}, None)
