"""A simulator of one execution: the decision core without store, network or time.

The history is a list, the clock is set by hand, effects wait until the test answers them. The rows of a store are kept
as differences of open work change them, so that a test can compare them with a fold of the history.
"""

from collections.abc import Callable, Mapping
from datetime import timedelta
from typing import Any

import msgspec

from looply.definition import Workflow
from looply.execution import ExecutionState, OpenWork, advance, answer, fold, open_work
from looply.execution.facts.commands import (
    Admit,
    AnswerCard,
    ChildEnded,
    Command,
    Continue,
    Done,
    EffectDone,
    EffectFailed,
    EffectLost,
    FireTimer,
    Outage,
    ParkEffect,
    Reply,
    Resume,
    Terminate,
)
from looply.execution.facts.events import ChildOutcome, Event, ExecutionStarted
from looply.execution.facts.open_work import EffectWork
from looply.jsontext import Json, encode_json, fingerprint
from looply.limits import DEFAULT_LIMITS, Limits
from looply.testing.clock import START_TIME

EXECUTION_ID = "01944ca1-1c00-7000-8000-000000000001"
SEED = bytes(range(16))

_KINDS = ("effects", "timers", "waits", "incidents", "cards")
_HISTORY = msgspec.json.Decoder(list[Event])


def encode_history(events: list[Event]) -> bytes:
    """Returns a history as JSON text."""
    return msgspec.json.encode(events)


def decode_history(text: bytes) -> list[Event]:
    """Returns the events of a JSON text. Raises: msgspec.ValidationError."""
    return _HISTORY.decode(text)


class Simulator:
    """One execution of a workflow, driven by commands.

    With `auto_continue` False a cut stretch waits for `submit(Continue(...))`. `rows` has one dict for each kind of
    open work. The clock `now` never goes back; `tick` moves it. `moved_by` are the commands that moved the execution,
    each with whether branches or iterations were open.
    """

    def __init__(self, workflow: Workflow, *, limits: Limits = DEFAULT_LIMITS, auto_continue: bool = True) -> None:
        self.workflow = workflow
        self.workflows = {workflow.hash.hex(): workflow}
        self.limits = limits
        self.auto_continue = auto_continue
        self.now = START_TIME
        self.is_cut: Callable[[], bool] = lambda: False
        self.history: list[Event] = []
        self.moved_by: list[tuple[Command, bool]] = []
        self.rows: dict[str, dict[Any, Any]] = {kind: {} for kind in _KINDS}
        self._state: ExecutionState | None = None

    @property
    def state(self) -> ExecutionState:
        """The state after the history; it exists from the start on."""
        assert self._state is not None
        return self._state

    @property
    def work(self) -> OpenWork:
        """The open work of the execution."""
        return open_work(self.state)

    @property
    def effects(self) -> list[EffectWork]:
        """The effects in flight, in the order in which they were scheduled."""
        return list(self.work.effects.values())

    def start(self, body: Json = None, **fields: Any) -> ExecutionState:
        """Starts the execution and returns the state in which it waits. `fields` are those of `ExecutionStarted`."""
        facts: dict[str, Any] = {
            "at": self.now,
            "by": "starter",
            "execution_id": EXECUTION_ID,
            "organization_id": "organization",
            "workspace_id": "workspace",
            "workflow_id": "workflow",
            "workflow_version": 1,
            "definition": self.workflow.hash.hex(),
            "seed": SEED,
            "body": body,
            "size": len(encode_json(body)),
            "secret": self.workflow.steps[self.workflow.start].secret,
        }
        self._commit((ExecutionStarted(**{**facts, **fields}),))
        return self._rest()

    def submit(self, command: Command) -> Reply:
        """Submits a command and returns the reply, after its events are in the history."""
        given = answer(self.workflow, self.state, command, limits=self.limits)
        self.workflow = given.workflow or self.workflow
        self.workflows[self.workflow.hash.hex()] = self.workflow
        if given.events:
            self.moved_by.append((command, bool(self.state.regions)))
            self._commit(given.events)
        self._rest()
        return given.reply

    def resume(self, payload: Mapping[str, Json] | None = None, *, source: str = "SAP", **fields: Any) -> Reply:
        """Resumes with a payload, to which `source` is added. `fields` are those of `Resume`."""
        body = {"source": source, **(payload or {})}
        facts: dict[str, Any] = {
            "at": self.now,
            "by": "caller",
            "source": source,
            "payload": body,
            "request": fingerprint(body),
        }
        return self.submit(Resume(**{**facts, **fields}))

    def answer_card(self, token: str, data: dict[str, Json]) -> Reply:
        """Answers the card copy that a token names."""
        return self.submit(AnswerCard(at=self.now, via="INBOX", token=token, data=data))

    def terminate(self, reason: str = "enough") -> Reply:
        """Terminates the execution."""
        return self.submit(Terminate(at=self.now, by="operator", reason=reason))

    def child_ended(self, outcome: ChildOutcome = "COMPLETED", output: Json = None, **fields: Any) -> Reply:
        """Reports the outcome of the oldest child. `fields` are those of `ChildEnded`."""
        facts: dict[str, Any] = {"child_id": next(iter(self.state.children), ""), "size": len(encode_json(output))}
        return self.submit(ChildEnded(at=self.now, via="CHILD", outcome=outcome, output=output, **{**facts, **fields}))

    def admit(self) -> Reply:
        """Gives the execution a concurrency slot of its workflow."""
        return self.submit(Admit(at=self.now))

    def succeed(self, output: Json = None, **fields: Any) -> Reply:
        """Lets the oldest effect in flight succeed, or be judged. `fields` are those of `EffectDone`."""
        return self.report(self.effects[0], output, **fields)

    def report(self, effect: EffectWork, output: Json = None, **fields: Any) -> Reply:
        """Reports the answer to an effect, perhaps too late. `fields` are those of `EffectDone`."""
        return self.submit(
            EffectDone(
                at=self.now,
                address=effect.address,
                attempt=effect.attempt,
                output=output,
                size=len(encode_json(output)),
                **fields,
            )
        )

    def fail(self, code: str = "CONNECTION", **fields: Any) -> Reply:
        """Lets the oldest effect in flight fail. `fields` are those of `EffectFailed`."""
        effect = self.effects[0]
        facts: dict[str, Any] = {
            "at": self.now,
            "address": effect.address,
            "attempt": effect.attempt,
            "message": "it failed",
        }
        return self.submit(EffectFailed(**{**facts, "code": code, "is_transient": True, **fields}))

    def lose(self, *, ended_process: bool = False) -> Reply:
        """Reports that the process of the oldest effect in flight ended; with `ended_process` it crashed."""
        effect = self.effects[0]
        lost = EffectLost(at=self.now, address=effect.address, attempt=effect.attempt, ended_process=ended_process)
        return self.submit(lost)

    def tick(self, seconds: float = 0) -> list[Reply]:
        """Moves the clock and fires the due timers, each at the later of its instant and the last event."""
        target = self.now + timedelta(seconds=seconds)
        replies = []
        while due := [timer for timer in self.work.timers.values() if timer.due <= target]:
            timer = min(due, key=lambda timer: (timer.due, timer.seq))
            self.now = max(self.now, timer.due)
            replies.append(self.submit(FireTimer(at=self.now, timer=timer.seq)))
        self.now = max(self.now, target)
        return replies

    def crash(self) -> None:
        """Drops the state and folds it again from the stored text of the history."""
        self._state = fold(decode_history(encode_history(self.history)))

    def decide_from(self, state: ExecutionState) -> list[Event]:
        """Returns the decisions from another state, which are not kept."""
        return list(advance(self.workflow, state, (), limits=self.limits).events)

    def _commit(self, events: tuple[Event, ...]) -> None:
        before = open_work(self._state) if self._state is not None else None
        stretch = advance(self.workflow, self._state, events, limits=self.limits, is_cut=self.is_cut)
        self._state = stretch.state
        self.history.extend(stretch.events)
        after = open_work(stretch.state)
        for kind in _KINDS:
            old = getattr(before, kind) if before is not None else {}
            new = getattr(after, kind)
            self.rows[kind].update({key: entry for key, entry in new.items() if old.get(key) != entry})
            for key in old:
                if key not in new:
                    del self.rows[kind][key]

    def _rest(self) -> ExecutionState:
        while self.auto_continue and self.work.continues:
            given = answer(self.workflow, self.state, Continue(at=self.now), limits=self.limits)
            assert given.reply == Done()
            self._commit(given.events)
        return self.state


def park(simulator: Simulator, outage: Outage) -> Reply:
    """Lets the oldest effect wait, because its system is not called."""
    effect = simulator.effects[0]
    command = ParkEffect(at=simulator.now, address=effect.address, attempt=effect.attempt, outage=outage)
    return simulator.submit(command)
