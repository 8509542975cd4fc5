"""Branches, and their common rules with iterations: how they open and end."""

from typing import Any

import pytest
from msgspec import to_builtins

from kit.execution.driver import EXECUTION_ID, SEED
from kit.execution.regions import OK, events, failure, for_each, items, join, note, parallel, started, two_calls
from kit.execution.workflows import CARD, call, card, step
from looply.errors import IllegalTransition
from looply.execution import evolve, fold
from looply.execution.facts.address import Address, wait_token
from looply.execution.facts.commands import AlreadyReleased, Declined, EffectDone, Released
from looply.execution.facts.events import (
    Cancelled,
    Computed,
    Discarded,
    IncidentOpened,
    Moved,
    ScopeClosed,
    ScopeEntered,
    ScopeOpened,
    StepScheduled,
    StepSkipped,
)
from looply.execution.views.logs import condense_logs, event_log, incidents_of, waits_of
from looply.jsontext import Json
from looply.limits import Limits


def test_branches_begin_at_once_in_the_order_of_the_definition():
    simulator = two_calls()
    assert [effect.address for effect in simulator.effects] == ["p[l]/a:1", "p[r]/b:1"]
    assert simulator.state.current_state == "a,b"
    assert simulator.state.status == "RUNNING"


def test_the_step_behind_a_join_is_visited_once_and_outside_of_the_branches():
    simulator = two_calls()
    simulator.succeed(OK)
    assert not [event for event in events(simulator, StepScheduled) if event.step == "last"]
    simulator.succeed(OK)
    (scheduled,) = [event for event in events(simulator, StepScheduled) if event.step == "last"]
    assert scheduled.address == Address("", "last", 1)
    assert simulator.state.regions == simulator.state.frames == {}
    assert simulator.state.outputs["p"] == {"branches": {"l": "ARRIVED", "r": "ARRIVED"}}
    assert simulator.state.outputs["j"] == {"arrived": ["l", "r"], "missing": []}


def test_a_losing_branch_is_cancelled_and_its_late_result_moves_nothing():
    simulator = two_calls("any")
    late, early = simulator.effects
    simulator.report(early, OK)
    assert simulator.state.outputs["j"] == {"arrived": ["r"], "missing": ["l"]}
    assert [effect.address for effect in simulator.effects] == ["last:1"]
    before = simulator.state
    simulator.report(late, OK)
    (discarded,) = events(simulator, Discarded)
    assert discarded.address.text == "p[l]/a:1"
    assert simulator.state.paths_by_scope == before.paths_by_scope
    assert "a" not in simulator.state.outputs


def test_a_winner_that_only_computes_lets_no_later_branch_begin():
    steps = (parallel("l", "r"), note("a"), call("b"), join("any"))
    simulator = started(*steps, edges="start>p p:l>a p:r>b a>j b>j")
    assert simulator.state.status == "COMPLETED"
    assert not events(simulator, StepScheduled)


def test_a_loser_takes_its_own_branches_waits_timers_and_cards_along():
    steps = (
        parallel("l", "r"),
        call("a"),
        parallel("x", "y", "z", id_="q"),
        step("w", "wait", {"timeout": "PT1H"}),
        card("k", "a@example.com", wait={}),
        step("d", "delay", {"for": "PT1H"}),
        join("any"),
        step("rest", "wait"),
    )
    edges = "start>p p:l>a p:r>q q:x>w q:y>k q:z>d a>j j>rest"
    simulator = started(*steps, edges=edges)
    assert simulator.state.current_state == "a,wait_for_response_state,d"
    simulator.succeed(OK)
    work = simulator.work
    assert ([wait.address for wait in work.waits.values()], work.timers, work.cards) == (["rest:1"], {}, {})
    assert [settled.how for settled in simulator.state.settled.values()] == ["CANCELLED", "CANCELLED"]
    (given_up,) = events(simulator, Cancelled)
    assert given_up.scopes == ("p[r]",)


def test_a_branch_that_ends_at_an_open_exit_is_over_and_has_not_arrived():
    steps = (parallel("l", "r"), call("a"), call("b"), join(), note("caught", "${error.message}"))
    simulator = started(*steps, edges="start>p p:l>a p:r>b a>j j:error>caught")
    simulator.succeed(OK)
    simulator.succeed(OK)
    assert failure(simulator)[0] == "JOIN_NOT_MET"
    message = "step 'j': 1 branches of 'p' have arrived, and it waits for 2; the others have ended without arriving: r"
    assert simulator.state.payload["caught"] == message


def test_a_join_that_cannot_be_met_is_an_incident_without_an_error_exit():
    simulator = started(parallel("l"), call("a"), join(), edges="start>p p:l>a")
    simulator.succeed(OK)
    (incident,) = simulator.state.incidents.values()
    assert (incident.code, incident.step, simulator.state.status) == ("JOIN_NOT_MET", "j", "FAILED")


def test_branches_without_a_join_end_the_execution_when_the_last_of_them_ends():
    simulator = started(parallel("l", "r", "none"), call("a"), call("b"), edges="start>p p:l>a p:r>b")
    simulator.succeed(OK)
    assert simulator.state.status == "RUNNING"
    simulator.succeed(OK)
    assert simulator.state.status == "COMPLETED"
    assert simulator.state.outputs["p"] == {"branches": {"none": "ENDED", "l": "ENDED", "r": "ENDED"}}


def test_more_branches_than_the_limit_fail_the_step():
    simulator = started(parallel("l", "r"), call("a"), edges="start>p p:l>a", limits=Limits(branches=1))
    assert failure(simulator) == ("LIMIT", "step 'p': there are 2 branches; the limit branches is 1")


def test_a_failed_branch_freezes_the_others_and_keeps_their_results():
    simulator = two_calls()
    first, second = simulator.effects
    simulator.fail("REJECTED", is_transient=False)
    (incident,) = events(simulator, IncidentOpened)
    assert incident.address == Address("p[l]", "a", 1)
    assert [(shown["state"], shown["scope"]) for shown in to_builtins(incidents_of(simulator.state))] == [("a", "p[l]")]
    simulator.report(second, OK)
    state = simulator.state
    assert (state.status, state.current_state, state.outputs["b"]) == ("FAILED", "a,b", OK)
    assert not simulator.work.continues
    assert first.address == "p[l]/a:1"


def test_an_error_belongs_to_its_branch():
    steps = (
        parallel("l", "r"),
        call("a"),
        note("caught", "${error.state}"),
        call("b"),
        note("other", "${coalesce(error, 'none')}"),
        join(),
        note("last", "${coalesce(error, 'none')}"),
    )
    simulator = started(*steps, edges="start>p p:l>a a:error>caught caught>j p:r>b b>other other>j j>last")
    simulator.fail("REJECTED", is_transient=False)
    simulator.succeed(OK)
    payload = simulator.state.payload
    assert (payload["caught"], payload["other"], payload["last"]) == ("a", "none", "none")


def test_a_terminate_step_in_a_branch_ends_the_execution():
    steps = (parallel("l", "r"), call("a"), call("b"), step("t", "terminate", {"reason": "enough"}), join())
    simulator = started(*steps, edges="start>p p:l>a p:r>b b>t a>j")
    late = simulator.effects[0]
    simulator.report(simulator.effects[1], OK)
    state = simulator.state
    assert (state.status, state.current_state, state.closed and state.closed.reason) == ("COMPLETED", "t", "enough")
    simulator.report(late, OK)
    assert len(events(simulator, Discarded)) == 1


def test_a_terminate_call_keeps_the_current_steps_of_the_branches():
    simulator = two_calls()
    simulator.terminate()
    assert (simulator.state.status, simulator.state.current_state) == ("TERMINATED", "a,b")


def test_branches_that_all_wait_make_the_execution_wait_and_are_named_by_state_or_token():
    steps = (parallel("l", "r"), step("a", "wait"), step("b", "delay", {"for": "PT1H"}), join())
    simulator = started(*steps, edges="start>p p:l>a p:r>b a>j b>j")
    assert (simulator.state.status, simulator.state.current_state) == ("WAITING", "wait_for_response_state,b")
    assert [shown["scope"] for shown in to_builtins(waits_of(simulator.state))] == ["p[l]"]
    assert simulator.resume() == Released()
    assert (simulator.state.status, simulator.state.current_state) == ("WAITING", "b")
    simulator.tick(3600)
    assert simulator.state.status == "COMPLETED"


def test_the_token_of_a_cancelled_wait_is_refused_and_so_is_that_of_one_that_never_opened():
    steps = (
        parallel("l", "r", "s"),
        call("a"),
        step("b", "wait"),
        call("c"),
        step("d", "wait"),
        join("any"),
        call("z"),
    )
    simulator = started(*steps, edges="start>p p:l>a p:r>b p:s>c c>d a>j b>j d>j j>z")
    simulator.succeed(OK)
    for scope, name in (("p[r]", "b"), ("p[s]", "d")):
        declined = simulator.resume(token=wait_token(EXECUTION_ID, SEED, Address(scope, name, 1)))
        assert isinstance(declined, Declined)
        assert declined.code == "NOT_WAITING"
    unnamed = simulator.resume()
    assert isinstance(unnamed, Declined)
    assert unnamed.code == "NOT_WAITING"


def test_a_step_of_a_branch_sees_the_tokens_of_its_own_waits_and_of_those_around():
    steps = (
        parallel("l", "r"),
        note("seen", "${waits}"),
        step("a", "wait"),
        step("b", "wait"),
        join("any"),
        step("c", "wait"),
    )
    simulator = started(*steps, edges="start>p p:l>seen seen>a p:r>b a>j b>j j>c")
    places = {"a": Address("p[l]", "a", 1), "c": Address("", "c", 1)}
    tokens = {name: wait_token(EXECUTION_ID, SEED, address) for name, address in places.items()}
    assert simulator.state.payload["seen"] == tokens
    assert simulator.resume({"n": 1}, token=tokens["a"]) == Released()
    assert isinstance(simulator.resume({"n": 1}, token=tokens["a"]), AlreadyReleased)
    assert simulator.resume({"n": 2}, token=tokens["c"]) == Released()


def test_the_log_and_the_condensed_visits_tell_the_scope():
    simulator = items(call("c"), edges="", concurrency=2)
    simulator.succeed(OK)
    simulator.terminate()
    numbered = list(enumerate(simulator.history, 1))
    log = to_builtins(event_log(numbered))
    assert [entry.get("scope") for entry in log if entry["state"] == "c" and entry["type"] == "STEP_STARTED"] == [
        "f[0]",
        "f[1]",
        "f[2]",
    ]
    (opened,) = [entry for entry in log if entry["type"] == "STEP_STARTED" and entry["state"] == "f"]
    assert (opened["items"], opened["concurrency"]) == (3, 2)
    visits, _ = to_builtins(condense_logs(numbered, 10**6))
    assert [(visit["scope"], visit["status"]) for visit in visits["c"]] == [
        ("f[0]", "SUCCEEDED"),
        ("f[1]", "CANCELLED"),
        ("f[2]", "CANCELLED"),
    ]
    assert visits["f"][0]["input"] == {"items": ["x", "y", "z"], "concurrency": 2}


def test_the_condensed_visits_of_losers_are_cancelled():
    simulator = two_calls("any")
    simulator.report(simulator.effects[1], OK)
    visits, _ = to_builtins(condense_logs(enumerate(simulator.history, 1), 10**6))
    assert [visit["status"] for visit in (*visits["a"], *visits["b"], *visits["p"])] == [
        "CANCELLED",
        "SUCCEEDED",
        "SUCCEEDED",
    ]
    assert visits["p"][0]["input"] == {"branches": ["l", "r"]}


@pytest.mark.parametrize("cut", [1, 2, 3, 5])
def test_where_a_stretch_is_cut_changes_nothing(cut: int):
    body = (parallel("l", "r"), note("a", "${item}"), note("b", "${index}"), join(), note("n", "${a.output.a}"))
    edges = "start>f f:each>p p:l>a p:r>b a>j b>j j>n"
    outcomes = []
    for limits in (Limits(), Limits(stretch_steps=cut)):
        simulator = started(for_each(concurrency=2), *body, edges=edges, body={"items": [1, 2, 3]}, limits=limits)
        path = [(type(event), getattr(event, "scope", "")) for event in simulator.history]
        outcomes.append((simulator.state.outputs["f"], [step for step in path if step[0].__name__ != "Continued"]))
    assert outcomes[0] == outcomes[1]
    assert outcomes[0][0] == {"items": [{"n": 1}, {"n": 2}, {"n": 3}]}


def test_every_prefix_of_a_history_folds_and_its_stored_text_too():
    simulator = items(parallel("l", "r"), call("c"), step("w", "wait"), join("any"), edges="p:l>c p:r>w c>j w>j")
    simulator.succeed(OK)
    simulator.resume({"n": 1})
    for count in range(1, len(simulator.history)):
        assert fold(simulator.history[count:], fold(simulator.history[:count])) == simulator.state
    before = simulator.state
    simulator.crash()
    assert simulator.state == before


def test_a_skipped_or_moved_step_takes_its_region_along():
    simulator = two_calls()
    at = simulator.now
    skipped = evolve(
        simulator.state, StepSkipped(at=at, step="p", branch="join", output={"branches": {"l": "ARRIVED"}})
    )
    moved = evolve(simulator.state, Moved(at=at, to="last"))
    for state in (skipped, moved):
        assert (state.regions, state.frames, state.open_steps) == ({}, {}, {})
        assert [path.scope for path in state.paths] == [""]


@pytest.mark.parametrize("count", ["all", "any", 2])
def test_a_join_continues_when_an_operator_gave_its_parallel_an_output(count: Json):
    simulator = two_calls(count)
    skipped = StepSkipped(at=simulator.now, step="p", branch="join", output="by hand")
    state = evolve(simulator.state, skipped)
    advanced = simulator.decide_from(state)
    assert [(type(event), event.step) for event in advanced] == [(Computed, "j"), (StepScheduled, "last")]


@pytest.mark.parametrize(
    "event",
    [
        lambda at: ScopeClosed(at=at, scope="p[x]"),
        lambda at: Cancelled(at=at, scopes=("p[x]",)),
        lambda at: ScopeEntered(at=at, step="f", index=0),
        lambda at: ScopeOpened(at=at, step="q", scope="p[l]", branches=("x",)),
    ],
    ids=["closed", "cancelled", "entered", "opened"],
)
def test_an_event_that_cannot_follow_is_illegal(event: Any):
    simulator = two_calls()
    with pytest.raises(IllegalTransition):
        evolve(simulator.state, event(simulator.now))


def test_a_late_result_of_an_iteration_that_is_over_is_discarded():
    simulator = items(parallel("l", "r"), call("c"), call("d"), join("any"), edges="p:l>c p:r>d c>j d>j")
    late = simulator.effects[1]
    simulator.succeed(OK)
    done = EffectDone(at=simulator.now, address=late.address, attempt=1, output=OK, size=2)
    simulator.submit(done)
    assert [event.address.text for event in events(simulator, Discarded)] == ["f[0]/p[r]/d:1"]


def test_a_retry_that_was_to_come_goes_with_the_path_that_is_moved():
    retry = {"max_attempts": 3, "interval": "PT10S"}
    simulator = started(parallel("l", "r"), call("a", retry=retry), call("b"), edges="start>p p:l>a p:r>b")
    simulator.fail()
    assert simulator.work.timers
    moved = evolve(simulator.state, Moved(at=simulator.now, to="b", scope="p[l]"))
    assert (moved.paths_by_scope["p[l]"].phase, moved.timers, list(moved.open_steps)) == ("ENTER", {}, ["p[r]/b:1"])


def test_a_wait_outside_of_a_cancelled_branch_stays_open():
    inner = (parallel("x", "y", id_="q"), call("c"), step("w", "wait"), join("any", of="q", id_="k"))
    steps = (parallel("l", "r"), *inner, step("v", "wait"), join())
    simulator = started(*steps, edges="start>p p:l>q q:x>c q:y>w c>k w>k k>j p:r>v v>j")
    simulator.succeed(OK)
    assert [wait.address for wait in simulator.work.waits.values()] == ["p[r]/v:1"]


def changing(id_: str, target: str) -> dict[str, Json]:
    """Returns a step that changes the cards of another one."""
    return step(id_, "adaptiveCard", {"action": "update", "target": target, "card": CARD})


def test_a_card_is_changed_from_a_branch_from_beside_it_and_from_behind_the_join():
    steps = (
        card("outer", "a@example.com"),
        parallel("l", "r"),
        card("inner", "b@example.com"),
        changing("one", "outer"),
        changing("two", "inner"),
        join(),
        changing("three", "inner"),
        step("w", "wait"),
    )
    edges = "start>outer outer>p p:l>inner inner>one one>j p:r>two two>j j>three three>w"
    simulator = started(*steps, edges=edges)
    assert simulator.state.current_state == "wait_for_response_state"
    revisions = {shown.address: shown.revision for shown in simulator.state.cards.values()}
    assert revisions == {"outer:1": 2, "p[l]/inner:1": 3}


def test_a_card_of_an_iteration_is_changed_in_it_and_not_from_outside():
    steps = (for_each([1, 2]), card("k", "a@example.com"), changing("own", "k"), changing("late", "k"))
    simulator = started(*steps, edges="start>f f:each>k k>own f>late")
    assert {shown.revision for shown in simulator.state.cards.values()} == {2}
    assert failure(simulator) == ("BAD_INPUT", "step 'late': step 'k' has sent no card that could be changed")
