"""Records histories that every later release must fold to the same state.

`python tests/golden/recording/record.py` adds a file for each scenario that has none; it never changes an
existing one, since a recorded history is a promise. `--print` writes all current histories to standard output instead.
"""

import sys
from collections.abc import Callable
from pathlib import Path
from typing import Final

import msgspec

from golden.recording.sums import add_sums
from golden.scenarios.answers import ANSWERS
from golden.scenarios.approvals import APPROVALS
from golden.scenarios.calls import CALLS
from golden.scenarios.children import CHILDREN
from golden.scenarios.computing import COMPUTING
from golden.scenarios.datastores import DATASTORES
from golden.scenarios.deliveries import DELIVERIES
from golden.scenarios.ends import ENDS
from golden.scenarios.repairs import REPAIRS
from golden.scenarios.scopes import SCOPES
from golden.scenarios.tools import CARD, OK, PEOPLE, RETRY, Simulator, call, card, encode_history, started, step, token
from looply.execution import ExecutionState, open_work
from looply.execution.facts.commands import QuarantineExecution
from looply.jsontext import Json

HISTORIES: Final = Path(__file__).parents[1] / "histories"


def summary(state: ExecutionState) -> dict[str, Json]:
    """Returns the summary that a recorded history is compared with: all that readers, callers and the store see."""
    work = open_work(state)
    seen = {
        "seq": state.seq,
        "now": state.now,
        "status": state.status,
        "current_state": state.current_state,
        "payload": dict(state.payload),
        "outputs": dict(state.outputs),
        "error": state.error,
        "visits": dict(state.visits),
        "document_bytes": state.document_bytes,
        "secrets": sorted(state.secrets),
        "settled": {address: (wait.how, wait.by, wait.on) for address, wait in state.settled.items()},
        "cards": {card_id: (one.recipient, one.status, one.revision) for card_id, one in state.cards.items()},
        "work": {
            "effects": [(one.seq, one.address, one.attempt, one.operation) for one in work.effects.values()],
            "timers": list(work.timers.values()),
            "waits": [(one.seq, one.address, one.sources, one.timeout_on) for one in work.waits.values()],
            # Without the fields that incidents did not have when the first histories were recorded.
            "incidents": [_first_fields(msgspec.structs.asdict(one)) for one in work.incidents.values()],
            "continues": work.continues,
            # Later than the first histories: fields that they do not have are not compared.
            **({"children": list(work.children.values())} if work.children else {}),
            **({"place": work.slot} if work.slot is not None else {}),
            "holds_process_id": work.holds_process_id,
        },
        "closed": state.closed,
    }
    if state.regions:
        seen["paths"] = [(path.scope, path.step, path.visit, path.phase) for path in state.paths_by_scope.values()]
        seen["frames"] = {scope: (dict(one.outputs), one.error) for scope, one in state.frames.items()}
    ordered: dict[str, Json] = msgspec.json.decode(msgspec.json.encode(seen, order="sorted"))
    return ordered


def _first_fields(incident: dict[str, Json]) -> dict[str, Json]:
    return {name: value for name, value in incident.items() if name != "scope" and (name != "is_answered" or value)}


def http_request() -> Simulator:
    simulator = started(call("c", "POST", retry=RETRY), edges="start>c")
    simulator.fail()
    simulator.tick(10)
    simulator.succeed({**OK, "status": "503"})
    simulator.tick(60)
    simulator.succeed(OK)
    return simulator


def sap_request_lost_and_repeated() -> Simulator:
    settings = {"connection": "S4", "service_path": "/sap/opu/odata/sap/X", "entity": "A('${payload.output.po}')"}
    simulator = started(step("c", "sapRequest", settings), edges="start>c", body={"po": "4500000101"})
    simulator.lose()
    simulator.succeed(OK)
    return simulator


def error_exit() -> Simulator:
    simulator = started(call("c", fail_on=["4xx"]), call("d"), edges="start>c c:error>d")
    simulator.succeed({**OK, "status": "404"})
    return simulator


def conditionals() -> Simulator:
    rules = [{"variable": "${payload.output.n}", "operator": "NumericGreaterThan", "value": 1}]
    branches = [{"id": "ok", "value": "x"}]
    groups = [{"id": "any", "conditions": [{"join": "simple", **rules[0]}]}]
    return started(
        step("if", "conditional", {"rules": rules}),
        step("by", "branchConditional", {"variable": "y", "operator": "StringEquals", "branches": branches}),
        step("adv", "advancedConditional", {"branches": groups}),
        edges="start>if if:yes>by if:no>adv by:else>adv",
        body={"n": 2},
    )


def card_first() -> Simulator:
    simulator = started(card("ask", *PEOPLE, wait={"timeout": "P1D"}), edges="start>ask")
    simulator.answer_card(token("ask", part=1), {"action": "approve"})
    return simulator


def card_all_in_the_middle() -> Simulator:
    simulator = started(card("ask", *PEOPLE, wait={"for": "all", "timeout": "P1D"}), edges="start>ask")
    simulator.answer_card(token("ask", part=1), {"action": "approve"})
    return simulator


def card_resumed_after_an_answer() -> Simulator:
    simulator = started(card("ask", *PEOPLE, wait={"for": 2}), call("c"), edges="start>ask ask>c")
    simulator.answer_card(token("ask", part=0), {"action": "approve"})
    simulator.resume({"action": "go"}, by="erp")
    return simulator


def card_timed_out() -> Simulator:
    simulator = started(card("ask", *PEOPLE, wait={"timeout": "PT1H"}), call("c"), edges="start>ask ask:timeout>c")
    simulator.tick(3600)
    return simulator


def card_updated_and_deleted() -> Simulator:
    simulator = started(
        card("ask", *PEOPLE),
        step("change", "adaptiveCard", {"action": "update", "target": "ask", "card": {**CARD, "fallbackText": "2"}}),
        call("c"),
        step("take", "adaptiveCard", {"action": "delete", "target": "ask"}),
        edges="start>ask ask>change change>c c>take",
    )
    simulator.succeed(OK)
    return simulator


def wait_resumed_twice() -> Simulator:
    simulator = started(step("w", "wait"), call("c"), step("v", "wait"), edges="start>w w>c c>v")
    simulator.resume({"n": 1})
    simulator.resume({"n": 2})
    simulator.succeed(OK)
    return simulator


def wait_timed_out() -> Simulator:
    simulator = started(step("w", "wait", {"timeout": "PT1H"}), edges="start>w")
    simulator.tick(3600)
    return simulator


def resume_kept_and_used() -> Simulator:
    simulator = started(call("c"), step("w", "wait"), step("v", "wait"), edges="start>c c>w w>v")
    simulator.resume({"n": 1})
    simulator.resume({"n": 2}, token=token("v"))
    simulator.succeed(OK)
    return simulator


def resume_kept_and_unfit() -> Simulator:
    simulator = started(call("c"), step("w", "wait", {"sources": ["TEAMS"]}), edges="start>c c>w")
    simulator.resume({"n": 1})
    simulator.succeed(OK)
    return simulator


def delay() -> Simulator:
    simulator = started(step("d", "delay", {"for": "PT10M"}), step("e", "delay", {"for": "P1D"}), edges="start>d d>e")
    simulator.tick(600)
    return simulator


def override_payload() -> Simulator:
    parameters = [{"name": "a.b", "value": "${add(payload.output.n, 1)}"}, {"name": "id", "value": "${newGuid()}"}]
    return started(
        step("set", "overridePayload", {"parameters": parameters}),
        step("put", "overridePayload", {"payload": {"was": "${payload.output.a.b}"}}),
        edges="start>set set>put",
        body={"n": 1},
    )


def redirect_to_its_limit() -> Simulator:
    simulator = started(call("c"), step("again", "redirect", {"target": "c", "max_visits": 2}), edges="start>c c>again")
    for _ in range(3):
        simulator.succeed(OK)
    return simulator


def secrets() -> Simulator:
    login = call("login", "POST", secret=["/output/data/token"])
    use = step(
        "use", "httpRequest", {"method": "PUT", "url": "https://example.com", "body": "${login.output.data.token}"}
    )
    simulator = started(
        login, use, edges="start>login login>use", body={"pin": "1234"}, trigger={"secret": ["/output/pin"]}
    )
    simulator.succeed({**OK, "data": {"token": "s3cr3t"}})
    return simulator


def ended_by_terminate_step() -> Simulator:
    return started(step("t", "terminate", {"status": "FAILED", "reason": "no answer"}), edges="start>t")


def ended_by_terminate_call() -> Simulator:
    simulator = started(card("note", *PEOPLE), call("c"), edges="start>note note>c", settings={"timeout": "P1D"})
    simulator.terminate("not needed")
    return simulator


def late_result_after_the_end() -> Simulator:
    simulator = started(call("c"), edges="start>c")
    effect = simulator.effects[0]
    simulator.lose()
    simulator.terminate()
    simulator.report(effect, OK)
    return simulator


def incident_failed() -> Simulator:
    simulator = started(call("c"), edges="start>c")
    simulator.fail("REJECTED", was_sent=True)
    return simulator


def incident_unknown() -> Simulator:
    simulator = started(call("c", "POST"), edges="start>c")
    simulator.fail("TIMEOUT", was_sent=True)
    return simulator


def incident_timeout() -> Simulator:
    simulator = started(step("w", "wait"), edges="start>w", settings={"timeout": "PT1H"})
    simulator.tick(3600)
    return simulator


def incident_poison() -> Simulator:
    simulator = started(step("w", "wait"), edges="start>w")
    simulator.submit(QuarantineExecution(at=simulator.now, message="it brought the process down 4 times"))
    return simulator


def incident_of_a_call_that_ends_processes() -> Simulator:
    simulator = started(call("c"), edges="start>c")
    for _ in range(5):
        simulator.tick(120)
        simulator.lose(ended_process=True)
    return simulator


SCENARIOS: Final[tuple[Callable[[], Simulator], ...]] = (
    http_request,
    sap_request_lost_and_repeated,
    error_exit,
    conditionals,
    card_first,
    card_all_in_the_middle,
    card_resumed_after_an_answer,
    card_timed_out,
    card_updated_and_deleted,
    wait_resumed_twice,
    wait_timed_out,
    resume_kept_and_used,
    resume_kept_and_unfit,
    delay,
    override_payload,
    redirect_to_its_limit,
    secrets,
    ended_by_terminate_step,
    ended_by_terminate_call,
    late_result_after_the_end,
    incident_failed,
    incident_unknown,
    incident_timeout,
    incident_poison,
    incident_of_a_call_that_ends_processes,
    *CALLS,
    *DATASTORES,
    *COMPUTING,
    *ANSWERS,
    *APPROVALS,
    *DELIVERIES,
    *ENDS,
    *REPAIRS,
    *SCOPES,
    *CHILDREN,
)


def main() -> None:
    """Adds the missing recordings, or prints all."""
    HISTORIES.mkdir(exist_ok=True)
    for scenario in SCENARIOS:
        simulator = scenario()
        if "--print" in sys.argv:
            sys.stdout.buffer.write(encode_history(simulator.history) + b"\n")
            continue
        path = HISTORIES / f"{scenario.__name__}.json"
        if not path.exists():
            text = b'{"summary":%b,"history":%b}' % (
                msgspec.json.encode(summary(simulator.state)),
                encode_history(simulator.history),
            )
            path.write_bytes(msgspec.json.format(text, indent=1) + b"\n")
            sys.stdout.write(f"added {path.name}\n")
    if "--print" not in sys.argv:
        add_sums()


if __name__ == "__main__":
    main()
