"""One execution with all possible commands and events, in any order, with crashes and continuations anywhere."""

from collections import Counter
from datetime import timedelta
from typing import Any

from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.stateful import RuleBasedStateMachine, initialize, invariant, precondition, rule
from msgspec import to_builtins
from msgspec.structs import replace
from workflow_strategies import regions, workflows

from kit.execution.driver import EXECUTION_ID, SEED, Simulator, decode_history, encode_history
from looply.definition import Workflow
from looply.execution import fold, open_work
from looply.execution.facts.address import Address, card_token, idempotency_key, parse_address, wait_token
from looply.execution.facts.commands import (
    AlreadyAnswered,
    AlreadyReleased,
    AlreadyTerminated,
    Command,
    Continue,
    Declined,
    Done,
    EditDocument,
    EffectDone,
    EffectFailed,
    EffectLost,
    FireTimer,
    MoveTo,
    Recorded,
    Redrive,
    Released,
    Repaired,
    Reply,
    Retry,
    SkipStep,
    Terminated,
    Unfit,
    UnknownToken,
)
from looply.execution.facts.events import (
    AnswerRecorded,
    CardWanted,
    Computed,
    Continued,
    Discarded,
    Event,
    ExecutionClosed,
    IncidentClosed,
    IncidentOpened,
    Resumed,
    StepFailed,
    StepScheduled,
    StepSucceeded,
    TimerFired,
    TimerStarted,
    WaitOpened,
    WaitTimedOut,
)
from looply.execution.facts.state import OPEN_STATUSES
from looply.execution.views.logs import condense_logs, event_log, incidents_of, mask_document, waits_of
from looply.jsontext import encode_json, fingerprint
from looply.limits import Limits

STARTS_SOMETHING = (StepScheduled, WaitOpened, CardWanted, TimerStarted, Computed)


def of_kind(history: list[Event], *kinds: type) -> list[Any]:
    return [event for event in history if isinstance(event, kinds)]


class Execution(RuleBasedStateMachine):
    """The rules are the actions of the environment, the invariants the guarantees for users."""

    def __init__(self) -> None:
        super().__init__()
        self.simulator: Simulator

    @initialize(
        flow=workflows() | regions(),
        stretch=st.sampled_from((1, 2, 100)),
        auto_continue=st.booleans(),
        body=st.booleans(),
    )
    def trigger(self, flow: Workflow, stretch: int, auto_continue: bool, body: bool) -> None:
        limits = Limits(stretch_steps=stretch, step_visits=40)
        self.simulator = Simulator(flow, limits=limits, auto_continue=auto_continue)
        self.simulator.start({"n0": 1} if body else None)

    # The actions of the environment

    @rule(source=st.sampled_from(("SAP", "SAP", "TEAMS")), number=st.integers(0, 3), names=st.data())
    def resume(self, source: str, number: int, names: st.DataObject) -> None:
        fields = {}
        how = names.draw(st.sampled_from(("plain", "plain", "open", "any", "garbage", "state")))
        if how == "open" and self.simulator.state.waits:
            fields["token"] = to_builtins(waits_of(self.simulator.state))[0]["wait_token"]
        elif how == "any":
            name = names.draw(st.sampled_from(list(self.simulator.workflow.steps)))
            visit = names.draw(st.integers(1, 4))
            scope = names.draw(st.sampled_from(("", *self.simulator.state.frames)))
            fields["token"] = wait_token(EXECUTION_ID, SEED, Address(scope, name, visit))
        elif how == "garbage":
            fields["token"] = "x" * 60
        elif how == "state":
            fields["state"] = names.draw(st.sampled_from(list(self.simulator.workflow.steps)))
        before, waits = len(self.simulator.history), dict(self.simulator.state.waits)
        frozen_or_closed = self.simulator.state.status in ("FAILED", "TERMINATED")
        reply = self.simulator.resume({"n": number}, source=source, **fields)
        added = self.simulator.history[before:]
        releases = [event for event in of_kind(added, Resumed) if event.via != "BUFFER"]
        match reply:
            case Released(buffered=False):
                assert [event.address.text in waits for event in releases] == [True]
                assert releases[0].source == source
                assert not frozen_or_closed
            case Released(buffered=True):
                assert not releases
                assert not frozen_or_closed
            case AlreadyReleased():
                assert not releases
            case Declined() | Unfit():
                self.assert_nothing_was_done(added)
            case _:
                raise AssertionError(reply)

    @rule(pick=st.integers(0, 10_000), number=st.integers(0, 1))
    @precondition(lambda self: self.simulator.state.cards)
    def answer_card(self, pick: int, number: int) -> None:
        cards = sorted(self.simulator.state.cards.values(), key=lambda card: (card.address, card.part))
        chosen = cards[pick % len(cards)]
        token = card_token(EXECUTION_ID, SEED, parse_address(chosen.address), chosen.part)
        before = len(self.simulator.history)
        intended = chosen.status
        reply = self.simulator.answer_card(token, {"n": number})
        added = self.simulator.history[before:]
        match reply:
            case Recorded():
                assert intended == "OPEN"
                (recorded,) = of_kind(added, AnswerRecorded)
                assert (recorded.user, recorded.part) == (chosen.recipient, chosen.part)
            case AlreadyAnswered() | Declined():
                self.assert_nothing_was_done(added)
            case _:
                raise AssertionError(reply)

    @rule(text=st.sampled_from(("", "x", card_token(EXECUTION_ID, bytes(16), Address("", "s0", 1), 0))))
    def answer_a_card_that_does_not_exist(self, text: str) -> None:
        before = len(self.simulator.history)
        assert self.simulator.answer_card(text, {}) == UnknownToken()
        self.assert_nothing_was_done(self.simulator.history[before:])

    @rule(chance=st.integers(0, 5))
    def terminate(self, chance: int) -> None:
        if chance and self.simulator.state.closed is None:
            return
        closed = self.simulator.state.closed
        before = len(self.simulator.history)
        reply = self.simulator.terminate(f"reason {before}")
        added = self.simulator.history[before:]
        if closed is None:
            assert reply == Terminated()
            assert isinstance(added[-1], ExecutionClosed)
            assert not of_kind(added, *STARTS_SOMETHING)
        else:
            terminated = closed.status == "TERMINATED"
            assert isinstance(reply, AlreadyTerminated if terminated else Declined)
            assert not added

    @rule(pick=st.integers(0, 10_000), late=st.integers(0, 3), result=st.data())
    @precondition(lambda self: of_kind(self.simulator.history, StepScheduled))
    def report_an_attempt(self, pick: int, late: int, result: st.DataObject) -> None:
        if late and self.simulator.effects:
            effect = self.simulator.effects[pick % len(self.simulator.effects)]
            address, attempt = effect.address, effect.attempt
        else:
            scheduled = of_kind(self.simulator.history, StepScheduled)
            address, attempt = scheduled[pick % len(scheduled)].address.text, scheduled[pick % len(scheduled)].attempt
        command = result.draw(results(address, attempt, self.simulator))
        in_flight = any((one.address, one.attempt) == (address, attempt) for one in self.simulator.effects)
        state, before = self.simulator.state, len(self.simulator.history)
        reply = self.simulator.submit(command)
        assert reply == Done(is_late=not in_flight)
        if not in_flight and self.simulator.auto_continue:
            added = self.simulator.history[before:]
            assert [type(event) for event in added] == ([] if isinstance(command, EffectLost) else [Discarded])
            assert self.simulator.state == replace(
                state, seq=state.seq + len(added), now=self.simulator.state.now, modified_by=state.modified_by
            )

    @rule(seconds=st.sampled_from((0, 1, 5, 10, 61, 600, 3600, 7200)))
    def time_passes(self, seconds: int) -> None:
        for reply in self.simulator.tick(seconds):
            assert reply == Done()

    @rule(seconds=st.sampled_from((1, 60, 3600)))
    def time_passes_without_anything_firing(self, seconds: int) -> None:
        self.simulator.now += timedelta(seconds=seconds)

    @rule(pick=st.integers(0, 10_000))
    @precondition(lambda self: of_kind(self.simulator.history, TimerStarted))
    def a_timer_fires(self, pick: int) -> None:
        started = [n for n, event in enumerate(self.simulator.history, 1) if isinstance(event, TimerStarted)]
        number = started[pick % len(started)]
        is_open = number in self.simulator.work.timers
        if is_open:
            self.simulator.now = max(self.simulator.now, self.simulator.work.timers[number].due)
        before = len(self.simulator.history)
        reply = self.simulator.submit(FireTimer(at=self.simulator.now, timer=number))
        assert reply == Done(is_late=not is_open)
        if not is_open:
            assert not of_kind(self.simulator.history[before:], TimerFired)

    @rule(repair=st.data())
    def an_operator_decides(self, repair: st.DataObject) -> None:
        state = self.simulator.state
        common: dict[str, Any] = {"at": self.simulator.now, "by": "operator", "reason": "repaired"}
        names = [*self.simulator.workflow.steps, "nowhere"]
        patch = {"payload": {"output": {f"n{repair.draw(st.integers(0, 1))}": repair.draw(st.sampled_from((1, None)))}}}
        command: Command = repair.draw(
            st.sampled_from(
                (
                    Retry(**common),
                    Retry(**common, document=patch),
                    Redrive(**common),
                    Redrive(**common, opened_by=state.now),
                    Retry(**common, opened_by=state.now),
                    SkipStep(**common, opened_by=state.now),
                    EditDocument(**common, document=patch),
                    SkipStep(**common, branch=repair.draw(st.sampled_from(("", "yes", "timeout", "error")))),
                    MoveTo(**common, to=repair.draw(st.sampled_from(names))),
                )
            )
        )
        before = len(self.simulator.history)
        reply = self.simulator.submit(command)
        added = self.simulator.history[before:]
        closed = [event.incident_id for event in of_kind(added, IncidentClosed)]
        match reply:
            case Repaired(incidents=incidents):
                assert state.closed is None
                assert closed == list(incidents)
                # The incident of a failure that came while another one held the execution is opened and closed at once.
                kept = [each.incident_id for each in of_kind(added, IncidentOpened) if each.incident_id in closed]
                assert not isinstance(command, Retry | Redrive) or closed == [*state.incidents, *kept]
            case Declined() | Unfit():
                assert not closed
                self.assert_nothing_was_done(added)
            case _:
                raise AssertionError(reply)

    @rule()
    def the_process_dies(self) -> None:
        self.simulator.crash()

    @rule()
    def a_cut_stretch_continues(self) -> None:
        was_needed = self.simulator.work.continues
        assert self.simulator.submit(Continue(at=self.simulator.now)) == Done(is_late=not was_needed)

    def assert_nothing_was_done(self, added: list[Event]) -> None:
        """A refused call records nothing; only a stretch that was cut before it may have continued."""
        if self.simulator.auto_continue:
            assert not added
        assert not of_kind(added, Resumed, AnswerRecorded, ExecutionClosed)

    # The guarantees for users

    @invariant()
    def the_state_is_the_fold_of_the_history(self) -> None:
        history, state = self.simulator.history, self.simulator.state
        stored = decode_history(encode_history(history))
        assert stored == history
        assert fold(stored) == state
        assert state.seq == len(history)

    @invariant()
    def any_prefix_and_the_rest_fold_the_same(self) -> None:
        history = self.simulator.history
        for cut in {1, len(history) // 2, len(history) - 1, len(history)} - {0}:
            assert fold(history[cut:], fold(history[:cut])) == self.simulator.state

    @invariant()
    def the_rows_are_the_open_work(self) -> None:
        work = open_work(fold(self.simulator.history))
        for kind, rows in self.simulator.rows.items():
            assert rows == getattr(work, kind), kind

    @invariant()
    def every_open_execution_owns_work_and_a_closed_one_none(self) -> None:
        state, work = self.simulator.state, self.simulator.work
        assert work.is_empty == (state.closed is not None)
        assert work.holds_process_id == state.is_open == (state.status in OPEN_STATUSES)
        if state.status == "FAILED" and state.closed is None:
            assert work.incidents
        if state.closed is not None:
            assert not work.cards

    @invariant()
    def the_end_is_written_once_and_nothing_but_late_results_follows(self) -> None:
        history = self.simulator.history
        ends = [number for number, event in enumerate(history) if isinstance(event, ExecutionClosed)]
        assert len(ends) <= 1
        if ends:
            assert all(isinstance(event, Discarded) for event in history[ends[0] + 1 :])
            assert self.simulator.state.status == history[ends[0]].status

    @invariant()
    def a_wait_is_settled_once_and_its_timer_and_cards_go_with_it(self) -> None:
        settled = Counter(event.address for event in of_kind(self.simulator.history, Resumed, WaitTimedOut))
        opened = Counter(event.address for event in of_kind(self.simulator.history, WaitOpened))
        assert not [address for address, count in (settled + opened).items() if count > 2]
        assert set(settled.values()) <= {1}
        assert set(settled) <= set(opened)
        state = self.simulator.state
        for timer in state.timers.values():
            assert timer.kind != "WAIT" or timer.address in state.waits
        for one in state.cards.values():
            assert one.status != "OPEN" or one.address not in state.settled

    @invariant()
    def each_person_answers_a_card_once(self) -> None:
        answers = Counter((event.address, event.part) for event in of_kind(self.simulator.history, AnswerRecorded))
        assert set(answers.values()) <= {1}

    @invariant()
    def keys_are_stable_over_attempts_and_unique_over_visits(self) -> None:
        scheduled = of_kind(self.simulator.history, StepScheduled)
        attempts = Counter((event.address, event.attempt) for event in scheduled)
        assert set(attempts.values()) <= {1}
        firsts = [event.address for event in scheduled if event.attempt == 1]
        assert {event.address for event in scheduled} == set(firsts)
        keys = [idempotency_key(EXECUTION_ID, address) for address in firsts]
        assert len(keys) == len(set(keys))

    @invariant()
    def a_step_succeeds_at_most_once_and_is_tried_as_often_as_its_policy_says(self) -> None:
        history, steps = self.simulator.history, self.simulator.workflow.steps
        ends = Counter(event.address for event in of_kind(history, Computed, StepSucceeded, Resumed, WaitTimedOut))
        assert set(ends.values()) <= {1}
        failures = Counter(event.address for event in of_kind(history, StepFailed))
        for address, count in failures.items():
            policy = steps[address.step].retry
            # A retry by an operator grants the step all attempts again.
            if any(event.again for event in of_kind(history, IncidentClosed)):
                continue
            assert count <= (policy.max_attempts if policy is not None else 1)

    @invariant()
    def timers_fire_once_and_never_early(self) -> None:
        history = self.simulator.history
        fired = of_kind(history, TimerFired)
        assert len({event.timer for event in fired}) == len(fired)
        for event in fired:
            started = history[event.timer - 1]
            assert isinstance(started, TimerStarted)
            assert event.at >= started.due

    @invariant()
    def time_never_goes_back_in_a_history(self) -> None:
        instants = [event.at for event in self.simulator.history]
        assert instants == sorted(instants)

    @invariant()
    def the_visits_are_counted_and_bounded(self) -> None:
        state = self.simulator.state
        assert state.total_visits == sum(state.visits.values())
        assert state.total_visits <= self.simulator.limits.step_visits

    def teardown(self) -> None:
        if not hasattr(self, "simulator"):
            return
        events = list(enumerate(self.simulator.history, 1))
        shown = [
            to_builtins(event_log(events)),
            to_builtins(condense_logs(events, 1_000_000)),
            mask_document(self.simulator.workflow, self.simulator.state),
            to_builtins(incidents_of(self.simulator.state)),
        ]
        assert encode_json(shown)


def results(address: str, attempt: int, simulator: Simulator) -> st.SearchStrategy[Command]:
    """The reports that are possible for an attempt."""
    common: dict[str, Any] = {"at": simulator.now, "address": address, "attempt": attempt}
    answers = st.sampled_from(("200", "200", "404", "503")).map(lambda status: {"status": status, "statusText": ""})
    done = answers.map(lambda output: EffectDone(output=output, size=len(encode_json(output)), **common))
    failed = st.builds(
        lambda code, sent: EffectFailed(code=code, message="m", was_sent=sent, is_transient=True, **common),
        st.sampled_from(("TIMEOUT", "CONNECTION")),
        st.booleans(),
    )
    refused = st.just(EffectFailed(code="REJECTED", message="m", was_sent=True, **common))
    return st.one_of(done, done, failed, refused, st.just(EffectLost(**common)))


TestExecution = Execution.TestCase
TestExecution.settings = settings(max_examples=200, stateful_step_count=40, deadline=None)


def comparable(history: list[Event]) -> list[Event]:
    """The history without the parts that depend on the cuts: `Continued`, and the numbers of events."""
    kept: list[Event] = []
    timers: dict[int, int] = {}
    for number, event in enumerate(history, 1):
        match event:
            case Continued():
                continue
            case TimerStarted():
                timers[number] = len(timers)
                kept.append(event)
            case TimerFired():
                kept.append(replace(event, timer=timers[event.timer]))
            case IncidentOpened():
                kept.append(replace(event, incident_id=""))
            case _:
                kept.append(event)
    return kept


@settings(max_examples=100, deadline=None)
@given(flow=workflows() | regions(), cuts=st.lists(st.booleans(), max_size=60), data=st.data())
def test_where_stretches_are_cut_changes_nothing_but_continued(
    flow: Workflow, cuts: list[bool], data: st.DataObject
) -> None:
    pattern = iter(cuts)
    whole, cut = Simulator(flow, limits=Limits(step_visits=40)), Simulator(flow, limits=Limits(step_visits=40))
    cut.is_cut = lambda: next(pattern, False)
    whole.start({"n0": 1})
    cut.start({"n0": 1})
    for _ in range(data.draw(st.integers(0, 12))):
        act = data.draw(st.sampled_from(("effect", "effect", "resume", "card", "tick")))
        if act == "effect" and whole.effects:
            command = data.draw(results(whole.effects[0].address, whole.effects[0].attempt, whole))
            replies: list[Any] = [one.submit(command) for one in (whole, cut)]
        elif act == "card" and whole.work.cards:
            chosen = next(iter(whole.work.cards.values()))
            token = card_token(EXECUTION_ID, SEED, parse_address(chosen.address), chosen.part)
            replies = [one.answer_card(token, {"n": 1}) for one in (whole, cut)]
        elif act == "tick":
            replies = [one.tick(1800) for one in (whole, cut)]
        else:
            number = data.draw(st.integers(0, 2))
            replies = [one.resume({"n": number}) for one in (whole, cut)]
        first, second = replies
        assert first == second
    assert comparable(cut.history) == comparable(whole.history)
    assert cut.state.status == whole.state.status
    assert cut.state.outputs == whole.state.outputs


@settings(max_examples=50, deadline=None)
@given(flow=workflows() | regions(), winners=st.permutations(range(6)))
def test_of_many_resumes_exactly_one_releases_each_wait(flow: Workflow, winners: list[int]) -> None:
    simulator = Simulator(flow)
    simulator.start({"n0": 1})
    for _ in range(20):
        if simulator.state.status == "FAILED":
            break
        if simulator.state.waits:
            token = to_builtins(waits_of(simulator.state))[0]["wait_token"]
            replies: list[Reply] = [simulator.resume({"n": number}, token=token) for number in winners]
            assert [type(reply) for reply in replies] == [Released] + [AlreadyReleased] * (len(replies) - 1)
        elif simulator.effects:
            simulator.succeed({"status": "200"})
        else:
            simulator.tick(3600)
    winner = fingerprint({"source": "SAP", "n": winners[0]})
    assert {event.request for event in of_kind(simulator.history, Resumed)} <= {winner}
