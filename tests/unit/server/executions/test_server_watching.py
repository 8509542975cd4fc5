"""Event streams: each entry once, in its order, from any cursor; and the end of streams."""

import asyncio
import json
from base64 import b64decode, urlsafe_b64encode
from collections.abc import AsyncIterator
from datetime import timedelta
from pathlib import Path
from typing import Any

import pytest
import pytest_asyncio
from msgspec.structs import replace
from server_kit import ASKING, COMPUTING, START, Caller, CheckedDispatch, definition, note_step, wait_step
from stream_kit import BOUND, FAST, Stream, wait_for_head

from looply.app.context.services import Services
from looply.engine.processing.feed import FeedBounds
from looply.engine.records.pruning import plan
from looply.engine.shell.shell import Shell
from looply.engine.upkeep.pruner import prune_now
from looply.errors import Forbidden
from looply.limits import DEFAULT_LIMITS
from looply.server.administration.web_pages import Pages
from looply.server.application import build_app
from looply.server.http.boundary import Boundary
from looply.server.http.events import EventStream, frame, send_stream
from looply.testing.clock import SerialEntropy


class Streams:
    """Opens streams and ends them with the test."""

    def __init__(self, app: Boundary, caller: Caller) -> None:
        self._app = app
        self._caller = caller
        self._open: list[Stream] = []

    def open(self, name: str, last: str = "", **query: str) -> Stream:
        headers = {"Last-Event-ID": last} if last else {}
        self._open.append(Stream(self._app, self._caller.key, name, headers, query))
        return self._open[-1]

    async def close(self) -> None:
        for each in self._open:
            await each.leave()


@pytest_asyncio.fixture
async def streams(app: Boundary, mine: Caller) -> AsyncIterator[Streams]:
    found = Streams(app, mine)
    yield found
    await found.close()


@pytest_asyncio.fixture
async def beating(services: Services, entropy: SerialEntropy, tmp_path: Path, mine: Caller) -> AsyncIterator[Streams]:
    """Returns streams of an application that sends a hundred heartbeats a second."""
    found = Streams(
        build_app(services, entropy, Pages(tmp_path / "static"), dispatch_type=CheckedDispatch, intervals=FAST), mine
    )
    yield found
    await found.close()


def kinds(entries: list[dict[str, Any]]) -> list[str]:
    return [entry["type"] for entry in entries if entry["event"] == "message"]


async def resume(caller: Caller, execution_id: str) -> None:
    answer = await caller.post(f"resumeWorkflow/{execution_id}", {"payload": {"source": "SAP"}})
    assert answer.status_code == 200, answer.text


async def log_of(caller: Caller, workflow_id: str, execution_id: str) -> list[dict[str, Any]]:
    log: list[dict[str, Any]] = (await caller.item(workflow_id, execution_id))["workflow_event_log"]["events"]
    return log


def bare(entry: dict[str, Any]) -> dict[str, Any]:
    return {name: value for name, value in entry.items() if name not in ("id", "event")}


async def test_the_stream_of_an_ended_execution_sends_all_entries_and_ends(mine: Caller, streams: Streams) -> None:
    workflow_id = await mine.create(COMPUTING)
    execution_id = await mine.trigger(workflow_id, {"po": "1"})
    stream = streams.open("watchExecution", workflow_execution_id=execution_id)
    found = await stream.all()
    assert stream.headers[b"content-type"] == b"text/event-stream; charset=utf-8"
    assert b"content-length" not in stream.headers
    assert [bare(entry) for entry in found[:-1]] == await log_of(mine, workflow_id, execution_id)
    assert (found[-1]["event"], found[-1]["status"]) == ("end", "COMPLETED")


async def test_entries_are_sent_as_they_are_stored_until_the_end(mine: Caller, streams: Streams) -> None:
    workflow_id = await mine.create(definition(wait_step(), note_step(), wait_step("wait_2")))
    execution_id = await mine.trigger(workflow_id)
    stream = streams.open("watchExecution", workflow_execution_id=execution_id)
    found = await stream.entries(2)
    assert kinds(found) == ["EXECUTION_STARTED", "WAIT_OPENED"]
    await resume(mine, execution_id)
    found += await stream.entries(3)
    assert kinds(found)[2:] == ["WAIT_RESUMED", "STEP_SUCCEEDED", "WAIT_OPENED"]
    await mine.post(f"terminateWorkflow/{execution_id}")
    found += await stream.all()
    assert kinds(found)[5:] == ["EXECUTION_TERMINATED"]
    assert [bare(entry) for entry in found[:-1]] == await log_of(mine, workflow_id, execution_id)


async def test_a_client_that_reconnects_receives_the_entries_that_it_has_not_read(
    mine: Caller, streams: Streams
) -> None:
    workflow_id = await mine.create(ASKING)
    execution_id = await mine.trigger(workflow_id)
    await resume(mine, execution_id)
    whole = await streams.open("watchExecution", workflow_execution_id=execution_id).all()
    for index, entry in enumerate(whole):
        by_header = await streams.open("watchExecution", entry["id"], workflow_execution_id=execution_id).all()
        by_query = await streams.open("watchExecution", workflow_execution_id=execution_id, after=entry["id"]).all()
        assert by_header == by_query
        # Every reconnect receives the end.
        assert by_header == (whole[index + 1 :] or whole[-1:])


async def test_two_entries_of_one_event_are_sent_once_each_whenever_the_client_disconnects(
    mine: Caller, streams: Streams
) -> None:
    workflow_id = await mine.create(definition(note_step("note_1", "${int('x')}")))
    execution_id = await mine.trigger(workflow_id)
    stream = streams.open("watchExecution", workflow_execution_id=execution_id)
    log = await log_of(mine, workflow_id, execution_id)
    assert [entry["type"] for entry in log][-2:] == ["INCIDENT_OPENED", "EXECUTION_FAILED"]
    found = await stream.entries(len(log))
    assert [bare(entry) for entry in found] == log
    again = streams.open("watchExecution", found[-2]["id"], workflow_execution_id=execution_id)
    assert await again.entry() == found[-1]


async def test_the_stream_of_an_organization_sends_all_executions_from_now_on(
    mine: Caller, theirs: Caller, streams: Streams, shell: Shell
) -> None:
    workflow_id = await mine.create(COMPUTING)
    await mine.trigger(workflow_id)
    stream = streams.open("watchOrganization")
    await wait_for_head(stream)
    other = await theirs.create(COMPUTING)
    ids = []
    for _ in range(5):
        await theirs.trigger(other)
        ids.append(await mine.trigger(workflow_id))
    logs = [await log_of(mine, workflow_id, execution_id) for execution_id in ids]
    found = await stream.entries(sum(map(len, logs)))
    named = [
        {"workflow_id": workflow_id, "workflow_execution_id": execution_id, **entry}
        for execution_id, log in zip(ids, logs, strict=True)
        for entry in log
    ]
    assert [bare(entry) for entry in found] == named


async def test_a_reconnected_stream_of_an_organization_sends_each_entry_once(mine: Caller, streams: Streams) -> None:
    workflow_id = await mine.create(ASKING)
    stream = streams.open("watchOrganization")
    await wait_for_head(stream)
    ids = [await mine.trigger(workflow_id) for _ in range(4)]
    for execution_id in ids:
        await resume(mine, execution_id)
    whole = await stream.entries(sum([len(await log_of(mine, workflow_id, execution_id)) for execution_id in ids]))
    for index, entry in enumerate(whole[:-1]):
        again = streams.open("watchOrganization", entry["id"])
        assert await again.entries(len(whole) - index - 1) == whole[index + 1 :]


async def test_a_client_that_does_not_read_is_sent_one_part_and_blocks_no_other_client(
    mine: Caller, streams: Streams
) -> None:
    workflow_id = await mine.create(COMPUTING)
    slow, quick = streams.open("watchOrganization"), streams.open("watchOrganization")
    await wait_for_head(slow)
    await wait_for_head(quick)
    slow.reads.clear()
    ids = [await mine.trigger(workflow_id) for _ in range(40)]
    entries = await quick.entries(3 * len(ids))
    assert slow.sent == 1
    slow.reads.set()
    assert await slow.entries(3 * len(ids)) == entries


async def test_the_entries_of_a_stream_are_masked(mine: Caller, streams: Streams) -> None:
    document = definition(note_step("note_1", "${payload.output.token}"))
    document["workflow_steps"][0] = {**START, "secret": ["/output/token"]}
    workflow_id = await mine.create(document)
    stream = streams.open("watchOrganization")
    await wait_for_head(stream)
    execution_id = await mine.trigger(workflow_id, {"token": "S3CR3T-4711"})
    both = [await streams.open("watchExecution", workflow_execution_id=execution_id).all(), await stream.entries(3)]
    assert "S3CR3T" not in json.dumps(both)
    assert "***" in json.dumps(both[1])


@pytest.mark.parametrize("last", ["x", "????", "ZS4xLjE", "by54LjEuMQ", "by05OTk5OTk5LjAuMA", "b3JkZXI"])
async def test_a_cursor_of_another_stream_is_refused(mine: Caller, last: str) -> None:
    answer = await mine.client.get(
        "/v2/workflows/watchOrganization", headers={"x-api-key": mine.key, "Last-Event-ID": last}
    )
    assert (answer.status_code, answer.json()["code"]) == (400, "BAD_CURSOR")


async def test_a_cursor_that_the_store_has_not_reached_is_refused(mine: Caller, streams: Streams) -> None:
    workflow_id = await mine.create(COMPUTING)
    stream = streams.open("watchOrganization")
    await wait_for_head(stream)
    await mine.trigger(workflow_id)
    last = (await stream.entry())["id"]
    fresh = await mine.client.get(
        "/v2/workflows/watchExecution", headers={"x-api-key": mine.key, "Last-Event-ID": last}
    )
    assert fresh.status_code == 400


async def test_a_cursor_before_pruned_events_is_refused_and_one_after_them_is_not(
    mine: Caller, theirs: Caller, streams: Streams, services: Services
) -> None:
    workflow_id = await mine.create({**COMPUTING, "workflow_settings": {"retention": "PT1S"}})
    stream = streams.open("watchOrganization")
    await wait_for_head(stream)
    execution_id = await mine.trigger(workflow_id)
    await theirs.trigger(await theirs.create(COMPUTING))
    entries = await stream.entries(len(await log_of(mine, workflow_id, execution_id)))
    later = services.clock.now() + timedelta(seconds=1)
    assert (await prune_now(services.engine.pruning, plan(later, None))).executions == 1
    # No entry of the organization follows its last one, so nothing is missed after it.
    await wait_for_head(streams.open("watchOrganization", entries[-1]["id"]))
    path = "/v2/workflows/watchOrganization"
    # After the other cursors the rest of the same batch is missing.
    for last in (urlsafe_b64encode(b"o.0.0.0").decode(), entries[0]["id"], entries[-2]["id"]):
        again = await mine.client.get(path, headers={"x-api-key": mine.key, "Last-Event-ID": last})
        assert (again.status_code, again.json()["code"]) == (409, "EVENTS_PRUNED")
    gone = await mine.get("watchExecution", workflow_execution_id=execution_id)
    assert (gone.status_code, gone.json()["code"]) == (404, "EXECUTION_NOT_FOUND")


async def test_a_stream_whose_next_events_are_pruned_ends_with_the_refusal_of_a_reconnect(
    mine: Caller, streams: Streams, services: Services
) -> None:
    workflow_id = await mine.create({**COMPUTING, "workflow_settings": {"retention": "PT1S"}})
    ids = [await mine.trigger(workflow_id) for _ in range(FeedBounds().per_watcher + 8)]
    first = urlsafe_b64encode(b"o.0.0.1000000").decode()
    stream = streams.open("watchOrganization", first)
    stream.reads.clear()
    await wait_for_head(stream)
    await asyncio.wait_for(stream.has_sent.wait(), BOUND)
    later = services.clock.now() + timedelta(seconds=1)
    # The execution that was stored last stays.
    assert (await prune_now(services.engine.pruning, plan(later, None))).executions == len(ids) - 1
    stream.reads.set()
    *entries, refused = await stream.all()
    assert [entry["workflow_execution_id"] for entry in entries if entry["seq"] == 1] == ids[: FeedBounds().per_watcher]
    assert (refused["event"], refused["code"], refused["id"]) == ("refused", "EVENTS_PRUNED", cursor_after(entries))
    path = "/v2/workflows/watchOrganization"
    again = await mine.client.get(path, headers={"x-api-key": mine.key, "Last-Event-ID": refused["id"]})
    assert again.status_code == 409
    assert bare(refused) == {**again.json(), "request_id": stream.headers[b"x-request-id"].decode()}


async def test_a_stream_of_an_execution_that_is_pruned_before_its_end_reports_it(
    mine: Caller, streams: Streams, services: Services
) -> None:
    workflow_id = await mine.create({**ASKING, "workflow_settings": {"retention": "PT1S"}})
    execution_id = await mine.trigger(workflow_id)
    stream = streams.open("watchExecution", workflow_execution_id=execution_id)
    stream.reads.clear()
    await asyncio.wait_for(stream.has_sent.wait(), BOUND)
    await mine.post(f"terminateWorkflow/{execution_id}")
    await mine.trigger(workflow_id)
    later = services.clock.now() + timedelta(seconds=1)
    assert (await prune_now(services.engine.pruning, plan(later, None))).executions == 1
    stream.reads.set()
    *entries, refused = await stream.all()
    assert kinds(entries) == ["EXECUTION_STARTED", "WAIT_OPENED"]
    assert (refused["event"], refused["code"]) == ("refused", "EXECUTION_NOT_FOUND")


def cursor_after(entries: list[dict[str, Any]]) -> str:
    """Returns the cursor after all entries of the batch of the last one."""
    kind, *numbers = b64decode(entries[-1]["id"] + "=" * (-len(entries[-1]["id"]) % 4)).decode().split(".")
    return urlsafe_b64encode(".".join((kind, *numbers[:2], "1000000")).encode()).decode().rstrip("=")


async def test_an_execution_of_another_organization_is_not_found(mine: Caller, theirs: Caller) -> None:
    execution_id = await theirs.trigger(await theirs.create(COMPUTING))
    for id_ in (execution_id, "01900000-0000-7000-8000-0000000000ff", "x"):
        answer = await mine.get("watchExecution", workflow_execution_id=id_)
        assert (answer.status_code, answer.json()["code"]) == (404, "EXECUTION_NOT_FOUND")


async def test_streams_end_when_the_server_stops(mine: Caller, streams: Streams, services: Services) -> None:
    execution_id = await mine.trigger(await mine.create(ASKING))
    some = [streams.open("watchOrganization"), streams.open("watchExecution", workflow_execution_id=execution_id)]
    await some[1].entries(2)
    services.lifecycle.drain()
    for stream in some:
        assert await stream.all() == []
        await asyncio.wait_for(stream.task, BOUND)


@pytest.mark.parametrize("limits", [replace(DEFAULT_LIMITS, streams=2)], indirect=True)
async def test_only_so_many_streams_are_open_at_once(mine: Caller, streams: Streams) -> None:
    execution_id = await mine.trigger(await mine.create(ASKING))
    some = [streams.open("watchExecution", workflow_execution_id=execution_id) for _ in range(2)]
    for stream in some:
        await stream.entries(2)
    answer = await mine.get("watchOrganization")
    assert (answer.status_code, answer.json()["code"]) == (429, "TOO_MANY_STREAMS")
    assert int(answer.headers["retry-after"]) >= 1
    await some[0].leave()
    assert kinds(await streams.open("watchExecution", workflow_execution_id=execution_id).entries(2))


@pytest.mark.parametrize("limits", [replace(DEFAULT_LIMITS, streams=5)], indirect=True)
async def test_one_organization_leaves_streams_for_others(
    app: Boundary, mine: Caller, theirs: Caller, streams: Streams
) -> None:
    for stream in [streams.open("watchOrganization") for _ in range(4)]:
        await wait_for_head(stream)
    answer = await mine.get("watchOrganization")
    assert (answer.status_code, answer.json()["code"]) == (429, "TOO_MANY_STREAMS")
    others = Streams(app, theirs)
    await wait_for_head(others.open("watchOrganization"))
    assert (await theirs.get("watchOrganization")).status_code == 429
    await others.close()


async def test_an_idle_stream_sends_heartbeats_with_its_cursor(mine: Caller, beating: Streams) -> None:
    execution_id = await mine.trigger(await mine.create(ASKING))
    stream = beating.open("watchExecution", workflow_execution_id=execution_id)
    last = (await stream.entries(2))[-1]["id"]
    assert await stream.frame() == {"": "", "id": last}


async def test_a_busy_stream_is_checked_as_often_as_an_idle_one() -> None:
    async def frames() -> AsyncIterator[bytes]:
        while True:
            await asyncio.sleep(0)
            yield frame("a", {})

    async def refuse() -> None:
        raise Forbidden("Forbidden")

    async def send(message: Any) -> None:
        pass

    stream = EventStream(frames(), lambda: None, lambda: "a")
    for_ever = asyncio.Event()
    with pytest.raises(Forbidden):
        async with asyncio.timeout(BOUND):
            await send_stream(send, for_ever.wait, stream, for_ever.wait(), refuse, FAST)
    await stream.aclose()


@pytest.mark.parametrize("limits", [replace(DEFAULT_LIMITS, read_bytes=1)], indirect=True)
async def test_a_history_that_is_too_large_for_one_read_is_read_in_parts(mine: Caller, streams: Streams) -> None:
    steps = [wait_step(f"wait_{number}") for number in range(8)]
    workflow_id = await mine.create(definition(*steps, note_step()))
    execution_id = await mine.trigger(workflow_id)
    for number in range(8):
        released = await mine.post(f"resumeWorkflow/{execution_id}", {"payload": {"source": "SAP", "number": number}})
        assert released.json()["message"] == "restarted"
    watched = await streams.open("watchExecution", workflow_execution_id=execution_id).all()
    assert kinds(watched).count("WAIT_RESUMED") == 8
    query = {"workflow_id": workflow_id, "workflow_execution_id": execution_id}
    entries: list[Any] = []
    after, pages = 0, 0
    while after is not None:
        item = (await mine.get("getWorkflowExecutionById", **query, after=str(after))).json()["item"]
        entries += item["workflow_event_log"]["events"]
        after, pages = item["workflow_event_log"].get("after"), pages + 1
        assert item["workflow_event_log"].get("truncated", False) == (after is not None)
    assert pages > 2
    assert [entry["type"] for entry in entries] == kinds(watched)
    for place, entry in enumerate(watched):
        rest = await streams.open("watchExecution", entry["id"], workflow_execution_id=execution_id).all()
        assert kinds(rest) == kinds(watched[place + 1 :])


async def test_a_stream_ends_when_its_key_is_revoked(mine: Caller, beating: Streams, services: Services) -> None:
    stream = beating.open("watchOrganization")
    await wait_for_head(stream)
    for key in (await mine.get("getKeys")).json()["items"]:
        await services.catalog.keys.revoke(mine.organization_id, key["key_id"])
    assert await stream.all() == []


async def test_a_key_that_is_bound_to_a_workflow_receives_no_entries_of_others(mine: Caller, app: Boundary) -> None:
    own, other = await mine.create(COMPUTING), await mine.create(COMPUTING)
    body = {"name": "bound", "scopes": ["read"], "workflow_ids": [own]}
    key = (await mine.post("createKey", body)).json()["item"]["api_key"]
    stream = Stream(app, key, "watchOrganization", {}, {})
    await wait_for_head(stream)
    for each in (other, own, other, own):
        await mine.trigger(each)
    seen: list[str] = []
    while seen.count("EXECUTION_COMPLETED") < 2:
        entry = await stream.entry()
        assert entry["workflow_id"] == own
        seen.append(entry["type"])
    await stream.leave()
