"""The load of one organization on a server while another one is measured: its workflows, and its calls."""

import itertools
from collections.abc import Callable, Iterator, Mapping
from dataclasses import dataclass
from typing import Any, Final

from bench.fairness.other_system import HOSTS
from bench.harness.filling import Folder
from bench.harness.load import get, post
from bench.harness.scenario import BODY, workflow_of
from looply.limits import DEFAULT_LIMITS

FAN_OUT: Final = 100
"""Children of one execution."""
_HANGING: Final = 10
"""Executions for each system that hangs."""
_OWN_HANGING: Final = 200
"""Executions for each of an organization's own systems that hang, beside one of its own that answers."""
_TIMEOUTS: Final = {"hanging": "PT30M", "giving_up": "PT2S"}
_FUNCTIONS: Final = 60
_ENDLESS: Final = {"javascript": "while (true) {}", "python": "while True: pass"}
_OF_DOCUMENT: Final = 4
"""Responses, rich in values, that the data document of one execution holds."""
_WAITED: Final = "?wait=PT30S"

Definitions = Mapping[str, dict[str, Any]]


@dataclass(frozen=True, slots=True, kw_only=True)
class Load:
    """So many callers send `requests` one after the other. `prepare`: kinds that are triggered once before, to read.

    `is_own`: the measured organization loads the server itself. `comes_first`: all of its executions are there when the
    phase begins, and none may have ended when it is over.
    """

    title: str
    callers: int
    requests: Callable[[Folder, Mapping[str, str]], Iterator[bytes]]
    prepare: tuple[str, ...] = ()
    is_own: bool = False
    comes_first: bool = False


def noting() -> dict[str, Any]:
    """Returns trigger -> a computing step that reads nothing -> completed."""
    parameters = [{"name": "is_done", "value": True}]
    return workflow_of("A note", [_step("overridePayload_1", "overridePayload", {"parameters": parameters})])


def definitions(port: int, child_id: str) -> Definitions:
    """Returns the workflows of the organization that loads the server, by kind."""
    first = f"http://{HOSTS[0]}:{port}"
    return {
        **hanging(port),
        **{f"endless_{language}": function_of(language, code) for language, code in _ENDLESS.items()},
        "rich": _calling(f"{first}/rich"),
        "large": _calling(f"{first}/large"),
        "rich_document": _calling(*[f"{first}/rich"] * _OF_DOCUMENT),
        "fan_out": _fan_out(child_id),
    }


def hanging(port: int) -> Definitions:
    """Returns the workflows that call systems that hang, by kind: some wait for the answer, some give up."""
    return {
        f"{kind}_{host}": _calling(f"http://{host}:{port}/hang", timeout=timeout)
        for kind, timeout in _TIMEOUTS.items()
        for host in HOSTS
    }


def short(port: int) -> dict[str, Any]:
    """Returns the short workflow of the organization that is measured: a call of another system, and a function."""
    call = _step("http_1", "httpRequest", {"url": f"http://{HOSTS[0]}:{port}/quick", "method": "GET"})
    code = "return { total: input * 2 }"
    function = _step("function_1", "function", {"language": "javascript", "code": code, "input": "${2}"})
    return workflow_of("A call and a function", [call, function])


def function_of(language: str, code: str) -> dict[str, Any]:
    """Returns trigger -> function -> completed."""
    return workflow_of("A function", [_step("function_1", "function", {"language": language, "code": code})])


def _calling(*urls: str, timeout: str = "PT30S") -> dict[str, Any]:
    calls = [
        {**_step(f"http_{number}", "httpRequest", {"url": url, "method": "GET"}), "timeout": timeout}
        for number, url in enumerate(urls, 1)
    ]
    return workflow_of("Calls", calls)


def _fan_out(child_id: str) -> dict[str, Any]:
    each = _step("forEach_1", "forEach", {"items": f"${{range(0, {FAN_OUT})}}", "concurrency": 8})
    child = _step("subworkflow_1", "subworkflow", {"workflow_id": child_id, "wait": False})
    made = workflow_of("Children", [each, child])
    made["workflow_connections"][-1]["branch"] = "each"
    return made


def _step(name: str, kind: str, settings: dict[str, Any]) -> dict[str, Any]:
    return {"id": name, "type": kind, "description": "", "settings": settings}


def _hang(folder: Folder, _: Mapping[str, str]) -> Iterator[bytes]:
    kinds = [f"hanging_{host}" for host in HOSTS]
    return (post(folder.trigger_path(kind), b"{}", folder.api_key) for _ in range(_HANGING) for kind in kinds)


def _own(kind: str) -> Callable[[Folder, Mapping[str, str]], Iterator[bytes]]:
    """Returns the requests of a load for which all systems hang but the first, which the measured workflow calls."""

    def requests(folder: Folder, _: Mapping[str, str]) -> Iterator[bytes]:
        paths = [folder.trigger_path(f"{kind}_{host}") for host in HOSTS[1:]]
        return (post(path, b"{}", folder.api_key) for _ in range(_OWN_HANGING) for path in paths)

    return requests


def _endless(folder: Folder, _: Mapping[str, str]) -> Iterator[bytes]:
    kinds = [f"endless_{language}" for language in _ENDLESS]
    return (post(folder.trigger_path(kind), b"{}", folder.api_key) for _ in range(_FUNCTIONS) for kind in kinds)


def _bombs(folder: Folder, _: Mapping[str, str]) -> Iterator[bytes]:
    """As many values as a body may have, and as many as fit into the bytes that it may have, which is refused."""
    accepted = b'{"a":[%s]}' % b",".join([b"[]"] * (DEFAULT_LIMITS.body_nodes // 2 - 2))
    refused = b'{"a":[%s]}' % b",".join([b"[]"] * (DEFAULT_LIMITS.body_bytes // 3 - 3))
    path = folder.trigger_path("noting")
    return itertools.cycle([post(path, accepted, folder.api_key), post(path, refused, folder.api_key)])


def _responses(folder: Folder, _: Mapping[str, str]) -> Iterator[bytes]:
    return itertools.cycle(
        post(folder.trigger_path(kind) + _WAITED, b"{}", folder.api_key) for kind in ("rich", "large")
    )


def _children(folder: Folder, _: Mapping[str, str]) -> Iterator[bytes]:
    return itertools.repeat(post(folder.trigger_path("fan_out"), b"{}", folder.api_key))


def _flood(folder: Folder, _: Mapping[str, str]) -> Iterator[bytes]:
    return itertools.repeat(post(folder.trigger_path(), BODY, folder.api_key))


def _reads(folder: Folder, made: Mapping[str, str]) -> Iterator[bytes]:
    path = "/v2/workflows/getWorkflowExecutionById"
    return itertools.cycle(
        get(f"{path}?workflow_id={folder.workflow_ids[kind]}&workflow_execution_id={found}", folder.api_key)
        for kind, found in made.items()
    )


LOADS: Final[Mapping[str, Load]] = {
    "hang": Load(title=f"{len(HOSTS)} systems hang, {_HANGING} calls to each", callers=16, requests=_hang),
    "hang_own": Load(
        title=f"{len(HOSTS) - 1} of its own systems hang, {_OWN_HANGING} executions for each",
        callers=16,
        requests=_own("hanging"),
        is_own=True,
        comes_first=True,
    ),
    "down_own": Load(
        title=f"{len(HOSTS) - 1} of its own systems hang until calls give up, {_OWN_HANGING} executions for each",
        callers=16,
        requests=_own("giving_up"),
        is_own=True,
        comes_first=True,
    ),
    "functions": Load(title=f"{2 * _FUNCTIONS} endless functions", callers=16, requests=_endless),
    "bodies": Load(title="4 callers send bodies rich in values", callers=4, requests=_bombs),
    "responses": Load(title="4 callers get responses rich in values, and large ones", callers=4, requests=_responses),
    "children": Load(title=f"2 callers start {FAN_OUT} children with each call", callers=2, requests=_children),
    "flood": Load(title="16 callers trigger", callers=16, requests=_flood),
    "reads": Load(
        title="2 callers read documents rich in values, and large ones",
        callers=2,
        requests=_reads,
        prepare=("rich_document", "large"),
    ),
}
"""By name. Together they are what an organization can do to another one with the least key and its own systems."""
