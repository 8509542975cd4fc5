"""Nothing of what an execution is about reaches Temporal: its database is searched for it, byte by byte."""

import asyncio
from collections.abc import Sequence
from pathlib import Path
from typing import Final

import pytest
from temporalio.client import Client

from contract.harness.temporal_world import Process
from kit.definitions import call, chain, note
from kit.servers.temporal_server import TemporalServer
from looply.engine.temporal import TemporalSettings
from looply.errors import Rejected
from looply.testing.world import Answer, World

pytestmark = pytest.mark.timeout(240)

SECRET: Final = "canary-secret-7f3a"
WORDS: Final = (
    SECRET,
    "canary-payload",
    "canary-output",
    "canary-error",
    "canary_call",
    "shop.example",
    "canary-header",
    "canary-connection",
    "canary-defect",
)
_MEBIBYTE: Final = 1024 * 1024
_ROOM: Final = 256 * 1024  # for what the steps add: 8 MiB are the limit of a document


def found_in(folder: Path, words: Sequence[str]) -> set[str]:
    """Returns which of the words stand in any file of the folder, in clear."""
    data = contents(folder)
    return {word for word in words if any(word.encode() in each for each in data)}


def contents(folder: Path) -> Sequence[bytes]:
    """Returns what the files of a folder hold; a journal may go while they are read."""
    while True:
        try:
            return [path.read_bytes() for path in sorted(folder.iterdir())]
        except FileNotFoundError:
            continue


async def test_no_payload_no_secret_and_no_output_reaches_temporal(tmp_path: Path) -> None:
    world = World()
    world.connections.put("canary-connection", {"token": SECRET})
    world.script("canary_call", Answer(data={"text": "canary-output " * 1000, "echo": SECRET}))
    world.script("canary_call_3", ZeroDivisionError("canary-defect"))
    world.script("canary_call_2", Rejected("canary-error", sent=True, status="400"))
    workflow = chain(
        call("canary_call", connection="canary-connection", headers={"x": "canary-header"}),
        call("canary_call_2"),
        note("end"),
        edges=(("canary_call_2", "error", "end"),),
    )
    folder = tmp_path / "temporal"
    folder.mkdir()
    server = TemporalServer(folder / "temporal.db")
    await asyncio.to_thread(server.start)
    try:
        async with Process(TemporalSettings(address=server.address), world=world).running() as process:
            body = {"po": "canary-payload", "large": "canary-payload " * ((8 * _MEBIBYTE - _ROOM) // 15)}
            execution_id = await process.trigger(workflow, body)
            await process.reached(execution_id, "COMPLETED")
            await process.reached(await process.trigger(chain(call("canary_call_3"))), "FAILED")
            # The last task of the workflow is the process's.
            await ended(server, execution_id)
        assert [seen.phase for seen in world.calls] == ["ANSWERED", "RAISED", "RAISED"]
        assert found_in(folder, WORDS) == set()
        # What it does know it is searched for in the same way.
        assert found_in(folder, (execution_id, "looply-http")) == {execution_id, "looply-http"}
    finally:
        server.stop()


async def ended(server: TemporalServer, execution_id: str) -> None:
    """Returns when the workflow of the execution has ended in Temporal."""
    client = await Client.connect(server.address)
    await client.get_workflow_handle(execution_id).result()
