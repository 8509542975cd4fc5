"""How the parts of a shell are connected: one function makes what it composes, each object with what it calls."""

from dataclasses import dataclass

from looply.engine.coding.units import newly_given_up
from looply.engine.effects.datastore_operations import DatastoreOperations
from looply.engine.effects.effects import EffectRunner, Gates
from looply.engine.effects.gate import TargetGate
from looply.engine.effects.gated_dispatcher import GatedDispatcher
from looply.engine.effects.local_first import LocalFirstDispatcher
from looply.engine.effects.suspect_calls import SuspectCallGate
from looply.engine.processing.committer import Committer, CommitterHooks
from looply.engine.processing.current import CurrentStates
from looply.engine.processing.feed import Feed
from looply.engine.processing.loading import Loader
from looply.engine.processing.mailbox import Mailboxes
from looply.engine.processing.processor import Processor
from looply.engine.processing.quotas import Quotas
from looply.engine.shell.completion_poller import CompletionPoller
from looply.engine.shell.executions import StoredExecutions
from looply.engine.shell.parts import Parts
from looply.engine.shell.starting import Starter
from looply.execution import ExecutionState


@dataclass(frozen=True, slots=True, kw_only=True)
class Wiring:
    """The connected objects of one shell."""

    gate: TargetGate
    """Which systems are not called as usual."""
    gated: GatedDispatcher
    """The dispatcher of the parts, behind the gate."""
    dispatcher: LocalFirstDispatcher
    """Where effects go: operations of the engine itself beside the gate, all others through it."""
    boxes: Mailboxes
    """The executions in memory."""
    loader: Loader
    """Reads stored states and definitions."""
    committer: Committer
    """Stores stretches, and publishes what follows from them."""
    processor: Processor
    """Applies commands to executions."""
    quotas: Quotas
    """What each organization has and uses."""
    feed: Feed
    """The changes of all executions, in the order in which they were stored."""
    effects: EffectRunner
    """Performs effects, and stores their outcomes."""
    starter: Starter
    """Starts executions."""
    completion_poller: CompletionPoller
    """Notifies waiting calls of what other processes have stored."""
    executions: StoredExecutions
    """What callers read of executions."""


def connect_parts(parts: Parts) -> Wiring:
    """Returns the objects of a shell over these parts, connected; nothing is opened, and nothing runs yet."""
    store, limits = parts.store, parts.limits
    gate = TargetGate(store.targets, parts.worker.targets, parts.clock, parts.breaker)
    gated = GatedDispatcher(gate, parts.dispatcher)
    dispatcher = LocalFirstDispatcher(gated)
    boxes = Mailboxes(parts.cache_bytes)
    loader = Loader(store, parts.codec, parts.turns)
    quotas = Quotas(store.survey, limits)
    feed = Feed(store.journal, parts.codec, limits.streams, parts.feed_bounds)

    def on_unit(before: ExecutionState | None, after: ExecutionState) -> None:
        quotas.count_change(before, after)
        for effect in newly_given_up(before, after):
            gated.let_go(effect)
        feed.wake()

    hooks = CommitterHooks(read=loader.load_state, channels=parts.channels, on_unit=on_unit, observers=parts.observers)
    committer = Committer(store, parts.codec, dispatcher, parts.clock, limits, hooks)
    watchers = committer.watchers
    current = CurrentStates(loader, boxes, is_shared=store.is_shared)
    processor = Processor(boxes, loader, committer, parts.clock, limits, turns=parts.turns)
    poller = CompletionPoller(store.reads, parts.clock, watchers.execution_ids, watchers.notify)
    return Wiring(
        gate=gate,
        gated=gated,
        dispatcher=dispatcher,
        boxes=boxes,
        loader=loader,
        committer=committer,
        processor=processor,
        quotas=quotas,
        feed=feed,
        effects=EffectRunner(
            store,
            current,
            processor,
            parts.worker,
            DatastoreOperations(store.datastores, parts.clock, limits),
            Gates(suspect_calls=SuspectCallGate(dispatcher.offer), targets=gate),
        ),
        starter=Starter(
            parts=parts, loader=loader, boxes=boxes, processor=processor, committer=committer, quotas=quotas
        ),
        completion_poller=poller,
        executions=StoredExecutions(
            parts=parts, loader=loader, current=current, watchers=watchers, completion_poller=poller
        ),
    )
