"""The runner of questions: answers, in a worker, what servers ask about other systems."""

import asyncio
from collections.abc import Collection
from typing import Final, assert_never

import msgspec
import structlog

from looply.app.context.services import Prober
from looply.catalog.calls.questions import Question, Questions
from looply.connectors.port import ConnectionValues, Secrets
from looply.connectors.registry import Registry
from looply.engine.ports.questions import AskCheck, AskDiscovery, AskedConnection, AskTest, AskTry, decode_ask
from looply.engine.ports.tried_calls import outcome_document
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
            ask = decode_ask(question.content)
        except msgspec.ValidationError as error:
            # Its text may quote a value, and the question may have secrets.
            _log.warning("question_not_known", question_id=question.question_id, error=type(error).__name__)
            message = "the worker does not know this question; run the same release on servers and workers"
            raise Permanent(message, code="UNKNOWN_QUESTION") from error
        match ask:
            case AskTry():
                return outcome_document(await self._prober.try_call(ask.call))
            case AskTest():
                checks = await self._prober.test(question.organization_id, self._values(ask.connection), ask.path)
                return msgspec.to_builtins(checks)
            case AskDiscovery():
                values = self._values(ask.connection)
                return await self._prober.discover(question.organization_id, values, ask.question)
            case AskCheck():
                values = self._values(ask.connection)
                found = await self._prober.check_calls(question.organization_id, values, ask.calls)
                return msgspec.to_builtins(found)
            case _:
                assert_never(ask)

    def _values(self, connection: AskedConnection) -> ConnectionValues:
        return ConnectionValues(
            name=connection.name,
            kind=connection.kind,
            settings=connection.settings,
            secrets=Secrets(connection.secrets),
            targets=self._registry.targets(connection.kind, connection.settings) if connection.secrets else None,
            revision=connection.revision,
        )
