"""The parts of a store with tables that are the same in both dialects."""

from typing import ClassVar

from looply.engine.sql.absences import SqlAbsences
from looply.engine.sql.copies import SqlCopies
from looply.engine.sql.decisions import SqlDecisions
from looply.engine.sql.letters import SqlLetters
from looply.engine.sql.lists import ListDialect
from looply.engine.sql.reads import SqlReads
from looply.engine.sql.sessions import Sessions, Writes
from looply.engine.sql.targets import SqlTargets
from looply.engine.sql.work import SqlTrials


class SqlStore:
    """See `looply.engine.ports.store.Store`; each store adds its other parts, and its life cycle."""

    lists: ClassVar[ListDialect]
    """How lists are read; each kind of store has its own."""

    def __init__(self, sessions: Sessions, writes: Writes) -> None:
        self._writes = writes
        self.is_shared = sessions.is_shared
        """Whether other processes may store units at the same time."""
        self.reads = SqlReads(sessions, self.lists)
        self.copies = SqlCopies(sessions)
        self.letters = SqlLetters(sessions)
        self.decisions = SqlDecisions(sessions)
        self.absences = SqlAbsences(sessions)
        self.targets = SqlTargets(sessions)
        self.trials = SqlTrials(sessions)

    @property
    def is_short_of_space(self) -> bool:
        """Whether new work should be refused, so that writes that free space can be stored."""
        return self._writes.is_full

    def failure(self) -> Exception | None:
        """Returns the error after which the store takes no more units, or None."""
        return self._writes.failure
