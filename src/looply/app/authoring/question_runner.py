"""The runner of questions: answers, in a worker, what servers ask about other systems."""

import asyncio
from collections.abc import Awaitable, Callable, Collection
from functools import partial
from typing import Any, Final

import msgspec
import structlog

from looply.app.context.services import Prober
from looply.catalog.calls.questions import Question, Questions
from looply.connectors.port import ConnectionValues, Secrets
from looply.connectors.registry import Registry
from looply.engine.ports.tried_calls import TriedCall, call_of, outcome_document
from looply.engine.upkeep.loop import Loop
from looply.errors import LooplyError, Permanent
from looply.jsontext import Json

_log = structlog.get_logger(__name__)

_LOOK_SECONDS: Final = 0.5
"""The interval of rounds; a person waits for the answer."""

_AT_ONCE: Final = 16
"""Questions that are being answered when no more are taken."""


class QuestionRunner(Loop):
    """Takes the questions for the connectors of this process, and answers each in a task of its own.

    A test may take a minute, and must not delay the next one.
    """

    failed_event = "questions_failed"

    def __init__(self, questions: Questions, prober: Prober, registry: Registry, connectors: Collection[str]) -> None:
        super().__init__()
        self._questions = questions
        self._prober = prober
        self._registry = registry
        self._connectors = connectors
        self._tasks: set[asyncio.Task[None]] = set()

    async def round(self) -> float:
        """Takes what is open, and returns the seconds until the next round."""
        await self.tick()
        return _LOOK_SECONDS

    async def tick(self) -> None:
        """Begins to answer open questions, as long as few enough are being answered."""
        if len(self._tasks) >= _AT_ONCE:
            return
        for question in await self._questions.take(self._connectors):
            task = asyncio.get_running_loop().create_task(self._answer(question))
            self._tasks.add(task)
            task.add_done_callback(self._tasks.discard)

    async def finish(self) -> None:
        """Returns when the questions that were taken are answered."""
        await asyncio.gather(*self._tasks)

    async def _answer(self, question: Question) -> None:
        answer: dict[str, Json]
        try:
            answer = {"result": await self._result(question)}
        except LooplyError as error:
            answer = {"error": {"code": error.code, "message": error.message}}
        try:
            await self._questions.answer(question, answer)
        except LooplyError as error:
            _log.warning("question_not_answered", question_id=question.question_id, error=error.message)

    async def _result(self, question: Question) -> Json:
        try:
            ask = self._read(question)
        except (KeyError, TypeError, ValueError) as error:
            _log.warning("question_not_known", question_id=question.question_id, error=type(error).__name__)
            message = "the worker does not know this question; run the same release on servers and workers"
            raise Permanent(message, code="UNKNOWN_QUESTION") from error
        return await ask()

    def _read(self, question: Question) -> Callable[[], Awaitable[Json]]:
        """Returns what answers a question. Raises: KeyError, TypeError, ValueError for one of another release."""
        content: Any = question.content
        if content["what"] == "try":
            return partial(self._try, call_of(content["call"]))
        given = content["connection"]
        values = ConnectionValues(
            name=given["name"],
            kind=given["kind"],
            settings=given["settings"],
            secrets=Secrets(given["secrets"]),
            targets=self._registry.targets(given["kind"], given["settings"]) if given["secrets"] else None,
            revision=given["revision"],
        )
        if content["what"] == "test":
            return partial(self._test, question.organization_id, values, content["path"])
        if content["what"] == "discover":
            return partial(self._prober.discover, question.organization_id, values, content["question"])
        raise ValueError(content["what"])

    async def _try(self, call: TriedCall) -> Json:
        return outcome_document(await self._prober.try_call(call))

    async def _test(self, organization_id: str, values: ConnectionValues, path: str) -> Json:
        return msgspec.to_builtins(await self._prober.test(organization_id, values, path))
