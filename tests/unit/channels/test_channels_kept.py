"""What is kept for each connection: calls at once share it, and what is replaced is closed."""

import asyncio
from datetime import timedelta

from looply.channels.teams.kept import KeptVerifiers, Verifying
from looply.connectors.port import HttpSender
from looply.connectors.teams.inbound.keys import KeyRing
from looply.testing.calls import ScriptedHttp
from looply.testing.clock import FakeClock


def sender(within: timedelta) -> HttpSender:
    return ScriptedHttp()


class Ring(KeyRing):
    """Keys whose close takes a moment, as while they are read."""

    def __init__(self) -> None:
        super().__init__("https://login.example/keys", sender, FakeClock())
        self.closed = 0

    async def close(self) -> None:
        await asyncio.sleep(0)
        await super().close()
        self.closed += 1


class Built:
    """The key rings that were built, in order; what verifies by one is its number."""

    def __init__(self) -> None:
        self.rings: list[Ring] = []

    def build(self) -> Verifying[int]:
        self.rings.append(Ring())
        return Verifying(len(self.rings), self.rings[-1])

    @property
    def closed(self) -> list[int]:
        """How often each ring was closed."""
        return [ring.closed for ring in self.rings]


async def test_calls_at_once_after_a_change_share_what_the_first_one_builds_and_the_former_is_closed() -> None:
    kept, built = KeptVerifiers[int](), Built()
    assert await kept.get("a", 1, built.build) == 1
    assert await asyncio.gather(*(kept.get("a", 2, built.build) for _ in range(3))) == [2, 2, 2]
    assert built.closed == [1, 0]
    await kept.close()
    assert built.closed == [1, 1]


async def test_what_is_kept_while_others_are_closed_is_closed_too() -> None:
    kept, built = KeptVerifiers[int](), Built()
    await kept.get("a", 1, built.build)
    await asyncio.gather(kept.close(), kept.get("b", 1, built.build))
    assert built.closed == [1, 1]
