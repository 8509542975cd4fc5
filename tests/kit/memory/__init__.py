"""The memory store: for tests, trials and simulations; nothing outlives the process."""

from kit.memory.commits import Commits, Fault
from kit.memory.data import MemoryData
from kit.memory.store import MemoryStore

__all__ = ["Commits", "Fault", "MemoryData", "MemoryStore"]
