"""Damage to the files of a stopped server, and its effect: found at the start, quarantined, or served."""

import asyncio
import shutil
import sqlite3
from collections.abc import AsyncIterator, Iterator, Mapping, Sequence
from contextlib import asynccontextmanager, closing, contextmanager
from pathlib import Path
from random import Random
from tempfile import mkdtemp
from typing import Any, Final, Literal, NamedTuple

import httpx2

from blackbox.damage.reference import Answers, Reference, answer_of
from looply.bootstrap import Application, open_application
from looply.clock import SystemEntropy
from looply.errors import LooplyError, SchemaMismatch
from looply.server.application import build_app
from looply.settings import Settings

Verdict = Literal["same", "refused", "quarantined", "reported", "wrong"]
Files = dict[str, bytes]

_CARDS: Final = "getOpenCards"
_ITEM: Final = "getWorkflowExecutionById"


class Outcome(NamedTuple):
    """The effect of a damage; `text` is the evidence.

    `same`: every answer is as before. `refused`: the folder cannot be opened, and the message has the remedy.
    `quarantined`: some reads are refused with 503 `STORE_CORRUPT`, those of executions that the audit names.
    `reported`: a list shows a damaged row, and the audit names it. `wrong` must never happen: a wrong answer without
    a report, a wrong answer about an execution itself, a 500, an error that is none of ours.
    """

    verdict: Verdict
    text: str = ""


class Damage(NamedTuple):
    """The name of a fault, a description, and the files after it."""

    fault: str
    text: str
    files: Files


def flipped(files: Mapping[str, bytes], name: str, chance: Random) -> Damage:
    """Returns the files with one bit of one of them flipped."""
    content = bytearray(files[name])
    offset, bit = chance.randrange(len(content)), chance.randrange(8)
    content[offset] ^= 1 << bit
    return Damage("BIT", f"bit {bit} of byte {offset} of {name}", {**files, name: bytes(content)})


def histories(files: Mapping[str, bytes], name: str, folder: Path) -> list[range]:
    """Returns the byte ranges of the events of each stored batch in a database without its log, if contiguous."""
    file = folder / name
    file.write_bytes(files[name])
    with closing(sqlite3.connect(file)) as connection:
        stored = [events for (events,) in connection.execute("SELECT events FROM batch ORDER BY n")]
    found = ((files[name].find(events), len(events)) for events in stored)
    return [range(offset, offset + length) for offset, length in found if offset >= 0]


def flipped_in(files: Mapping[str, bytes], name: str, places: Sequence[range], chance: Random) -> Damage:
    """Returns the files with one bit of one of them flipped, within one of these ranges."""
    content = bytearray(files[name])
    offset, bit = chance.choice(chance.choice(places)), chance.randrange(8)
    content[offset] ^= 1 << bit
    return Damage("BIT", f"bit {bit} of byte {offset} of {name}, in a history", {**files, name: bytes(content)})


def cut(files: Mapping[str, bytes], name: str, chance: Random) -> Damage:
    """Returns the files with one of them truncated at a random length."""
    length = chance.randrange(len(files[name]))
    return Damage("TRUNC", f"{name} cut to {length} bytes", {**files, name: files[name][:length]})


CLEAR = ("restore", "put back", "lacks the key")
"""What a message says, one of these, when it says what to do."""


def outcome_of(folder: Path, reference: Reference, expected: Answers, damage: Damage) -> Outcome:
    """Returns how the product handles a damaged folder; the folder is created and removed again."""
    Reference(damage.files, reference.key, {}).write(folder)
    try:
        answers, found = asyncio.run(read_folder(folder, reference.key, list(expected)))
    except LooplyError as error:
        is_clear = isinstance(error, SchemaMismatch) or any(
            word in error.message for word in ("restore", "put back", "lacks the key")
        )
        return Outcome("refused" if is_clear else "wrong", f"{error.code}: {error.message}")
    except Exception as error:
        return Outcome("wrong", f"{type(error).__name__} escaped: {error}")
    finally:
        shutil.rmtree(folder)
    return compared(expected, answers, found)


def compared(expected: Answers, answers: Answers, found: list[Any]) -> Outcome:
    """Returns the verdict on answers; `found` are the problems of the audit, which name the damaged executions."""
    different = [path for path in expected if answers[path] != expected[path]]
    hit = {problem["execution_id"] for problem in found}
    for path in different:
        status, body = answers[path]
        if status == 503 and body["code"] == "STORE_CORRUPT":
            continue
        if _CARDS in path and status == 200 and _without_cards(body, hit) == _without_cards(expected[path][1], hit):
            shown = [card for card in body["items"] if card["workflow_execution_id"] in hit]
            if all(card["status"] == "FROZEN" and not card.get("token") for card in shown):
                continue
        text = f"{path}: {status} {str(body)[:300]}, the audit: {found}"
        if status == 500 or (_ITEM in path and status == 200):
            return Outcome("wrong", text)
        return Outcome("reported" if found and _ITEM not in path else "wrong", text)
    refused = {path.partition("workflow_execution_id=")[2] for path in different if _ITEM in path}
    unblamed = refused - hit
    if unblamed:
        return Outcome("wrong", f"{unblamed} are refused, the audit knows of {hit} only")
    return Outcome("quarantined" if different else "same", str(different))


def _without_cards(body: Any, hit: set[str]) -> list[Any]:
    """Returns the cards of undamaged executions; those of a damaged one are shown as FROZEN, without a token."""
    return [card for card in body["items"] if card["workflow_execution_id"] not in hit]


async def read_folder(folder: Path, key: str, expected: list[str]) -> tuple[Answers, list[Any]]:
    """Returns the answers of the product to these reads, and the problems of its audit. Runs in this process."""
    async with opened(folder, key) as (client, application):
        answers = {path: answer_of(await client.get(path)) for path in expected}
        audit = await application.services.engine.audit()
    return answers, list(audit.problems)


async def read_histories(folder: Path, key: str) -> dict[str, list[Any]]:
    """Returns the events of each execution in a folder by its id. Runs in this process, while nothing else runs."""
    found: dict[str, list[Any]] = {}
    query: dict[str, Any] = {"limit": 30}
    async with opened(folder, key) as (client, _):
        while True:
            page = (await client.get("/v2/workflows/getOrganizationExecutions", params=query)).json()
            found |= {row["workflow_execution_id"]: row["workflow_event_log"]["events"] for row in page["items"]}
            if "lastKey" not in page:
                return found
            query = {"limit": 30, **page["lastKey"]}


@asynccontextmanager
async def opened(folder: Path, key: str) -> AsyncIterator[tuple[httpx2.AsyncClient, Application]]:
    """Opens a folder in this process and yields a client of its API; no effect, timer or schedule runs."""
    async with open_application(Settings(data=folder), is_working=False) as application:
        app = build_app(application.services, SystemEntropy())
        transport, headers = httpx2.ASGITransport(app=app), {"x-api-key": key}
        async with httpx2.AsyncClient(transport=transport, base_url="http://server", headers=headers) as client:
            yield client, application


@contextmanager
def quick_folder(slow: Path) -> Iterator[Path]:
    """Yields a folder in memory where there is one: a flush there is free, and these tests need no flush."""
    memory = Path("/dev/shm")
    place = Path(mkdtemp(prefix="looply-", dir=memory if memory.is_dir() else slow))
    try:
        yield place
    finally:
        shutil.rmtree(place)
