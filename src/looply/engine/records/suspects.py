"""The side of a store that counts trials: an execution that may have brought a process down is worked on in one."""

from collections.abc import Collection, Mapping
from typing import Final, Protocol

FRONT: Final = 500
"""No process is at more timers or deliveries at once: what stands behind them was not begun."""


class Trials(Protocol):
    """The suspects of a store, and which of them is tried."""

    async def suspects(self, execution_ids: Collection[str]) -> Mapping[str, int]:
        """Returns those of these executions that may have ended a process, each with its loads.

        One that a process tries at the moment has 1, whatever becomes of it. None where nothing is shared:
        `StartupState` names them there.
        """
        ...

    async def begin_trial(self, execution_id: str) -> bool:
        """Counts a load of a suspect that is about to be worked on, alone; it outlives this process.

        Returns false when another process that lives tries it, and when it is not stored. A unit of the execution sets
        its loads to 0, as does `end_trial`.
        Raises: StoreFull, StoreUnreachable, StoreLost.
        """
        ...

    async def end_trial(self, execution_id: str) -> None:
        """Says that this process has outlived the work on an execution, which is no suspect any more."""
        ...
