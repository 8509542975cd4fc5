"""Fills a folder that `looply init` made: `python -m bench.harness.seeding DATA COUNT [COPIES] < what init answered`.

The folder gets the three workflows of `orders`, and so many executions of them within the last thirty days. Of those
that are done it gets so many copies, each thirty days older than the one before, and with lower numbers: what lists
read of them, without their histories, in a tenth of the time. Printed are the ids of the workflows by kind, as JSON. It
is a program of its own for stories in a browser, whose process has an event loop already.
"""

import asyncio
import json
import sys
from datetime import timedelta
from pathlib import Path
from typing import Any, Final, cast

import apsw

from bench.harness.filling import Folder
from bench.harness.in_process import activated, in_process, note_of
from bench.harness.scenario import orders
from bench.scale.searching import fill_orders

DAYS: Final = timedelta(days=30)
_MILLISECOND: Final = timedelta(milliseconds=1)
_COPY_ROWS: Final = """
  INSERT INTO execution(id, org, workspace, workflow, version, status, state, trigger, process_id, profile, parent, seq,
    bytes, modified_ms, modified_by, reversed)
  SELECT earlier(id, :times), org, workspace, workflow, version, status, state, trigger, number, profile, parent, seq,
    bytes, modified_ms - :ms, modified_by, backwards(number)
  FROM (SELECT *, printf('PO-%07d', CAST(substr(process_id, 4) AS INT) - :less) AS number FROM execution
    WHERE id > :oldest AND status = 3)
"""
_COPY_FIELDS: Final = """
  INSERT INTO search_field(org, value, execution_id, name)
  SELECT s.org, s.value, earlier(s.execution_id, :times), s.name
  FROM search_field s JOIN execution e ON e.id = s.execution_id WHERE e.id > :oldest AND e.status = 3
"""
_NOTED: Final = ("organization_id", "workspace_id", "api_key")


async def seed(data: Path, made: dict[str, Any], count: int, copies: int = 0) -> dict[str, str]:
    """Fills the folder; returns the ids of its workflows by kind."""
    noted: dict[str, Any] = {**{name: made[name] for name in _NOTED}, "workflow_ids": {}}
    note_of(data).write_text(json.dumps(noted), "utf-8")
    async with in_process(data) as held:
        ids = {kind: await activated(held, definition) for kind, definition in orders().items()}
    note_of(data).write_text(json.dumps({**noted, "workflow_ids": ids}), "utf-8")
    await fill_orders(Folder(data, noted["api_key"], ids), count, DAYS, first=copies * count)
    if copies:
        async with in_process(data) as held:
            await held.store._threads.write(lambda connection: copy_done(connection, count, copies))
    return ids


def copy_done(connection: apsw.Connection, count: int, copies: int) -> None:
    """Copies what lists read of the executions that are done, so many times, in the transaction of the connection."""
    connection.create_scalar_function("earlier", cast("Any", earlier), 2, deterministic=True)
    connection.create_scalar_function("backwards", cast("Any", backwards), 1, deterministic=True)
    newest = cast("bytes", connection.execute("SELECT max(id) FROM execution").fetchall()[0][0])
    oldest = earlier(newest, 1)
    for times in range(1, copies + 1):
        values = {"times": times, "less": times * count, "ms": times * (DAYS // _MILLISECOND), "oldest": oldest}
        connection.execute(_COPY_ROWS, values)
        connection.execute(_COPY_FIELDS, values)


def earlier(key: bytes, times: int) -> bytes:
    """Returns the id as it was given so many spans earlier: it begins with its milliseconds."""
    return (int.from_bytes(key[:6], "big") - times * (DAYS // _MILLISECOND)).to_bytes(6, "big") + key[6:]


def backwards(text: str) -> str:
    """Returns a text from its end on."""
    return text[::-1]


if __name__ == "__main__":
    folder, *numbers = sys.argv[1:]
    print(json.dumps(asyncio.run(seed(Path(folder), json.load(sys.stdin), *map(int, numbers)))))
