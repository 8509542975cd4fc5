"""The memory store: for tests, trials and simulations; nothing outlives the process."""

from looply.engine.memory.commits import Commits, Fault
from looply.engine.memory.data import MemoryData
from looply.engine.memory.store import MemoryStore

__all__ = ["Commits", "Fault", "MemoryData", "MemoryStore"]
