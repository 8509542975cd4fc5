"""The engine of a process: the shell, with its store, its dispatcher and its worker."""

from collections.abc import Mapping, Sequence

from looply.bootstrap.effects import make_dispatcher
from looply.bootstrap.foundations import Foundations
from looply.clock import BlockEntropy
from looply.engine.coding.codec import Codec
from looply.engine.effects.outages import BreakerSettings
from looply.engine.effects.worker import Worker
from looply.engine.processing.observers import Observers
from looply.engine.shell.parts import Parts
from looply.engine.shell.shell import Shell


class _Labels:
    """The labels by which executions are searched; the dispatcher needs them before the engine is made."""

    def __init__(self) -> None:
        self.engine: Shell | None = None

    async def of(self, execution_id: str) -> Mapping[str, str]:
        """Returns the labels of an execution."""
        assert self.engine is not None
        return await self.engine.executions.labels(execution_id)


def make_engine(
    base: Foundations,
    connectors: Sequence[str] | None,
    worker: Worker,
    observers: Observers,
    channels: frozenset[str],
) -> Shell:
    """Returns the engine, not yet open. `connectors` as in `open_application`; `channels` keep copies of cards."""
    clock, targets = base.clock, worker.targets
    labels = _Labels()
    shell = labels.engine = Shell(
        Parts(
            store=base.store,
            codec=Codec(base.keys),
            dispatcher=make_dispatcher(base, connectors, labels.of, targets),
            worker=worker,
            clock=clock,
            entropy=BlockEntropy(base.entropy),
            limits=base.settings.limits,
            breaker=BreakerSettings(drain_rate=rate) if (rate := base.settings.target_drain_per_second) else None,
            turns=base.turns,
            channels=channels,
            observers=observers,
        )
    )
    return shell
