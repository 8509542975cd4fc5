"""The trials of a store: an execution that may have ended a process is worked on alone, in a trial that is counted."""

from collections.abc import Collection, Mapping
from typing import Final, Protocol

MAX_CRASH_COUNT: Final = 3
"""An execution with a higher crash count is quarantined: 1 as a suspect, 1 for each process that ended in its trial."""

LARGEST_BATCH: Final = 500
"""No process works on more timers or deliveries at once: those after them were not begun when it crashed."""


class Trials(Protocol):
    """The suspects of a store, and which of them are in a trial."""

    async def suspects(self, execution_ids: Collection[str]) -> Mapping[str, int]:
        """Returns those of these executions that may have ended a process, each with its crash count.

        One that is in a trial at the moment has 1, whatever the result will be. None where nothing is shared:
        `StartupState` names them there.
        """
        ...

    async def begin_trial(self, execution_id: str) -> bool:
        """Raises the crash count of a suspect that is about to be worked on alone; the count outlives this process.

        Returns false when another live process has it in a trial, and when it is not stored. A unit of the execution
        sets its crash count to 0, as does `end_trial`.
        Raises: StoreFull, StoreUnreachable, StoreLost.
        """
        ...

    async def end_trial(self, execution_id: str) -> None:
        """Records that this process has survived the work on an execution, which is no suspect any more."""
        ...
