"""Calls of SAP: their rate beside the bare mock, cold tokens, decimals that come back, large metadata, credentials that
a system echoes, and calls of a healthy system beside hanging ones."""

import asyncio
import itertools
import json
import statistics
import sys
import time
import urllib.request
from base64 import b64encode
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Any, Final

import msgspec

from bench.fairness import measuring as fairness
from bench.harness.filling import Folder
from bench.harness.load import post, run
from bench.harness.servers import Server, client_cores, free_port, json_of, looply, program, started, wait_for_port
from bench.sap import canaries
from bench.sap.gateway import ROWS, SERVICES
from bench.sap.workflows import (
    MOCK_ORDER,
    MOCK_SERVICE,
    PASSWORD,
    USER,
    copying,
    creating,
    environment,
    sap_folder,
)
from bench.speed import CLIENTS, WARM_UP_SECONDS, Figures, Plan, check_all_completed, drive, median_of
from looply.connectors.sap.types.metadata import read_metadata
from looply.rates import offload_if_large

COLD: Final = 24
"""Changes at once, of a process that has no token yet."""
_AMOUNTS: Final = 10_000
_METADATA_BYTES: Final = 1_300_000
_READS: Final = 9
_WAITED: Final = "?wait=PT60S"

GOALS: Final = {"share": 0.5, "token_reads": 1, "metadata_ms": 200.0}


def measure_sap(plan: Plan) -> Figures:
    """Returns the figures of calls of SAP, by what they are about."""
    return {
        "speed": _speed(plan),
        "cold": _cold(plan),
        "decimals": _decimals(plan),
        "metadata": run(_metadata()),
        "canaries": canaries.measure_canaries(plan),
        "hanging": _hanging(plan),
    }


def _hanging(plan: Plan) -> Figures:
    """Returns the latency of calls of a healthy system, alone and beside 200 executions on each of 8 that hang.

    The calls of those executions wait, or they give up, so that the systems count as down.
    """
    work = plan.work / "hanging"
    work.mkdir()
    return fairness.measure_fairness(replace(plan, work=work), ("hang_own", "down_own"))


@contextmanager
def mock_sap(log: Path) -> Iterator[Server]:
    """Runs mock-sap on the core of the load generator, with its access log, which is how token reads are counted."""
    port = free_port()
    command = [str(Path(sys.executable).with_name("mock-sap")), "--port", str(port), "--auth", f"{USER}:{PASSWORD}"]
    with started(command, log, {"PYTHONUNBUFFERED": "1"}, cores=client_cores()) as (process, begun):
        wait_for_port(port, process, log)
        yield Server(port, process, begun, time.perf_counter() - begun)


def _speed(plan: Plan) -> Figures:
    """Returns the rate of changes through a workflow and of the same client at the bare mock, in turns."""
    log = plan.work / "mock_sap.log"
    bare, through, token_reads = [], [], []
    for turn in range(plan.repetitions):
        with mock_sap(log) as mock:
            request = _bare_request(mock.port)
            drive(mock, itertools.repeat(request), CLIENTS, min(WARM_UP_SECONDS, plan.seconds))
            bare.append(drive(mock, itertools.repeat(request), CLIENTS, plan.seconds).figures())
        before = _roots(log)
        with mock_sap(log) as mock:
            folder = run(
                sap_folder(
                    plan.work / f"sap{turn}",
                    mock.port,
                    {"order": creating(MOCK_SERVICE, "A_PurchaseOrder", MOCK_ORDER)},
                )
            )
            with looply(folder.data, plan.work / "sap.log", environment(mock.port)) as server:
                through.append(_through(server, folder, plan.seconds))
        token_reads.append(_roots(log) - before)
    shares = [one["per_second"] / other["per_second"] for one, other in zip(through, bare, strict=True)]
    return {
        "bare": median_of(bare),
        "through": median_of(through),
        "share": round(statistics.median(shares), 3),
        "token_reads": max(token_reads),
    }


def _through(server: Server, folder: Folder, seconds: float) -> Figures:
    request = post(folder.trigger_path("order") + _WAITED, b"{}", folder.api_key)
    drive(server, itertools.repeat(request), CLIENTS, min(WARM_UP_SECONDS, seconds))
    driven = drive(server, itertools.repeat(request), CLIENTS, seconds, keeps=True)
    _check_completed(driven.answers)
    check_all_completed(server, folder)
    return driven.figures()


def _check_completed(answers: Sequence[bytes]) -> None:
    """Raises RuntimeError when an execution did not complete while its caller waited."""
    for answer in answers:
        if json_of(answer)["status"] != "COMPLETED":
            raise RuntimeError(f"an execution did not complete: {answer[:300]!r}")


def _bare_request(port: int) -> bytes:
    """Returns the bytes of the change, with a token that is read now."""
    credentials = b64encode(f"{USER}:{PASSWORD}".encode()).decode()
    fetch = urllib.request.Request(
        f"http://127.0.0.1:{port}{MOCK_SERVICE}/",
        headers={"authorization": f"Basic {credentials}", "x-csrf-token": "Fetch"},
    )
    with urllib.request.urlopen(fetch, timeout=30) as answer:
        token, cookies = answer.headers["x-csrf-token"], answer.headers.get_all("set-cookie") or []
    body = msgspec.json.encode(MOCK_ORDER)
    lines = [
        f"POST {MOCK_SERVICE}/A_PurchaseOrder HTTP/1.1",
        "host: 127.0.0.1",
        f"authorization: Basic {credentials}",
        f"x-csrf-token: {token}",
        f"cookie: {'; '.join(cookie.split(';')[0] for cookie in cookies)}",
        "accept: application/json",
        "content-type: application/json",
        f"content-length: {len(body)}",
    ]
    return "\r\n".join([*lines, "", ""]).encode() + body


def _roots(log: Path) -> int:
    """Returns how many requests for the root of the service, which is where tokens come from, the mock has logged."""
    return sum(f"{MOCK_SERVICE}/ " in entry or f"{MOCK_SERVICE}/?" in entry for entry in log.read_text().splitlines())


def _cold(plan: Plan) -> Figures:
    """Returns how many token reads so many changes at once make in a process that has just started."""
    definition = creating(SERVICES["2"], "Orders", {"Order": "1"})
    with program("sap.gateway", log=plan.work / "gateway.log", cores=client_cores()) as gateway:
        folder = run(sap_folder(plan.work / "cold", gateway.port, {"order": definition}))
        with looply(folder.data, plan.work / "cold.log", environment(gateway.port)) as server:
            request = post(folder.trigger_path("order") + _WAITED, b"{}", folder.api_key)
            _check_completed(drive(server, [request] * COLD, COLD, 60.0, keeps=True).answers)
        found = figures(gateway.port)
    return {"changes": len(found["instants"]), "token_reads": found["token_reads"]}


def _decimals(plan: Plan) -> Figures:
    """Returns how many amounts came back changed, of each version of OData."""
    counts: Figures = {}
    for version in SERVICES:
        with program("sap.gateway", log=plan.work / "gateway.log", cores=client_cores()) as gateway:
            folder = run(sap_folder(plan.work / f"decimals{version}", gateway.port, {"amounts": copying(version)}))
            with looply(folder.data, plan.work / "decimals.log", environment(gateway.port)) as server:
                path = folder.trigger_path("amounts") + _WAITED
                requests = [post(path, b'{"first": %d}' % first, folder.api_key) for first in range(0, _AMOUNTS, ROWS)]
                _check_completed(drive(server, requests, 4, 300.0, keeps=True).answers)
            found = figures(gateway.port)
        counts[version] = {"same": found["same"], "changed": found["changed"]}
    return counts


async def _metadata() -> Figures:
    """Returns how long metadata of 1.3 MB takes, as a call reads it, and the longest pause of the event loop by it."""
    document = _large_metadata()
    took, pauses = [], []
    for _ in range(_READS):
        stopped = asyncio.Event()
        pause = asyncio.ensure_future(_longest_pause(stopped))
        await asyncio.sleep(0)
        begun = time.perf_counter()
        await offload_if_large(len(document), lambda: read_metadata(document))
        took.append(time.perf_counter() - begun)
        stopped.set()
        pauses.append(await pause)
    return {
        "bytes": len(document),
        "ms": round(statistics.median(took) * 1000, 1),
        "loop_pause_ms": round(statistics.median(pauses) * 1000, 1),
    }


async def _longest_pause(stopped: asyncio.Event) -> float:
    longest, before = 0.0, time.perf_counter()
    while not stopped.is_set():
        await asyncio.sleep(0.001)
        now = time.perf_counter()
        longest, before = max(longest, now - before), now
    return longest


def _large_metadata() -> bytes:
    """Returns metadata of OData 4 of about 1.3 MB: entities of 30 properties each."""
    properties = "".join(
        f'<Property Name="Field{number}" Type="Edm.Decimal" Precision="31" Scale="3" Nullable="false"/>'
        for number in range(30)
    )
    entities, size = [], 0
    for number in itertools.count():
        if size >= _METADATA_BYTES:
            break
        entities.append(f'<EntityType Name="Entity{number}">{properties}</EntityType>')
        size += len(entities[-1])
    sets = "".join(f'<EntitySet Name="Set{at}" EntityType="B.Entity{at}"/>' for at in range(len(entities)))
    return (
        '<edmx:Edmx Version="4.0" xmlns:edmx="http://docs.oasis-open.org/odata/ns/edmx"><edmx:DataServices>'
        '<Schema Namespace="B" xmlns="http://docs.oasis-open.org/odata/ns/edm">'
        f'{"".join(entities)}<EntityContainer Name="C">{sets}</EntityContainer></Schema>'
        "</edmx:DataServices></edmx:Edmx>"
    ).encode()


def figures(port: int) -> dict[str, Any]:
    """Returns what a gateway has counted."""
    with urllib.request.urlopen(f"http://127.0.0.1:{port}/figures", timeout=30) as answer:
        found: dict[str, Any] = json.load(answer)
    return found


def lines_of(found: Figures) -> Iterator[tuple[str, str, str, bool | None]]:
    """Returns the lines of the table: scenario, measured, goal, and whether it is met."""
    speed, cold, metadata = found["speed"], found["cold"], found["metadata"]
    bare, through = speed["bare"], speed["through"]
    yield "bare mock of SAP, a change, 32 clients", _rate(bare), "", None
    yield "trigger -> the change in SAP -> completed, 32 clients", _rate(through), "", None
    share = speed["share"]
    yield "  of the bare mock, in the same run", f"{share:.0%}", ">= 50 %", share >= GOALS["share"]
    once = GOALS["token_reads"]
    yield "  token reads in total", f"{speed['token_reads']}", "1", speed["token_reads"] == once
    title = f"{cold['changes']} changes at once, cold: token reads"
    yield title, f"{cold['token_reads']}", "1", cold["token_reads"] == once
    for version, each in found["decimals"].items():
        title = f"decimals of 31 digits through SAP, OData {version}: changed"
        is_met = each["changed"] == 0 and each["same"] == _AMOUNTS
        yield title, f"{each['changed']} of {each['same'] + each['changed']:,}", "0", is_met
    took, pause = metadata["ms"], metadata["loop_pause_ms"]
    shown = f"{took:.0f} ms in a thread; the event loop pauses {pause:.0f} ms at most"
    title = f"metadata of {metadata['bytes'] / 1e6:.1f} MB"
    yield title, shown, "< 200 ms off the loop", took < GOALS["metadata_ms"]
    yield from canaries.lines_of(found["canaries"])
    yield from fairness.lines_of(found["hanging"])


def _rate(each: Figures) -> str:
    return f"{each['per_second']:.0f}/s, p50 {each['p50_ms']:.1f} ms, p99 {each['p99_ms']:.1f} ms"
