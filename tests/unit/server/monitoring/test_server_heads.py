"""The stream of heads: rows of what changed, the newest state once, and what is skipped."""

from collections.abc import AsyncIterator
from datetime import timedelta

import pytest
import pytest_asyncio
from msgspec.structs import replace
from server_kit import ASKING, COMPUTING, Caller
from stream_kit import Stream, wait_for_head

from looply.app.context.services import Services
from looply.app.executions.watching import Subscription
from looply.app.monitoring.heads import HeadPace, follow_heads
from looply.engine.records.pruning import plan
from looply.engine.upkeep.pruner import prune_now
from looply.limits import DEFAULT_LIMITS
from looply.server.http.boundary import Boundary


class Watchers:
    """Opens streams of heads and ends them with the test."""

    def __init__(self, app: Boundary) -> None:
        self._app = app
        self._open: list[Stream] = []

    async def open(self, caller: Caller, last: str = "", **query: str) -> Stream:
        headers = {"Last-Event-ID": last} if last else {}
        stream = Stream(self._app, caller.key, "watchHeads", headers, query)
        self._open.append(stream)
        await wait_for_head(stream)
        return stream

    async def close(self) -> None:
        for each in self._open:
            await each.leave()


@pytest_asyncio.fixture
async def watchers(app: Boundary) -> AsyncIterator[Watchers]:
    found = Watchers(app)
    yield found
    await found.close()


async def test_a_change_is_sent_as_the_row_of_its_execution(mine: Caller, theirs: Caller, watchers: Watchers) -> None:
    workflow_id, other = await mine.create(ASKING), await mine.create(COMPUTING)
    stream = await watchers.open(mine)
    narrow = await watchers.open(mine, workflow_id=other)
    await theirs.trigger(await theirs.create(ASKING))
    execution_id = await mine.trigger(workflow_id)
    found = await stream.entry()
    assert (found["event"], found["workflow_execution_id"], found["status"]) == ("message", execution_id, "WAITING")
    assert found["waiting"]["kind"] == "RESUME"
    assert "search_fields" not in found
    assert "workflow_event_log" not in found
    await mine.post(f"resumeWorkflow/{execution_id}", {"payload": {"source": "SAP"}})
    found = await stream.entry()
    assert (found["status"], found["waiting"]) == ("COMPLETED", None)
    computed = await mine.trigger(other)
    assert (await narrow.entry())["workflow_execution_id"] == computed


async def test_a_client_that_reconnects_gets_what_changed_since(mine: Caller, watchers: Watchers) -> None:
    workflow_id = await mine.create(COMPUTING)
    stream = await watchers.open(mine)
    await mine.trigger(workflow_id)
    first = await stream.entry()
    missed = await mine.trigger(workflow_id)
    again = await watchers.open(mine, first["id"])
    assert (await again.entry())["workflow_execution_id"] == missed


async def test_a_cursor_of_another_stream_is_refused(mine: Caller) -> None:
    answer = await mine.get("watchHeads", after="nonsense")
    assert (answer.status_code, answer.json()["code"]) == (400, "BAD_CURSOR")


async def test_more_changes_than_a_list_can_show_are_counted_and_skipped(mine: Caller, services: Services) -> None:
    workflow_id = await mine.create(COMPUTING)
    begin = await services.feed.position()
    ids = [await mine.trigger(workflow_id) for _ in range(5)]
    subscription = Subscription(services, mine.organization_id, mine.organization_id)
    try:
        follow = follow_heads(services, subscription, mine.organization_id, begin, pace=HeadPace(seconds=0.0, most=2))
        chunk = await anext(follow)
        assert [row.head.execution_id for row in chunk.rows] == ids[-2:]
        assert chunk.dropped == 3
        skipping = HeadPace(seconds=0.0, most=2, batches=1)
        chunk = await anext(follow_heads(services, subscription, mine.organization_id, begin, pace=skipping))
        assert chunk.dropped >= 1
        assert chunk.position == await services.feed.position()
    finally:
        subscription.close()


@pytest.mark.parametrize("limits", [replace(DEFAULT_LIMITS, streams=5)], indirect=True)
async def test_a_stream_of_heads_is_refused_while_too_many_are_open(mine: Caller, watchers: Watchers) -> None:
    some = [await watchers.open(mine) for _ in range(4)]
    answer = await mine.get("watchHeads")
    assert (answer.status_code, answer.json()["code"]) == (429, "TOO_MANY_STREAMS")
    await some[0].leave()
    await watchers.open(mine)


async def test_a_client_that_missed_what_was_pruned_is_refused_and_may_begin_again(
    mine: Caller, watchers: Watchers, services: Services
) -> None:
    workflow_id = await mine.create({**COMPUTING, "workflow_settings": {"retention": "PT1S"}})
    stream = await watchers.open(mine)
    await mine.trigger(workflow_id)
    first = await stream.entry()
    for _ in range(2):
        await mine.trigger(workflow_id)
    later = services.clock.now() + timedelta(seconds=1)
    # The execution that was stored last stays.
    assert (await prune_now(services.engine.pruning, plan(later, None))).executions == 2
    headers = mine.headers({"Last-Event-ID": first["id"]})
    again = await mine.client.get("/v2/workflows/watchHeads", headers=headers)
    assert (again.status_code, again.json()["code"]) == (409, "EVENTS_PRUNED")
    reopened = await watchers.open(mine)
    newest = await mine.trigger(workflow_id)
    assert (await reopened.entry())["workflow_execution_id"] == newest
