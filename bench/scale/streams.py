"""Streams: the cost of triggers with many watchers, and of readers that do not read.

The same triggers are measured without watchers and beside them. The readers share the generator's core, so with many
of them the callers slow down first: compare the CPU of the server for each trigger.
"""

import itertools
import subprocess
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any, Final

from bench.harness.filling import Folder, make_folder
from bench.harness.load import pinned, post, run
from bench.harness.scenario import BODY
from bench.harness.servers import ROOT, Server, client_cores, looply
from bench.speed import CLIENTS, Plan, drive
from looply.jsontext import parse_json

WATCHERS: Final = 1000
_OF_ALL: Final = 10
_SILENT: Final = 100
_TRIGGERS_OF_ONE: Final = 32
_READERS_SECONDS: Final = 120

Figures = dict[str, Any]


def measure_streams(plan: Plan, watchers: int = WATCHERS) -> Figures:
    """Returns rate of triggers, CPU of each and the server's memory: alone, and beside each kind of watcher."""
    folder = run(make_folder(plan.work / "streams"))
    limits = {"LOOPLY_LIMITS_STREAMS": str(watchers + _OF_ALL + _SILENT)}
    with looply(folder.data, plan.work / "streams.log", limits) as server:
        waiting = _waiting(server, folder, watchers)
        of_one = [f"/v2/workflows/watchExecution?workflow_execution_id={each}" for each in waiting]
        of_all = ["/v2/workflows/watchOrganization"]
        found = {"alone": _triggers(server, folder, plan)}
        for name, count, paths in (
            ("of_one", watchers, of_one),
            ("of_all", _OF_ALL, of_all),
            ("silent", -_SILENT, of_all),
        ):
            with _readers(server, folder, count, paths) as replies:
                found[name] = _triggers(server, folder, plan)
            found[name] |= {"watchers": abs(count), "events": replies[0]}
        found["again"] = _triggers(server, folder, plan)
    return {"streams": found}


def _waiting(server: Server, folder: Folder, count: int) -> list[str]:
    request = post(folder.trigger_path("waiting"), BODY, folder.api_key)
    driven = drive(server, itertools.repeat(request, count), _TRIGGERS_OF_ONE, 300.0, keeps=True)
    bodies = (parse_json(answer[answer.index(b"{") :]) for answer in driven.answers)
    return [body["looply_execution_id"] for body in bodies]


def _triggers(server: Server, folder: Folder, plan: Plan) -> Figures:
    request = post(folder.trigger_path(), BODY, folder.api_key)
    figures = drive(server, itertools.repeat(request), CLIENTS, plan.seconds).figures()
    return {**figures, "rss_mib": round(server.rss_mib, 1)}


@contextmanager
def _readers(server: Server, folder: Folder, count: int, paths: Sequence[str]) -> Iterator[list[int]]:
    """Runs readers during a block; afterwards the list has the number of received events."""
    command = [sys.executable, "-m", "bench.scale.stream_readers", str(server.port), folder.api_key, str(count), *paths]
    replies: list[int] = []
    with pinned(client_cores()):
        process = subprocess.Popen(command, cwd=ROOT, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True)
    try:
        assert process.stdout is not None
        if process.stdout.readline() != "open\n":
            raise RuntimeError("the readers of streams did not get through")
        yield replies
        out, _ = process.communicate("", timeout=_READERS_SECONDS)
        replies.append(int(out))
    finally:
        if process.poll() is None:
            process.kill()
            process.wait()
