"""The scenarios on an installation of ours: computing steps, calls of another system, and resumes."""

import itertools
import time
from collections.abc import Iterable
from typing import Final

from bench.distributed.installation import Installation, Running
from bench.distributed.parts import Part, measured
from bench.distributed.storing import writing
from bench.harness.load import Calls, Span, pinned, post, run, run_callers
from bench.harness.scenario import BODY
from bench.harness.servers import client_cores
from bench.speed import CLIENTS, WARM_UP_SECONDS, Figures, resume_requests

_LONGEST_SECONDS: Final = 300.0
_COMPLETED: Final = b'"status":"COMPLETED"'
_WAITING: Final = b'"status":"WAITING"'


def complete(installation: Installation, running: Running, others: list[Part], kind: str, seconds: float) -> Figures:
    """Returns the figures of callers who trigger and wait for the end, one execution after the other.

    `others` are the parts beside ours, such as PostgreSQL. Raises: RuntimeError when one does not complete.
    """
    request = post(f"{installation.trigger_path(kind)}?wait=PT60S", BODY, installation.api_key)
    _drive(running, itertools.repeat(request), WARM_UP_SECONDS)
    with writing(installation.database) as written, measured([*running.parts, *others]) as meter:
        span, answers = _drive(running, itertools.repeat(request), seconds)
    _check(answers, _COMPLETED)
    return {**meter.figures(span), **written.figures(len(span.took))}


def resume(installation: Installation, running: Running, others: list[Part], count: int) -> Figures:
    """Returns the figures of callers who resume so many executions that wait, each once."""
    trigger = post(f"{installation.trigger_path('waiting')}?wait=PT60S", BODY, installation.api_key)
    _, started = _drive(running, itertools.repeat(trigger, count), _LONGEST_SECONDS)
    _check(started, _WAITING)
    with writing(installation.database) as written, measured([*running.parts, *others]) as meter:
        span, answers = _drive(running, resume_requests(started, installation.api_key), _LONGEST_SECONDS)
    _check(answers, b'"restarted"')
    return {**meter.figures(span), **written.figures(len(span.took))}


def _drive(running: Running, requests: Iterable[bytes], seconds: float) -> tuple[Span, list[bytes]]:
    answers: list[bytes] = []
    with pinned(client_cores()):
        calls = Calls(iter(requests), time.perf_counter() + seconds, answers)
        span: Span = run(run_callers(running.ports, CLIENTS, calls))
    if span.errors:
        raise RuntimeError(f"{span.errors} calls were refused: {span.first_error}")
    return span, answers


def _check(answers: list[bytes], expected: bytes) -> None:
    """Raises RuntimeError when an answer says something else."""
    wrong = next((answer for answer in answers if expected not in answer), None)
    if wrong is not None:
        raise RuntimeError(f"an answer has no {expected.decode()}: {wrong[:500].decode('utf-8', 'replace')}")
