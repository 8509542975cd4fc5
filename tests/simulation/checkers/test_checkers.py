"""Each checker detects its violation: a correct run is changed in one place, and the checker reports it."""

from copy import deepcopy
from datetime import timedelta
from functools import cache

import pytest

from simulation.checking import checkers
from simulation.checking.tampering import Tamper, call, event, events, tampered
from simulation.running.choice import SeededChoice
from simulation.running.run import simulate
from simulation.running.trace import Trace

MOST_SEEDS = 400


@cache
def run_of(seed: int) -> Trace:
    """Returns a run in which every promise holds."""
    return simulate(SeededChoice(seed), str(seed))


def lose_an_acknowledged_execution(trace: Trace) -> None:
    del trace.histories[call(trace, "Started").answer["execution_id"]]


def lose_an_acknowledged_resume(trace: Trace) -> None:
    winner = call(trace, "Released", buffered=False)
    history = trace.histories[winner.execution]
    trace.histories[winner.execution] = [
        one for one in history if one["type"] != "Resumed" or checkers.serial_of(one) != winner.asked["serial"]
    ]


def answer_before_the_commit(trace: Trace) -> None:
    call(trace, "Started", replayed=False).returned = 0


def forget_a_trigger(trace: Trace) -> None:
    execution_id = call(trace, "Started", replayed=False).answer["execution_id"]
    mark = trace.histories[execution_id][0]["body"]["mark"]
    trace.calls = [one for one in trace.calls if one.asked.get("mark") != mark]


def forget_a_firing(trace: Trace) -> None:
    trace.firings.remove(next(one for one in trace.firings if one.execution))


def use_a_number_again(trace: Trace) -> None:
    commit = next(one for one in trace.commits if one.first_seq > 1)
    commit.first_seq -= 1


def rewrite_a_batch(trace: Trace) -> None:
    batches = next(iter(trace.chains.values()))
    batches[0] = (*batches[0][:2], b"another")


def let_a_zombie_store(trace: Trace) -> None:
    process = next(one.process for one in trace.commits if one.process > 1)
    late = [one for one in trace.commits if one.process == process][1:]
    next(iter(late)).process = process - 1


def end_twice(trace: Trace) -> None:
    history, index = next(events(trace, "ExecutionClosed"))
    history.append(dict(history[index]))


def continue_after_the_end(trace: Trace) -> None:
    history, index = next(events(trace, "ExecutionClosed"))
    history.append({**history[index], "type": "Computed", "step": "s0"})


def call_after_terminate(trace: Trace) -> None:
    terminated = {one.execution: one for one in trace.calls if one.kind == "terminate" and one.outcome == "ok"}
    line = next(one for one in trace.lines if one.execution in terminated)
    line.order, line.is_superseded = terminated[line.execution].returned + 1, False


def resume_after_terminate(trace: Trace) -> None:
    first = call(trace, "Terminated")
    again = deepcopy(call(trace, "Released"))
    again.execution, again.invoked = first.execution, first.returned + 1
    trace.calls.append(again)


def terminate_twice(trace: Trace) -> None:
    trace.calls.append(deepcopy(call(trace, "Terminated")))


def pass_a_wait_twice(trace: Trace) -> None:
    history, index = next(events(trace, "Resumed"))
    history.insert(index, dict(history[index]))


def reply_to_a_loser_as_to_the_winner(trace: Trace) -> None:
    # A client that repeats its call may get this answer for its own first call, which got none.
    unsure = {one.asked.get("serial") for one in trace.calls if one.outcome == "unknown"}
    loser = next(one for one in trace.calls if one.reply == "AlreadyReleased" and one.asked["serial"] not in unsure)
    loser.reply, loser.answer = "Released", {"buffered": False}


def use_a_kept_resume_twice(trace: Trace) -> None:
    history, index = next(events(trace, "Resumed", via="BUFFER"))
    history.insert(index, dict(history[index]))


def give_an_attempt_two_outcomes(trace: Trace) -> None:
    for history in trace.histories.values():
        for index, one in enumerate(history):
            if one["type"] == "StepSucceeded" and one["step"] in {e["step"] for e in history if "operation" in e}:
                history.insert(index, dict(one))
                return
    raise StopIteration


def schedule_an_attempt_twice(trace: Trace) -> None:
    history, index = next(events(trace, "StepScheduled"))
    history.insert(index, dict(history[index]))


def reach_the_other_system_twice(trace: Trace) -> None:
    trace.lines.append(deepcopy(next(iter(trace.lines))))


def leave_before_the_commit(trace: Trace) -> None:
    next(iter(trace.lines)).order = 0


def change_a_key(trace: Trace) -> None:
    next(one for one in trace.lines if one.attempt > 1).key += ":2"


def share_a_key(trace: Trace) -> None:
    one, other = next(iter(trace.lines)), next(one for one in trace.lines if one.step != trace.lines[0].step)
    other.key = one.key


def repeat_without_a_cause(trace: Trace) -> None:
    again = deepcopy(next(iter(trace.lines)))
    again.attempt += 1
    trace.lines.append(again)


def open_two_under_one_process_id(trace: Trace) -> None:
    for head in trace.heads.values():
        if not any(one.status == "RUNNING" for one in trace.commits if one.execution == head["execution_id"]):
            continue
        other = next(
            (one for one in trace.heads.values() if one is not head and one["workflow_id"] == head["workflow_id"]), None
        )
        if other is not None:
            head["process_id"] = other["process_id"] = "shared"
            for one in trace.commits:
                one.status = "RUNNING"
            return
    raise StopIteration


def start_two_by_one_key(trace: Trace) -> None:
    keyed = next(one for one in trace.calls if one.asked.get("key") and one.reply == "Started")
    first = trace.histories[keyed.answer["execution_id"]][0]
    other = next(one for one in trace.histories.values() if one[0].get("body") and one[0]["body"] != first["body"])
    other[0].update(body=first["body"], organization_id=first["organization_id"], at=first["at"])


def fire_twice(trace: Trace) -> None:
    trace.firings.append(deepcopy(next(iter(trace.firings))))


def fire_early(trace: Trace) -> None:
    next(iter(trace.firings)).latest_ms = 0


def fire_off_the_grid(trace: Trace) -> None:
    firing = next(one for one in trace.firings if all(plan.is_known for plan in trace.plans))
    firing.nominal_ms -= 1


def fire_in_a_pause(trace: Trace) -> None:
    firing = next(iter(trace.firings))
    plan = next(one for one in trace.plans if one.workflow == firing.workflow and one.status == "DROPPED")
    firing.order = plan.returned + 1


def skip_a_firing(trace: Trace) -> None:
    next(iter(trace.firings)).execution = ""


def miss_an_instant_on_time(trace: Trace) -> None:
    firing = next(one for one in trace.firings if one.decided_ms - one.nominal_ms <= 10_000)
    firing.outcome, firing.execution = "MISSED", ""


def miss_the_last_one(trace: Trace) -> None:
    firing = next(one for one in trace.firings if one.outcome == "CAUGHT_UP")
    firing.outcome, firing.execution = "MISSED", ""
    firing.decided_ms = firing.nominal_ms + 1000


def lose_an_instant(trace: Trace) -> None:
    rows = zip(trace.firings, trace.firings[1:], trace.firings[2:], strict=False)
    step_ms = {plan.workflow: plan.every_ms for plan in trace.plans}
    middle = next(
        two
        for one, two, three in rows
        if one.workflow == two.workflow == three.workflow
        and three.nominal_ms - one.nominal_ms == 2 * step_ms[one.workflow]
        and not any(one.order < plan.returned < three.order for plan in trace.plans)
    )
    trace.firings.remove(middle)


def count_one_miss_too_few(trace: Trace) -> None:
    next(one for one in trace.firings if one.outcome == "MISSED" and one.count > 1).count -= 1


def read_the_past(trace: Trace) -> None:
    reading = next(one for one in trace.readings if one.seq > 1)
    trace.readings.append(deepcopy(reading))
    trace.readings[-1].invoked, trace.readings[-1].seq = reading.returned + 1, reading.seq - 1


def read_before_an_acknowledgement(trace: Trace) -> None:
    winner = call(trace, "Released", buffered=False)
    reading = deepcopy(next(iter(trace.readings)))
    reading.execution, reading.invoked, reading.seq = winner.execution, winner.returned + 1, 1
    trace.readings = [reading]


def find_an_execution_of_another_organization(trace: Trace) -> None:
    next(one for one in trace.lookups if one.found).found = ("another",)


def find_a_row_too_many(trace: Trace) -> None:
    trace.audit.append("WORK x: a timer too many")


def stay_stuck(trace: Trace) -> None:
    next(iter(trace.heads.values()))["status"] = "RUNNING"


def give_no_answer(trace: Trace) -> None:
    next(iter(trace.calls)).outcome = "open"


# Violations that only the reference model detects


def invent_an_answer_of_the_other_system(trace: Trace) -> None:
    for line in trace.lines:
        if line.outcome == "200" and line.returned:
            line.outcome = "404"
            return
    raise StopIteration


def take_another_exit(trace: Trace) -> None:
    one = event(trace, "Computed", branch="yes")
    one["branch"] = "no"


def fire_a_timer_early(trace: Trace) -> None:
    history, index = next(events(trace, "TimerFired"))
    history[history[index]["timer"] - 1]["due"] += timedelta(seconds=100)


def forget_a_retry_timer(trace: Trace) -> None:
    history, index = next(events(trace, "TimerStarted", kind="RETRY"))
    del history[index]


def repeat_an_unknown_call(trace: Trace) -> None:
    history, index = next(events(trace, "IncidentOpened", kind="UNKNOWN"))
    history[index] = {"type": "StepScheduled", "at": history[index]["at"], "step": history[index]["step"], "attempt": 2}


def open_an_incident_for_nothing(trace: Trace) -> None:
    history, index = next(events(trace, "WaitOpened"))
    history.insert(index + 1, {"type": "IncidentOpened", "at": history[index]["at"], "kind": "FAILED", "step": "s0"})


def skip_a_step(trace: Trace) -> None:
    history, index = next(events(trace, "WaitOpened"))
    del history[index]


def end_too_soon(trace: Trace) -> None:
    history, index = next(events(trace, "WaitOpened"))
    end = {"type": "ExecutionClosed", "at": history[index]["at"], "status": "COMPLETED"}
    history[index + 1 :] = [end]


def show_another_status(trace: Trace) -> None:
    head = next(one for one in trace.heads.values() if one["status"] == "COMPLETED")
    head["status"] = "FAILED"


def let_time_go_back(trace: Trace) -> None:
    history = next(one for one in trace.histories.values() if len(one) > 2)
    history[1]["at"] -= timedelta(hours=1)


def invent_a_resume(trace: Trace) -> None:
    event(trace, "Resumed", via=None)["output"] = {"serial": -1}


def crash_without_a_crash(trace: Trace) -> None:
    next(events(trace, "StepUnknown", cause="CRASH"))
    trace.stops.clear()


def count_one_answer_as_all(trace: Trace) -> None:
    for history in trace.histories.values():
        answers = [index for index, one in enumerate(history) if one["type"] == "AnswerRecorded"]
        if len(answers) > 1:
            del history[answers[0]]
            return
    raise StopIteration


TAMPERS: tuple[tuple[checkers.Checker, tuple[Tamper, ...]], ...] = (
    (
        checkers.acknowledged_changes_are_stored,
        (lose_an_acknowledged_execution, lose_an_acknowledged_resume, answer_before_the_commit),
    ),
    (checkers.every_execution_has_a_trigger, (forget_a_trigger, forget_a_firing)),
    (checkers.numbers_are_dense_and_nothing_is_rewritten, (use_a_number_again, rewrite_a_batch)),
    (checkers.only_the_process_in_charge_stores, (let_a_zombie_store,)),
    (checkers.the_end_is_written_once, (end_twice, continue_after_the_end)),
    (checkers.terminate_is_final, (call_after_terminate, resume_after_terminate, terminate_twice)),
    (checkers.one_winner_per_wait, (pass_a_wait_twice, reply_to_a_loser_as_to_the_winner, use_a_kept_resume_twice)),
    (
        checkers.at_most_one_outcome_per_attempt,
        (give_an_attempt_two_outcomes, schedule_an_attempt_twice, reach_the_other_system_twice),
    ),
    (checkers.effects_leave_after_their_unit, (leave_before_the_commit,)),
    (checkers.keys_are_stable, (change_a_key, share_a_key)),
    (checkers.duplicates_are_explained, (repeat_without_a_cause,)),
    (checkers.a_process_id_names_one_open_execution, (open_two_under_one_process_id,)),
    (checkers.a_key_starts_one_execution, (start_two_by_one_key,)),
    (checkers.schedules_fire_each_instant_once, (fire_twice,)),
    (checkers.schedules_keep_to_their_grid, (fire_early, fire_off_the_grid)),
    (checkers.schedules_respect_pauses_and_skip_only_overlaps, (fire_in_a_pause, skip_a_firing)),
    (checkers.missed_instants_were_late, (miss_an_instant_on_time, miss_the_last_one)),
    (checkers.no_instant_is_lost, (lose_an_instant, count_one_miss_too_few)),
    (checkers.readers_see_acknowledged_changes, (read_the_past, read_before_an_acknowledgement)),
    (checkers.organizations_see_only_their_own, (find_an_execution_of_another_organization,)),
    (checkers.rows_are_the_open_work, (find_a_row_too_many,)),
    (checkers.every_run_comes_to_rest, (stay_stuck, give_no_answer)),
    (
        checkers.the_model_allows_each_history,
        (
            invent_an_answer_of_the_other_system, take_another_exit, fire_a_timer_early, forget_a_retry_timer,
            repeat_an_unknown_call, open_an_incident_for_nothing, skip_a_step, end_too_soon, show_another_status,
            let_time_go_back, invent_a_resume, crash_without_a_crash, count_one_answer_as_all,
        ),
    ),
)  # fmt: skip


@pytest.mark.parametrize(
    ("check", "tamper"),
    [pytest.param(check, tamper, id=tamper.__name__) for check, tampers in TAMPERS for tamper in tampers],
)
def test_a_checker_detects_its_violation(check: checkers.Checker, tamper: Tamper) -> None:
    right, wrong = tampered(tamper, run_of, MOST_SEEDS)
    assert list(check(right)) == []
    assert list(check(wrong))


def test_every_checker_has_a_violation() -> None:
    assert {check for check, _ in TAMPERS} == set(checkers.CHECKERS)
