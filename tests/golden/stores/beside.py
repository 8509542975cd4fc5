"""The rows that a killed process leaves beside histories, in the tables that came after the first ones.

Executions that wait for each other, deliveries, concurrency slots, dead letters, values of search fields, datastores,
card copies of a channel, ledgers of schedules, unfinished bulks. `record_release.py` records them as a data
folder and as a database; every later release opens and continues both (`beside_left.py`).
"""

import sqlite3
from collections.abc import Mapping
from contextlib import closing
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import psycopg

from golden.stores.database import driver_on
from golden.stores.folder import SLOTS, Left, driver_of
from kit.channel import FakeChannel
from kit.definitions import (
    approval,
    asking,
    call,
    card,
    chain,
    datastore,
    every,
    note,
    repeating,
    side_by_side,
    step,
    wait,
)
from kit.driver import Driver
from looply.definition import Workflow
from looply.engine.ports.port import LedgerRow

BESIDE: Final = "_beside"
"""The suffix of the names of these recordings."""

CALLEE: Final = "01900000-0000-7000-8000-0000000000c1"
PEOPLE: Final = ["ann@example.com", "bob@example.com", "cy@example.com"]
BOSS: Final = "boss@example.com"
HOUR: Final = timedelta(hours=1)
SLICE: Final = timedelta(seconds=30)
"""The lease of the bulk that the killed process works on."""
LEFT_AFTER: Final = 2 * HOUR + timedelta(minutes=1)
"""When the process was killed, counted from the start."""
TABLES: Final = (
    "batch",
    "card",
    "card_copy",
    "concurrency_slot",
    "datastore",
    "datastore_floor",
    "delivery",
    "effect",
    "fire",
    "letter",
    "schedule",
    "search_field",
    "timer",
    "wait",
)
"""Tables of the journal; each has rows in the recording."""
CATALOG_TABLES: Final = ("audit_records", "bulks")


class LeftBeside(Left, kw_only=True):
    """As `Left`, with the rows of each table, and the ledger of each schedule by the name of its story."""

    rows: dict[str, int]
    ledger: dict[str, list[LedgerRow]]


def renamed() -> Workflow:
    """Returns the second version of the story `renamed`: its card has another name."""
    return chain(card("question"), note("seen", "${question.output.response.data.action}"))


def workflows() -> dict[str, Workflow]:
    """Returns the workflows by the names of their stories; `line` runs that of `slot`, and is queued behind it."""
    parent = chain(
        step("child", "subworkflow", {"workflow_id": CALLEE, "payload": "${payload.output}"}),
        note("last", "${child.output.output.po}"),
    )
    limited = chain(wait(), note(), max_concurrency=1)
    kept = chain(call("early"), wait(sources=["TEAMS"]), wait("wait_2"))
    return {
        "slot": limited,
        "parent": parent,
        "branches": side_by_side(wait("left"), card("right")),
        "items": repeating(wait("ask"), concurrency=2),
        "quorum": chain(
            approval(recipients=PEOPLE, quorum=2, reminders=["PT6H"], escalation=[{"after": "PT12H", "to": [BOSS]}]),
            note("approved", "${approval_1.output.outcome}"),
            edges=(("approval_1", "approved", "approved"),),
        ),
        "letter": kept,
        "letter_discarded": kept,
        "renamed": chain(card(), note("seen", "${card_1.output.response.data.action}")),
        "searched": chain(wait(), note(), search_fields=["/payload/output/po"]),
        "stored": chain(datastore("merge", value={"net": 3, "text": "ü"})),
        "stored_too": chain(datastore("merge", name="gone", value={"net": 3})),
        "dropped": chain(datastore("delete", name="gone")),
        "sending": chain(call("sending", "GET"), note()),
        "line": limited,
        "not_shown": chain(card("shown_later", PEOPLE[2]), note()),
        "parent_to_be": parent,
    }


def schedules() -> dict[str, Workflow]:
    """Returns the workflows of schedules, by the names of their stories."""
    return {
        "queued": every("PT1H", wait("queued"), overlap="queue"),
        "skipped": every("PT1H", wait("skipped")),
        "missed": every("PT20M", note("missed"), catch_up="none"),
        "put_off": every("PT3H", note("put_off"), jitter="PT20M"),
        "paused": every("PT1H", note("paused")),
    }


def body_of(name: str) -> dict[str, Any]:
    """Returns the trigger of a story."""
    return {"items": {"items": ["a", "b", "c"]}}.get(name, {"po": f"PO-{name}"})


def prepared(driver: Driver) -> Driver:
    """Returns the driver with a channel of cards, and the workflow of the children. It is not open yet."""
    driver.channels = {"inbox": FakeChannel()}
    driver.callees.put(CALLEE, asking())
    return driver


def driver_of_folder(folder: Path) -> Driver:
    """Returns a driver on the store of a folder. It is not open yet."""
    return prepared(driver_of(folder))


def driver_of_database(address: str) -> Driver:
    """Returns a driver on the store of a database with one process. It is not open yet."""
    return prepared(driver_on(address))


SETTINGS: Final[Mapping[str, Any]] = {"per_queue": SLOTS}
"""Names of the processes that share a database."""


def rows_of_folder(folder: Path) -> dict[str, int]:
    """Returns how many rows each of the tables has."""
    found = {}
    for file, names in (("executions.db", TABLES), ("catalog.db", CATALOG_TABLES)):
        with closing(sqlite3.connect(folder / file)) as connection:
            for name in names:
                found[name] = connection.execute(f"SELECT count(*) FROM {name}").fetchone()[0]
    return found


def rows_of_database(address: str) -> dict[str, int]:
    """Returns how many rows each of the tables has."""
    found = {}
    with psycopg.connect(address) as connection:
        for schema, names in (("looply", TABLES), ("looply_catalog", CATALOG_TABLES)):
            for name in names:
                (row,) = connection.execute(f"SELECT count(*) FROM {schema}.{name}".encode()).fetchall()
                found[name] = row[0]
    return found
