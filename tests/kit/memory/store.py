"""The memory store: the rules of the others without a disk, for tests and trials."""

from kit.memory.commits import Commits
from kit.memory.data import MemoryData
from kit.memory.journal import MemoryJournal
from kit.memory.pruning import MemoryPruning
from kit.memory.reads import MemoryReads
from kit.memory.records.absences import MemoryAbsences
from kit.memory.records.copies import MemoryCopies
from kit.memory.records.datastores import MemoryDatastores
from kit.memory.records.decisions import MemoryDecisions
from kit.memory.records.figures import MemoryFigures
from kit.memory.records.letters import MemoryLetters
from kit.memory.records.overview import MemoryOverview
from kit.memory.records.survey import MemorySurvey
from kit.memory.records.targets import MemoryTargets
from kit.memory.records.trials import MemoryTrials, suspects
from kit.memory.schedules import MemorySchedules
from kit.memory.work import MemoryWorkQueue
from looply.clock import Clock
from looply.engine.coding.codec import FOLD_VERSION
from looply.engine.records.startup import StartupState
from looply.errors import DataFolderInUse


class MemoryStore:
    """A store whose rows are `data`: another store on the same data is the next process on the same disk.

    `commits` has the hooks of tests: fail a group, hold and release, crash, counts.
    """

    def __init__(self, clock: Clock, data: MemoryData | None = None, *, fold: int = FOLD_VERSION) -> None:
        self._clock = clock
        self.data = data if data is not None else MemoryData()
        self.commits = Commits(self.data)
        self.journal = MemoryJournal(self.data, self.commits, fold)
        self.work = MemoryWorkQueue(self.data, self.commits)
        self.reads = MemoryReads(self.data)
        self.schedules = MemorySchedules(self.data, self.commits)
        self.datastores = MemoryDatastores(self.data, self.commits)
        self.copies = MemoryCopies(self.data, self.commits)
        self.letters = MemoryLetters(self.data)
        self.decisions = MemoryDecisions(self.data, self.commits)
        self.absences = MemoryAbsences(self.data, self.commits)
        self.targets = MemoryTargets(self.data, self.commits)
        self.trials = MemoryTrials(self.data, self.commits)
        self.pruning = MemoryPruning(self.data, self.commits)
        self.survey = MemorySurvey(self.data)
        self.overview = MemoryOverview(self.data)
        self.figures = MemoryFigures(self.data, self.commits)
        self._fold = fold
        self._is_open = False

    async def open(self) -> StartupState:
        """Takes the data over: a store that was opened on them before and not closed stores nothing any more."""
        if self._is_open:
            raise DataFolderInUse("the store is open already")
        data = self.data
        self._is_open = True
        data.epoch += 1
        suspected, poisoned = suspects(data, self._clock.now())
        data.is_clean = False
        self.commits.begin(data.epoch)
        return StartupState(
            epoch=data.epoch,
            highest_id=max(data.heads, default=""),
            dictionaries=dict(data.dictionaries),
            definitions=frozenset(data.definitions),
            poisoned=poisoned,
            suspects=suspected,
        )

    async def close(self) -> None:
        """Stores what is queued and ends in order. Closing twice is harmless."""
        if self._is_open:
            self.commits.finish()
            self.data.is_clean = self.commits.failure is None
            self._is_open = False

    @property
    def is_shared(self) -> bool:
        """Whether others store units too: never, one process owns the rows."""
        return False

    @property
    def is_short_of_space(self) -> bool:
        """Memory is never short, as far as this store is concerned."""
        return False

    def failure(self) -> Exception | None:
        """Returns the error after which the store accepts no more units, or None."""
        return self.commits.failure

    async def abandon(self) -> None:
        """Ends as a crash does: what is queued is not stored, and the next start has suspects."""
        self.commits.crash()
        self._is_open = False

    def reopened(self) -> "MemoryStore":
        """Returns the store of the next process on the same data; this one stores nothing once that one is open."""
        return MemoryStore(self._clock, self.data, fold=self._fold)
