"""Large histories are encoded and decoded beside the event loop, those of one organization one after the other."""

import threading
from typing import Any

from kit.definitions import call, chain
from kit.execution.starts import start_of
from kit.memory import MemoryStore
from looply.engine.coding.codec import Codec
from looply.engine.effects.in_process import InProcessDispatcher
from looply.engine.processing.committer import Committer
from looply.engine.processing.loading import Loader
from looply.engine.processing.mailbox import Mailbox
from looply.execution import ExecutionState, advance, answer
from looply.execution.facts.commands import EffectDone
from looply.execution.facts.events import StepSucceeded
from looply.jsontext import Json
from looply.rates import Turns
from looply.sealing import Sealer
from looply.testing.clock import START_TIME, FakeClock

WORKFLOW = chain(call("call_1"))
LARGE: Json = [[]] * 100_000


class NotingCodec(Codec):
    """Notes whether each batch is encoded in the thread of the event loop."""

    def __init__(self) -> None:
        super().__init__(Sealer(bytes(32)))
        self.loop_thread = threading.get_ident()
        self.in_loop: list[bool] = []

    def encode_measured(self, *facts: Any) -> Any:
        """Returns what the codec returns."""
        self.in_loop.append(threading.get_ident() == self.loop_thread)
        return super().encode_measured(*facts)


async def stored(output: Json, *, body: Json = None, secret: tuple[str, ...] = ()) -> list[bool]:
    """Returns for the start of an execution and the outcome of its call whether the event loop encoded it."""
    clock, codec = FakeClock(), NotingCodec()
    store = MemoryStore(clock)
    await store.open()
    committer = Committer(store, codec, InProcessDispatcher(), clock)
    started = start_of(
        WORKFLOW,
        organization_id="01900000-0000-7000-8000-00000000000a",
        workflow_version=3,
        body=body,
        size=1_600_000 if body else 0,
    )
    box = Mailbox(started.execution_id)
    box.is_busy = True
    first = advance(WORKFLOW, None, (started,))
    await committer.commit(box, first.state, WORKFLOW, first.events)
    state: ExecutionState = first.state
    (opened,) = state.open_steps.values()
    size = 1_600_000 if output else 2
    done = EffectDone(
        at=START_TIME, address=opened.address, attempt=opened.attempt, output=output, size=size, secret=secret
    )
    outcome = advance(WORKFLOW, state, answer(WORKFLOW, state, done).events)
    await committer.commit(box, outcome.state, WORKFLOW, outcome.events)
    assert box.state is outcome.state
    return codec.in_loop


async def test_a_large_outcome_is_encoded_in_a_thread() -> None:
    assert await stored(LARGE) == [True, False]


async def test_a_small_one_is_encoded_at_once() -> None:
    assert await stored({}) == [True, True]


async def test_a_new_execution_is_not_overtaken_while_it_is_encoded() -> None:
    assert await stored({}, body=LARGE) == [True, True]


async def test_secrets_are_sealed_in_the_thread_of_the_event_loop() -> None:
    assert await stored(LARGE, secret=("/output",)) == [True, True]


class NotingReads(Codec):
    """Notes whether each batch is decoded in the thread of the event loop."""

    def __init__(self) -> None:
        super().__init__(Sealer(bytes(32)))
        self.loop_thread = threading.get_ident()
        self.in_loop: list[bool] = []

    def decode_measured(self, *facts: Any) -> Any:
        """Returns what the codec returns."""
        self.in_loop.append(threading.get_ident() == self.loop_thread)
        return super().decode_measured(*facts)


async def decoded(output: Json) -> list[bool]:
    """Returns for one batch whether the event loop decoded it."""
    codec = NotingReads()
    event = StepSucceeded(at=START_TIME, step="call_1", output=output)
    batch, values = codec.encode([event], "o", "e", 1, b"")
    by_hash = {value.hash: value for value in values}
    loader = Loader(MemoryStore(FakeClock()), codec)
    assert (await loader.decode_in_turn(batch, by_hash, "o", "e"))[0] == [event]
    return codec.in_loop


async def test_events_with_large_values_are_decoded_in_a_thread_and_others_at_once() -> None:
    assert await decoded(["x" * 1024] * 1024) == [False]
    assert await decoded(["x" * 1024] * 32) == [True]
    assert await decoded({"a": 1}) == [True]


async def test_large_histories_of_one_organization_are_read_one_after_the_other() -> None:
    clock, waits = FakeClock(), list[float]()

    async def sleep(seconds: float) -> None:
        waits.append(seconds)

    turns, codec = Turns(clock, sleep=sleep), NotingReads()
    for owner in ("acme", "umbrella"):
        turns.note(owner)
    loader = Loader(MemoryStore(clock), codec, turns)
    batch, values = codec.encode([StepSucceeded(at=START_TIME, step="call_1", output=LARGE)], "umbrella", "e", 1, b"")
    by_hash = {value.hash: value for value in values}
    for _ in range(3):
        await loader.decode_in_turn(batch, by_hash, "umbrella", "e")
    assert len(waits) == 2
    assert 0.5 < waits[0] < waits[1]
    await loader.decode_in_turn(batch, by_hash, "umbrella", "e", is_paced=False)
    assert turns.wait_seconds("acme") == 0
    assert len(waits) == 2
