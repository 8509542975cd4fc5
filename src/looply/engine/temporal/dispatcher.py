"""The dispatcher over Temporal: every process offers effects, workers also carry them out."""

from collections.abc import Sequence
from datetime import timedelta
from functools import partial
from typing import Final

from looply.clock import Clock
from looply.engine.effects.targets import KnownTargets
from looply.engine.ports.dispatch import EffectRef, Perform
from looply.engine.temporal.connecting import LabelsOf, TemporalConnection
from looply.engine.temporal.effect_carrier import Carrier
from looply.engine.temporal.outbox import Outbox
from looply.engine.temporal.references import Reference, obscure, reference_of
from looply.engine.temporal.settings import Serving, TemporalSettings
from looply.engine.temporal.worker import EffectWorker, WorkerHooks
from looply.slots import Lane

_SENDING: Final = timedelta(seconds=2)
"""The time to send the last offers to Temporal at a stop; those not sent are offered again by other processes."""


_NO_HOOKS: Final = WorkerHooks()


class TemporalDispatcher:
    """See `looply.engine.ports.dispatch.Dispatcher`. Effects are stored as queued and run wherever a worker takes them.

    One that follows from an effect which a worker carries out is stored as running, and that worker continues with it.

    Without `serving` this process only offers. `labels_of` returns the labels by which executions can be searched in
    Temporal; without it they are known there by their ids alone. `targets` know which lanes lead to the same system.
    `hooks` are for tests. Temporal may be unavailable at
    any time: offers are held, later ones dropped, and a sweep of the store offers them again.
    """

    def __init__(
        self,
        settings: TemporalSettings,
        clock: Clock,
        *,
        serving: Serving | None = None,
        labels_of: LabelsOf | None = None,
        targets: KnownTargets | None = None,
        hooks: WorkerHooks = _NO_HOOKS,
    ) -> None:
        """Raises: SettingsError when the settings contradict each other or name files that cannot be read."""
        self._prefix = settings.task_queue
        connection = TemporalConnection(settings, clock, labels_of)
        self._outbox = Outbox(connection.offer, pause=hooks.pause)
        self._carrier: Carrier | None = None
        self._worker: EffectWorker | None = None
        if serving is not None:
            self._carrier = Carrier(serving, self._offer_followers, clock)
            if targets is not None:
                targets.on_target.append(partial(_link, self._carrier.targets))
            self._worker = EffectWorker(connection, serving, self._carrier, clock, hooks)

    @property
    def is_unavailable(self) -> bool:
        """Whether Temporal did not accept the last offer of this process."""
        return self._outbox.is_unavailable

    def reserve(self, lane: Lane) -> bool:
        """Takes a free slot for an effect that follows from one which this process carries out.

        Every other one is queued until a worker, of any process, marks it as running.
        """
        return self._carrier is not None and self._carrier.reserve(reference_of(EffectRef("", 0, lane), self._prefix))

    def release(self, lane: Lane) -> None:
        """Releases a slot that was reserved and is not used."""
        assert self._carrier is not None
        self._carrier.release(reference_of(EffectRef("", 0, lane), self._prefix))

    def launch(self, effect: EffectRef) -> None:
        """Carries out an effect in its reserved slot, as part of the activity of the effect that it follows from."""
        assert self._carrier is not None
        self._carrier.launch(effect.execution_id, reference_of(effect, self._prefix))

    def offer(self, effect: EffectRef) -> None:
        """Offers an effect to the workers. One that follows from an effect which this process carries out joins it."""
        reference = reference_of(effect, self._prefix)
        if self._carrier is None or not self._carrier.collect(effect.execution_id, reference):
            self._outbox.put(effect.execution_id, (reference,))

    def start(self, perform: Perform) -> None:
        """Starts to offer and, where this process is a worker, to carry out effects."""
        self._outbox.start()
        if self._carrier is not None and self._worker is not None:
            self._carrier.start(perform)
            self._worker.start()

    def carries(self, effect: EffectRef) -> bool:
        """Returns whether this process carries out the effect, or has it queued; then an offer changes nothing."""
        return self._carrier is not None and self._carrier.carries(effect.execution_id, effect.seq)

    def leave(self) -> None:
        """Takes no more effects from Temporal; running ones continue, and offers are sent. Twice is harmless."""
        if self._worker is not None:
            self._worker.leave()

    async def stop(self, drain: timedelta) -> None:
        """Leaves, lets running effects end within `drain`, and offers the effects that follow from them to Temporal."""
        if self._worker is not None:
            await self._worker.stop(drain)
        await self._outbox.stop(min(drain, _SENDING))

    def _offer_followers(self, execution_id: str, references: Sequence[Reference]) -> None:
        self._outbox.put(execution_id, references)


def _link(hashed: KnownTargets, lane: Lane, target: str) -> None:
    """Notes the target of a lane by the hashes that references have."""
    hashed.link(Lane(obscure(lane.owner), obscure(lane.target)), obscure(target))
