"""Credentials that must be nowhere to read: a system echoes all that it is sent, and what is kept of it is searched."""

from base64 import b64encode
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Final

from bench.harness.filling import Folder
from bench.harness.in_process import in_process
from bench.harness.load import get, post, run
from bench.harness.servers import client_cores, json_of, looply, program
from bench.sap.gateway import SESSION, TOKEN
from bench.sap.workflows import PASSWORD, USER, echoing, environment, sap_folder
from bench.speed import Figures, Plan, drive

EXECUTIONS: Final = 50
CANARIES: Final = {
    "password": PASSWORD,
    "basic header": b64encode(f"{USER}:{PASSWORD}".encode()).decode(),
    "CSRF token": TOKEN,
    "session cookie": SESSION,
}
_READS: Final = ("searchExecutions?limit=30", "getConnections")


def measure_canaries(plan: Plan) -> Figures:
    """Returns how often a credential is found in answers, the store, the log and the files.

    Raises: RuntimeError when the system did not echo, so that nothing was proved.
    """
    log = plan.work / "canaries.log"
    with program("sap.gateway", log=plan.work / "gateway.log", cores=client_cores()) as gateway:
        folder = run(sap_folder(plan.work / "canaries", gateway.port, {"echo": echoing()}))
        settings = {**environment(gateway.port), "LOOPLY_LOG_LEVEL": "debug"}
        with looply(folder.data, log, settings) as server:
            request = post(folder.trigger_path("echo") + "?wait=PT60S", b"{}", folder.api_key)
            answers = drive(server, [request] * EXECUTIONS, 8, 60.0, keeps=True).answers
            ids = [str(json_of(answer)["looply_execution_id"]) for answer in answers]
            reads = [get(path, folder.api_key) for path in _paths(folder, ids)]
            shown = [*answers, *drive(server, reads, 8, 60.0, keeps=True).answers]
    stored = run(_stored(folder, ids))
    if any(text.count("***") < len(CANARIES) for text in stored):
        raise RuntimeError(f"the system did not echo its credentials: {stored[0][:300]!r}")
    files = [path.read_bytes() for path in sorted(folder.data.rglob("*")) if path.is_file()]
    kept = [*shown, *(text.encode() for text in stored), log.read_bytes(), *files]
    return {"executions": len(ids), "places": len(kept), "hits": _hits(kept)}


def _hits(kept: Sequence[bytes]) -> list[str]:
    return [name for name, canary in CANARIES.items() if any(canary.encode() in content for content in kept)]


def _paths(folder: Folder, ids: Sequence[str]) -> Iterator[str]:
    workflow_id = folder.workflow_ids["echo"]
    for each in ids:
        yield f"/v2/workflows/getWorkflowExecutionById?workflow_id={workflow_id}&workflow_execution_id={each}"
    for name in _READS:
        yield f"/v2/workflows/{name}"


async def _stored(folder: Folder, ids: Sequence[str]) -> list[str]:
    """Returns the outputs of the executions as the store has them, which is compressed in the files."""
    async with in_process(Path(folder.data)) as held:
        return [str(dict((await held.shell.executions.get(each)).state.outputs)) for each in ids]


def lines_of(found: Figures) -> Iterator[tuple[str, str, str, bool | None]]:
    """Returns the line of the table: scenario, measured, goal, and whether it is met."""
    title = f"{found['executions']} executions whose system echoes {', '.join(CANARIES)}: found"
    shown = f"{', '.join(found['hits']) or 'none'}, in {found['places']} answers, outputs, logs and files"
    yield title, shown, "none", not found["hits"]
