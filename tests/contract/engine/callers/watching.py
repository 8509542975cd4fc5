"""Those who watch an organization beside what is pruned: nothing is left out without a word."""

from typing import Any

import pytest

from contract.engine.callers.streams import numbers, read_feed
from contract.engine.upkeep.pruning import DAY, MONTH, pruned, stored
from kit.definitions import asking, computing
from kit.driver import ORGANIZATION, Driver
from looply.app.executions.watching import Subscription, check_cursor, follow_organization
from looply.engine.processing.feed import Feed, FeedBounds
from looply.errors import Conflict


class PrunedStreamStories:
    """Streams whose next position is pruned, before a watcher returns or while it reads."""

    async def test_a_stream_that_continues_before_pruned_batches_gets_an_error(self, engine: Driver) -> None:
        waiting = await engine.trigger(asking())
        before = await engine.shell.feed.position()
        gone = await engine.trigger(computing())
        behind = (await read_feed(engine))[-1].position
        await engine.trigger(asking())
        await engine.advance(MONTH + DAY)
        services: Any = Watching(engine)
        await check_cursor(services, ORGANIZATION, before)
        assert (await pruned(engine)).executions == 1
        place = (await read_feed(engine))[0].position
        with pytest.raises(Conflict) as refused:
            await check_cursor(services, ORGANIZATION, place)
        assert refused.value.code == "EVENTS_PRUNED"
        await check_cursor(services, "another organization", place)
        await check_cursor(services, ORGANIZATION, behind)
        await engine.restart()
        with pytest.raises(Conflict):
            await check_cursor(services, ORGANIZATION, place)
        rest = await read_feed(engine)
        assert numbers(rest, gone) == []
        assert numbers(rest, waiting) != []
        await engine.resume(waiting)
        assert len(numbers(await read_feed(engine, behind), waiting)) > 0

    async def test_a_watcher_whose_next_position_is_pruned_while_it_reads_gets_an_error(self, engine: Driver) -> None:
        before = await engine.shell.feed.position()
        first = await engine.trigger(computing())
        gone = await engine.trigger(computing())
        await engine.trigger(asking())
        await engine.advance(MONTH + DAY)
        # One batch at a time is read, as of a long way that is still to go.
        feed = Feed(engine.store.journal, engine.codec, 2, FeedBounds(per_watcher=1))
        services: Any = Watching(engine, feed)
        watched = Subscription(services, ORGANIZATION, ORGANIZATION)
        following = follow_organization(services, watched, ORGANIZATION, before)
        assert (await anext(following)).execution_id == first
        assert (await pruned(engine)).executions == 2
        with pytest.raises(Conflict) as refused:
            await anext(following)
        assert refused.value.code == "EVENTS_PRUNED"
        watched.close()
        await feed.stop()
        # A caller that comes back receives this.
        with pytest.raises(Conflict) as refused:
            await check_cursor(services, ORGANIZATION, before)
        assert refused.value.code == "EVENTS_PRUNED"
        assert gone not in await stored(engine)

    @pytest.mark.parametrize("is_kept", [True, False], ids=["in-memory", "in-the-store"])
    async def test_a_watcher_gets_everything_that_was_pruned_behind_it_or_is_kept_for_it(
        self, engine: Driver, is_kept: bool
    ) -> None:
        feed = Feed(engine.store.journal, engine.codec, 2, FeedBounds(per_watcher=1))
        services: Any = Watching(engine, feed)
        watched = Subscription(services, ORGANIZATION, ORGANIZATION)
        await engine.settle()
        place = await engine.shell.feed.position()
        following = follow_organization(services, watched, ORGANIZATION, place)
        ids = [await engine.trigger(computing()) for _ in range(3)]
        last = await engine.trigger(asking())
        await engine.advance(MONTH + DAY)
        if not is_kept:
            await feed.stop()
        found = [await anext(following) for _ in range(1 if is_kept else len(await read_feed(engine, place)) - 1)]
        assert (await pruned(engine)).executions == len(ids)
        while found[-1].execution_id != last:
            found.append(await anext(following))
        assert list(dict.fromkeys(each.execution_id for each in found)) == [*ids, last]
        watched.close()
        await feed.stop()


class Watching:
    """As much of the services of an application as those who watch ask for; the feed is the engine's unless given."""

    def __init__(self, engine: Driver, feed: Feed | None = None) -> None:
        self._engine = engine
        self._feed = feed

    @property
    def feed(self) -> Any:
        """The feed."""
        return self._feed or self._engine.shell.feed

    @property
    def engine(self) -> Any:
        """The engine."""
        return self._engine.shell
