"""The parking: of an execution that brought the process down several times nothing runs before it has an incident.

The incident may find no space at first. Until it is stored the execution rests: no timer of it fires, nothing is
delivered to it, and its effects that stand in line wait here.
"""

from collections.abc import Awaitable, Callable, Iterable
from typing import Final, TypeVar

import structlog

from looply.clock import Clock
from looply.engine.ports.dispatch import EffectRef
from looply.engine.ports.store import Store
from looply.engine.records.startup import StartupState
from looply.engine.shell.shell import Shell
from looply.engine.upkeep.crash_quarantine import CrashQuarantine
from looply.errors import LooplyError, StoreFull, StoreUnreachable
from looply.execution.facts.commands import Command, QuarantineExecution, Reply

_log = structlog.get_logger(__name__)

Result = TypeVar("Result")

_POISONED: Final = "the process ended several times while it worked on this execution"


class Quarantine:
    """The executions that rest, and the door through which whatever is due by itself comes to an execution.

    Guarantees: one that may have brought the process down is worked on alone (`looply.engine.upkeep.crash_quarantine`).
    """

    def __init__(self, shell: Shell, store: Store, clock: Clock) -> None:
        self._shell = shell
        self._clock = clock
        self._crash_quarantine = CrashQuarantine(store)
        # Executions that are not parked yet, each with its effects that stand in line.
        self._unparked: dict[str, list[EffectRef]] = {}

    @property
    def has_unparked(self) -> bool:
        """Whether an execution could not be parked yet, and is to be tried again."""
        return bool(self._unparked)

    def begin(self, boot: StartupState) -> None:
        """Takes over what the store told when it was opened."""
        self._crash_quarantine.begin(boot.suspects)
        self._unparked = {execution_id: [] for execution_id in boot.poisoned}

    def hold(self, execution_ids: Iterable[str]) -> None:
        """Lets these executions rest until they are parked."""
        for execution_id in execution_ids:
            self._unparked.setdefault(execution_id, [])

    def holds(self, execution_id: str) -> bool:
        """Returns whether an execution must rest until it is parked."""
        return execution_id in self._unparked

    async def look(self, execution_ids: Iterable[str]) -> None:
        """Learns whether something has to be known of these executions before they are worked on."""
        self.hold(await self._crash_quarantine.look(set(execution_ids)))

    def suspects(self, execution_ids: Iterable[str]) -> frozenset[str]:
        """Returns those of the executions that may have brought a process down; see `CrashQuarantine.suspects`."""
        return self._crash_quarantine.suspects(execution_ids)

    async def run(self, execution_id: str, work: Callable[[], Awaitable[Result]]) -> Result:
        """Does work on an execution; see `CrashQuarantine.run`."""
        return await self._crash_quarantine.run(execution_id, work)

    async def submit(self, execution_id: str, command: Command) -> Reply | None:
        """Returns the reply, or None when the execution could not take the command now."""
        try:
            return await self.run(execution_id, lambda: self._shell.submit(execution_id, command))
        except LooplyError as error:
            _log.error("command_failed", execution_id=execution_id, error=error.message)
            return None

    def offer(self, effect: EffectRef) -> None:
        """Offers an effect that stands in line, once its execution is parked if it must be."""
        if self.holds(effect.execution_id):
            self._unparked[effect.execution_id].append(effect)
        else:
            self._shell.dispatcher.offer(effect)

    async def park(self) -> None:
        """Parks all executions that rest; those that found no space rest on."""
        for execution_id in list(self._unparked):
            try:
                await self._shell.submit(execution_id, QuarantineExecution(at=self._clock.now(), message=_POISONED))
            except (StoreFull, StoreUnreachable) as error:
                _log.error("command_failed", execution_id=execution_id, error=error.message)
                continue
            except LooplyError as error:
                _log.error("command_failed", execution_id=execution_id, error=error.message)
            for effect in self._unparked.pop(execution_id):
                self._shell.dispatcher.offer(effect)
