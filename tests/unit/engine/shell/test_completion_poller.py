"""One look for all who wait in a process for what another one stores."""

from collections.abc import Sequence
from datetime import timedelta

from kit.memory import MemoryData
from kit.memory.reads import MemoryReads
from looply.engine.shell.completion_poller import CompletionPoller
from looply.errors import StoreUnreachable
from looply.testing.clock import fake_loop


class ScriptedReads(MemoryReads):
    """Answers each look with the next of the script, and notes what was asked for."""

    def __init__(self, *script: Sequence[str] | None) -> None:
        super().__init__(MemoryData())
        self.asked: list[list[str]] = []
        self._script = list(script)

    async def find_settled(self, execution_ids: Sequence[str]) -> Sequence[str]:
        self.asked.append(list(execution_ids))
        answer = self._script.pop(0)
        if answer is None:
            raise StoreUnreachable("the database is away")
        return answer


class Waiting:
    """Waiting calls, each until it is notified."""

    def __init__(self, reads: ScriptedReads, *execution_ids: str) -> None:
        self.left = dict.fromkeys(execution_ids)
        self.notified: list[str] = []
        self.poller = CompletionPoller(reads, fake_loop().clock, self.left.keys, self._notify)

    async def until_notified(self) -> None:
        """Returns when no call waits any more; time passes from poll to poll."""
        self.poller.wake()
        self.poller.wake()
        while self.left:
            await fake_loop().quiet()
            fake_loop().clock.advance(timedelta(seconds=1))

    def _notify(self, execution_id: str) -> None:
        self.notified.append(execution_id)
        self.left.pop(execution_id)


async def test_all_waiting_calls_are_polled_for_at_once_until_none_waits() -> None:
    reads = ScriptedReads(["b"], [], ["a", "c"])
    waiting = Waiting(reads, "a", "b", "c")
    await waiting.until_notified()
    await waiting.poller.stop()
    assert waiting.notified == ["b", "a", "c"]
    assert reads.asked == [["a", "b", "c"], ["a", "c"], ["a", "c"]]


async def test_it_does_not_poll_without_waiting_calls_and_begins_again_with_the_next_one() -> None:
    reads = ScriptedReads(["a"], ["b"])
    waiting = Waiting(reads, "a")
    await waiting.until_notified()
    await waiting.poller.stop()
    assert reads.asked == [["a"]]
    waiting.left["b"] = None
    await waiting.until_notified()
    await waiting.poller.stop()
    assert reads.asked == [["a"], ["b"]]


async def test_who_comes_in_the_pause_after_the_last_one_left_is_looked_for() -> None:
    reads = ScriptedReads(["a"], ["b"])
    waiting = Waiting(reads, "a")
    waiting.poller.wake()
    await fake_loop().quiet()
    waiting.left["b"] = None
    await waiting.until_notified()
    await waiting.poller.stop()
    assert waiting.notified == ["a", "b"]


async def test_without_a_store_every_waiting_call_is_notified() -> None:
    waiting = Waiting(ScriptedReads(None), "a", "b")
    await waiting.until_notified()
    await waiting.poller.stop()
    assert waiting.notified == ["a", "b"]


async def test_it_stops_while_a_call_waits() -> None:
    waiting = Waiting(ScriptedReads([], []), "a")
    waiting.poller.wake()
    await fake_loop().quiet()
    await waiting.poller.stop()
    await waiting.poller.stop()
    assert waiting.notified == []
