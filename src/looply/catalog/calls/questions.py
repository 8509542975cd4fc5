"""Questions about other systems that only a worker can ask: tests of connections, and what a system offers.

A server that makes no calls stores a question, a worker that serves the connector takes it and stores the answer, which
the server reads and deletes. A question can have the secrets of a connection that is not saved: both texts are sealed
with the key of the organization, bound to the question.
"""

from collections.abc import Collection
from datetime import timedelta
from typing import Final, Literal

import msgspec
from sqlalchemy import Connection, RowMapping, delete, insert, select, update

from looply.catalog.storage.database import CatalogDatabase
from looply.catalog.storage.tables import questions
from looply.clock import Clock, Ids
from looply.instants import to_ms
from looply.jsontext import Json, encode_json, parse_stored
from looply.sealing import Sealers

KEPT: Final = timedelta(minutes=5)
"""A question whose server does not read the answer is deleted after this time, with the next one."""

_MAX_TAKEN: Final = 8

State = Literal["OPEN", "TAKEN", "ANSWERED"]


class Question(msgspec.Struct, frozen=True, kw_only=True):
    """A question as a worker takes it; it must never be logged."""

    question_id: str
    organization_id: str
    content: Json

    def __repr__(self) -> str:
        return f"Question({self.question_id!r})"


class Questions:
    """The questions of all organizations. Methods raise as `CatalogDatabase.write`, and SealBroken."""

    def __init__(self, database: CatalogDatabase, clock: Clock, ids: Ids, sealers: Sealers) -> None:
        self._database = database
        self._clock = clock
        self._ids = ids
        self._sealers = sealers

    async def ask(self, organization_id: str, connector: str, content: Json) -> str:
        """Stores a question for workers that serve a connector, and returns its id."""
        now = self._clock.now()
        question_id = str(self._ids.next(now))
        sealed = self._seal(organization_id, question_id, "question", content)
        old = questions.c.created_ms < to_ms(now - KEPT)

        def store(connection: Connection) -> None:
            connection.execute(delete(questions).where(old))
            connection.execute(
                insert(questions).values(
                    question_id=question_id,
                    organization_id=organization_id,
                    connector=connector,
                    state="OPEN",
                    sealed_question=sealed,
                    created_ms=to_ms(now),
                )
            )

        await self._database.write(store)
        return question_id

    async def take(self, connectors: Collection[str]) -> tuple[Question, ...]:
        """Returns open questions for these connectors, which no other process gets. Writes nothing without any."""
        fresh = questions.c.created_ms >= to_ms(self._clock.now() - KEPT)
        query = select(questions).where(questions.c.state == "OPEN", questions.c.connector.in_(connectors), fresh)
        query = query.order_by(questions.c.question_id).limit(_MAX_TAKEN)
        if not await self._database.read(lambda connection: connection.execute(query).first()):
            return ()

        def store(connection: Connection) -> list[RowMapping]:
            rows = list(connection.execute(query).mappings())
            taken = questions.c.question_id.in_([row["question_id"] for row in rows])
            connection.execute(update(questions).where(taken).values(state="TAKEN"))
            return rows

        return tuple(self._question(row) for row in await self._database.write(store))

    async def answer(self, question: Question, content: Json) -> None:
        """Stores the answer to a question; nothing where the question is gone."""
        sealed = self._seal(question.organization_id, question.question_id, "answer", content)
        row = questions.c.question_id == question.question_id

        def store(connection: Connection) -> None:
            connection.execute(update(questions).where(row).values(state="ANSWERED", sealed_answer=sealed))

        await self._database.write(store)

    async def find(self, organization_id: str, question_id: str) -> tuple[State, Json]:
        """Returns the state of a question, and its answer when it has one. One that is gone counts as open."""
        mine = (questions.c.organization_id == organization_id, questions.c.question_id == question_id)
        query = select(questions).where(*mine)
        row = await self._database.read(lambda connection: connection.execute(query).mappings().first())
        if row is None or row["sealed_answer"] is None:
            return ("OPEN" if row is None else row["state"]), None
        sealer = self._sealers.of(organization_id)
        return "ANSWERED", parse_stored(sealer.open(bytes(row["sealed_answer"]), _bound(row, "answer")))

    async def drop(self, organization_id: str, question_id: str) -> None:
        """Deletes a question; a worker that has taken it answers in vain."""
        mine = (questions.c.organization_id == organization_id, questions.c.question_id == question_id)

        def store(connection: Connection) -> None:
            connection.execute(delete(questions).where(*mine))

        await self._database.write(store)

    def _question(self, row: RowMapping) -> Question:
        sealer = self._sealers.of(row["organization_id"])
        content = parse_stored(sealer.open(bytes(row["sealed_question"]), _bound(row, "question")))
        names = ("question_id", "organization_id")
        return Question(content=content, **{name: row[name] for name in names})

    def _seal(self, organization_id: str, question_id: str, part: str, content: Json) -> bytes:
        bound = _bound({"organization_id": organization_id, "question_id": question_id}, part)
        return self._sealers.of(organization_id).seal(encode_json(content), bound)


def _bound(row: "RowMapping | dict[str, str]", part: str) -> str:
    return f"{row['organization_id']}|question|{row['question_id']}|{part}"
