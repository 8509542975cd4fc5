"""The quarantine: an execution that ended the process several times does not run until it has an incident.

There may be no space for the incident at first. Until it is stored the execution is held: no timer of it fires, nothing
is delivered to it, and its queued effects wait here.
"""

from collections.abc import Awaitable, Callable, Iterable
from typing import Final, TypeVar

import structlog

from looply.clock import Clock
from looply.engine.ports.dispatch import EffectRef
from looply.engine.ports.store import Store
from looply.engine.records.startup import StartupState
from looply.engine.shell.shell import Shell
from looply.engine.upkeep.trials import TrialRunner
from looply.errors import LooplyError, StoreFull, StoreUnreachable
from looply.execution.facts.commands import Command, QuarantineExecution, Reply

_log = structlog.get_logger(__name__)

Result = TypeVar("Result")

_POISONED: Final = "the process ended several times while it worked on this execution"


class Quarantine:
    """The executions that are held. All background work on executions goes through it.

    Guarantees: one that may have ended the process is worked on alone (`looply.engine.upkeep.trials`).
    """

    def __init__(self, shell: Shell, store: Store, clock: Clock) -> None:
        self._shell = shell
        self._clock = clock
        self._trials = TrialRunner(store)
        # Executions that have no incident yet, each with its queued effects.
        self._held: dict[str, list[EffectRef]] = {}

    @property
    def has_held(self) -> bool:
        """Whether the incident of an execution could not be stored yet, and must be tried again."""
        return bool(self._held)

    def begin(self, startup: StartupState) -> None:
        """Takes over what the store reported when it was opened."""
        self._trials.begin(startup.suspects)
        self._held = {execution_id: [] for execution_id in startup.poisoned}

    def hold(self, execution_ids: Iterable[str]) -> None:
        """Holds these executions until they have an incident."""
        for execution_id in execution_ids:
            self._held.setdefault(execution_id, [])

    def holds(self, execution_id: str) -> bool:
        """Returns whether an execution is held until it has an incident."""
        return execution_id in self._held

    async def refresh_suspects(self, execution_ids: Iterable[str]) -> None:
        """Looks up whether these executions are suspects or must be held, before they are worked on."""
        self.hold(await self._trials.refresh_suspects(set(execution_ids)))

    def suspects(self, execution_ids: Iterable[str]) -> frozenset[str]:
        """Returns those of the executions that may have ended a process; see `TrialRunner.suspects`."""
        return self._trials.suspects(execution_ids)

    async def run(self, execution_id: str, work: Callable[[], Awaitable[Result]]) -> Result:
        """Does work on an execution; see `TrialRunner.run`."""
        return await self._trials.run(execution_id, work)

    async def submit(self, execution_id: str, command: Command) -> Reply | None:
        """Returns the reply, or None when the command failed and may be repeated."""
        try:
            return await self.run(execution_id, lambda: self._shell.submit(execution_id, command))
        except LooplyError as error:
            log_failed_command(execution_id, type(command), error)
            return None

    def offer(self, effect: EffectRef) -> None:
        """Offers a queued effect, after its execution has its incident where it is held."""
        if self.holds(effect.execution_id):
            self._held[effect.execution_id].append(effect)
        else:
            self._shell.dispatcher.offer(effect)

    async def open_incidents(self) -> None:
        """Opens an incident for all held executions; one for which there is no space remains held."""
        for execution_id in list(self._held):
            command = QuarantineExecution(at=self._clock.now(), message=_POISONED)
            try:
                await self._shell.submit(execution_id, command)
            except LooplyError as error:
                log_failed_command(execution_id, type(command), error)
                if isinstance(error, StoreFull | StoreUnreachable):
                    continue
            for effect in self._held.pop(execution_id):
                self._shell.dispatcher.offer(effect)


def log_failed_command(execution_id: str, kind: type[Command], error: LooplyError) -> None:
    """Logs that a command of a background loop could not be carried out now; it is submitted again."""
    _log.error("command_failed", execution_id=execution_id, command=kind.__name__, error=error.message)
